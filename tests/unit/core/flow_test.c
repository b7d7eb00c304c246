/* The way of a request through core, seen from its gate, its keys process and its UI. */
#include "fake_roles.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include "base/file.h"
#include "base/hex.h"

#define ADDRESS_HEX "f39fd6e51aad88f6f4ce6ab8827279cfffb92266"
#define ADDRESS     "0x" ADDRESS_HEX
#define OTHER_HEX   "cd2a3d9f938e13cd947ec05abc7fe734df8dd826"
#define SIGN_DATA   "[\"text/plain\",\"" ADDRESS "\",\"0x68656c6c6f\"]"
#define LINE_MAX    8192

static struct bytes address_bytes(const char *digits)
{
	static uint8_t bytes[20];

	assert_true(hex_decode_fixed(bytes_text(digits), bytes, sizeof(bytes)));
	return bytes_of(bytes, sizeof(bytes));
}

/* keys is asked for the account and knows so many of it. */
static void find_account(struct fake *fake, uint64_t count)
{
	const struct ipc_keys_find *find = fake_expect(&fake->keys, IPC_KEYS_FIND);
	const struct ipc_keys_found found = {.request = find->request, .count = count, .path = bytes_text("/k")};

	assert_bytes_equal(find->address, address_bytes(ADDRESS_HEX));
	fake_send(&fake->keys, IPC_KEYS_FOUND, &found);
}

/* A request to sign a message, up to the question for approval; what was asked in *ret_line. */
static void ask_to_sign(struct fake *fake, uint64_t call, char ret_line[LINE_MAX])
{
	fake_call(fake, call, "account_signData", SIGN_DATA);
	find_account(fake, 1);
	snprintf(ret_line, LINE_MAX, "%s", fake_ui_expect(fake, "ui_approveSignData"));
}

static void send_signed(struct fake *fake, uint64_t request)
{
	uint8_t signature[SIGNATURE_BYTES];

	memset(signature, 0x11, sizeof(signature));
	signature[64] = 1;
	const struct ipc_keys_signed message = {request, bytes_of(signature, sizeof(signature))};

	fake_send(&fake->keys, IPC_KEYS_SIGNED, &message);
}

#define SIXTEEN       "11111111111111111111111111111111"
#define SIGNED_RESULT "\"0x" SIXTEEN SIXTEEN SIXTEEN SIXTEEN "1c\""

/* ---- asking ---- */

/* Keys are never asked for an account that is not the client's: whether there is such a file would show in the time that the answer takes. */
static void test_an_account_of_others_is_not_looked_for(void **state)
{
	struct fake *fake = *state;
	char path[128];

	snprintf(path, sizeof(path), "%s/clients.conf", fake->top);
	FILE *file = fopen(path, "we");

	assert_non_null(file);
	fputs("[default]\naccounts = 0xcd2a3d9f938e13cd947ec05abc7fe734df8dd826\n", file);
	fclose(file);
	fake->options.clients = path;
	fake_start(fake);
	for (uint64_t call = 5; call < 7; call++) {
		fake_call(fake, call, "account_signData", SIGN_DATA);
		const struct ipc_keys_find *find = fake_expect(&fake->keys, IPC_KEYS_FIND);
		/* Even if there were one of that address. */
		const struct ipc_keys_found found = {.request = find->request, .count = call - 5, .path = bytes_text("/k")};

		assert_int_equal(find->address.size, 20);
		assert_memory_not_equal(find->address.data, address_bytes(ADDRESS_HEX).data, 20);
		fake_send(&fake->keys, IPC_KEYS_FOUND, &found);
		fake_expect_error(fake, call, -32000, "unknown account");
	}
}

