/* request: the caller's request on standard input, a frame or a bare body. */
#ifndef CLEF_QUBES_REQUEST_H
#define CLEF_QUBES_REQUEST_H

#include "base/error.h"
#include "ipc/frame.h"
#include "qubes/answer.h"

struct request {
	enum answer_form form; /* known from the first byte on */
	struct buf input;      /* a frame with its head, or the body */
	struct frame_request content;
};
#define REQUEST_INIT ((struct request){.input = BUF_INIT(FRAME_HEAD_SIZE + FRAME_REQUEST_MAX)})

enum request_outcome {
	REQUEST_WHOLE,
	REQUEST_GONE,   /* the caller, before its request was whole */
	REQUEST_REFUSED /* with a text for the caller */
};

/*
 * Read one request. Of a frame not a byte more than its head announces; a bare body ends with the file. What is too large is refused as soon as that is clear, with the
 * rest unread, and so is what is not whole within a minute: the places for calls are few, and all qubes share them. The content has no qube yet and borrows
 * from the input.
 */
enum request_outcome request_receive(struct request *request, struct error *ret_error);
void request_free(struct request *request);

#endif
