/* command: the command lines of the signer and of its user interface, as the settings have them. */
#ifndef CLEF_QUBES_COMMAND_H
#define CLEF_QUBES_COMMAND_H

#include "qubes/places.h"
#include "qubes/settings.h"

/* The words live in the arena. */
bool command_signer(struct arena *arena, const struct places *places, const struct settings *settings, struct words *ret_words,
    struct error *ret_error);
/* No words at all: none is to be started. */
void command_ui(struct arena *arena, const struct places *places, const struct settings *settings, struct words *ret_words);

#endif
