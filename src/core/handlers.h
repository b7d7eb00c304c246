/* handlers: what the methods of the table do. One file a family: api_accounts.c, api_sign.c, api_transaction.c and so on. */
#ifndef CLEF_CORE_HANDLERS_H
#define CLEF_CORE_HANDLERS_H

struct request;

void handle_version(struct request *request);
void handle_modules(struct request *request);
void handle_list(struct request *request);
void handle_new(struct request *request);
void handle_sign_transaction(struct request *request);
void handle_sign_data(struct request *request);
void handle_ec_recover(struct request *request);
void handle_sign_typed_data(struct request *request);
void handle_sign_safe(struct request *request);
void handle_sign_authorization(struct request *request);
void handle_sign_raw_transaction(struct request *request);
void handle_bulk_sign_transactions(struct request *request);

void handle_eth_chain_id(struct request *request);
void handle_program_version(struct request *request);
void handle_unsupported(struct request *request);
void handle_wallet_capabilities(struct request *request);
void handle_personal_sign(struct request *request);
void handle_eth_sign(struct request *request);
void handle_eth_sign_typed_data(struct request *request);
void handle_wallet_sign(struct request *request);
void handle_eth_sign_transaction(struct request *request);

void handle_clef_list_accounts(struct request *request);
void handle_clef_list_wallets(struct request *request);
void handle_clef_import_raw_key(struct request *request);
void handle_clef_export(struct request *request);
void handle_clef_import(struct request *request);
void handle_clef_new(struct request *request);
void handle_clef_chain_id(struct request *request);
void handle_clef_set_chain_id(struct request *request);
void handle_clef_pending(struct request *request);
void handle_clef_cancel(struct request *request);
void handle_clef_open_wallet(struct request *request);
void handle_clef_derive_account(struct request *request);

#endif
