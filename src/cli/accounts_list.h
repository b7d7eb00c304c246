/* accounts_list: how list-accounts and list-wallets print what `keys` answered. */
#ifndef CLEF_CLI_ACCOUNTS_LIST_H
#define CLEF_CLI_ACCOUNTS_LIST_H

#include "base/bytes.h"
#include "base/error.h"

/* `accounts` is the list of the KEYS_ACCOUNTS message. Paths are escaped: a file's name may hold anything. */
bool accounts_list_print(int fd, struct bytes accounts, bool as_wallets, struct error *ret_error);

#endif
