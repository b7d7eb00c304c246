#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/json.h"
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

const char *http_allowed_origin(const struct http_head *head, const struct http_policy *policy)
{
	return policy != NULL && head->has_origin ? origins_find(&policy->origins, head->origin) : NULL;
}

/* No JSON type: what a program on this machine may send without one, and a web page may not. */
static enum http_verdict judge_form(const struct http_head *head, struct http_refusal *ret_refusal)
{
	static const char json_only[] = "invalid content type, only application/json is supported";

	if (head->method != HTTP_POST || (head->has_content_type && !http_content_type_is_form(head->content_type)))
		return refuse(ret_refusal, 415, json_only);
	if (head->has_origin || head->has_referer || head->has_fetch_metadata)
		return refuse(ret_refusal, 415,
		    "invalid content type: a form's type, or none, is taken from programs only, and this request has a browser's "
		    "headers (Origin, Referer or Sec-Fetch-*); send Content-Type: application/json");
	if (!vhosts_is_loopback(head->host))
		return refuse(ret_refusal, 415,
		    "invalid content type: a form's type, or none, is taken only where Host is localhost or a loopback address; "
		    "send "
		    "Content-Type: application/json");
	return HTTP_RUN_OBJECT;
}

static const char *host_text(const struct http_policy *policy)
{
	return policy == NULL ? "invalid host specified"
	                      : "invalid host specified: call localhost, or allow the name with --vhosts";
}

enum http_verdict http_judge(
    const struct http_head *head, const struct vhosts *vhosts, const struct http_policy *policy, struct http_refusal *ret_refusal)
{
	bool has_body = head->chunked || head->length > 0;
	bool reads = head->method == HTTP_GET || head->method == HTTP_HEAD;

	if (!vhosts_allow(vhosts, head->host))
		return refuse(ret_refusal, 403, host_text(policy));
	if (policy != NULL && head->has_origin && http_allowed_origin(head, policy) == NULL)
		return refuse(
		    ret_refusal, 403, "this web page may not call: its origin is not among those that --origins allows");
	if (head->method == HTTP_OTHER || (reads && has_body))
		return refuse(ret_refusal, 405, "method not allowed");
	if (head->length > HTTP_BODY_MAX)
		return refuse_size(ret_refusal, head->length);
	if (head->method == HTTP_GET && !head->has_query)
		return HTTP_HEALTH;
	if (head->method == HTTP_OPTIONS)
		return policy != NULL && head->has_origin && head->is_preflight ? HTTP_PREFLIGHT : HTTP_NOTHING;
	if (http_content_type_is_json(head->content_type))
		return HTTP_RUN;
	if (policy != NULL)
		return judge_form(head, ret_refusal);
	return refuse(ret_refusal, 415, "invalid content type, only application/json is supported");
}

bool http_body_is_object(struct bytes untrusted_body, struct http_refusal *ret_refusal)
{
	struct json json JSON_CLEANUP = {0};
	struct error ignored;

	if (json_parse(untrusted_body, &json, &ignored) && yyjson_is_obj(json.root) &&
	    bytes_equal_text(json_bytes(yyjson_obj_get(json.root, "jsonrpc")), "2.0") &&
	    yyjson_is_str(yyjson_obj_get(json.root, "method")))
		return true;
	refuse(ret_refusal, 415,
	    "invalid content type: with a form's type, or none, the body has to be one JSON-RPC 2.0 object; for anything else "
	    "send "
	    "Content-Type: application/json");
	return false;
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

static bool content_type_is_one_of(struct bytes untrusted_value, const char *const types[], size_t count)
{
	struct bytes text = http_trim(untrusted_value);
	size_t size = 0;

	while (size < text.size && text.data[size] != ';')
		size++;
	struct bytes type = http_trim(bytes_of(text.data, size));
	for (size_t i = 0; i < count; i++) {
		if (bytes_equal_text_nocase(type, types[i]))
			return parameters_are_good(bytes_of(text.data + size, text.size - size));
	}
	return false;
}

bool http_content_type_is_json(struct bytes untrusted_value)
{
	static const char *const types[] = {"application/json", "application/json-rpc", "application/jsonrequest"};

	return content_type_is_one_of(untrusted_value, types, sizeof types / sizeof types[0]);
}

bool http_content_type_is_form(struct bytes untrusted_value)
{
	static const char *const type = "application/x-www-form-urlencoded";

	return content_type_is_one_of(untrusted_value, &type, 1);
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
