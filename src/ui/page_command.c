#include "ui/page_command.h"

#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "base/file.h"
#include "ui/page.h"

static bool render(struct bytes text, struct buf *ret_page, struct error *ret_error)
{
	struct json json JSON_CLEANUP = {0};
	struct page_options options;
	struct page_summary summary;
	enum page_kind kind;

	if (!json_parse(text, &json, ret_error))
		return error_prefix(ret_error, "expected one JSON-RPC call on standard input");
	kind = page_kind_of(json_bytes(yyjson_obj_get(json.root, "method")));
	if (kind == PAGE_UNKNOWN)
		return error_set(ret_error, ERROR_METHOD, "expected a method that has a page, like ui_approveTx");
	page_options_of_terminal(&options);
	options.now = (uint64_t)time(NULL);
	if (!page_render(kind, yyjson_obj_get(json.root, "params"), &options, ret_page, &summary))
		return error_set(ret_error, ERROR_PARAMS, "expected params to be an array with one object");
	if (page_is_question(kind)) {
		page_render_prompt(kind, &options, &summary, ret_page);
		buf_put_u8(ret_page, '\n');
	}
	return true;
}

int page_command_main(void)
{
	struct buf text BUF_CLEANUP = BUF_INIT(PAGE_SIZE_MOST);
	struct buf page BUF_CLEANUP = BUF_INIT(PAGE_SIZE_MOST);
	struct error error;

	if (file_read_fd(STDIN_FILENO, &text, &error) && render(buf_bytes(&text), &page, &error) &&
	    file_write_all(STDOUT_FILENO, buf_bytes(&page), &error))
		return 0;
	fprintf(stderr, "clef --render-page: %s\n", error.text);
	return 1;
}
