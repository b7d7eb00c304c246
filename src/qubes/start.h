/* start: starts the signer, and whatever shows its requests to a person. */
#ifndef CLEF_QUBES_START_H
#define CLEF_QUBES_START_H

#include "qubes/places.h"

/*
 * The signer: by the user's systemd, where there is one that has the unit clef-qubes.service, else directly. Returns once it says that it serves. folder: of our own, whose
 * turn is ours. The error is for the vault's log.
 */
bool start_signer(const struct places *places, int folder, struct error *ret_error);
/* The user interface, likewise: clef-qubes-ui.service, or ui-command of the settings. Does not wait for it. */
bool start_ui(const struct places *places, int folder, struct error *ret_error);

#endif
