/* The role `keys` as core sees it: keys made, imported, exported and used; what is refused; what is left in its memory. */
#include "role.h"

#include <dirent.h>
#include <fcntl.h>
#include <pty.h>
#include <signal.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <termios.h>
#include <time.h>

#include "base/hex.h"
#include "eth/message.h"
#include "keys/kdf.h"
#include "keys/sign.h"

static const struct role_fds no_fds;
static struct signature_context *context;

static struct address create(struct role *role, uint64_t request, const char *password)
{
	struct ipc_keys_create message = {.request = request, .source = IPC_SECRET_GIVEN, .secret = bytes_text(password)};
	struct ipc_keys_created created;
	struct address address;

	role_send(role, IPC_KEYS_CREATE, &message);
	role_expect(role, IPC_KEYS_CREATED, &created);
	assert_int_equal(created.request, request);
	assert_int_equal(created.address.size, ADDRESS_SIZE);
	memcpy(address.bytes, created.address.data, ADDRESS_SIZE);
	assert_memory_equal(created.path.data, "/the/keystore/UTC--", 19);
	return address;
}

static void send_sign(struct role *role, uint64_t request, const struct address *address, const char *text, const char *password)
{
	struct ipc_keys_sign message = {.request = request,
	    .kind = IPC_SIGN_MESSAGE,
	    .address = bytes_of(address->bytes, ADDRESS_SIZE),
	    .content = bytes_text(text),
	    .source = IPC_SECRET_GIVEN,
	    .secret = bytes_text(password)};

	role_send(role, IPC_KEYS_SIGN, &message);
}

/* The next message is a signature of this text by this account. */
static void expect_signature(struct role *role, uint64_t request, const struct address *address, const char *text)
{
	struct ipc_keys_signed answer;
	struct signature signature;
	struct address signer;
	uint8_t digest[32];

	role_expect(role, IPC_KEYS_SIGNED, &answer);
	assert_int_equal(answer.request, request);
	assert_int_equal(answer.signature.size, SIGN_RESULT_SIZE);
	memcpy(signature.r, answer.signature.data, 32);
	memcpy(signature.s, answer.signature.data + 32, 32);
	signature.parity = answer.signature.data[64];
	message_digest(bytes_text(text), digest);
	assert_true(signature_recover(context, digest, &signature, &signer));
	assert_memory_equal(signer.bytes, address->bytes, ADDRESS_SIZE);
}

static uint64_t count_of(struct role *role, const struct address *address)
{
	struct ipc_keys_find message = {.request = 99, .address = bytes_of(address->bytes, ADDRESS_SIZE)};
	struct ipc_keys_found found;

	role_send(role, IPC_KEYS_FIND, &message);
	role_expect(role, IPC_KEYS_FOUND, &found);
	assert_int_equal(found.request, 99);
	return found.count;
}

static void test_new_account_signs(void **state)
{
	struct role role;

	(void)state;
	role_start(&role, &no_fds);
	struct address address = create(&role, 1, "a good password");
	assert_int_equal(count_of(&role, &address), 1);
	send_sign(&role, 2, &address, "hello", "a good password");
	expect_signature(&role, 2, &address, "hello");
	send_sign(&role, 3, &address, "", "a good password");
	expect_signature(&role, 3, &address, "");
	send_sign(&role, 4, &address, "hello", "another password");
	role_expect_failure(&role, 4, ERROR_PASSWORD, "could not decrypt key with given password");
	address.bytes[0] ^= 1;
	send_sign(&role, 5, &address, "hello", "a good password");
	role_expect_failure(&role, 5, ERROR_REFUSED, "unknown account");
	role_stop(&role);
}

static void test_weak_passwords_make_no_file(void **state)
{
	static const struct {
		const char *password, *text;
	} cases[] = {
	    {"", "password too short (<10 characters)"},
	    {"123456789", "password too short (<10 characters)"},
	    {"p\xc3\xa4ssw\xc3\xb6rd-\xc3\xb6l", "password contains invalid characters - only 7bit printable ascii allowed"},
	    {"back\\slash in it", "password contains invalid characters - only 7bit printable ascii allowed"},
	    {"tab\tin the password", "password contains invalid characters - only 7bit printable ascii allowed"},
	};
	struct role role;

	(void)state;
	role_start(&role, &no_fds);
	for (unsigned i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct ipc_keys_create message = {
		    .request = i, .source = IPC_SECRET_GIVEN, .secret = bytes_text(cases[i].password)};
		role_send(&role, IPC_KEYS_CREATE, &message);
		role_expect_failure(&role, i, ERROR_PASSWORD_WEAK, cases[i].text);
	}
	assert_int_equal(role_count_files(&role), 0);
	create(&role, 9, "0123456789");
	create(&role, 10, "!\"#$%&'()*+,-./:;<=>?@[]^_`{|}~ ");
	assert_int_equal(role_count_files(&role), 2);
	role_stop(&role);
}

static void send_import(struct role *role, uint64_t request, const char *key, const char *password)
{
	struct ipc_keys_import_raw message = {
	    .request = request, .key = bytes_text(key), .source = IPC_SECRET_GIVEN, .secret = bytes_text(password)};

	role_send(role, IPC_KEYS_IMPORT_RAW, &message);
}

