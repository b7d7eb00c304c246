/* What --stdio-ui-test does, in order. */
#include "core/ui_test_private.h"

#define FIRST     "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266"
#define SECOND    "0xCD2a3d9F938E13CD947Ec05AbC7FE734Df8DD826"
#define UNLIMITED "ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff"
#define ONE_WORD  "0000000000000000000000000000000000000000000000000000000000000001"
#define SPENDER   "000000000000000000000000cd2a3d9f938e13cd947ec05abc7fe734df8dd826"

#define ASK(kind_, wanted_, content_, instruction_)                                                                         \
	.questions =                                                                                                        \
	    {{.kind = UI_TEST_##kind_, .wanted = UI_TEST_##wanted_, .content = (content_), .instruction = (instruction_)}}, \
	.count = 1

#define LEGACY_TRANSFER                                                                       \
	"{\"from\":\"" FIRST "\",\"to\":\"" SECOND                                            \
	"\",\"gas\":\"0x5208\",\"gasPrice\":\"0x4a817c800\",\"value\":\"0xde0b6b3a7640000\"," \
	"\"nonce\":\"0x7\"}"
/* approve(spender, everything), with a chain id and an access list */
#define TOKEN_APPROVAL                                                                                        \
	"{\"from\":\"" FIRST "\",\"to\":\"" SECOND "\",\"gas\":\"0x186a0\",\"maxFeePerGas\":\"0x6fc23ac00\"," \
	"\"maxPriorityFeePerGas\":\"0x77359400\",\"value\":\"0x0\",\"nonce\":\"0x8\",\"chainId\":\"0x1\","    \
	"\"data\":\"0x095ea7b3" SPENDER UNLIMITED "\",\"accessList\":[{\"address\":\"" SECOND                 \
	"\",\"storageKeys\":[\"0x" ONE_WORD "\"]}]}"
/* no checksum, no fee at all, calldata that is none */
#define SUSPICIOUS                                                                                                         \
	"{\"from\":\"" FIRST                                                                                               \
	"\",\"to\":\"0xcd2a3d9f938e13cd947ec05abc7fe734df8dd826\",\"gas\":\"0x5208\",\"value\":\"0x1\",\"nonce\":\"0x9\"," \
	"\"data\":\"0xabababab01\"}"
#define CREATION                                                                                                                \
	"{\"from\":\"" FIRST                                                                                                    \
	"\",\"gas\":\"0x30d40\",\"gasPrice\":\"0x4a817c800\",\"value\":\"0x0\",\"nonce\":\"0xa\",\"data\":\"0x6080604052348015" \
	"600f57600080fd5b50603f80601d6000396000f3fe6080604052600080fdfea264697066735822" ONE_WORD "\"}"

/* New lines, a terminal's escape, text that runs backwards, markup, and a character nobody sees. */
#define HOSTILE_MESSAGE                                                                                                 \
	"Sign in to bank.example\n\n\x1b[2J\x1b[31mAPPROVED\x1b[0m \xe2\x80\xaeoot siht\xe2\x80\xac <b>bold</b> &amp; " \
	"zero\xe2\x80\x8bwidth"

#define PERMIT                                                                                                               \
	"{\"types\":{\"EIP712Domain\":[{\"name\":\"name\",\"type\":\"string\"},{\"name\":\"version\",\"type\":\"string\"},{" \
	"\"name\":\"chainId\",\"type\":"                                                                                     \
	"\"uint256\"},{\"name\":\"verifyingContract\",\"type\":\"address\"}],\"Permit\":[{\"name\":\"owner\",\"type\":"      \
	"\"address\"},{\"name\":\"spender\","                                                                                \
	"\"type\":\"address\"},{\"name\":\"limits\",\"type\":\"Limit[]\"},{\"name\":\"deadline\",\"type\":\"uint256\"}],"    \
	"\"Limit\":[{\"name\":\"token\","                                                                                    \
	"\"type\":\"string\"},{\"name\":\"value\",\"type\":\"uint256\"}]},\"primaryType\":\"Permit\",\"domain\":{\"name\":"  \
	"\"Test token\",\"version\":\"1\","                                                                                  \
	"\"chainId\":\"1\",\"verifyingContract\":\"" SECOND "\"},\"message\":{\"owner\":\"" FIRST "\",\"spender\":\"" SECOND \
	"\",\"limits\":[{\"token\":"                                                                                         \
	"\"first\",\"value\":\"1000000000000000000\"},{\"token\":\"second\",\"value\":\"0x" UNLIMITED                        \
	"\"}],\"deadline\":\"4102444800\"}}"

#define SAFE_TRANSACTION                                                                                                    \
	"{\"safe\":\"" FIRST "\",\"to\":\"" SECOND                                                                          \
	"\",\"value\":\"1000000000000000000\",\"data\":null,\"operation\":0,\"gasToken\":"                                  \
	"\"0x0000000000000000000000000000000000000000\",\"refundReceiver\":\"0x0000000000000000000000000000000000000000\"," \
	"\"safeTxGas\":0,\"baseGas\":0,"                                                                                    \
	"\"gasPrice\":\"0\",\"nonce\":3,\"chainId\":\"1\"}"

#define DELEGATION "{\"chainId\":\"0x1\",\"address\":\"" SECOND "\",\"nonce\":\"0xb\"}"

#define TWO_TRANSFERS                                                  \
	"[" LEGACY_TRANSFER ",{\"from\":\"" FIRST "\",\"to\":\"" FIRST \
	"\",\"gas\":\"0x5208\",\"gasPrice\":\"0x4a817c800\",\"value\":\"0x1bc16d674ec80000\",\"nonce\":\"0x8\"}]"

/* What a signer says after a signature: the transaction of the first step on the way to its caller. */
#define SIGNED                                                                                                                   \
	"{\"raw\":"                                                                                                              \
	"\"0xf86b80843b9aca0082520894cd2a3d9f938e13cd947ec05abc7fe734df8dd826880de0b6b3a76400008026a0f7ee562452988b76443ea8da81" \
	"bc999640ddb4b197f0"                                                                                                     \
	"41036f91c578b9d2cdeba020e09d13ec2a67a7bd3dfad03109d0a38eaf306f22f5b0d9575fb203ad848205\",\"tx\":{\"type\":\"0x0\","     \
	"\"chainId\":\"0x1\","                                                                                                   \
	"\"nonce\":\"0x0\",\"to\":\"0xcd2a3d9f938e13cd947ec05abc7fe734df8dd826\",\"gas\":\"0x5208\",\"gasPrice\":"               \
	"\"0x3b9aca00\","                                                                                                        \
	"\"maxPriorityFeePerGas\":null,\"maxFeePerGas\":null,\"value\":\"0xde0b6b3a7640000\",\"input\":\"0x\",\"v\":\"0x26\","   \
	"\"r\":"                                                                                                                 \
	"\"0xf7ee562452988b76443ea8da81bc999640ddb4b197f041036f91c578b9d2cdeb\",\"s\":"                                          \
	"\"0x20e09d13ec2a67a7bd3dfad03109d0a38eaf306f22f5b0d9575fb203ad848205\",\"hash\":"                                       \
	"\"0x897eccc44712bdee1e28c59838c23cdd86aef39d317310aadbc05b789eadc091\"}}"

const char ui_test_accounts[] =
    "[{\"address\":\"" UI_TEST_FIRST "\",\"url\":\"keystore:///made/up/first\"},{\"address\":\"" UI_TEST_SECOND
    "\",\"url\":\"keystore:///made/up/second\"}]";

const struct ui_test_step ui_test_steps[] = {
    {.name = "a text for the person (ui_showInfo)",
        .notify_method = "ui_showInfo",
        .notify_params = "{\"text\":\"This is a test of your user interface. Nothing is signed, and no keys are used.\"}",
        ASK(INPUT, TYPE, "yes", "Did a message come just before this question? Type: yes")},
    {.name = "an error for the person (ui_showError)",
        .notify_method = "ui_showError",
        .notify_params = "{\"text\":\"This is what an error looks like. Quotes \\\" and <b>markup</b> are plain text.\"}",
        ASK(INPUT, TYPE, "yes", "Did an error message come just before this question, with its markup as plain text? Type: yes")},
    {.name = "a listing, all accounts", ASK(LISTING, APPROVE, NULL, "APPROVE this, with both accounts")},
    {.name = "a listing, the first account only",
        ASK(LISTING, FIRST_ONLY, NULL, "APPROVE this, but with the FIRST account only")},
    {.name = "a listing, denied", ASK(LISTING, DENY, NULL, "DENY this")},
    {.name = "a legacy transfer, approved",
        ASK(TRANSACTION, APPROVE, LEGACY_TRANSFER, "APPROVE this: 1 ether, at most 0.00042 ether in fees")},
    {.name = "a token approval with fee cap and access list, approved",
        ASK(TRANSACTION, APPROVE, TOKEN_APPROVAL, "APPROVE this: the spender may take every token")},
    {.name = "a transaction with warnings, denied",
        ASK(TRANSACTION, DENY, SUSPICIOUS, "DENY this. It must show warnings, one of them critical")},
    {.name = "a contract creation, denied", ASK(TRANSACTION, DENY, CREATION, "DENY this: it makes a contract")},
    {.name = "a message, approved", ASK(MESSAGE, APPROVE, "hello world", "APPROVE this message: hello world")},
    {.name = "a message with hostile characters, denied",
        ASK(MESSAGE, DENY, HOSTILE_MESSAGE, "DENY this. Its control characters and markup must be visible, and do nothing")},
    {.name = "typed data, approved", ASK(TYPED_DATA, APPROVE, PERMIT, "APPROVE this permit, with two limits")},
    {.name = "a Safe transaction, denied", ASK(SAFE, DENY, SAFE_TRANSACTION, "DENY this Safe transaction")},
    {.name = "an authorization, denied",
        ASK(AUTHORIZATION, DENY, DELEGATION, "DENY this: the code of another account would act for this one")},
    {.name = "two transactions at once, approved (ui_approveBulkTransactions)",
        ASK(BULK, APPROVE, TWO_TRANSFERS, "APPROVE this: two transfers by one yes, 3 ether together")},
    {.name = "a new account, approved", ASK(NEW_ACCOUNT, APPROVE, NULL, "APPROVE this new account")},
    {.name = "a new account, denied", ASK(NEW_ACCOUNT, DENY, NULL, "DENY this new account")},
    {.name = "a password",
        ASK(PASSWORD, TYPE, "not a real secret", "Type the password: not a real secret (it must not be seen while you type)")},
    {.name = "two questions at once",
        .questions = {{.kind = UI_TEST_MESSAGE,
                          .wanted = UI_TEST_APPROVE,
                          .content = "the first of two",
                          .instruction = "APPROVE this, the first of two"},
            {.kind = UI_TEST_MESSAGE,
                .wanted = UI_TEST_DENY,
                .content = "the second of two",
                .instruction = "DENY this, the second of two"}},
        .count = 2},
    {.name = "a question that is withdrawn (ui_withdraw)",
        ASK(TRANSACTION, NOTHING, LEGACY_TRANSFER, "Do NOTHING: this request goes away by itself in two seconds")},
    {.name = "news of a signed transaction (ui_onApprovedTx)",
        .notify_method = "ui_onApprovedTx",
        .notify_params = SIGNED,
        ASK(INPUT, TYPE, "yes", "This was the last step. Type: yes")},
};
const size_t ui_test_step_count = sizeof(ui_test_steps) / sizeof(ui_test_steps[0]);
