/* clients.conf: what is understood, what is refused and in which words, and what it amounts to for each client. */
#include "../base/testing.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

#include "core/clients.h"

#define FIRST       "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266"
#define FIRST_LOWER "0xf39fd6e51aad88f6f4ce6ab8827279cfffb92266"
#define SECOND      "0xCD2a3d9F938E13CD947Ec05AbC7FE734Df8DD826"
#define THIRD       "0x2c7536e3605d9c16a7a3d7b1898e529396a65c23"

static struct clients *read_text(const char *text)
{
	struct clients *clients = NULL;
	struct error error;

	if (!clients_read(bytes_text(text), &clients, &error))
		fail_msg("%s", error.text);
	return clients;
}

/* The beginning of the error. */
static void assert_refused_bytes(struct bytes text, const char *expected)
{
	struct clients *clients = NULL;
	struct error error;

	if (clients_read(text, &clients, &error))
		fail_msg("was taken instead of: %s", expected);
	assert_int_equal(error.kind, ERROR_REFUSED);
	if (strncmp(error.text, expected, strlen(expected)) != 0)
		print_error("for: %.*s\n", (int)text.size, (const char *)text.data);
	assert_memory_equal(error.text, expected, strlen(expected));
}

static void assert_refused(const char *text, const char *expected)
{
	assert_refused_bytes(bytes_text(text), expected);
}

static const struct client_rights *of_qube(const struct clients *clients, const char *name)
{
	return clients_find(clients, &(struct client_id){.kind = CLIENT_QUBE, .name = bytes_text(name)});
}

static const struct client_rights *of_uid(const struct clients *clients, uid_t uid)
{
	return clients_find(clients, &(struct client_id){.kind = CLIENT_UID, .uid = uid});
}

static const struct client_rights *of_others(const struct clients *clients)
{
	return clients_find(clients, &(struct client_id){.kind = CLIENT_DEFAULT});
}

static bool may_call(const struct client_rights *rights, const char *name)
{
	return clients_permit_method(rights, method_find(bytes_text(name), METHOD_EXTERNAL | METHOD_ETH));
}

static bool may_use(const struct client_rights *rights, const char *text)
{
	struct address address;

	assert_true(address_parse(bytes_text(text), &address));
	return clients_permit_account(rights, &address);
}

/* ---- without a file ---- */

static void test_nothing_said(void **state)
{
	struct clients *clients = read_text("");

	(void)state;
	assert_int_equal(clients_section_count(clients), 0);
	const struct client_rights *others = of_others(clients), *qube = of_qube(clients, "work");

	assert_true(may_call(others, "account_new") && may_use(others, FIRST) && !others->list_without_asking);
	assert_true(others->queue == 0 && others->rate == 0 && !others->has_timeout);
	assert_ptr_equal(of_uid(clients, CLIENT_UID_UNKNOWN)->methods, NULL);
	assert_true(may_call(qube, "account_new") && may_use(qube, FIRST) && !qube->list_without_asking);
	assert_true(qube->queue == 32 && qube->rate == 120 && !qube->has_timeout);
	assert_true(clients_permit_method(NULL, method_at(0)) && clients_permit_account(NULL, &ADDRESS_ZERO));
	clients_free(clients);
	clients_free(NULL);
}

/* ---- what is understood ---- */

static const char example[] =
    "\xef\xbb\xbf; everybody\r\n"
    "[default]\r\n"
    "methods = account_version, account_list\r\n"
    "accounts =\r\n"
    "timeout = 45s ; short\r\n"
    "\r\n"
    "# a comment with an = and a [bracket], longer than any other line may be ...................................."
    "........................................................................................................\r\n"
    "[qube:work]\r\n"
    "methods = account_list, ; the first\r\n"
    "   account_signData,\r\n"
    "   ; nothing\r\n"
    "\taccount_signTransaction, eth_accounts\r\n"
    "accounts: " FIRST ", " THIRD "\r\n"
    "list-without-asking = yes\r\n"
    "queue=4\r\n"
    "rate   =   30/m\r\n"
    "timeout = 1h30m\r\n"
    "[uid:0]\r\n"
    "methods = *\r\n"
    "accounts = *\r\n"
    "rate = unlimited\r\n"
    "timeout = 0\r\n"
    "[uid:1000]\r\n"
    "[tls:laptop@home.example]\r\n"
    "methods =\r\n";