#define ONES "1111111111111111111111111111111111111111111111111111111111111111"

static void test_raw_keys(void **state)
{
	static const struct {
		const char *key, *text;
	} bad[] = {
	    {"0x" ONES, "invalid hex character at position 2 in private key"},
	    {"12z4", "invalid hex character at position 3 in private key"},
	    {"1\n", "invalid hex character at position 2 in private key"},
	    {"", "invalid length, need 256 bits"},
	    {"1111", "invalid length, need 256 bits"},
	    {ONES "00", "invalid length, need 256 bits"},
	    {"111", "invalid hex data for private key"},
	    {"0000000000000000000000000000000000000000000000000000000000000000", "invalid private key, zero or negative"},
	    {"fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141", "invalid private key, >=N"},
	};
	struct ipc_keys_created created;
	struct role role;

	(void)state;
	role_start(&role, &no_fds);
	for (unsigned i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		send_import(&role, i, bad[i].key, "a good password");
		role_expect_failure(&role, i, ERROR_REFUSED, bad[i].text);
	}
	send_import(&role, 20, ONES, "short");
	role_expect_failure(&role, 20, ERROR_PASSWORD_WEAK, "password too short (<10 characters)");
	send_import(&role, 21, ONES, "a good password");
	role_expect(&role, IPC_KEYS_CREATED, &created);
	struct address address;
	assert_true(address_parse(bytes_text("0x19e7e376e7c213b7e7e7e46cc70a5dd086daff2a"), &address));
	assert_memory_equal(created.address.data, address.bytes, ADDRESS_SIZE);
	send_import(&role, 22, ONES, "a good password");
	role_expect_failure(&role, 22, ERROR_REFUSED, "account already exists");
	assert_int_equal(role_count_files(&role), 1);
	role_stop(&role);
}

static void test_export_and_import_again(void **state)
{
	struct ipc_keys_exported exported;
	struct ipc_keys_created created;
	struct role one, two;
	char file[2048];

	(void)state;
	role_start(&one, &no_fds);
	struct address address = create(&one, 1, "the old password");
	struct ipc_keys_export export = {.request = 2, .address = bytes_of(address.bytes, ADDRESS_SIZE)};
	role_send(&one, IPC_KEYS_EXPORT, &export);
	role_expect(&one, IPC_KEYS_EXPORTED, &exported);
	assert_true(exported.content.size < sizeof file);
	memcpy(file, exported.content.data, exported.content.size);
	struct ipc_keys_import_file import = {.request = 3,
	    .content = bytes_of(file, exported.content.size),
	    .old_secret = bytes_text("the old password"),
	    .new_secret = bytes_text("the new password")};
	role_send(&one, IPC_KEYS_IMPORT_FILE, &import);
	role_expect_failure(&one, 3, ERROR_REFUSED, "account already exists");
	role_stop(&one);

	role_start(&two, &no_fds);
	role_send(&two, IPC_KEYS_EXPORT, &export);
	role_expect_failure(&two, 2, ERROR_REFUSED, "unknown account");
	import.old_secret = bytes_text("no such password");
	role_send(&two, IPC_KEYS_IMPORT_FILE, &import);
	role_expect_failure(&two, 3, ERROR_PASSWORD, "could not decrypt key with given password");
	import.new_secret = bytes_text("short");
	role_send(&two, IPC_KEYS_IMPORT_FILE, &import);
	role_expect_failure(&two, 3, ERROR_PASSWORD_WEAK, "password too short (<10 characters)");
	import.old_secret = bytes_text("the old password");
	import.new_secret = bytes_text("the new password");
	role_send(&two, IPC_KEYS_IMPORT_FILE, &import);
	role_expect(&two, IPC_KEYS_CREATED, &created);
	assert_memory_equal(created.address.data, address.bytes, ADDRESS_SIZE);
	send_sign(&two, 4, &address, "text", "the old password");
	role_expect_failure(&two, 4, ERROR_PASSWORD, "could not decrypt key with given password");
	send_sign(&two, 5, &address, "text", "the new password");
	expect_signature(&two, 5, &address, "text");
	role_stop(&two);
}

/* EIP-155's own example. */
static const char payload_hex[] = "ec098504a817c800825208943535353535353535353535353535353535353535880de0b6b3a764000080018080";

