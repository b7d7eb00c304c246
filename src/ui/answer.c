#include "ui/answer.h"

#include <stdlib.h>

#include "base/memory.h"

static void begin(struct bytes id, const char *member, struct buf *json)
{
	buf_put_text(json, "{\"jsonrpc\":\"2.0\",\"id\":");
	if (id.size == 0)
		buf_put_text(json, "null");
	buf_put_bytes(json, id);
	buf_printf(json, ",\"%s\":", member);
}

static void end(struct buf *json)
{
	buf_put_text(json, "}\n");
}

static void put_member(const struct question *question, const char *name, struct buf *json)
{
	yyjson_val *value = yyjson_obj_get(yyjson_arr_get_first(question->params), name);

	if (value == NULL)
		buf_put_text(json, "null");
	else
		json_write(value, json);
}

void answer_put_decision(const struct question *question, bool approved, struct buf *ret_json)
{
	const char *verdict = approved ? "true" : "false";

	begin(buf_bytes(&question->id), "result", ret_json);
	switch (question->kind) {
	case PAGE_LISTING:
		buf_put_text(ret_json, "{\"accounts\":");
		if (approved)
			put_member(question, "accounts", ret_json);
		else
			buf_put_text(ret_json, "null");
		break;
	case PAGE_TRANSACTION:
		buf_put_text(ret_json, "{\"transaction\":");
		put_member(question, "transaction", ret_json);
		buf_printf(ret_json, ",\"approved\":%s", verdict);
		break;
	case PAGE_BULK:
	case PAGE_SIGN_DATA:
	case PAGE_NEW_ACCOUNT:
	case PAGE_UNKNOWN:
	case PAGE_INPUT:
	case PAGE_STARTUP:
	case PAGE_APPROVED:
	case PAGE_INFO:
	case PAGE_ERROR:
		buf_printf(ret_json, "{\"approved\":%s", verdict);
		break;
	}
	buf_put_u8(ret_json, '}');
	end(ret_json);
}

static bool is_digit(uint8_t c)
{
	return c >= '0' && c <= '9';
}

/* The next number of the line, from *at on. False at anything but digits, and beyond `most`. */
static bool next_number(struct bytes line, size_t *at, size_t most, size_t *ret_number)
{
	size_t number = 0;
	size_t start = *at;

	while (*at < line.size && is_digit(line.data[*at])) {
		number = number * 10 + (size_t)(line.data[(*at)++] - '0');
		if (number > most)
			return false;
	}
	*ret_number = number;
	return *at > start && number > 0;
}

/* Marks the accounts that the line names. */
static bool choose(struct bytes line, bool *chosen, size_t count)
{
	size_t named = 0;

	for (size_t at = 0; at < line.size;) {
		size_t number;

		if (line.data[at] == ' ' || line.data[at] == ',') {
			at++;
			continue;
		}
		if (!next_number(line, &at, count, &number))
			return false;
		chosen[number - 1] = true;
		named++;
	}
	return named > 0;
}

bool answer_put_accounts(const struct question *question, struct bytes line, struct buf *ret_json)
{
	yyjson_val *accounts = yyjson_obj_get(yyjson_arr_get_first(question->params), "accounts");
	size_t count = yyjson_arr_size(accounts);
	bool *chosen = memory_new(count, sizeof(*chosen));
	yyjson_arr_iter iter = yyjson_arr_iter_with(accounts);
	bool first = true;
	bool ok = choose(line, chosen, count);

	if (ok) {
		begin(buf_bytes(&question->id), "result", ret_json);
		buf_put_text(ret_json, "{\"accounts\":[");
		for (size_t i = 0; i < count; i++) {
			yyjson_val *account = yyjson_arr_iter_next(&iter);

			if (!chosen[i])
				continue;
			buf_put_text(ret_json, first ? "" : ",");
			json_write(account, ret_json);
			first = false;
		}
		buf_put_text(ret_json, "]}");
		end(ret_json);
	}
	free(chosen);
	return ok;
}

void answer_put_input(struct bytes id, struct bytes line, struct buf *ret_json)
{
	begin(id, "result", ret_json);
	buf_put_text(ret_json, "{\"text\":");
	json_put_string(ret_json, line);
	buf_put_u8(ret_json, '}');
	end(ret_json);
}

void answer_put_terminal(struct bytes id, struct buf *ret_json)
{
	begin(id, "result", ret_json);
	buf_put_text(ret_json, "{\"text\":\"\",\"terminal\":true}");
	end(ret_json);
}

void answer_put_error(struct bytes id, int code, const char *message, struct buf *ret_json)
{
	begin(id, "error", ret_json);
	buf_printf(ret_json, "{\"code\":%d,\"message\":", code);
	json_put_string(ret_json, bytes_text(message));
	buf_put_u8(ret_json, '}');
	end(ret_json);
}
