/*
 * json: strict reading of JSON from outside, over yyjson.
 *
 * Accepted is RFC 8259 with strict UTF-8 (also in escapes: no lone surrogates), at most the given depth, one value and nothing
 * but white space after it. Numbers stay raw text, so that no precision is lost. Memory that held a document is wiped before
 * it is released, since a UI's replies may carry a password.
 */
#ifndef CLEF_BASE_JSON_H
#define CLEF_BASE_JSON_H

#include <yyjson.h>

#include "base/bytes.h"
#include "base/error.h"

/* Deepest nesting that any JSON from outside may have. */
#define JSON_DEPTH_MAX 10000

struct json {
	yyjson_doc *doc;
	yyjson_val *root;
};

/* Parse one value. On failure *ret_json is empty and the error is ERROR_PARSE with the text "parse error". */
bool json_parse(struct bytes untrusted_text, struct json *ret_json, struct error *ret_error);
/* The same for a file that a person wrote: the error, ERROR_REFUSED, says in which line and column what is wrong. */
bool json_parse_file(struct bytes untrusted_text, struct json *ret_json, struct error *ret_error);
/* The text is neither a JSON value (with anything behind it) nor the beginning of one: waiting for more of it is useless. */
bool json_is_garbage(struct bytes untrusted_text);
void json_free(struct json *json);
#define JSON_CLEANUP __attribute__((cleanup(json_free)))

/*
 * Some object in the value, at any depth, names a member twice; its name in *ret_name (borrowed), nothing when there is none. Names
 * are compared after unescaping. Time is near-linear in the document, whatever the names are; depth costs no stack.
 */
bool json_has_duplicate(yyjson_val *value, struct bytes *ret_name);
/* Text of a string value, or of a raw number; nothing for other types. */
struct bytes json_bytes(yyjson_val *value);
/* Append the value as compact JSON text (raw numbers as they came). */
bool json_write(yyjson_val *value, struct buf *ret_text);
bool json_write_mut(yyjson_mut_doc *doc, struct buf *ret_text);
/* Append a string as a JSON string with quotes. The bytes must be UTF-8; anything else becomes U+FFFD. */
void json_put_string(struct buf *buf, struct bytes text);
/* A mutable document whose memory is wiped when freed; never NULL. Free with yyjson_mut_doc_free. */
yyjson_mut_doc *json_mut_new(void);

/*
 * Finds where one JSON value ends in a stream, without judging it: feed bytes as they come.
 * A value that is no object, array or string ends at the first white space, comma, bracket, brace or quote after it.
 */
struct json_scan {
	size_t offset; /* bytes looked at since json_scan_start */
	size_t start;  /* offset of the value's first byte, once begun */
	uint32_t depth;
	bool begun, in_string, escaped, scalar;
};

enum json_scan_result { JSON_SCAN_MORE, JSON_SCAN_VALUE, JSON_SCAN_TOO_DEEP };

void json_scan_start(struct json_scan *scan);
/*
 * `stream` is everything received since the start (the same bytes as before, perhaps with more behind). JSON_SCAN_VALUE: one value
 * lies in stream[scan->start .. scan->offset); consume it and start anew. Garbage gives a value, too: the parser refuses it.
 */
enum json_scan_result json_scan_feed(struct json_scan *scan, struct bytes stream);

/*
 * Walks over the text of an array or object that json_parse accepted, value by value, names of members being values of their own. For
 * callers that need a value exactly as it was spelt.
 */
struct json_walk {
	struct bytes rest;
};

void json_walk_start(struct json_walk *walk, struct bytes container);
/* The text of the next value; false at the end. */
bool json_walk_next(struct json_walk *walk, struct bytes *ret_text);

#endif
