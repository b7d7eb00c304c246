/*
 * bench_keystore: a keystore of many files: its first reading, and a start with a warm index, in CPU time. Ends with 1 when the warm start
 * misses its limit.
 *
 *   bench-keystore [FILES]
 *
 * makes FILES (100,000) small key files in a folder below /tmp and removes them again. The warm start is everything that `keys` does for
 * the folder until it can list it; the limit of the whole signer, which includes this, is 100 ms.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/file.h"
#include "keys/keystore.h"

/* Of the whole signer. */
#define WARM_MOST_MS 100
#define FOREVER      UINT64_C(3600000000000)

static const struct log bench_log = {.role = "bench", .level = LOG_LEVEL_WARN, .fd = STDERR_FILENO};

static double cpu_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
	return (double)now.tv_sec * 1e3 + (double)now.tv_nsec / 1e6;
}

static _Noreturn void give_up(const char *what)
{
	fprintf(stderr, "bench_keystore: %s: %s\n", what, strerror(errno));
	exit(1);
}

static int make_folder(const char *path)
{
	if (mkdir(path, 0700) != 0)
		give_up(path);
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		give_up(path);
	return fd;
}

/* A whole key file's size and shape; only its address is ever looked at. */
static void make_files(int fd, unsigned long count)
{
	char name[128], text[640];

	for (unsigned long i = 1; i <= count; i++) {
		unsigned long spread = i * 2654435761UL % 1000000007UL;
		snprintf(name, sizeof name, "UTC--2026-01-01T00-00-00.%09luZ--%032lx%08lx", spread, i, spread);
		int size = snprintf(text, sizeof text,
		    "{\"address\":\"%032lx%08lx\",\"crypto\":{\"cipher\":\"aes-128-ctr\",\"ciphertext\":\"%064lx\","
		    "\"cipherparams\":{\"iv\":"
		    "\"%032lx\"},\"kdf\":\"scrypt\",\"kdfparams\":{\"dklen\":32,\"n\":262144,\"p\":1,\"r\":8,\"salt\":\"%064lx\"}"
		    ",\"mac\":\"%064lx\"},"
		    "\"id\":\"00000000-0000-4000-8000-000000000000\",\"version\":3}",
		    i, spread, i, i, i, i);
		int file = openat(fd, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
		if (file < 0 || write(file, text, (size_t)size) != size)
			give_up(name);
		close(file);
	}
}

static void remove_files(int fd)
{
	DIR *dir = fdopendir(fd);

	for (struct dirent *entry = readdir(dir); entry != NULL; entry = readdir(dir))
		unlinkat(dirfd(dir), entry->d_name, 0);
	closedir(dir);
}

/* What the role does until it can answer; prints its CPU time. */
static struct keystore *start(int folder, int index, const char *what, double *ret_ms)
{
	const struct keystore_options options = {
	    .folder_fd = folder, .index_fd = index, .path = bytes_text("/bench"), .log = &bench_log};
	struct buf list BUF_CLEANUP = BUF_INIT((size_t)64 << 20);

	double before = cpu_ms();
	struct keystore *keystore = keystore_new(&options);
	keystore_load(keystore);
	keystore_notice(keystore);
	bool at_once = keystore_is_current(keystore);
	keystore_work(keystore, FOREVER);
	double current = cpu_ms();
	*ret_ms = current - before;
	keystore_put_list(keystore, &list);
	printf("%s: %.1f ms until current (%s), %.1f ms for the whole list\n", what, current - before,
	    at_once ? "at once" : "after reading", cpu_ms() - current);
	return keystore;
}

static void save_index(struct keystore *keystore, int fd)
{
	const struct timespec moment = {.tv_nsec = 200000000};
	struct buf content BUF_CLEANUP = BUF_INIT((size_t)256 << 20);
	char name[KEYSTORE_INDEX_NAME_MAX];
	struct error error;

	while (!keystore_index_due(keystore, name, &content)) {
		nanosleep(&moment, NULL);
		keystore_work(keystore, FOREVER);
		keystore_verify(keystore, FOREVER);
	}
	if (!file_replace_at(fd, name, buf_bytes(&content), 0600, false, &error))
		give_up(error.text);
	printf("index: %.1f MB\n", (double)content.size / 1e6);
}

int main(int argc, char **argv)
{
	char top_path[] = "/tmp/bench-keystore.XXXXXX", path[64];

	if (mkdtemp(top_path) == NULL)
		give_up(top_path);
	int top = open(top_path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	snprintf(path, sizeof path, "%s/keystore", top_path);
	int folder = make_folder(path);
	snprintf(path, sizeof path, "%s/index", top_path);
	int index = make_folder(path);
	make_files(folder, argc > 1 ? strtoul(argv[1], NULL, 10) : 100000);

	double ms, warm_ms;
	struct keystore *keystore = start(folder, index, "cold", &ms);
	save_index(keystore, index);
	keystore_free(keystore);
	keystore = start(folder, index, "warm", &warm_ms);
	double before = cpu_ms();
	keystore_verify(keystore, FOREVER);
	printf("comparing all files in the background: %.1f ms\n", cpu_ms() - before);
	keystore_free(keystore);
	struct error error;
	if (!file_replace_at(folder, "new", bytes_text("{\"address\":\"01\"}"), 0600, true, &error))
		give_up(error.text);
	keystore = start(folder, index, "warm, one file more", &ms);
	keystore_free(keystore);

	remove_files(folder);
	remove_files(index);
	unlinkat(top, "keystore", AT_REMOVEDIR);
	unlinkat(top, "index", AT_REMOVEDIR);
	close(top);
	rmdir(top_path);
	return warm_ms <= WARM_MOST_MS ? 0 : 1;
}
