#include "keys/keystore.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <time.h>
#include <unistd.h>

#include "base/file.h"
#include "base/memory.h"
#include "keys/keyfile.h"
#include "keys/keystore_private.h"

#define WATCHED                                                                                                             \
	(IN_CREATE | IN_CLOSE_WRITE | IN_MOVED_FROM | IN_MOVED_TO | IN_DELETE | IN_ATTRIB | IN_DELETE_SELF | IN_MOVE_SELF | \
	    IN_ONLYDIR)
#define NS_PER_S UINT64_C(1000000000)
/* A file system's clock ticks in milliseconds: a folder that changed this recently might change again under the same ctime. */
#define QUIET_NS NS_PER_S
/* "UTC--2026-01-31T12-34-56.123456789Z--", 40 digits, terminator; with room to spare. */
#define NAME_SIZE 128

/* Through /proc: the descriptor is the only way to the folder that cannot be led astray by renaming. */
static int watch(const struct keystore_options *options)
{
	char path[64];

	int fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
	if (fd < 0)
		return -1;
	snprintf(path, sizeof path, "/proc/self/fd/%d", options->folder_fd);
	if (inotify_add_watch(fd, path, WATCHED) >= 0)
		return fd;
	log_debug(options->log, "no watch on the keystore folder (%s): its time is compared instead", strerror(errno));
	close(fd);
	return -1;
}

/* True: the table holds what the folder holds, as far as its ctime tells. */
static bool load_index(struct keystore *keystore)
{
	struct bytes path = bytes_text(keystore->path);
	struct keystore_folder then, now;
	size_t size = 0;

	uint8_t *content = keystore->index_fd < 0 ? NULL : keystore_index_read(keystore->index_fd, path, &size);
	if (content == NULL)
		return false;
	if (!keystore_index_decode(content, size, path, &keystore->table, &then)) {
		log_info(
		    keystore->log, "the index of the keystore is damaged or of another version: the key files are read again");
		return false;
	}
	keystore->stale = true;
	if (!keystore_folder_stat(keystore->folder_fd, &now) || now.device != then.device || now.inode != then.inode) {
		/* Another folder under the same path: its inodes mean nothing. */
		keystore_table_free(&keystore->table);
		return false;
	}
	keystore->folder = now;
	return now.changed == then.changed;
}

struct keystore *keystore_new(const struct keystore_options *options)
{
	struct keystore *keystore = memory_new(1, sizeof *keystore);
	struct bytes path = options->path;

	while (path.size > 1 && path.data[path.size - 1] == '/')
		path.size--;
	keystore->path = memory_text(path);
	keystore->log = options->log;
	keystore->folder_fd = options->folder_fd;
	keystore->index_fd = options->index_fd;
	/* The watch before anything is read: what changes from here on is told or met by the scan. */
	keystore->watch_fd = keystore->folder_fd < 0 ? -1 : watch(options);
	return keystore;
}

void keystore_load(struct keystore *keystore)
{
	if (keystore->folder_fd < 0 || load_index(keystore))
		return;
	keystore->index_dirty = true;
	keystore_scan_start(keystore);
}

void keystore_free(struct keystore *keystore)
{
	if (keystore == NULL)
		return;
	if (keystore->dir != NULL)
		closedir(keystore->dir);
	if (keystore->watch_fd >= 0)
		close(keystore->watch_fd);
	keystore_table_free(&keystore->table);
	free(keystore->path);
	free(keystore);
}

int keystore_watch_fd(const struct keystore *keystore)
{
	return keystore->watch_fd;
}

bool keystore_is_current(const struct keystore *keystore)
{
	return keystore->phase == KEYSTORE_IDLE;
}

size_t keystore_count(const struct keystore *keystore)
{
	return keystore->table.count;
}

static void put_path(const struct keystore *keystore, const char *name, struct buf *ret_path)
{
	buf_printf(ret_path, "%s/%s", keystore->path, name);
}

void keystore_put_list(const struct keystore *keystore, struct buf *ret_accounts)
{
	size_t folder_size = strlen(keystore->path);

	for (size_t i = 0; i < keystore->table.count; i++) {
		const struct keystore_entry *entry = &keystore->table.entries[i];
		if (address_is_zero(&entry->address) || (entry->flags & KEYSTORE_GONE) != 0)
			continue;
		struct bytes name = bytes_text(entry->name);
		buf_put(ret_accounts, entry->address.bytes, ADDRESS_SIZE);
		buf_put_u32(ret_accounts, (uint32_t)(folder_size + 1 + name.size));
		buf_put(ret_accounts, keystore->path, folder_size);
		buf_put_u8(ret_accounts, '/');
		buf_put_bytes(ret_accounts, name);
	}
}

#define MATCHES_MOST 8

/* The files with this account, each compared with what the folder holds now. */
static size_t find_confirmed(
    struct keystore *keystore, const struct address *address, struct keystore_entry *ret_entries[MATCHES_MOST])
{
	size_t count = keystore_table_find_address(&keystore->table, address, ret_entries, MATCHES_MOST);
	bool changed = false;

