#include "ui/token_call.h"

#include <string.h>

#include "ui/amount.h"

#define SELECTOR_SIZE  4
#define WORD_SIZE      32
#define UNLIMITED_BITS 128

static const struct {
	uint8_t selector[SELECTOR_SIZE];
	enum token_call_kind kind;
} calls[] = {
    {{0xa9, 0x05, 0x9c, 0xbb}, TOKEN_CALL_TRANSFER},
    {{0x23, 0xb8, 0x72, 0xdd}, TOKEN_CALL_TRANSFER_FROM},
    {{0x09, 0x5e, 0xa7, 0xb3}, TOKEN_CALL_APPROVE},
    {{0x39, 0x50, 0x93, 0x51}, TOKEN_CALL_INCREASE},
    {{0xa2, 0x2c, 0xb4, 0x65}, TOKEN_CALL_APPROVE_ALL},
};

static bool read_address(struct reader *reader, struct address *ret_address)
{
	static const uint8_t padding[WORD_SIZE - ADDRESS_SIZE];
	struct bytes high = reader_bytes(reader, sizeof padding);
	struct bytes low = reader_bytes(reader, ADDRESS_SIZE);

	if (reader->failed)
		return false;
	memcpy(ret_address->bytes, low.data, ADDRESS_SIZE);
	return bytes_equal(high, bytes_of(padding, sizeof padding));
}

static bool read_arguments(struct reader *reader, struct token_call *call)
{
	if (call->kind == TOKEN_CALL_TRANSFER_FROM && !read_address(reader, &call->owner))
		return false;
	if (!read_address(reader, &call->party))
		return false;
	if (!u256_from_bytes(reader_bytes(reader, WORD_SIZE), &call->amount) || !reader_done(reader))
		return false;
	call->unlimited = u256_bits(&call->amount) > UNLIMITED_BITS;
	return call->kind != TOKEN_CALL_APPROVE_ALL || u256_bits(&call->amount) <= 1;
}

struct token_call token_call_parse(struct bytes untrusted_data)
{
	struct reader reader = reader_of(untrusted_data);
	struct bytes selector = reader_bytes(&reader, SELECTOR_SIZE);

	for (size_t i = 0; !reader.failed && i < sizeof calls / sizeof calls[0]; i++) {
		struct token_call call = {.kind = calls[i].kind};

		if (bytes_equal(selector, bytes_of(calls[i].selector, SELECTOR_SIZE)))
			return read_arguments(&reader, &call) ? call : (struct token_call){0};
	}
	return (struct token_call){0};
}

static void put_amount(const struct token_call *call, struct buf *ret_text)
{
	if (call->unlimited) {
		buf_put_text(ret_text, "an UNLIMITED amount");
		return;
	}
	amount_put_number(&call->amount, ret_text);
	buf_put_text(ret_text, " (in the token's smallest unit, or the number of one item)");
}

static void put_party(const char *before, const struct address *address, const char *after, struct buf *ret_text)
{
	char text[ADDRESS_TEXT_SIZE];

	address_to_checksum(address, text);
	buf_printf(ret_text, "%s%s%s", before, text, after);
}

void token_call_put_sentence(const struct token_call *call, const char *owner, struct buf *ret_text)
{
	switch (call->kind) {
	case TOKEN_CALL_NONE:
		return;
	case TOKEN_CALL_TRANSFER:
		put_party("If this contract is a token, ", &call->party, " receives ", ret_text);
		put_amount(call, ret_text);
		break;
	case TOKEN_CALL_TRANSFER_FROM:
		put_party("If this contract is a token, ", &call->party, " receives ", ret_text);
		put_amount(call, ret_text);
		put_party(", taken from ", &call->owner, "", ret_text);
		break;
	case TOKEN_CALL_APPROVE:
		put_party("If this contract is a token, ", &call->party, " may from now on take ", ret_text);
		put_amount(call, ret_text);
		buf_printf(ret_text, " of it from %s", owner);
		break;
	case TOKEN_CALL_INCREASE:
		put_party("If this contract is a token, ", &call->party, " may from now on take, on top of what it may already, ",
		    ret_text);
		put_amount(call, ret_text);
		buf_printf(ret_text, " of it from %s", owner);
		break;
	case TOKEN_CALL_APPROVE_ALL:
		put_party("If this contract is a token, ", &call->party, "", ret_text);
		buf_printf(ret_text, " may %s its items from %s",
		    u256_is_zero(&call->amount) ? "no longer take" : "from now on take ALL", owner);
		break;
	}
	buf_put_u8(ret_text, '.');
}

bool token_call_is_dangerous(const struct token_call *call)
{
	switch (call->kind) {
	case TOKEN_CALL_APPROVE:
	case TOKEN_CALL_INCREASE:
		return call->unlimited;
	case TOKEN_CALL_APPROVE_ALL:
		return !u256_is_zero(&call->amount);
	case TOKEN_CALL_NONE:
	case TOKEN_CALL_TRANSFER:
	case TOKEN_CALL_TRANSFER_FROM:
		return false;
	}
	return false;
}
