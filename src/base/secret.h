/*
 * secret: a small region of memory for keys and passwords.
 *
 * The pages come from memfd_secret (Linux 5.14: not mapped by the kernel, not reachable by ptrace or /proc/PID/mem), else from
 * mmap with mlock and MADV_DONTDUMP; either way MADV_DONTFORK, and with an inaccessible page on both sides. A slot that is
 * released is wiped. When no locked memory can be had the process must not go on: the caller treats the error as fatal.
 * Locked memory counts against RLIMIT_MEMLOCK. Pages beyond those of the first 64 slots take memory when they are first used, and keep it.
 */
#ifndef CLEF_BASE_SECRET_H
#define CLEF_BASE_SECRET_H

#include "base/bytes.h"
#include "base/error.h"

/* A password, its terminator and the longest that --secret-fd carries (4 KiB). */
#define SECRET_SLOT_SIZE 4352

struct secret_arena;
struct secret {
	uint8_t *data; /* SECRET_SLOT_SIZE bytes; NULL when empty */
	size_t size;   /* bytes in use */
	struct secret_arena *owner;
};

/* With as many slots as the limits of the process allow, at most `most`; an error when that is less than `least` (1 or more). */
bool secret_arena_new(size_t least, size_t most, struct secret_arena **ret_arena, struct error *ret_error);
/* After every secret of it was released. Safe on NULL. */
void secret_arena_free(struct secret_arena *arena);
/* True when the pages come from memfd_secret. */
bool secret_arena_is_hidden(const struct secret_arena *arena);
/* How many slots there are, taken or not. */
size_t secret_arena_slots(const struct secret_arena *arena);
/* Take a slot. False when all are in use: the caller waits or refuses. Not thread-safe: one thread takes and releases. */
bool secret_take(struct secret_arena *arena, struct secret *ret_secret, struct error *ret_error);
/* Wipe and give back. Safe on an empty secret. */
void secret_release(struct secret *secret);
#define SECRET_CLEANUP __attribute__((cleanup(secret_release)))
/* Copy bytes in; false when they do not fit (nothing is copied). */
bool secret_set(struct secret *secret, struct bytes bytes);
struct bytes secret_bytes(const struct secret *secret);

#endif
