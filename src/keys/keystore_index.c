#include "keys/keystore_index.h"

#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "base/hex.h"
#include "base/memory.h"
#include "eth/keccak.h"

#define MAGIC      "CLEFKSIX"
#define VERSION    1
#define CRC_OFFSET 12 /* behind magic and version */
#define CRC_END    16
/* Of an entry without its name. */
#define ENTRY_FIXED (1 + ADDRESS_SIZE + 3 * 8)

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

/* One entry; its name goes to *names, which has room for it. */
static bool read_entry(struct reader *reader, char **names, struct keystore_entry *ret_entry)
{
	struct bytes name = reader_bytes(reader, reader_u8(reader));
	struct bytes address = reader_bytes(reader, ADDRESS_SIZE);

	*ret_entry = (struct keystore_entry){.name = *names, .flags = KEYSTORE_STALE};
	ret_entry->stamp.size = reader_u64(reader);
	ret_entry->stamp.changed = reader_u64(reader);
	ret_entry->stamp.inode = reader_u64(reader);
	if (reader->failed || name.size == 0 || memchr(name.data, 0, name.size) != NULL ||
	    memchr(name.data, '/', name.size) != NULL)
		return false;
	memcpy(ret_entry->address.bytes, address.data, ADDRESS_SIZE);
	memcpy(*names, name.data, name.size);
	(*names)[name.size] = 0;
	*names += name.size + 1;
	return true;
}

static bool read_entries(struct reader *reader, struct keystore_table *table)
{
	uint64_t count = reader_u64(reader);

	/* Every entry takes more than its fixed part: a count from outside never asks for more memory than the file has. */
	if (count > reader->left / ENTRY_FIXED)
		return false;
	table->names_size = reader->left;
	table->names = memory_new(table->names_size + 1, 1);
	table->capacity = (size_t)count;
	table->entries = memory_new(table->capacity + 1, sizeof *table->entries);
	char *names = table->names;
	for (table->count = 0; table->count < count; table->count++) {
		struct keystore_entry *entry = &table->entries[table->count];
		if (!read_entry(reader, &names, entry))
			return false;
		if (table->count > 0 && strcmp(entry[-1].name, entry->name) >= 0)
			return false;
	}
	return reader_done(reader);
}

bool keystore_index_decode(
    struct bytes untrusted_content, struct bytes path, struct keystore_table *ret_table, struct keystore_folder *ret_folder)
{
	struct reader reader = reader_of(untrusted_content);

	*ret_table = (struct keystore_table){0};
	if (untrusted_content.size < CRC_END)
		return false;
	if (header_fits(&reader, untrusted_content, path, ret_folder) && read_entries(&reader, ret_table))
		return true;
	keystore_table_free(ret_table);
	return false;
}
