#include "cli/gendoc.h"

/* What every question says; warnings and decoded are JSON. */
#define COMMON(warnings, decoded)                \
	"  \"meta\": {\n"                        \
	"    \"remote\": \"127.0.0.1:41022\",\n" \
	"    \"local\": \"localhost:8550\",\n"   \
	"    \"scheme\": \"http\",\n"            \
	"    \"User-Agent\": \"curl/7.88.1\",\n" \
	"    \"Origin\": \"\"\n"                 \
	"  },\n"                                 \
	"  \"request_id\": \"r-b0f2422a-17\",\n" \
	"  \"expires_at\": 1795369608,\n"        \
	"  \"chain_id\": \"0x1\",\n"             \
	"  \"peer\": null,\n"                    \
	"  \"warnings\": " warnings ",\n"        \
	"  \"decoded\": " decoded "\n"
#define META COMMON("[]", "null")

#define NO_CHECKSUM "\"Invalid checksum on recipient address\""

#define TRANSACTION                                                       \
	"  \"transaction\": {\n"                                          \
	"    \"from\": \"0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266\",\n" \
	"    \"to\": \"0xcd2a3d9f938e13cd947ec05abc7fe734df8dd826\",\n"   \
	"    \"gas\": \"0x5208\",\n"                                      \
	"    \"gasPrice\": \"0x3b9aca00\",\n"                             \
	"    \"maxFeePerGas\": null,\n"                                   \
	"    \"maxPriorityFeePerGas\": null,\n"                           \
	"    \"value\": \"0xde0b6b3a7640000\",\n"                         \
	"    \"nonce\": \"0x0\"\n"                                        \
	"  }"

#define DECODED_TRANSACTION                                               \
	"    \"kind\": \"transaction\",\n"                                \
	"    \"type\": \"0x0\",\n"                                        \
	"    \"action\": \"transfer\",\n"                                 \
	"    \"chain_id\": \"1\",\n"                                      \
	"    \"from\": \"0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266\",\n" \
	"    \"to\": \"0xCD2a3d9F938E13CD947Ec05AbC7FE734Df8DD826\",\n"   \
	"    \"value\": \"1000000000000000000\",\n"                       \
	"    \"nonce\": \"0\",\n"                                         \
	"    \"gas\": \"21000\",\n"                                       \
	"    \"gas_price\": \"1000000000\",\n"                            \
	"    \"max_fee_per_gas\": null,\n"                                \
	"    \"max_priority_fee_per_gas\": null,\n"                       \
	"    \"max_fee_per_blob_gas\": null,\n"                           \
	"    \"max_fee_total\": \"21000000000000\",\n"                    \
	"    \"max_cost\": \"1000021000000000000\",\n"                    \
	"    \"data_bytes\": 0,\n"                                        \
	"    \"call\": null,\n"                                           \
	"    \"access_list\": {\"addresses\": 0, \"storage_keys\": 0},\n" \
	"    \"blobs\": 0,\n"                                             \
	"    \"authorizations\": []"

#define ACCOUNT                                                                           \
	"    {\n"                                                                         \
	"      \"address\": \"0xf39fd6e51aad88f6f4ce6ab8827279cfffb92266\",\n"            \
	"      \"url\": \"keystore:///srv/keystore/UTC--2026-01-01T00-00-00.000000000Z--" \
	"f39fd6e51aad88f6f4ce6ab8827279cfffb92266\"\n"                                    \
	"    }\n"

