#include "proxy/options.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/log.h"
#include "base/memory.h"
#include "proxy/signer.h"

#define FILE_MOST ((size_t)65536)
/* A qube keeps /rw, and not /etc, when it is started again. */
static const char *const default_files[] = {"/rw/config/clef-proxy.conf", "/etc/clef/proxy.conf"};

/* ---- the settings file ---- */

static bool read_file(const char *path, struct flags *flags, struct error *ret_error)
{
	BUF_CLEANUP struct buf text = BUF_INIT(FILE_MOST);

	if (!file_read_at(AT_FDCWD, path, &text, ret_error))
		return error_prefix(ret_error, "the settings");
	return flags_parse_file(buf_bytes(&text), path, flags, ret_error);
}

bool options_read_file(struct flags *flags, struct error *ret_error)
{
	if (flags_given(flags, FLAG_CONFIG)) {
		const char *path = flags_text(flags, FLAG_CONFIG);

		return path[0] == 0 || read_file(path, flags, ret_error);
	}
	for (size_t i = 0; i < sizeof(default_files) / sizeof(default_files[0]); i++)
		if (access(default_files[i], F_OK) == 0)
			return read_file(default_files[i], flags, ret_error);
	return true;
}

/* ---- numbers ---- */

/* Digits only, or "0x" and hex digits. */
static bool read_number(const char *text, uint64_t most, uint64_t *ret_number)
{
	bool hex = text[0] == '0' && (text[1] == 'x' || text[1] == 'X');
	const char *digits = text + (hex ? 2 : 0);
	char *end;

	if (digits[strspn(digits, hex ? "0123456789abcdefABCDEF" : "0123456789")] != 0 || digits[0] == 0)
		return false;
	errno = 0;
	unsigned long long number = strtoull(digits, &end, hex ? 16 : 10);
	if (errno != 0 || number > most)
		return false;
	*ret_number = number;
	return true;
}

static bool number_of(
    const struct flags *flags, enum flag_id id, uint64_t least, uint64_t most, uint64_t *ret_number, struct error *ret_error)
{
	const char *text = flags_text(flags, id);

	if (read_number(text, most, ret_number) && *ret_number >= least)
		return true;
	return error_set(ret_error, ERROR_PARAMS, "invalid value \"%.200s\" for --%s: expected a whole number from %llu to %llu",
	    text, flags_spec(id)->name, (unsigned long long)least, (unsigned long long)most);
}

/* ---- addresses ---- */

static bool split_address(const char *text, char host[INET6_ADDRSTRLEN], in_port_t *ret_port)
{
	const char *colon = strrchr(text, ':');
	uint64_t port;

	if (colon == NULL || !read_number(colon + 1, 65535, &port))
		return false;
	size_t size = (size_t)(colon - text);
	if (text[0] == '[' && size > 2 && text[size - 1] == ']') {
		text++;
		size -= 2;
	} else if (memchr(text, ':', size) != NULL) {
		return false;
	}
	if (size == 0 || size >= INET6_ADDRSTRLEN)
		return false;
	memcpy(host, text, size);
	host[size] = 0;
	*ret_port = htons((in_port_t)port);
	return true;
}

bool options_parse_address(const char *text, union options_address *ret_address, struct error *ret_error)
{
	char host[INET6_ADDRSTRLEN];
	in_port_t port = 0;
	bool ok = split_address(text, host, &port);

	*ret_address = (union options_address){0};
	if (ok && strcmp(host, "localhost") == 0)
		memcpy(host, "127.0.0.1", sizeof("127.0.0.1"));
	if (ok && text[0] != '[' && inet_pton(AF_INET, host, &ret_address->four.sin_addr) == 1) {
		ret_address->four.sin_family = AF_INET;
		ret_address->four.sin_port = port;
		return true;
	}
	if (ok && text[0] == '[' && inet_pton(AF_INET6, host, &ret_address->six.sin6_addr) == 1) {
		ret_address->six.sin6_family = AF_INET6;
		ret_address->six.sin6_port = port;
		return true;
	}
	return error_set(ret_error, ERROR_PARAMS,
	    "invalid value \"%.200s\" for --listen: expected an address and a port, such as 127.0.0.1:8550 or [::1]:8550", text);
}

