/*
 * log: one line a message on stderr, "LEVEL [TIME] ROLE: text", as a person greps it.
 *
 * For example "WARN [11-22|13:20:20.123] keys: text". The time is UTC: the zone's file is out of a confined role's reach. A line
 * has less than 4096 bytes and is written in one go, so that several roles can share a pipe; errno stays as it was.
 * Texts are escaped here: callers may pass bytes from outside. Nothing secret is ever passed.
 */
#ifndef CLEF_BASE_LOG_H
#define CLEF_BASE_LOG_H

#include "base/bytes.h"

/* Numbers as in Clef's --loglevel (0 crit … 5 trace are accepted on the command line; trace shows what debug does). */
enum log_level { LOG_LEVEL_ERROR = 1, LOG_LEVEL_WARN = 2, LOG_LEVEL_INFO = 3, LOG_LEVEL_DEBUG = 4 };

struct log {
	const char *role; /* static text */
	int level;        /* the most talkative level that is written */
	int fd;           /* usually 2 */
};

void log_error(const struct log *log, const char *format, ...) __attribute__((format(printf, 2, 3)));
void log_warn(const struct log *log, const char *format, ...) __attribute__((format(printf, 2, 3)));
void log_info(const struct log *log, const char *format, ...) __attribute__((format(printf, 2, 3)));
void log_debug(const struct log *log, const char *format, ...) __attribute__((format(printf, 2, 3)));
/*
 * Write a line that is complete and escaped already, its line end included. Never waits: when nobody reads the log, the line is lost, and
 * the signer goes on.
 */
void log_put_line(const struct log *log, struct bytes line);
/* Say why and end the process with exit status 1: the signer fails closed. */
_Noreturn void log_fatal(const struct log *log, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif
