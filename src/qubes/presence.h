/* presence: is the caller still there? Looked at without reading a byte of it: that is done behind the confinement only. */
#ifndef CLEF_QUBES_PRESENCE_H
#define CLEF_QUBES_PRESENCE_H

#include <stdbool.h>

#define PRESENCE_FIRST_S 5

enum presence {
	PRESENCE_ASKS,   /* there is something to read */
	PRESENCE_SILENT, /* nothing within PRESENCE_FIRST_S */
	PRESENCE_GONE    /* its end is closed, with nothing sent, or nobody reads what we would say */
};

/* Wait for the request's first byte. */
enum presence presence_wait_first(void);
/* Wait until fd (-1: none) can be read, or so many milliseconds. False: nobody reads what we would say. */
bool presence_wait(int fd, int milliseconds);

#endif