static void test_a_message_is_signed(void **state)
{
	struct fake *fake = *state;
	char line[LINE_MAX];

	fake_start(fake);
	ask_to_sign(fake, 5, line);
	fake_ui_answer(fake, line, "{\"approved\":true}");
	fake_ui_answer(fake, fake_ui_expect(fake, "ui_onInputRequired"), "{\"text\":\"a password\"}");
	const struct ipc_keys_sign *sign = fake_expect(&fake->keys, IPC_KEYS_SIGN);

	assert_int_equal(sign->kind, IPC_SIGN_MESSAGE);
	assert_int_equal(sign->source, IPC_SECRET_GIVEN);
	assert_bytes_equal(sign->content, bytes_text("hello"));
	assert_bytes_equal(sign->secret, bytes_text("a password"));
	assert_bytes_equal(sign->address, address_bytes(ADDRESS_HEX));
	fake_settle(fake); /* others are answered meanwhile */
	send_signed(fake, sign->request);
	fake_expect_result(fake, 5, SIGNED_RESULT);
}

static void test_requests_do_not_block_each_other(void **state)
{
	struct fake *fake = *state;
	char first[LINE_MAX], second[LINE_MAX];

	fake_start(fake);
	ask_to_sign(fake, 1, first);
	ask_to_sign(fake, 2, second);
	fake_call(fake, 3, "account_version", "[]");
	fake_expect_result(fake, 3, "\"6.1.0\"");
	fake_ui_answer(fake, second, "{\"approved\":false}");
	fake_expect_error(fake, 2, -32000, "request denied");
	fake_ui_answer(fake, first, "{\"approved\":false}");
	fake_expect_error(fake, 1, -32000, "request denied");
}

static void assert_denied(struct fake *fake, uint64_t call, const char *answer)
{
	char line[LINE_MAX];

	ask_to_sign(fake, call, line);
	fake_ui_answer(fake, line, answer);
	fake_expect_error(fake, call, -32000, "");
	fake_ui_expect(fake, "ui_showError");
	fake_settle(fake);
	fake_assert_quiet(fake->keys.channel);
}

/* Only true approves. */
static void test_what_is_no_yes_is_a_no(void **state)
{
	static const char *const answers[] = {"{\"approved\":false}", "{}", "null", "{\"approved\":\"true\"}", "{\"approved\":1}",
	    "{\"approved\":null}", "{\"Approved\":true}", "true", "\"y\"", "[true]", "1", "{\"approved\":[true]}"};
	struct fake *fake = *state;

	fake_start(fake);
	for (size_t i = 0; i < sizeof(answers) / sizeof(answers[0]); i++)
		assert_denied(fake, i + 1, answers[i]);
}

static void test_an_unknown_account_is_refused_before_anybody_is_asked(void **state)
{
	struct fake *fake = *state;

	fake_start(fake);
	fake_call(fake, 1, "account_signData", SIGN_DATA);
	find_account(fake, 0);
	fake_expect_error(fake, 1, -32000, "unknown account");
	fake_call(fake, 2, "account_signData", SIGN_DATA);
	find_account(fake, 2);
	fake_expect_error(fake, 2, -32000, "2 key files hold the account");
	fake_settle(fake);
	fake_assert_quiet(fake->ui);
}

static void send_accounts(struct fake *fake)
{
	const struct ipc_keys_list *list = fake_expect(&fake->keys, IPC_KEYS_LIST);
	struct buf packed BUF_CLEANUP = BUF_INIT(1024);

	buf_put_bytes(&packed, address_bytes(ADDRESS_HEX));
	buf_put_u32(&packed, 2);
	buf_put_text(&packed, "/a");
	buf_put_bytes(&packed, address_bytes(OTHER_HEX));
	buf_put_u32(&packed, 2);
	buf_put_text(&packed, "/b");
	const struct ipc_keys_accounts accounts = {list->request, buf_bytes(&packed)};

	fake_send(&fake->keys, IPC_KEYS_ACCOUNTS, &accounts);
}

static void test_the_person_chooses_from_what_is_offered(void **state)
{
	struct fake *fake = *state;
	const char *line;

	fake_start(fake);
	fake_call(fake, 1, "account_list", "[]");
	send_accounts(fake);
	line = fake_ui_expect(fake, "ui_approveListing");
	assert_non_null(
	    strstr(line, "{\"accounts\":[{\"address\":\"" ADDRESS "\",\"url\":\"keystore:///a\"},{\"address\":\"0x" OTHER_HEX));
	fake_ui_answer(fake, line, "{\"accounts\":[{\"address\":\"0x" OTHER_HEX "\",\"url\":\"keystore:///b\"}]}");
	fake_expect_result(fake, 1, "[\"0x" OTHER_HEX "\"]");
	fake_call(fake, 2, "account_list", "[]");
	send_accounts(fake);
	line = fake_ui_expect(fake, "ui_approveListing");
	fake_ui_answer(fake, line, "{\"accounts\":[{\"address\":\"0x0000000000000000000000000000000000000001\"}]}");
	fake_expect_error(fake, 2, -32000, "was not offered");
}

