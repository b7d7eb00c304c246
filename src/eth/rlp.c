#include "eth/rlp.h"

#include <string.h>

/* A header is one byte, and for 56 bytes and more the length in up to eight more. */
#define HEADER_MAX   9
#define SHORT_MAX    55
#define STRING_SHORT 0x80
#define STRING_LONG  0xb7 /* plus the number of length bytes */
#define LIST_SHORT   0xc0
#define LIST_LONG    0xf7

static size_t header_build(uint8_t header[HEADER_MAX], size_t length, uint8_t short_base, uint8_t long_base)
{
	if (length <= SHORT_MAX) {
		header[0] = (uint8_t)(short_base + length);
		return 1;
	}
	size_t count = 0;
	for (size_t rest = length; rest > 0; rest >>= 8)
		count++;
	header[0] = (uint8_t)(long_base + count);
	for (size_t i = 0; i < count; i++)
		header[1 + i] = (uint8_t)(length >> (8 * (count - 1 - i)));
	return 1 + count;
}

void rlp_put_bytes(struct buf *buf, struct bytes bytes)
{
	uint8_t header[HEADER_MAX];

	if (bytes.size != 1 || bytes.data[0] >= STRING_SHORT)
		buf_put(buf, header, header_build(header, bytes.size, STRING_SHORT, STRING_LONG));
	buf_put_bytes(buf, bytes);
}

void rlp_put_u64(struct buf *buf, uint64_t value)
{
	struct u256 wide = u256_from_u64(value);

	rlp_put_u256(buf, &wide);
}

void rlp_put_u256(struct buf *buf, const struct u256 *value)
{
	uint8_t minimal[32];

	rlp_put_bytes(buf, bytes_of(minimal, u256_to_minimal(value, minimal)));
}

void rlp_put_address(struct buf *buf, const struct address *address)
{
	rlp_put_bytes(buf, address ? bytes_of(address->bytes, ADDRESS_SIZE) : BYTES_NONE);
}

size_t rlp_list_begin(struct buf *buf)
{
	return buf->size;
}

void rlp_list_end(struct buf *buf, size_t begin)
{
	uint8_t header[HEADER_MAX];

	if (!buf_ok(buf) || begin > buf->size)
		return;
	size_t length = buf->size - begin;
	size_t header_size = header_build(header, length, LIST_SHORT, LIST_LONG);
	if (!buf_reserve(buf, header_size))
		return;
	memmove(buf->data + begin + header_size, buf->data + begin, length);
	memcpy(buf->data + begin, header, header_size);
	buf_commit(buf, header_size);
}

struct rlp_reader rlp_reader_of(struct bytes untrusted_bytes)
{
	return (struct rlp_reader){.reader = reader_of(untrusted_bytes)};
}

/* The length behind a long header: big-endian, no leading zero, and one that the short form could not say. */
static size_t read_long_length(struct reader *reader, size_t count)
{
	struct bytes digits = reader_bytes(reader, count);
	uint64_t length = 0;

	for (size_t i = 0; i < digits.size; i++)
		length = length << 8 | digits.data[i];
	if (reader->failed || digits.data[0] == 0 || length <= SHORT_MAX || length > reader->left) {
		reader->failed = true;
		return 0;
	}
	return (size_t)length;
}

/* The content of the next item, which must be a list or a string as asked. */
static struct bytes read_item(struct reader *reader, bool want_list)
{
	if (reader->failed || reader->left == 0) {
		reader->failed = true;
		return BYTES_NONE;
	}
	if (!want_list && reader->data[0] < STRING_SHORT)
		return reader_bytes(reader, 1);
	uint8_t first = reader_u8(reader);
	if (want_list != (first >= LIST_SHORT)) {
		reader->failed = true;
		return BYTES_NONE;
	}
	size_t length = (size_t)first - (want_list ? LIST_SHORT : STRING_SHORT);
	if (length > SHORT_MAX)
		length = read_long_length(reader, length - SHORT_MAX);
	struct bytes content = reader_bytes(reader, length);
	if (!want_list && content.size == 1 && content.data[0] < STRING_SHORT)
		reader->failed = true;
	return reader->failed ? BYTES_NONE : content;
}

struct bytes rlp_get_bytes(struct rlp_reader *rlp)
{
	return read_item(&rlp->reader, false);
}

bool rlp_get_fixed(struct rlp_reader *rlp, uint8_t *ret_data, size_t size)
{
	struct bytes bytes = rlp_get_bytes(rlp);

	if (rlp->reader.failed || bytes.size != size) {
		rlp->reader.failed = true;
		memset(ret_data, 0, size);
		return false;
	}
	memcpy(ret_data, bytes.data, size);
	return true;
}

uint64_t rlp_get_u64(struct rlp_reader *rlp)
{
	struct u256 wide = rlp_get_u256(rlp);
	uint64_t value = 0;

	if (!u256_fits_u64(&wide, &value)) {
		rlp->reader.failed = true;
		return 0;
	}
	return value;
}

struct u256 rlp_get_u256(struct rlp_reader *rlp)
{
	struct bytes bytes = rlp_get_bytes(rlp);
	struct u256 value = U256_ZERO;

	if (bytes.size > 0 && (bytes.data[0] == 0 || !u256_from_bytes(bytes, &value))) {
		rlp->reader.failed = true;
		return U256_ZERO;
	}
	return value;
}

struct address rlp_get_address(struct rlp_reader *rlp, bool *ret_present)
{
	struct bytes bytes = rlp_get_bytes(rlp);
	struct address address = ADDRESS_ZERO;

	*ret_present = false;
	if (rlp->reader.failed || (bytes.size != 0 && bytes.size != ADDRESS_SIZE)) {
		rlp->reader.failed = true;
		return address;
	}
	if (bytes.size == ADDRESS_SIZE) {
		memcpy(address.bytes, bytes.data, ADDRESS_SIZE);
		*ret_present = true;
	}
	return address;
}

struct rlp_reader rlp_get_list(struct rlp_reader *rlp)
{
	struct rlp_reader items = rlp_reader_of(read_item(&rlp->reader, true));

	items.reader.failed = rlp->reader.failed;
	return items;
}

void rlp_skip(struct rlp_reader *rlp)
{
	struct reader *reader = &rlp->reader;

	read_item(reader, reader->left > 0 && reader->data[0] >= LIST_SHORT);
}

bool rlp_more(const struct rlp_reader *rlp)
{
	return !rlp->reader.failed && rlp->reader.left > 0;
}

bool rlp_done(const struct rlp_reader *rlp)
{
	return reader_done(&rlp->reader);
}

bool rlp_failed(const struct rlp_reader *rlp)
{
	return rlp->reader.failed;
}
