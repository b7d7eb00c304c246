#include "cli/terminal_mode.h"

#include <string.h>

void terminal_mode_save(int fd, struct terminal_mode *ret_mode)
{
	memset(ret_mode, 0, sizeof *ret_mode);
	ret_mode->fd = fd >= 0 && tcgetattr(fd, &ret_mode->mode) == 0 ? fd : -1;
}

void terminal_mode_restore(const struct terminal_mode *mode)
{
	struct termios now;

	if (mode->fd < 0 || tcgetattr(mode->fd, &now) != 0)
		return;
	if (now.c_lflag != mode->mode.c_lflag || now.c_iflag != mode->mode.c_iflag || now.c_oflag != mode->mode.c_oflag)
		(void)tcsetattr(mode->fd, TCSAFLUSH, &mode->mode);
}
