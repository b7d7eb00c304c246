/*
 * target: what every fuzz target shares. A target is one file with LLVMFuzzerTestOneInput; linked with replay_main.c it is an ordinary test over a
 * corpus folder, linked with libFuzzer (clang, `ninja fuzz_NAME`) it is a campaign.
 */
#ifndef CLEF_FUZZ_TARGET_H
#define CLEF_FUZZ_TARGET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Ends the process loudly, in every kind of build. */
static inline void fuzz_require(bool holds)
{
	if (!holds)
		abort();
}

#endif