static void test_an_example_with_everything(void **state)
{
	struct clients *clients = read_text(example);
	const struct client_rights *others = of_others(clients), *work = of_qube(clients, "work"), *root = of_uid(clients, 0);

	(void)state;
	assert_int_equal(clients_section_count(clients), 5);
	assert_true(may_call(others, "account_list") && may_call(others, "account_version"));
	assert_false(may_call(others, "account_signData") || may_call(others, "rpc_modules") || may_use(others, FIRST));
	assert_true(others->has_timeout && others->timeout_s == 45);

	assert_true(may_call(work, "account_list") && may_call(work, "account_signData") && may_call(work, "eth_accounts") &&
	            may_call(work, "account_signTransaction"));
	assert_false(may_call(work, "account_new") || may_call(work, "account_version"));
	assert_true(may_use(work, FIRST_LOWER) && may_use(work, THIRD));
	assert_false(may_use(work, SECOND));
	assert_int_equal(work->accounts.count, 2);
	assert_true(work->list_without_asking && work->queue == 4 && work->rate == 30 && work->timeout_s == 5400);

	assert_true(may_call(root, "account_new") && may_use(root, SECOND) && root->has_timeout && root->timeout_s == 0);
	clients_free(clients);
}

/* What a section leaves out comes from [default], wherever that stands, then from what is built in. */
static void test_what_is_left_out(void **state)
{
	struct clients *clients =
	    read_text("[qube:work]\nmethods = account_new\n[uid:5]\nqueue=7\n[default]\nqueue = 2\naccounts = " SECOND "\n");
	const struct client_rights *work = of_qube(clients, "work"), *other = of_qube(clients, "other");

	(void)state;
	assert_true(may_call(work, "account_new") && !may_call(work, "account_list") && may_call(other, "account_list"));
	assert_true(may_use(work, SECOND) && !may_use(work, FIRST) && !may_use(other, FIRST));
	assert_true(work->queue == 2 && work->rate == 120 && other->queue == 2 && other->rate == 120);
	assert_true(of_uid(clients, 5)->queue == 7 && of_uid(clients, 5)->rate == 0 && of_uid(clients, 6)->queue == 2);
	assert_false(may_use(of_uid(clients, 5), FIRST));
	assert_true(of_others(clients)->queue == 2);
	clients_free(clients);
	clients = read_text("[qube:work]\nrate = unlimited\n");
	assert_int_equal(of_qube(clients, "work")->rate, 0);
	assert_int_equal(of_qube(clients, "work")->queue, 32);
	clients_free(clients);
}

/* Another kind of client with the same name is another client; names differ by case. */
static void test_who_is_who(void **state)
{
	struct clients *clients = read_text("[qube:work]\nqueue=1\n[tls:work]\nqueue=2\n");

	(void)state;
	assert_int_equal(of_qube(clients, "work")->queue, 1);
	assert_int_equal(of_qube(clients, "Work")->queue, 32);
	assert_int_equal(of_qube(clients, "wor")->queue, 32);
	assert_int_equal(clients_find(clients, &(struct client_id){.kind = CLIENT_TLS, .name = bytes_text("work")})->queue, 2);
	clients_free(clients);
}

/* With sections for users, one whom the kernel does not name cannot be told from those that may do less. */
static void test_a_user_who_is_not_known(void **state)
{
	struct clients *clients = read_text("[default]\nqueue=3\n[uid:1000]\nmethods=\n");

	(void)state;
	assert_null(of_uid(clients, CLIENT_UID_UNKNOWN));
	assert_int_equal(of_uid(clients, 7)->queue, 3);
	clients_free(clients);
	clients = read_text("[default]\nqueue=3\n");
	assert_int_equal(of_uid(clients, CLIENT_UID_UNKNOWN)->queue, 3);
	clients_free(clients);
}

static void test_disposables_are_never_trusted_for_good(void **state)
{
	struct clients *clients = read_text("[default]\naccounts = " FIRST "\nlist-without-asking = yes\n");

	(void)state;
	assert_true(of_qube(clients, "work")->list_without_asking && of_others(clients)->list_without_asking);
	assert_false(of_qube(clients, "disp1")->list_without_asking || of_qube(clients, "disp4711")->list_without_asking);
	assert_true(of_qube(clients, "display")->list_without_asking);
	assert_true(may_use(of_qube(clients, "disp1"), FIRST) && !may_use(of_qube(clients, "disp1"), SECOND));
	clients_free(clients);
	assert_refused("[qube:disp12]\n", "line 1: [qube:disp12]: expected no section for a disposable");
}

