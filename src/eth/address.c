#include "eth/address.h"

#include <string.h>

#include "base/hex.h"
#include "eth/keccak.h"

bool address_is_zero(const struct address *address)
{
	return address_equal(address, &ADDRESS_ZERO);
}

bool address_equal(const struct address *a, const struct address *b)
{
	return memcmp(a->bytes, b->bytes, ADDRESS_SIZE) == 0;
}

bool address_parse(struct bytes text, struct address *ret_address)
{
	return hex_has_prefix(text) && address_parse_lax(text, ret_address);
}

bool address_parse_lax(struct bytes text, struct address *ret_address)
{
	return hex_decode_fixed(hex_skip_prefix(text), ret_address->bytes, ADDRESS_SIZE);
}

void address_to_lower(const struct address *address, char ret_text[ADDRESS_TEXT_SIZE])
{
	static const char digits[] = "0123456789abcdef";

	ret_text[0] = '0';
	ret_text[1] = 'x';
	for (size_t i = 0; i < ADDRESS_SIZE; i++) {
		ret_text[2 + 2 * i] = digits[address->bytes[i] >> 4];
		ret_text[3 + 2 * i] = digits[address->bytes[i] & 15];
	}
	ret_text[ADDRESS_TEXT_SIZE - 1] = '\0';
}

void address_to_checksum(const struct address *address, char ret_text[ADDRESS_TEXT_SIZE])
{
	uint8_t digest[KECCAK256_SIZE];

	address_to_lower(address, ret_text);
	keccak256(bytes_of(ret_text + 2, 2 * ADDRESS_SIZE), digest);
	for (size_t i = 0; i < 2 * ADDRESS_SIZE; i++) {
		unsigned nibble = i % 2 == 0 ? digest[i / 2] >> 4 : digest[i / 2] & 15u;
		if (ret_text[2 + i] >= 'a' && nibble >= 8)
			ret_text[2 + i] = (char)(ret_text[2 + i] - 'a' + 'A');
	}
}

bool address_is_checksummed(struct bytes text)
{
	struct address address;
	char expected[ADDRESS_TEXT_SIZE];

	if (!address_parse(text, &address))
		return false;
	address_to_checksum(&address, expected);
	return bytes_equal_text(text, expected);
}
