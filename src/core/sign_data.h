/*
 * sign_data: the way that everything shown by ui_approveSignData takes: messages, typed data, Safe transactions, Clique headers, authorisations.
 *
 * A handler reads its arguments, fills in a struct sign_data and calls sign_data_begin(): the account is looked for, the person is asked, the
 * password is fetched, keys signs signing.content, and `answer` (or sign_data_answer_bytes) ends the request. Failures of every kind are told
 * to the UI and the caller here.
 */
#ifndef CLEF_CORE_SIGN_DATA_H
#define CLEF_CORE_SIGN_DATA_H

#include "core/signing.h"
#include "decode/validation.h"

/* Most bytes of JSON in a question, an answer or an audit line. */
#define SIGN_DATA_JSON_LIMIT ((size_t)48 * 1024 * 1024)

/* A handler's work may begin with this struct and go on with its own members; all of it lives in the request's arena. */
struct sign_data {
	struct signing signing;    /* first: see signing.h. To fill in: address, kind, content */
	struct bytes content_type; /* as the UI sees it */
	struct bytes address_text; /* as the UI sees it */
	/* JSON members, without braces, that say what is to be signed: "raw_data":BASE64,"messages":[…],"hash":"0x…". */
	struct bytes members;
	/* What the person is warned of; WARNING and CRITICAL are refused without --advanced. Empty when there is nothing. */
	struct validation validation;
	/* UI protocol 7.1: the same as data, one JSON object with "kind"; empty: null. */
	struct bytes decoded;
	/* After the person's yes and before the password: is it still to be signed? False: the request has ended. NULL: it is. */
	bool (*approved)(struct request *request);
	/* Ends the request with what was signed; NULL: sign_data_answer_bytes. */
	void (*answer)(struct request *request, const struct signature *signature);
};

/*
 * Read the address argument. The text keeps the caller's spelling of letters, with "0x" in front. False: *ret_error is ERROR_PARAMS and names the argument
 * by its number.
 */
bool sign_data_read_address(struct request *request, size_t argument, struct sign_data *work, struct error *ret_error);
/*
 * Write the audit log's request line with what every such call has: addr, the JSON of `data`, content-type. False: the request has ended.
 */
bool sign_data_audit(struct request *request, const struct sign_data *work, yyjson_val *data);
/* For handlers that write their own line: append addr, with what its checksum is worth. */
void sign_data_audit_address(struct request *request, const struct sign_data *work, struct buf *ret_fields);
/* request->work is the filled-in struct. The request is JUDGED from here on. */
void sign_data_begin(struct request *request);
/* Answer with 65 bytes as hex: r, s and v as 27 or 28. */
void sign_data_answer_bytes(struct request *request, const struct signature *signature);
/* The same with v as 0 or 1, as consensus code expects it. */
void sign_data_answer_parity(struct request *request, const struct signature *signature);
/* The failure of an asked or approved request: the UI's person hears of it, the caller gets the error. */
void sign_data_fail(struct request *request, const struct error *error);

#endif
