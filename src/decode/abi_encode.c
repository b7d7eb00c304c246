/* From values to calldata, in the one canonical way: heads in order, then tails in order, no gaps, nothing shared. */
#include <string.h>

#include "decode/abi.h"

#define WORD 32

static const uint8_t zeros[WORD];

static void put_items(struct buf *buf, const struct abi_value *value);

static void put_size(struct buf *buf, size_t size)
{
	buf_put(buf, zeros, WORD - 8);
	buf_put_u64(buf, size);
}

static void put_number(struct buf *buf, const struct u256 *number)
{
	uint8_t word[WORD];

	u256_to_bytes32(number, word);
	buf_put(buf, word, WORD);
}

/* Content of one value, without an offset. */
static void put_content(struct buf *buf, const struct abi_value *value)
{
	switch (value->type->kind) {
	case ABI_UINT:
	case ABI_INT:
	case ABI_BOOL:
		put_number(buf, &value->number);
		break;
	case ABI_ADDRESS:
		buf_put(buf, zeros, WORD - value->bytes.size);
		buf_put_bytes(buf, value->bytes);
		break;
	case ABI_FIXED_BYTES:
	case ABI_FUNCTION:
		buf_put_bytes(buf, value->bytes);
		buf_put(buf, zeros, WORD - value->bytes.size);
		break;
	case ABI_BYTES:
	case ABI_STRING:
		put_size(buf, value->bytes.size);
		buf_put_bytes(buf, value->bytes);
		buf_put(buf, zeros, (WORD - value->bytes.size % WORD) % WORD);
		break;
	case ABI_ARRAY:
		put_size(buf, value->count);
		put_items(buf, value);
		break;
	case ABI_FIXED_ARRAY:
	case ABI_TUPLE:
		put_items(buf, value);
		break;
	}
}

static void put_items(struct buf *buf, const struct abi_value *value)
{
	size_t base = buf->size;
	size_t head = base;

	for (size_t i = 0; i < value->count; i++) {
		if (value->items[i].type->dynamic)
			buf_put(buf, zeros, WORD);
		else
			put_content(buf, &value->items[i]);
	}
	for (size_t i = 0; i < value->count && buf_ok(buf); i++) {
		size_t offset = buf->size - base;
		if (value->items[i].type->dynamic) {
			for (size_t k = 0; k < sizeof(offset); k++)
				buf->data[head + WORD - 1 - k] = (uint8_t)(offset >> (8 * k));
			put_content(buf, &value->items[i]);
		}
		head += value->items[i].type->head_size;
	}
}

void abi_encode(const struct abi_value *arguments, struct buf *ret_arguments)
{
	put_items(ret_arguments, arguments);
}
