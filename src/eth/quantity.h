/*
 * quantity: numbers and bytes as Ethereum's JSON-RPC writes them (QUANTITY and DATA), read as Clef reads them.
 *
 * Only JSON strings count: JSON numbers, null and everything else are refused. "0x" and "0X" are prefixes; a QUANTITY has no leading zeros
 * and "0x" alone is none, yet "" is 0; DATA has an even number of digits and "" is nothing. Every refusal is ERROR_PARAMS and begins with
 * `name`, the field as the client spelt it.
 */
#ifndef CLEF_ETH_QUANTITY_H
#define CLEF_ETH_QUANTITY_H

#include "base/json.h"
#include "base/memory.h"
#include "base/u256.h"
#include "eth/address.h"

bool quantity_get_u64(yyjson_val *value, const char *name, uint64_t *ret_value, struct error *ret_error);
bool quantity_get_u256(yyjson_val *value, const char *name, struct u256 *ret_value, struct error *ret_error);
/* DATA of any length; the bytes live in the arena. */
bool quantity_get_data(yyjson_val *value, const char *name, struct arena *arena, struct bytes *ret_data, struct error *ret_error);
/* DATA of exactly `size` bytes. */
bool quantity_get_fixed(yyjson_val *value, const char *name, uint8_t *ret_data, size_t size, struct error *ret_error);
/* 20 bytes in any case, "0x" or "0X". */
bool quantity_get_address(yyjson_val *value, const char *name, struct address *ret_address, struct error *ret_error);

/* The same, and the text by which it is shown: the client's digits behind "0x". */
bool quantity_get_address_text(yyjson_val *value, const char *name, struct arena *arena, struct address *ret_address,
    struct bytes *ret_text, struct error *ret_error);

/* Append JSON strings, with their quotes: "0x1f", "0xdead". */
void quantity_put_u64(struct buf *buf, uint64_t value);
void quantity_put_u256(struct buf *buf, const struct u256 *value);
void quantity_put_data(struct buf *buf, struct bytes data);

#endif