static void test_an_error_of_the_ui_reaches_the_caller(void **state)
{
	struct fake *fake = *state;
	char line[LINE_MAX];

	fake_start(fake);
	ask_to_sign(fake, 1, line);
	fake_ui_say(fake, "{\"jsonrpc\":\"2.0\",\"id\":%llu,\"error\":{\"code\":-7,\"message\":\"later\",\"data\":{\"a\":1}}}\n",
	    fake_ui_id(line));
	fake_expect_error(fake, 1, -7, "\"message\":\"later\",\"data\":{\"a\":1}");
}

/* ---- leaving and lateness ---- */

static void withdraw(struct fake *fake, uint64_t call)
{
	const struct ipc_gate_withdraw message = {call};

	fake_send(&fake->gate, IPC_GATE_WITHDRAW, &message);
}

static void test_a_late_yes_signs_nothing(void **state)
{
	struct fake *fake = *state;
	char line[LINE_MAX];

	fake_start(fake);
	ask_to_sign(fake, 1, line);
	withdraw(fake, 1);
	fake_ui_expect(fake, "ui_withdraw");
	fake_ui_answer(fake, line, "{\"approved\":true}");
	fake_settle(fake);
	fake_assert_quiet(fake->ui);
	fake_assert_quiet(fake->keys.channel);
}

static void test_a_late_password_signs_nothing(void **state)
{
	struct fake *fake = *state;
	char line[LINE_MAX];

	fake_start(fake);
	ask_to_sign(fake, 1, line);
	fake_ui_answer(fake, line, "{\"approved\":true}");
	snprintf(line, sizeof(line), "%s", fake_ui_expect(fake, "ui_onInputRequired"));
	withdraw(fake, 1);
	fake_settle(fake);
	fake_ui_answer(fake, line, "{\"text\":\"a password\"}");
	fake_settle(fake);
	fake_assert_quiet(fake->keys.channel);
}

static uint64_t sign_until_keys(struct fake *fake, uint64_t call)
{
	char line[LINE_MAX];

	ask_to_sign(fake, call, line);
	fake_ui_answer(fake, line, "{\"approved\":true}");
	fake_ui_answer(fake, fake_ui_expect(fake, "ui_onInputRequired"), "{\"text\":\"a password\"}");
	return ((const struct ipc_keys_sign *)fake_expect(&fake->keys, IPC_KEYS_SIGN))->request;
}

static void test_a_signature_that_comes_too_late_goes_nowhere(void **state)
{
	struct fake *fake = *state;

	fake_start(fake);
	uint64_t request = sign_until_keys(fake, 1);

	withdraw(fake, 1);
	assert_int_equal(((const struct ipc_keys_withdraw *)fake_expect(&fake->keys, IPC_KEYS_WITHDRAW))->request, request);
	send_signed(fake, request);
	fake_settle(fake); /* the next replies are to the calls in here */
	withdraw(fake, 1);
	withdraw(fake, 77); /* what is gone already, and what never was */
	fake_settle(fake);
}

static void test_the_same_signature_answers_once(void **state)
{
	struct fake *fake = *state;

	fake_start(fake);
	uint64_t request = sign_until_keys(fake, 1);

	send_signed(fake, request);
	send_signed(fake, request);
	fake_expect_result(fake, 1, SIGNED_RESULT);
	fake_settle(fake);
}

