/*
 * turn: of all calls that come at the same time one starts the signer, and the others wait for it; a file in our folder is the lock, and holds what the next in turn
 * must know.
 */
#ifndef CLEF_QUBES_TURN_H
#define CLEF_QUBES_TURN_H

#include <stdint.h>

#include "base/error.h"

struct turn {
	int fd;
	uint64_t began;     /* we, to wait for our turn; times are of clock_now_ms() */
	uint64_t failed_at; /* a signer could not be started; 0: never */
	uint64_t ui_at;     /* a user interface was started */
};

/* Wait for our turn, as long as a start may take. False: nobody gave it up in time, the caller is gone meanwhile, or there can be no file. */
bool turn_take(int folder, struct turn *ret_turn, struct error *ret_error);
/* A start failed while we waited, or a moment ago: trying it again for each of those who wait would keep all of them for minutes. */
bool turn_has_failed_lately(const struct turn *turn);
/* A user interface was started a moment ago: it is about to attach. */
bool turn_had_ui_lately(const struct turn *turn);
void turn_note_failure(struct turn *turn);
void turn_note_ui(struct turn *turn);
void turn_forget_ui(struct turn *turn);
/* The next one's; of a turn that a copy of this process shares, once that has given it, too. */
void turn_give(struct turn *turn);

#endif
