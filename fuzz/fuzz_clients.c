/* clients.conf: whatever is read gives a table in which nothing contradicts itself; whatever is not says in which line. */
#include "target.h"

#include <string.h>

#include "core/clients.h"

static void check_rights(const struct client_rights *rights)
{
	fuzz_require(!rights->list_without_asking || !rights->all_accounts);
	fuzz_require(rights->all_accounts || rights->accounts.count == 0 || rights->accounts.sorted != NULL);
	for (size_t i = 0; !rights->all_accounts && i < rights->accounts.count; i++)
		fuzz_require(clients_permit_account(rights, &rights->accounts.accounts[i].address));
	for (size_t i = 0; i < method_count(); i++)
		clients_permit_method(rights, method_at(i));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const qubes[] = {"work", "disp7", "a"};
	struct clients *clients = NULL;
	struct error error = {.kind = ERROR_NONE};

	if (!clients_read(bytes_of(data, size), &clients, &error)) {
		fuzz_require(error.kind == ERROR_REFUSED);
		fuzz_require(strncmp(error.text, "line ", 5) == 0 || size > CLIENTS_FILE_MAX);
		return 0;
	}
	for (size_t i = 0; i < sizeof(qubes) / sizeof(qubes[0]); i++) {
		const struct client_id id = {.kind = CLIENT_QUBE, .name = bytes_text(qubes[i])};
		const struct client_rights *rights = clients_find(clients, &id);

		check_rights(rights);
		fuzz_require(i != 1 || !rights->list_without_asking);
	}
	for (uid_t uid = 0; uid < 3; uid++)
		check_rights(clients_find(clients, &(struct client_id){.kind = CLIENT_UID, .uid = uid}));
	check_rights(clients_find(clients, &(struct client_id){.kind = CLIENT_DEFAULT}));
	clients_free(clients);
	return 0;
}
