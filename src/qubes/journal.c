#include "qubes/journal.h"

#include <fcntl.h>
#include <stdio.h>
#include <syslog.h>
#include <unistd.h>

#include "base/log.h"
#include "base/text.h"

#define NAME "signer.log"

int journal_open(int folder, bool fresh)
{
	if (fresh)
		renameat(folder, NAME, folder, NAME ".old");
	return openat(folder, NAME, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW | O_NOCTTY, 0600);
}

void journal_note(int fd, const char *text)
{
	struct buf line BUF_CLEANUP = BUF_INIT(16 * ERROR_TEXT_SIZE);

	text_escape(bytes_text(text), (size_t)4 * ERROR_TEXT_SIZE, &line);
	openlog("qubes.Clefsign", LOG_PID, LOG_USER);
	syslog(LOG_ERR, "%s", buf_text(&line));
	closelog();
	if (fd >= 0)
		log_error(&(struct log){.role = "qubes.Clefsign", .level = LOG_LEVEL_ERROR, .fd = fd}, "%s", text);
}