static const struct {
	const char *name;
	const char *text;
	const char *example;
} types[] = {
    {"SignDataRequest",
        "Argument of `ui_approveSignData`: may this message be signed? `raw_data` (base64) is what is hashed, `messages` shows "
        "it in "
        "parts, `call_info` holds warnings or is null. `meta` says who asks: `remote` and `scheme` are known, the rest is "
        "claimed by "
        "the caller. `request_id`, `expires_at`, `chain_id`, `peer`, `warnings` and `decoded` are in every question since UI "
        "protocol 7.1 (docs/ui-protocol.md).",
        "{\n"
        "  \"content_type\": \"text/plain\",\n"
        "  \"address\": \"0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266\",\n"
        "  \"raw_data\": \"GUV0aGVyZXVtIFNpZ25lZCBNZXNzYWdlOgo1aGVsbG8=\",\n"
        "  \"messages\": [\n"
        "    {\n"
        "      \"name\": \"message\",\n"
        "      \"value\": \"\\u0019Ethereum Signed Message:\\n5hello\",\n"
        "      \"type\": \"text/plain\"\n"
        "    }\n"
        "  ],\n"
        "  \"call_info\": null,\n"
        "  \"hash\": \"0x50b2c43fd39106bafbba0da34fc430e1f91e3c96ea2acee2bc34119f92b37750\",\n" COMMON(
            "[]", "{\"kind\": \"message\", \"text\": \"hello\", \"bytes\": 5}") "}"},
    {"SignDataResponse - approve",
        "Answer to `ui_approveSignData`. The password is asked for afterwards, with `ui_onInputRequired`.",
        "{\n  \"approved\": true\n}"},
    {"SignDataResponse - deny", "Answer to `ui_approveSignData`.", "{\n  \"approved\": false\n}"},
    {"SignTxRequest",
        "Argument of `ui_approveTx`: may this transaction be signed? Fields that are not set are null or missing; `data`, "
        "`input`, "
        "`accessList` and `chainId` are there when the transaction has them. `call_info` is null or says what was noticed, each "
        "of "
        "type \"Info\", \"WARNING\" or \"CRITICAL\".",
        "{\n" TRANSACTION ",\n"
        "  \"call_info\": [\n"
        "    {\n"
        "      \"type\": \"WARNING\",\n"
        "      \"message\": " NO_CHECKSUM "\n"
        "    }\n"
        "  ],\n" COMMON("[\n"
                        "    {\n"
                        "      \"level\": \"warning\",\n"
                        "      \"code\": \"invalid-checksum\",\n"
                        "      \"text\": " NO_CHECKSUM "\n"
                        "    }\n"
                        "  ]",
            "{\n" DECODED_TRANSACTION "\n  }") "}"},
    {"SignTxResponse - approve",
        "Answer to `ui_approveTx`. The transaction that is signed is the one in the answer: the person may have changed gas, "
        "fees, "
        "value, nonce and more. It is checked again like one that came from a caller.",
        "{\n" TRANSACTION ",\n  \"approved\": true\n}"},
    {"SignTxResponse - deny", "Answer to `ui_approveTx`. The transaction may be left out.", "{\n  \"approved\": false\n}"},
    {"BulkRequest",
        "Argument of `ui_approveBulkTransactions`: may all of these be signed, by one yes? Each is shown as in `ui_approveTx`; "
        "`totals` says "
        "what they come to.",
        "{\n  \"transactions\": [\n{\n" TRANSACTION
        ",\n  \"call_info\": null,\n  \"warnings\": [],\n  \"decoded\": {\n" DECODED_TRANSACTION "\n  }\n}\n  ],\n"
        "  \"totals\": {\n"
        "    \"count\": 1,\n"
        "    \"value\": \"1000000000000000000\",\n"
        "    \"max_fees\": \"21000000000000\",\n"
        "    \"recipients\": [\"0xCD2a3d9F938E13CD947Ec05AbC7FE734Df8DD826\"],\n"
        "    \"creations\": 0\n"
        "  },\n"
        "  \"call_info\": null,\n" META "}"},
    {"BulkResponse", "Answer to `ui_approveBulkTransactions`. Nothing can be changed.", "{\n  \"approved\": true\n}"},
    {"OnApproved - SignTransactionResult",
        "Argument of the notification `ui_onApprovedTx`: this transaction was signed and goes to the caller.",
        "{\n"
        "  \"raw\": "
        "\"0xf86b80843b9aca0082520894cd2a3d9f938e13cd947ec05abc7fe734df8dd826880de0b6b3a76400008026a0f7ee562452988b76443ea8d"
        "a81bc999640ddb4b197f041036f91c578b9d2cdeba020e09d13ec2a67a7bd3dfad03109d0a38eaf306f22f5b0d9575fb203ad848205\",\n"
        "  \"tx\": {\n"
        "    \"type\": \"0x0\",\n"
        "    \"chainId\": \"0x1\",\n"
        "    \"nonce\": \"0x0\",\n"
        "    \"to\": \"0xcd2a3d9f938e13cd947ec05abc7fe734df8dd826\",\n"
        "    \"gas\": \"0x5208\",\n"
        "    \"gasPrice\": \"0x3b9aca00\",\n"
        "    \"maxPriorityFeePerGas\": null,\n"
        "    \"maxFeePerGas\": null,\n"
        "    \"value\": \"0xde0b6b3a7640000\",\n"
        "    \"input\": \"0x\",\n"
        "    \"v\": \"0x26\",\n"
        "    \"r\": \"0xf7ee562452988b76443ea8da81bc999640ddb4b197f041036f91c578b9d2cdeb\",\n"
        "    \"s\": \"0x20e09d13ec2a67a7bd3dfad03109d0a38eaf306f22f5b0d9575fb203ad848205\",\n"
        "    \"hash\": \"0x897eccc44712bdee1e28c59838c23cdd86aef39d317310aadbc05b789eadc091\"\n"
        "  }\n"
        "}"},
    {"NewAccountRequest",
        "Argument of `ui_approveNewAccount`: may a new account be made? Its password is asked for afterwards, with "
        "`ui_onInputRequired`.",
        "{\n" META "}"},
    {"NewAccountResponse", "Answer to `ui_approveNewAccount`.", "{\n  \"approved\": true\n}"},
    {"UserInputRequest", "Argument of `ui_onInputRequired`: a text is needed, without echo when `isPassword` is true.",
        "{\n"
        "  \"title\": \"Account password\",\n"
        "  \"prompt\": \"Please enter the password for account 0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266\",\n"
        "  \"isPassword\": true,\n"
        "  \"request_id\": \"r-b0f2422a-17\",\n"
        "  \"expires_at\": 1795369608\n"
        "}"},
    {"UserInputResponse", "Answer to `ui_onInputRequired`.", "{\n  \"text\": \"the text that was typed\"\n}"},
    {"UserInputResponse - by descriptor",
        "Answer to `ui_onInputRequired` when the password went through the descriptor of --secret-fd, where only the keys "
        "process "
        "reads it. One message there is the number of the question (its JSON-RPC id, 8 bytes big-endian), the length of the "
        "password "
        "(4 bytes big-endian, at most 4096) and the password.",
        "{\n  \"text\": \"\",\n  \"secret_fd\": true\n}"},
    {"UserInputResponse - cancelled", "Answer to `ui_onInputRequired` when the person gave no password.",
        "{\n  \"text\": \"\",\n  \"cancelled\": true\n}"},
    {"ListRequest", "Argument of `ui_approveListing`: which of these accounts may the caller see?",
        "{\n  \"accounts\": [\n" ACCOUNT "  ],\n" META "}"},
    {"ListResponse",
        "Answer to `ui_approveListing`: the accounts that the caller gets to see, of those that were offered. An empty list "
        "shows "
        "none; null or no list refuses the request.",
        "{\n  \"accounts\": [\n" ACCOUNT "  ]\n}"},
    {"StartupInfo",
        "Argument of the notification `ui_onSignerStartup`: where callers reach the signer, the versions of the interfaces, the "
        "chain, and what "
        "there is to warn of.",
        "{\n"
        "  \"info\": {\n"
        "    \"extapi_http\": \"http://127.0.0.1:8550/\",\n"
        "    \"extapi_ipc\": \"/run/clef/clef.ipc\",\n"
        "    \"extapi_version\": \"6.1.0\",\n"
        "    \"intapi_version\": \"7.0.1\",\n"
        "    \"ui_protocol\": \"7.1\",\n"
        "    \"chain_id\": \"0x1\"\n"
        "  },\n"
        "  \"warnings\": []\n"
        "}"},
    {"WithdrawnQuestion",
        "Argument of the notification `ui_withdraw`: nobody waits for the answer to this question any more (`id` is its JSON-RPC "
        "id).",
        "{\n"
        "  \"id\": 23,\n"
        "  \"request_id\": \"r-b0f2422a-17\",\n"
        "  \"reason\": \"timeout\"\n"
        "}"},
    {"PendingRequests", "Result of `clef_pending`: what waits, the oldest first.",
        "[\n"
        "  {\n"
        "    \"request_id\": \"r-b0f2422a-17\",\n"
        "    \"expires_at\": 1795369608,\n"
        "    \"method\": \"account_signTransaction\",\n"
        "    \"state\": \"asked\",\n"
        "    \"since\": 1795369488,\n"
        "    \"question\": 23,\n"
        "    \"meta\": {\n"
        "      \"remote\": \"NA\",\n"
        "      \"local\": \"NA\",\n"
        "      \"scheme\": \"ipc\",\n"
        "      \"User-Agent\": \"\",\n"
        "      \"Origin\": \"\"\n"
        "    },\n"
        "    \"peer\": {\"uid\": 1000, \"pid\": 4242}\n"
        "  }\n"
        "]"},
    {"Message", "Argument of the notifications `ui_showInfo` and `ui_showError`: a text for the person.",
        "{\n  \"text\": \"could not decrypt key with given password\"\n}"},
};

void gendoc_put_types(struct buf *ret_text)
{
	buf_put_text(ret_text,
	    "## Data of the UI channel\n\n"
	    "UI protocol 7.1; docs/ui-protocol.md explains it, docs/ui-protocol.schema.json has the same as a JSON schema.\n"
	    "With --stdio-ui the signer calls `ui_*` methods on standard output and reads the answers on standard input.\n"
	    "Every such call has one argument.\n\n");
	for (size_t i = 0; i < sizeof types / sizeof types[0]; i++)
		buf_printf(
		    ret_text, "### %s\n\n%s\n\nExample:\n```json\n%s\n```\n\n", types[i].name, types[i].text, types[i].example);
}
