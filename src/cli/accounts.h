/*
 * accounts: the commands that touch the keystore. Keys are only ever handled by the confined `keys` process, which these commands start for the moment.
 *
 * The password of a new key file is read by `keys` itself, from the terminal or --password-file. Scripts that write it to standard input are
 * served, too: then it passes through this process, which wipes it at once.
 */
#ifndef CLEF_CLI_ACCOUNTS_H
#define CLEF_CLI_ACCOUNTS_H

#include "cli/flags.h"
#include "cli/options.h"

/* COMMAND_NEWACCOUNT, COMMAND_IMPORTRAW, COMMAND_LIST_ACCOUNTS or COMMAND_LIST_WALLETS. False: the error says why. */
bool accounts_run(const struct flags *flags, const struct options *options, struct error *ret_error);

#endif
