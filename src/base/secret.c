#include "base/secret.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/memory.h"

#ifndef SYS_memfd_secret
#define SYS_memfd_secret 447 /* the same on every architecture; Debian 12's headers may lack it */
#endif

#define PREPARED_SLOTS ((size_t)64)

struct secret_arena {
	uint8_t *region; /* the whole mapping with its guards */
	size_t region_size;
	uint8_t *slots;
	size_t slots_size; /* whole pages */
	size_t slot_count;
	bool *used; /* one for each slot */
	bool hidden;
};

/* Put memfd_secret pages over the reserved ones. False when the kernel has none to give: then the reservation is untouched. */
static bool map_hidden(struct secret_arena *arena)
{
	int fd = (int)syscall(SYS_memfd_secret, O_CLOEXEC);
	bool ok = false;

	if (fd < 0)
		return false;
	if (ftruncate(fd, (off_t)arena->slots_size) == 0)
		ok = mmap(arena->slots, arena->slots_size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, fd, 0) != MAP_FAILED;
	close(fd);
	return ok;
}

/* As pages come into use; all at once where that is not known (valgrind). */
static bool lock(const struct secret_arena *arena)
{
	if (mlock2(arena->slots, arena->slots_size, MLOCK_ONFAULT) == 0)
		return true;
	return (errno == EINVAL || errno == ENOSYS) && mlock(arena->slots, arena->slots_size) == 0;
}

static bool map_locked(struct secret_arena *arena, struct error *ret_error)
{
	int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED;

	if (mmap(arena->slots, arena->slots_size, PROT_READ | PROT_WRITE, flags, -1, 0) == MAP_FAILED)
		return error_set_errno(ret_error, errno, "cannot map %zu bytes for secrets", arena->slots_size);
	if (!lock(arena))
		return error_set_errno(ret_error, errno,
		    "cannot lock %zu bytes of memory for secrets (raise the limit: ulimit -l)", arena->slots_size);
	if (madvise(arena->slots, arena->slots_size, MADV_DONTDUMP) != 0)
		return error_set_errno(ret_error, errno, "cannot keep secrets out of core files");
	return true;
}

/* Inaccessible pages first, then the slots in their middle: what is left on both sides are the guards. */
static bool arena_map(struct secret_arena *arena, struct error *ret_error)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);

	arena->slots_size = (arena->slot_count * SECRET_SLOT_SIZE + page - 1) / page * page;
	arena->region_size = arena->slots_size + 2 * page;
	void *region = mmap(NULL, arena->region_size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (region == MAP_FAILED)
		return error_set_errno(ret_error, errno, "cannot reserve memory for secrets");
	arena->region = region;
	arena->slots = arena->region + page;
	arena->hidden = map_hidden(arena);
	if (!arena->hidden && !map_locked(arena, ret_error))
		return false;
	if (madvise(arena->slots, arena->slots_size, MADV_DONTFORK) != 0)
		return error_set_errno(ret_error, errno, "cannot keep secrets out of child processes");
	/* Have now what is used on most days: later a fault that finds no memory would kill the process in the middle of a request. */
	memset(arena->slots, 0, (arena->slot_count < PREPARED_SLOTS ? arena->slot_count : PREPARED_SLOTS) * SECRET_SLOT_SIZE);
	return true;
}

static bool arena_try(size_t slot_count, struct secret_arena **ret_arena, struct error *ret_error)
{
	struct secret_arena *arena = memory_new(1, sizeof *arena);

	arena->slot_count = slot_count;
	arena->used = memory_new(slot_count, sizeof arena->used[0]);
	if (arena_map(arena, ret_error)) {
		*ret_arena = arena;
		return true;
	}
	if (arena->region != NULL)
		munmap(arena->region, arena->region_size);
	free(arena->used);
	free(arena);
	return false;
}

bool secret_arena_new(size_t least, size_t most, struct secret_arena **ret_arena, struct error *ret_error)
{
	size_t slot_count = most;

	*ret_arena = NULL;
	while (!arena_try(slot_count, ret_arena, ret_error)) {
		if (slot_count <= least)
			return false;
		slot_count = slot_count / 2 > least ? slot_count / 2 : least;
	}
	return true;
}

void secret_arena_free(struct secret_arena *arena)
{
	if (arena == NULL)
		return;
	/* What was released is wiped already. */
	for (size_t i = 0; i < arena->slot_count; i++)
		bytes_wipe(arena->slots + i * SECRET_SLOT_SIZE, arena->used[i] ? SECRET_SLOT_SIZE : 0);
	munmap(arena->region, arena->region_size);
	free(arena->used);
	free(arena);
}

bool secret_arena_is_hidden(const struct secret_arena *arena)
{
	return arena->hidden;
}

size_t secret_arena_slots(const struct secret_arena *arena)
{
	return arena->slot_count;
}

bool secret_take(struct secret_arena *arena, struct secret *ret_secret, struct error *ret_error)
{
	size_t slot = 0;

	*ret_secret = (struct secret){0};
	while (slot < arena->slot_count && arena->used[slot])
		slot++;
	if (slot == arena->slot_count)
		return error_set(ret_error, ERROR_REFUSED, "too many secrets at a time, try again later");
	arena->used[slot] = true;
	*ret_secret = (struct secret){.data = arena->slots + slot * SECRET_SLOT_SIZE, .owner = arena};
	return true;
}

void secret_release(struct secret *secret)
{
	if (secret->data == NULL)
		return;
	struct secret_arena *arena = secret->owner;
	size_t offset = (size_t)(secret->data - arena->slots);
	size_t slot = offset / SECRET_SLOT_SIZE;
	/* A copy of a secret that was released already may point into somebody else's slot. */
	assert(offset % SECRET_SLOT_SIZE == 0 && slot < arena->slot_count && arena->used[slot]);
	bytes_wipe(secret->data, SECRET_SLOT_SIZE);
	arena->used[slot] = false;
	*secret = (struct secret){0};
}

bool secret_set(struct secret *secret, struct bytes bytes)
{
	if (secret->data == NULL || bytes.size > SECRET_SLOT_SIZE)
		return false;
	/* The bytes may be a part of what the slot holds. */
	if (bytes.size > 0)
		memmove(secret->data, bytes.data, bytes.size);
	bytes_wipe(secret->data + bytes.size, SECRET_SLOT_SIZE - bytes.size);
	secret->size = bytes.size;
	return true;
}

struct bytes secret_bytes(const struct secret *secret)
{
	return bytes_of(secret->data, secret->size);
}
