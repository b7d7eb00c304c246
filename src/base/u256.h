/* u256: unsigned 256-bit integers, the number type of the EVM. Not constant time: amounts and fees, never secrets. */
#ifndef CLEF_BASE_U256_H
#define CLEF_BASE_U256_H

#include "base/bytes.h"

struct u256 {
	uint64_t limb[4]; /* limb[0] is the least significant */
};

#define U256_ZERO ((struct u256){{0, 0, 0, 0}})
/* Longest decimal text (78 digits) and its terminator. */
#define U256_DECIMAL_SIZE 79
/* "0x", 64 digits and the terminator. */
#define U256_HEX_SIZE 67

struct u256 u256_from_u64(uint64_t value);
/* Big-endian, at most 32 bytes (more: false). */
bool u256_from_bytes(struct bytes big_endian, struct u256 *ret_value);
void u256_to_bytes32(const struct u256 *value, uint8_t ret_big_endian[32]);
/* Fewest big-endian bytes, none for zero; returns their number. The form that RLP wants. */
size_t u256_to_minimal(const struct u256 *value, uint8_t ret_big_endian[32]);

bool u256_is_zero(const struct u256 *value);
bool u256_fits_u64(const struct u256 *value, uint64_t *ret_value);
int u256_compare(const struct u256 *a, const struct u256 *b);
bool u256_equal(const struct u256 *a, const struct u256 *b);
/* Bits needed, 0 for zero. */
unsigned u256_bits(const struct u256 *value);

/* Each returns false on overflow (underflow, division by zero) and then leaves *ret_value alone. */
bool u256_add(const struct u256 *a, const struct u256 *b, struct u256 *ret_value);
bool u256_sub(const struct u256 *a, const struct u256 *b, struct u256 *ret_value);
bool u256_mul(const struct u256 *a, const struct u256 *b, struct u256 *ret_value);
/* Divide by a small number, giving quotient and remainder. divisor must not be 0. */
uint32_t u256_div_small(const struct u256 *value, uint32_t divisor, struct u256 *ret_quotient);

/* Ethereum JSON-RPC QUANTITY: "0x", no leading zeros, "0x0" for zero. */
void u256_to_quantity(const struct u256 *value, char ret_text[U256_HEX_SIZE]);
/* Hex digits without prefix, 1 to 64 of them, leading zeros allowed. False for anything else. */
bool u256_from_hex_digits(struct bytes digits, struct u256 *ret_value);
void u256_to_decimal(const struct u256 *value, char ret_text[U256_DECIMAL_SIZE]);
/* Decimal digits only, at least one, no sign; false when anything else or too large. */
bool u256_from_decimal(struct bytes digits, struct u256 *ret_value);
/* value / 10^decimals as a decimal fraction without trailing zeros ("1", "0.5", "1.000000000000000001"). decimals <= 77. */
#define U256_UNITS_SIZE (U256_DECIMAL_SIZE + 80)
void u256_to_units(const struct u256 *value, unsigned decimals, char ret_text[U256_UNITS_SIZE]);

#endif
