/* wallet_url: URLs of wallets ("ledger://…", "keystore:///path") and derivation paths (BIP 32, "m/44'/60'/0'/0/0"). */
#ifndef CLEF_CORE_WALLET_URL_H
#define CLEF_CORE_WALLET_URL_H

#include "base/bytes.h"
#include "base/error.h"

/* ERROR_REFUSED, with Clef's texts. */
bool wallet_url_check(struct bytes untrusted_url, struct error *ret_error);
/* An absolute path begins with "m/"; components are decimal or hex numbers below 2^31, hardened with an apostrophe. ERROR_REFUSED. */
bool wallet_path_check(struct bytes untrusted_path, struct error *ret_error);

#endif
