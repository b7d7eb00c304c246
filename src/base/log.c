#include "base/log.h"

#include <errno.h>
#include <poll.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "base/bytes.h"
#include "base/text.h"

/* A line stays below PIPE_BUF, so that lines of several roles on one pipe never mix. */
#define LOG_TEXT_MOST 3800
#define LOG_RAW_MOST  ((size_t)64 * 1024)

/*
 * Month and day, by the rules of the Gregorian calendar. Not gmtime_r(): the C library would read the time zone's file, which
 * a confined role may not do.
 */
static void month_day(int64_t days_since_1970, unsigned *ret_month, unsigned *ret_day)
{
	static const uint8_t lengths[12] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
	unsigned year = 1970;
	unsigned month = 0;
	int64_t day = days_since_1970;

	for (;; year++) {
		bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
		for (month = 0; month < 12; month++) {
			int length = lengths[month] + (month == 1 && leap ? 1 : 0);
			if (day < length) {
				*ret_month = month + 1;
				*ret_day = (unsigned)day + 1;
				return;
			}
			day -= length;
		}
	}
}

static void put_time(struct buf *line)
{
	struct timespec now = {0};
	unsigned month, day;

	clock_gettime(CLOCK_REALTIME, &now);
	/* A clock set before 1970 or far beyond is broken; the log goes on. */
	if (now.tv_sec < 0 || now.tv_sec > UINT32_MAX)
		now.tv_sec = 0;
	unsigned second = (unsigned)(now.tv_sec % 86400);
	month_day(now.tv_sec / 86400, &month, &day);
	buf_printf(line, "[%02u-%02u|%02u:%02u:%02u.%03u]", month, day, second / 3600, second / 60 % 60, second % 60,
	    (unsigned)(now.tv_nsec / 1000000));
}

void log_put_line(const struct log *log, struct bytes line)
{
	struct pollfd ready = {.fd = log->fd, .events = POLLOUT};

	/* Not O_NONBLOCK: whoever started us shares the description. A pipe that is ready takes PIPE_BUF bytes, which no line exceeds. */
	if (poll(&ready, 1, 0) != 1 || (ready.revents & POLLOUT) == 0)
		return;
	/* Nobody can be told that the log cannot be written. */
	while (write(log->fd, line.data, line.size) < 0 && errno == EINTR)
		;
}

static void __attribute__((format(printf, 3, 0)))
log_write(const struct log *log, const char *level, const char *format, va_list args)
{
	struct buf text BUF_CLEANUP = BUF_INIT(LOG_RAW_MOST);
	struct buf line BUF_CLEANUP = BUF_INIT(LOG_TEXT_MOST + 256);
	int saved = errno;

	buf_vprintf(&text, format, args);
	buf_printf(&line, "%s ", level);
	put_time(&line);
	buf_printf(&line, " %.32s: ", log->role);
	if (buf_ok(&text))
		text_escape(buf_bytes(&text), LOG_TEXT_MOST, &line);
	else
		buf_put_text(&line, "(a message too long to log)");
	buf_put_u8(&line, '\n');
	log_put_line(log, buf_bytes(&line));
	errno = saved;
}

#define LOG_FUNCTION(name, threshold, level_text)                 \
	void name(const struct log *log, const char *format, ...) \
	{                                                         \
		va_list args;                                     \
                                                                  \
		if (log->level < (int)(threshold))                \
			return;                                   \
		va_start(args, format);                           \
		log_write(log, level_text, format, args);         \
		va_end(args);                                     \
	}

LOG_FUNCTION(log_error, LOG_LEVEL_ERROR, "ERROR")
LOG_FUNCTION(log_warn, LOG_LEVEL_WARN, "WARN")
LOG_FUNCTION(log_info, LOG_LEVEL_INFO, "INFO")
LOG_FUNCTION(log_debug, LOG_LEVEL_DEBUG, "DEBUG")

_Noreturn void log_fatal(const struct log *log, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	log_write(log, "CRIT", format, args);
	va_end(args);
	/* Not exit(): a forked child must not run its parent's handlers or flush its parent's output. */
	_exit(1);
}