static void test_when_the_time_is_up_the_question_goes_too(void **state)
{
	struct fake *fake = *state;
	char line[LINE_MAX];

	fake->options.request_timeout_s = 1;
	fake_start(fake);
	ask_to_sign(fake, 1, line);
	uint64_t request = sign_until_keys(fake, 2);

	fake_expect_error(fake, 1, -32002, "request timed out");
	fake_expect_error(fake, 2, -32002, "request timed out");
	assert_int_equal(((const struct ipc_keys_withdraw *)fake_expect(&fake->keys, IPC_KEYS_WITHDRAW))->request, request);
	fake_ui_expect(fake, "ui_withdraw");
	fake_ui_answer(fake, line, "{\"approved\":true}");
	send_signed(fake, request);
	fake_settle(fake);
	fake_assert_quiet(fake->ui);
	fake_assert_quiet(fake->keys.channel);
}

/* ---- the UI goes ---- */

static void test_without_a_ui_nothing_is_approved(void **state)
{
	struct fake *fake = *state;
	char line[LINE_MAX];

	fake_start(fake);
	ask_to_sign(fake, 1, line);
	close(fake->ui);
	fake->ui = -1;
	fake_expect_error(fake, 1, -32000, "the user interface was detached before it answered");
	fake_call(fake, 2, "account_version", "[]");
	fake_expect_result(fake, 2, "\"6.1.0\"");
	fake_call(fake, 3, "account_signData", SIGN_DATA);
	find_account(fake, 1);
	fake_expect_error(fake, 3, -32000, "no user interface");
	fake_call(fake, 4, "account_new", "[]");
	fake_expect_error(fake, 4, -32000, "no user interface");
	assert_int_equal(kill(fake->core, SIGINT), 0);
	fake_expect(&fake->gate, IPC_GATE_STOP);
	fake_die(&fake->gate);
	assert_int_equal(fake_wait(fake), 0);
}

static void test_the_ui_goes_in_the_middle_of_a_password(void **state)
{
	struct fake *fake = *state;

	fake_start(fake);
	fake_call(fake, 1, "account_new", "[]");
	fake_ui_answer(fake, fake_ui_expect(fake, "ui_approveNewAccount"), "{\"approved\":true}");
	fake_ui_expect(fake, "ui_onInputRequired");
	close(fake->ui);
	fake->ui = -1;
	fake_expect_error(fake, 1, -32000, "detached before it answered");
	fake_settle(fake);
	fake_assert_quiet(fake->keys.channel);
}

/* ---- passwords ---- */

static void test_a_password_that_is_too_long(void **state)
{
	struct fake *fake = *state;
	size_t sizes[] = {4097, 20000, (size_t)7 << 20};
	char line[LINE_MAX];

	fake_start(fake);
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		char *password = malloc(sizes[i] + 1);

		assert_non_null(password);
		memset(password, 'p', sizes[i]);
		password[sizes[i]] = 0;
		ask_to_sign(fake, i, line);
		fake_ui_answer(fake, line, "{\"approved\":true}");
		fake_ui_say(fake, "{\"jsonrpc\":\"2.0\",\"id\":%llu,\"result\":{\"text\":\"%s\"}}\n",
		    fake_ui_id(fake_ui_expect(fake, "ui_onInputRequired")), password);
		fake_expect_error(fake, i, -32000, "more than 4096 bytes");
		fake_ui_expect(fake, "ui_showError");
		free(password);
	}
}

static void test_what_a_password_prompt_may_be_answered_with(void **state)
{
	static const char *const answers[] = {
	    "7", "\"text\"", "[]", "{\"text\":7}", "{\"text\":[\"x\"]}", "{\"secret_fd\":true}", "{\"terminal\":true}"};
	struct fake *fake = *state;
	char line[LINE_MAX];

	fake_start(fake);
	for (size_t i = 0; i < sizeof(answers) / sizeof(answers[0]); i++) {
		ask_to_sign(fake, i, line);
		fake_ui_answer(fake, line, "{\"approved\":true}");
		fake_ui_answer(fake, fake_ui_expect(fake, "ui_onInputRequired"), answers[i]);
		fake_expect_error(fake, i, -32000, "");
		fake_ui_expect(fake, "ui_showError");
	}
	fake_settle(fake);
	fake_assert_quiet(fake->keys.channel);
}