static void test_transactions_are_parsed_again(void **state)
{
	static const char signed_r[] = "28ef61340bd939bc2195fe537567866003e1a15d3c71ff63e1590620aa636276";
	uint8_t payload[64], r[32];
	size_t size = strlen(payload_hex) / 2;
	struct ipc_keys_created created;
	struct ipc_keys_signed answer;
	struct address address;
	struct role role;

	(void)state;
	assert_true(hex_decode_fixed(bytes_text(payload_hex), payload, size));
	role_start(&role, &no_fds);
	send_import(&role, 1, "4646464646464646464646464646464646464646464646464646464646464646", "a good password");
	role_expect(&role, IPC_KEYS_CREATED, &created);
	memcpy(address.bytes, created.address.data, ADDRESS_SIZE);
	struct ipc_keys_sign sign = {.request = 2,
	    .kind = IPC_SIGN_TRANSACTION,
	    .address = bytes_of(address.bytes, ADDRESS_SIZE),
	    .content = bytes_of(payload, size),
	    .source = IPC_SECRET_GIVEN,
	    .secret = bytes_text("a good password")};
	role_send(&role, IPC_KEYS_SIGN, &sign);
	role_expect(&role, IPC_KEYS_SIGNED, &answer);
	assert_true(hex_decode_fixed(bytes_text(signed_r), r, sizeof r));
	assert_memory_equal(answer.signature.data, r, sizeof r);
	assert_int_equal(answer.signature.data[64], 0);
	/* Bytes that are no transaction: nothing to sign, whatever the password is. */
	for (size_t cut = 0; cut < size; cut++) {
		sign.content = bytes_of(payload, cut);
		role_send(&role, IPC_KEYS_SIGN, &sign);
		struct ipc_keys_failed failed;
		role_expect(&role, IPC_KEYS_FAILED, &failed);
		assert_int_equal(failed.kind, ERROR_REFUSED);
	}
	/* A digest dressed up as something else. */
	sign.kind = 99;
	sign.content = bytes_of(payload, 32);
	role_send(&role, IPC_KEYS_SIGN, &sign);
	role_expect_failure(&role, 2, ERROR_REFUSED, "unknown kind of content to sign");
	role_stop(&role);
}

