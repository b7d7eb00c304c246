/*
 * accounts: the commands that touch the keystore. Keys are only ever handled by the confined `keys` process, which these commands start for the moment.
 *
 * The password of a new key file is read by `keys` itself: from the terminal, from a pipe on standard input, or from --password-file. It never passes
 * through this process.
 */
#ifndef CLEF_CLI_ACCOUNTS_H
#define CLEF_CLI_ACCOUNTS_H

#include "cli/flags.h"
#include "cli/options.h"

/*
 * COMMAND_NEWACCOUNT, COMMAND_IMPORTRAW, COMMAND_LIST_ACCOUNTS or COMMAND_LIST_WALLETS. False: the error says why. *ret_signal: what ended the command early, SIGINT,
 * SIGTERM or SIGHUP, or 0.
 */
bool accounts_run(const struct flags *flags, const struct options *options, int *ret_signal, struct error *ret_error);

#endif
