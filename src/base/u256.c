#include "base/u256.h"

#include <assert.h>
#include <string.h>

#include "base/hex.h"

typedef unsigned __int128 u128;

struct u256 u256_from_u64(uint64_t value)
{
	return (struct u256){{value, 0, 0, 0}};
}

bool u256_from_bytes(struct bytes big_endian, struct u256 *ret_value)
{
	struct u256 value = U256_ZERO;

	if (big_endian.size > 32)
		return false;
	for (size_t i = 0; i < big_endian.size; i++) {
		size_t place = big_endian.size - 1 - i; /* 0 is the least significant byte */
		value.limb[place / 8] |= (uint64_t)big_endian.data[i] << (place % 8 * 8);
	}
	*ret_value = value;
	return true;
}

void u256_to_bytes32(const struct u256 *value, uint8_t ret_big_endian[32])
{
	for (size_t i = 0; i < 32; i++) {
		size_t place = 31 - i;
		ret_big_endian[i] = (uint8_t)(value->limb[place / 8] >> (place % 8 * 8));
	}
}

size_t u256_to_minimal(const struct u256 *value, uint8_t ret_big_endian[32])
{
	uint8_t all[32];
	size_t size = (u256_bits(value) + 7) / 8;

	u256_to_bytes32(value, all);
	memcpy(ret_big_endian, all + 32 - size, size);
	return size;
}

bool u256_is_zero(const struct u256 *value)
{
	return (value->limb[0] | value->limb[1] | value->limb[2] | value->limb[3]) == 0;
}

bool u256_fits_u64(const struct u256 *value, uint64_t *ret_value)
{
	if ((value->limb[1] | value->limb[2] | value->limb[3]) != 0)
		return false;
	*ret_value = value->limb[0];
	return true;
}

int u256_compare(const struct u256 *a, const struct u256 *b)
{
	for (size_t i = 4; i-- > 0;) {
		if (a->limb[i] != b->limb[i])
			return a->limb[i] < b->limb[i] ? -1 : 1;
	}
	return 0;
}

bool u256_equal(const struct u256 *a, const struct u256 *b)
{
	return u256_compare(a, b) == 0;
}

unsigned u256_bits(const struct u256 *value)
{
	for (unsigned i = 4; i-- > 0;) {
		if (value->limb[i] != 0)
			return 64 * i + 64 - (unsigned)__builtin_clzll(value->limb[i]);
	}
	return 0;
}

bool u256_add(const struct u256 *a, const struct u256 *b, struct u256 *ret_value)
{
	struct u256 sum;
	u128 carry = 0;

	for (size_t i = 0; i < 4; i++) {
		carry += (u128)a->limb[i] + b->limb[i];
		sum.limb[i] = (uint64_t)carry;
		carry >>= 64;
	}
	if (carry != 0)
		return false;
	*ret_value = sum;
	return true;
}

bool u256_sub(const struct u256 *a, const struct u256 *b, struct u256 *ret_value)
{
	struct u256 difference;
	uint64_t borrow = 0;

	for (size_t i = 0; i < 4; i++) {
		uint64_t part;
		bool below = __builtin_sub_overflow(a->limb[i], b->limb[i], &part);
		below |= __builtin_sub_overflow(part, borrow, &difference.limb[i]);
		borrow = below ? 1 : 0;
	}
	if (borrow != 0)
		return false;
	*ret_value = difference;
	return true;
}

bool u256_mul(const struct u256 *a, const struct u256 *b, struct u256 *ret_value)
{
	uint64_t product[8] = {0};

	for (size_t i = 0; i < 4; i++) {
		u128 carry = 0;
		for (size_t j = 0; j < 4; j++) {
			/* (2^64-1)^2 + 2 * (2^64-1) is exactly the most that 128 bits hold. */
			carry += (u128)a->limb[i] * b->limb[j] + product[i + j];
			product[i + j] = (uint64_t)carry;
			carry >>= 64;
		}
		product[i + 4] = (uint64_t)carry;
	}
	if ((product[4] | product[5] | product[6] | product[7]) != 0)
		return false;
	memcpy(ret_value->limb, product, sizeof ret_value->limb);
	return true;
}

