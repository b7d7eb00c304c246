/*
 * The frame of calls: the first byte chooses whether the rest is a request, an answer, or claims to be sent. Whatever is read is written as the same bytes again, and
 * whatever is written is taken by the other end.
 */
#include "target.h"

#include <string.h>

#include "base/text.h"
#include "ipc/frame.h"
#include "ipc/qube_name.h"

#define INPUT_MAX ((size_t)65536)

static bool same(struct bytes frame, struct bytes head, struct bytes payload)
{
	return frame.size == head.size + payload.size && memcmp(frame.data, head.data, head.size) == 0 &&
	       (payload.size == 0 || memcmp(frame.data + head.size, payload.data, payload.size) == 0);
}

/* The head at the front: it must say the same of every longer beginning. Returns whether a whole payload lies behind it. */
static bool read_frame(struct bytes input, size_t most, struct bytes *ret_payload)
{
	enum frame_progress progress = FRAME_MORE;
	struct error error;
	size_t size = 0;

	for (size_t cut = 0; cut <= input.size && cut <= FRAME_HEAD_SIZE; cut++) {
		fuzz_require(
		    progress == FRAME_MORE || progress == frame_head_read(bytes_of(input.data, cut), most, &size, &error));
		progress = frame_head_read(bytes_of(input.data, cut), most, &size, &error);
	}
	if (progress != FRAME_DONE)
		return false;
	fuzz_require(size <= most);
	if (size > input.size - FRAME_HEAD_SIZE)
		return false;
	*ret_payload = bytes_of(input.data + FRAME_HEAD_SIZE, size);
	return true;
}

static void try_request(struct bytes input)
{
	struct buf frame BUF_CLEANUP = BUF_INIT(2 * INPUT_MAX);
	struct frame_request request;
	struct bytes payload;
	struct error error;

	if (!read_frame(input, FRAME_REQUEST_MAX, &payload) || !frame_request_read(payload, &request, &error))
		return;
	fuzz_require(request.qube.size == 0 || qube_name_is_valid(request.qube));
	frame_request_put(&request, &frame);
	fuzz_require(same(buf_bytes(&frame), bytes_of(input.data, FRAME_HEAD_SIZE), payload));
}

static void try_answer(struct bytes input)
{
	struct buf frame BUF_CLEANUP = BUF_INIT(2 * INPUT_MAX);
	struct frame_answer answer;
	struct bytes payload;
	struct error error;

	if (!read_frame(input, FRAME_ANSWER_MAX, &payload) || !frame_answer_read(payload, &answer, &error))
		return;
	frame_answer_put(answer.kind, answer.rest, &frame);
	fuzz_require(same(buf_bytes(&frame), bytes_of(input.data, FRAME_HEAD_SIZE), payload));
}

/* The input cut in five, as a caller behind HTTP may send it. */
static void try_claims(struct bytes input)
{
	struct buf frame BUF_CLEANUP = BUF_INIT(INPUT_MAX + 4 * (2 + FRAME_CLAIM_MAX) + FRAME_HEAD_SIZE);
	size_t part = input.size / 5;
	const struct frame_request request = {.qube = bytes_of(input.data, part < 8 ? part : 8),
	    .host = bytes_of(input.data + part, part),
	    .origin = bytes_of(input.data + 2 * part, part),
	    .user_agent = bytes_of(input.data + 3 * part, part),
	    .body = bytes_of(input.data + 4 * part, input.size - 4 * part)};
	struct frame_request found;
	struct bytes payload;
	struct error error;

	frame_request_put(&request, &frame);
	if (!buf_ok(&frame)) {
		fuzz_require(request.qube.size > 0 && !qube_name_is_valid(request.qube));
		return;
	}
	fuzz_require(read_frame(buf_bytes(&frame), FRAME_REQUEST_MAX, &payload) && frame_request_read(payload, &found, &error));
	fuzz_require(found.body.size == request.body.size && text_is_utf8(found.host) && text_is_utf8(found.origin));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size == 0 || size > INPUT_MAX)
		return 0;
	struct bytes input = bytes_of(data + 1, size - 1);

	switch (data[0] % 3) {
	case 0:
		try_request(input);
		break;
	case 1:
		try_answer(input);
		break;
	case 2:
		try_claims(input);
		break;
	}
	return 0;
}