static void test_weak_passwords_are_asked_for_three_times(void **state)
{
	struct fake *fake = *state;

	fake_start(fake);
	fake_call(fake, 1, "account_new", "[]");
	fake_ui_answer(fake, fake_ui_expect(fake, "ui_approveNewAccount"), "{\"approved\":true}");
	for (int i = 0; i < 3; i++) {
		char part[32];
		const char *line = fake_ui_expect(fake, "ui_onInputRequired");

		snprintf(part, sizeof(part), "(attempt %d of 3)", i);
		assert_non_null(strstr(line, part));
		fake_ui_answer(fake, line, "{\"text\":\"short\"}");
		const struct ipc_keys_create *create = fake_expect(&fake->keys, IPC_KEYS_CREATE);
		const struct ipc_keys_failed failed = {create->request, ERROR_PASSWORD_WEAK, bytes_text("too short")};

		fake_send(&fake->keys, IPC_KEYS_FAILED, &failed);
		fake_ui_expect(fake, "ui_showError");
	}
	fake_expect_error(fake, 1, -32000, "account creation failed");
}

static void test_a_password_from_a_file_is_not_asked_for(void **state)
{
	struct fake *fake = *state;
	char path[64], line[LINE_MAX];

	snprintf(path, sizeof(path), "%s/password", fake->top);
	close(open(path, O_CREAT | O_WRONLY, 0600));
	fake->options.password_file = path;
	fake_start(fake);
	ask_to_sign(fake, 1, line);
	fake_ui_answer(fake, line, "{\"approved\":true}");
	const struct ipc_keys_sign *sign = fake_expect(&fake->keys, IPC_KEYS_SIGN);

	assert_int_equal(sign->source, IPC_SECRET_FILE);
	assert_int_equal(sign->secret.size, 0);
	/* Another attempt would read the same password. */
	fake_call(fake, 2, "account_new", "[]");
	fake_ui_answer(fake, fake_ui_expect(fake, "ui_approveNewAccount"), "{\"approved\":true}");
	const struct ipc_keys_create *create = fake_expect(&fake->keys, IPC_KEYS_CREATE);
	const struct ipc_keys_failed failed = {create->request, ERROR_PASSWORD_WEAK, bytes_text("too short")};

	fake_send(&fake->keys, IPC_KEYS_FAILED, &failed);
	fake_ui_expect(fake, "ui_showError");
	fake_expect_error(fake, 2, -32000, "account creation failed: too short");
}

/* How often the text is in core's memory. Needs root: core is not dumpable. */
static size_t count_in_core(const struct fake *fake, const char *text)
{
	char path[64], line[512];
	size_t count = 0;

	snprintf(path, sizeof(path), "/proc/%d/maps", (int)fake->core);
	FILE *maps = fopen(path, "r");

	snprintf(path, sizeof(path), "/proc/%d/mem", (int)fake->core);
	int memory = open(path, O_RDONLY | O_CLOEXEC);

	if (maps == NULL || memory < 0)
		skip();
	while (fgets(line, sizeof(line), maps) != NULL) {
		unsigned long long start, end;
		char mode[8];

		if (sscanf(line, "%llx-%llx %7s", &start, &end, mode) != 3 || strncmp(mode, "rw", 2) != 0 ||
		    end - start > (64u << 20))
			continue;
		size_t size = (size_t)(end - start);
		uint8_t *copy = malloc(size);
		ssize_t got = pread(memory, copy, size, (off_t)start);

		for (const uint8_t *at = copy;
		     got > 0 && (at = memmem(at, (size_t)(copy + got - at), text, strlen(text))) != NULL; at++)
			count++;
		free(copy);
	}
	fclose(maps);
	close(memory);
	return count;
}

