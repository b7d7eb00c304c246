/* signer_ui: whom the signer asks: its own terminal UI, a program on standard input and output, or whoever is attached to --ui-socket. */
#ifndef CLEF_CORE_SIGNER_UI_H
#define CLEF_CORE_SIGNER_UI_H

#include "base/error.h"

struct signer;

/* With --ui-socket: its socket, before core is confined. Else nothing. */
bool signer_ui_listen(struct signer *signer, struct error *ret_error);
bool signer_ui_start(struct signer *signer, struct error *ret_error);
/* Every role serves: the UI is told so, or those that wait to be attached are taken. */
void signer_ui_serve(struct signer *signer);
/* A UI that wants to be attached from now on waits in vain: the signer ends. */
void signer_ui_refuse(struct signer *signer);
/* May a UI answer that it sent the password to keys? */
bool signer_ui_has_pipe(const struct signer *signer);
/* Is the UI told of what was refused unasked? Ours is, here or attached; over stdin and stdout the protocol stays as it was. */
bool signer_ui_tells_refusals(const struct signer *signer);
/* A request waits for a person, and nobody is attached: the log says how to change that, once. */
/* What whoever asked hears when nobody came: static. */
const char *signer_ui_absent(const struct signer *signer);
void signer_ui_missed(struct signer *signer);
void signer_ui_stop(struct signer *signer);

#endif
