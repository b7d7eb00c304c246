#include "base/bytes.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/memory.h"

#define BUF_CAPACITY_FIRST 64

struct bytes bytes_text(const char *text)
{
	return bytes_of(text, text == NULL ? 0 : strlen(text));
}

struct bytes bytes_of(const void *data, size_t size)
{
	return (struct bytes){data, size};
}

bool bytes_equal(struct bytes a, struct bytes b)
{
	/* memcmp must not see NULL, which an empty slice may hold. */
	return a.size == b.size && (a.size == 0 || memcmp(a.data, b.data, a.size) == 0);
}

bool bytes_equal_text(struct bytes a, const char *text)
{
	return bytes_equal(a, bytes_text(text));
}

/* Not tolower(): the answer must not depend on a locale. */
static uint8_t ascii_lower(uint8_t c)
{
	return c >= 'A' && c <= 'Z' ? (uint8_t)(c | 0x20) : c;
}

bool bytes_equal_text_nocase(struct bytes a, const char *text)
{
	struct bytes b = bytes_text(text);

	if (a.size != b.size)
		return false;
	for (size_t i = 0; i < a.size; i++) {
		if (ascii_lower(a.data[i]) != ascii_lower(b.data[i]))
			return false;
	}
	return true;
}

void bytes_wipe(void *data, size_t size)
{
	if (size > 0)
		explicit_bzero(data, size);
}

void buf_init(struct buf *buf, size_t limit)
{
	*buf = BUF_INIT(limit);
}

void buf_free(struct buf *buf)
{
	bytes_wipe(buf->data, buf->capacity);
	free(buf->data);
	*buf = BUF_INIT(buf->limit);
}

void buf_reset(struct buf *buf)
{
	bytes_wipe(buf->data, buf->size);
	buf->size = 0;
	buf->failed = false;
}

bool buf_ok(const struct buf *buf)
{
	return !buf->failed;
}

struct bytes buf_bytes(const struct buf *buf)
{
	return buf->failed ? BYTES_NONE : bytes_of(buf->data, buf->size);
}

/* Not realloc(), which may leave a copy of the old content behind. */
static void buf_move(struct buf *buf, size_t capacity)
{
	uint8_t *data = memory_new(capacity, 1);

	if (buf->size > 0)
		memcpy(data, buf->data, buf->size);
	bytes_wipe(buf->data, buf->capacity);
	free(buf->data);
	buf->data = data;
	buf->capacity = capacity;
}

uint8_t *buf_reserve(struct buf *buf, size_t size)
{
	if (buf->failed || size > buf->limit - buf->size || size >= SIZE_MAX - buf->size) {
		buf->failed = true;
		return NULL;
	}
	/* One byte more than the content, for the terminator of buf_text. */
	size_t needed = buf->size + size + 1;
	if (needed > buf->capacity) {
		size_t capacity = buf->capacity < BUF_CAPACITY_FIRST ? BUF_CAPACITY_FIRST : buf->capacity;
		while (capacity < needed)
			capacity = capacity > SIZE_MAX / 2 ? needed : capacity * 2;
		buf_move(buf, capacity > buf->limit ? buf->limit + 1 : capacity);
	}
	return buf->data + buf->size;
}

void buf_commit(struct buf *buf, size_t size)
{
	if (buf->failed)
		return;
	/* A write past what was reserved has already gone wrong. */
	assert(size < buf->capacity - buf->size || size == 0);
	buf->size += size;
}

const char *buf_text(struct buf *buf)
{
	if (buf->failed || buf->size == 0)
		return "";
	buf->data[buf->size] = 0;
	return (const char *)buf->data;
}

void buf_put(struct buf *buf, const void *data, size_t size)
{
	if (size == 0)
		return;
	uint8_t *room = buf_reserve(buf, size);
	if (room == NULL)
		return;
	memcpy(room, data, size);
	buf->size += size;
}

void buf_put_bytes(struct buf *buf, struct bytes bytes)
{
	buf_put(buf, bytes.data, bytes.size);
}

void buf_put_text(struct buf *buf, const char *text)
{
	buf_put_bytes(buf, bytes_text(text));
}

void buf_put_u8(struct buf *buf, uint8_t value)
{
	buf_put(buf, &value, 1);
}

void buf_put_u32(struct buf *buf, uint32_t value)
{
	uint8_t data[4];

	for (unsigned i = 0; i < 4; i++)
		data[i] = (uint8_t)(value >> (24 - 8 * i));
	buf_put(buf, data, sizeof data);
}

void buf_put_u64(struct buf *buf, uint64_t value)
{
	buf_put_u32(buf, (uint32_t)(value >> 32));
	buf_put_u32(buf, (uint32_t)value);
}

void buf_printf(struct buf *buf, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	buf_vprintf(buf, format, args);
	va_end(args);
}

void buf_vprintf(struct buf *buf, const char *format, va_list args)
{
	va_list again;

	if (buf->failed)
		return;
	va_copy(again, args);
	int length = vsnprintf(NULL, 0, format, again);
	va_end(again);
	uint8_t *room = length < 0 ? NULL : buf_reserve(buf, (size_t)length);
	if (room == NULL) {
		buf->failed = true;
		return;
	}
	vsnprintf((char *)room, (size_t)length + 1, format, args);
	buf->size += (size_t)length;
}

void buf_consume(struct buf *buf, size_t size)
{
	assert(size <= buf->size);
	if (size == 0)
		return;
	size_t left = buf->size - size;
	memmove(buf->data, buf->data + size, left);
	bytes_wipe(buf->data + left, size);
	buf->size = left;
}

struct reader reader_of(struct bytes bytes)
{
	return (struct reader){.data = bytes.data, .left = bytes.size};
}

struct bytes reader_bytes(struct reader *reader, size_t size)
{
	if (reader->failed || size > reader->left) {
		reader->failed = true;
		return BYTES_NONE;
	}
	if (size == 0)
		return BYTES_NONE;
	struct bytes bytes = bytes_of(reader->data, size);
	reader->data += size;
	reader->left -= size;
	return bytes;
}

static uint64_t reader_number(struct reader *reader, size_t size)
{
	struct bytes bytes = reader_bytes(reader, size);
	uint64_t value = 0;

	for (size_t i = 0; i < bytes.size; i++)
		value = value << 8 | bytes.data[i];
	return value;
}

uint8_t reader_u8(struct reader *reader)
{
	return (uint8_t)reader_number(reader, 1);
}

uint32_t reader_u32(struct reader *reader)
{
	return (uint32_t)reader_number(reader, 4);
}

uint64_t reader_u64(struct reader *reader)
{
	return reader_number(reader, 8);
}

bool reader_done(const struct reader *reader)
{
	return !reader->failed && reader->left == 0;
}
