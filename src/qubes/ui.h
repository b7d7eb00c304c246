/*
 * ui: the user interface, when nobody is attached to the signer. It is started once there is a question: whoever sends no whole request opens no window in the
 * vault.
 */
#ifndef CLEF_QUBES_UI_H
#define CLEF_QUBES_UI_H

#include "qubes/places.h"

/*
 * Begin a process that starts it when ui_start() says so, since the confined service cannot, and ends when nobody says so any more. Returns a descriptor for ui_start(), or
 * -1: then no user interface is started, the vault's log has the reason, and the signer waits for somebody to attach.
 */
int ui_prepare(const struct places *places);
/* Takes ui_prepare()'s descriptor; -1 does nothing. */
void ui_start(int fd);

#endif
