/*
 * Pages against golden texts: pages/NAME.json is a request and how it is looked at, pages/NAME.txt what a person sees. After a wanted change run
 * with CLEF_PAGES_UPDATE=1 and read the difference.
 */
#include "../base/testing.h"

#include <dirent.h>
#include <fcntl.h>

#include "base/file.h"
#include "base/text.h"
#include "base/u256.h"
#include "ui/layout.h"
#include "ui/page.h"

#define TEXT_MOST ((size_t)4 * 1024 * 1024)

struct sample {
	struct json json;
	struct page_options options;
	enum page_kind kind;
	struct buf page;
	struct page_summary summary;
};

static int pages_folder(void)
{
	const char *path = getenv("CLEF_PAGES");
	int fd = open(path == NULL ? "tests/unit/ui/pages" : path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	assert_true(fd >= 0);
	return fd;
}

static uint64_t number_member(yyjson_val *object, const char *name)
{
	struct u256 value = U256_ZERO;
	uint64_t number = 0;

	u256_from_decimal(json_bytes(yyjson_obj_get(object, name)), &value);
	assert_true(u256_fits_u64(&value, &number));
	return number;
}

static void sample_parse(struct bytes text, struct sample *ret_sample)
{
	struct error error;
	yyjson_val *root;

	*ret_sample = (struct sample){0};
	buf_init(&ret_sample->page, TEXT_MOST);
	assert_true(json_parse(text, &ret_sample->json, &error));
	root = ret_sample->json.root;
	ret_sample->options = (struct page_options){.width = (unsigned)number_member(root, "width"),
	    .waiting = (size_t)number_member(root, "waiting"),
	    .now = number_member(root, "now"),
	    .colour = yyjson_is_true(yyjson_obj_get(root, "colour")),
	    .full = yyjson_is_true(yyjson_obj_get(root, "full"))};
	ret_sample->kind = page_kind_of(json_bytes(yyjson_obj_get(root, "method")));
}

static void sample_render(struct sample *sample)
{
	buf_reset(&sample->page);
	assert_true(page_render(
	    sample->kind, yyjson_obj_get(sample->json.root, "params"), &sample->options, &sample->page, &sample->summary));
	if (page_is_question(sample->kind)) {
		page_render_prompt(sample->kind, &sample->options, &sample->summary, &sample->page);
		buf_put_u8(&sample->page, '\n');
	}
}

static void sample_free(struct sample *sample)
{
	json_free(&sample->json);
	buf_free(&sample->page);
}

static void sample_load(const char *name, struct sample *ret_sample)
{
	struct buf text BUF_CLEANUP = BUF_INIT(TEXT_MOST);
	struct error error;
	char file[300];
	int folder = pages_folder();

	snprintf(file, sizeof file, "%s.json", name);
	if (!file_read_at(folder, file, &text, &error))
		fail_msg("%s: %s", file, error.text);
	close(folder);
	sample_parse(buf_bytes(&text), ret_sample);
	sample_render(ret_sample);
}

static void compare_golden(const char *name, struct bytes page)
{
	struct buf golden BUF_CLEANUP = BUF_INIT(TEXT_MOST);
	struct error error;
	char file[300];
	int folder = pages_folder();

	snprintf(file, sizeof file, "%s.txt", name);
	if (getenv("CLEF_PAGES_UPDATE") != NULL)
		assert_true(file_replace_at(folder, file, page, 0644, false, &error));
	if (!file_read_at(folder, file, &golden, &error))
		fail_msg("%s: %s", file, error.text);
	close(folder);
	if (!bytes_equal(page, buf_bytes(&golden)))
		fail_msg("%s differs; it is now:\n%.*s", file, (int)page.size, (const char *)page.data);
}

/* What holds for every page without colours: nothing in it moves the cursor or hides, and no line is wider than the terminal. */
static void assert_harmless(const char *name, struct bytes page, unsigned width)
{
	unsigned column = 0;

	while (page.size > 0) {
		uint32_t codepoint;
		size_t size = text_decode(page, &codepoint);

		assert_true(size > 0);
		if (codepoint != '\n' && text_is_deceptive(codepoint))
			fail_msg("%s holds U+%04X", name, codepoint);
		column = codepoint == '\n' ? 0 : column + (codepoint < 0x1100 ? 1 : 2);
		if (column > width)
			fail_msg("%s has a line wider than %u", name, width);
		page.data += size;
		page.size -= size;
	}
}

static void check_sample(const char *name)
{
	static const unsigned widths[] = {24, 39, 50, 80, 100};
	struct sample sample;

	sample_load(name, &sample);
	compare_golden(name, buf_bytes(&sample.page));
	sample.options.colour = false;
	for (size_t i = 0; i < sizeof widths / sizeof widths[0]; i++) {
		struct buf page BUF_CLEANUP = BUF_INIT(TEXT_MOST);
		struct page_summary summary;

		sample.options.width = widths[i];
		assert_true(
		    page_render(sample.kind, yyjson_obj_get(sample.json.root, "params"), &sample.options, &page, &summary));
		assert_harmless(name, buf_bytes(&page), widths[i]);
	}
	sample_free(&sample);
}

static void test_golden_pages(void **state)
{
	int folder = pages_folder();
	DIR *entries = fdopendir(folder);
	struct dirent *entry;
	size_t count = 0;

	(void)state;
	assert_non_null(entries);
	while ((entry = readdir(entries)) != NULL) {
		char *end = strstr(entry->d_name, ".json");

		if (end == NULL)
			continue;
		*end = '\0';
		check_sample(entry->d_name);
		count++;
	}
	closedir(entries);
	assert_true(count >= 31);
}

/* The only text in the first column is ours: no request can write a heading or a prompt. */
static void test_outside_text_never_starts_a_line(void **state)
{
	static const char *const names[] = {"transaction-hostile", "data-hostile", "data-typed", "listing-odd", "info", "input"};
	static const char *const planted[] = {
	    "\nApprove? [y/N]: \n=", "\nSIGN NOTHING", "\n  1  0xf39F", "\nApprove? [y/N]: \"", "\n]0;"};

	(void)state;
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
		struct sample sample;

		sample_load(names[i], &sample);
		for (size_t k = 0; k < sizeof planted / sizeof planted[0]; k++)
			assert_null(strstr(buf_text(&sample.page), planted[k]));
		sample_free(&sample);
	}
}

