#include "keys/sign_batch.h"

/* The parts of a content, one after the other: itself, or the payloads of IPC_SIGN_TRANSACTIONS. */
struct parts {
	bool several;
	struct reader reader;
	uint32_t count;
};

static struct parts parts_of(enum ipc_sign_kind kind, struct bytes untrusted_content)
{
	struct parts parts = {.several = kind == IPC_SIGN_TRANSACTIONS, .reader = reader_of(untrusted_content), .count = 1};

	if (parts.several)
		parts.count = reader_u32(&parts.reader);
	return parts;
}

static struct bytes next_part(struct parts *parts)
{
	return reader_bytes(&parts->reader, parts->several ? reader_u32(&parts->reader) : parts->reader.left);
}

/* Says which of several it was. */
static bool name_part(const struct parts *parts, uint32_t index, struct error *error)
{
	return parts->several ? error_in(error, "[%u]", (unsigned)index) : false;
}

static enum ipc_sign_kind kind_of_part(enum ipc_sign_kind kind)
{
	return kind == IPC_SIGN_TRANSACTIONS ? IPC_SIGN_TRANSACTION : kind;
}

/* As many parts as are announced, and nothing behind them. */
static bool split(enum ipc_sign_kind kind, struct bytes untrusted_content, struct parts *ret_parts, struct error *ret_error)
{
	*ret_parts = parts_of(kind, untrusted_content);
	struct parts walk = *ret_parts;

	if (walk.count == 0 || walk.count > IPC_SIGN_TRANSACTIONS_MAX)
		return error_set(ret_error, ERROR_REFUSED, "expected 1 to %d transactions, found %u", IPC_SIGN_TRANSACTIONS_MAX,
		    (unsigned)walk.count);
	for (uint32_t i = 0; i < walk.count; i++)
		next_part(&walk);
	return reader_done(&walk.reader) || error_set(ret_error, ERROR_REFUSED, "the list of transactions is malformed");
}

bool sign_batch_check(enum ipc_sign_kind kind, struct bytes untrusted_content, struct error *ret_error)
{
	uint8_t digest[SIGNATURE_DIGEST_SIZE];
	struct parts parts;

	if (!split(kind, untrusted_content, &parts, ret_error))
		return false;
	for (uint32_t i = 0; i < parts.count; i++)
		if (!sign_digest(kind_of_part(kind), next_part(&parts), digest, ret_error))
			return name_part(&parts, i, ret_error);
	return true;
}

/* Each part is read once more as it is signed; what is wrong with a later one throws away the signatures before it. */
bool sign_batch(struct signer *signer, enum ipc_sign_kind kind, struct bytes untrusted_content,
    const uint8_t key[SIGNATURE_KEY_SIZE], const struct address *address, struct buf *ret_signatures, struct error *ret_error)
{
	uint8_t signatures[SIGN_BATCH_RESULT_MAX];
	struct parts parts;
	bool ok = split(kind, untrusted_content, &parts, ret_error);

	for (uint32_t i = 0; ok && i < parts.count; i++) {
		ok = (i == 0 || signer_refresh(signer, ret_error)) &&
		     sign_content(signer, kind_of_part(kind), next_part(&parts), key, address,
		         signatures + (size_t)i * SIGN_RESULT_SIZE, ret_error);
		if (!ok)
			name_part(&parts, i, ret_error);
	}
	if (ok)
		buf_put(ret_signatures, signatures, (size_t)parts.count * SIGN_RESULT_SIZE);
	bytes_wipe(signatures, sizeof signatures);
	return ok;
}
