#include "core/wallet_url.h"

#include <string.h>

#include "base/hex.h"
#include "base/u256.h"

#define SHOWN(size) ((int)((size) < 80 ? (size) : 80))

bool wallet_url_check(struct bytes untrusted_url, struct error *ret_error)
{
	const uint8_t *mark = untrusted_url.size >= 3 ? memmem(untrusted_url.data, untrusted_url.size, "://", 3) : NULL;

	if (mark == NULL || mark == untrusted_url.data)
		return error_set(ret_error, ERROR_REFUSED, "protocol scheme missing");
	return true;
}

static bool is_component(struct bytes text)
{
	struct u256 number;
	uint64_t index;

	while (text.size > 0 && (text.data[0] == ' ' || text.data[0] == '\t'))
		text = bytes_of(text.data + 1, text.size - 1);
	while (text.size > 0 && (text.data[text.size - 1] == ' ' || text.data[text.size - 1] == '\t'))
		text.size--;
	if (text.size > 0 && text.data[text.size - 1] == '\'')
		text.size--;
	bool ok = hex_has_prefix(text) ? u256_from_hex_digits(hex_skip_prefix(text), &number) : u256_from_decimal(text, &number);

	return ok && u256_fits_u64(&number, &index) && index < 0x80000000u;
}

bool wallet_path_check(struct bytes untrusted_path, struct error *ret_error)
{
	struct bytes rest = untrusted_path;

	if (rest.size == 0)
		return error_set(ret_error, ERROR_REFUSED, "empty derivation path");
	for (bool first = true; rest.data != NULL; first = false) {
		const uint8_t *slash = rest.size > 0 ? memchr(rest.data, '/', rest.size) : NULL;
		struct bytes component = bytes_of(rest.data, slash != NULL ? (size_t)(slash - rest.data) : rest.size);

		rest = slash != NULL ? bytes_of(slash + 1, rest.size - component.size - 1) : BYTES_NONE;
		if (first && bytes_equal_text(component, "m"))
			continue;
		if (!is_component(component))
			return error_set(ret_error, ERROR_REFUSED, "invalid component: %.*s", SHOWN(component.size),
			    (const char *)component.data);
	}
	return true;
}
