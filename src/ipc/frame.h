/*
 * frame: the one form in which a JSON-RPC body travels with what is said of its caller: from clef-proxy through qrexec to qubes.Clefsign, from there to the
 * signer's qrexec.sock, and from clef-proxy to clef.ipc. The same bytes everywhere; who may fill in which field differs.
 *
 *     0x00 | version 0x01 | 4-byte big-endian size of the payload | payload
 *
 * The payload of a request is four texts, each behind its 2-byte big-endian size (qube, Host, Origin, User-Agent), then the body, which is the rest. The
 * payload of an answer is one byte, enum frame_answer_kind, and the rest. JSON text never begins with 0x00, so that one byte tells a frame from the bare
 * body that older callers send.
 *
 * `qube` is a name that qrexec vouches for: only qubes.Clefsign sets it, only qrexec.sock takes it; anywhere else a frame that has one is refused. The
 * other three are claims of the caller.
 */
#ifndef CLEF_IPC_FRAME_H
#define CLEF_IPC_FRAME_H

#include "base/bytes.h"
#include "base/error.h"

#define FRAME_MARK      0x00
#define FRAME_VERSION   0x01
#define FRAME_HEAD_SIZE ((size_t)6)
/* Bytes of a request's body: as many as over HTTP. */
#define FRAME_BODY_MAX ((size_t)5242880)
/* Bytes of each claim. */
#define FRAME_CLAIM_MAX ((size_t)4096)
/* Bytes of a request's payload; of an answer's (a reply is as large as one of a gate may be). */
#define FRAME_REQUEST_MAX (FRAME_BODY_MAX + 4 * (2 + FRAME_CLAIM_MAX))
#define FRAME_ANSWER_MAX  ((size_t)64 * 1024 * 1024)

struct frame_request {
	struct bytes qube; /* empty: none */
	struct bytes host, origin, user_agent;
	struct bytes body;
};

enum frame_answer_kind {
	FRAME_REPLY = 0, /* the JSON-RPC reply; empty when there is nothing to say (notifications) */
	FRAME_HELLO =
	    1, /* from qrexec.sock, at once, before a request is read: one byte, 1 when a user interface is there, 0 when nobody is */
	FRAME_REFUSED = 2 /* no reply will come: why, as text for the person at the caller's end */
};
struct frame_answer {
	enum frame_answer_kind kind;
	struct bytes rest;
};

enum frame_progress { FRAME_MORE, FRAME_DONE, FRAME_BAD };

/*
 * The head of a frame, from the front of what was received. FRAME_DONE: *ret_size bytes of payload follow the FRAME_HEAD_SIZE bytes. FRAME_BAD, as soon as that is
 * clear: another mark or version, or more than `most` bytes of payload; with the reason.
 */
enum frame_progress frame_head_read(struct bytes untrusted_input, size_t most, size_t *ret_size, struct error *ret_error);
/*
 * A whole payload of a request. Slices borrow from it. Claims are UTF-8 without control characters; a qube's name, when there is one, passes
 * qube_name_is_valid(). The body may be anything.
 */
bool frame_request_read(struct bytes untrusted_payload, struct frame_request *ret_request, struct error *ret_error);
/* A whole payload of an answer. Its rest borrows from it. Texts and replies in it may be anything. */
bool frame_answer_read(struct bytes untrusted_payload, struct frame_answer *ret_answer, struct error *ret_error);

/*
 * Append a whole frame. Claims that are too long are cut at a character, those that are no UTF-8 or hold control characters get U+FFFD in their place. What
 * a receiver would refuse whatever is done (a qube's name that is none, a body or an answer over its limit) fails the buffer.
 */
void frame_request_put(const struct frame_request *request, struct buf *buf);
void frame_answer_put(enum frame_answer_kind kind, struct bytes rest, struct buf *buf);
/* The same without the body, which the sender writes behind it: nobody copies megabytes for a few bytes in front. */
void frame_request_put_head(const struct frame_request *request, struct buf *buf);

#endif
