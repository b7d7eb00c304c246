/* options: what clef-proxy was told to do, checked. */
#ifndef CLEF_PROXY_OPTIONS_H
#define CLEF_PROXY_OPTIONS_H

#include <netinet/in.h>

#include "proxy/flags.h"
#include "server/http.h"

union options_address {
	struct sockaddr any;
	struct sockaddr_in four;
	struct sockaddr_in6 six;
};

struct options {
	union options_address listen[FLAG_VALUES_MOST];
	size_t listen_count;
	bool listen_given;  /* or none: sockets that were handed over take the default's place */
	const char *socket; /* NULL: none */
	char *vhosts;       /* owned; separated by commas */
	struct http_policy policy;
	bool allow_remote;
	const char *signer;
	size_t max_calls;
	const char *upstream; /* NULL: none */
	uint64_t chain_id;
	bool has_chain_id;
	int log_level;
	bool allow_weak_sandbox, require_sandbox;
};

/* Texts borrow from the flags. */
bool options_from_flags(const struct flags *flags, struct options *ret_options, struct error *ret_error);
void options_free(struct options *options);
#define OPTIONS_CLEANUP __attribute__((cleanup(options_free)))
/* Read the settings file into the flags: --config, or the first default that is there. */
bool options_read_file(struct flags *flags, struct error *ret_error);

/* "127.0.0.1:8550", "[::1]:8550" or "localhost:8550". No names are looked up. */
bool options_parse_address(const char *text, union options_address *ret_address, struct error *ret_error);
/* 127.0.0.0/8 or ::1. */
bool options_is_loopback(const union options_address *address);

#endif
