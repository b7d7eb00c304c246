#include "keys/password.h"

bool password_check_new(struct bytes password, struct error *ret_error)
{
	if (password.size > PASSWORD_MOST)
		return error_set(ret_error, ERROR_PASSWORD_WEAK, "password too long (>%d bytes)", PASSWORD_MOST);
	if (password.size < PASSWORD_LEAST)
		return error_set(ret_error, ERROR_PASSWORD_WEAK, "password too short (<%d characters)", PASSWORD_LEAST);
	for (size_t i = 0; i < password.size; i++) {
		uint8_t c = password.data[i];
		if (c < ' ' || c > '~' || c == '\\')
			return error_set(ret_error, ERROR_PASSWORD_WEAK,
			    "password contains invalid characters - only 7bit printable ascii allowed");
	}
	return true;
}
