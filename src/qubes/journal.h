/*
 * journal: the vault's log of this service: signer.log in our folder, and syslog. The caller is told none of it.
 *
 * The same file takes what a signer writes that this service started itself; one that systemd started has systemd's journal.
 */
#ifndef CLEF_QUBES_JOURNAL_H
#define CLEF_QUBES_JOURNAL_H

#include "base/error.h"

/* The file, for appending. A fresh one keeps that of the signer before as signer.log.old. -1: without it, too, the service does its work. */
int journal_open(int folder, bool fresh);
/* One line. fd: of journal_open, or -1. */
void journal_note(int fd, const char *text);

#endif
