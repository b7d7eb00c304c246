#include "core/methods.h"

#include "core/handlers.h"

#define NO_ARGUMENTS "none"
/* A standard name that wallets have and a signer does not; `advice` is told to whoever calls it. */
#define UNSUPPORTED(name, advice)                                                                              \
	{                                                                                                      \
		name, METHOD_ETH, 0, 4, "any", "an error (4200)", advice, NULL, NULL, true, handle_unsupported \
	}

static const struct method methods[] = {
    {"account_version", METHOD_EXTERNAL, 0, 0, NO_ARGUMENTS, "text", "The version of the external API.", "Version",
        " data=", true, handle_version},
    {"account_list", METHOD_EXTERNAL, 0, 0, NO_ARGUMENTS, "array of addresses",
        "The accounts that the person chooses to show to the caller.", "List", " data=[]", false, handle_list},
    {"account_new", METHOD_EXTERNAL, 0, 0, NO_ARGUMENTS, "address",
        "Makes a new account after approval; its password is asked of the person.", "New", " data=\"\"", false, handle_new},
    {"account_signTransaction", METHOD_EXTERNAL, 1, 2, "transaction object, method signature (optional)",
        "object: raw (signed transaction), tx (its fields)",
        "Signs a transaction after approval. The person may change it before.", "SignTransaction", " data=<nil>", false,
        handle_sign_transaction},
    {"account_signData", METHOD_EXTERNAL, 3, 3, "content type, address, data", "signature (65 bytes)",
        "Signs after approval. Content types: text/plain, data/plain (messages, EIP-191), data/typed (EIP-712), data/validator "
        "(an object {address, message}; EIP-191 version 0x00), application/x-clique-header (RLP; v is 0 or 1).",
        "SignData", " data=\"\"", false, handle_sign_data},
    {"account_ecRecover", METHOD_EXTERNAL, 2, 2, "message, signature", "address", "The account that signed a text/plain message.",
        "EcRecover", " address=0x0000000000000000000000000000000000000000", true, handle_ec_recover},
    {"account_signTypedData", METHOD_EXTERNAL, 2, 2, "address, typed data {types, primaryType, domain, message}",
        "signature (65 bytes)", "Signs structured data (EIP-712) after approval.", "SignTypedData", " data=\"\"", false,
        handle_sign_typed_data},
    {"account_signGnosisSafeTx", METHOD_EXTERNAL, 2, 3, "address, Safe transaction, method signature (optional)",
        "object: signature, contractTransactionHash, sender, and the transaction",
        "Signs a transaction of a Safe (multi-signature wallet) as its transaction service hands it out, after approval.",
        "SignGnosisSafeTx", " data=<nil>", false, handle_sign_safe},
    {"account_signAuthorization", METHOD_EXTERNAL, 2, 2, "address, authorization object {chainId, address, nonce}",
        "object: chainId, address, nonce, yParity, r, s",
        "Signs an EIP-7702 authorization after approval: the account lets the code at the address act for it. No chainId means "
        "the signer's chain, 0 every chain.",
        "SignAuthorization", " data=<nil>", false, handle_sign_authorization},
    {"account_signRawTransaction", METHOD_EXTERNAL, 2, 2, "address, unsigned transaction (hex)",
        "object: raw (signed transaction), tx (its fields)",
        "Signs a transaction that comes as the bytes to be signed (an EIP-2718 envelope, or legacy RLP with EIP-155), like "
        "account_signTransaction: shown decoded, and the person may change it before.",
        "SignRawTransaction", " data=<nil>", false, handle_sign_raw_transaction},
    {"account_bulkSignTransactions", METHOD_EXTERNAL, 1, 1, "array of transaction objects (1 to 100)",
        "array of objects: raw (signed transaction), tx (its fields)",
        "Signs several transactions of one account after one approval, all or none. The person cannot change them. Only with "
        "--allow-bulk.",
        "BulkSignTransactions", " data=<nil>", false, handle_bulk_sign_transactions},
    {"rpc_modules", METHOD_EXTERNAL, 0, 0, NO_ARGUMENTS, "object", "The namespaces that can be called and their versions.", NULL,
        NULL, true, handle_modules},

    {"eth_accounts", METHOD_ETH, 0, 0, NO_ARGUMENTS, "array of addresses",
        "The accounts that the person chooses to show to the caller, like account_list.", "List", " data=[]", false, handle_list},
    {"eth_requestAccounts", METHOD_ETH, 0, 0, NO_ARGUMENTS, "array of addresses", "The same as eth_accounts (EIP-1102).", "List",
        " data=[]", false, handle_list},
    {"eth_chainId", METHOD_ETH, 0, 0, NO_ARGUMENTS, "number (hex)", "The chain that transactions are signed for (EIP-695).", NULL,
        NULL, true, handle_eth_chain_id},
    {"personal_sign", METHOD_ETH, 2, 3, "message (hex), address, anything", "signature (65 bytes)",
        "Signs a message (EIP-191, version 0x45) after approval, like account_signData with text/plain. A third argument is not "
        "looked at.",
        "SignData", " data=\"\"", false, handle_personal_sign},
    {"eth_sign", METHOD_ETH, 2, 2, "address, message (hex)", "signature (65 bytes)",
        "The same as personal_sign, with the arguments in the other order and only with --allow-eth-sign. Never signs a bare "
        "hash.",
        "SignData", " data=\"\"", false, handle_eth_sign},
    {"eth_signTypedData", METHOD_ETH, 2, 2, "address, typed data (object, or its JSON as text)", "signature (65 bytes)",
        "Signs structured data (EIP-712, version 4) after approval, like account_signTypedData.", "SignTypedData", " data=\"\"",
        false, handle_eth_sign_typed_data},
    {"eth_signTypedData_v4", METHOD_ETH, 2, 2, "address, typed data (object, or its JSON as text)", "signature (65 bytes)",
        "The same as eth_signTypedData.", "SignTypedData", " data=\"\"", false, handle_eth_sign_typed_data},
    {"eth_signTransaction", METHOD_ETH, 1, 1, "transaction object", "signed transaction (hex)",
        "Signs a transaction after approval, like account_signTransaction, and answers it alone. Gas, fees and nonce must be "
        "there; "
        "blob transactions come with their blobVersionedHashes alone, without sidecar.",
        "SignTransaction", " data=<nil>", false, handle_eth_sign_transaction},
    {"eth_signAuthorization", METHOD_ETH, 2, 2, "address, authorization object {chainId, address, nonce}", "object",
        "Signs the delegation of an account to a contract's code (EIP-7702) after approval, like account_signAuthorization.",
        "SignAuthorization", " data=<nil>", false, handle_sign_authorization},
    {"wallet_sign", METHOD_ETH, 1, 1, "object {version: \"1.0\", address, request: {type, data}, capabilities (optional)}",
        "object {signature}",
        "Signs any kind of EIP-191's signed data after approval (ERC-7871): type 0x45 with data {message}, 0x01 with typed data, "
        "0x00 "
        "with {validator, data}.",
        "SignData", " data=\"\"", false, handle_wallet_sign},
    {"wallet_getCapabilities", METHOD_ETH, 0, 2, "address (optional), array of chain ids (optional)", "object",
        "What the signer offers beyond signing (EIP-5792): nothing, on its one chain.", NULL, NULL, true,
        handle_wallet_capabilities},
    {"health_status", METHOD_ETH, 0, 0, NO_ARGUMENTS, "text", "Program and version: the signer answers.", NULL, NULL, true,
        handle_program_version},
    {"web3_clientVersion", METHOD_ETH, 0, 0, NO_ARGUMENTS, "text", "The same as health_status.", NULL, NULL, true,
        handle_program_version},
    UNSUPPORTED(
        "eth_sendTransaction", "Sign with eth_signTransaction and hand the result to a node with eth_sendRawTransaction."),
    UNSUPPORTED("eth_signTypedData_v3", "Use eth_signTypedData_v4, which signs every such document with the same hash."),
    UNSUPPORTED("personal_ecRecover", "Use account_ecRecover, with the same arguments."),
    UNSUPPORTED("personal_newAccount", "Use account_new: the person chooses the password."),
    UNSUPPORTED(
        "personal_sendTransaction", "Sign with eth_signTransaction and hand the result to a node with eth_sendRawTransaction."),
    UNSUPPORTED("personal_unlockAccount", "Nothing needs unlocking: the person approves each signature."),
    UNSUPPORTED("wallet_addEthereumChain", "The person chooses the chain, with --chainid."),
    UNSUPPORTED("wallet_getCallsStatus", "It sends nothing. Ask a node for the receipts."),
    UNSUPPORTED("wallet_sendCalls", "Sign each call with eth_signTransaction, or all with account_bulkSignTransactions."),
    UNSUPPORTED("wallet_switchEthereumChain", "The person chooses the chain, with --chainid; eth_chainId tells it."),

    {"clef_listAccounts", METHOD_UI, 0, 0, NO_ARGUMENTS, "array of {address, url}", "Every account of the keystore.", NULL, NULL,
        false, handle_clef_list_accounts},
    {"clef_listWallets", METHOD_UI, 0, 0, NO_ARGUMENTS, "array of {url, status, accounts}",
        "Every wallet: one for each key file.", NULL, NULL, false, handle_clef_list_wallets},
    {"clef_importRawKey", METHOD_UI, 2, 2, "private key (64 hex digits), password", "{address, url}",
        "Stores a private key under a new password.", NULL, NULL, false, handle_clef_import_raw_key},
    {"clef_export", METHOD_UI, 1, 1, "address", "key file", "The encrypted key file of an account, as it stands.", NULL, NULL,
        false, handle_clef_export},
    {"clef_import", METHOD_UI, 3, 3, "key file, its password, new password", "{address, url}",
        "Opens a key file and stores its key under a new password.", NULL, NULL, false, handle_clef_import},
    {"clef_new", METHOD_UI, 0, 0, NO_ARGUMENTS, "address", "Makes a new account; its password is asked of the person.", NULL,
        NULL, false, handle_clef_new},
    {"clef_chainId", METHOD_UI, 0, 0, NO_ARGUMENTS, "number (hex)", "The chain that transactions are signed for.", NULL, NULL,
        false, handle_clef_chain_id},
    {"clef_setChainId", METHOD_UI, 1, 1, "number (hex or decimal)", "number (hex)", "Changes that chain until the signer ends.",
        NULL, NULL, false, handle_clef_set_chain_id},
    {"clef_pending", METHOD_UI, 0, 0, NO_ARGUMENTS,
        "array of {request_id, method, state, since, expires_at, question, meta, peer}",
        "Every request that is not answered yet.", NULL, NULL, true, handle_clef_pending},
    {"clef_cancel", METHOD_UI, 1, 1, "request id", "true",
        "Calls a request off: its caller hears that the person cancelled it, its question is withdrawn.", NULL, NULL, true,
        handle_clef_cancel},
    {"clef_openWallet", METHOD_UI, 1, 2, "wallet URL, password or PIN (optional)", "null", "Opens a hardware wallet.", NULL, NULL,
        false, handle_clef_open_wallet},
    {"clef_deriveAccount", METHOD_UI, 2, 3, "wallet URL, derivation path, pin to the list (optional)", "{address, url}",
        "Derives an account of a hardware wallet.", NULL, NULL, false, handle_clef_derive_account},
};

bool method_is_offered(const struct method *method)
{
	return method->start != handle_unsupported;
}

size_t method_count(void)
{
	return sizeof(methods) / sizeof(methods[0]);
}

const struct method *method_at(size_t index)
{
	return &methods[index];
}

size_t method_index(const struct method *method)
{
	return (size_t)(method - methods);
}

const struct method *method_find(struct bytes untrusted_name, unsigned audiences)
{
	for (size_t i = 0; i < method_count(); i++)
		if ((methods[i].audience & audiences) != 0 && bytes_equal_text(untrusted_name, methods[i].name))
			return &methods[i];
	return NULL;
}
