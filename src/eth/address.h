/* address: the 20 bytes that name an account, and their texts (EIP-55). */
#ifndef CLEF_ETH_ADDRESS_H
#define CLEF_ETH_ADDRESS_H

#include "base/bytes.h"

#define ADDRESS_SIZE      20
#define ADDRESS_TEXT_SIZE 43 /* "0x", 40 digits, terminator */

struct address {
	uint8_t bytes[ADDRESS_SIZE];
};

#define ADDRESS_ZERO ((struct address){{0}})

bool address_is_zero(const struct address *address);
bool address_equal(const struct address *a, const struct address *b);
/* "0x" or "0X" and 40 digits in any case; nothing else. */
bool address_parse(struct bytes text, struct address *ret_address);
/* The same, but the prefix may be missing (key files, command lines). */
bool address_parse_lax(struct bytes text, struct address *ret_address);
/* EIP-55: "0x" and 40 digits, the case of the letters is the checksum. */
void address_to_checksum(const struct address *address, char ret_text[ADDRESS_TEXT_SIZE]);
void address_to_lower(const struct address *address, char ret_text[ADDRESS_TEXT_SIZE]);
/* The text is exactly its address in EIP-55 form ("0x", and every letter in the right case). */
bool address_is_checksummed(struct bytes text);

#endif
