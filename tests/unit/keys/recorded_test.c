/* Every recorded key file: what Clef 1.17.3 listed, signed and refused, checked against the library that `keys` is made of. */
#include "../base/testing.h"

#include <fcntl.h>
#include <sodium.h>

#include "base/file.h"
#include "base/hex.h"
#include "base/json.h"
#include "keys/keyfile.h"
#include "keys/sign.h"

static struct signer *signer;

static struct bytes member(yyjson_val *object, const char *name)
{
	return json_bytes(yyjson_obj_get(object, name));
}

/* The step's question: the last answer's text is the password. */
static struct bytes password_of(yyjson_val *step)
{
	yyjson_val *answers = yyjson_obj_get(step, "ui");
	yyjson_val *last = yyjson_arr_get(answers, yyjson_arr_size(answers) - 1);

	return member(yyjson_obj_get(last, "result"), "text");
}

static void assert_signature(yyjson_val *expected, const uint8_t signature[SIGN_RESULT_SIZE], const char *name)
{
	uint8_t bytes[SIGNATURE_SIZE];

	if (!hex_decode_fixed(hex_skip_prefix(json_bytes(expected)), bytes, sizeof bytes))
		fail_msg("%s: Clef refused this", name);
	assert_memory_equal(signature, bytes, SIGNATURE_SIZE - 1);
	assert_int_equal(signature[64] + 27, bytes[64]);
}

/* The texts that clients of Clef compare are kept to the letter; a remark or a divergence frees the text, not the outcome. */
static void assert_same_error(yyjson_val *step, yyjson_val *expected, const struct error *error, const char *name)
{
	struct bytes text = member(expected, "message");

	if (expected == NULL)
		fail_msg("%s: Clef signed this, we say: %s", name, error->text);
	if (yyjson_obj_get(step, "remark") != NULL || yyjson_obj_get(step, "divergence") != NULL ||
	    bytes_equal_text(text, "invalid character 'g' after top-level value"))
		return;
	if (!bytes_equal_text(text, error->text))
		fail_msg("%s: \"%.*s\" was expected, not \"%s\"", name, (int)text.size, (const char *)text.data, error->text);
}

static void check_signing(struct bytes file, yyjson_val *step, const char *name)
{
	yyjson_val *reply = yyjson_obj_get(yyjson_obj_get(step, "expect"), "json");
	struct address address;
	struct keyfile keyfile;
	struct error error = {0};
	uint8_t key[32], signature[SIGN_RESULT_SIZE];

	if (!keyfile_read_address(file, &address, &error))
		error_set(&error, ERROR_REFUSED, "unknown account");
	else if (keyfile_parse(file, &keyfile, &error) && keyfile_open(&keyfile, password_of(step), key, &error) &&
	         sign_content(signer, IPC_SIGN_MESSAGE, bytes_text("test"), key, &address, signature, &error)) {
		assert_signature(yyjson_obj_get(reply, "result"), signature, name);
		return;
	}
	assert_same_error(step, yyjson_obj_get(reply, "error"), &error, name);
}

static void check_listing(struct bytes file, yyjson_val *step, const char *name)
{
	yyjson_val *listed = yyjson_obj_get(yyjson_obj_get(yyjson_obj_get(step, "expect"), "reply"), "result");
	char text[ADDRESS_TEXT_SIZE];
	struct address address;
	struct error error;

	bool found = keyfile_read_address(file, &address, &error);
	if (found != (yyjson_arr_size(listed) == 1))
		fail_msg("%s: listed: %d", name, found);
	if (!found)
		return;
	address_to_lower(&address, text);
	assert_true(bytes_equal_text(member(yyjson_arr_get_first(listed), "address"), text));
}

/* Scenarios with one key file from the start; the others need a signer that runs. */
static unsigned check_scenario(yyjson_val *scenario)
{
	yyjson_val *files = yyjson_obj_get(scenario, "files"), *step;
	const char *name = yyjson_get_str(yyjson_obj_get(scenario, "name"));
	yyjson_obj_iter iter = yyjson_obj_iter_with(files);
	yyjson_arr_iter steps;
	unsigned checked = 0;

	if (yyjson_obj_size(files) != 1)
		return 0;
	yyjson_val *content = yyjson_obj_iter_get_val(yyjson_obj_iter_next(&iter));
	yyjson_arr_iter_init(yyjson_obj_get(scenario, "steps"), &steps);
	while ((step = yyjson_arr_iter_next(&steps)) != NULL && yyjson_is_str(content)) {
		struct bytes kind = member(step, "do");
		if (bytes_equal_text(kind, "http"))
			check_signing(json_bytes(content), step, name);
		else if (bytes_equal_text(kind, "ui") && bytes_equal_text(member(step, "method"), "clef_listAccounts"))
			check_listing(json_bytes(content), step, name);
		else
			break;
		checked++;
	}
	return checked;
}

static void test_recorded_key_files(void **state)
{
	const char *folder = getenv("CLEF_RECORDINGS");
	struct buf text BUF_CLEANUP = BUF_INIT(8 << 20);
	struct json JSON_CLEANUP json = {0};
	struct error error = {0};
	yyjson_val *scenario;
	yyjson_arr_iter iter;
	unsigned checked = 0;

	(void)state;
	assert_non_null(folder);
	int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_true(file_read_at(fd, "keystore-formats.json", &text, &error));
	close(fd);
	assert_true(json_parse(buf_bytes(&text), &json, &error));
	yyjson_arr_iter_init(json.root, &iter);
	while ((scenario = yyjson_arr_iter_next(&iter)) != NULL)
		checked += check_scenario(scenario);
	assert_true(checked > 80);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_recorded_key_files)};
	struct error error;

	if (sodium_init() < 0 || !signer_new(&signer, &error))
		return 1;
	int failed = cmocka_run_group_tests(tests, NULL, NULL);
	signer_free(signer);
	return failed;
}
