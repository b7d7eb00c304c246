#include "base/hex.h"

int hex_digit(uint8_t c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

static bool decode_into(struct bytes digits, uint8_t *ret_data)
{
	for (size_t i = 0; i < digits.size / 2; i++) {
		int high = hex_digit(digits.data[2 * i]);
		int low = hex_digit(digits.data[2 * i + 1]);
		if (high < 0 || low < 0)
			return false;
		ret_data[i] = (uint8_t)(high << 4 | low);
	}
	return true;
}

bool hex_decode_fixed(struct bytes digits, uint8_t *ret_data, size_t size)
{
	if (digits.size % 2 != 0 || digits.size / 2 != size)
		return false;
	return decode_into(digits, ret_data);
}

bool hex_decode(struct bytes digits, struct buf *ret_buf)
{
	if (digits.size % 2 != 0)
		return false;
	if (digits.size == 0)
		return buf_ok(ret_buf);
	uint8_t *room = buf_reserve(ret_buf, digits.size / 2);
	if (room == NULL || !decode_into(digits, room))
		return false;
	buf_commit(ret_buf, digits.size / 2);
	return true;
}

void hex_encode(struct bytes data, struct buf *ret_buf)
{
	static const char alphabet[] = "0123456789abcdef";
	size_t size;

	if (__builtin_mul_overflow(data.size, (size_t)2, &size))
		size = SIZE_MAX;
	uint8_t *room = buf_reserve(ret_buf, size);
	if (room == NULL)
		return;
	for (size_t i = 0; i < data.size; i++) {
		room[2 * i] = (uint8_t)alphabet[data.data[i] >> 4];
		room[2 * i + 1] = (uint8_t)alphabet[data.data[i] & 15];
	}
	buf_commit(ret_buf, size);
}

bool hex_has_prefix(struct bytes text)
{
	return text.size >= 2 && text.data[0] == '0' && (text.data[1] == 'x' || text.data[1] == 'X');
}

struct bytes hex_skip_prefix(struct bytes text)
{
	return hex_has_prefix(text) ? bytes_of(text.data + 2, text.size - 2) : text;
}