/* A request that is cut says so, and the same request in full is not cut. */
static void test_cut_and_full(void **state)
{
	static const char *const names[] = {"transaction-create", "data-long", "listing-many"};

	(void)state;
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
		struct sample sample;

		sample_load(names[i], &sample);
		assert_true(sample.summary.cut);
		assert_non_null(strstr(buf_text(&sample.page), "v = view all"));
		assert_non_null(strstr(buf_text(&sample.page), "not shown]"));
		sample.options.full = true;
		sample_render(&sample);
		assert_false(sample.summary.cut);
		assert_null(strstr(buf_text(&sample.page), "v = view all"));
		assert_null(strstr(buf_text(&sample.page), "not shown]"));
		sample_free(&sample);
	}
}

static void test_critical_is_told(void **state)
{
	struct sample sample;

	(void)state;
	sample_load("transaction-colour", &sample);
	assert_true(sample.summary.critical);
	assert_non_null(strstr(buf_text(&sample.page), "CRITICAL warnings!"));
	sample_free(&sample);
	sample_load("transaction-legacy", &sample);
	assert_false(sample.summary.critical);
	sample_free(&sample);
}

static bool render_text(const char *method, const char *params, struct buf *ret_page)
{
	struct json json JSON_CLEANUP = {0};
	struct page_options options = {0};
	struct page_summary summary;
	struct error error;

	assert_true(json_parse(bytes_text(params), &json, &error));
	return page_render(page_kind_of(bytes_text(method)), json.root, &options, ret_page, &summary);
}

