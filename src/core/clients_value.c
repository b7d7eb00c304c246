/* Titles, keys and values of clients.conf. */
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "base/duration.h"
#include "base/nearest.h"
#include "base/text.h"
#include "core/clients_private.h"
#include "core/signer.h"
#include "ipc/qube_name.h"

/* Of something wrong; the rest of the error has to fit, too. */
#define SHOWN_MAX 80

static const char *const keys[CLIENT_KEY_COUNT] = {
    [CLIENT_KEY_METHODS] = "methods",
    [CLIENT_KEY_ACCOUNTS] = "accounts",
    [CLIENT_KEY_LIST_WITHOUT_ASKING] = "list-without-asking",
    [CLIENT_KEY_QUEUE] = "queue",
    [CLIENT_KEY_RATE] = "rate",
    [CLIENT_KEY_TIMEOUT] = "timeout",
};

#define RATE_MAX 6000

bool client_value_unexpected(struct error *ret_error, const char *what, struct bytes untrusted_found)
{
	struct buf shown BUF_CLEANUP = BUF_INIT(1024);

	if (untrusted_found.size == 0)
		return error_set(ret_error, ERROR_REFUSED, "expected %s, found nothing", what);
	text_escape(untrusted_found, SHOWN_MAX, &shown);
	return error_set(ret_error, ERROR_REFUSED, "expected %s, found \"%s\"", what, buf_text(&shown));
}

/* Behind the error that is there. */
static bool advise(struct error *error, const char *name)
{
	char text[ERROR_TEXT_SIZE];

	if (name == NULL)
		return false;
	snprintf(text, sizeof(text), "%s", error->text);
	return error_set(error, error->kind, "%s: did you mean %s?", text, name);
}

const char *client_key_name(enum client_key key)
{
	return keys[key];
}

bool client_key_find(const char *untrusted_name, enum client_key *ret_key, struct error *ret_error)
{
	struct nearest nearest = nearest_to(untrusted_name, strlen(untrusted_name));

	for (unsigned i = 0; i < CLIENT_KEY_COUNT; i++) {
		if (strcmp(untrusted_name, keys[i]) == 0) {
			*ret_key = (enum client_key)i;
			return true;
		}
		nearest_offer(&nearest, keys[i]);
	}
	client_value_unexpected(
	    ret_error, "methods, accounts, list-without-asking, queue, rate or timeout", bytes_text(untrusted_name));
	return advise(ret_error, nearest.name);
}

/* ---- titles ---- */

/* Decimal, no sign, no leading zeros, so that nothing has two spellings. */
static bool read_number(struct bytes text, uint64_t most, uint64_t *ret_number)
{
	uint64_t number = 0;

	if (text.size == 0 || text.size > 10 || (text.data[0] == '0' && text.size > 1))
		return false;
	for (size_t i = 0; i < text.size; i++) {
		if (text.data[i] < '0' || text.data[i] > '9')
			return false;
		number = number * 10 + (uint64_t)(text.data[i] - '0');
	}
	*ret_number = number;
	return number <= most;
}

static bool is_tls_name(struct bytes name)
{
	static const char others[] = "._@-";

	for (size_t i = 0; i < name.size; i++)
		if (!isalnum(name.data[i]) && memchr(others, name.data[i], sizeof(others) - 1) == NULL)
			return false;
	return name.size > 0 && name.size <= CLIENT_NAME_MAX;
}

static bool take_qube(struct bytes name, struct client_id *ret_id, struct error *ret_error)
{
	ret_id->kind = CLIENT_QUBE;
	ret_id->name = name;
	if (!qube_name_is_valid(name))
		return client_value_unexpected(ret_error, "[qube:NAME], with the name of a qube", name);
	if (qube_name_is_disposable(name))
		return client_value_unexpected(
		    ret_error, "no section for a disposable, since another one gets its name later", name);
	return true;
}

static bool take_uid(struct bytes name, struct client_id *ret_id, struct error *ret_error)
{
	uint64_t number;

	ret_id->kind = CLIENT_UID;
	if (!read_number(name, (uint64_t)CLIENT_UID_UNKNOWN - 1, &number))
		return client_value_unexpected(ret_error, "[uid:N], with the number of a user", name);
	ret_id->uid = (uid_t)number;
	return true;
}

