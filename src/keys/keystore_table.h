/*
 * keystore_table: what is known of each file in the keystore folder, sorted by name (bytewise, which is also the order of the paths).
 *
 * Pointers to entries are good until the next change of the table. Private to keystore*.c.
 */
#ifndef CLEF_KEYS_KEYSTORE_TABLE_H
#define CLEF_KEYS_KEYSTORE_TABLE_H

#include "base/bytes.h"
#include "eth/address.h"

/* What fstat says of a file. Every change of its content moves `changed`, which nobody can set back. */
struct keystore_stamp {
	uint64_t size;
	uint64_t changed; /* ctime in nanoseconds */
	uint64_t inode;
};

enum keystore_flag {
	KEYSTORE_OWNED = 1,  /* the name is an allocation of its own, not a part of `names` */
	KEYSTORE_READ = 2,   /* to be read (again) */
	KEYSTORE_QUIET = 4,  /* perhaps still being written: no warning about it */
	KEYSTORE_WARNED = 8, /* its present content was complained about */
	KEYSTORE_STALE = 16, /* from the index, not compared with the file yet */
	KEYSTORE_SEEN = 32,  /* met in the scan that is under way */
	KEYSTORE_GONE = 64   /* to be removed by the next keystore_table_settle */
};

struct keystore_entry {
	const char *name;
	struct keystore_stamp stamp;
	struct address address; /* zero: broken or no key file; not listed */
	uint8_t flags;
};

struct keystore_table {
	struct keystore_entry *entries; /* sorted */
	size_t count, capacity;
	struct keystore_entry *fresh; /* added since the last settle, in no order */
	size_t fresh_count, fresh_capacity;
	char *names;            /* the index, if one was read: names of entries lie in it */
	uint32_t *heads, *next; /* by address: chains of entry numbers + 1; NULL until somebody asks */
	unsigned bits;
};

void keystore_table_free(struct keystore_table *table);
bool keystore_stamp_equal(const struct keystore_stamp *a, const struct keystore_stamp *b);
/* NULL when there is none. Does not see fresh entries. */
struct keystore_entry *keystore_table_find(struct keystore_table *table, const char *name);
/* A new entry with a copy of the name and these flags; it takes its place with the next settle. The name may be there already. */
void keystore_table_add(struct keystore_table *table, const char *name, uint8_t flags);
/* Sort fresh entries in (of equal names the older entry stays and gains the flags), drop what is gone. */
void keystore_table_settle(struct keystore_table *table);
/* Entries with this address, at most `most` of them in the order of their names; returns how many there are in all. */
size_t keystore_table_find_address(
    struct keystore_table *table, const struct address *address, struct keystore_entry **ret_entries, size_t most);
/* An address changed: the next find_address looks afresh. Settle does this by itself. */
void keystore_table_forget_lookup(struct keystore_table *table);

#endif
