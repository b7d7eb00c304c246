/* HTTP requests, one after the other, as a connection reads them: whole, and in two pieces, with the same outcome. */
#include "target.h"

#include <stdlib.h>
#include <string.h>

#include "server/http.h"

/* What one reading of the input found: compared between two ways of cutting it. */
struct found {
	size_t requests, used;
	uint64_t lengths; /* sum over heads */
	int status;       /* of what ended it, 0: it wants more */
	struct buf content;
};

static void check_head(struct bytes input, const struct http_head *head)
{
	const struct bytes texts[] = {head->host, head->content_type, head->user_agent, head->origin};

	fuzz_require(head->size >= 4 && head->size <= HTTP_HEAD_MAX + 2 && head->size <= input.size);
	fuzz_require(memcmp(input.data + head->size - 4, "\r\n\r\n", 4) == 0);
	fuzz_require(!(head->chunked && head->has_length));
	for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
		fuzz_require(texts[i].size == 0 || memchr(texts[i].data, '\n', texts[i].size) == NULL);
		fuzz_require(texts[i].size == 0 || memchr(texts[i].data, 0, texts[i].size) == NULL);
	}
}

/* One body; true when it is complete. */
static bool read_body(const struct http_head *head, struct bytes input, size_t step, struct found *found)
{
	enum http_progress progress = HTTP_MORE;
	struct http_body body;

	http_body_start(&body, head);
	for (size_t at = 0; progress == HTTP_MORE;) {
		struct bytes content;
		size_t used, left = input.size - at;

		progress = http_body_feed(&body, bytes_of(input.data + at, left < step ? left : step), &used, &content);
		fuzz_require(used <= left && content.size <= used);
		buf_put_bytes(&found->content, content);
		at += used;
		found->used += used;
		if (progress == HTTP_MORE && used == 0)
			return false;
	}
	if (progress == HTTP_BAD)
		found->status = 1;
	return progress == HTTP_DONE;
}

/* `cut`: the head is first offered without the bytes behind it. `step`: most bytes of a body at once. */
static void read_all(struct bytes input, size_t cut, size_t step, struct found *ret_found)
{
	size_t at = 0;

	while (ret_found->status == 0) {
		struct bytes rest = bytes_of(input.data + at, input.size - at);
		struct http_scan scan = {0};
		struct http_head head;
		enum http_progress progress = HTTP_MORE;

		if (cut < rest.size)
			progress = http_head_parse(bytes_of(rest.data, cut), &scan, &head, &ret_found->status);
		if (progress == HTTP_MORE)
			progress = http_head_parse(rest, &scan, &head, &ret_found->status);
		if (progress != HTTP_DONE)
			return;
		check_head(rest, &head);
		ret_found->requests++;
		ret_found->lengths += head.length;
		ret_found->used += head.size;
		if (!read_body(&head, bytes_of(rest.data + head.size, rest.size - head.size), step, ret_found))
			return;
		at = ret_found->used;
	}
}

static void judge(struct bytes input)
{
	struct http_scan scan = {0};
	struct http_head head;
	struct http_refusal refusal = {0};
	const struct http_policy policy = {0};
	struct vhosts vhosts;
	int status;

	vhosts_parse(bytes_text("localhost"), &vhosts);
	bool whole = http_head_parse(input, &scan, &head, &status) == HTTP_DONE;
	if (whole && http_judge(&head, &vhosts, NULL, &refusal) == HTTP_REFUSE)
		fuzz_require(refusal.status >= 400 && strlen(refusal.text) > 0);
	if (whole && http_judge(&head, &vhosts, &policy, &refusal) == HTTP_REFUSE)
		fuzz_require(refusal.status >= 400 && strlen(refusal.text) > 0);
	/* Nothing that a web page can send without being asked runs. */
	if (whole && http_judge(&head, &vhosts, &policy, &refusal) == HTTP_RUN_OBJECT)
		fuzz_require(!head.has_origin && !head.has_referer && !head.has_fetch_metadata && vhosts_is_loopback(head.host));
	(void)http_body_is_object(input, &refusal);
	vhosts_free(&vhosts);
	http_content_type_is_json(input);
	http_accepts_gzip(input);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct bytes input = bytes_of(data, size);
	struct found whole = {.content = BUF_INIT(size)};
	struct found cut = {.content = BUF_INIT(size)};

	if (size > 200000)
		return 0;
	read_all(input, SIZE_MAX, SIZE_MAX, &whole);
	read_all(input, size / 2, 3, &cut);
	fuzz_require(whole.requests == cut.requests && whole.lengths == cut.lengths && whole.status == cut.status);
	fuzz_require(bytes_equal(buf_bytes(&whole.content), buf_bytes(&cut.content)));
	judge(input);
	buf_free(&whole.content);
	buf_free(&cut.content);
	return 0;
}
