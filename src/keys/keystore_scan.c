/* Reading the folder in slices, and taking notice of its changes. */
#include <errno.h>
#include <fcntl.h>
#include <stdalign.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/file.h"
#include "keys/keyfile.h"
#include "keys/keystore_private.h"

#define NS_PER_S      UINT64_C(1000000000)
#define WARNINGS_MOST 20 /* in one scan; a folder full of other things must not flood the log */
/* Looking at the clock costs as much as a step. */
#define STEPS_PER_CLOCK 16

uint64_t keystore_now(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * NS_PER_S + (uint64_t)now.tv_nsec;
}

static uint64_t changed_of(const struct stat *status)
{
	return (uint64_t)status->st_ctim.tv_sec * NS_PER_S + (uint64_t)status->st_ctim.tv_nsec;
}

bool keystore_folder_stat(int fd, struct keystore_folder *ret_folder)
{
	struct stat status;

	*ret_folder = (struct keystore_folder){0};
	if (fd < 0 || fstat(fd, &status) != 0)
		return false;
	*ret_folder = (struct keystore_folder){.device = status.st_dev, .inode = status.st_ino, .changed = changed_of(&status)};
	return true;
}

bool keystore_name_is_read(const char *name)
{
	size_t size = strlen(name);

	return size > 0 && name[0] != '.' && name[size - 1] != '~';
}

static void warn(struct keystore *keystore, struct keystore_entry *entry, const char *why)
{
	entry->flags |= KEYSTORE_WARNED;
	keystore->warnings++;
	if (keystore->warnings <= WARNINGS_MOST)
		log_warn(keystore->log, "key file %s/%s is left out: %s", keystore->path, entry->name, why);
	else if (keystore->warnings == WARNINGS_MOST + 1)
		log_warn(keystore->log, "further files in %s are left out, too", keystore->path);
}

static void read_address(struct keystore *keystore, struct keystore_entry *entry)
{
	BUF_CLEANUP struct buf content = BUF_INIT(KEYFILE_SIZE_MAX);
	struct error error;

	entry->address = ADDRESS_ZERO;
	if (file_read_at(keystore->folder_fd, entry->name, &content, &error) &&
	    keyfile_read_address(buf_bytes(&content), &entry->address, &error))
		return;
	entry->address = ADDRESS_ZERO;
	if ((entry->flags & (KEYSTORE_QUIET | KEYSTORE_WARNED)) == 0)
		warn(keystore, entry, error.text);
}

void keystore_refresh(struct keystore *keystore, struct keystore_entry *entry)
{
	const uint8_t passing = KEYSTORE_READ | KEYSTORE_QUIET | KEYSTORE_STALE;
	const struct address before = entry->address;
	struct stat status;

	if (fstatat(keystore->folder_fd, entry->name, &status, AT_SYMLINK_NOFOLLOW) != 0 || !S_ISREG(status.st_mode)) {
		entry->flags = (uint8_t)((entry->flags & ~passing) | KEYSTORE_GONE);
		keystore->index_dirty = true;
		return;
	}
	struct keystore_stamp stamp = {.size = (uint64_t)status.st_size, .changed = changed_of(&status), .inode = status.st_ino};
	bool same = keystore_stamp_equal(&stamp, &entry->stamp);
	if (!same || (entry->flags & KEYSTORE_READ) != 0) {
		/* The stamp is from before the reading: a change in between shows the next time. */
		entry->stamp = stamp;
		if (!same)
			entry->flags &= (uint8_t)~KEYSTORE_WARNED;
		read_address(keystore, entry);
	}
	if (!same || !address_equal(&before, &entry->address)) {
		keystore->index_dirty = true;
		keystore_table_forget_lookup(&keystore->table);
	}
	entry->flags &= (uint8_t)~passing;
}

/* ---- the walk over the folder ---- */

