/* keystore_private: the inside of struct keystore. Private to keystore*.c. */
#ifndef CLEF_KEYS_KEYSTORE_PRIVATE_H
#define CLEF_KEYS_KEYSTORE_PRIVATE_H

#include <dirent.h>

#include "keys/keystore.h"
#include "keys/keystore_index.h"

enum keystore_phase {
	KEYSTORE_IDLE,  /* current */
	KEYSTORE_NAMES, /* walking over the folder */
	KEYSTORE_FILES  /* reading the files that are marked KEYSTORE_READ */
};

struct keystore {
	int folder_fd, index_fd, watch_fd;
	char *path; /* without a slash at its end */
	const struct log *log;
	struct keystore_table table;
	enum keystore_phase phase;
	DIR *dir;         /* in KEYSTORE_NAMES */
	size_t at;        /* in KEYSTORE_FILES: next entry to look at */
	size_t verified;  /* entries before this one were compared with their files */
	bool stale;       /* some entries are KEYSTORE_STALE */
	bool index_dirty; /* the table is not what the index says */
	unsigned warnings;
	/* As of the last scan or event. */
	struct keystore_folder folder;
};

bool keystore_folder_stat(int fd, struct keystore_folder *ret_folder);
bool keystore_name_is_read(const char *name);
/* Begin to walk over the folder afresh. */
void keystore_scan_start(struct keystore *keystore);
/* Bring one entry up to date with its file: address, stamp, KEYSTORE_GONE. */
void keystore_refresh(struct keystore *keystore, struct keystore_entry *entry);
uint64_t keystore_now(void); /* monotonic, ns */

#endif
