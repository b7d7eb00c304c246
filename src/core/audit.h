/*
 * audit: one line for each call that reached a method and one for its outcome, appended to a file with mode 0600:
 *
 *     time=2026-11-22T13:20:20.123+0000 level=INFO msg=SignData api=signer type=request metadata="…" addr="…" …
 *
 * Values are quoted and escaped as soon as they hold anything but plain characters, so that no caller can forge a line. A line that cannot be
 * written fails the call that it is about; what there is of it stands on a line of its own.
 */
#ifndef CLEF_CORE_AUDIT_H
#define CLEF_CORE_AUDIT_H

#include "base/bytes.h"
#include "base/error.h"

struct audit {
	int fd;    /* -1: no audit log */
	bool torn; /* the last line was written in part */
};

#define AUDIT_NONE ((struct audit){.fd = -1})

/* path NULL or "": none. */
bool audit_open(const char *path, struct audit *ret_audit, struct error *ret_error);
void audit_close(struct audit *audit);
static inline bool audit_enabled(const struct audit *audit)
{
	return audit->fd >= 0;
}
/* Append " key=value" to the fields of a line. */
void audit_field(struct buf *fields, const char *key, struct bytes untrusted_value);
/* Write a line: time, level, msg, api, then `fields` (made with audit_field), then a newline. durable: it is on disk when this returns. */
bool audit_write(struct audit *audit, const char *message, struct bytes fields, bool durable, struct error *ret_error);

#endif
