/*
 * clients: what each client may do, as clients.conf (man/clients.conf.5) says: one table of rights for every transport, read once at the start.
 *
 * Who a client is, is what core knows of it: its qube, its user, or (HTTP) nothing. What it claims of itself plays no part here.
 */
#ifndef CLEF_CORE_CLIENTS_H
#define CLEF_CORE_CLIENTS_H

#include <sys/types.h>

#include "base/log.h"
#include "core/account_list.h"
#include "core/methods.h"

enum client_kind {
	CLIENT_DEFAULT, /* whoever has no name of its own: callers over HTTP */
	CLIENT_QUBE,
	CLIENT_UID,
	CLIENT_TLS
};
#define CLIENT_KINDS 4

#define CLIENT_UID_UNKNOWN ((uid_t)-1)
#define CLIENT_NAME_MAX    64

struct client_id {
	enum client_kind kind;
	uid_t uid;         /* CLIENT_UID; CLIENT_UID_UNKNOWN when the kernel did not say */
	struct bytes name; /* CLIENT_QUBE, CLIENT_TLS */
};

/* Belongs to the table, and lives as long as it does. */
struct client_rights {
	const bool *methods; /* by method_index(); NULL: all */
	bool all_accounts;
	struct account_list accounts; /* sorted, without paths, in the order of the file; unless all_accounts */
	bool list_without_asking;     /* never with all_accounts */
	uint32_t queue;               /* most requests that wait at once; 0: no limit of its own */
	uint32_t rate;                /* requests a minute; 0: no limit */
	bool has_timeout;             /* else --request-timeout counts */
	uint32_t timeout_s;           /* 0: never */
};

struct clients;

struct clients_options {
	const char *path; /* NULL or "": none */
	bool given;       /* false: a default, used only where there is such a file */
	const struct log *log;
};

/* Most bytes of the file, and of each of its lines that is no comment. */
#define CLIENTS_FILE_MAX ((size_t)256 * 1024)
#define CLIENTS_LINE_MAX ((size_t)196)

/* Before core is confined. *ret_clients is a table also when there is no file: everything is permitted, everything asked about. */
bool clients_open(const struct clients_options *options, struct clients **ret_clients, struct error *ret_error);
/* The same from the text of such a file. ERROR_REFUSED, which names line, section, key, what was expected and what was found. */
bool clients_read(struct bytes untrusted_text, struct clients **ret_clients, struct error *ret_error);
/* NULL is fine. */
void clients_free(struct clients *clients);
size_t clients_section_count(const struct clients *clients);

/* NULL: the file has sections for users, and which user this is, is not known. */
const struct client_rights *clients_find(const struct clients *clients, const struct client_id *id);

/* rights NULL: everything, as the user interface may. */
bool clients_permit_method(const struct client_rights *rights, const struct method *method);
/* An account that is not permitted has to look, to the client, like one that is not there. */
bool clients_permit_account(const struct client_rights *rights, const struct address *address);

#endif
