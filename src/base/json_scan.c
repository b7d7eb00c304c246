#include "base/json.h"

static bool is_space(uint8_t c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static bool ends_scalar(uint8_t c)
{
	return is_space(c) || c == ',' || c == '"' || c == '[' || c == ']' || c == '{' || c == '}';
}

void json_scan_start(struct json_scan *scan)
{
	*scan = (struct json_scan){0};
}

/* The first byte decides what ends the value. */
static enum json_scan_result scan_begin(struct json_scan *scan, uint8_t c)
{
	scan->start = scan->offset++;
	scan->begun = true;
	scan->in_string = c == '"';
	scan->depth = c == '[' || c == '{' ? 1 : 0;
	scan->scalar = !scan->in_string && scan->depth == 0;
	return JSON_SCAN_MORE;
}

static enum json_scan_result scan_string(struct json_scan *scan, uint8_t c)
{
	scan->offset++;
	if (scan->escaped) {
		scan->escaped = false;
	} else if (c == '\\') {
		scan->escaped = true;
	} else if (c == '"') {
		scan->in_string = false;
		return scan->depth == 0 ? JSON_SCAN_VALUE : JSON_SCAN_MORE;
	}
	return JSON_SCAN_MORE;
}

static enum json_scan_result scan_nested(struct json_scan *scan, uint8_t c)
{
	bool opens = c == '[' || c == '{';

	/* The byte stays unread, so that asking again gives the same answer. */
	if (opens && scan->depth == JSON_DEPTH_MAX)
		return JSON_SCAN_TOO_DEEP;
	scan->offset++;
	scan->in_string = c == '"';
	if (opens)
		scan->depth++;
	else if ((c == ']' || c == '}') && --scan->depth == 0)
		return JSON_SCAN_VALUE;
	return JSON_SCAN_MORE;
}

static enum json_scan_result scan_scalar(struct json_scan *scan, uint8_t c)
{
	if (ends_scalar(c))
		return JSON_SCAN_VALUE;
	scan->offset++;
	return JSON_SCAN_MORE;
}

enum json_scan_result json_scan_feed(struct json_scan *scan, struct bytes stream)
{
	enum json_scan_result result = JSON_SCAN_MORE;

	while (result == JSON_SCAN_MORE && scan->offset < stream.size) {
		uint8_t c = stream.data[scan->offset];
		if (!scan->begun && is_space(c))
			scan->offset++;
		else if (!scan->begun)
			result = scan_begin(scan, c);
		else if (scan->scalar)
			result = scan_scalar(scan, c);
		else if (scan->in_string)
			result = scan_string(scan, c);
		else
			result = scan_nested(scan, c);
	}
	return result;
}

static bool separates(uint8_t c)
{
	return is_space(c) || c == ',' || c == ':';
}

void json_walk_start(struct json_walk *walk, struct bytes container)
{
	struct bytes rest = container;

	while (rest.size > 0 && is_space(rest.data[0]))
		rest = bytes_of(rest.data + 1, rest.size - 1);
	/* the bracket or brace */
	walk->rest = rest.size > 0 ? bytes_of(rest.data + 1, rest.size - 1) : BYTES_NONE;
}

bool json_walk_next(struct json_walk *walk, struct bytes *ret_text)
{
	struct bytes rest = walk->rest;
	struct json_scan scan;

	while (rest.size > 0 && separates(rest.data[0]))
		rest = bytes_of(rest.data + 1, rest.size - 1);
	walk->rest = BYTES_NONE;
	if (rest.size == 0 || rest.data[0] == ']' || rest.data[0] == '}')
		return false;
	json_scan_start(&scan);
	if (json_scan_feed(&scan, rest) != JSON_SCAN_VALUE)
		return false;
	*ret_text = bytes_of(rest.data, scan.offset);
	walk->rest = bytes_of(rest.data + scan.offset, rest.size - scan.offset);
	return true;
}