uint32_t u256_div_small(const struct u256 *value, uint32_t divisor, struct u256 *ret_quotient)
{
	struct u256 quotient;
	u128 rest = 0;

	assert(divisor != 0);
	for (size_t i = 4; i-- > 0;) {
		rest = rest << 64 | value->limb[i];
		quotient.limb[i] = (uint64_t)(rest / divisor);
		rest %= divisor;
	}
	*ret_quotient = quotient;
	return (uint32_t)rest;
}

void u256_to_quantity(const struct u256 *value, char ret_text[U256_HEX_SIZE])
{
	static const char alphabet[] = "0123456789abcdef";
	unsigned digits = (u256_bits(value) + 3) / 4;
	char *out = ret_text;

	*out++ = '0';
	*out++ = 'x';
	if (digits == 0)
		*out++ = '0';
	while (digits-- > 0)
		*out++ = alphabet[value->limb[digits / 16] >> (digits % 16 * 4) & 15];
	*out = 0;
}

bool u256_from_hex_digits(struct bytes digits, struct u256 *ret_value)
{
	struct u256 value = U256_ZERO;

	if (digits.size == 0 || digits.size > 64)
		return false;
	for (size_t i = 0; i < digits.size; i++) {
		size_t place = digits.size - 1 - i;
		int digit = hex_digit(digits.data[i]);
		if (digit < 0)
			return false;
		value.limb[place / 16] |= (uint64_t)digit << (place % 16 * 4);
	}
	*ret_value = value;
	return true;
}

/* Nine digits at a time: the most that one small division gives. */
void u256_to_decimal(const struct u256 *value, char ret_text[U256_DECIMAL_SIZE])
{
	char reversed[81];
	size_t size = 0;
	struct u256 left = *value;

	do {
		uint32_t group = u256_div_small(&left, 1000000000, &left);
		for (unsigned i = 0; i < 9; i++) {
			reversed[size++] = (char)('0' + group % 10);
			group /= 10;
		}
	} while (!u256_is_zero(&left));
	while (size > 1 && reversed[size - 1] == '0')
		size--;
	for (size_t i = 0; i < size; i++)
		ret_text[i] = reversed[size - 1 - i];
	ret_text[size] = 0;
}

bool u256_from_decimal(struct bytes digits, struct u256 *ret_value)
{
	const struct u256 ten = u256_from_u64(10);
	struct u256 value = U256_ZERO;

	if (digits.size == 0)
		return false;
	for (size_t i = 0; i < digits.size; i++) {
		if (digits.data[i] < '0' || digits.data[i] > '9')
			return false;
		struct u256 digit = u256_from_u64((uint64_t)(digits.data[i] - '0'));
		if (!u256_mul(&value, &ten, &value) || !u256_add(&value, &digit, &value))
			return false;
	}
	*ret_value = value;
	return true;
}

void u256_to_units(const struct u256 *value, unsigned decimals, char ret_text[U256_UNITS_SIZE])
{
	char digits[U256_DECIMAL_SIZE];
	char *out = ret_text;

	assert(decimals <= 77);
	u256_to_decimal(value, digits);
	size_t size = strlen(digits);
	size_t whole = size > decimals ? size - decimals : 0;
	if (whole == 0)
		*out++ = '0';
	memcpy(out, digits, whole);
	out += whole;
	while (size > whole && digits[size - 1] == '0')
		size--;
	if (size > whole) {
		*out++ = '.';
		for (size_t zeros = strlen(digits); zeros < decimals; zeros++)
			*out++ = '0';
		memcpy(out, digits + whole, size - whole);
		out += size - whole;
	}
	*out = 0;
}
