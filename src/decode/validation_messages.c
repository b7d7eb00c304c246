/* The messages of a validation: which are kept, whether they refuse, and how they are written down. */
#include "base/json.h"
#include "decode/validation.h"

/* Of all reasons to refuse together; an error shows their beginning. */
#define REFUSAL_MAX ((size_t)VALIDATION_MESSAGES_MAX << 17)

/* Reason enough to refuse without --advanced. */
static bool refuses(const struct validation_message *message)
{
	return message->level != VALIDATION_INFO && !message->advisory;
}

/* The last message says so, once not all can be kept. */
static const char more_warnings[] = "more-warnings";

/* Which of two is rather done without: the milder one, then the one that is no reason to refuse. */
static bool is_weaker(const struct validation_message *a, const struct validation_message *b)
{
	return a->level != b->level ? a->level < b->level : !refuses(a) && refuses(b);
}

/* The last one of the weakest, among the first `count`. */
static size_t find_weakest(const struct validation *validation, size_t count)
{
	size_t weakest = 0;

	for (size_t i = 1; i < count; i++)
		if (!is_weaker(&validation->messages[weakest], &validation->messages[i]))
			weakest = i;
	return weakest;
}

static struct validation_message take_out(struct validation *validation, size_t index)
{
	struct validation_message taken = validation->messages[index];

	for (size_t i = index; i + 1 < validation->count; i++)
		validation->messages[i] = validation->messages[i + 1];
	validation->count--;
	return taken;
}

static void put_in(struct validation *validation, size_t index, struct validation_message message)
{
	for (size_t i = validation->count++; i > index; i--)
		validation->messages[i] = validation->messages[i - 1];
	validation->messages[index] = message;
}

/* What is left out still counts: `more` is as severe as the worst of it, and refuses if any of it does. */
static void count_in(struct validation_message *more, const struct validation_message *left_out)
{
	more->advisory = !refuses(more) && !refuses(left_out);
	more->structured_only = more->structured_only && left_out->structured_only;
	more->level = left_out->level > more->level ? left_out->level : more->level;
}

/* All places but the last are taken by the most severe ones, in the order they came. */
static void append(struct validation *validation, struct validation_message message)
{
	struct validation_message *last = &validation->messages[VALIDATION_MESSAGES_MAX - 1];

	if (validation->count < VALIDATION_MESSAGES_MAX) {
		validation->messages[validation->count++] = message;
		return;
	}
	if (last->code != more_warnings) {
		struct validation_message more = take_out(validation, find_weakest(validation, validation->count));

		more.code = more_warnings;
		more.text = bytes_text("More was found than can be shown; do not sign what you do not understand");
		put_in(validation, validation->count, more);
	}
	size_t weakest = find_weakest(validation, validation->count - 1);
	if (is_weaker(&validation->messages[weakest], &message)) {
		struct validation_message out = take_out(validation, weakest);

		put_in(validation, validation->count - 1, message);
		message = out;
	}
	count_in(last, &message);
}

void validation_add(struct validation *validation, enum validation_level level, const char *code, struct bytes text)
{
	append(validation, (struct validation_message){.level = level, .code = code, .text = text});
}

void validation_advise(struct validation *validation, enum validation_level level, const char *code, struct bytes text)
{
	append(validation, (struct validation_message){.level = level, .code = code, .text = text, .advisory = true});
}

void validation_tell(struct validation *validation, enum validation_level level, const char *code, struct bytes text)
{
	append(validation,
	    (struct validation_message){.level = level, .code = code, .text = text, .advisory = true, .structured_only = true});
}

bool validation_permits(const struct validation *validation, bool advanced, struct error *ret_error)
{
	BUF_CLEANUP struct buf text = BUF_INIT(REFUSAL_MAX);
	bool any = false;

	for (size_t i = 0; i < validation->count && !advanced; i++) {
		if (!refuses(&validation->messages[i]))
			continue;
		if (any)
			buf_put_u8(&text, ',');
		buf_put_bytes(&text, validation->messages[i].text);
		any = true;
	}
	return !any || error_set(ret_error, ERROR_REFUSED, "validation failed: %s", buf_text(&text));
}

/* Clef's spelling in call_info, and that of UI protocol 7.1. */
static const struct level_names {
	const char *call_info, *warning;
} level_names[] = {[VALIDATION_INFO] = {"Info", "info"},
    [VALIDATION_WARNING] = {"WARNING", "warning"},
    [VALIDATION_CRITICAL] = {"CRITICAL", "critical"}};

void validation_put_json(const struct validation *validation, struct buf *ret_json)
{
	bool any = false;

	for (size_t i = 0; i < validation->count; i++) {
		if (validation->messages[i].structured_only)
			continue;
		buf_put_text(ret_json, any ? ",{\"type\":\"" : "[{\"type\":\"");
		buf_put_text(ret_json, level_names[validation->messages[i].level].call_info);
		buf_put_text(ret_json, "\",\"message\":");
		json_put_string(ret_json, validation->messages[i].text);
		buf_put_u8(ret_json, '}');
		any = true;
	}
	buf_put_text(ret_json, any ? "]" : "null");
}

void validation_put_warnings(const struct validation *validation, struct buf *ret_json)
{
	buf_put_u8(ret_json, '[');
	for (size_t i = 0; i < validation->count; i++) {
		const struct validation_message *message = &validation->messages[i];

		buf_printf(ret_json, "%s{\"level\":\"%s\",\"code\":\"%s\",\"text\":", i == 0 ? "" : ",",
		    level_names[message->level].warning, message->code);
		json_put_string(ret_json, message->text);
		buf_put_u8(ret_json, '}');
	}
	buf_put_u8(ret_json, ']');
}
