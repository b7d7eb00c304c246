/* start_checks: what is refused, or said as a warning, before anything starts. */
#ifndef CLEF_CLI_START_CHECKS_H
#define CLEF_CLI_START_CHECKS_H

#include "base/error.h"
#include "base/log.h"
#include "cli/options.h"

/*
 * An empty --password-file; for the signer an audit log that cannot be written. What fails here would fail later, too, with less to say; who passes may still fail
 * then.
 */
bool start_check(const struct options *options, bool is_signer, struct error *ret_error);
/* Warn of a --password-file that others may read; of a signer that strangers can ask, or that nobody can. */
void start_warn(const struct options *options, bool is_signer, const struct log *log);

/* 127.0.0.0/8, ::1, the same as an IPv4 address in IPv6, and "localhost". */
bool start_is_loopback(const char *address);
/* A name of the comma-separated list is "*". */
bool start_allows_all_hosts(const char *vhosts);

#endif
