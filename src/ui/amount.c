#include "ui/amount.h"

#include "base/hex.h"

#define COIN_DECIMALS 18
#define GWEI_DECIMALS 9

struct amount amount_of(yyjson_val *untrusted_value)
{
	struct bytes text = json_bytes(untrusted_value);
	struct amount amount = {AMOUNT_BAD, U256_ZERO};

	if (untrusted_value == NULL || yyjson_is_null(untrusted_value))
		amount.state = AMOUNT_ABSENT;
	else if (yyjson_is_str(untrusted_value) && hex_has_prefix(text) &&
	         u256_from_hex_digits(hex_skip_prefix(text), &amount.value))
		amount.state = AMOUNT_OK;
	return amount;
}

struct amount amount_get(yyjson_val *untrusted_object, const char *name)
{
	return amount_of(yyjson_obj_get(untrusted_object, name));
}

void amount_put_coins(const struct u256 *value, const char *coin, struct buf *ret_text)
{
	char text[U256_UNITS_SIZE];

	u256_to_units(value, COIN_DECIMALS, text);
	buf_printf(ret_text, "%s %s", text, coin);
}

void amount_put_gwei(const struct u256 *value, struct buf *ret_text)
{
	char text[U256_UNITS_SIZE];

	u256_to_units(value, GWEI_DECIMALS, text);
	buf_printf(ret_text, "%s gwei", text);
}

void amount_put_number(const struct u256 *value, struct buf *ret_text)
{
	char text[U256_DECIMAL_SIZE];

	u256_to_decimal(value, text);
	buf_put_text(ret_text, text);
}
