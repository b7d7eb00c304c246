/*
 * log_relay: what a role says on its standard error, brought to core's log line by line.
 *
 * The role has the write end of a pipe and nothing else: it can neither read what is typed at core's terminal nor write to it. Lines in
 * log's form with the role's own name are passed on as they are, escaped; any other becomes an error line in the role's name. A line has
 * less than 4096 bytes, what is longer is cut. No more than LOG_RELAY_LINES lines are passed on in a second: what comes faster waits in
 * the pipe, and what does not fit in there is lost to the role, whose writes never wait.
 */
#ifndef CLEF_CORE_LOG_RELAY_H
#define CLEF_CORE_LOG_RELAY_H

#include <event2/event.h>

#include "base/error.h"
#include "base/log.h"

#define LOG_RELAY_LINES 200
/* Of what lies in the pipe at the end. */
#define LOG_RELAY_LAST_LINES 1000

struct log_relay;

/* `role` is static text, the name in the role's own lines. The log is copied; only its level and descriptor count. */
bool log_relay_new(
    struct event_base *base, const char *role, const struct log *log, struct log_relay **ret_relay, struct error *ret_error);
/* The role's end of the pipe, non-blocking; -1 after log_relay_close_writer, which is for once the role has it. */
int log_relay_writer(const struct log_relay *relay);
void log_relay_close_writer(struct log_relay *relay);
/* Pass on what is there, an unfinished line included, without waiting: the last words of a role that is dead or as good as. */
void log_relay_drain(struct log_relay *relay);
/* Drains first. NULL is fine. */
void log_relay_free(struct log_relay *relay);

#endif
