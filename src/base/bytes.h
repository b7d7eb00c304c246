/*
 * bytes: borrowed slices and owned, capped, self-wiping buffers.
 *
 * A `struct bytes` borrows memory and never owns it. A `struct buf` owns what it holds, refuses to grow past its limit and
 * wipes everything it ever held before giving memory back, so that a buffer may carry a secret without a second thought.
 *
 * Errors while writing to a buffer are sticky: every buf_put_* on a failed buffer does nothing, so a writer checks
 * buf_ok() once at its end. A reader works the same way. Sizes are in bytes.
 */
#ifndef CLEF_BASE_BYTES_H
#define CLEF_BASE_BYTES_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct bytes {
	const uint8_t *data;
	size_t size;
};

/* A slice of a C text without its terminator; of memory; of nothing. */
struct bytes bytes_text(const char *text);
struct bytes bytes_of(const void *data, size_t size);
#define BYTES_NONE ((struct bytes){NULL, 0})

/* Plain comparison: not constant time, for public data only. */
bool bytes_equal(struct bytes a, struct bytes b);
bool bytes_equal_text(struct bytes a, const char *text);
/* The same without regard to the case of ASCII letters. */
bool bytes_equal_text_nocase(struct bytes a, const char *text);

/* Overwrite memory in a way that the compiler keeps. */
void bytes_wipe(void *data, size_t size);

struct buf {
	uint8_t *data; /* NULL while empty and never used */
	size_t size;
	size_t capacity;
	size_t limit; /* most bytes that it may ever hold */
	bool failed;
};

/* An empty buffer that holds at most `limit` bytes. Never fails: memory comes with the first byte. */
void buf_init(struct buf *buf, size_t limit);
#define BUF_INIT(most) ((struct buf){.limit = (most)})
/* Wipe and release; the buffer is empty and usable again. Safe on a zeroed buffer. */
void buf_free(struct buf *buf);
/* Wipe the content, keep the memory. Clears a failure. */
void buf_reset(struct buf *buf);
bool buf_ok(const struct buf *buf);
/* The content; nothing when failed, so that half a text is never taken for a whole one. Valid until the next change. */
struct bytes buf_bytes(const struct buf *buf);
/* The content with a terminating 0 that does not count; "" when empty or failed. Valid until the next change. */
const char *buf_text(struct buf *buf);

/* The bytes put in must not lie in the buffer itself. */
void buf_put(struct buf *buf, const void *data, size_t size);
void buf_put_bytes(struct buf *buf, struct bytes bytes);
void buf_put_text(struct buf *buf, const char *text);
void buf_put_u8(struct buf *buf, uint8_t value);
/* Big-endian. */
void buf_put_u32(struct buf *buf, uint32_t value);
void buf_put_u64(struct buf *buf, uint64_t value);
void buf_printf(struct buf *buf, const char *format, ...) __attribute__((format(printf, 2, 3)));
void buf_vprintf(struct buf *buf, const char *format, va_list args) __attribute__((format(printf, 2, 0)));
/* Room for `size` more bytes, not yet counted as content; NULL on failure. Follow with buf_commit of what was written. */
uint8_t *buf_reserve(struct buf *buf, size_t size);
void buf_commit(struct buf *buf, size_t size);
/* Drop the first `size` bytes (wiping the room that becomes free). size must not exceed the content.
 * Moves what remains: with many small messages in a big buffer, walk over them first and consume once. */
void buf_consume(struct buf *buf, size_t size);

#define BUF_CLEANUP __attribute__((cleanup(buf_free)))

/* Reads a slice front to back; once something is missing, `failed` stays set and every read gives 0 or nothing. */
struct reader {
	const uint8_t *data;
	size_t left;
	bool failed;
};

struct reader reader_of(struct bytes bytes);
uint8_t reader_u8(struct reader *reader);
uint32_t reader_u32(struct reader *reader);
uint64_t reader_u64(struct reader *reader);
struct bytes reader_bytes(struct reader *reader, size_t size);
/* Everything was read and nothing was missing. */
bool reader_done(const struct reader *reader);

#endif
