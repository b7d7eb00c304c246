/* clients_private: inside of clients: the sections of the file, as clients_file.c (syntax), clients_value.c (values) and clients.c (what they amount to) share them. */
#ifndef CLEF_CORE_CLIENTS_PRIVATE_H
#define CLEF_CORE_CLIENTS_PRIVATE_H

#include "base/memory.h"
#include "core/clients.h"

enum client_key {
	CLIENT_KEY_METHODS,
	CLIENT_KEY_ACCOUNTS,
	CLIENT_KEY_LIST_WITHOUT_ASKING,
	CLIENT_KEY_QUEUE,
	CLIENT_KEY_RATE,
	CLIENT_KEY_TIMEOUT,
	CLIENT_KEY_COUNT
};
#define CLIENT_KEY_BIT(key) (1U << (key))

struct client_section {
	const char *title; /* what stands in the brackets */
	size_t line;
	struct client_id id;
	unsigned given; /* set of CLIENT_KEY_BIT: the others come from elsewhere */
	struct client_rights rights;
	struct client_section *next;
};

struct client_sections {
	struct arena *arena; /* everything lives there */
	struct client_section *first, *last;
	size_t count;
};

/* clients_file.c: the sections, in the order of the file. */
bool client_sections_read(struct bytes untrusted_text, struct client_sections *sections, struct error *ret_error);

/* clients_value.c: false: *ret_error says what was expected and what was found. */
bool client_title_parse(const char *untrusted_title, struct client_id *ret_id, struct error *ret_error);
bool client_key_find(const char *untrusted_name, enum client_key *ret_key, struct error *ret_error);
bool client_value_parse(enum client_key key, struct bytes untrusted_value, struct arena *arena, struct client_rights *rights,
    struct error *ret_error);
const char *client_key_name(enum client_key key);
/* Fill in *ret_error: "expected WHAT, found "…"". Returns false. */
bool client_value_unexpected(struct error *ret_error, const char *what, struct bytes untrusted_found);

#endif
