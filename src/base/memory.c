#include "base/memory.h"

#include <stdarg.h>
#include <stdalign.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define ARENA_BLOCK_FIRST 4096
#define ARENA_BLOCK_MOST  (size_t)(256 * 1024)

struct arena_block {
	struct arena_block *next;
	size_t size;
	size_t used;
	alignas(max_align_t) uint8_t data[];
};

_Noreturn void memory_exhausted(void)
{
	static const char line[] = "clef: out of memory, ending\n";
	ssize_t ignored = write(STDERR_FILENO, line, sizeof line - 1);

	(void)ignored;
	_exit(1);
}

void *memory_new(size_t count, size_t size)
{
	/* calloc checks the multiplication; of nothing it may return NULL, which would look like a failure. */
	void *data = count == 0 || size == 0 ? calloc(1, 1) : calloc(count, size);

	if (data == NULL)
		memory_exhausted();
	return data;
}

void memory_grow(void **array, size_t *capacity, size_t needed, size_t size)
{
	size_t bytes;

	if (needed <= *capacity)
		return;
	size_t count = *capacity < 4 ? 4 : *capacity;
	while (count < needed)
		count = count > SIZE_MAX / 2 ? needed : count * 2;
	if (__builtin_mul_overflow(count, size, &bytes))
		memory_exhausted();
	uint8_t *data = realloc(*array, bytes);
	if (data == NULL)
		memory_exhausted();
	memset(data + *capacity * size, 0, bytes - *capacity * size);
	*array = data;
	*capacity = count;
}

char *memory_text(struct bytes text)
{
	size_t size;

	if (__builtin_add_overflow(text.size, (size_t)1, &size))
		memory_exhausted();
	char *copy = memory_new(size, 1);
	if (text.size > 0)
		memcpy(copy, text.data, text.size);
	return copy;
}

/* A small request costs one block; blocks grow so that a big one costs few. */
static struct arena_block *arena_add_block(struct arena *arena, size_t size)
{
	size_t room = ARENA_BLOCK_FIRST;
	size_t total;

	if (arena->blocks != NULL)
		room = arena->blocks->size < ARENA_BLOCK_MOST / 2 ? arena->blocks->size * 2 : ARENA_BLOCK_MOST;
	if (room < size)
		room = size;
	if (__builtin_add_overflow(sizeof(struct arena_block), room, &total))
		memory_exhausted();
	struct arena_block *block = memory_new(1, total);
	block->size = room;
	block->next = arena->blocks;
	arena->blocks = block;
	return block;
}

void *arena_alloc(struct arena *arena, size_t size)
{
	const size_t align = alignof(max_align_t);
	struct arena_block *block = arena->blocks;

	if (size > SIZE_MAX - align)
		memory_exhausted();
	/* Never nothing, so that two allocations never share an address. */
	size = size == 0 ? align : (size + align - 1) / align * align;
	if (block == NULL || size > block->size - block->used)
		block = arena_add_block(arena, size);
	void *data = block->data + block->used;
	block->used += size;
	arena->total += size;
	return data;
}

void *arena_array(struct arena *arena, size_t count, size_t size)
{
	size_t total;

	if (__builtin_mul_overflow(count, size, &total))
		memory_exhausted();
	return arena_alloc(arena, total);
}

struct bytes arena_copy(struct arena *arena, struct bytes bytes)
{
	if (bytes.size == 0)
		return BYTES_NONE;
	return bytes_of(memcpy(arena_alloc(arena, bytes.size), bytes.data, bytes.size), bytes.size);
}

char *arena_text(struct arena *arena, struct bytes bytes)
{
	size_t size;

	if (__builtin_add_overflow(bytes.size, (size_t)1, &size))
		memory_exhausted();
	char *text = arena_alloc(arena, size);
	if (bytes.size > 0)
		memcpy(text, bytes.data, bytes.size);
	return text;
}

char *arena_printf(struct arena *arena, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	int length = vsnprintf(NULL, 0, format, args);
	va_end(args);
	/* Fails only for texts beyond INT_MAX, or without memory. */
	if (length < 0)
		memory_exhausted();
	char *text = arena_alloc(arena, (size_t)length + 1);
	va_start(args, format);
	vsnprintf(text, (size_t)length + 1, format, args);
	va_end(args);
	return text;
}

void arena_free(struct arena *arena)
{
	struct arena_block *block = arena->blocks;

	while (block != NULL) {
		struct arena_block *next = block->next;
		free(block);
		block = next;
	}
	*arena = (struct arena){0};
}
