#include "qubes/request.h"

#include <errno.h>
#include <poll.h>
#include <time.h>
#include <unistd.h>

#include "qubes/clock.h"

#define PATIENCE_MS 60000
#define CHUNK       ((size_t)65536)

/* Wait for input until the deadline. */
static enum request_outcome wait_for_input(uint64_t deadline, struct error *ret_error)
{
	for (;;) {
		struct pollfd ends[] = {{.fd = STDIN_FILENO, .events = POLLIN}, {.fd = STDOUT_FILENO}};
		int ready = poll(ends, 2, clock_left_ms(deadline));

		if (ready < 0 && errno != EINTR)
			return REQUEST_GONE;
		if (ready == 0) {
			error_set(ret_error, ERROR_REFUSED, "the request was not complete after %d seconds", PATIENCE_MS / 1000);
			return REQUEST_REFUSED;
		}
		/* What is there is read first: a caller may have sent all of it. */
		if (ready > 0 && ends[0].revents != 0)
			return REQUEST_WHOLE;
		if (ready > 0)
			return REQUEST_GONE;
	}
}

/* At most so many bytes behind what is there. *ret_ended: the input has ended. */
static bool read_some(struct request *request, size_t most, bool *ret_ended)
{
	uint8_t *room = buf_reserve(&request->input, most < CHUNK ? most : CHUNK);

	if (room == NULL)
		return false;
	ssize_t got = read(STDIN_FILENO, room, most < CHUNK ? most : CHUNK);

	if (got < 0)
		return errno == EINTR || errno == EAGAIN;
	buf_commit(&request->input, (size_t)got);
	*ret_ended = got == 0;
	return true;
}

/* How many bytes are wanted yet; 0 when a frame is whole. False: it is none of ours. */
static bool bytes_wanted(const struct request *request, size_t *ret_wanted, struct error *ret_error)
{
	size_t have = request->input.size, size;

	if (request->form != ANSWER_FORM_FRAME) {
		/* One byte too many tells that there are too many. */
		*ret_wanted = FRAME_BODY_MAX + 1 - have;
		return true;
	}
	switch (frame_head_read(buf_bytes(&request->input), FRAME_REQUEST_MAX, &size, ret_error)) {
	case FRAME_MORE:
		*ret_wanted = FRAME_HEAD_SIZE - have;
		return true;
	case FRAME_DONE:
		*ret_wanted = FRAME_HEAD_SIZE + size - have;
		return true;
	case FRAME_BAD:
		break;
	}
	return false;
}

static enum request_outcome finish_bare(struct request *request, struct error *ret_error)
{
	if (request->input.size == 0)
		return REQUEST_GONE;
	if (request->input.size > FRAME_BODY_MAX) {
		error_set(
		    ret_error, ERROR_REFUSED, "a body of more than %zu bytes, which is the most that is taken", FRAME_BODY_MAX);
		return REQUEST_REFUSED;
	}
	request->content.body = buf_bytes(&request->input);
	return REQUEST_WHOLE;
}

static enum request_outcome finish_frame(struct request *request, struct error *ret_error)
{
	struct bytes frame = buf_bytes(&request->input);

	if (!frame_request_read(
	        bytes_of(frame.data + FRAME_HEAD_SIZE, frame.size - FRAME_HEAD_SIZE), &request->content, ret_error))
		return REQUEST_REFUSED;
	if (request->content.qube.size > 0) {
		error_set(ret_error, ERROR_REFUSED, "the frame names a qube; which qube calls is for qrexec to say");
		return REQUEST_REFUSED;
	}
	return REQUEST_WHOLE;
}

enum request_outcome request_receive(struct request *request, struct error *ret_error)
{
	uint64_t deadline = clock_now_ms() + PATIENCE_MS;
	bool ended = false;

	for (;;) {
		size_t wanted;

		if (request->form == ANSWER_FORM_UNKNOWN && request->input.size > 0)
			request->form = request->input.data[0] == FRAME_MARK ? ANSWER_FORM_FRAME : ANSWER_FORM_BARE;
		if (request->form == ANSWER_FORM_UNKNOWN)
			wanted = FRAME_HEAD_SIZE; /* never beyond a frame */
		else if (!bytes_wanted(request, &wanted, ret_error))
			return REQUEST_REFUSED;
		if (wanted == 0)
			return request->form == ANSWER_FORM_FRAME ? finish_frame(request, ret_error)
			                                          : finish_bare(request, ret_error);
		if (ended)
			return request->form == ANSWER_FORM_FRAME ? REQUEST_GONE : finish_bare(request, ret_error);
		enum request_outcome outcome = wait_for_input(deadline, ret_error);

		if (outcome != REQUEST_WHOLE)
			return outcome;
		if (!read_some(request, wanted, &ended))
			return REQUEST_GONE;
	}
}

void request_free(struct request *request)
{
	buf_free(&request->input);
}
