/* The accounts that keys reports, wallets' URLs and derivation paths, and the table of methods. */
#include "../base/testing.h"

#include "core/account_list.h"
#include "core/methods.h"
#include "core/wallet_url.h"

static void put_account(struct buf *packed, uint8_t first, const char *path)
{
	uint8_t address[ADDRESS_SIZE] = {first};

	buf_put(packed, address, sizeof(address));
	buf_put_u32(packed, (uint32_t)strlen(path));
	buf_put_text(packed, path);
}

static bool read_list(struct bytes packed, struct arena *arena, struct account_list *ret_list)
{
	uint8_t *copy =
	    malloc(packed.size > 0 ? packed.size : 1); /* exactly as large, so that a sanitizer sees a read beyond it */
	struct error error;

	assert_non_null(copy);
	if (packed.size > 0)
		memcpy(copy, packed.data, packed.size);
	bool ok = account_list_read(bytes_of(copy, packed.size), arena, ret_list, &error);

	/* Paths must not borrow from the message. */
	memset(copy, 0xff, packed.size);
	free(copy);
	return ok;
}

static void test_a_list_in_its_order(void **state)
{
	struct buf packed BUF_CLEANUP = BUF_INIT(4096), json BUF_CLEANUP = BUF_INIT(4096);
	struct arena arena ARENA_CLEANUP = {0};
	struct account_list list;
	struct address known = {{1}}, unknown = {{2}};

	(void)state;
	put_account(&packed, 9, "/k/a");
	put_account(&packed, 1, "/k/ö \"\n");
	put_account(&packed, 9, "");
	assert_true(read_list(buf_bytes(&packed), &arena, &list));
	assert_int_equal(list.count, 3);
	account_list_sort(&list, &arena);
	assert_true(account_list_has(&list, &known));
	assert_false(account_list_has(&list, &unknown));
	account_list_put_json(&list, &json);
	assert_string_equal(buf_text(&json),
	    "[{\"address\":\"0x0900000000000000000000000000000000000000\",\"url\":\"keystore:///k/a\"},"
	    "{\"address\":\"0x0100000000000000000000000000000000000000\",\"url\":\"keystore:///k/ö \\\"\\n\"},"
	    "{\"address\":\"0x0900000000000000000000000000000000000000\",\"url\":\"keystore://\"}]");
}

static void test_no_accounts(void **state)
{
	struct arena arena ARENA_CLEANUP = {0};
	struct buf json BUF_CLEANUP = BUF_INIT(64);
	struct address any = {{1}};
	struct account_list list;

	(void)state;
	assert_true(read_list(BYTES_NONE, &arena, &list));
	account_list_sort(&list, &arena);
	assert_false(account_list_has(&list, &any));
	account_list_put_json(&list, &json);
	assert_string_equal(buf_text(&json), "[]");
}

static void test_a_list_cut_short(void **state)
{
	struct buf packed BUF_CLEANUP = BUF_INIT(4096);
	struct account_list list;

	(void)state;
	put_account(&packed, 1, "/one");
	put_account(&packed, 2, "/two");
	size_t one = packed.size / 2;

	for (size_t size = 0; size <= packed.size; size++) {
		struct arena arena ARENA_CLEANUP = {0};
		bool whole = size == 0 || size == one || size == packed.size;

		assert_int_equal(read_list(bytes_of(packed.data, size), &arena, &list), whole);
	}
}

static void test_lengths_that_lie(void **state)
{
	static const uint32_t lengths[] = {5, 0x7fffffff, 0xffffffe8, 0xffffffff};

	(void)state;
	for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
		struct buf packed BUF_CLEANUP = BUF_INIT(4096);
		struct arena arena ARENA_CLEANUP = {0};
		const uint8_t address[ADDRESS_SIZE] = {0};
		struct account_list list;

		buf_put(&packed, address, sizeof(address));
		buf_put_u32(&packed, lengths[i]);
		buf_put_text(&packed, "/one");
		assert_false(read_list(buf_bytes(&packed), &arena, &list));
	}
}

static void test_many_accounts(void **state)
{
	struct buf packed BUF_CLEANUP = BUF_INIT((size_t)16 << 20);
	struct arena arena ARENA_CLEANUP = {0};
	struct account_list list;
	uint64_t seed = 5;

	(void)state;
	for (int i = 0; i < 100000; i++) {
		uint8_t address[ADDRESS_SIZE] = {0};
		uint64_t number = random_next(&seed);

		memcpy(address, &number, sizeof(number));
		buf_put(&packed, address, sizeof(address));
		buf_put_u32(&packed, 2);
		buf_put_text(&packed, "/k");
	}
	assert_true(read_list(buf_bytes(&packed), &arena, &list));
	assert_int_equal(list.count, 100000);
	account_list_sort(&list, &arena);
	for (size_t i = 0; i < list.count; i += 997)
		assert_true(account_list_has(&list, &list.accounts[i].address));
}

static void test_an_argument_that_is_an_address(void **state)
{
	struct address address;
	struct error error;

	(void)state;
	assert_true(account_read_address(bytes_text("0xABcdef0123456789012345678901234567890123"), 0, &address, &error));
	assert_false(account_read_address(bytes_text("ABcdef0123456789012345678901234567890123"), 1, &address, &error));
	assert_int_equal(error.kind, ERROR_PARAMS);
	assert_non_null(strstr(error.text, "invalid argument 1"));
	assert_false(account_read_address(BYTES_NONE, 1, &address, &error));
}

