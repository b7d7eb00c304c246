#include "core/clients.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "core/clients_private.h"
#include "ipc/qube_name.h"

/* Of qubes that nothing else is said about: many of them may share one person. */
#define QUBE_QUEUE 32
#define QUBE_RATE  120

struct clients {
	struct arena arena;
	struct client_sections sections;
	struct client_rights others[CLIENT_KINDS]; /* of those without a section of their own */
	struct client_rights disposables;
};

/* ---- what the sections amount to ---- */

static struct client_rights built_in(enum client_kind kind)
{
	bool is_qube = kind == CLIENT_QUBE;

	return (struct client_rights){.all_accounts = true, .queue = is_qube ? QUBE_QUEUE : 0, .rate = is_qube ? QUBE_RATE : 0};
}

static void take_over(enum client_key key, const struct client_rights *from, struct client_rights *rights)
{
	switch (key) {
	case CLIENT_KEY_METHODS:
		rights->methods = from->methods;
		return;
	case CLIENT_KEY_ACCOUNTS:
		rights->all_accounts = from->all_accounts;
		rights->accounts = from->accounts;
		return;
	case CLIENT_KEY_LIST_WITHOUT_ASKING:
		rights->list_without_asking = from->list_without_asking;
		return;
	case CLIENT_KEY_QUEUE:
		rights->queue = from->queue;
		return;
	case CLIENT_KEY_RATE:
		rights->rate = from->rate;
		return;
	case CLIENT_KEY_TIMEOUT:
		rights->has_timeout = from->has_timeout;
		rights->timeout_s = from->timeout_s;
		return;
	case CLIENT_KEY_COUNT:
		return;
	}
}

/* Everything that the section says replaces what is there. NULL is fine. */
static void apply(const struct client_section *section, struct client_rights *rights)
{
	for (unsigned key = 0; section != NULL && key < CLIENT_KEY_COUNT; key++)
		if ((section->given & CLIENT_KEY_BIT(key)) != 0)
			take_over((enum client_key)key, &section->rights, rights);
}

static const struct client_section *find_default(const struct client_sections *sections)
{
	const struct client_section *at = sections->first;

	while (at != NULL && at->id.kind != CLIENT_DEFAULT)
		at = at->next;
	return at;
}

/* Which accounts there are is the person's to tell, one by one, where it is told for good. */
static bool check_listing(const struct client_section *section, const struct client_rights *rights, struct error *ret_error)
{
	return !rights->list_without_asking || !rights->all_accounts ||
	       error_set(ret_error, ERROR_REFUSED,
	           "line %zu: [%s] list-without-asking: expected accounts to name the accounts that are listed, found every "
	           "account",
	           section->line, section->title);
}

static bool settle(struct clients *clients, struct error *ret_error)
{
	const struct client_section *fallback = find_default(&clients->sections);

	for (unsigned kind = 0; kind < CLIENT_KINDS; kind++) {
		clients->others[kind] = built_in((enum client_kind)kind);
		apply(fallback, &clients->others[kind]);
	}
	if (fallback != NULL && !check_listing(fallback, &clients->others[CLIENT_DEFAULT], ret_error))
		return false;
	/* Another one has the name tomorrow: a disposable is never trusted for good. */
	clients->disposables = clients->others[CLIENT_QUBE];
	clients->disposables.list_without_asking = false;
	for (struct client_section *at = clients->sections.first; at != NULL; at = at->next) {
		struct client_rights own = clients->others[at->id.kind];

		apply(at, &own);
		at->rights = own;
		if (!check_listing(at, &own, ret_error))
			return false;
	}
	return true;
}

bool clients_read(struct bytes untrusted_text, struct clients **ret_clients, struct error *ret_error)
{
	struct clients *clients = memory_new(1, sizeof(*clients));

	clients->sections.arena = &clients->arena;
	if (client_sections_read(untrusted_text, &clients->sections, ret_error) && settle(clients, ret_error)) {
		*ret_clients = clients;
		return true;
	}
	clients_free(clients);
	return false;
}

void clients_free(struct clients *clients)
{
	if (clients == NULL)
		return;
	arena_free(&clients->arena);
	free(clients);
}

size_t clients_section_count(const struct clients *clients)
{
	return clients->sections.count;
}

/* ---- the file ---- */

/* Whoever may write it, or owns it, says who may do what. */
static bool check_owner(int fd, struct error *ret_error)
{
	struct stat info;

	if (fstat(fd, &info) != 0)
		return error_set_errno(ret_error, errno, "cannot look at it");
	if (!S_ISREG(info.st_mode))
		return error_set(ret_error, ERROR_REFUSED, "expected a regular file");
	if (info.st_uid != geteuid() && info.st_uid != 0)
		return error_set(ret_error, ERROR_REFUSED, "expected a file of your own or of root, found one of user %u",
		    (unsigned)info.st_uid);
	if ((info.st_mode & (S_IWGRP | S_IWOTH)) != 0)
		return error_set(ret_error, ERROR_REFUSED,
		    "expected a file that only its owner can write, found mode %04o: chmod go-w it",
		    (unsigned)info.st_mode & 07777);
	return true;
}

static bool read_fd(int fd, struct buf *ret_text, struct error *ret_error)
{
	return check_owner(fd, ret_error) && file_read_fd(fd, ret_text, ret_error);
}

static bool read_file(const struct clients_options *options, struct clients **ret_clients, struct error *ret_error)
{
	struct buf text BUF_CLEANUP = BUF_INIT(CLIENTS_FILE_MAX);
	/* O_NONBLOCK: a FIFO in its place must not keep the signer from starting. */
	int fd = open(options->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);

	if (fd < 0 && errno == ENOENT && !options->given)
		return clients_read(BYTES_NONE, ret_clients, ret_error);
	if (fd < 0)
		return error_set_errno(ret_error, errno, "cannot open");
	bool ok = read_fd(fd, &text, ret_error) && clients_read(buf_bytes(&text), ret_clients, ret_error);

	close(fd);
	if (!ok)
		return false;
	log_info(
	    options->log, "clients have the rights of %s: sections: %zu", options->path, clients_section_count(*ret_clients));
	return true;
}

bool clients_open(const struct clients_options *options, struct clients **ret_clients, struct error *ret_error)
{
	if (options->path == NULL || options->path[0] == 0)
		return clients_read(BYTES_NONE, ret_clients, ret_error);
	return read_file(options, ret_clients, ret_error) || error_prefix(ret_error, "--clients %s", options->path);
}

/* ---- in use ---- */

static bool is_same(const struct client_id *a, const struct client_id *b)
{
	return a->kind == b->kind && (a->kind == CLIENT_UID ? a->uid == b->uid : bytes_equal(a->name, b->name));
}

const struct client_rights *clients_find(const struct clients *clients, const struct client_id *id)
{
	bool nameless = id->kind == CLIENT_UID && id->uid == CLIENT_UID_UNKNOWN;

	for (const struct client_section *at = clients->sections.first; at != NULL; at = at->next) {
		if (is_same(&at->id, id))
			return &at->rights;
		if (nameless && at->id.kind == CLIENT_UID)
			return NULL;
	}
	if (id->kind == CLIENT_QUBE && qube_name_is_disposable(id->name))
		return &clients->disposables;
	return &clients->others[id->kind];
}

bool clients_permit_method(const struct client_rights *rights, const struct method *method)
{
	return rights == NULL || rights->methods == NULL || rights->methods[method_index(method)];
}

bool clients_permit_account(const struct client_rights *rights, const struct address *address)
{
	return rights == NULL || rights->all_accounts || account_list_has(&rights->accounts, address);
}
