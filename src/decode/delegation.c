#include "decode/delegation.h"

/* ---- one ---- */

/* `place`: "" or "authorizationList[2]: ". */
static void warn_of_every_chain(const struct authorization *authorization, const struct address *account, const char *place,
    struct arena *arena, struct validation *validation)
{
	char who[ADDRESS_TEXT_SIZE];

	address_to_checksum(account, who);
	validation_advise(validation, VALIDATION_CRITICAL, "authorization-every-chain",
	    bytes_text(arena_printf(arena,
	        "%sThe authorization of %s names chain id 0: it is valid on every chain where the account's nonce is %llu", place,
	        who, (unsigned long long)authorization->nonce)));
}

static void warn_of_code(const struct authorization *authorization, const struct address *account, const char *place,
    struct arena *arena, struct validation *validation)
{
	char who[ADDRESS_TEXT_SIZE], code[ADDRESS_TEXT_SIZE];

	address_to_checksum(account, who);
	address_to_checksum(&authorization->address, code);
	if (address_is_zero(&authorization->address))
		validation_advise(validation, VALIDATION_INFO, "delegation-cleared",
		    bytes_text(arena_printf(arena, "%sTakes the code of the account %s away", place, who)));
	else
		validation_advise(validation, VALIDATION_CRITICAL, "delegation-unknown-code",
		    bytes_text(arena_printf(arena,
		        "%sHands the account %s over to the code at %s, which is not known here: that code can move everything "
		        "the "
		        "account has, until it is replaced",
		        place, who, code)));
}

void delegation_warn(
    const struct authorization *authorization, const struct address *account, struct arena *arena, struct validation *validation)
{
	if (authorization->chain_id == 0)
		warn_of_every_chain(authorization, account, "", arena, validation);
	warn_of_code(authorization, account, "", arena, validation);
}

/* ---- those that a transaction carries: what several have in common is told once ---- */

/* Places named in one message, and codes that get a message of their own, for the sender's authorizations and for the others. */
#define PLACES_SHOWN 8
#define CODES_SHOWN  4

struct telling {
	const struct transaction *transaction;
	struct arena *arena;
	struct validation *validation;
	bool of_sender; /* told are those that the sender signed himself, else the others */
};

/* Some of the transaction's authorizations, by their places. */
struct selection {
	size_t count;
	size_t places[AUTHORIZATION_LIST_MAX];
};

static const struct authorization *entry_at(const struct telling *telling, size_t place)
{
	return &telling->transaction->authorizations[place];
}

static bool is_told(const struct telling *telling, size_t place)
{
	const struct transaction *transaction = telling->transaction;
	bool of_sender = transaction->has_from && address_equal(&entry_at(telling, place)->authority, &transaction->from);

	return of_sender == telling->of_sender;
}

static void add_place(struct selection *selection, size_t place)
{
	if (selection->count < AUTHORIZATION_LIST_MAX)
		selection->places[selection->count++] = place;
}

/* "authorizationList[0] of 0x…, [3] of 0x… and 2 more" */
static const char *name_places(const struct telling *telling, const struct selection *selection)
{
	BUF_CLEANUP struct buf text = BUF_INIT(4096);
	char who[ADDRESS_TEXT_SIZE];

	for (size_t i = 0; i < selection->count && i < PLACES_SHOWN; i++) {
		address_to_checksum(&entry_at(telling, selection->places[i])->authority, who);
		buf_printf(&text, "%s[%zu] of %s", i == 0 ? "authorizationList" : ", ", selection->places[i], who);
	}
	if (selection->count > PLACES_SHOWN)
		buf_printf(&text, " and %zu more", selection->count - PLACES_SHOWN);
	return arena_text(telling->arena, buf_bytes(&text));
}

static void tell_together(const struct telling *telling, const struct selection *selection, enum validation_level level,
    const char *code, const char *what)
{
	validation_advise(telling->validation, level, code,
	    bytes_text(arena_printf(
	        telling->arena, "%zu authorizations %s: %s", selection->count, what, name_places(telling, selection))));
}

/* A single one in the words that it gets by itself. */
static void tell_one(const struct telling *telling, size_t place,
    void (*warn)(const struct authorization *authorization, const struct address *account, const char *place, struct arena *arena,
        struct validation *validation))
{
	const struct authorization *entry = entry_at(telling, place);

	warn(entry, &entry->authority, arena_printf(telling->arena, "authorizationList[%zu]: ", place), telling->arena,
	    telling->validation);
}

static void tell_every_chain(const struct telling *telling)
{
	struct selection selection = {0};

	for (size_t i = 0; i < telling->transaction->authorization_count; i++)
		if (is_told(telling, i) && entry_at(telling, i)->chain_id == 0)
			add_place(&selection, i);
	if (selection.count == 1)
		tell_one(telling, selection.places[0], warn_of_every_chain);
	else if (selection.count > 1)
		tell_together(telling, &selection, VALIDATION_CRITICAL, "authorization-every-chain",
		    "name chain id 0, so that each is valid on every chain where its account's nonce is the same");
}