static void test_a_list_that_nobody_is_asked_about_is_named(void **state)
{
	(void)state;
	assert_refused("[qube:a]\nlist-without-asking = yes\n",
	    "line 1: [qube:a] list-without-asking: expected accounts to name the accounts that are listed, found every account");
	assert_refused("[default]\naccounts=*\nlist-without-asking = yes\n", "line 1: [default] list-without-asking: expected");
	assert_refused("[default]\naccounts=" FIRST "\nlist-without-asking = yes\n[qube:a]\naccounts=*\n",
	    "line 4: [qube:a] list-without-asking: expected");
	clients_free(read_text("[default]\naccounts=" FIRST "\n[qube:a]\nlist-without-asking = yes\n"));
	clients_free(
	    read_text("[default]\naccounts=" FIRST "\nlist-without-asking=yes\n[qube:a]\naccounts=*\nlist-without-asking=no\n"));
	clients_free(read_text("[qube:a]\naccounts=\nlist-without-asking = yes\n"));
}

/* ---- what is refused ---- */

static void test_titles(void **state)
{
	static const char *const wrong[] = {
	    "", "Default", "default ", " default", "qube", "work", "client:work", "qube :work", "QUBE:work", "uid", "methods"};
	static const char *const names[] = {"qube:", "qube:-x", "qube:../x", "qube:a b", "qube:9a", "qube:a/b",
	    "qube:aaaaaaaaaabbbbbbbbbbccccccccccdd", "uid:", "uid:root", "uid:-1", "uid:+1", "uid:01", "uid:0x1", "uid: 1",
	    "uid:4294967295", "uid:99999999999999999999", "tls:", "tls:a b", "tls:a/b",
	    "tls:aaaaaaaaaabbbbbbbbbbccccccccccddddddddddeeeeeeeeeeffffffffffggggg"};
	char text[256], expected[256];

	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		snprintf(text, sizeof(text), "\n[%s]\n", wrong[i]);
		assert_refused(text, "line 2: expected [default], [qube:NAME], [uid:N] or [tls:NAME], found ");
	}
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		snprintf(text, sizeof(text), "[%s]\n", names[i]);
		snprintf(expected, sizeof(expected), "line 1: [%s]: expected ", names[i]);
		assert_refused(text, expected);
	}
	clients_free(read_text("[uid:4294967294]\n[tls:aaaaaaaaaabbbbbbbbbbccccccccccddddddddddeeeeeeeeeeffffffffffgggg]\n"
	                       "[qube:aaaaaaaaaabbbbbbbbbbccccccccccd]\n[qube:sys-net.x_1]\n"));
}

static void test_the_same_twice(void **state)
{
	(void)state;
	assert_refused(
	    "[default]\n[qube:a]\n[default]\n", "line 3: [default]: expected each section once, found it in line 1 already");
	assert_refused("[qube:a]\nqueue=1\n[qube:b]\n[qube:a]\n", "line 4: [qube:a]: expected each section once");
	assert_refused(
	    "[qube:a]\nqueue=1\nrate=1/m\nqueue=1\n", "line 4: [qube:a] queue: expected each key once, found it twice");
	assert_refused("[qube:a]\nmethods = account_new,\n account_list, account_new\n",
	    "line 2: [qube:a] methods: expected each method once, found \"account_new\"");
	assert_refused("[qube:a]\naccounts = " FIRST "," FIRST_LOWER "\n",
	    "line 2: [qube:a] accounts: expected each account once, found \"" FIRST "\"");
}

static void test_keys(void **state)
{
	(void)state;
	assert_refused("[qube:a]\nmethod = *\n", "line 2: [qube:a]: expected methods, accounts, list-without-asking, queue, rate "
	                                         "or timeout, found \"method\": did you mean "
	                                         "methods?");
	assert_refused("[qube:a]\nlist without asking = no\n", "line 2: [qube:a]: expected methods, accounts, ");
	assert_refused("[qube:a]\nQueue = 1\n", "line 2: [qube:a]: expected ");
	assert_refused("[qube:a]\n= 1\n", "line 2: [qube:a]: expected ");
	assert_refused("queue = 1\n[qube:a]\n", "line 1: expected a section before the first key, found \"queue = 1\"");
	assert_refused("[qube:a]\nqueue\n", "line 2: expected [SECTION], KEY = VALUE or a comment, found \"queue\"");
}

