#include "keys/keystore_table.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

static void free_name(struct keystore_entry *entry)
{
	/* An owned name came from memory_text: the const is only ours. */
	if ((entry->flags & KEYSTORE_OWNED) != 0)
		free((void *)(uintptr_t)entry->name);
	entry->name = NULL;
}

void keystore_table_forget_lookup(struct keystore_table *table)
{
	free(table->heads);
	free(table->next);
	table->heads = NULL;
	table->next = NULL;
}

void keystore_table_free(struct keystore_table *table)
{
	for (size_t i = 0; i < table->count; i++)
		free_name(&table->entries[i]);
	for (size_t i = 0; i < table->fresh_count; i++)
		free_name(&table->fresh[i]);
	keystore_table_forget_lookup(table);
	free(table->entries);
	free(table->fresh);
	free(table->names);
	*table = (struct keystore_table){0};
}

bool keystore_stamp_equal(const struct keystore_stamp *a, const struct keystore_stamp *b)
{
	return a->size == b->size && a->changed == b->changed && a->inode == b->inode;
}

static int compare_names(const void *left, const void *right)
{
	const struct keystore_entry *a = left;
	const struct keystore_entry *b = right;

	return strcmp(a->name, b->name);
}

struct keystore_entry *keystore_table_find(struct keystore_table *table, const char *name)
{
	const struct keystore_entry wanted = {.name = name};

	if (table->count == 0)
		return NULL;
	return bsearch(&wanted, table->entries, table->count, sizeof wanted, compare_names);
}

/* memory_grow knows arrays as void *. */
static void grow(struct keystore_entry **entries, size_t *capacity, size_t needed)
{
	void *array = *entries;

	memory_grow(&array, capacity, needed, sizeof **entries);
	*entries = array;
}

void keystore_table_add(struct keystore_table *table, const char *name, uint8_t flags)
{
	grow(&table->fresh, &table->fresh_capacity, table->fresh_count + 1);
	table->fresh[table->fresh_count++] =
	    (struct keystore_entry){.name = memory_text(bytes_text(name)), .flags = (uint8_t)(flags | KEYSTORE_OWNED)};
}

/* Drop what is gone, keeping the order. */
static void compact(struct keystore_table *table)
{
	size_t kept = 0;

	for (size_t i = 0; i < table->count; i++) {
		struct keystore_entry *entry = &table->entries[i];
		if ((entry->flags & KEYSTORE_GONE) != 0)
			free_name(entry);
		else
			table->entries[kept++] = *entry;
	}
	table->count = kept;
}

/* Fresh entries whose name is known already, in the table or among themselves, hand over their flags. */
static void drop_known(struct keystore_table *table)
{
	size_t kept = 0;

	for (size_t i = 0; i < table->fresh_count; i++) {
		struct keystore_entry *entry = &table->fresh[i];
		struct keystore_entry *known = keystore_table_find(table, entry->name);
		if (known == NULL && kept > 0 && compare_names(&table->fresh[kept - 1], entry) == 0)
			known = &table->fresh[kept - 1];
		if (known == NULL) {
			table->fresh[kept++] = *entry;
			continue;
		}
		known->flags |= (uint8_t)(entry->flags & ~(KEYSTORE_OWNED | KEYSTORE_QUIET));
		if ((entry->flags & KEYSTORE_QUIET) == 0)
			known->flags &= (uint8_t)~KEYSTORE_QUIET;
		free_name(entry);
	}
	table->fresh_count = kept;
}

/* From the back, so that one pass needs no second array. */
static void merge(struct keystore_table *table)
{
	size_t old = table->count, fresh = table->fresh_count;

	grow(&table->entries, &table->capacity, old + fresh);
	for (size_t at = old + fresh; fresh > 0; at--) {
		if (old > 0 && compare_names(&table->entries[old - 1], &table->fresh[fresh - 1]) > 0)
			table->entries[at - 1] = table->entries[--old];
		else
			table->entries[at - 1] = table->fresh[--fresh];
	}
	table->count += table->fresh_count;
	table->fresh_count = 0;
}

void keystore_table_settle(struct keystore_table *table)
{
	compact(table);
	if (table->fresh_count > 0) {
		qsort(table->fresh, table->fresh_count, sizeof *table->fresh, compare_names);
		drop_known(table);
		merge(table);
	}
	free(table->fresh);
	table->fresh = NULL;
	table->fresh_capacity = 0;
	keystore_table_forget_lookup(table);
}

/* Addresses are hashes already: their first bytes spread well, and equal ones share a chain without harm. */
static size_t bucket_of(const struct keystore_table *table, const struct address *address)
{
	uint32_t first;

	memcpy(&first, address->bytes, sizeof first);
	return (size_t)(first * UINT32_C(2654435761)) >> (32 - table->bits);
}

static void build_lookup(struct keystore_table *table)
{
	table->bits = 8;
	while (table->bits < 24 && ((size_t)1 << table->bits) < table->count)
		table->bits++;
	table->heads = memory_new((size_t)1 << table->bits, sizeof *table->heads);
	table->next = memory_new(table->count + 1, sizeof *table->next);
	/* Backwards, so that each chain runs in the order of the names. */
	for (size_t i = table->count; i > 0; i--) {
		const struct address *address = &table->entries[i - 1].address;
		if (address_is_zero(address))
			continue;
		uint32_t *head = &table->heads[bucket_of(table, address)];
		table->next[i] = *head;
		*head = (uint32_t)i;
	}
}

size_t keystore_table_find_address(
    struct keystore_table *table, const struct address *address, struct keystore_entry **ret_entries, size_t most)
{
	size_t found = 0;

	if (table->heads == NULL)
		build_lookup(table);
	for (uint32_t at = table->heads[bucket_of(table, address)]; at != 0; at = table->next[at]) {
		struct keystore_entry *entry = &table->entries[at - 1];
		if ((entry->flags & KEYSTORE_GONE) != 0 || !address_equal(&entry->address, address))
			continue;
		if (found < most)
			ret_entries[found] = entry;
		found++;
	}
	return found;
}
