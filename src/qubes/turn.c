#include "qubes/turn.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include "qubes/clock.h"
#include "qubes/presence.h"

/* More than the longest start takes, with all that is tried when it fails. */
#define PATIENCE_S       150
#define LOOK_MS          25
#define AFTER_FAILURE_MS 2000
#define AFTER_UI_MS      10000

/* Not for longer than the caller is there: who waits keeps a place that others want. */
static bool lock(int fd)
{
	uint64_t deadline = clock_now_ms() + (uint64_t)PATIENCE_S * 1000;

	while (flock(fd, LOCK_EX | LOCK_NB) != 0)
		if (clock_left_ms(deadline) == 0 || !presence_wait(-1, LOOK_MS))
			return false;
	return true;
}

/* A time that lies ahead is of another run of the machine, or somebody's. */
static uint64_t past(uint64_t time)
{
	return time <= clock_now_ms() ? time : 0;
}

bool turn_take(int folder, struct turn *ret_turn, struct error *ret_error)
{
	uint64_t times[2] = {0, 0};

	*ret_turn = (struct turn){.fd = -1, .began = clock_now_ms()};
	int fd = openat(folder, "lock", O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);

	if (fd < 0)
		return error_set_errno(ret_error, errno, "cannot open the lock");
	if (!lock(fd)) {
		close(fd);
		return error_set(
		    ret_error, ERROR_REFUSED, "another call has been starting the signer for more than %d seconds", PATIENCE_S);
	}
	if (pread(fd, times, sizeof(times), 0) != (ssize_t)sizeof(times))
		times[0] = times[1] = 0;
	ret_turn->fd = fd;
	ret_turn->failed_at = past(times[0]);
	ret_turn->ui_at = past(times[1]);
	return true;
}

bool turn_has_failed_lately(const struct turn *turn)
{
	return turn->failed_at != 0 && (turn->failed_at >= turn->began || clock_now_ms() - turn->failed_at < AFTER_FAILURE_MS);
}

bool turn_had_ui_lately(const struct turn *turn)
{
	return turn->ui_at != 0 && clock_now_ms() - turn->ui_at < AFTER_UI_MS;
}

/* What cannot be written is not known to the next one, who tries again: nothing worse. */
static void save(const struct turn *turn)
{
	const uint64_t times[2] = {turn->failed_at, turn->ui_at};

	if (pwrite(turn->fd, times, sizeof(times), 0) < 0)
		return;
}

void turn_note_failure(struct turn *turn)
{
	turn->failed_at = clock_now_ms();
	save(turn);
}

void turn_note_ui(struct turn *turn)
{
	turn->ui_at = clock_now_ms();
	save(turn);
}

void turn_forget_ui(struct turn *turn)
{
	turn->ui_at = 0;
	save(turn);
}

void turn_give(struct turn *turn)
{
	close(turn->fd);
	turn->fd = -1;
}
