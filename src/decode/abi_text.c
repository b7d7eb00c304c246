/* Calls as a person reads them. */
#include "base/hex.h"
#include "decode/abi.h"

static void put_integer(struct buf *buf, const struct abi_value *value)
{
	char text[U256_DECIMAL_SIZE];
	struct u256 magnitude = value->number;
	struct u256 one = u256_from_u64(1);

	if (value->type->kind == ABI_INT && value->number.limb[3] >> 63) {
		for (size_t i = 0; i < 4; i++)
			magnitude.limb[i] = ~magnitude.limb[i];
		u256_add(&magnitude, &one, &magnitude);
		buf_put_u8(buf, '-');
	}
	u256_to_decimal(&magnitude, text);
	buf_put_text(buf, text);
}

static void put_address(struct buf *buf, struct bytes bytes)
{
	struct address address;
	char text[ADDRESS_TEXT_SIZE];

	for (size_t i = 0; i < ADDRESS_SIZE; i++)
		address.bytes[i] = bytes.data[i];
	address_to_checksum(&address, text);
	buf_put_text(buf, text);
}

static void put_items(struct buf *buf, const struct abi_value *value, char open, char close)
{
	buf_put_u8(buf, (uint8_t)open);
	for (size_t i = 0; i < value->count; i++) {
		if (i > 0)
			buf_put_u8(buf, ' ');
		abi_put_value(&value->items[i], buf);
	}
	buf_put_u8(buf, (uint8_t)close);
}

void abi_put_value(const struct abi_value *value, struct buf *ret_text)
{
	switch (value->type->kind) {
	case ABI_UINT:
	case ABI_INT:
		put_integer(ret_text, value);
		break;
	case ABI_BOOL:
		buf_put_text(ret_text, u256_is_zero(&value->number) ? "false" : "true");
		break;
	case ABI_ADDRESS:
		put_address(ret_text, value->bytes);
		break;
	case ABI_FIXED_BYTES:
	case ABI_BYTES:
	case ABI_FUNCTION:
		buf_put_text(ret_text, "0x");
		hex_encode(value->bytes, ret_text);
		break;
	case ABI_STRING:
		buf_put_bytes(ret_text, value->bytes);
		break;
	case ABI_ARRAY:
	case ABI_FIXED_ARRAY:
		put_items(ret_text, value, '[', ']');
		break;
	case ABI_TUPLE:
		put_items(ret_text, value, '{', '}');
		break;
	}
}

void abi_put_call(const struct abi_method *method, const struct abi_value *arguments, struct buf *ret_text)
{
	buf_put_bytes(ret_text, method->name);
	buf_put_u8(ret_text, '(');
	for (size_t i = 0; i < arguments->count; i++) {
		if (i > 0)
			buf_put_u8(ret_text, ',');
		buf_put_bytes(ret_text, arguments->items[i].type->text);
		buf_put_text(ret_text, ": ");
		abi_put_value(&arguments->items[i], ret_text);
	}
	buf_put_u8(ret_text, ')');
}