void keystore_scan_start(struct keystore *keystore)
{
	if (keystore->dir != NULL)
		closedir(keystore->dir);
	/* A descriptor of its own: where the walk stands belongs to it. */
	int fd = openat(keystore->folder_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	keystore->dir = fd < 0 ? NULL : fdopendir(fd);
	keystore->warnings = 0;
	/* Before the first name is read: a change during the walk shows as another ctime. */
	keystore_folder_stat(keystore->folder_fd, &keystore->folder);
	if (keystore->dir == NULL) {
		log_warn(keystore->log, "the keystore folder %s cannot be read: %s", keystore->path, strerror(errno));
		if (fd >= 0)
			close(fd);
		keystore->phase = KEYSTORE_IDLE;
		return;
	}
	for (size_t i = 0; i < keystore->table.count; i++)
		keystore->table.entries[i].flags &= (uint8_t)~KEYSTORE_SEEN;
	keystore->phase = KEYSTORE_NAMES;
}

static void meet_name(struct keystore *keystore, const struct dirent *found)
{
	if (!keystore_name_is_read(found->d_name) || (found->d_type != DT_REG && found->d_type != DT_UNKNOWN))
		return;
	struct keystore_entry *entry = keystore_table_find(&keystore->table, found->d_name);
	if (entry == NULL) {
		keystore_table_add(&keystore->table, found->d_name, KEYSTORE_READ | KEYSTORE_SEEN);
		return;
	}
	entry->flags &= (uint8_t)~KEYSTORE_GONE;
	/* Of many files, one with the same inode counts as the same until keystore_verify looks closer. */
	bool trust = keystore->table.count >= KEYSTORE_INDEX_LEAST && entry->stamp.inode == found->d_ino;
	entry->flags |= KEYSTORE_SEEN | (trust ? KEYSTORE_STALE : KEYSTORE_READ);
	keystore->stale |= trust;
}

static void names_done(struct keystore *keystore)
{
	closedir(keystore->dir);
	keystore->dir = NULL;
	for (size_t i = 0; i < keystore->table.count; i++) {
		struct keystore_entry *entry = &keystore->table.entries[i];
		if ((entry->flags & KEYSTORE_SEEN) != 0)
			continue;
		entry->flags |= KEYSTORE_GONE;
		keystore->index_dirty = true;
	}
	if (keystore->table.fresh_count > 0)
		keystore->index_dirty = true;
	keystore_table_settle(&keystore->table);
	keystore->verified = 0;
	keystore->at = 0;
	keystore->phase = KEYSTORE_FILES;
}

static void step_names(struct keystore *keystore)
{
	const struct dirent *found = readdir(keystore->dir);

	if (found != NULL)
		meet_name(keystore, found);
	else
		names_done(keystore);
}

static void step_files(struct keystore *keystore)
{
	struct keystore_table *table = &keystore->table;

	while (keystore->at < table->count && (table->entries[keystore->at].flags & KEYSTORE_READ) == 0)
		keystore->at++;
	if (keystore->at < table->count) {
		keystore_refresh(keystore, &table->entries[keystore->at++]);
		return;
	}
	keystore_table_settle(table);
	keystore->phase = KEYSTORE_IDLE;
}

bool keystore_work(struct keystore *keystore, uint64_t budget_ns)
{
	uint64_t end = keystore_now() + budget_ns;

	for (unsigned step = 1; keystore->phase != KEYSTORE_IDLE; step++) {
		if (keystore->phase == KEYSTORE_NAMES)
			step_names(keystore);
		else
			step_files(keystore);
		if (step % STEPS_PER_CLOCK == 0 && keystore_now() >= end)
			break;
	}
	return keystore->phase != KEYSTORE_IDLE;
}

static void all_stale(struct keystore *keystore)
{
	for (size_t i = 0; i < keystore->table.count; i++)
		keystore->table.entries[i].flags |= KEYSTORE_STALE;
	keystore->verified = 0;
	keystore->stale = keystore->table.count > 0;
}

bool keystore_verify(struct keystore *keystore, uint64_t budget_ns)
{
	struct keystore_table *table = &keystore->table;
	uint64_t end = keystore_now() + budget_ns;

	if (keystore->phase != KEYSTORE_IDLE)
		return false;
	/* Nobody tells when a file is rewritten in place: look at all of them again and again. */
	if (!keystore->stale && keystore->watch_fd < 0)
		all_stale(keystore);
	if (!keystore->stale)
		return false;
	for (unsigned step = 1; keystore->verified < table->count; step++) {
		struct keystore_entry *entry = &table->entries[keystore->verified++];
		if ((entry->flags & KEYSTORE_STALE) != 0)
			keystore_refresh(keystore, entry);
		if (step % STEPS_PER_CLOCK == 0 && keystore_now() >= end)
			return true;
	}
	keystore->stale = false;
	/* Drops what turned out to be gone. */
	keystore_table_settle(table);
	return false;
}

/* ---- changes ---- */

static void name_changed(struct keystore *keystore, const char *name, uint32_t what)
{
	if (!keystore_name_is_read(name))
		return;
	/* Only just created: its writer is probably not done and closing it will tell. */
	uint8_t flags = what == IN_CREATE ? KEYSTORE_READ | KEYSTORE_QUIET : KEYSTORE_READ;
	struct keystore_entry *entry = keystore_table_find(&keystore->table, name);
	if (entry == NULL) {
		keystore_table_add(&keystore->table, name, flags);
		return;
	}
	entry->flags |= KEYSTORE_READ;
	/* GONE: it was met missing before, and now there is news of it. */
	entry->flags &= (uint8_t) ~(KEYSTORE_QUIET | KEYSTORE_GONE);
}

/* One event; false: events were lost, the folder must be read anew. */
static bool take_event(struct keystore *keystore, const struct inotify_event *event)
{
	if ((event->mask & IN_Q_OVERFLOW) != 0)
		return false;
	if ((event->mask & (IN_DELETE_SELF | IN_MOVE_SELF | IN_UNMOUNT)) != 0)
		log_warn(keystore->log, "the keystore folder %s was moved or removed: restart the signer to use another",
		    keystore->path);
	if (event->len > 0 && (event->mask & IN_ISDIR) == 0)
		name_changed(keystore, event->name, event->mask);
	return true;
}

/* Everything the watch has to say. Returns the number of events, or -1 when some were lost. */
static int take_events(struct keystore *keystore)
{
	alignas(struct inotify_event) char room[16384];
	ssize_t got;
	int count = 0;
	bool lost = false;

	while ((got = read(keystore->watch_fd, room, sizeof room)) > 0) {
		for (const char *at = room; at < room + got; count++) {
			const struct inotify_event *event = (const void *)at;
			lost |= !take_event(keystore, event);
			at += sizeof *event + event->len;
		}
	}
	return lost ? -1 : count;
}

void keystore_notice(struct keystore *keystore)
{
	struct keystore_folder folder;

	if (keystore->folder_fd < 0 || keystore->phase != KEYSTORE_IDLE)
		return;
	/* Before the events: what comes after this look shows as another ctime next time. */
	bool known = keystore_folder_stat(keystore->folder_fd, &folder);
	int events = keystore->watch_fd < 0 ? 0 : take_events(keystore);
	/* A folder that changed without an event: no watch, or a file system that does not tell. A small one is read again in any case then. */
	bool blind = keystore->watch_fd < 0 && keystore->table.count < KEYSTORE_INDEX_LEAST;
	if (events < 0 || blind || (events == 0 && known && folder.changed != keystore->folder.changed)) {
		keystore_scan_start(keystore);
		return;
	}
	if (events == 0)
		return;
	keystore->folder = folder;
	if (keystore->table.fresh_count > 0)
		keystore->index_dirty = true;
	keystore_table_settle(&keystore->table);
	keystore->at = 0;
	keystore->verified = keystore->stale ? 0 : keystore->table.count;
	keystore->warnings = 0;
	keystore->phase = KEYSTORE_FILES;
}
