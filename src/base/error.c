#include "base/error.h"

#include <stdio.h>
#include <string.h>

static const char cut_mark[] = "…";

/* Where a text of more than `most` bytes may be cut without leaving half a character. */
static size_t cut_point(const char *text, size_t most)
{
	while (most > 0 && ((unsigned char)text[most] & 0xc0) == 0x80)
		most--;
	return most;
}

/* Copy into the error, showing where it had to be cut. `text` never lies in the error itself. */
static void error_store(struct error *error, const char *text)
{
	size_t size = strlen(text);

	if (size >= ERROR_TEXT_SIZE) {
		size = cut_point(text, ERROR_TEXT_SIZE - sizeof cut_mark);
		memcpy(error->text + size, cut_mark, sizeof cut_mark);
	} else {
		error->text[size] = 0;
	}
	memcpy(error->text, text, size);
}

/* Holds a prefix, ": " and a whole text; more than an error holds, so that error_store sees what has to be cut. */
#define SCRATCH_SIZE (2 * ERROR_TEXT_SIZE + 2)

bool error_set(struct error *ret_error, enum error_kind kind, const char *format, ...)
{
	char text[SCRATCH_SIZE]; /* the arguments may point into the error's own text */
	va_list args;

	va_start(args, format);
	int length = vsnprintf(text, sizeof text, format, args);
	va_end(args);
	error_store(ret_error, length < 0 ? format : text);
	ret_error->kind = kind;
	ret_error->custom_code = 0;
	return false;
}

bool error_set_errno(struct error *ret_error, int errnum, const char *format, ...)
{
	/* Not strerror(): no locale, no shared buffer. */
	const char *reason = strerrordesc_np(errnum);
	char text[SCRATCH_SIZE];
	va_list args;

	va_start(args, format);
	int length = vsnprintf(text, sizeof text, format, args);
	va_end(args);
	return error_set(
	    ret_error, ERROR_INTERNAL, "%s: %s", length < 0 ? format : text, reason == NULL ? "unknown error" : reason);
}

bool error_prefix(struct error *error, const char *format, ...)
{
	char prefix[ERROR_TEXT_SIZE];
	char text[SCRATCH_SIZE];
	va_list args;

	va_start(args, format);
	int length = vsnprintf(prefix, sizeof prefix, format, args);
	va_end(args);
	snprintf(text, sizeof text, "%s: %s", length < 0 ? format : prefix, error->text);
	error_store(error, text);
	return false;
}

/* What stands before the first colon names a member or an entry: no spaces, no quotes. */
static bool begins_with_place(const char *text)
{
	size_t size = strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.[]");

	return size > 0 && text[size] == ':';
}

bool error_in(struct error *error, const char *format, ...)
{
	char place[ERROR_TEXT_SIZE];
	char text[SCRATCH_SIZE];
	va_list args;

	va_start(args, format);
	int length = vsnprintf(place, sizeof place, format, args);
	va_end(args);
	const char *joint = !begins_with_place(error->text) ? ": " : error->text[0] == '[' ? "" : ".";
	snprintf(text, sizeof text, "%s%s%s", length < 0 ? format : place, joint, error->text);
	error_store(error, text);
	return false;
}

int error_rpc_code(const struct error *error)
{
	switch (error->kind) {
	case ERROR_PARSE:
		return -32700;
	case ERROR_REQUEST:
		return -32600;
	case ERROR_METHOD:
	case ERROR_UNSUPPORTED:
	case ERROR_UNAUTHORIZED:
		return -32601;
	case ERROR_PARAMS:
	case ERROR_CAPABILITY:
		return -32602;
	case ERROR_NONE: /* a failure that nobody explained is ours */
	case ERROR_INTERNAL:
		return -32603;
	case ERROR_TIMEOUT:
		return -32002;
	case ERROR_REFUSED:
	case ERROR_ACCOUNT:
	case ERROR_CHAIN:
	case ERROR_DENIED:
	case ERROR_PASSWORD:
	case ERROR_PASSWORD_WEAK:
		return -32000;
	case ERROR_CUSTOM:
		return error->custom_code;
	}
	return -32603;
}

int error_eth_code(const struct error *error)
{
	switch (error->kind) {
	case ERROR_DENIED:
		return 4001; /* EIP-1193: user rejected request */
	case ERROR_ACCOUNT:
	case ERROR_UNAUTHORIZED:
		return 4100; /* unauthorized */
	case ERROR_UNSUPPORTED:
		return 4200; /* unsupported method */
	case ERROR_CHAIN:
		return 4901; /* chain disconnected: not connected to the requested chain */
	case ERROR_CAPABILITY:
		return 5700; /* EIP-5792: unsupported non-optional capability */
	case ERROR_NONE:
	case ERROR_PARSE:
	case ERROR_REQUEST:
	case ERROR_METHOD:
	case ERROR_PARAMS:
	case ERROR_INTERNAL:
	case ERROR_REFUSED:
	case ERROR_TIMEOUT:
	case ERROR_PASSWORD:
	case ERROR_PASSWORD_WEAK:
	case ERROR_CUSTOM:
		break;
	}
	return error_rpc_code(error);
}