/* ---- wallets ---- */

static void test_wallet_urls(void **state)
{
	static const char *const good[] = {"ledger://x", "keystore:///k/a", "a://", "trezor://001:003"};
	static const char *const bad[] = {"", "x", "://", "://x", "ledger:/x", "ledger", "://a://b"};
	struct error error;

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
		assert_true(wallet_url_check(bytes_text(good[i]), &error));
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_false(wallet_url_check(bytes_text(bad[i]), &error));
		assert_string_equal(error.text, "protocol scheme missing");
	}
	assert_false(wallet_url_check(BYTES_NONE, &error));
}

static void test_derivation_paths(void **state)
{
	static const char *const good[] = {"m/44'/60'/0'/0/0", "m/44'/60'/0'", "m", "0", "0'", "44'/60'",
	    "m/0x2c'/0x3c'/0x00'/0x00", "m/2147483647", "m/2147483647'", "m/ 44' / 60'", "m/0x7fffffff"};
	static const char *const bad[] = {"", "/", "m/", "m//0", "m/44''", "m/-1", "m/2147483648", "m/0x80000000", "m/x", "m/0x",
	    "m/1 2", "/m/0", "m/0/", "m/m", "M/0",
	    "m/99999999999999999999999999999999999999999999999999999999999999999999999999999999", "m/4\xd9\xa4", "m/+1", "m/1e3",
	    "m/'"};
	struct error error;

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
		assert_true(wallet_path_check(bytes_text(good[i]), &error));
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_false(wallet_path_check(bytes_text(bad[i]), &error));
		assert_int_equal(error.kind, ERROR_REFUSED);
	}
}

static void test_a_long_path_is_not_repeated_in_the_error(void **state)
{
	char path[5000];
	struct error error;

	(void)state;
	memset(path, 'z', sizeof(path));
	assert_false(wallet_path_check(bytes_of(path, sizeof(path)), &error));
	assert_true(strlen(error.text) < 150);
}

/* ---- methods ---- */

static void test_every_method_is_named_once_and_documented(void **state)
{
	(void)state;
	for (size_t i = 0; i < method_count(); i++) {
		const struct method *method = method_at(i);

		for (size_t k = i + 1; k < method_count(); k++)
			assert_string_not_equal(method->name, method_at(k)->name);
		assert_true(
		    method->audience == METHOD_EXTERNAL || method->audience == METHOD_UI || method->audience == METHOD_ETH);
		assert_true(method->required <= method->most && method->most <= 4);
		assert_non_null(method->start);
		assert_true(strlen(method->parameters) > 0 && strlen(method->result) > 0 && strlen(method->summary) > 0);
		assert_true((method->audit_name == NULL) == (method->audit_none == NULL));
		assert_ptr_equal(method_find(bytes_text(method->name), method->audience), method);
	}
}

/* What only the UI may do (import, export, change the chain) cannot be called from outside, nor the other way round. */
static void test_the_audiences_are_apart(void **state)
{
	(void)state;
	for (size_t i = 0; i < method_count(); i++) {
		const struct method *method = method_at(i);
		bool of_the_ui = strncmp(method->name, "clef_", 5) == 0;
		bool of_clef = strncmp(method->name, "account_", 8) == 0 || strncmp(method->name, "rpc_", 4) == 0;
		unsigned own = of_the_ui ? METHOD_UI : of_clef ? METHOD_EXTERNAL : METHOD_ETH;
		unsigned others = (METHOD_UI | METHOD_EXTERNAL | METHOD_ETH) & ~own;

		assert_int_equal(method->audience, own);
		assert_null(method_find(bytes_text(method->name), others));
		assert_ptr_equal(
		    method_find(bytes_text(method->name), METHOD_EXTERNAL | METHOD_ETH), own == METHOD_UI ? NULL : method);
	}
}

static void test_names_are_exact(void **state)
{
	static const char *const others[] = {"", "account", "account_", "Account_list", "account_List", "account_list ",
	    " account_list", "account_listx", "account_lis", "clef_new\n", "ui_approveTx", "account.list", "eth_",
	    "eth_accountsx", "ETH_accounts"};

	(void)state;
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
		assert_null(method_find(bytes_text(others[i]), METHOD_EXTERNAL));
		assert_null(method_find(bytes_text(others[i]), METHOD_UI));
		assert_null(method_find(bytes_text(others[i]), METHOD_ETH));
	}
	assert_null(method_find(LITERAL("account_list\0"), METHOD_EXTERNAL));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_a_list_in_its_order),
	    cmocka_unit_test(test_no_accounts),
	    cmocka_unit_test(test_a_list_cut_short),
	    cmocka_unit_test(test_lengths_that_lie),
	    cmocka_unit_test(test_many_accounts),
	    cmocka_unit_test(test_an_argument_that_is_an_address),
	    cmocka_unit_test(test_wallet_urls),
	    cmocka_unit_test(test_derivation_paths),
	    cmocka_unit_test(test_a_long_path_is_not_repeated_in_the_error),
	    cmocka_unit_test(test_every_method_is_named_once_and_documented),
	    cmocka_unit_test(test_the_audiences_are_apart),
	    cmocka_unit_test(test_names_are_exact),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
