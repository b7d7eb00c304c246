#include <string.h>

#include "server/http.h"
#include "server/http_lex.h"

/* Header lines that matter here. Those before ONCE_END may come once at most. */
enum line {
	HOST,
	CONTENT_LENGTH,
	TRANSFER_ENCODING,
	CONTENT_TYPE,
	USER_AGENT,
	ORIGIN,
	EXPECT,
	ONCE_END,
	CONNECTION,
	ACCEPT_ENCODING,
	REFERER,
	REQUEST_METHOD,
	REQUEST_PRIVATE_NETWORK,
	SEC_FETCH,
	UNKNOWN
};

struct parse {
	struct http_head *head;
	unsigned seen; /* bits of enum line */
	bool close, keep_alive;
	struct bytes target;
};

static enum line line_of(struct bytes name)
{
#define KNOWN(text, line)                                         \
	{                                                         \
		{(const uint8_t *)(text), sizeof(text) - 1}, line \
	}
	static const struct {
		struct bytes name;
		enum line line;
	} known[] = {
	    KNOWN("host", HOST),
	    KNOWN("content-length", CONTENT_LENGTH),
	    KNOWN("transfer-encoding", TRANSFER_ENCODING),
	    KNOWN("content-type", CONTENT_TYPE),
	    KNOWN("user-agent", USER_AGENT),
	    KNOWN("origin", ORIGIN),
	    KNOWN("expect", EXPECT),
	    KNOWN("connection", CONNECTION),
	    KNOWN("accept-encoding", ACCEPT_ENCODING),
	    KNOWN("referer", REFERER),
	    KNOWN("access-control-request-method", REQUEST_METHOD),
	    KNOWN("access-control-request-private-network", REQUEST_PRIVATE_NETWORK),
	};
	static const char fetch[] = "sec-fetch-";
	const size_t fetch_size = sizeof fetch - 1;

	for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
		if (http_equal_nocase(name, known[i].name))
			return known[i].line;
	}
	if (name.size > fetch_size && bytes_equal_text_nocase(bytes_of(name.data, fetch_size), fetch))
		return SEC_FETCH;
	return UNKNOWN;
}

static int parse_method(struct bytes method, struct http_head *head)
{
	static const char *const names[] = {
	    [HTTP_GET] = "GET", [HTTP_HEAD] = "HEAD", [HTTP_POST] = "POST", [HTTP_OPTIONS] = "OPTIONS"};

	if (!http_is_token(method))
		return 400;
	head->method = HTTP_OTHER;
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
		if (bytes_equal_text(method, names[i]))
			head->method = (enum http_method)i;
	}
	return 0;
}

static int parse_version(struct bytes version, struct http_head *head)
{
	head->version_1_0 = bytes_equal_text(version, "HTTP/1.0");
	if (head->version_1_0 || bytes_equal_text(version, "HTTP/1.1"))
		return 0;
	bool other = version.size == 8 && memcmp(version.data, "HTTP/", 5) == 0 && http_is_digit(version.data[5]) &&
	             version.data[6] == '.' && http_is_digit(version.data[7]);
	return other ? 505 : 400;
}

static int parse_request_line(struct bytes line, struct parse *parse)
{
	const uint8_t *first = memchr(line.data, ' ', line.size);
	const uint8_t *last = memrchr(line.data, ' ', line.size);

	if (first == NULL || first == last)
		return 400;
	size_t method_size = (size_t)(first - line.data);
	parse->target = bytes_of(first + 1, (size_t)(last - first) - 1);
	for (size_t i = 0; i < parse->target.size; i++) {
		if (parse->target.data[i] <= ' ' || parse->target.data[i] >= 0x7f)
			return 400;
	}
	int status = parse_method(bytes_of(line.data, method_size), parse->head);
	if (status != 0)
		return status;
	return parse_version(bytes_of(last + 1, line.size - (size_t)(last - line.data) - 1), parse->head);
}

