/* account_signRawTransaction: a transaction as the bytes that are signed. */
#include "base/hex.h"
#include "core/account_list.h"
#include "core/handlers.h"
#include "core/sign_transaction.h"
#include "eth/quantity.h"

static bool read_sender(struct request *request, struct transaction *transaction, struct error *ret_error)
{
	struct bytes text = json_bytes(request->arguments[0]);

	if (!account_read_address(text, 0, &transaction->from, ret_error))
		return false;
	transaction->has_from = true;
	transaction->from_text =
	    bytes_text(arena_printf(&request->arena, "0x%.*s", 2 * ADDRESS_SIZE, (const char *)hex_skip_prefix(text).data));
	return true;
}

/* Bytes have no spelling that could be wrong: the recipient is shown with its checksum. */
static void spell_recipient(struct request *request, struct transaction *transaction)
{
	char text[ADDRESS_TEXT_SIZE];

	if (!transaction->has_to)
		return;
	address_to_checksum(&transaction->to, text);
	transaction->to_text = arena_copy(&request->arena, bytes_text(text));
	transaction->to_is_checksummed = true;
}

void handle_sign_raw_transaction(struct request *request)
{
	struct sign_transaction *work = arena_alloc(&request->arena, sizeof(*work));
	struct bytes raw;
	struct error error;

	request->work = work;
	if (!quantity_get_data(request->arguments[1], "invalid argument 1", &request->arena, &raw, &error) ||
	    !transaction_from_raw(raw, &request->arena, &work->transaction, &error) ||
	    !read_sender(request, &work->transaction, &error)) {
		request_refuse(request, &error);
		return;
	}
	spell_recipient(request, &work->transaction);
	sign_transaction_begin(request);
}