static void test_methods(void **state)
{
	(void)state;
	assert_refused("[qube:a]\nmethods = account_signdata, account_new\n",
	    "line 2: [qube:a] methods: expected a method that callers have (clef gendoc lists them), found \"account_signdata\": "
	    "did you "
	    "mean account_signData?");
	assert_refused("[qube:a]\nmethods = clef_new\n", "line 2: [qube:a] methods: expected a method that callers have");
	assert_refused("[qube:a]\nmethods = eth_sendTransaction\n",
	    "line 2: [qube:a] methods: expected a method that this signer offers, found \"eth_sendTransaction\". Sign with ");
	assert_refused("[qube:a]\nmethods = account_new, *\n", "line 2: [qube:a] methods: expected names of methods, or * alone");
	assert_refused(
	    "[qube:a]\nmethods = account_new,\n", "line 2: [qube:a] methods: expected a name of a method before and after");
	assert_refused(
	    "[qube:a]\nmethods = ,account_new\n", "line 2: [qube:a] methods: expected a name of a method before and after");
	assert_refused("[qube:a]\nmethods = account_new\n account_list\n",
	    "line 2: [qube:a] methods: expected a method that callers have "
	    "(clef gendoc lists them), found \"account_new account_list\"");
}

static void test_accounts(void **state)
{
	(void)state;
	assert_refused("[qube:a]\naccounts = 0xF39Fd6e51aad88F6F4ce6aB8827279cffFb92266\n",
	    "line 2: [qube:a] accounts: expected an address whose capitals are right (EIP-55), or in one case, found "
	    "\"0xF39Fd6e51aad88F6F4ce6aB8827279cffFb92266\"");
	assert_refused("[qube:a]\naccounts = f39fd6e51aad88f6f4ce6ab8827279cfffb92266\n",
	    "line 2: [qube:a] accounts: expected an address, 0x and 40 hex digits, found \"f39");
	assert_refused("[qube:a]\naccounts = *, " FIRST "\n", "line 2: [qube:a] accounts: expected addresses, or * alone");
	assert_refused("[qube:a]\naccounts = " FIRST ",\n",
	    "line 2: [qube:a] accounts: expected an address, 0x and 40 hex digits, found nothing");
	assert_refused("[qube:a]\naccounts = none\n", "line 2: [qube:a] accounts: expected an address");
	clients_free(read_text("[qube:a]\naccounts = 0xF39FD6E51AAD88F6F4CE6AB8827279CFFFB92266," THIRD "\n"));
}

static void test_other_values(void **state)
{
	static const struct {
		const char *key, *expected;
		const char *values[14];
	} cases[] = {
	    {"list-without-asking", "yes or no", {"", "true", "Yes", "1", "y", "yes no"}},
	    {"queue", "a number of requests from 1 to 1024",
	        {"", "0", "1025", "-1", "+1", "1.5", "01", "0x10", "1 2", "many", "99999999999999999999"}},
	    {"rate", "requests a minute, as in 30/m (1 to 6000), or unlimited",
	        {"", "30", "30/s", "30/h", "/m", "0/m", "-1/m", "6001/m", "30 /m", "30/m 1", "030/m", "Unlimited",
	            "99999999999/m"}},
	    {"timeout", "a time up to 720h, as in 90s, 2m or 1h30m, or 0 for none",
	        {"", "-1", "1d", "1m30", "never", "721h", "5 m", "1.5h"}},
	};
	char text[256], expected[256];

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		for (size_t j = 0; j < 14 && cases[i].values[j] != NULL; j++) {
			snprintf(text, sizeof(text), "[default]\n\n%s = %s\nmethods=*\n", cases[i].key, cases[i].values[j]);
			snprintf(expected, sizeof(expected), "line 3: [default] %s: expected %s, found ", cases[i].key,
			    cases[i].expected);
			assert_refused(text, expected);
		}
	}
	/* No comment begins with # behind a value. */
	assert_refused("[default]\nqueue = 5 # five\n",
	    "line 2: [default] queue: expected a number of requests from 1 to 1024, found \"5 # five\"");
	assert_refused("[default]\nqueue = 5;6\n", "line 2: [default] queue: expected");
	assert_refused("[default]\nqueue = 5\n  6\n", "line 2: [default] queue: expected");
}

