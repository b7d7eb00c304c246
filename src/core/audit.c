#include "core/audit.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/file.h"
#include "base/text.h"

#define LINE_LIMIT ((size_t)64 * 1024 * 1024)

bool audit_open(const char *path, struct audit *ret_audit, struct error *ret_error)
{
	struct buf fields BUF_CLEANUP = BUF_INIT(65536);

	*ret_audit = AUDIT_NONE;
	if (path == NULL || path[0] == 0)
		return true;
	/* O_NONBLOCK: a FIFO that nobody reads must not hang us. It means nothing for a file. */
	ret_audit->fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY, 0600);
	if (ret_audit->fd < 0)
		return error_set_errno(ret_error, errno, "cannot open the audit log %s", path);
	audit_field(&fields, "audit log", bytes_text(path));
	return audit_write(ret_audit, "Configured", buf_bytes(&fields), false, ret_error);
}

void audit_close(struct audit *audit)
{
	if (audit->fd >= 0)
		close(audit->fd);
	audit->fd = -1;
}

static bool is_plain(uint8_t c)
{
	return c > ' ' && c < 0x7f && c != '"' && c != '=' && c != '\\';
}

static bool needs_quotes(struct bytes value)
{
	for (size_t i = 0; i < value.size; i++)
		if (!is_plain(value.data[i]))
			return true;
	return value.size == 0;
}

/* One character, or one byte that is none: as it is, or as an escape. */
static size_t put_escaped(struct buf *buf, struct bytes rest)
{
	uint32_t point;
	size_t size = text_decode(rest, &point);

	if (size == 0) {
		buf_printf(buf, "\\x%02x", rest.data[0]);
		return 1;
	}
	if (point == '"' || point == '\\')
		buf_printf(buf, "\\%c", (char)point);
	else if (point == '\n')
		buf_put_text(buf, "\\n");
	else if (text_is_deceptive(point))
		buf_printf(buf, point < 0x10000 ? "\\u%04x" : "\\U%08x", point);
	else
		buf_put_bytes(buf, bytes_of(rest.data, size));
	return size;
}

static void put_value(struct buf *buf, struct bytes value)
{
	if (!needs_quotes(value)) {
		buf_put_bytes(buf, value);
		return;
	}
	buf_put_u8(buf, '"');
	for (size_t at = 0; at < value.size;)
		at += put_escaped(buf, bytes_of(value.data + at, value.size - at));
	buf_put_u8(buf, '"');
}

void audit_field(struct buf *fields, const char *key, struct bytes untrusted_value)
{
	buf_put_u8(fields, ' ');
	put_value(fields, bytes_text(key));
	buf_put_u8(fields, '=');
	put_value(fields, untrusted_value);
}

static void put_time(struct buf *line)
{
	struct timespec now;
	struct tm parts;
	char date[32], zone[8];

	clock_gettime(CLOCK_REALTIME, &now);
	localtime_r(&now.tv_sec, &parts);
	strftime(date, sizeof(date), "%Y-%m-%dT%H:%M:%S", &parts);
	strftime(zone, sizeof(zone), "%z", &parts);
	buf_printf(line, "time=%s.%03ld%s", date, now.tv_nsec / 1000000, zone);
}

bool audit_write(struct audit *audit, const char *message, struct bytes fields, bool durable, struct error *ret_error)
{
	struct buf line BUF_CLEANUP = BUF_INIT(LINE_LIMIT);

	if (audit->fd < 0)
		return true;
	if (audit->torn)
		buf_put_u8(&line, '\n');
	put_time(&line);
	buf_printf(&line, " level=INFO msg=%s api=signer", message);
	buf_put_bytes(&line, fields);
	buf_put_u8(&line, '\n');
	if (!buf_ok(&line))
		return error_set(ret_error, ERROR_INTERNAL, "the audit log's line is too long");
	audit->torn = !file_write_all(audit->fd, buf_bytes(&line), ret_error);
	if (audit->torn)
		return error_prefix(ret_error, "the audit log cannot be written, so the call is not carried out");
	if (durable && fdatasync(audit->fd) != 0 && errno != EINVAL && errno != EROFS)
		return error_set_errno(ret_error, errno, "the audit log cannot be written, so the call is not carried out");
	return true;
}
