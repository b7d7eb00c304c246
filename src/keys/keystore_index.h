/*
 * keystore_index: what is known of a large keystore, kept in a file of another folder, so that a start need not read every key file.
 *
 * Integers are big-endian. Header: magic "CLEFKSIX", u32 version, u32 CRC-32 of everything behind it, 32 bytes Keccak-256 of the keystore's
 * path, u64 device, inode and ctime (ns) of the folder, u64 number of entries. Entry: u8 length of the name, name, u8 0, 20 bytes
 * address (zero: no key file), u64 size, ctime (ns) and inode of the file; sorted strictly by name.
 *
 * It holds nothing secret and nothing is signed on its word: it says where a key is looked for. Damage, another version or another folder:
 * it counts as absent and is written anew. Private to keystore*.c.
 */
#ifndef CLEF_KEYS_KEYSTORE_INDEX_H
#define CLEF_KEYS_KEYSTORE_INDEX_H

#include "base/error.h"
#include "keys/keystore_table.h"

/* "keystore-", 16 digits, ".index", terminator. */
#define KEYSTORE_INDEX_NAME_SIZE 32
/* About 2 million files. */
#define KEYSTORE_INDEX_SIZE_MAX ((size_t)256 << 20)

struct keystore_folder {
	uint64_t device, inode;
	uint64_t changed; /* ctime in nanoseconds: moves when a name comes or goes */
};

/* One index for each path, so that several keystores can share the folder. */
void keystore_index_name(struct bytes path, char ret_name[KEYSTORE_INDEX_NAME_SIZE]);
void keystore_index_encode(
    const struct keystore_table *table, struct bytes path, const struct keystore_folder *folder, struct buf *ret_content);
/*
 * Fill an empty table; every entry is KEYSTORE_STALE. The names stay where they are: the content, allocated with malloc, becomes the
 * table's, or is freed. False (and an empty table) for anything but a whole index of this path.
 */
bool keystore_index_decode(uint8_t *untrusted_content, size_t size, struct bytes path, struct keystore_table *ret_table,
    struct keystore_folder *ret_folder);
/* Read the index file below the folder into memory from malloc; NULL when there is none (or none that could be one). */
uint8_t *keystore_index_read(int folder_fd, struct bytes path, size_t *ret_size);

#endif