static bool take_tls(struct bytes name, struct client_id *ret_id, struct error *ret_error)
{
	ret_id->kind = CLIENT_TLS;
	ret_id->name = name;
	return is_tls_name(name) ||
	       client_value_unexpected(ret_error, "[tls:NAME], with a name of up to 64 letters, digits and . _ @ -", name);
}

bool client_title_parse(const char *untrusted_title, struct client_id *ret_id, struct error *ret_error)
{
	static const struct {
		const char *prefix;
		bool (*take)(struct bytes name, struct client_id *ret_id, struct error *ret_error);
	} kinds[] = {{"qube:", take_qube}, {"uid:", take_uid}, {"tls:", take_tls}};

	*ret_id = (struct client_id){.kind = CLIENT_DEFAULT};
	if (strcmp(untrusted_title, "default") == 0)
		return true;
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		size_t size = strlen(kinds[i].prefix);

		if (strncmp(untrusted_title, kinds[i].prefix, size) == 0)
			return kinds[i].take(bytes_text(untrusted_title + size), ret_id, ret_error) ||
			       error_prefix(ret_error, "[%.*s]", SHOWN_MAX, untrusted_title);
	}
	return client_value_unexpected(ret_error, "[default], [qube:NAME], [uid:N] or [tls:NAME]", bytes_text(untrusted_title));
}

/* ---- lists ---- */

static struct bytes trim(struct bytes text)
{
	while (text.size > 0 && isblank(text.data[text.size - 1]))
		text.size--;
	while (text.size > 0 && isblank(text.data[0]))
		text = bytes_of(text.data + 1, text.size - 1);
	return text;
}

/* The text up to the next comma; *rest is what follows. False after the last. data NULL is the end. */
static bool next_item(struct bytes *rest, struct bytes *ret_item)
{
	if (rest->data == NULL)
		return false;
	const uint8_t *comma = rest->size == 0 ? NULL : memchr(rest->data, ',', rest->size);
	size_t size = comma == NULL ? rest->size : (size_t)(comma - rest->data);

	*ret_item = trim(bytes_of(rest->data, size));
	*rest = comma == NULL ? BYTES_NONE : bytes_of(comma + 1, rest->size - size - 1);
	return true;
}

/* Nothing at all is an empty list. */
static struct bytes list_of(struct bytes value)
{
	value = trim(value);
	return value.size == 0 ? BYTES_NONE : value;
}

static bool find_method(struct bytes name, const struct method **ret_method, struct error *ret_error)
{
	const unsigned callers = METHOD_EXTERNAL | METHOD_ETH;
	struct nearest nearest = nearest_to((const char *)name.data, name.size);

	*ret_method = method_find(name, callers);
	if (*ret_method != NULL)
		return method_is_offered(*ret_method) ||
		       error_set(ret_error, ERROR_REFUSED, "expected a method that this signer offers, found \"%s\". %s",
		           (*ret_method)->name, (*ret_method)->summary);
	client_value_unexpected(ret_error, "a method that callers have (clef gendoc lists them)", name);
	for (size_t i = 0; i < method_count(); i++)
		if ((method_at(i)->audience & callers) != 0 && method_is_offered(method_at(i)))
			nearest_offer(&nearest, method_at(i)->name);
	return advise(ret_error, nearest.name);
}

static bool take_methods(struct bytes value, struct arena *arena, struct client_rights *rights, struct error *ret_error)
{
	bool *methods = arena_array(arena, method_count(), sizeof(*methods));
	struct bytes rest = list_of(value), name;
	const struct method *method;

	rights->methods = NULL;
	if (bytes_equal_text(rest, "*"))
		return true;
	rights->methods = methods;
	while (next_item(&rest, &name)) {
		if (bytes_equal_text(name, "*"))
			return client_value_unexpected(ret_error, "names of methods, or * alone", value);
		if (name.size == 0)
			return client_value_unexpected(ret_error, "a name of a method before and after each comma", value);
		if (!find_method(name, &method, ret_error))
			return false;
		if (methods[method_index(method)])
			return client_value_unexpected(ret_error, "each method once", name);
		methods[method_index(method)] = true;
	}
	return true;
}

static bool is_of_mixed_case(struct bytes text)
{
	bool lower = false, upper = false;

	for (size_t i = 2; i < text.size; i++) {
		lower |= islower(text.data[i]) != 0;
		upper |= isupper(text.data[i]) != 0;
	}
	return lower && upper;
}

