#include "qubes/settings.h"

#include <errno.h>
#include <fcntl.h>
#include <ini.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"

#define FILE_MAX ((size_t)65536)
/* libinih reads a line in a buffer of so many bytes and would take the rest of a longer one for the next line. */
#define LINE_MAX_SIZE ((size_t)INI_MAX_LINE - 2)

struct parse {
	struct settings *settings;
	struct arena *arena;
	struct error *error;
	bool has_signer, has_start_timeout, has_wait_for_ui, bad;
};

static bool read_seconds(const char *value, unsigned most, unsigned *ret_seconds, struct error *ret_error)
{
	char *end;

	errno = 0;
	unsigned long seconds = strtoul(value, &end, 10);

	if (value[0] < '0' || value[0] > '9' || *end != 0 || errno != 0 || seconds < 1 || seconds > most)
		return error_set(ret_error, ERROR_PARAMS, "expected seconds from 1 to %u, found \"%s\"", most, value);
	*ret_seconds = (unsigned)seconds;
	return true;
}

static bool once(bool *has, struct error *ret_error)
{
	if (*has)
		return error_set(ret_error, ERROR_PARAMS, "stands twice");
	*has = true;
	return true;
}

static bool set_key(struct parse *parse, const char *key, const char *value, struct error *ret_error)
{
	struct settings *settings = parse->settings;

	if (strcmp(key, "signer") == 0) {
		settings->signer = arena_text(parse->arena, bytes_text(value));
		return once(&parse->has_signer, ret_error) &&
		       (value[0] == '/' || error_set(ret_error, ERROR_PARAMS, "expected an absolute path, found \"%s\"", value));
	}
	if (strcmp(key, "signer-options") == 0)
		return words_split(&settings->signer_options, parse->arena, bytes_text(value), ret_error);
	if (strcmp(key, "start-timeout") == 0)
		return once(&parse->has_start_timeout, ret_error) &&
		       read_seconds(value, 120, &settings->start_timeout_s, ret_error);
	if (strcmp(key, "wait-for-ui") == 0)
		return once(&parse->has_wait_for_ui, ret_error) && read_seconds(value, 600, &settings->wait_for_ui_s, ret_error);
	if (strcmp(key, "ui-command") == 0)
		return once(&settings->has_ui_command, ret_error) &&
		       words_split(&settings->ui_command, parse->arena, bytes_text(value), ret_error);
	return error_set(ret_error, ERROR_PARAMS, "no such setting");
}

/* libinih goes on behind an error; the first one is told. */
static int on_key(void *context, const char *section, const char *key, const char *value)
{
	struct parse *parse = context;

	if (parse->bad)
		return 0;
	if (section[0] != 0)
		parse->bad = !error_set(parse->error, ERROR_PARAMS, "[%s]: this file has no sections", section);
	else if (!set_key(parse, key, value, parse->error))
		parse->bad = !error_prefix(parse->error, "%s", key);
	return !parse->bad;
}

static bool check_lines(struct bytes content, struct error *ret_error)
{
	size_t line = 1, width = 0;

	for (size_t i = 0; i < content.size; i++) {
		width = content.data[i] == '\n' ? 0 : width + 1;
		line += content.data[i] == '\n';
		if (content.data[i] == 0)
			return error_set(ret_error, ERROR_PARAMS, "line %zu: a zero byte", line);
		if (width > LINE_MAX_SIZE)
			return error_set(ret_error, ERROR_PARAMS,
			    "line %zu: longer than %zu bytes; signer-options may stand in several lines", line, LINE_MAX_SIZE);
	}
	return true;
}

bool settings_parse(struct arena *arena, struct bytes content, struct settings *ret_settings, struct error *ret_error)
{
	struct parse parse = {.settings = ret_settings, .arena = arena, .error = ret_error};

	*ret_settings = (struct settings){.signer = CLEF_PROGRAM, .start_timeout_s = 30, .wait_for_ui_s = 60};
	if (!check_lines(content, ret_error))
		return false;
	int line = ini_parse_string(arena_text(arena, content), on_key, &parse);

	if (parse.bad)
		return error_prefix(ret_error, "line %d", line);
	if (line != 0)
		return error_set(ret_error, ERROR_PARAMS, "line %d: expected \"key = value\"", line);
	return true;
}

bool settings_read(struct arena *arena, struct settings *ret_settings, struct error *ret_error)
{
	const char *given = getenv("CLEF_QUBES_CONFIG");
	const char *path = given != NULL && given[0] != 0 ? given : SETTINGS_PATH;
	struct buf content BUF_CLEANUP = BUF_INIT(FILE_MAX);
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);

	if (fd < 0 && errno != ENOENT)
		return error_set_errno(ret_error, errno, "cannot open %s", path);
	bool ok = fd < 0 || file_read_fd(fd, &content, ret_error);

	if (fd >= 0)
		close(fd);
	if (ok)
		ok = settings_parse(arena, buf_bytes(&content), ret_settings, ret_error);
	return ok || error_prefix(ret_error, "%s", path);
}
