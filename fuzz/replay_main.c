/*
 * replay_main: runs every file of the given folders through a fuzz target: the file itself, what is left when its end is cut off, and the file
 * with one byte changed. A crash is the failure.
 */
#include <dirent.h>
#include <stdio.h>
#include <string.h>

#include "base/bytes.h"
#include "base/file.h"
#include "target.h"

#define FILE_MAX ((size_t)1048576)
/* Cuts and changes of one file; a longer file has them at even distances. */
#define VARIANTS ((size_t)512)

/* Exactly as large as the input, so that a sanitizer sees any read beyond its end. */
static void run_copy(struct bytes input, size_t changed, uint8_t by)
{
	uint8_t *copy = malloc(input.size + 1);

	if (copy == NULL)
		abort();
	uint8_t *start = copy + 1; /* no alignment to rely on */
	if (input.size > 0)
		memcpy(start, input.data, input.size);
	if (changed < input.size)
		start[changed] ^= by;
	LLVMFuzzerTestOneInput(start, input.size);
	free(copy);
}

static void run_variants(struct bytes input)
{
	size_t distance = input.size / VARIANTS + 1;

	run_copy(input, SIZE_MAX, 0);
	for (size_t at = 0; at < input.size; at += distance) {
		run_copy(bytes_of(input.data, at), SIZE_MAX, 0);
		run_copy(input, at, 0x80);
		run_copy(input, at, 0x01);
	}
}

/* Returns how many files the folder has, or -1. */
static int run_folder(const char *path)
{
	DIR *folder = opendir(path);
	struct dirent *entry;
	int count = 0;

	if (folder == NULL)
		return -1;
	while ((entry = readdir(folder)) != NULL) {
		struct buf content BUF_CLEANUP = BUF_INIT(FILE_MAX);
		struct error error;

		if (entry->d_name[0] == '.')
			continue;
		if (!file_read_at(dirfd(folder), entry->d_name, &content, &error)) {
			fprintf(stderr, "%s/%s: %s\n", path, entry->d_name, error.text);
			closedir(folder);
			return -1;
		}
		run_variants(buf_bytes(&content));
		count++;
	}
	closedir(folder);
	return count;
}

int main(int argc, char **argv)
{
	int total = 0;

	for (int i = 1; i < argc; i++) {
		int count = run_folder(argv[i]);

		if (count <= 0) {
			fprintf(stderr, "%s: no folder with inputs\n", argv[i]);
			return 1;
		}
		total += count;
	}
	printf("%d inputs\n", total);
	return total > 0 ? 0 : 1;
}