static void test_core_does_not_keep_a_password(void **state)
{
	struct fake *fake = *state;
	char line[LINE_MAX], password[] = "qvmprrfqbasecnffjbeq";

	fake_start(fake);
	for (char *c = password; *c != 0; c++) /* not as it stands in this program, of which core is a copy */
		*c = (char)(*c ^ 1);
	ask_to_sign(fake, 1, line);
	assert_true(count_in_core(fake, "\"0x68656c6c6f\"") > 0); /* what is no secret is found */
	fake_ui_answer(fake, line, "{\"approved\":true}");
	fake_ui_say(fake, "{\"jsonrpc\":\"2.0\",\"id\":%llu,\n\"result\":{\"text\":\"%s\"}}\n",
	    fake_ui_id(fake_ui_expect(fake, "ui_onInputRequired")), password);
	const struct ipc_keys_sign *sign = fake_expect(&fake->keys, IPC_KEYS_SIGN);

	assert_bytes_equal(sign->secret, bytes_text(password));
	fake_settle(fake);
	assert_int_equal(count_in_core(fake, password), 0);
	fake_ui_say(
	    fake, "{\"jsonrpc\":\"2.0\",\"id\":9,\"method\":\"clef_importRawKey\",\"params\":[\"%064d\",\"%s\"]}\n", 7, password);
	const struct ipc_keys_import_raw *import = fake_expect(&fake->keys, IPC_KEYS_IMPORT_RAW);

	assert_bytes_equal(import->secret, bytes_text(password));
	fake_settle(fake);
	assert_int_equal(count_in_core(fake, password), 0);
}

/* ---- the audit log ---- */

static size_t count_lines(const struct fake *fake, const char *part)
{
	struct buf text BUF_CLEANUP = BUF_INIT(1 << 20);
	struct error error;
	size_t count = 0;

	assert_true(file_read_at(AT_FDCWD, fake->audit, &text, &error));
	for (const char *at = buf_text(&text); (at = strstr(at, part)) != NULL; at++)
		count++;
	return count;
}

static void test_the_line_is_there_before_the_answer(void **state)
{
	struct fake *fake = *state;

	fake->options.audit_log = fake->audit;
	fake_start(fake);
	uint64_t request = sign_until_keys(fake, 1);

	assert_int_equal(count_lines(fake, "msg=SignData api=signer type=request"), 1);
	assert_int_equal(count_lines(fake, "type=response"), 0);
	send_signed(fake, request);
	fake_expect_result(fake, 1, SIGNED_RESULT);
	assert_int_equal(count_lines(fake, "msg=SignData api=signer type=response data=1111"), 1);
	request = sign_until_keys(fake, 2);
	withdraw(fake, 2);
	fake_settle(fake);
	assert_int_equal(count_lines(fake, "error=\"withdrawn: caller gone\""), 1);
}

static void test_a_full_disk_signs_nothing(void **state)
{
	struct fake *fake = *state;
	const struct rlimit before = {RLIM_INFINITY, RLIM_INFINITY};
	struct rlimit limit = {2000, RLIM_INFINITY};

	fake->options.audit_log = fake->audit;
	signal(SIGXFSZ, SIG_IGN);
	fake_start(fake);
	uint64_t request = sign_until_keys(fake, 1);

	/* Not one byte more. */
	struct stat info;

	assert_int_equal(stat(fake->audit, &info), 0);
	limit.rlim_cur = (rlim_t)info.st_size;
	if (prlimit(fake->core, RLIMIT_FSIZE, &limit, NULL) != 0)
		skip(); /* core is not dumpable, so only root may */
	send_signed(fake, request);
	fake_expect_error(fake, 1, -32603, "the audit log cannot be written");
	fake_call(fake, 2, "account_signData", SIGN_DATA);
	fake_expect_error(fake, 2, -32603, "the audit log cannot be written");
	prlimit(fake->core, RLIMIT_FSIZE, &before, NULL);
	fake_settle(fake);
	fake_assert_quiet(fake->keys.channel);
	fake_assert_quiet(fake->ui);
}

#define TRANSACTION(value)                                                                                                 \
	"{\"from\":\"" ADDRESS "\",\"to\":\"0xCD2a3d9F938E13CD947Ec05AbC7FE734Df8DD826\",\"gas\":\"0x5208\",\"gasPrice\":" \
	"\"0x1\",\"nonce\":\"0x0\",\"value\":\"" value "\"}"