static void write_file(const struct role *role, const char *name, const char *text)
{
	int fd = openat(role->keystore_fd, name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
	close(fd);
}

/* Costs about a second: long enough for everything else to overtake it. */
static const char slow_file[] =
    "{\"address\":\"80489c3db7d9286c81b41b8f0680575e14c2b6ac\",\"crypto\":{\"cipher\":\"aes-128-ctr\",\"ciphertext\":"
    "\"4ae16fe2fb800f2b9cc011694071a496c1c0470aae8c03c4b31eefb87975148d\",\"cipherparams\":{\"iv\":"
    "\"b0ea5f5d98c9875e41d96fe62aada4d0\"},\"kdf\":\"scrypt\",\"kdfparams\":{\"dklen\":32,\"n\":262144,\"p\":2,\"r\":8,\"salt\":"
    "\"00\"},"
    "\"mac\":\"560e5a593810eed7bf5debfed6076d44104804cbf3f538def3352fc566868367\"},\"id\":\"44eab9bc-d408-4c6c-9e52-"
    "478ed730903e\","
    "\"version\":3}";

static void withdraw(struct role *role, uint64_t first, uint64_t last)
{
	for (uint64_t request = first; request <= last; request++) {
		struct ipc_keys_withdraw message = {.request = request};
		role_send(role, IPC_KEYS_WITHDRAW, &message);
	}
}

static void test_nothing_waits_for_a_derivation(void **state)
{
	struct ipc_keys_list list = {.request = 50};
	struct ipc_keys_accounts accounts;
	struct address address;
	struct role role;

	(void)state;
	assert_true(address_parse(bytes_text("0x80489c3db7d9286c81b41b8f0680575e14c2b6ac"), &address));
	role_start(&role, &no_fds);
	write_file(&role, "slow", slow_file);
	/* Two run, the third waits; the first and the third are withdrawn. */
	for (uint64_t request = 1; request <= 3; request++)
		send_sign(&role, request, &address, "text", "password");
	role_send(&role, IPC_KEYS_LIST, &list);
	role_expect(&role, IPC_KEYS_ACCOUNTS, &accounts);
	assert_int_equal(accounts.request, 50);
	assert_int_equal(accounts.accounts.size, ADDRESS_SIZE + 4 + strlen("/the/keystore/slow"));
	withdraw(&role, 3, 3);
	withdraw(&role, 1, 1);
	role_expect_failure(&role, 2, ERROR_PASSWORD, "could not decrypt key with given password");
	role_expect_silence(&role);
	role_stop(&role);
}

static void test_withdrawn_creation_leaves_no_file(void **state)
{
	struct role role;

	(void)state;
	role_start(&role, &no_fds);
	for (uint64_t request = 1; request <= 12; request++) {
		struct ipc_keys_create message = {
		    .request = request, .source = IPC_SECRET_GIVEN, .secret = bytes_text("a good password")};
		role_send(&role, IPC_KEYS_CREATE, &message);
	}
	withdraw(&role, 1, 12);
	/* One that is wanted comes after them. */
	create(&role, 20, "a good password");
	assert_int_equal(role_count_files(&role), 1);
	role_stop(&role);
}

/* Opens at once, if the password were right. */
static const char quick_file[] =
    "{\"address\":\"00000000000000000000000000000000000000aa\",\"crypto\":{\"cipher\":\"aes-128-ctr\",\"ciphertext\":"
    "\"4ae16fe2fb800f2b9cc011694071a496c1c0470aae8c03c4b31eefb87975148d\",\"cipherparams\":{\"iv\":"
    "\"b0ea5f5d98c9875e41d96fe62aada4d0\"},\"kdf\":\"scrypt\",\"kdfparams\":{\"dklen\":32,\"n\":2,\"p\":1,\"r\":1,\"salt\":"
    "\"00\"},\"mac\":\"560e5a593810eed7bf5debfed6076d44104804cbf3f538def3352fc566868367\"},\"id\":\"44eab9bc-d408-4c6c-9e52-"
    "478ed730903e\",\"version\":3}";

static void test_many_approvals_at_once_wait_in_order(void **state)
{
	enum { MANY = 300 };
	struct address slow, quick;
	struct ipc_keys_failed failed;
	bool answered[MANY] = {false};
	struct role role;

	(void)state;
	assert_true(address_parse(bytes_text("0x80489c3db7d9286c81b41b8f0680575e14c2b6ac"), &slow));
	assert_true(address_parse(bytes_text("0x00000000000000000000000000000000000000aa"), &quick));
	role_start(&role, &no_fds);
	write_file(&role, "slow", slow_file);
	write_file(&role, "quick", quick_file);
	send_sign(&role, 1000, &slow, "text", "password");
	send_sign(&role, 1001, &slow, "text", "password");
	for (uint64_t request = 0; request < MANY; request++)
		send_sign(&role, request, &quick, "text", "password");
	/* From the middle and the end of the queue. */
	withdraw(&role, 100, 109);
	withdraw(&role, MANY - 1, MANY - 1);
	withdraw(&role, 1001, 1001);
	for (uint64_t i = 0; i < MANY - 10; i++) {
		role_expect(&role, IPC_KEYS_FAILED, &failed);
		assert_int_equal(failed.kind, ERROR_PASSWORD);
		if (failed.request == 1000)
			continue;
		assert_true(failed.request < MANY && !answered[failed.request]);
		answered[failed.request] = true;
		/* Two at a time, the first that came first. */
		assert_true(failed.request <= i + 10 + KDF_THREADS);
	}
	role_expect_silence(&role);
	send_sign(&role, 2000, &quick, "text", "password");
	role_expect_failure(&role, 2000, ERROR_PASSWORD, "could not decrypt key with given password");
	role_stop(&role);
}

static void test_too_many_requests_are_refused_politely(void **state)
{
	struct address address;
	struct role role;

	(void)state;
	assert_true(address_parse(bytes_text("0x80489c3db7d9286c81b41b8f0680575e14c2b6ac"), &address));
	role_start(&role, &no_fds);
	write_file(&role, "slow", slow_file);
	for (uint64_t request = 1; request <= 532; request++)
		send_sign(&role, request, &address, "text", "password");
	for (unsigned refused = 0; refused < 20; refused++) {
		struct ipc_keys_failed failed;
		role_expect(&role, IPC_KEYS_FAILED, &failed);
		assert_int_equal(failed.kind, ERROR_REFUSED);
		assert_true(bytes_equal_text(failed.text, "too many requests at a time, try again later"));
	}
	withdraw(&role, 1, 532);
	role_stop(&role);
}

static void test_ambiguous_account_is_refused(void **state)
{
	struct address address;
	struct role role;

	(void)state;
	assert_true(address_parse(bytes_text("0x80489c3db7d9286c81b41b8f0680575e14c2b6ac"), &address));
	role_start(&role, &no_fds);
	write_file(&role, "one", slow_file);
	write_file(&role, "two", slow_file);
	assert_int_equal(count_of(&role, &address), 2);
	send_sign(&role, 1, &address, "text", "password");
	role_expect_failure(
	    &role, 1, ERROR_REFUSED, "multiple keys match address: 2 key files hold this account, remove all but one");
	role_stop(&role);
}

static void test_import_and_password_files(void **state)
{
	struct ipc_keys_created created;
	struct ipc_keys_secret_read read_message;
	struct role role;
	int password[2], import[2];

	(void)state;
	assert_int_equal(pipe(password), 0);
	assert_int_equal(pipe(import), 0);
	assert_int_equal(write(password[1], "longenough1\r\nsecond line\n", 25), 25);
	assert_int_equal(write(import[1], "0x" ONES "\r\n", 68), 68);
	close(password[1]);
	close(import[1]);
	role_start(&role, &(struct role_fds){.password = password[0], .import = import[0]});
	struct ipc_keys_import_raw message = {.request = 1, .source = IPC_SECRET_FILE};
	role_send(&role, IPC_KEYS_IMPORT_RAW, &message);
	role_expect(&role, IPC_KEYS_SECRET_READ, &read_message);
	role_expect(&role, IPC_KEYS_CREATED, &created);
	struct address address;
	memcpy(address.bytes, created.address.data, ADDRESS_SIZE);
	send_sign(&role, 2, &address, "text", "longenough1");
	expect_signature(&role, 2, &address, "text");
	role_stop(&role);
	close(password[0]);
	close(import[0]);
}

/* Nothing of the key, not even the character that is wrong. */
static void test_wrong_key_file_is_described_by_position(void **state)
{
	static const struct {
		const char *content, *text;
	} cases[] = {
	    {"0x1111g1\n", "key file too short, want 64 hex characters"},
	    {"0x" ONES "g\n", "invalid character at position 67, at end of key file"},
	    {"0x" ONES "\n1", "invalid character at position 68, at end of key file"},
	    {"0x1111g" ONES, "invalid character at position 67, at end of key file"},
	    {"0xg111111111111111111111111111111111111111111111111111111111111111\n",
	        "invalid hex character at position 3 in private key"},
	    {ONES "\xc3", "invalid character at position 65, at end of key file"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct ipc_keys_import_raw message = {
		    .request = 1, .source = IPC_SECRET_GIVEN, .secret = bytes_text("longenough1")};
		size_t size = strlen(cases[i].content);
		struct role role;
		int import[2];

		assert_int_equal(pipe(import), 0);
		assert_int_equal(write(import[1], cases[i].content, size), (ssize_t)size);
		close(import[1]);
		role_start(&role, &(struct role_fds){.import = import[0]});
		role_send(&role, IPC_KEYS_IMPORT_RAW, &message);
		role_expect_failure(&role, 1, ERROR_REFUSED, cases[i].text);
		role_stop(&role);
		close(import[0]);
	}
}

/* What the person's side of the terminal shows, until it shows `wanted`. */
static void wait_for_screen(int person, const char *wanted)
{
	char screen[1024];
	size_t seen = 0;

	do {
		ssize_t got = read(person, screen + seen, sizeof screen - 1 - seen);
		assert_true(got > 0);
		seen += (size_t)got;
		screen[seen] = 0;
	} while (strstr(screen, wanted) == NULL);
}

static bool echoes(int terminal)
{
	struct termios now;

	assert_int_equal(tcgetattr(terminal, &now), 0);
	return (now.c_lflag & ECHO) != 0;
}

static void send_create_at_terminal(struct role *role, uint64_t request)
{
	struct ipc_keys_create message = {
	    .request = request, .source = IPC_SECRET_TERMINAL, .prompt = bytes_text("Choose one: "), .repeat = 1};

	role_send(role, IPC_KEYS_CREATE, &message);
}

static void test_password_from_the_terminal(void **state)
{
	struct ipc_keys_secret_read read_message;
	struct ipc_keys_created created;
	struct role role;
	int person, terminal;

	(void)state;
	assert_int_equal(openpty(&person, &terminal, NULL, NULL, NULL), 0);
	role_start(&role, &(struct role_fds){.terminal = terminal});
	send_create_at_terminal(&role, 1);
	wait_for_screen(person, "Choose one: ");
	assert_false(echoes(terminal));
	assert_int_equal(write(person, "longenough1\n", 12), 12);
	wait_for_screen(person, "Repeat password: ");
	assert_int_equal(write(person, "longenough1\n", 12), 12);
	role_expect(&role, IPC_KEYS_SECRET_READ, &read_message);
	assert_true(echoes(terminal));
	role_expect(&role, IPC_KEYS_CREATED, &created);
	/* Withdrawn while it is asked: the terminal is given back, no answer comes. */
	send_create_at_terminal(&role, 2);
	wait_for_screen(person, "Choose one: ");
	withdraw(&role, 2, 2);
	role_expect_silence(&role);
	assert_true(echoes(terminal));
	/* SIGTERM to the process group is core's: the question stays. */
	send_create_at_terminal(&role, 3);
	wait_for_screen(person, "Choose one: ");
	kill(role.pid, SIGTERM);
	role_expect_silence(&role);
	assert_false(echoes(terminal));
	/* Core dies in the middle of it. */
	role_stop(&role);
	assert_true(echoes(terminal));
	close(person);
	close(terminal);
}

static void write_many(const struct role *role, unsigned count)
{
	char name[256], text[64];

	for (unsigned i = 1; i <= count; i++) {
		snprintf(name, sizeof name, "key%0230u", i);
		snprintf(text, sizeof text, "{\"address\":\"%040x\"}", i);
		write_file(role, name, text);
	}
}

/* Also of what changed while older changes are being read. */
static void test_listing_speaks_for_the_moment_it_is_asked(void **state)
{
	enum { FILES = 2000, ROUNDS = 3 };
	const size_t size_of_one = ADDRESS_SIZE + 4 + strlen("/the/keystore/late0");
	const struct timespec moment = {0, 3000000};
	struct ipc_keys_list before = {.request = 1}, behind = {.request = 2};
	struct ipc_keys_accounts accounts;
	struct role role;
	char name[32];

	(void)state;
	role_start(&role, &no_fds);
	for (unsigned round = 0; round < ROUNDS; round++) {
		size_t sizes[3] = {0};

		kill(role.pid, SIGSTOP);
		write_many(&role, FILES);
		role_send(&role, IPC_KEYS_LIST, &before);
		kill(role.pid, SIGCONT);
		nanosleep(&moment, NULL);
		snprintf(name, sizeof name, "late%u", round);
		write_file(&role, name, slow_file);
		role_send(&role, IPC_KEYS_LIST, &behind);
		for (unsigned i = 0; i < 2; i++) {
			role_expect(&role, IPC_KEYS_ACCOUNTS, &accounts);
			assert_in_range(accounts.request, 1, 2);
			sizes[accounts.request] = accounts.accounts.size;
		}
		assert_int_equal(
		    sizes[2], FILES * (ADDRESS_SIZE + 4 + strlen("/the/keystore/key") + 230) + (round + 1) * size_of_one);
	}
	role_stop(&role);
}

/* Until the prompt stands and echo is off, what a person types is shown: a large keystore is read afterwards. */
static void test_prompt_does_not_wait_for_the_keystore(void **state)
{
	struct ipc_keys_list list = {.request = 2};
	struct ipc_keys_secret_read read_message;
	struct ipc_keys_accounts accounts;
	struct role role;
	int person, terminal;

	(void)state;
	assert_int_equal(openpty(&person, &terminal, NULL, NULL, NULL), 0);
	role_start(&role, &(struct role_fds){.terminal = terminal});
	/* It must find all of them unread. */
	kill(role.pid, SIGSTOP);
	write_many(&role, 3000);
	struct ipc_keys_sign message = {.request = 1,
	    .kind = IPC_SIGN_MESSAGE,
	    .address = bytes_text("01234567890123456789"),
	    .content = bytes_text("text"),
	    .source = IPC_SECRET_TERMINAL,
	    .prompt = bytes_text("Password: ")};
	role_send(&role, IPC_KEYS_LIST, &list);
	role_send(&role, IPC_KEYS_SIGN, &message);
	kill(role.pid, SIGCONT);
	wait_for_screen(person, "Password: ");
	assert_false(echoes(terminal));
	role_expect(&role, IPC_KEYS_ACCOUNTS, &accounts);
	assert_int_equal(write(person, "anything\n", 9), 9);
	role_expect(&role, IPC_KEYS_SECRET_READ, &read_message);
	role_expect_failure(&role, 1, ERROR_REFUSED, "unknown account");
	/* Now that it is read: nobody is asked in vain. */
	message.request = 3;
	role_send(&role, IPC_KEYS_SIGN, &message);
	role_expect_failure(&role, 3, ERROR_REFUSED, "unknown account");
	role_stop(&role);
	close(person);
	close(terminal);
}

/* 250 answers of more than a megabyte each are more than the channel takes: they are made as core reads, and nothing else waits for that. */
static void test_unread_listings_do_not_break_the_channel(void **state)
{
	enum { LISTINGS = 250 };
	struct ipc_keys_accounts accounts;
	bool answered[LISTINGS] = {false};
	struct role role;
	int person, terminal;
	size_t size = 0;

	(void)state;
	assert_int_equal(openpty(&person, &terminal, NULL, NULL, NULL), 0);
	role_start(&role, &(struct role_fds){.terminal = terminal});
	write_many(&role, 5000);
	for (uint64_t i = 1; i <= LISTINGS; i++) {
		struct ipc_keys_list list = {.request = i};
		role_send(&role, IPC_KEYS_LIST, &list);
	}
	send_create_at_terminal(&role, 1000);
	wait_for_screen(person, "Choose one: ");
	assert_false(echoes(terminal));
	withdraw(&role, 1000, 1000);
	withdraw(&role, LISTINGS, LISTINGS);
	wait_for_screen(person, "\n");
	for (uint64_t i = 1; i < LISTINGS; i++) {
		role_expect(&role, IPC_KEYS_ACCOUNTS, &accounts);
		assert_true(accounts.request < LISTINGS && !answered[accounts.request]);
		answered[accounts.request] = true;
		assert_true(accounts.accounts.size > 5000 * 230);
		size += accounts.accounts.size;
	}
	assert_true(size > (size_t)256 << 20);
	assert_true(echoes(terminal));
	role_expect_silence(&role);
	role_stop(&role);
	close(person);
	close(terminal);
}

static void test_password_from_the_socket(void **state)
{
	static const uint8_t secret[] = "\0\0\0\0\0\0\0\x05\0\0\0\x0blongenough1";
	struct ipc_keys_create message = {.request = 1, .source = IPC_SECRET_PIPE, .question = 5};
	struct ipc_keys_secret_read read_message;
	struct ipc_keys_created created;
	struct role role;
	int pair[2];

	(void)state;
	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair), 0);
	role_start(&role, &(struct role_fds){.secrets = pair[1]});
	close(pair[1]);
	role_send(&role, IPC_KEYS_CREATE, &message);
	assert_int_equal(write(pair[0], secret, sizeof secret - 1), sizeof secret - 1);
	role_expect(&role, IPC_KEYS_SECRET_READ, &read_message);
	role_expect(&role, IPC_KEYS_CREATED, &created);
	message.request = 2;
	message.question = 6;
	role_send(&role, IPC_KEYS_CREATE, &message);
	close(pair[0]);
	role_expect_failure(&role, 2, ERROR_REFUSED, "no password from the UI: it closed the descriptor");
	role_stop(&role);
}

