/* personal_sign, eth_sign and eth_signTypedData. */
#include "base/hex.h"
#include "core/handlers.h"
#include "core/sign_message.h"
#include "core/sign_typed_data.h"
#include "core/signer.h"
#include "eth/quantity.h"

/* ---- personal_sign and eth_sign: EIP-191 version 0x45, arguments in either order ---- */

static bool read_message(struct request *request, size_t argument, struct bytes *ret_message, struct error *ret_error)
{
	struct bytes text = json_bytes(request->arguments[argument]);

	/* Some wallets sign a text that is no hex as it stands, others guess: which bytes were meant would be a guess here, too. */
	if (!hex_has_prefix(text))
		return error_set(ret_error, ERROR_PARAMS,
		    "invalid argument %zu: expected the message as hex digits after 0x (of a text: its UTF-8 bytes)", argument);
	return quantity_get_data(request->arguments[argument], argument == 0 ? "invalid argument 0" : "invalid argument 1",
	    &request->arena, ret_message, ret_error);
}

static void begin_message(struct request *request, size_t address, size_t data)
{
	struct sign_data *work = arena_alloc(&request->arena, sizeof(*work));
	struct bytes message = BYTES_NONE;
	struct error error;

	request->work = work;
	work->content_type = bytes_text("text/plain");
	if (!sign_data_read_address(request, address, work, &error) || !read_message(request, data, &message, &error)) {
		request_refuse(request, &error);
		return;
	}
	if (!sign_data_audit(request, work, request->arguments[data]))
		return;
	sign_message_fill(request, message, work);
	sign_data_begin(request);
}

/* The third argument is a password in geth: it is not looked at. */
void handle_personal_sign(struct request *request)
{
	begin_message(request, 1, 0);
}

void handle_eth_sign(struct request *request)
{
	if (!request->signer->options->allow_eth_sign)
		request_refuse_text(request, ERROR_UNSUPPORTED,
		    "eth_sign is off: other programs sign a bare hash by this name. personal_sign signs the same message; "
		    "clef --allow-eth-sign turns eth_sign on");
	else
		begin_message(request, 0, 1);
}

/* ---- eth_signTypedData, eth_signTypedData_v4: the document as text (ethers, viem) or as an object (web3.js, alloy) ---- */

static bool fill_typed_data(struct request *request, struct sign_data *work, struct error *ret_error)
{
	yyjson_val *untrusted_document = request->arguments[1];

	if (yyjson_is_str(untrusted_document))
		return sign_typed_data_fill_text(request, json_bytes(untrusted_document), work, ret_error);
	return sign_typed_data_fill(request, untrusted_document, work, ret_error);
}

void handle_eth_sign_typed_data(struct request *request)
{
	struct sign_data *work = arena_alloc(&request->arena, sizeof(*work));
	struct error error;

	request->work = work;
	work->content_type = bytes_text(SIGN_TYPED_DATA_CONTENT_TYPE);
	if (!sign_data_read_address(request, 0, work, &error)) {
		request_refuse(request, &error);
		return;
	}
	if (!sign_data_audit(request, work, request->arguments[1]))
		return;
	if (fill_typed_data(request, work, &error))
		sign_data_begin(request);
	else
		request_refuse(request, &error);
}
