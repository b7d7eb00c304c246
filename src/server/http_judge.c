#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "server/http.h"
#include "server/http_lex.h"

static enum http_verdict refuse(struct http_refusal *refusal, int status, const char *text)
{
	refusal->status = status;
	snprintf(refusal->text, sizeof refusal->text, "%s\n", text);
	return HTTP_REFUSE;
}

static enum http_verdict refuse_size(struct http_refusal *refusal, uint64_t length)
{
	refusal->status = 413;
	snprintf(
	    refusal->text, sizeof refusal->text, "content length too large (%" PRIu64 ">%" PRIu64 ")\n", length, HTTP_BODY_MAX);
	return HTTP_REFUSE;
}

enum http_verdict http_judge(const struct http_head *head, const struct vhosts *vhosts, struct http_refusal *ret_refusal)
{
	bool has_body = head->chunked || head->length > 0;
	bool reads = head->method == HTTP_GET || head->method == HTTP_HEAD;

	if (!vhosts_allow(vhosts, head->host))
		return refuse(ret_refusal, 403, "invalid host specified");
	if (head->method == HTTP_OTHER || (reads && has_body))
		return refuse(ret_refusal, 405, "method not allowed");
	if (head->length > HTTP_BODY_MAX)
		return refuse_size(ret_refusal, head->length);
	if (head->method == HTTP_GET && !head->has_query)
		return HTTP_HEALTH;
	if (head->method == HTTP_OPTIONS)
		return HTTP_NOTHING;
	if (!http_content_type_is_json(head->content_type))
		return refuse(ret_refusal, 415, "invalid content type, only application/json is supported");
	return HTTP_RUN;
}

/* A name or a value that is a token, taken off the front. */
static bool take_token(struct bytes *text, struct bytes *ret_token)
{
	size_t size = 0;

	while (size < text->size && http_is_token(bytes_of(text->data + size, 1)))
		size++;
	*ret_token = bytes_of(text->data, size);
	*text = bytes_of(text->data + size, text->size - size);
	return size > 0;
}

static bool take_quoted(struct bytes *text)
{
	size_t at = 1;

	while (at < text->size && text->data[at] != '"')
		at += text->data[at] == '\\' ? 2 : 1;
	if (at >= text->size)
		return false;
	*text = bytes_of(text->data + at + 1, text->size - at - 1);
	return true;
}

static bool take_char(struct bytes *text, char c)
{
	if (text->size == 0 || text->data[0] != (uint8_t)c)
		return false;
	*text = bytes_of(text->data + 1, text->size - 1);
	return true;
}

/* More than any real client sends; a bound for comparing the names with one another. */
#define PARAMETERS_MAX 8

/* What follows "type/subtype": any number of ";name=value", each name once, and perhaps a last semicolon. */
static bool parameters_are_good(struct bytes text)
{
	struct bytes names[PARAMETERS_MAX];
	size_t count = 0;

	for (text = http_trim(text); text.size > 0; text = http_trim(text)) {
		if (!take_char(&text, ';'))
			return false;
		text = http_trim(text);
		if (text.size == 0)
			return true;
		struct bytes value;
		if (count == PARAMETERS_MAX || !take_token(&text, &names[count]) || !take_char(&text, '='))
			return false;
		if (text.size > 0 && text.data[0] == '"' ? !take_quoted(&text) : !take_token(&text, &value))
			return false;
		for (size_t i = 0; i < count; i++) {
			if (http_equal_nocase(names[i], names[count]))
				return false;
		}
		count++;
	}
	return true;
}

bool http_content_type_is_json(struct bytes untrusted_value)
{
	static const char *const types[] = {"application/json", "application/json-rpc", "application/jsonrequest"};
	struct bytes text = http_trim(untrusted_value);
	size_t size = 0;

	while (size < text.size && text.data[size] != ';')
		size++;
	struct bytes type = http_trim(bytes_of(text.data, size));
	for (size_t i = 0; i < sizeof types / sizeof types[0]; i++) {
		if (bytes_equal_text_nocase(type, types[i]))
			return parameters_are_good(bytes_of(text.data + size, text.size - size));
	}
	return false;
}

/* "q=0", "q=0.0", …: anything that has no digit but 0. */
static bool quality_is_zero(struct bytes parameter)
{
	if (parameter.size < 3 || (parameter.data[0] | 0x20) != 'q' || parameter.data[1] != '=')
		return false;
	for (size_t i = 2; i < parameter.size; i++) {
		if (parameter.data[i] != '0' && parameter.data[i] != '.')
			return false;
	}
	return true;
}

bool http_accepts_gzip(struct bytes untrusted_value)
{
	struct bytes list = untrusted_value;
	struct bytes item, part;

	while (http_next_item(&list, ',', &item)) {
		if (!http_next_item(&item, ';', &part) || !bytes_equal_text_nocase(part, "gzip"))
			continue;
		bool refused = false;
		while (http_next_item(&item, ';', &part))
			refused = refused || quality_is_zero(part);
		return !refused;
	}
	return false;
}