static int parse_length(struct bytes value, struct http_head *head)
{
	if (value.size == 0 || value.size > 18)
		return 400;
	for (size_t i = 0; i < value.size; i++) {
		if (!http_is_digit(value.data[i]))
			return 400;
		head->length = head->length * 10 + (uint64_t)(value.data[i] - '0');
	}
	head->has_length = true;
	return 0;
}

static void parse_connection(struct bytes value, struct parse *parse)
{
	struct bytes item;

	while (http_next_item(&value, ',', &item)) {
		parse->close = parse->close || bytes_equal_text_nocase(item, "close");
		parse->keep_alive = parse->keep_alive || bytes_equal_text_nocase(item, "keep-alive");
	}
}

static int take_line(enum line line, struct bytes value, struct parse *parse)
{
	struct http_head *head = parse->head;

	switch (line) {
	case HOST:
		head->host = value;
		return 0;
	case CONTENT_LENGTH:
		return parse_length(value, head);
	case TRANSFER_ENCODING:
		head->chunked = bytes_equal_text_nocase(value, "chunked");
		return 0;
	case CONTENT_TYPE:
		head->content_type = value;
		head->has_content_type = true;
		return 0;
	case USER_AGENT:
		head->user_agent = value;
		return 0;
	case ORIGIN:
		head->origin = value;
		head->has_origin = true;
		return 0;
	case EXPECT:
		head->expect_continue = bytes_equal_text_nocase(value, "100-continue");
		return 0;
	case CONNECTION:
		parse_connection(value, parse);
		return 0;
	case ACCEPT_ENCODING:
		head->accepts_gzip = head->accepts_gzip || http_accepts_gzip(value);
		return 0;
	case REFERER:
		head->has_referer = true;
		return 0;
	case SEC_FETCH:
		head->has_fetch_metadata = true;
		return 0;
	case REQUEST_METHOD:
		head->is_preflight = true;
		return 0;
	case REQUEST_PRIVATE_NETWORK:
		head->asks_private_network = bytes_equal_text_nocase(value, "true");
		return 0;
	case ONCE_END:
	case UNKNOWN:
		return 0;
	}
	return 0;
}

static int parse_header_line(struct bytes text, struct parse *parse)
{
	const uint8_t *colon = memchr(text.data, ':', text.size);

	if (colon == NULL)
		return 400;
	size_t size = (size_t)(colon - text.data);
	struct bytes name = bytes_of(text.data, size);
	struct bytes value = http_trim(bytes_of(colon + 1, text.size - size - 1));
	/* A folded line begins with a blank and fails here, too: no token does. */
	if (!http_is_token(name) || !http_is_field_value(value))
		return 400;
	enum line line = line_of(name);
	if (line < ONCE_END && (parse->seen & 1U << line) != 0)
		return 400;
	parse->seen |= 1U << line;
	return take_line(line, value, parse);
}

/* The host that an absolute target names; false when the target has no form that we know. */
static bool split_target(struct bytes target, enum http_method method, struct bytes *ret_authority, struct bytes *ret_rest)
{
	static const char scheme[] = "http://";
	const size_t scheme_size = sizeof scheme - 1;

	*ret_authority = BYTES_NONE;
	*ret_rest = target;
	if (target.size > 0 && target.data[0] == '/')
		return true;
	if (bytes_equal_text(target, "*"))
		return method == HTTP_OPTIONS;
	if (target.size <= scheme_size || !bytes_equal_text_nocase(bytes_of(target.data, scheme_size), scheme))
		return false;
	size_t end = scheme_size;
	while (end < target.size && target.data[end] != '/' && target.data[end] != '?')
		end++;
	*ret_authority = bytes_of(target.data + scheme_size, end - scheme_size);
	*ret_rest = bytes_of(target.data + end, target.size - end);
	return ret_authority->size > 0;
}

