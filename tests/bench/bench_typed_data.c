/*
 * bench_typed_data: how many typed-data documents a second go from JSON text to the digest that is signed, exactly as keys does it. Run by
 * bench_typed_data.py.
 *
 * usage: bench-typed-data-client SECONDS < DOCUMENT     prints the rate and the digest
 */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "base/file.h"
#include "base/hex.h"
#include "eth/typed_data.h"

#define BATCH 100

static double now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

int main(int argc, char **argv)
{
	struct buf document BUF_CLEANUP = BUF_INIT(TYPED_DATA_SIZE_MAX), hex BUF_CLEANUP = BUF_INIT(1000);
	double seconds = argc == 2 ? strtod(argv[1], NULL) : 0;
	uint8_t digest[KECCAK256_SIZE] = {0};
	struct error error = {0};
	double start = now(), end = start;
	size_t count = 0;

	if (seconds <= 0 || !file_read_fd(STDIN_FILENO, &document, &error)) {
		fprintf(stderr, "usage: bench-typed-data-client SECONDS < DOCUMENT %s\n", error.text);
		return 1;
	}
	for (; end - start < seconds; end = now(), count += BATCH) {
		for (size_t i = 0; i < BATCH; i++) {
			if (!typed_data_digest(buf_bytes(&document), digest, &error)) {
				fprintf(stderr, "%s\n", error.text);
				return 1;
			}
		}
	}
	hex_encode(bytes_of(digest, sizeof(digest)), &hex);
	printf("%.0f %s\n", (double)count / (end - start), buf_text(&hex));
	return 0;
}
