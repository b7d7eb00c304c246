/* sign_typed_data: an EIP-712 document as something that ui_approveSignData shows, whichever method it came by. */
#ifndef CLEF_CORE_SIGN_TYPED_DATA_H
#define CLEF_CORE_SIGN_TYPED_DATA_H

#include "core/sign_data.h"

/* What the UI and the audit log see, also when a standard method asked. */
#define SIGN_TYPED_DATA_CONTENT_TYPE "data/typed"

/*
 * Fill in what the document decides of `work`: content type (data/typed), the kind and the canonical document that keys signs, what the UI sees, and a critical
 * warning, foreign-chain, when the domain names another chain than the signer's. Everything is copied to the request's arena. ERROR_PARAMS: no document of this shape;
 * ERROR_REFUSED: one that cannot be signed.
 */
bool sign_typed_data_fill(
    struct request *request, yyjson_val *untrusted_document, struct sign_data *work, struct error *ret_error);
/* The same of a document as JSON text. */
bool sign_typed_data_fill_text(
    struct request *request, struct bytes untrusted_json, struct sign_data *work, struct error *ret_error);

#endif
