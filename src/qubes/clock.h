/* clock: deadlines in milliseconds of a clock that nobody sets and that goes on while the machine sleeps. */
#ifndef CLEF_QUBES_CLOCK_H
#define CLEF_QUBES_CLOCK_H

#include <stdint.h>

/* Since the machine was started. */
uint64_t clock_now_ms(void);
/* What is left until then, for poll(): 0 when it is over. */
int clock_left_ms(uint64_t deadline);

#endif