static void test_missing_sources_are_named(void **state)
{
	static const struct {
		enum ipc_secret_source source;
		const char *text;
	} cases[] = {
	    {IPC_SECRET_FILE, "no password: there is no password file"},
	    {IPC_SECRET_PIPE, "no password: there is no descriptor for secrets"},
	    {IPC_SECRET_TERMINAL, "no password: there is no terminal"},
	    {(enum ipc_secret_source)17, "no password: unknown source"},
	};
	struct role role;

	(void)state;
	role_start(&role, &no_fds);
	for (unsigned i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct ipc_keys_create message = {.request = i, .source = cases[i].source};
		role_send(&role, IPC_KEYS_CREATE, &message);
		role_expect_failure(&role, i, ERROR_REFUSED, cases[i].text);
	}
	role_stop(&role);
}

static bool has_index(int folder)
{
	DIR *dir = fdopendir(openat(folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
	bool found = false;

	assert_non_null(dir);
	for (struct dirent *entry = readdir(dir); entry != NULL; entry = readdir(dir)) {
		if (entry->d_name[0] == '.')
			continue;
		found = strncmp(entry->d_name, "keystore-", 9) == 0;
		assert_int_equal(unlinkat(folder, entry->d_name, 0), 0);
	}
	closedir(dir);
	return found;
}

/* A command lists and is gone: what was read must not be read again by the next one. */
static void test_index_is_written_before_the_end(void **state)
{
	static const unsigned counts[] = {300, 10};
	char path[] = "/tmp/clef-role-index.XXXXXX", name[32], text[64];
	const struct timespec until_quiet = {1, 200000000};
	struct ipc_keys_list list = {.request = 1};
	struct ipc_keys_accounts accounts;
	struct role role;

	(void)state;
	assert_non_null(mkdtemp(path));
	int index = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	for (size_t i = 0; i < sizeof counts / sizeof counts[0]; i++) {
		role_start(&role, &(struct role_fds){.index = index});
		for (unsigned j = 1; j <= counts[i]; j++) {
			snprintf(name, sizeof name, "key%u", j);
			snprintf(text, sizeof text, "{\"address\":\"%040x\"}", j);
			write_file(&role, name, text);
		}
		nanosleep(&until_quiet, NULL);
		role_send(&role, IPC_KEYS_LIST, &list);
		role_expect(&role, IPC_KEYS_ACCOUNTS, &accounts);
		assert_true(accounts.accounts.size > counts[i] * (ADDRESS_SIZE + 4));
		role_stop(&role);
		/* A small keystore needs none. */
		assert_int_equal(has_index(index), counts[i] >= 256);
	}
	close(index);
	assert_int_equal(rmdir(path), 0);
}

/* What a killed process left goes soon after the next start, within the role's confinement. */
static void test_half_written_files_of_a_killed_process_go(void **state)
{
	static const char name[] = ".UTC--2026-01-31T12-34-56.123456789Z--00112233445566778899aabbccddeeff00112233.00ab12cd.tmp";
	static const char index_name[] = ".keystore-0123456789abcdef.index.ffffffff.tmp";
	const struct timespec times[2] = {{.tv_sec = 1000}, {.tv_sec = 1000}}, moment = {0, 50000000};
	char path[] = "/tmp/clef-role-index.XXXXXX";
	struct role role;

	(void)state;
	assert_non_null(mkdtemp(path));
	int index = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	role_start(&role, &(struct role_fds){.index = index});
	write_file(&role, name, "half");
	assert_int_equal(utimensat(role.keystore_fd, name, times, 0), 0);
	close(openat(index, index_name, O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
	assert_int_equal(utimensat(index, index_name, times, 0), 0);
	while (faccessat(role.keystore_fd, name, F_OK, 0) == 0 || faccessat(index, index_name, F_OK, 0) == 0)
		nanosleep(&moment, NULL);
	role_stop(&role);
	close(index);
	assert_int_equal(rmdir(path), 0);
}

static void test_breach_of_the_protocol_ends_the_role(void **state)
{
	static const uint8_t frame[] = {0, 0, 0, 8, 0, 0, 0, IPC_KEYS_SIGNED, 0, 0, 0, 0, 0, 0, 0, 1};
	struct role role;
	uint8_t byte;

	(void)state;
	role_start(&role, &no_fds);
	assert_int_equal(write(role.channel, frame, sizeof frame), sizeof frame);
	assert_int_equal(read(role.channel, &byte, 1), 0);
	role_end(&role);
}

/* How often the bytes lie in the memory of the process; -1 when it cannot be read. */
static int count_in_memory(pid_t pid, const uint8_t *wanted, size_t size)
{
	char path[64], line[512];
	static uint8_t chunk[1 << 20];
	int count = 0;

	snprintf(path, sizeof path, "/proc/%d/maps", pid);
	FILE *maps = fopen(path, "re");
	snprintf(path, sizeof path, "/proc/%d/mem", pid);
	int memory = open(path, O_RDONLY | O_CLOEXEC);
	if (maps == NULL || memory < 0)
		return -1;
	while (fgets(line, sizeof line, maps) != NULL) {
		unsigned long from, to;
		if (sscanf(line, "%lx-%lx rw", &from, &to) != 2 || strstr(line, " rw") == NULL)
			continue;
		for (; from < to; from += sizeof chunk - 64) {
			size_t most = to - from < sizeof chunk ? to - from : sizeof chunk;
			ssize_t got = pread(memory, chunk, most, (off_t)from);
			const uint8_t *at = chunk;
			while (got > 0 && (at = memmem(at, (size_t)(chunk + got - at), wanted, size)) != NULL) {
				count++;
				at++;
			}
		}
	}
	fclose(maps);
	close(memory);
	return count;
}

static void test_neither_key_nor_password_stays_in_memory(void **state)
{
	struct ipc_keys_created created;
	struct address address;
	struct role role;
	uint8_t key[32], password[24];
	struct buf digits BUF_CLEANUP = BUF_INIT(64);

	(void)state;
#ifdef CLEF_WEAK_SANDBOX_BUILD
	skip(); /* sanitizers and valgrind keep copies of registers and much more memory than can be searched */
#endif
	role_start(&role, &no_fds);
	/* Made after the fork: the child has no copy by inheritance. */
	assert_int_equal(getrandom(key, sizeof key, 0), sizeof key);
	assert_int_equal(getrandom(password, sizeof password, 0), sizeof password);
	for (size_t i = 0; i < sizeof password; i++)
		password[i] = (uint8_t)('a' + password[i] % 26);
	hex_encode(bytes_of(key, sizeof key), &digits);
	struct ipc_keys_import_raw import = {
	    .request = 1, .key = buf_bytes(&digits), .source = IPC_SECRET_GIVEN, .secret = bytes_of(password, sizeof password)};
	role_send(&role, IPC_KEYS_IMPORT_RAW, &import);
	role_expect(&role, IPC_KEYS_CREATED, &created);
	memcpy(address.bytes, created.address.data, ADDRESS_SIZE);
	for (int i = 0; i < 3; i++) {
		struct ipc_keys_sign sign = {.request = 2,
		    .kind = IPC_SIGN_MESSAGE,
		    .address = bytes_of(address.bytes, ADDRESS_SIZE),
		    .content = bytes_text("text"),
		    .source = IPC_SECRET_GIVEN,
		    .secret = bytes_of(password, sizeof password)};
		role_send(&role, IPC_KEYS_SIGN, &sign);
		expect_signature(&role, 2, &address, "text");
	}
	/* The search itself works: the path of the keystore is there. */
	int found = count_in_memory(role.pid, (const uint8_t *)"/the/keystore", 13);
	if (found < 0)
		print_message("no right to read the memory of the role: not looked at\n");
	else
		assert_true(found > 0);
	assert_true(count_in_memory(role.pid, key, sizeof key) <= 0);
	assert_true(count_in_memory(role.pid, digits.data, digits.size) <= 0);
	assert_true(count_in_memory(role.pid, password, sizeof password) <= 0);
	/* Neither as the curve library keeps it, in limbs, nor the half of it. */
	uint8_t limbs[32];
	for (size_t i = 0; i < sizeof limbs; i++)
		limbs[i] = key[sizeof key - 1 - i];
	assert_true(count_in_memory(role.pid, limbs, 16) <= 0);
	assert_true(count_in_memory(role.pid, limbs + 16, 16) <= 0);
	assert_true(count_in_memory(role.pid, key, 16) <= 0);
	assert_true(count_in_memory(role.pid, key + 16, 16) <= 0);
	assert_true(count_in_memory(role.pid, password, 12) <= 0);
	role_stop(&role);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_new_account_signs),
	    cmocka_unit_test(test_weak_passwords_make_no_file),
	    cmocka_unit_test(test_raw_keys),
	    cmocka_unit_test(test_export_and_import_again),
	    cmocka_unit_test(test_transactions_are_parsed_again),
	    cmocka_unit_test(test_nothing_waits_for_a_derivation),
	    cmocka_unit_test(test_withdrawn_creation_leaves_no_file),
	    cmocka_unit_test(test_many_approvals_at_once_wait_in_order),
	    cmocka_unit_test(test_too_many_requests_are_refused_politely),
	    cmocka_unit_test(test_ambiguous_account_is_refused),
	    cmocka_unit_test(test_import_and_password_files),
	    cmocka_unit_test(test_wrong_key_file_is_described_by_position),
	    cmocka_unit_test(test_password_from_the_terminal),
	    cmocka_unit_test(test_listing_speaks_for_the_moment_it_is_asked),
	    cmocka_unit_test(test_prompt_does_not_wait_for_the_keystore),
	    cmocka_unit_test(test_unread_listings_do_not_break_the_channel),
	    cmocka_unit_test(test_password_from_the_socket),
	    cmocka_unit_test(test_missing_sources_are_named),
	    cmocka_unit_test(test_index_is_written_before_the_end),
	    cmocka_unit_test(test_half_written_files_of_a_killed_process_go),
	    cmocka_unit_test(test_breach_of_the_protocol_ends_the_role),
	    cmocka_unit_test(test_neither_key_nor_password_stays_in_memory),
	};

	context = signature_context_new(NULL);
	int failed = cmocka_run_group_tests(tests, NULL, NULL);
	signature_context_free(context);
	return failed;
}
