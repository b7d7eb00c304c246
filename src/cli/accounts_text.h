/* accounts_text: what the commands that touch the keystore tell a person, ready to print. Paths are escaped. */
#ifndef CLEF_CLI_ACCOUNTS_TEXT_H
#define CLEF_CLI_ACCOUNTS_TEXT_H

#include "base/bytes.h"
#include "eth/address.h"

/* Room for any of these texts. */
#define ACCOUNTS_TEXT_MOST ((size_t)128 * 1024)

/* Append what was made, by importraw or newaccount, and what the person has to keep. */
void accounts_text_created(const struct address *address, struct bytes untrusted_path, bool imported, struct buf *ret_text);
/* Append that the file which a key was imported from still holds it. */
void accounts_text_plain_key(const char *path, struct buf *ret_text);
/* Append why a keystore that has files shows no account. */
void accounts_text_unreadable(size_t count, struct buf *ret_text);
/* Append that the folder is not there. */
void accounts_text_no_keystore(const char *path, struct buf *ret_text);

#endif
