#include "keys/keystore_index.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include "base/hex.h"
#include "base/memory.h"
#include "eth/keccak.h"

#define MAGIC      "CLEFKSIX"
#define VERSION    1
#define CRC_OFFSET 12 /* behind magic and version */
#define CRC_END    16
/* Of an entry without its name. */
#define ENTRY_FIXED (2 + ADDRESS_SIZE + 3 * 8)

void keystore_index_name(struct bytes path, char ret_name[KEYSTORE_INDEX_NAME_SIZE])
{
	BUF_CLEANUP struct buf name = BUF_INIT(KEYSTORE_INDEX_NAME_SIZE);
	uint8_t digest[KECCAK256_SIZE];

	keccak256(path, digest);
	buf_put_text(&name, "keystore-");
	hex_encode(bytes_of(digest, 8), &name);
	buf_put_text(&name, ".index");
	memcpy(ret_name, buf_text(&name), name.size + 1);
}

static uint32_t checksum(struct bytes content)
{
	return (uint32_t)crc32_z(crc32_z(0, NULL, 0), content.data + CRC_END, content.size - CRC_END);
}

void keystore_index_encode(
    const struct keystore_table *table, struct bytes path, const struct keystore_folder *folder, struct buf *ret_content)
{
	uint8_t digest[KECCAK256_SIZE];

	keccak256(path, digest);
	buf_put_text(ret_content, MAGIC);
	buf_put_u32(ret_content, VERSION);
	buf_put_u32(ret_content, 0);
	buf_put(ret_content, digest, sizeof digest);
	buf_put_u64(ret_content, folder->device);
	buf_put_u64(ret_content, folder->inode);
	buf_put_u64(ret_content, folder->changed);
	buf_put_u64(ret_content, table->count);
	for (size_t i = 0; i < table->count; i++) {
		const struct keystore_entry *entry = &table->entries[i];
		struct bytes name = bytes_text(entry->name);
		buf_put_u8(ret_content, (uint8_t)name.size);
		buf_put_bytes(ret_content, name);
		buf_put_u8(ret_content, 0);
		buf_put(ret_content, entry->address.bytes, ADDRESS_SIZE);
		buf_put_u64(ret_content, entry->stamp.size);
		buf_put_u64(ret_content, entry->stamp.changed);
		buf_put_u64(ret_content, entry->stamp.inode);
	}
	if (!buf_ok(ret_content))
		return;
	uint32_t sum = checksum(buf_bytes(ret_content));
	for (size_t i = 0; i < 4; i++)
		ret_content->data[CRC_OFFSET + i] = (uint8_t)(sum >> (24 - 8 * i));
}

static bool header_fits(struct reader *reader, struct bytes content, struct bytes path, struct keystore_folder *ret_folder)
{
	uint8_t digest[KECCAK256_SIZE];

	keccak256(path, digest);
	if (!bytes_equal_text(reader_bytes(reader, 8), MAGIC) || reader_u32(reader) != VERSION)
		return false;
	if (reader_u32(reader) != checksum(content) ||
	    !bytes_equal(reader_bytes(reader, sizeof digest), bytes_of(digest, sizeof digest)))
		return false;
	ret_folder->device = reader_u64(reader);
	ret_folder->inode = reader_u64(reader);
	ret_folder->changed = reader_u64(reader);
	return !reader->failed;
}

/* One entry, whose name stays where it is. */
static bool read_entry(struct reader *reader, struct keystore_entry *ret_entry)
{
	struct bytes name = reader_bytes(reader, reader_u8(reader));
	uint8_t end = reader_u8(reader);
	struct bytes address = reader_bytes(reader, ADDRESS_SIZE);

	ret_entry->stamp.size = reader_u64(reader);
	ret_entry->stamp.changed = reader_u64(reader);
	ret_entry->stamp.inode = reader_u64(reader);
	if (reader->failed || name.size == 0 || end != 0 || memchr(name.data, 0, name.size) != NULL ||
	    memchr(name.data, '/', name.size) != NULL)
		return false;
	ret_entry->name = (const char *)name.data;
	ret_entry->flags = KEYSTORE_STALE;
	memcpy(ret_entry->address.bytes, address.data, ADDRESS_SIZE);
	return true;
}

static bool read_entries(struct reader *reader, struct keystore_table *table)
{
	uint64_t count = reader_u64(reader);

	/* Every entry takes more than its fixed part: a count from outside never asks for more memory than the file has. */
	if (count > reader->left / ENTRY_FIXED)
		return false;
	table->capacity = (size_t)count + 1;
	table->entries = memory_new(table->capacity, sizeof *table->entries);
	for (table->count = 0; table->count < count; table->count++) {
		struct keystore_entry *entry = &table->entries[table->count];
		if (!read_entry(reader, entry))
			return false;
		if (table->count > 0 && strcmp(entry[-1].name, entry->name) >= 0)
			return false;
	}
	return reader_done(reader);
}

bool keystore_index_decode(uint8_t *untrusted_content, size_t size, struct bytes path, struct keystore_table *ret_table,
    struct keystore_folder *ret_folder)
{
	struct bytes content = bytes_of(untrusted_content, size);
	struct reader reader = reader_of(content);

	*ret_table = (struct keystore_table){.names = (char *)untrusted_content};
	if (size >= CRC_END && header_fits(&reader, content, path, ret_folder) && read_entries(&reader, ret_table))
		return true;
	keystore_table_free(ret_table);
	return false;
}

static bool read_whole(int fd, uint8_t *data, size_t size)
{
	while (size > 0) {
		ssize_t got = read(fd, data, size);
		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			return false;
		data += got;
		size -= (size_t)got;
	}
	return true;
}

/* Not into a buf: that one is wiped as it grows, which for megabytes of nothing secret would be half of a start. */
uint8_t *keystore_index_read(int folder_fd, struct bytes path, size_t *ret_size)
{
	char name[KEYSTORE_INDEX_NAME_SIZE];
	uint8_t *content = NULL;
	struct stat status;

	keystore_index_name(path, name);
	int fd = openat(folder_fd, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (fd < 0)
		return NULL;
	if (fstat(fd, &status) == 0 && S_ISREG(status.st_mode) && status.st_size > 0 &&
	    (size_t)status.st_size <= KEYSTORE_INDEX_SIZE_MAX) {
		*ret_size = (size_t)status.st_size;
		content = memory_new(*ret_size, 1);
		if (!read_whole(fd, content, *ret_size)) {
			free(content);
			content = NULL;
		}
	}
	close(fd);
	return content;
}
