#include "qubes/relay.h"

#include <errno.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#define CHUNK       ((size_t)65536)
#define ANSWER_HEAD (FRAME_HEAD_SIZE + 1) /* and the answer's kind */
/* A signer's refusal is a sentence. */
#define REFUSAL_MAX ((size_t)4096)
#define PARTS       2

struct relay {
	int signer;
	enum answer_form form;
	struct bytes out[PARTS]; /* of the request, what is not sent yet */
	struct buf in;           /* of the answer, what is not written yet */
	bool has_head;
	enum frame_answer_kind kind;
	size_t left; /* bytes of the answer that the signer has not sent yet, once has_head */
	bool written;
	uint64_t deadline; /* for all of it, once written */
};

/* What became of one step; above all others, a status to end with. */
enum step { STEP_ON, STEP_REPLIED, STEP_GONE, STEP_EXTRA, STEP_SIGNER_ENDED, STEP_SIGNER_BAD, STEP_SIGNER_REFUSED };

static bool is_sending(const struct relay *relay)
{
	return relay->out[0].size > 0 || relay->out[1].size > 0;
}

static enum step send_some(struct relay *relay)
{
	for (int i = 0; i < PARTS; i++)
		while (relay->out[i].size > 0) {
			int more = i + 1 < PARTS && relay->out[i + 1].size > 0 ? MSG_MORE : 0;
			ssize_t put =
			    send(relay->signer, relay->out[i].data, relay->out[i].size, MSG_DONTWAIT | MSG_NOSIGNAL | more);

			if (put < 0 && (errno == EAGAIN || errno == EINTR))
				return STEP_ON;
			if (put < 0) {
				/* It has closed; what it said before can still be read. */
				relay->out[0] = relay->out[1] = BYTES_NONE;
				return STEP_ON;
			}
			relay->out[i] = bytes_of(relay->out[i].data + put, relay->out[i].size - (size_t)put);
		}
	return STEP_ON;
}

/* The answer's head, once it is there. */
static enum step read_head(struct relay *relay)
{
	struct error error;
	size_t size;

	if (relay->in.size < FRAME_HEAD_SIZE)
		return STEP_ON;
	if (frame_head_read(buf_bytes(&relay->in), FRAME_ANSWER_MAX, &size, &error) != FRAME_DONE || size == 0)
		return STEP_SIGNER_BAD;
	if (relay->in.size < ANSWER_HEAD)
		return STEP_ON;
	uint8_t kind = relay->in.data[FRAME_HEAD_SIZE];
	size_t have = relay->in.size - FRAME_HEAD_SIZE;

	if (have > size || (kind != FRAME_REPLY && kind != FRAME_REFUSED) || (kind == FRAME_REFUSED && size > REFUSAL_MAX))
		return STEP_SIGNER_BAD;
	relay->has_head = true;
	relay->kind = (enum frame_answer_kind)kind;
	relay->left = size - have;
	/* A frame goes on as it is; of a bare reply's frame nothing but the reply. */
	if (relay->form != ANSWER_FORM_FRAME || kind == FRAME_REFUSED)
		buf_consume(&relay->in, ANSWER_HEAD);
	return STEP_ON;
}

/* Small replies leave as a whole or not at all; of large ones whatever fills the buffer. */
static enum step write_some(struct relay *relay)
{
	if (relay->kind == FRAME_REFUSED)
		return relay->left == 0 ? STEP_SIGNER_REFUSED : STEP_ON;
	if (relay->left > 0 && relay->in.size < CHUNK)
		return STEP_ON;
	if (!relay->written)
		relay->deadline = answer_deadline(relay->in.size + relay->left);
	relay->written = true;
	if (!answer_write(buf_bytes(&relay->in), relay->deadline))
		return STEP_GONE;
	buf_reset(&relay->in);
	return relay->left == 0 ? STEP_REPLIED : STEP_ON;
}

