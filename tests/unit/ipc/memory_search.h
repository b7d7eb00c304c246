/*
 * memory_search: is a secret still somewhere in this process? For tests that what was handed on is wiped, also in memory that is not freed.
 *
 * Pass needle_bytes() on, never a copy of it.
 */
#ifndef CLEF_MEMORY_SEARCH_H
#define CLEF_MEMORY_SEARCH_H

#include "../base/testing.h"

#include <fcntl.h>
#include <inttypes.h>
#include <sys/mman.h>

#define NEEDLE_SIZE 48
#define CHUNK_SIZE  ((size_t)1 << 20)
/* Larger mappings belong to a sanitizer. */
#define REGION_MOST ((uintptr_t)256 << 20)

/* In one mapping, which is not searched: the needle, and a chunk of the memory that is looked at. */
struct needle {
	uint8_t *page;
	uint8_t *chunk;
};

#define NEEDLE_MAPPING (4096 + CHUNK_SIZE)

static inline struct needle needle_new(void)
{
	uint8_t *page = mmap(NULL, NEEDLE_MAPPING, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	uint64_t random = UINT64_C(0x6e6565646c65);

	assert_ptr_not_equal(page, MAP_FAILED);
	for (size_t i = 0; i < NEEDLE_SIZE; i++)
		page[i] = (uint8_t)('a' + random_below(&random, 26));
	return (struct needle){page, page + 4096};
}

static inline void needle_free(struct needle *needle)
{
	munmap(needle->page, NEEDLE_MAPPING);
}

static inline struct bytes needle_bytes(const struct needle *needle)
{
	return bytes_of(needle->page, NEEDLE_SIZE);
}

/* `start` is where the chunk was read from. */
static inline size_t count_in_chunk(const struct needle *needle, uintptr_t start, size_t size)
{
	const uint8_t *at = needle->chunk, *end = needle->chunk + size;
	uintptr_t own = (uintptr_t)needle->page;
	size_t count = 0;

	while ((at = memmem(at, (size_t)(end - at), needle->page, NEEDLE_SIZE)) != NULL) {
		uintptr_t where = start + (uintptr_t)(at - needle->chunk);

		count += where < own || where >= own + NEEDLE_MAPPING;
		at++;
	}
	return count;
}

/* Read through the kernel: a sanitizer allows no plain look at memory between variables. */
static inline size_t count_in_region(const struct needle *needle, int memory, uintptr_t start, uintptr_t end)
{
	size_t count = 0;

	for (uintptr_t at = start; at < end; at += CHUNK_SIZE - NEEDLE_SIZE) {
		size_t size = end - at < CHUNK_SIZE ? end - at : CHUNK_SIZE;
		ssize_t got = pread(memory, needle->chunk, size, (off_t)at);

		if (got > 0)
			count += count_in_chunk(needle, at, (size_t)got);
	}
	return count;
}

/* How often the needle is in writable memory, beside its own mapping. */
static inline size_t needle_count(const struct needle *needle)
{
	FILE *maps = fopen("/proc/self/maps", "r");
	int memory = open("/proc/self/mem", O_RDONLY | O_CLOEXEC);
	char line[512];
	size_t count = 0;

	assert_true(maps != NULL && memory >= 0);
	while (fgets(line, sizeof(line), maps) != NULL) {
		uintptr_t start, end;
		char mode[8];

		if (sscanf(line, "%" SCNxPTR "-%" SCNxPTR " %7s", &start, &end, mode) != 3)
			continue;
		if (strncmp(mode, "rw", 2) == 0 && end - start < REGION_MOST)
			count += count_in_region(needle, memory, start, end);
	}
	fclose(maps);
	close(memory);
	return count;
}

#endif