/* ---- what libinih would swallow ---- */

static void test_lines(void **state)
{
	char text[4096];
	int size = snprintf(text, sizeof(text), "[default]\n; %0500d\nmethods = ", 0);

	(void)state;
	for (int i = 0; i < 10; i++)
		size += snprintf(text + size, sizeof(text) - (size_t)size, "account_signTransaction, ");
	snprintf(text + size, sizeof(text) - (size_t)size, "\nqueue = 1\n");
	assert_refused(text, "line 3: expected at most 196 bytes in a line, found 260; go on in the next line, indented");
	snprintf(text, sizeof(text), "[default]\nqueue = %*d ; %*d\n", 180, 7, 300, 0);
	clients_free(read_text(text));
	snprintf(text, sizeof(text), "[default]\nqueue = %*d\n", 188, 7);
	clients_free(read_text(text));
	snprintf(text, sizeof(text), "[default]\nqueue = %*d\n", 189, 7);
	assert_refused(text, "line 2: expected at most 196 bytes");
	snprintf(text, sizeof(text), "[tls:%0250d]\n", 0);
	assert_refused(text, "line 1: expected at most 196 bytes");
	clients_free(read_text("[default]\nqueue = 1")); /* no line end at the end */
}

static void test_brackets_and_white_space(void **state)
{
	(void)state;
	assert_refused("[default] queue = 1\n", "line 1: expected [SECTION] alone on its line, found \"[default] queue = 1\"");
	assert_refused("[default\nqueue = 1\n", "line 1: expected [SECTION] alone on its line");
	assert_refused("[default ; ]\n", "line 1: expected [SECTION] alone on its line");
	assert_refused("[default]]\n", "line 1: expected [SECTION] alone on its line");
	assert_refused("[]\n", "line 1: expected [default], ");
	assert_refused(" [default]\n", "line 1: expected a section to begin without white space before it");
	assert_refused("[default]\nqueue = 1\n\t[qube:a]\n", "line 3: expected a section to begin without white space before it");
	assert_refused("[default]\n queue = 1\n", "line 2: expected a key before the indented line");
	/* Indented, it is part of the value before it, not a key. */
	assert_refused("[default]\nmethods = account_new\n accounts = *\n",
	    "line 2: [default] methods: expected a method that callers have");
	clients_free(read_text("[default]  ; all\n\n   \n\t; indented comment\n  # another\nqueue = 1\n"));
}

static void test_characters(void **state)
{
	(void)state;
	assert_refused_bytes(
	    LITERAL("[default]\nqueue = 1\0\n"), "line 2: expected text that can be seen, found the character U+0000");
	assert_refused_bytes(
	    LITERAL("[default]\nqueue\r = 1\n"), "line 2: expected text that can be seen, found the character U+000D");
	assert_refused_bytes(
	    LITERAL("[default]\n; \x1b[2J\n"), "line 2: expected text that can be seen, found the character U+001B");
	assert_refused_bytes(LITERAL("; \xe2\x80\xae\n"), "line 1: expected text that can be seen, found the character U+202E");
	assert_refused_bytes(
	    LITERAL("\n\xef\xbb\xbf[default]\n"), "line 2: expected text that can be seen, found the character U+FEFF");
	assert_refused_bytes(LITERAL("[default]\n\n; \xff\n"), "line 3: expected UTF-8, found the byte 0xff");
	assert_refused_bytes(LITERAL("; \xc3"), "line 1: expected UTF-8, found the byte 0xc3");
	assert_refused_bytes(LITERAL("\xff\xfe[\0d\0"), "line 1: expected UTF-8, found the byte 0xff");
	clients_free(read_text("; \xc3\xbc\n[default]\r\nqueue\t=\t1\r"));
}

static void test_a_file_that_is_too_large(void **state)
{
	static char text[CLIENTS_FILE_MAX + 1];

	(void)state;
	memset(text, '\n', sizeof(text));
	assert_refused_bytes(bytes_of(text, sizeof(text)), "expected at most 262144 bytes, found more");
	struct clients *clients;
	struct error error;

	assert_true(clients_read(bytes_of(text, sizeof(text) - 1), &clients, &error));
	clients_free(clients);
}

