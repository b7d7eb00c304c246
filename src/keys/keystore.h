/*
 * keystore: the folder with the key files: which accounts there are, what changes, new files.
 *
 * Read is every regular file whose name does not begin with "." or end in "~"; links and folders are left out. The content of a file says
 * which account it holds, never its name. A file that is none of ours or broken is named in a warning once and not listed; the others
 * are served.
 *
 * Nothing here waits: reading a folder for the first time is cut into slices (keystore_work), and questions about the accounts are answered once
 * keystore_is_current, since half a list is wrong. With an index (keystore_index.h) of an unchanged folder that is at once. Changes come by
 * inotify; where that fails (or does not tell, as on network file systems) the folder's ctime is compared before each answer. What came
 * from the index is compared with the files in the background (keystore_verify); a file is always read and checked before it is used.
 */
#ifndef CLEF_KEYS_KEYSTORE_H
#define CLEF_KEYS_KEYSTORE_H

#include "base/error.h"
#include "base/log.h"
#include "eth/address.h"

/* Smaller keystores need no index. */
#define KEYSTORE_INDEX_LEAST 256

struct keystore;
struct keystore_options {
	int folder_fd;     /* the keystore; -1: none, no accounts. Stays the caller's, as the next one */
	int index_fd;      /* folder of the index, -1: none */
	struct bytes path; /* absolute path of the keystore, for texts only */
	const struct log *log;
};

/* Sets the watch, for which it needs /proc: call before confinement. Never NULL. */
struct keystore *keystore_new(const struct keystore_options *options);
void keystore_free(struct keystore *keystore);
/* Take the index, or begin to read the folder. Call once, confined; no key file is read yet. */
void keystore_load(struct keystore *keystore);

/* Becomes readable when the folder changes; -1 when there is no watch. */
int keystore_watch_fd(const struct keystore *keystore);
/* Take notice of what changed. Cheap; the reading is left to keystore_work. */
void keystore_notice(struct keystore *keystore);
/* Everything noticed is read: list, find and read speak for the whole folder. */
bool keystore_is_current(const struct keystore *keystore);
/* Go on reading for about so long. Returns true while there is more to do. */
bool keystore_work(struct keystore *keystore, uint64_t budget_ns);
/* Compare what came from the index with the files, about so long. True while there is more; nothing is done unless current. */
bool keystore_verify(struct keystore *keystore, uint64_t budget_ns);

/* There is something for keystore_verify or keystore_index_due to do, now or soon. */
bool keystore_needs_care(const struct keystore *keystore);

size_t keystore_count(const struct keystore *keystore); /* of listed accounts and other files known */
/* Every account in the order of the paths, as KEYS_ACCOUNTS wants it. */
void keystore_put_list(const struct keystore *keystore, struct buf *ret_accounts);
/* How many files hold the account; with 1 or more, *ret_path gets the path of the first. */
size_t keystore_find(struct keystore *keystore, const struct address *address, struct buf *ret_path);
/* The one file with this account. ERROR_REFUSED "unknown account", or when there are several: their paths go to the log only. */
bool keystore_read(struct keystore *keystore, const struct address *address, struct buf *ret_content, struct error *ret_error);
/* Write a new key file, named by the time and the account, mode 0600. It is listed at once. */
bool keystore_add(struct keystore *keystore, const struct address *address, struct bytes content, struct buf *ret_path,
    struct error *ret_error);

/* The index is worth writing now: large, changed, and the folder quiet for a moment. Fills in name and content. */
#define KEYSTORE_INDEX_NAME_MAX 32
bool keystore_index_due(struct keystore *keystore, char ret_name[KEYSTORE_INDEX_NAME_MAX], struct buf *ret_content);

#endif
