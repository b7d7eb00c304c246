/*
 * vhosts: which Host headers are served, against DNS rebinding: a page that a browser loaded from evil.example and whose name now points to
 * 127.0.0.1 still says "Host: evil.example".
 *
 * An IP address (IPv4, or IPv6 with or without brackets) and an empty Host always pass, since no name can be rebound to them; a name passes when it
 * is in the list, compared without the port and without the case of ASCII letters; "*" in the list lets everything pass.
 */
#ifndef CLEF_SERVER_VHOSTS_H
#define CLEF_SERVER_VHOSTS_H

#include "base/bytes.h"

struct vhosts {
	char *text;         /* owned */
	struct bytes *name; /* slices of text */
	size_t count;
	bool any;
};

/* Names separated by commas, blanks around them do not count. */
void vhosts_parse(struct bytes list, struct vhosts *ret_vhosts);
void vhosts_free(struct vhosts *vhosts);
bool vhosts_allow(const struct vhosts *vhosts, struct bytes untrusted_host);
/* "localhost", an address in 127.0.0.0/8 or "[::1]", each perhaps with a port; whatever the list says. */
bool vhosts_is_loopback(struct bytes untrusted_host);

#endif
