/* The person's own list of methods: a file that is read takes one more entry, and what it had before is as it was. */
#include "target.h"

#include "decode/selectors_custom.h"

#define INPUT_MAX ((size_t)200000)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const uint8_t deposit[4] = {0xd0, 0xe3, 0x0d, 0xb0};
	const struct log silent = {"fuzz", 0, -1};
	struct selectors_custom before = SELECTORS_CUSTOM_EMPTY, after = SELECTORS_CUSTOM_EMPTY;
	struct buf content BUF_CLEANUP = BUF_INIT(2 * INPUT_MAX);
	struct bytes found;
	struct error error;
	bool known;

	if (size > INPUT_MAX)
		return 0;
	bool read = selectors_custom_read(bytes_of(data, size), &silent, &before, &error);

	fuzz_require(
	    selectors_custom_put(bytes_of(data, size), deposit, bytes_text("deposit()"), &known, &content, &error) == read);
	if (read && !known) {
		fuzz_require(content.size > size || size == 0 || before.count == 0);
		fuzz_require(selectors_custom_read(buf_bytes(&content), &silent, &after, &error));
		fuzz_require(after.count == before.count + 1 && selectors_custom_find(&after, deposit, &found));
	}
	for (size_t i = 0; read && !known && i < before.count; i++)
		fuzz_require(selectors_custom_find(&after, before.entries[i].selector, &found));
	selectors_custom_free(&before);
	selectors_custom_free(&after);
	return 0;
}
