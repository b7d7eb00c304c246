#include "ipc/qube_name.h"

#include <string.h>

static bool is_letter(uint8_t c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool is_digit(uint8_t c)
{
	return c >= '0' && c <= '9';
}

bool qube_name_is_valid(struct bytes untrusted_name)
{
	if (untrusted_name.size == 0 || untrusted_name.size > QUBE_NAME_MAX || !is_letter(untrusted_name.data[0]))
		return false;
	for (size_t i = 1; i < untrusted_name.size; i++) {
		uint8_t c = untrusted_name.data[i];

		if (!is_letter(c) && !is_digit(c) && c != '_' && c != '-' && c != '.')
			return false;
	}
	return true;
}

bool qube_name_is_disposable(struct bytes name)
{
	static const char prefix[] = {'d', 'i', 's', 'p'};

	if (name.size <= sizeof(prefix) || memcmp(name.data, prefix, sizeof(prefix)) != 0)
		return false;
	for (size_t i = sizeof(prefix); i < name.size; i++)
		if (!is_digit(name.data[i]))
			return false;
	return true;
}