static enum step receive_some(struct relay *relay)
{
	size_t room = CHUNK - relay->in.size;
	size_t most = !relay->has_head ? ANSWER_HEAD - relay->in.size : relay->left < room ? relay->left : room;
	uint8_t *place = buf_reserve(&relay->in, most);

	if (place == NULL)
		return STEP_SIGNER_BAD;
	ssize_t got = most == 0 ? 0 : read(relay->signer, place, most);

	if (got < 0 && (errno == EINTR || errno == EAGAIN))
		return STEP_ON;
	if (got <= 0 && most > 0)
		return STEP_SIGNER_ENDED;
	buf_commit(&relay->in, (size_t)got);
	if (relay->has_head) {
		relay->left -= (size_t)got;
		return write_some(relay);
	}
	enum step step = read_head(relay);

	return step == STEP_ON && relay->has_head ? write_some(relay) : step;
}

/* A frame's sender keeps its end open and silent until the reply. */
static enum step look_at_caller(void)
{
	uint8_t untrusted_extra;
	ssize_t got = read(STDIN_FILENO, &untrusted_extra, 1);

	if (got > 0)
		return STEP_EXTRA;
	return got < 0 && (errno == EINTR || errno == EAGAIN) ? STEP_ON : STEP_GONE;
}

static enum step run_step(struct relay *relay)
{
	struct pollfd ends[] = {{.fd = relay->signer, .events = (short)(POLLIN | (is_sending(relay) ? POLLOUT : 0))},
	    {.fd = relay->form == ANSWER_FORM_FRAME ? STDIN_FILENO : -1, .events = POLLIN}, {.fd = STDOUT_FILENO}};

	if (poll(ends, 3, -1) < 0)
		return errno == EINTR ? STEP_ON : STEP_GONE;
	/* An answer that is there already is handed over, whoever else has moved. */
	if ((ends[0].revents & (POLLIN | POLLHUP | POLLERR)) != 0)
		return receive_some(relay);
	if (ends[2].revents != 0)
		return STEP_GONE;
	if (ends[1].revents != 0)
		return look_at_caller();
	return send_some(relay);
}

static enum answer_status tell(const struct relay *relay, enum answer_status status, struct bytes text)
{
	/* Behind the beginning of a reply nothing else can be said: the caller sees that it is not whole. */
	return relay->written ? status : answer_failure(relay->form, status, text);
}

static enum answer_status finish(const struct relay *relay, enum step step)
{
	switch (step) {
	case STEP_ON:
	case STEP_REPLIED:
		return ANSWER_REPLIED;
	case STEP_GONE:
		return ANSWER_CALLER_GONE;
	case STEP_EXTRA:
		return tell(relay, ANSWER_REFUSED, bytes_text("there is more than one frame; a call carries one request"));
	case STEP_SIGNER_ENDED:
		return tell(relay, ANSWER_TROUBLE,
		    bytes_text(
		        "the signer ended before it answered; whether it signed is not known here: look in the vault before "
		        "you ask again"));
	case STEP_SIGNER_BAD:
		return tell(relay, ANSWER_TROUBLE, bytes_text("the signer's answer is none that this service understands"));
	case STEP_SIGNER_REFUSED:
		return tell(relay, ANSWER_REFUSED, buf_bytes(&relay->in));
	}
	return ANSWER_TROUBLE;
}

enum answer_status relay_run(int signer, struct bytes qube, const struct request *request)
{
	struct buf head BUF_CLEANUP = BUF_INIT(FRAME_HEAD_SIZE + FRAME_REQUEST_MAX - FRAME_BODY_MAX);
	struct relay relay = {.signer = signer, .form = request->form, .in = BUF_INIT(CHUNK + 1)};
	struct frame_request content = request->content;
	enum step step = STEP_ON;

	content.qube = qube;
	frame_request_put_head(&content, &head);
	relay.out[0] = buf_bytes(&head);
	relay.out[1] = content.body;
	while (step == STEP_ON)
		step = run_step(&relay);
	enum answer_status status = finish(&relay, step);

	buf_free(&relay.in);
	return status;
}
