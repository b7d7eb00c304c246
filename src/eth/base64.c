#include "eth/base64.h"

#include <sodium.h>

void base64_put(struct bytes bytes, struct buf *ret_text)
{
	size_t size = sodium_base64_encoded_len(bytes.size, sodium_base64_VARIANT_ORIGINAL); /* its terminator counts */
	uint8_t *room = buf_reserve(ret_text, size);

	if (!room)
		return;
	sodium_bin2base64((char *)room, size, bytes.data, bytes.size, sodium_base64_VARIANT_ORIGINAL);
	buf_commit(ret_text, size - 1);
}