static struct selection select_code(const struct telling *telling, const struct address *code)
{
	struct selection selection = {0};

	for (size_t i = 0; i < telling->transaction->authorization_count; i++)
		if (is_told(telling, i) && address_equal(&entry_at(telling, i)->address, code))
			add_place(&selection, i);
	return selection;
}

static void tell_code(const struct telling *telling, const struct selection *selection)
{
	char code[ADDRESS_TEXT_SIZE];

	if (selection->count == 1) {
		tell_one(telling, selection->places[0], warn_of_code);
		return;
	}
	address_to_checksum(&entry_at(telling, selection->places[0])->address, code);
	tell_together(telling, selection, VALIDATION_CRITICAL, "delegation-unknown-code",
	    arena_printf(telling->arena,
	        "hand their accounts over to the code at %s, which is not known here: that code can move everything they have, "
	        "until it is replaced",
	        code));
}

/* Each code once, with the accounts that it is to act for; from the fifth code on all together. */
static void tell_codes(const struct telling *telling)
{
	struct selection rest = {0}, told = {0};

	for (size_t i = 0; i < telling->transaction->authorization_count; i++) {
		const struct address *code = &entry_at(telling, i)->address;

		if (!is_told(telling, i) || address_is_zero(code))
			continue;
		struct selection same = select_code(telling, code);
		bool is_first = same.places[0] == i, is_known = false;
		for (size_t j = 0; j < told.count; j++)
			is_known = is_known || told.places[j] == same.places[0];
		if (is_first && told.count < CODES_SHOWN) {
			tell_code(telling, &same);
			add_place(&told, i);
		} else if (!is_known) {
			add_place(&rest, i);
		}
	}
	if (rest.count == 1)
		tell_one(telling, rest.places[0], warn_of_code);
	else if (rest.count > 1)
		tell_together(telling, &rest, VALIDATION_CRITICAL, "delegation-unknown-code",
		    "hand their accounts over to code at still other addresses, none of which is known here: that code can move "
		    "everything they have, until it is replaced");
}

static void tell_cleared(const struct telling *telling)
{
	const struct address none = {0};
	struct selection selection = select_code(telling, &none);

	if (selection.count == 1)
		tell_one(telling, selection.places[0], warn_of_code);
	else if (selection.count > 1)
		tell_together(telling, &selection, VALIDATION_INFO, "delegation-cleared", "take the code of their accounts away");
}

/*
 * The sender's nonce has gone up before its own authorizations are looked at, and goes up again with each that the network takes (EIP-7702), which is
 * easily got wrong.
 */
static void tell_nonces(const struct telling *telling)
{
	struct selection selection = {0};
	uint64_t next = telling->transaction->nonce + 1, expected = next;

	for (size_t i = 0; i < telling->transaction->authorization_count; i++) {
		if (!is_told(telling, i))
			continue;
		if (entry_at(telling, i)->nonce == next) {
			next++;
			continue;
		}
		if (selection.count == 0)
			expected = next;
		add_place(&selection, i);
	}
	if (selection.count == 0)
		return;
	validation_advise(telling->validation, VALIDATION_WARNING, "authorization-nonce",
	    bytes_text(arena_printf(telling->arena,
	        "authorizationList[%zu]: The network will skip this authorization by the sender itself: its nonce is %llu, and "
	        "the account's next one would be %llu%s",
	        selection.places[0], (unsigned long long)entry_at(telling, selection.places[0])->nonce,
	        (unsigned long long)expected,
	        selection.count == 1
	            ? ""
	            : arena_printf(telling->arena, " (and so it is with %zu more of the sender's)", selection.count - 1))));
}

void delegation_warn_transaction(const struct transaction *transaction, struct arena *arena, struct validation *validation)
{
	struct telling telling = {transaction, arena, validation, true};

	tell_every_chain(&telling);
	tell_codes(&telling);
	tell_nonces(&telling);
	tell_cleared(&telling);
	telling.of_sender = false;
	tell_every_chain(&telling);
	tell_codes(&telling);
	tell_cleared(&telling);
}

void delegation_put_decoded(const struct authorization *authorization, const struct address *account, struct buf *ret_json)
{
	char who[ADDRESS_TEXT_SIZE], code[ADDRESS_TEXT_SIZE];

	address_to_checksum(account, who);
	address_to_checksum(&authorization->address, code);
	buf_printf(ret_json,
	    "{\"kind\":\"authorization\",\"chain_id\":\"%llu\",\"address\":\"%s\",\"nonce\":\"%llu\",\"authority\":\"%s\","
	    "\"clears\":%s}",
	    (unsigned long long)authorization->chain_id, code, (unsigned long long)authorization->nonce, who,
	    address_is_zero(&authorization->address) ? "true" : "false");
}