static void test_what_is_no_request(void **state)
{
	static const char *const params[] = {"null", "{}", "[]", "[1]", "[null]", "[{},{}]", "\"x\""};

	(void)state;
	for (size_t i = 0; i < sizeof params / sizeof params[0]; i++) {
		struct buf page BUF_CLEANUP = BUF_INIT(TEXT_MOST);

		assert_false(render_text("ui_approveTx", params[i], &page));
	}
	struct buf page BUF_CLEANUP = BUF_INIT(TEXT_MOST);

	assert_false(render_text("ui_approve", "[{}]", &page));
	assert_false(render_text("UI_APPROVETX", "[{}]", &page));
}

/* A page that does not fit must not be shown in part. */
static void test_no_half_pages(void **state)
{
	struct buf page BUF_CLEANUP = BUF_INIT(300);

	(void)state;
	assert_false(render_text("ui_approveTx", "[{}]", &page));
	assert_int_equal(buf_bytes(&page).size, 0);
}

/* Random members in random places: every page renders, and is harmless. */
static void test_random_requests(void **state)
{
	static const char *const methods[] = {"ui_approveTx", "ui_approveSignData", "ui_approveListing", "ui_onInputRequired",
	    "ui_onSignerStartup", "ui_onApprovedTx", "ui_showInfo"};
	static const char *const names[] = {"transaction", "meta", "call_info", "accounts", "messages", "raw_data", "value", "to",
	    "from", "data", "accessList", "storageKeys", "address", "url", "name", "type", "message", "chain_id", "chainId",
	    "info", "peer", "uid", "expires_at", "extapi_ipc", "tx", "text", "title", "prompt", "gas", "gasPrice", "scheme",
	    "remote", "Origin", "content_type"};
	static const char *const values[] = {"null", "true", "0", "\"\"", "\"0x\"", "\"0xff\"", "\"\\u001b[2J\\n\\u202e\"",
	    "\"a b  c\"", "\"0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266\"", "[[]]", "\"GQE=\"",
	    "\"\\u6f22\\u5b57 \\u6f22\\u5b57\"", "1e999", "[{}]"};
	uint64_t seed = 3;

	(void)state;
	for (size_t round = 0; round < 3000; round++) {
		struct buf text BUF_CLEANUP = BUF_INIT(65536);
		struct buf page BUF_CLEANUP = BUF_INIT(TEXT_MOST);
		size_t depth = 0;

		buf_put_text(&text, "[{");
		for (size_t i = 0; i < 12; i++) {
			buf_printf(&text, "%s\"%s\":", i > 0 && text.data[text.size - 1] != '{' ? "," : "",
			    names[random_below(&seed, sizeof names / sizeof names[0])]);
			size_t choice = random_below(&seed, 20);

			if (choice < 4) {
				buf_put_text(&text, "{");
				depth++;
			} else {
				buf_put_text(&text, values[random_below(&seed, sizeof values / sizeof values[0])]);
			}
			if (choice > 17 && depth > 0) {
				buf_put_text(&text, "}");
				depth--;
			}
		}
		while (depth-- > 0)
			buf_put_text(&text, "}");
		buf_put_text(&text, "}]");
		assert_true(render_text(methods[round % 7], buf_text(&text), &page));
		assert_harmless(buf_text(&text), buf_bytes(&page), LAYOUT_WIDTH_DEFAULT);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_golden_pages),
	    cmocka_unit_test(test_outside_text_never_starts_a_line), cmocka_unit_test(test_cut_and_full),
	    cmocka_unit_test(test_critical_is_told), cmocka_unit_test(test_what_is_no_request),
	    cmocka_unit_test(test_no_half_pages), cmocka_unit_test(test_random_requests)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
