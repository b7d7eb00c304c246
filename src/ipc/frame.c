#include "ipc/frame.h"

#include <string.h>

#include "base/text.h"
#include "ipc/qube_name.h"

#define REPLACEMENT   "\xef\xbf\xbd"
#define REQUEST_TEXTS 4

static bool is_control(uint32_t codepoint)
{
	return codepoint < 0x20 || (codepoint >= 0x7f && codepoint < 0xa0);
}

enum frame_progress frame_head_read(struct bytes untrusted_input, size_t most, size_t *ret_size, struct error *ret_error)
{
	struct reader reader = reader_of(untrusted_input);
	uint8_t mark = reader_u8(&reader), version = reader_u8(&reader);

	if (untrusted_input.size >= 1 && mark != FRAME_MARK) {
		error_set(ret_error, ERROR_REFUSED, "this is no frame: its first byte is 0x%02x, expected 0x00", mark);
		return FRAME_BAD;
	}
	if (untrusted_input.size >= 2 && version != FRAME_VERSION) {
		error_set(ret_error, ERROR_REFUSED,
		    "a frame of version %u; this program speaks version %u: update the older side", version, FRAME_VERSION);
		return FRAME_BAD;
	}
	size_t size = reader_u32(&reader);

	if (reader.failed)
		return FRAME_MORE;
	if (size > most) {
		error_set(ret_error, ERROR_REFUSED, "a frame of %zu bytes; at most %zu are taken", size, most);
		return FRAME_BAD;
	}
	*ret_size = size;
	return FRAME_DONE;
}

static bool is_claim(struct bytes text)
{
	uint32_t codepoint;

	if (text.size > FRAME_CLAIM_MAX)
		return false;
	for (size_t at = 0, width; at < text.size; at += width) {
		width = text_decode(bytes_of(text.data + at, text.size - at), &codepoint);
		if (width == 0 || is_control(codepoint))
			return false;
	}
	return true;
}

static struct bytes read_text(struct reader *reader)
{
	size_t high = reader_u8(reader), low = reader_u8(reader);

	return reader_bytes(reader, high << 8 | low);
}

bool frame_request_read(struct bytes untrusted_payload, struct frame_request *ret_request, struct error *ret_error)
{
	struct reader reader = reader_of(untrusted_payload);
	struct frame_request request = {0};

	request.qube = read_text(&reader);
	request.host = read_text(&reader);
	request.origin = read_text(&reader);
	request.user_agent = read_text(&reader);
	if (reader.failed)
		return error_set(ret_error, ERROR_REFUSED, "the frame ends within its header fields");
	request.body = reader_bytes(&reader, reader.left);
	if (request.qube.size > 0 && !qube_name_is_valid(request.qube))
		return error_set(ret_error, ERROR_REFUSED, "the frame names a qube that cannot exist");
	if (!is_claim(request.host) || !is_claim(request.origin) || !is_claim(request.user_agent))
		return error_set(ret_error, ERROR_REFUSED,
		    "a header field of the frame is longer than %zu bytes, no UTF-8 or has control characters", FRAME_CLAIM_MAX);
	if (request.body.size > FRAME_BODY_MAX)
		return error_set(
		    ret_error, ERROR_REFUSED, "a body of %zu bytes; at most %zu are taken", request.body.size, FRAME_BODY_MAX);
	*ret_request = request;
	return true;
}

bool frame_answer_read(struct bytes untrusted_payload, struct frame_answer *ret_answer, struct error *ret_error)
{
	struct reader reader = reader_of(untrusted_payload);
	uint8_t kind = reader_u8(&reader);

	if (reader.failed || kind > FRAME_REFUSED)
		return error_set(ret_error, ERROR_REFUSED, "an answer that is none of the known kinds");
	if (kind == FRAME_HELLO && (reader.left != 1 || reader.data[0] > 1))
		return error_set(ret_error, ERROR_REFUSED, "a greeting that is not one byte, 0 or 1");
	ret_answer->kind = (enum frame_answer_kind)kind;
	ret_answer->rest = reader_bytes(&reader, reader.left);
	return true;
}

static void put_head(struct buf *buf, size_t size)
{
	buf_put_u8(buf, FRAME_MARK);
	buf_put_u8(buf, FRAME_VERSION);
	buf_put_u32(buf, (uint32_t)size);
}

/* Not more than a claim may have: its size fits two bytes. */
static void put_text(struct buf *buf, struct bytes text)
{
	buf_put_u8(buf, (uint8_t)(text.size >> 8));
	buf_put_u8(buf, (uint8_t)text.size);
	buf_put_bytes(buf, text);
}

/* What a receiver takes as a claim, whatever the caller sent. */
static void put_claim(struct buf *buf, struct bytes claim)
{
	struct buf text BUF_CLEANUP = BUF_INIT(FRAME_CLAIM_MAX);

	for (size_t at = 0, width; at < claim.size; at += width) {
		uint32_t codepoint;
		struct bytes one = bytes_of(claim.data + at, claim.size - at);

		width = text_decode(one, &codepoint);
		one = width > 0 && !is_control(codepoint) ? bytes_of(one.data, width) : bytes_text(REPLACEMENT);
		width = width > 0 ? width : 1;
		if (text.size + one.size > FRAME_CLAIM_MAX)
			break;
		buf_put_bytes(&text, one);
	}
	put_text(buf, buf_bytes(&text));
}

void frame_request_put_head(const struct frame_request *request, struct buf *buf)
{
	struct buf texts BUF_CLEANUP = BUF_INIT(REQUEST_TEXTS * (2 + FRAME_CLAIM_MAX));

	if (request->body.size > FRAME_BODY_MAX || (request->qube.size > 0 && !qube_name_is_valid(request->qube))) {
		buf->failed = true;
		return;
	}
	put_text(&texts, request->qube);
	put_claim(&texts, request->host);
	put_claim(&texts, request->origin);
	put_claim(&texts, request->user_agent);
	put_head(buf, texts.size + request->body.size);
	buf_put_bytes(buf, buf_bytes(&texts));
}

void frame_request_put(const struct frame_request *request, struct buf *buf)
{
	frame_request_put_head(request, buf);
	buf_put_bytes(buf, request->body);
}

void frame_answer_put(enum frame_answer_kind kind, struct bytes rest, struct buf *buf)
{
	if (rest.size >= FRAME_ANSWER_MAX) {
		buf->failed = true;
		return;
	}
	put_head(buf, 1 + rest.size);
	buf_put_u8(buf, (uint8_t)kind);
	buf_put_bytes(buf, rest);
}