bool options_is_loopback(const union options_address *address)
{
	if (address->any.sa_family == AF_INET)
		return ntohl(address->four.sin_addr.s_addr) >> 24 == 127;
	return address->any.sa_family == AF_INET6 && IN6_IS_ADDR_LOOPBACK(&address->six.sin6_addr);
}

static bool add_address(const char *text, struct options *options, struct error *ret_error)
{
	union options_address *address = &options->listen[options->listen_count];

	if (!options_parse_address(text, address, ret_error))
		return false;
	if (!options_is_loopback(address) && !options->allow_remote)
		return error_set(ret_error, ERROR_REFUSED,
		    "--listen %.200s: other machines may reach this address, and whoever reaches it can ask for signatures and "
		    "read what is "
		    "sent, since there is neither a password nor encryption; listen on 127.0.0.1, or add --allow-remote-callers "
		    "if that is "
		    "meant",
		    text);
	options->listen_count++;
	return true;
}

static bool set_listen(const struct flags *flags, struct options *options, struct error *ret_error)
{
	const struct flag_values *given = &flags->values[FLAG_LISTEN];

	options->listen_given = given->count > 0;
	if (given->count == 0)
		return add_address(flags_text(flags, FLAG_LISTEN), options, ret_error);
	if (given->count == 1 && strcmp(given->text[0], "none") == 0)
		return true;
	for (size_t i = 0; i < given->count; i++)
		if (!add_address(given->text[i], options, ret_error))
			return false;
	return true;
}

/* ---- all of it ---- */

static void set_vhosts(const struct flags *flags, struct options *options)
{
	const struct flag_values *given = &flags->values[FLAG_VHOSTS];
	BUF_CLEANUP struct buf names = BUF_INIT(FLAG_VALUES_MOST * FILE_MOST);

	if (given->count == 0)
		buf_put_text(&names, flags_text(flags, FLAG_VHOSTS));
	for (size_t i = 0; i < given->count; i++)
		buf_printf(&names, "%s,", given->text[i]);
	options->vhosts = memory_text(buf_bytes(&names));
}

static bool set_numbers(const struct flags *flags, struct options *options, struct error *ret_error)
{
	uint64_t level = 0, calls = 0;

	options->has_chain_id = flags_given(flags, FLAG_CHAINID);
	if (options->has_chain_id && !number_of(flags, FLAG_CHAINID, 1, INT64_MAX, &options->chain_id, ret_error))
		return false;
	if (!number_of(flags, FLAG_LOGLEVEL, 0, 5, &level, ret_error) ||
	    !number_of(flags, FLAG_MAX_CALLS, 1, SIGNER_CALLS_MOST, &calls, ret_error))
		return false;
	options->log_level = (int)level;
	options->max_calls = (size_t)calls;
	return true;
}

static const char *text_or_none(const struct flags *flags, enum flag_id id)
{
	const char *text = flags_text(flags, id);

	return text != NULL && text[0] != 0 ? text : NULL;
}

bool options_from_flags(const struct flags *flags, struct options *ret_options, struct error *ret_error)
{
	const struct flag_values *origins = &flags->values[FLAG_ORIGINS];

	*ret_options = (struct options){
	    .socket = text_or_none(flags, FLAG_SOCKET),
	    .signer = flags_text(flags, FLAG_SIGNER),
	    .upstream = text_or_none(flags, FLAG_UPSTREAM),
	    .allow_remote = flags_is_on(flags, FLAG_ALLOW_REMOTE),
	    .allow_weak_sandbox = flags_is_on(flags, FLAG_ALLOW_WEAK_SANDBOX),
	    .require_sandbox = flags_is_on(flags, FLAG_REQUIRE_SANDBOX),
	};
	set_vhosts(flags, ret_options);
	for (size_t i = 0; i < origins->count; i++)
		if (!origins_add(&ret_options->policy.origins, bytes_text(origins->text[i]), ret_error))
			return error_prefix(ret_error, "--origins");
	return set_listen(flags, ret_options, ret_error) && set_numbers(flags, ret_options, ret_error);
}

void options_free(struct options *options)
{
	free(options->vhosts);
	origins_free(&options->policy.origins);
	*options = (struct options){0};
}
