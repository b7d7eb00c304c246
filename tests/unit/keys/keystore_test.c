/* The folder of key files: what is listed, how changes are seen, and the index of a large one, whole and damaged. */
#include "../base/testing.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <time.h>

#include "base/file.h"
#include "keys/keystore.h"
#include "keys/keystore_private.h"
#include "keys/leftovers.h"

#define FOREVER UINT64_C(3600000000000)

static char top[64];
static int folder_fd = -1, index_fd = -1, log_fd = -1;
static struct log keys_log = {.role = "keys", .level = LOG_LEVEL_WARN};

static void remove_all(const char *path)
{
	DIR *dir = opendir(path);
	struct dirent *entry;

	while (dir != NULL && (entry = readdir(dir)) != NULL) {
		if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
			continue;
		if (unlinkat(dirfd(dir), entry->d_name, 0) != 0)
			unlinkat(dirfd(dir), entry->d_name, AT_REMOVEDIR);
	}
	if (dir != NULL)
		closedir(dir);
}

static const char *below(const char *name)
{
	static char path[512];

	snprintf(path, sizeof path, "%s/%s", top, name);
	return path;
}

static int set_up(void **state)
{
	(void)state;
	strcpy(top, "/tmp/clef-keystore-test.XXXXXX");
	if (mkdtemp(top) == NULL || mkdir(below("keystore"), 0700) != 0 || mkdir(below("index"), 0700) != 0)
		return -1;
	folder_fd = open(below("keystore"), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	index_fd = open(below("index"), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	log_fd = open(below("log"), O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC | O_APPEND, 0600);
	keys_log.fd = log_fd;
	alarm(120);
	return folder_fd < 0 || index_fd < 0 || log_fd < 0;
}

static int tear_down(void **state)
{
	(void)state;
	close(folder_fd);
	close(index_fd);
	close(log_fd);
	remove_all(below("keystore"));
	remove_all(below("index"));
	remove_all(top);
	return rmdir(top);
}

static struct keystore *start_with(int index)
{
	const struct keystore_options options = {
	    .folder_fd = folder_fd, .index_fd = index, .path = bytes_text("/keys/"), .log = &keys_log};

	struct keystore *keystore = keystore_new(&options);

	keystore_load(keystore);
	return keystore;
}

static struct keystore *start(void)
{
	struct keystore *keystore = start_with(index_fd);

	keystore_work(keystore, FOREVER);
	assert_true(keystore_is_current(keystore));
	return keystore;
}

static void write_text(const char *name, const char *text)
{
	int fd = openat(folder_fd, name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
	close(fd);
}

static void write_key(const char *name, unsigned number)
{
	char text[128];

	snprintf(text, sizeof text, "{\"address\":\"%040x\"}", number);
	write_text(name, text);
}

static struct address numbered(unsigned number)
{
	struct address address = ADDRESS_ZERO;

	for (size_t i = 0; i < 4; i++)
		address.bytes[ADDRESS_SIZE - 1 - i] = (uint8_t)(number >> (8 * i));
	return address;
}

static void catch_up(struct keystore *keystore)
{
	keystore_notice(keystore);
	keystore_work(keystore, FOREVER);
}

/* "path path": the listing as text. */
static const char *listed(struct keystore *keystore)
{
	static char text[4096];
	struct buf accounts BUF_CLEANUP = BUF_INIT(64 << 20);
	size_t used = 0;

	catch_up(keystore);
	keystore_put_list(keystore, &accounts);
	struct reader reader = reader_of(buf_bytes(&accounts));
	text[0] = 0;
	while (reader.left > 0) {
		reader_bytes(&reader, ADDRESS_SIZE);
		struct bytes path = reader_bytes(&reader, reader_u32(&reader));
		assert_false(reader.failed);
		used += (size_t)snprintf(
		    text + used, sizeof text - used, "%s%.*s", used > 0 ? " " : "", (int)path.size, (const char *)path.data);
		assert_true(used < sizeof text);
	}
	return text;
}

static size_t found(struct keystore *keystore, unsigned number)
{
	struct buf path BUF_CLEANUP = BUF_INIT(4096);
	const struct address address = numbered(number);

	catch_up(keystore);
	return keystore_find(keystore, &address, &path);
}

static const char *logged(void)
{
	static char text[8192];

	ssize_t got = pread(log_fd, text, sizeof text - 1, 0);
	assert_true(got >= 0);
	text[got] = 0;
	return text;
}

static size_t times_logged(const char *part)
{
	size_t count = 0;

	for (const char *at = logged(); (at = strstr(at, part)) != NULL; at++)
		count++;
	return count;
}

static void test_order_and_names(void **state)
{
	(void)state;
	static const char *const names[] = {"b", "a", "Z", "10", "9", "\xc3\xa4", "#emacs#", "a~b", "with space"};
	for (unsigned i = 0; i < sizeof names / sizeof names[0]; i++)
		write_key(names[i], i + 1);
	write_key(".hidden", 100);
	write_key("backup~", 101);
	assert_int_equal(mkdirat(folder_fd, "folder", 0700), 0);
	assert_int_equal(symlinkat("a", folder_fd, "link"), 0);
	assert_int_equal(mkfifoat(folder_fd, "fifo", 0600), 0);
	struct keystore *keystore = start();
	assert_string_equal(
	    listed(keystore), "/keys/#emacs# /keys/10 /keys/9 /keys/Z /keys/a /keys/a~b /keys/b /keys/with space /keys/\xc3\xa4");
	/* Neither links nor pipes are news later on. */
	assert_int_equal(symlinkat("b", folder_fd, "link2"), 0);
	assert_int_equal(mkfifoat(folder_fd, "fifo2", 0600), 0);
	write_key(".hidden2", 102);
	assert_int_equal(found(keystore, 102), 0);
	assert_string_equal(
	    listed(keystore), "/keys/#emacs# /keys/10 /keys/9 /keys/Z /keys/a /keys/a~b /keys/b /keys/with space /keys/\xc3\xa4");
	keystore_free(keystore);
}

static void test_broken_files_are_named_once_and_the_others_served(void **state)
{
	(void)state;
	write_key("good", 1);
	write_text("broken", "not JSON");
	write_text("empty", "");
	struct keystore *keystore = start();
	assert_string_equal(listed(keystore), "/keys/good");
	assert_string_equal(listed(keystore), "/keys/good");
	assert_int_equal(times_logged("/keys/broken is left out: is not JSON"), 1);
	assert_int_equal(times_logged("/keys/empty"), 1);
	assert_int_equal(times_logged("good"), 0);
	/* Broken in another way: told again. */
	write_text("broken", "[17]");
	assert_string_equal(listed(keystore), "/keys/good");
	assert_int_equal(times_logged("/keys/broken is left out: is not a JSON object"), 1);
	keystore_free(keystore);
}

static void test_many_strange_files_do_not_flood_the_log(void **state)
{
	char name[32];

	(void)state;
	for (unsigned i = 0; i < 200; i++) {
		snprintf(name, sizeof name, "photo%u.jpg", i);
		write_text(name, "\xff\xd8\xff");
	}
	struct keystore *keystore = start();
	assert_string_equal(listed(keystore), "");
	assert_int_equal(times_logged("left out"), 21);
	keystore_free(keystore);
}

/* The same changes, seen by the watch and without one. */
static void check_changes(struct keystore *keystore)
{
	assert_string_equal(listed(keystore), "");
	write_key("one", 1);
	assert_string_equal(listed(keystore), "/keys/one");
	write_key("two", 2);
	assert_string_equal(listed(keystore), "/keys/one /keys/two");
	assert_int_equal(found(keystore, 1), 1);
	/* Replaced by another key, in place: the old account is gone and the new one there. */
	write_key("one", 3);
	assert_int_equal(found(keystore, 1), 0);
	assert_int_equal(found(keystore, 3), 1);
	assert_int_equal(unlinkat(folder_fd, "two", 0), 0);
	assert_string_equal(listed(keystore), "/keys/one");
	write_key("two", 2);
	assert_int_equal(found(keystore, 2), 1);
	write_key(".copy.tmp", 4);
	assert_int_equal(found(keystore, 4), 0);
	assert_int_equal(renameat(folder_fd, ".copy.tmp", folder_fd, "four"), 0);
	assert_int_equal(found(keystore, 4), 1);
	assert_int_equal(renameat(folder_fd, "four", folder_fd, "one"), 0);
	assert_string_equal(listed(keystore), "/keys/one /keys/two");
	assert_int_equal(found(keystore, 3), 0);
	assert_int_equal(found(keystore, 4), 1);
	write_text("one", "damaged");
	assert_string_equal(listed(keystore), "/keys/two");
	assert_int_equal(linkat(folder_fd, "two", folder_fd, "linked", 0), 0);
	assert_int_equal(found(keystore, 2), 2);
}

static void test_changes_are_seen(void **state)
{
	(void)state;
	struct keystore *keystore = start();
	assert_true(keystore_watch_fd(keystore) >= 0);
	check_changes(keystore);
	keystore_free(keystore);
}

static void test_changes_are_seen_without_a_watch(void **state)
{
	(void)state;
	struct keystore *keystore = start();
	close(keystore->watch_fd);
	keystore->watch_fd = -1;
	check_changes(keystore);
	keystore_free(keystore);
}

static void test_half_written_file_is_not_complained_about(void **state)
{
	const char *text = "{\"address\":\"000000000000000000000000000000000000002a\"}";

	(void)state;
	struct keystore *keystore = start();
	int fd = openat(folder_fd, "slow", O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	assert_int_equal(write(fd, text, 10), 10);
	assert_string_equal(listed(keystore), "");
	assert_int_equal(write(fd, text + 10, strlen(text) - 10), (ssize_t)strlen(text) - 10);
	close(fd);
	assert_string_equal(listed(keystore), "/keys/slow");
	assert_string_equal(logged(), "");
	/* Never finished: told once it is closed. */
	write_text("never", "{\"addr");
	assert_string_equal(listed(keystore), "/keys/slow");
	assert_int_equal(times_logged("/keys/never"), 1);
	keystore_free(keystore);
}

static void test_ambiguous_account_is_refused_without_paths(void **state)
{
	struct buf content BUF_CLEANUP = BUF_INIT(4096);
	const struct address address = numbered(7), nobody = numbered(8);
	struct error error = {0};

	(void)state;
	write_key("one", 7);
	write_key("two", 7);
	struct keystore *keystore = start();
	assert_string_equal(listed(keystore), "/keys/one /keys/two");
	assert_int_equal(found(keystore, 7), 2);
	assert_false(keystore_read(keystore, &address, &content, &error));
	assert_int_equal(error.kind, ERROR_REFUSED);
	assert_null(strstr(error.text, "/keys"));
	assert_int_equal(times_logged("/keys/one"), 1);
	assert_int_equal(times_logged("/keys/two"), 1);
	assert_false(keystore_read(keystore, &nobody, &content, &error));
	assert_string_equal(error.text, "unknown account");
	/* One is taken away: the other serves at once, even before the watch is asked. */
	assert_int_equal(unlinkat(folder_fd, "one", 0), 0);
	assert_true(keystore_read(keystore, &address, &content, &error));
	assert_int_equal(unlinkat(folder_fd, "two", 0), 0);
	assert_false(keystore_read(keystore, &address, &content, &error));
	assert_string_equal(error.text, "unknown account");
	keystore_free(keystore);
}

static void test_new_files_have_clefs_names_and_mode(void **state)
{
	struct buf path BUF_CLEANUP = BUF_INIT(4096);
	const struct address address = numbered(0xabcdef);
	struct error error = {0};
	struct stat status;

	(void)state;
	struct keystore *keystore = start();
	mode_t before = umask(0);
	assert_true(keystore_add(
	    keystore, &address, bytes_text("{\"address\":\"0000000000000000000000000000000000abcdef\"}"), &path, &error));
	umask(before);
	assert_string_equal(listed(keystore), buf_text(&path));
	assert_int_equal(found(keystore, 0xabcdef), 1);
	const char *name = buf_text(&path) + strlen("/keys/");
	assert_int_equal(strlen(name), strlen("UTC--2026-01-01T00-00-00.000000000Z--0000000000000000000000000000000000abcdef"));
	int year, month, day, hour, minute, second, nano, end = 0;
	assert_int_equal(sscanf(name, "UTC--%4d-%2d-%2dT%2d-%2d-%2d.%9dZ--0000000000000000000000000000000000abcdef%n", &year,
	                     &month, &day, &hour, &minute, &second, &nano, &end),
	    7);
	assert_int_equal(name[end], 0);
	assert_int_equal(fstatat(folder_fd, name, &status, 0), 0);
	assert_int_equal(status.st_mode & 07777, 0600);
	keystore_free(keystore);
	/* Nothing else is left behind. */
	keystore = start();
	assert_string_equal(listed(keystore), buf_text(&path));
	keystore_free(keystore);
}

static void test_without_a_folder_there_are_no_accounts(void **state)
{
	const struct keystore_options options = {.folder_fd = -1, .index_fd = -1, .path = BYTES_NONE, .log = &keys_log};
	struct buf path BUF_CLEANUP = BUF_INIT(4096);
	const struct address address = numbered(1);
	struct error error = {0};

	(void)state;
	struct keystore *keystore = keystore_new(&options);
	keystore_load(keystore);
	assert_true(keystore_is_current(keystore));
	assert_string_equal(listed(keystore), "");
	assert_int_equal(keystore_find(keystore, &address, &path), 0);
	assert_false(keystore_add(keystore, &address, bytes_text("{}"), &path, &error));
	assert_string_equal(error.text, "password based accounts not supported");
	keystore_free(keystore);
}

#define MANY 5000

static void write_many(void)
{
	char name[128];

	for (unsigned i = 1; i <= MANY; i++) {
		snprintf(name, sizeof name, "UTC--2026-01-01T00-00-00.%09uZ--%040x", (i * 7919) % MANY, i);
		write_key(name, i);
	}
}

/* As the signer does: once the folder is quiet, the index goes to its file. */
static void save_index(struct keystore *keystore)
{
	struct buf content BUF_CLEANUP = BUF_INIT(KEYSTORE_INDEX_SIZE_MAX);
	char name[KEYSTORE_INDEX_NAME_MAX];
	const struct timespec moment = {.tv_nsec = 100000000};
	struct error error;
	bool due = false;

	for (int i = 0; i < 40 && !due; i++) {
		while (keystore_work(keystore, FOREVER) || keystore_verify(keystore, FOREVER))
			;
		due = keystore_index_due(keystore, name, &content);
		if (!due)
			nanosleep(&moment, NULL);
	}
	assert_true(due);
	assert_true(file_replace_at(index_fd, name, buf_bytes(&content), 0600, false, &error));
}

static size_t count_listed(struct keystore *keystore)
{
	struct buf accounts BUF_CLEANUP = BUF_INIT(64 << 20);
	size_t count = 0;

	keystore_put_list(keystore, &accounts);
	struct reader reader = reader_of(buf_bytes(&accounts));
	for (; reader.left > 0; count++) {
		reader_bytes(&reader, ADDRESS_SIZE);
		reader_bytes(&reader, reader_u32(&reader));
	}
	return count;
}

static void test_scan_comes_in_slices(void **state)
{
	unsigned slices = 0;

	(void)state;
	write_many();
	struct keystore *keystore = start_with(-1);
	assert_false(keystore_is_current(keystore));
	while (keystore_work(keystore, 1000000))
		slices++;
	assert_true(slices > 3);
	assert_int_equal(count_listed(keystore), MANY);
	for (unsigned i = 1; i <= MANY; i += 137)
		assert_int_equal(found(keystore, i), 1);
	keystore_free(keystore);
}

static void test_index_makes_the_start_current_at_once(void **state)
{
	(void)state;
	write_many();
	struct keystore *keystore = start();
	save_index(keystore);
	keystore_free(keystore);
	keystore = start_with(index_fd);
	assert_true(keystore_is_current(keystore));
	assert_int_equal(count_listed(keystore), MANY);
	assert_int_equal(found(keystore, 4711), 1);
	/* Nothing changed: nothing to write. */
	assert_false(keystore_verify(keystore, FOREVER));
	struct buf content BUF_CLEANUP = BUF_INIT(KEYSTORE_INDEX_SIZE_MAX);
	char name[KEYSTORE_INDEX_NAME_MAX];
	assert_false(keystore_index_due(keystore, name, &content));
	keystore_free(keystore);
}

static void test_index_of_a_changed_folder(void **state)
{
	char name[128];

	(void)state;
	write_many();
	write_key("in-place", MANY + 1);
	struct keystore *keystore = start();
	save_index(keystore);
	keystore_free(keystore);
	/* While no signer runs: one comes, one goes, one changes its content without the folder's time telling. */
	write_key("in-place", MANY + 2);
	snprintf(name, sizeof name, "UTC--2026-01-01T00-00-00.%09uZ--%040x", (7 * 7919) % MANY, 7);
	assert_int_equal(unlinkat(folder_fd, name, 0), 0);
	write_key("new", MANY + 3);
	keystore = start();
	assert_int_equal(found(keystore, 7), 0);
	assert_int_equal(found(keystore, MANY + 3), 1);
	assert_int_equal(count_listed(keystore), MANY + 1);
	/* The account that the file held before is not served any more, even before all was compared. */
	assert_int_equal(found(keystore, MANY + 1), 0);
	while (keystore_verify(keystore, 1000000))
		;
	assert_int_equal(found(keystore, MANY + 2), 1);
	save_index(keystore);
	keystore_free(keystore);
	keystore = start_with(index_fd);
	assert_true(keystore_is_current(keystore));
	assert_int_equal(found(keystore, MANY + 2), 1);
	keystore_free(keystore);
}

static void test_small_keystore_has_no_index(void **state)
{
	struct buf content BUF_CLEANUP = BUF_INIT(KEYSTORE_INDEX_SIZE_MAX);
	const struct timespec moment = {.tv_sec = 1, .tv_nsec = 200000000};
	char name[KEYSTORE_INDEX_NAME_MAX];

	(void)state;
	for (unsigned i = 1; i < KEYSTORE_INDEX_LEAST; i++) {
		snprintf(name, sizeof name, "k%03u", i);
		write_key(name, i);
	}
	struct keystore *keystore = start();
	nanosleep(&moment, NULL);
	assert_false(keystore_index_due(keystore, name, &content));
	keystore_free(keystore);
}

static size_t entries_in(struct bytes content, const char *path)
{
	struct keystore_table table;
	struct keystore_folder folder;

	/* Decoding takes the memory over: exactly as much as there is, for the sanitizers to see the end. */
	uint8_t *copy = malloc(content.size + (content.size == 0));
	assert_non_null(copy);
	memcpy(copy, content.data, content.size);
	if (!keystore_index_decode(copy, content.size, bytes_text(path), &table, &folder))
		return 0;
	size_t count = table.count;
	keystore_table_free(&table);
	return count;
}

static void test_damaged_index_counts_as_absent(void **state)
{
	struct buf content BUF_CLEANUP = BUF_INIT(KEYSTORE_INDEX_SIZE_MAX);
	struct keystore_table table = {0};
	const struct keystore_folder folder = {1, 2, 3};
	uint64_t random = 20260101;

	(void)state;
	keystore_table_add(&table, "b", 0);
	keystore_table_add(&table, "a", 0);
	keystore_table_add(&table, "c", 0);
	keystore_table_settle(&table);
	keystore_index_encode(&table, bytes_text("/keys"), &folder, &content);
	keystore_table_free(&table);
	assert_int_equal(entries_in(buf_bytes(&content), "/keys"), 3);
	for (size_t size = 0; size < content.size; size++)
		assert_int_equal(entries_in(bytes_of(content.data, size), "/keys"), 0);
	for (size_t bit = 0; bit < content.size * 8; bit++) {
		content.data[bit / 8] ^= (uint8_t)(1 << bit % 8);
		assert_int_equal(entries_in(buf_bytes(&content), "/keys"), 0);
		content.data[bit / 8] ^= (uint8_t)(1 << bit % 8);
	}
	for (int i = 0; i < 2000; i++) {
		uint8_t noise[200];
		size_t size = random_below(&random, sizeof noise);
		for (size_t j = 0; j < size; j++)
			noise[j] = (uint8_t)random_next(&random);
		assert_int_equal(entries_in(bytes_of(noise, size), "/keys"), 0);
	}
	/* Of another keystore. */
	assert_int_equal(entries_in(buf_bytes(&content), "/other"), 0);
}

static void test_damaged_index_file_is_rebuilt(void **state)
{
	char name[KEYSTORE_INDEX_NAME_SIZE];

	(void)state;
	write_many();
	struct keystore *keystore = start();
	save_index(keystore);
	keystore_free(keystore);
	keystore_index_name(bytes_text("/keys"), name);
	int fd = openat(index_fd, name, O_WRONLY | O_CLOEXEC);
	assert_true(fd >= 0);
	assert_int_equal(pwrite(fd, "x", 1, 100000), 1);
	close(fd);
	keystore = start_with(index_fd);
	assert_false(keystore_is_current(keystore));
	keystore_work(keystore, FOREVER);
	assert_int_equal(count_listed(keystore), MANY);
	save_index(keystore);
	keystore_free(keystore);
	keystore = start_with(index_fd);
	assert_true(keystore_is_current(keystore));
	keystore_free(keystore);
}

#define ADDRESS40 "00112233445566778899aabbccddeeff00112233"

static void set_age(const char *name, time_t seconds)
{
	const struct timespec times[2] = {{.tv_sec = seconds}, {.tv_sec = seconds}};

	assert_int_equal(utimensat(folder_fd, name, times, 0), 0);
}

static void sweep(time_t now, bool young)
{
	struct leftovers leftovers;

	leftovers_open(&leftovers, folder_fd);
	for (unsigned slices = 1; leftovers_work(&leftovers, 2, (uint64_t)now); slices++)
		assert_true(slices < 20);
	assert_int_equal(leftovers.young, young);
}

static void test_own_temporary_files_do_not_stay(void **state)
{
	static const char *const ours[] = {
	    ".UTC--2026-01-31T12-34-56.123456789Z--" ADDRESS40 ".00ab12cd.tmp", ".keystore-0123456789abcdef.index.ffffffff.tmp"};
	static const char *const others[] = {
	    "UTC--2026-01-31T12-34-56.123456789Z--" ADDRESS40,
	    "UTC--2026-01-31T12-34-56.123456789Z--" ADDRESS40 ".00ab12cd.tmp",
	    ".UTC--2026-01-31T12-34-56.123456789Z--" ADDRESS40,
	    ".UTC--2026-01-31T12-34-56.123456789Z--" ADDRESS40 ".00ab12cd.tmp2",
	    ".UTC--2026-01-31T12-34-56.123456789Z--" ADDRESS40 ".00AB12CD.tmp",
	    ".UTC--2026-01-31T12-34-56.123456789Z--" ADDRESS40 ".00ab12c.tmp",
	    ".UTC--2026-01-31T12-34-56.123456789Z--.00ab12cd.tmp",
	    ".keystore-0123456789abcdef.index",
	    ".keystore-0123456789abcdefg.index.ffffffff.tmp",
	    ".mine.00ab12cd.tmp",
	};

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		write_text(ours[i], "half");
		set_age(ours[i], 1000);
	}
	for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
		write_text(others[i], "whole");
		set_age(others[i], 1000);
	}
	/* Perhaps another signer is writing. */
	sweep(1060, true);
	assert_int_equal(faccessat(folder_fd, ours[0], F_OK, 0), 0);
	sweep(900, true);
	sweep(1061, false);
	assert_int_not_equal(faccessat(folder_fd, ours[0], F_OK, 0), 0);
	assert_int_not_equal(faccessat(folder_fd, ours[1], F_OK, 0), 0);
	for (size_t i = 0; i < sizeof others / sizeof others[0]; i++)
		assert_int_equal(faccessat(folder_fd, others[i], F_OK, 0), 0);
	/* Only files. */
	assert_int_equal(symlinkat(others[0], folder_fd, ours[0]), 0);
	assert_int_equal(mkdirat(folder_fd, ours[1], 0700), 0);
	sweep(1000000000000, false);
	assert_int_equal(unlinkat(folder_fd, ours[0], 0), 0);
	assert_int_equal(unlinkat(folder_fd, ours[1], AT_REMOVEDIR), 0);
	struct leftovers none;
	leftovers_open(&none, -1);
	assert_false(leftovers_work(&none, 1, 1000));
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
	    TEST(test_order_and_names),
	    TEST(test_broken_files_are_named_once_and_the_others_served),
	    TEST(test_many_strange_files_do_not_flood_the_log),
	    TEST(test_changes_are_seen),
	    TEST(test_changes_are_seen_without_a_watch),
	    TEST(test_half_written_file_is_not_complained_about),
	    TEST(test_ambiguous_account_is_refused_without_paths),
	    TEST(test_new_files_have_clefs_names_and_mode),
	    TEST(test_without_a_folder_there_are_no_accounts),
	    TEST(test_scan_comes_in_slices),
	    TEST(test_index_makes_the_start_current_at_once),
	    TEST(test_index_of_a_changed_folder),
	    TEST(test_small_keystore_has_no_index),
	    TEST(test_damaged_index_counts_as_absent),
	    TEST(test_damaged_index_file_is_rebuilt),
	    TEST(test_own_temporary_files_do_not_stay),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
