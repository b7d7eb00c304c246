/* duration: whole seconds as a person writes them. */
#ifndef CLEF_BASE_DURATION_H
#define CLEF_BASE_DURATION_H

#include <stdint.h>

/* The longest that is taken: 30 days. */
#define DURATION_MOST_S 2592000

enum duration_result {
	DURATION_OK,
	DURATION_SYNTAX, /* no duration */
	DURATION_RANGE   /* one, but more than DURATION_MOST_S */
};

/* "90", or parts with units, the larger first: "90s", "2m", "1h30m". Nothing else, no white space. */
enum duration_result duration_parse(const char *text, int64_t *ret_seconds);

#endif
