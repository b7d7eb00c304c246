/* stream: JSON values one after the other, in both directions, over a stream socket. */
#ifndef CLEF_UI_STREAM_H
#define CLEF_UI_STREAM_H

#include <event2/event.h>

#include "base/bytes.h"

struct stream;
struct stream_handlers {
	/* One value as text, valid until the handler returns. */
	void (*value)(void *context, struct bytes json);
	/* The other side is gone or sends what cannot be read. Comes once, and nothing after it. */
	void (*closed)(void *context, const char *why);
	void *context;
};

/* Takes ownership of fd and makes it non-blocking. The handlers must not free the stream. */
struct stream *stream_new(struct event_base *base, int fd, struct stream_handlers handlers);
void stream_free(struct stream *stream);
/* Queue bytes; they go out when the event loop finds room. */
void stream_send(struct stream *stream, struct bytes json);

#endif