static bool read_account(struct bytes text, struct address *ret_address, struct error *ret_error)
{
	if (!address_parse(text, ret_address))
		return client_value_unexpected(ret_error, "an address, 0x and 40 hex digits", text);
	return !is_of_mixed_case(text) || address_is_checksummed(text) ||
	       client_value_unexpected(ret_error, "an address whose capitals are right (EIP-55), or in one case", text);
}

static size_t count_items(struct bytes list)
{
	struct bytes item;
	size_t count = 0;

	while (next_item(&list, &item))
		count++;
	return count;
}

static bool take_accounts(struct bytes value, struct arena *arena, struct client_rights *rights, struct error *ret_error)
{
	struct bytes rest = list_of(value), text;
	struct account_list *list = &rights->accounts;

	rights->all_accounts = bytes_equal_text(rest, "*");
	*list = (struct account_list){0};
	if (rights->all_accounts)
		return true;
	list->accounts = arena_array(arena, count_items(rest), sizeof(list->accounts[0]));
	while (next_item(&rest, &text)) {
		if (bytes_equal_text(text, "*"))
			return client_value_unexpected(ret_error, "addresses, or * alone", value);
		if (!read_account(text, &list->accounts[list->count].address, ret_error))
			return false;
		list->count++;
	}
	account_list_sort(list, arena);
	for (size_t i = 1; i < list->count; i++) {
		char twice[ADDRESS_TEXT_SIZE];

		address_to_checksum(&list->sorted[i], twice);
		if (address_equal(&list->sorted[i - 1], &list->sorted[i]))
			return client_value_unexpected(ret_error, "each account once", bytes_text(twice));
	}
	return true;
}

/* ---- the others ---- */

static bool take_yes_or_no(struct bytes value, bool *ret_yes, struct error *ret_error)
{
	*ret_yes = bytes_equal_text(value, "yes");
	return *ret_yes || bytes_equal_text(value, "no") || client_value_unexpected(ret_error, "yes or no", value);
}

static bool take_queue(struct bytes value, uint32_t *ret_queue, struct error *ret_error)
{
	char expected[64];
	uint64_t number;

	if (!read_number(value, SIGNER_GATE_MAX, &number) || number == 0) {
		snprintf(expected, sizeof(expected), "a number of requests from 1 to %d", SIGNER_GATE_MAX);
		return client_value_unexpected(ret_error, expected, value);
	}
	*ret_queue = (uint32_t)number;
	return true;
}

static bool take_rate(struct bytes value, uint32_t *ret_rate, struct error *ret_error)
{
	struct bytes count = value;
	uint64_t number = 0;

	*ret_rate = 0;
	if (bytes_equal_text(value, "unlimited"))
		return true;
	if (value.size > 2 && memcmp(value.data + value.size - 2, "/m", 2) == 0)
		count.size = value.size - 2;
	if (count.size == value.size || !read_number(count, RATE_MAX, &number) || number == 0)
		return client_value_unexpected(ret_error, "requests a minute, as in 30/m (1 to 6000), or unlimited", value);
	*ret_rate = (uint32_t)number;
	return true;
}

static bool take_timeout(struct bytes value, struct arena *arena, struct client_rights *rights, struct error *ret_error)
{
	int64_t seconds;

	if (value.size == 0 || duration_parse(arena_text(arena, value), &seconds) != DURATION_OK)
		return client_value_unexpected(ret_error, "a time up to 720h, as in 90s, 2m or 1h30m, or 0 for none", value);
	rights->has_timeout = true;
	rights->timeout_s = (uint32_t)seconds;
	return true;
}

bool client_value_parse(
    enum client_key key, struct bytes untrusted_value, struct arena *arena, struct client_rights *rights, struct error *ret_error)
{
	struct bytes value = trim(untrusted_value);

	switch (key) {
	case CLIENT_KEY_METHODS:
		return take_methods(value, arena, rights, ret_error);
	case CLIENT_KEY_ACCOUNTS:
		return take_accounts(value, arena, rights, ret_error);
	case CLIENT_KEY_LIST_WITHOUT_ASKING:
		return take_yes_or_no(value, &rights->list_without_asking, ret_error);
	case CLIENT_KEY_QUEUE:
		return take_queue(value, &rights->queue, ret_error);
	case CLIENT_KEY_RATE:
		return take_rate(value, &rights->rate, ret_error);
	case CLIENT_KEY_TIMEOUT:
		return take_timeout(value, arena, rights, ret_error);
	case CLIENT_KEY_COUNT:
		break;
	}
	return error_set(ret_error, ERROR_INTERNAL, "no such key");
}
