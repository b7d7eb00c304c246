/* places: where the signer's sockets are, and a folder of our own beside them. */
#ifndef CLEF_QUBES_PLACES_H
#define CLEF_QUBES_PLACES_H

#include <sys/un.h>

#include "base/error.h"

/* As long as the path of a unix socket may be. */
#define PLACES_PATH_SIZE sizeof(((struct sockaddr_un *)0)->sun_path)

/* Below $XDG_RUNTIME_DIR, or /run/user/UID where qrexec did not say it. The systemd units of the packages name the same sockets. */
struct places {
	char runtime[PLACES_PATH_SIZE];
	char qrexec_socket[PLACES_PATH_SIZE]; /* clef-qrexec/qrexec.sock: --qrexec-socket */
	char ui_socket[PLACES_PATH_SIZE];     /* clef-ui/ui.sock: --ui-socket */
	char own[PLACES_PATH_SIZE]; /* clef-qubes: our lock, our log, the socket by which a signer says that it is ready */
};

bool places_find(struct places *ret_places, struct error *ret_error);
/* Makes and opens the folder of our own, which is 0700 and our user's. Returns a descriptor, or -1 with an error. */
int places_open_own(const struct places *places, struct error *ret_error);

#endif