/* ---- the file ---- */

struct place {
	char folder[32], file[48];
};

static void write_file(const char *path, const char *text, mode_t mode)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
	assert_int_equal(fchmod(fd, mode), 0);
	close(fd);
}

static bool try_file(const char *path, bool given, struct clients **ret_clients, struct error *ret_error)
{
	const struct log silent = {"test", 0, -1};
	const struct clients_options options = {.path = path, .given = given, .log = &silent};

	return clients_open(&options, ret_clients, ret_error);
}

static void assert_file_refused(const char *path, bool given, const char *part)
{
	struct clients *clients = NULL;
	struct error error;

	if (try_file(path, given, &clients, &error))
		fail_msg("was taken instead of: %s", part);
	if (strstr(error.text, part) == NULL)
		print_error("found: %s\n", error.text);
	assert_non_null(strstr(error.text, part));
	assert_memory_equal(error.text, "--clients /", 11);
}

static void assert_file_has(const char *path, bool given, size_t sections)
{
	struct clients *clients = NULL;
	struct error error;

	if (!try_file(path, given, &clients, &error))
		fail_msg("%s", error.text);
	assert_int_equal(clients_section_count(clients), sections);
	clients_free(clients);
}

static void test_whose_file_it_is(void **state)
{
	struct place place = {.folder = "/tmp/clef-clients-XXXXXX"};
	static const mode_t open_modes[] = {0620, 0602, 0666, 0660};

	(void)state;
	assert_non_null(mkdtemp(place.folder));
	snprintf(place.file, sizeof(place.file), "%s/clients.conf", place.folder);
	assert_file_has(place.file, false, 0);
	assert_file_refused(place.file, true, "cannot open: No such file or directory");
	assert_file_has(NULL, false, 0);
	assert_file_has("", true, 0);
	write_file(place.file, "[default]\n[qube:a]\n", 0644);
	assert_file_has(place.file, false, 2);
	assert_file_has(place.file, true, 2);
	for (size_t i = 0; i < sizeof(open_modes) / sizeof(open_modes[0]); i++) {
		write_file(place.file, "[default]\n", open_modes[i]);
		assert_file_refused(place.file, false, "expected a file that only its owner can write, found mode 06");
	}
	if (geteuid() == 0) {
		write_file(place.file, "[default]\n", 0600);
		assert_int_equal(chown(place.file, 4711, (gid_t)-1), 0);
		assert_file_refused(place.file, false, "expected a file of your own or of root, found one of user 4711");
		assert_int_equal(chown(place.file, 0, (gid_t)-1), 0);
	}
	write_file(place.file, "[default]\nqueue = x\n", 0600);
	assert_file_refused(place.file, false, "clients.conf: line 2: [default] queue: expected a number");
	unlink(place.file);
	assert_int_equal(mkfifo(place.file, 0600), 0);
	assert_file_refused(place.file, false, "expected a regular file");
	unlink(place.file);
	assert_int_equal(mkdir(place.file, 0700), 0);
	assert_file_refused(place.file, false, "expected a regular file");
	rmdir(place.file);
	rmdir(place.folder);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_nothing_said),
	    cmocka_unit_test(test_an_example_with_everything),
	    cmocka_unit_test(test_what_is_left_out),
	    cmocka_unit_test(test_who_is_who),
	    cmocka_unit_test(test_a_user_who_is_not_known),
	    cmocka_unit_test(test_disposables_are_never_trusted_for_good),
	    cmocka_unit_test(test_a_list_that_nobody_is_asked_about_is_named),
	    cmocka_unit_test(test_titles),
	    cmocka_unit_test(test_the_same_twice),
	    cmocka_unit_test(test_keys),
	    cmocka_unit_test(test_methods),
	    cmocka_unit_test(test_accounts),
	    cmocka_unit_test(test_other_values),
	    cmocka_unit_test(test_lines),
	    cmocka_unit_test(test_brackets_and_white_space),
	    cmocka_unit_test(test_characters),
	    cmocka_unit_test(test_a_file_that_is_too_large),
	    cmocka_unit_test(test_whose_file_it_is),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
