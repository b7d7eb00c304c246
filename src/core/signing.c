#include "core/signing.h"

#include <string.h>

#include "core/password.h"
#include "core/signer.h"
#include "eth/keccak.h"

static void on_found(void *context, enum ipc_type type, const void *message)
{
	struct request *request = request_answered_by_keys(context);
	struct signing *signing = request->work;
	char text[ADDRESS_TEXT_SIZE];
	struct error error;

	if (type != IPC_KEYS_FOUND) {
		request_keys_error(message, &error);
		request_refuse(request, &error);
		return;
	}
	const struct ipc_keys_found *found = message;

	address_to_checksum(&signing->address, text);
	if (found->count == 0 || !clients_permit_account(request->rights, &signing->address))
		request_refuse_text(request, ERROR_ACCOUNT, "unknown account");
	else if (found->count > 1)
		request_refuse_text(request, ERROR_REFUSED,
		    "%llu key files hold the account %s; which one is meant is not clear: move the others out of the keystore",
		    (unsigned long long)found->count, text);
	else
		signing->found(request);
}

/* An address that nobody has a key of, another one in each run. */
static void make_nobody(const struct signer *signer, struct address *ret_address)
{
	uint8_t digest[KECCAK256_SIZE];

	keccak256(bytes_of(&signer->run, sizeof(signer->run)), digest);
	memcpy(ret_address->bytes, digest, ADDRESS_SIZE);
}

void signing_find(struct request *request)
{
	const struct signing *signing = request->work;
	struct address address = signing->address;

	/* To find an account takes keys a little longer than not to: for one that is not this client's it looks for another that is not there. */
	if (!clients_permit_account(request->rights, &address))
		make_nobody(request->signer, &address);
	struct ipc_keys_find message = {.address = bytes_of(address.bytes, ADDRESS_SIZE)};

	request_keys(request, IPC_KEYS_FIND, &message, on_found);
}

static bool read_signature(struct reader *reader, struct signature *ret_signature)
{
	struct bytes r = reader_bytes(reader, sizeof(ret_signature->r));
	struct bytes s = reader_bytes(reader, sizeof(ret_signature->s));

	ret_signature->parity = reader_u8(reader);
	if (reader->failed || ret_signature->parity > 1)
		return false;
	memcpy(ret_signature->r, r.data, r.size);
	memcpy(ret_signature->s, s.data, s.size);
	return true;
}

/* As many as were asked for, or NULL. */
static const struct signature *read_signatures(struct request *request, struct bytes bytes)
{
	const struct signing *signing = request->work;
	size_t count = signing->count == 0 ? 1 : signing->count;
	struct signature *signatures = arena_array(&request->arena, count, sizeof(*signatures));
	struct reader reader = reader_of(bytes);

	for (size_t i = 0; i < count; i++)
		if (!read_signature(&reader, &signatures[i]))
			return NULL;
	return reader_done(&reader) ? signatures : NULL;
}

static void on_signed(void *context, enum ipc_type type, const void *message)
{
	struct request *request = context;
	const struct signing *signing = request->work;
	struct error error;

	if (type == IPC_KEYS_SECRET_READ) {
		request_return_terminal(request);
		return;
	}
	request_answered_by_keys(context);
	if (type != IPC_KEYS_SIGNED) {
		request_keys_error(message, &error);
		signing->failed(request, &error, false);
		return;
	}
	const struct ipc_keys_signed *answer = message;
	const struct signature *signatures = read_signatures(request, answer->signature);

	if (signatures != NULL) {
		signing->signed_(request, signatures);
	} else {
		error_set(&error, ERROR_INTERNAL, "keys answered with a malformed signature");
		signing->failed(request, &error, false);
	}
}

static void on_password(struct request *request, const struct password *password)
{
	const struct signing *signing = request->work;
	struct ipc_keys_sign message = {.kind = signing->kind,
	    .address = bytes_of(signing->address.bytes, ADDRESS_SIZE),
	    .content = signing->content,
	    .source = password->source,
	    .secret = password->secret,
	    .question = password->question,
	    .prompt = password->prompt};

	if (password->declined) {
		signing->failed(request, &password->error, true);
		return;
	}
	request_advance(request, REQUEST_SIGNING);
	request_keys(request, IPC_KEYS_SIGN, &message, on_signed);
}

bool signing_chain_changed(struct request *request, uint64_t chain_id)
{
	if (chain_id == request->signer->chain_id)
		return false;
	request_refuse_text(request, ERROR_REFUSED,
	    "the signer's chain id was changed from %llu to %llu while this waited: ask again", (unsigned long long)chain_id,
	    (unsigned long long)request->signer->chain_id);
	return true;
}

/* A user interface may have made it larger than any caller could. */
static bool content_fits(const struct signing *signing, struct error *ret_error)
{
	return signing->content.size <= IPC_SIGN_CONTENT_MAX ||
	       error_set(ret_error, ERROR_REFUSED, "expected at most %zu bytes to be signed, found %zu", IPC_SIGN_CONTENT_MAX,
	           signing->content.size);
}

void signing_start(struct request *request)
{
	const struct signing *signing = request->work;
	struct error error;

	if (!content_fits(signing, &error) || !request_audit_approved(request, &error)) {
		signing->failed(request, &error, false);
		return;
	}
	password_ask(request, signing->title, signing->prompt, on_password);
}