	for (size_t i = 0; i < count && i < MATCHES_MOST; i++) {
		keystore_refresh(keystore, ret_entries[i]);
		changed |= (ret_entries[i]->flags & KEYSTORE_GONE) != 0 || !address_equal(&ret_entries[i]->address, address);
	}
	return changed ? keystore_table_find_address(&keystore->table, address, ret_entries, MATCHES_MOST) : count;
}

size_t keystore_find(struct keystore *keystore, const struct address *address, struct buf *ret_path)
{
	struct keystore_entry *entries[MATCHES_MOST];
	size_t count = find_confirmed(keystore, address, entries);

	if (count > 0)
		put_path(keystore, entries[0]->name, ret_path);
	return count;
}

static bool refuse_ambiguous(
    const struct keystore *keystore, struct keystore_entry *const *entries, size_t count, struct error *ret_error)
{
	for (size_t i = 0; i < count && i < MATCHES_MOST; i++)
		log_warn(
		    keystore->log, "one of several key files with the same account: %s/%s", keystore->path, entries[i]->name);
	return error_set(
	    ret_error, ERROR_REFUSED, "multiple keys match address: %zu key files hold this account, remove all but one", count);
}

bool keystore_read(struct keystore *keystore, const struct address *address, struct buf *ret_content, struct error *ret_error)
{
	struct keystore_entry *entries[MATCHES_MOST];
	struct address found;
	struct error error;
	size_t count = find_confirmed(keystore, address, entries);

	if (count > 1)
		return refuse_ambiguous(keystore, entries, count, ret_error);
	if (count == 0)
		return error_set(ret_error, ERROR_REFUSED, "unknown account");
	if (!file_read_at(keystore->folder_fd, entries[0]->name, ret_content, &error)) {
		log_warn(keystore->log, "key file %s/%s: %s", keystore->path, entries[0]->name, error.text);
		return error_set(ret_error, ERROR_REFUSED, "the key file cannot be read");
	}
	/* Replaced since it was looked at: the watch will tell, the caller hears the truth of now. */
	if (!keyfile_read_address(buf_bytes(ret_content), &found, &error) || !address_equal(&found, address))
		return error_set(ret_error, ERROR_REFUSED, "unknown account");
	return true;
}

static void name_new_file(const struct address *address, char ret_name[NAME_SIZE])
{
	char text[ADDRESS_TEXT_SIZE], date[32];
	struct timespec now;
	struct tm utc;

	clock_gettime(CLOCK_REALTIME, &now);
	gmtime_r(&now.tv_sec, &utc);
	strftime(date, sizeof date, "%Y-%m-%dT%H-%M-%S", &utc);
	address_to_lower(address, text);
	snprintf(ret_name, NAME_SIZE, "UTC--%s.%09ldZ--%s", date, now.tv_nsec, text + 2);
}

bool keystore_add(
    struct keystore *keystore, const struct address *address, struct bytes content, struct buf *ret_path, struct error *ret_error)
{
	char name[NAME_SIZE];

	if (keystore->folder_fd < 0)
		return error_set(ret_error, ERROR_REFUSED, "password based accounts not supported");
	name_new_file(address, name);
	if (!file_replace_at(keystore->folder_fd, name, content, 0600, true, ret_error)) {
		log_error(keystore->log, "cannot write the key file %s/%s: %s", keystore->path, name, ret_error->text);
		return error_set(ret_error, ERROR_REFUSED, "the key file could not be written");
	}
	put_path(keystore, name, ret_path);
	if (!keystore_is_current(keystore))
		return true;
	keystore_table_add(&keystore->table, name, 0);
	keystore_table_settle(&keystore->table);
	struct keystore_entry *entry = keystore_table_find(&keystore->table, name);
	if (entry != NULL) {
		entry->flags |= KEYSTORE_READ;
		keystore_refresh(keystore, entry);
	}
	keystore->index_dirty = true;
	return true;
}

static bool wants_index(const struct keystore *keystore)
{
	return keystore->index_fd >= 0 && keystore->index_dirty && keystore->table.count >= KEYSTORE_INDEX_LEAST;
}

bool keystore_needs_care(const struct keystore *keystore)
{
	return keystore->folder_fd >= 0 && (keystore->stale || keystore->watch_fd < 0 || wants_index(keystore));
}

static bool folder_is_quiet(const struct keystore *keystore)
{
	struct keystore_folder folder;
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	uint64_t now_ns = (uint64_t)now.tv_sec * NS_PER_S + (uint64_t)now.tv_nsec;
	return keystore_folder_stat(keystore->folder_fd, &folder) && folder.changed == keystore->folder.changed &&
	       folder.changed < now_ns && now_ns - folder.changed > QUIET_NS;
}

bool keystore_index_due(struct keystore *keystore, char ret_name[KEYSTORE_INDEX_NAME_MAX], struct buf *ret_content)
{
	_Static_assert(KEYSTORE_INDEX_NAME_MAX == KEYSTORE_INDEX_NAME_SIZE, "one name, one size");

	if (!wants_index(keystore))
		return false;
	keystore_notice(keystore);
	if (keystore->phase != KEYSTORE_IDLE || keystore->stale || !folder_is_quiet(keystore))
		return false;
	keystore->index_dirty = false;
	keystore_index_name(bytes_text(keystore->path), ret_name);
	keystore_index_encode(&keystore->table, bytes_text(keystore->path), &keystore->folder, ret_content);
	return buf_ok(ret_content);
}
