/* testing: what the unit tests of src/base share: cmocka in the order it wants, fixed-seed random numbers, child processes. */
#ifndef CLEF_TESTING_H
#define CLEF_TESTING_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/bytes.h"

/* A literal with its inner zero bytes, as a slice. */
#define LITERAL(text) bytes_of("" text, sizeof(text) - 1)

/* xorshift64*: the same numbers in every run, so that a failure can be repeated. The state must not be 0. */
static inline uint64_t random_next(uint64_t *state)
{
	*state ^= *state >> 12;
	*state ^= *state << 25;
	*state ^= *state >> 27;
	return *state * UINT64_C(0x2545f4914f6cdd1d);
}

/* 0 … bound-1 */
static inline size_t random_below(uint64_t *state, size_t bound)
{
	return (size_t)((random_next(state) >> 16) % bound);
}

static inline void assert_bytes_equal(struct bytes found, struct bytes expected)
{
	assert_int_equal(found.size, expected.size);
	if (expected.size > 0)
		assert_memory_equal(found.data, expected.data, expected.size);
}

/* Run `body` in a child and give the status that waitpid saw. A child that returns has exit status 0. */
static inline int run_in_child(void (*body)(void *), void *argument)
{
	int status = -1;

	fflush(NULL);
	pid_t child = fork();
	assert_true(child >= 0);
	if (child == 0) {
		body(argument);
		_exit(0);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	return status;
}

static inline void assert_exits_with(int status, int code)
{
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), code);
}

#endif