static uint64_t approve_transaction(struct fake *fake, uint64_t call, const char *approved, struct buf *ret_content)
{
	fake_call(fake, call, "account_signTransaction", "[" TRANSACTION("0x1") "]");
	find_account(fake, 1);
	fake_ui_say(fake, "{\"jsonrpc\":\"2.0\",\"id\":%llu,\"result\":{\"approved\":true,\"transaction\":%s}}\n",
	    fake_ui_id(fake_ui_expect(fake, "ui_approveTx")), approved);
	fake_ui_answer(fake, fake_ui_expect(fake, "ui_onInputRequired"), "{\"text\":\"a password\"}");
	const struct ipc_keys_sign *sign = fake_expect(&fake->keys, IPC_KEYS_SIGN);

	assert_int_equal(sign->kind, IPC_SIGN_TRANSACTION);
	buf_put_bytes(ret_content, sign->content);
	return sign->request;
}

/* EIP-155: nine fields, of which the value is the one that the person chose. */
static void test_what_is_signed_is_what_the_ui_returned(void **state)
{
	struct fake *fake = *state;
	struct buf content BUF_CLEANUP = BUF_INIT(4096), hex BUF_CLEANUP = BUF_INIT(4096);

	fake_start(fake);
	approve_transaction(fake, 1, TRANSACTION("0x7b"), &content);
	hex_encode(buf_bytes(&content), &hex);
	assert_string_equal(buf_text(&hex), "df800182520894" OTHER_HEX "7b80018080");
}

static void test_the_ui_hears_of_a_transaction_once_it_is_logged(void **state)
{
	struct fake *fake = *state;
	struct buf content BUF_CLEANUP = BUF_INIT(4096);
	struct rlimit limit = {0, RLIM_INFINITY};
	struct stat info;

	fake->options.audit_log = fake->audit;
	signal(SIGXFSZ, SIG_IGN);
	fake_start(fake);
	send_signed(fake, approve_transaction(fake, 1, TRANSACTION("0x1"), &content));
	assert_int_equal(fake_receive(&fake->gate), IPC_GATE_REPLY);
	fake_ui_expect(fake, "ui_onApprovedTx");
	uint64_t request = approve_transaction(fake, 2, TRANSACTION("0x1"), &content);

	assert_int_equal(stat(fake->audit, &info), 0);
	limit.rlim_cur = (rlim_t)info.st_size;
	if (prlimit(fake->core, RLIMIT_FSIZE, &limit, NULL) != 0)
		skip();
	send_signed(fake, request);
	fake_expect_error(fake, 2, -32603, "the audit log cannot be written");
	fake_settle(fake);
	fake_assert_quiet(fake->ui);
}

#define FAKE(test) cmocka_unit_test_setup_teardown(test, fake_open, fake_close)

int main(int count, char *words[])
{
	int status;
	const struct CMUnitTest tests[] = {
	    FAKE(test_a_message_is_signed),
	    FAKE(test_an_account_of_others_is_not_looked_for),
	    FAKE(test_requests_do_not_block_each_other),
	    FAKE(test_what_is_no_yes_is_a_no),
	    FAKE(test_an_unknown_account_is_refused_before_anybody_is_asked),
	    FAKE(test_the_person_chooses_from_what_is_offered),
	    FAKE(test_an_error_of_the_ui_reaches_the_caller),
	    FAKE(test_a_late_yes_signs_nothing),
	    FAKE(test_a_late_password_signs_nothing),
	    FAKE(test_a_signature_that_comes_too_late_goes_nowhere),
	    FAKE(test_the_same_signature_answers_once),
	    FAKE(test_when_the_time_is_up_the_question_goes_too),
	    FAKE(test_without_a_ui_nothing_is_approved),
	    FAKE(test_the_ui_goes_in_the_middle_of_a_password),
	    FAKE(test_a_password_that_is_too_long),
	    FAKE(test_what_a_password_prompt_may_be_answered_with),
	    FAKE(test_weak_passwords_are_asked_for_three_times),
	    FAKE(test_a_password_from_a_file_is_not_asked_for),
	    FAKE(test_core_does_not_keep_a_password),
	    FAKE(test_the_line_is_there_before_the_answer),
	    FAKE(test_a_full_disk_signs_nothing),
	    FAKE(test_what_is_signed_is_what_the_ui_returned),
	    FAKE(test_the_ui_hears_of_a_transaction_once_it_is_logged),
	};

	if (fake_role_main(count, words, &status))
		return status;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
