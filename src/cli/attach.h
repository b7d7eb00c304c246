/*
 * attach: the terminal UI for a signer that runs elsewhere and was started with --ui-socket.
 *
 * This process stands between the signer and the confined role `ui`, which shows and asks as it does for core: it carries their JSON-RPC to and fro, and reads the
 * passwords itself, into locked memory, from which they go to the signer's keys process over a socket pair whose other end it passed to the signer.
 */
#ifndef CLEF_CLI_ATTACH_H
#define CLEF_CLI_ATTACH_H

#include "cli/options.h"

/*
 * Until the person leaves (true: Ctrl-C, Ctrl-D) or the signer ends. False: the error says why. *ret_signal: SIGTERM, SIGHUP or SIGQUIT, when that ended it,
 * else 0.
 */
bool attach_run(const struct options *options, int *ret_signal, struct error *ret_error);

#endif