static int judge_target(struct parse *parse)
{
	struct http_head *head = parse->head;
	struct bytes authority, rest;

	if (!split_target(parse->target, head->method, &authority, &rest))
		return 400;
	if (authority.size > 0 && (parse->seen & 1U << HOST) != 0 && !http_equal_nocase(authority, head->host))
		return 400;
	if (authority.size > 0)
		head->host = authority;
	const uint8_t *mark = rest.size > 0 ? memchr(rest.data, '?', rest.size) : NULL;
	head->has_query = mark != NULL && mark + 1 < rest.data + rest.size;
	return 0;
}

/* What only the whole head can tell. */
static int judge_whole(struct parse *parse)
{
	struct http_head *head = parse->head;
	bool has_coding = (parse->seen & 1U << TRANSFER_ENCODING) != 0;

	if (!head->version_1_0 && (parse->seen & 1U << HOST) == 0)
		return 400;
	if (has_coding && (head->version_1_0 || head->has_length))
		return 400;
	if (has_coding && !head->chunked)
		return 501;
	if ((parse->seen & 1U << EXPECT) != 0 && !head->expect_continue)
		return 417;
	head->expect_continue = head->expect_continue && !head->version_1_0;
	head->keep_alive = !parse->close && (!head->version_1_0 || parse->keep_alive);
	return judge_target(parse);
}

static int parse_lines(struct bytes text, struct parse *parse)
{
	bool first = true;

	/* The blank line at the end is not among them; each ends with CRLF, as the scan has seen. */
	while (text.size > 0) {
		const uint8_t *newline = memchr(text.data, '\n', text.size);
		size_t size = (size_t)(newline - text.data) + 1;
		struct bytes line = bytes_of(text.data, size - 2);
		int status = first ? parse_request_line(line, parse) : parse_header_line(line, parse);

		if (status != 0)
			return status;
		first = false;
		text = bytes_of(text.data + size, text.size - size);
	}
	return judge_whole(parse);
}

/* Looks for the blank line. Returns 0, or the status of a head that cannot become a good one. *ret_found: scan->line is where it is. */
static int scan_lines(struct bytes stream, struct http_scan *scan, bool *ret_found)
{
	const uint8_t *newline;

	*ret_found = false;
	while (scan->offset < stream.size &&
	       (newline = memchr(stream.data + scan->offset, '\n', stream.size - scan->offset)) != NULL) {
		size_t at = (size_t)(newline - stream.data);

		if (at == scan->line || stream.data[at - 1] != '\r')
			return 400;
		scan->offset = at + 1;
		if (at - scan->start >= HTTP_HEAD_MAX)
			return 431;
		if (at - scan->line > 1) {
			scan->line = at + 1;
		} else if (at == 1) {
			scan->start = scan->line = 2;
		} else {
			*ret_found = true;
			return 0;
		}
	}
	scan->offset = stream.size;
	if (stream.size - scan->start > HTTP_HEAD_MAX)
		return 431;
	/* No need to wait for the end of a line that is none, such as a TLS greeting. */
	bool begun = stream.size > scan->start && stream.data[scan->start] != '\r';
	return begun && !http_is_token(bytes_of(stream.data + scan->start, 1)) ? 400 : 0;
}

enum http_progress http_head_parse(
    struct bytes untrusted_stream, struct http_scan *scan, struct http_head *ret_head, int *ret_status)
{
	struct parse parse = {.head = ret_head};
	bool found;

	*ret_head = (struct http_head){0};
	*ret_status = scan_lines(untrusted_stream, scan, &found);
	if (*ret_status != 0)
		return HTTP_BAD;
	if (!found)
		return HTTP_MORE;
	*ret_status = parse_lines(bytes_of(untrusted_stream.data + scan->start, scan->line - scan->start), &parse);
	ret_head->size = scan->offset;
	return *ret_status != 0 ? HTTP_BAD : HTTP_DONE;
}
