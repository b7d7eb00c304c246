/* Calldata: a method's signature up to the first line end, then the arguments. What decodes encodes to the same bytes, and can be shown. */
#include "target.h"

#include <string.h>

#include "decode/abi.h"
#include "decode/validation.h"

#define INPUT_MAX ((size_t)200000)

static void check_arguments(const struct abi_method *method, struct bytes arguments, struct arena *arena)
{
	struct buf again BUF_CLEANUP = BUF_INIT(INPUT_MAX), text BUF_CLEANUP = BUF_INIT((size_t)64 << 20);
	struct abi_value values;
	struct error error;

	if (!abi_decode(&method->inputs, arguments, arena, &values, &error))
		return;
	abi_encode(&values, &again);
	fuzz_require(bytes_equal(buf_bytes(&again), arguments));
	abi_put_call(method, &values, &text);
	fuzz_require(!buf_ok(&text) || text.size >= method->name.size + 2);
}

/* As a transaction: with the signature as the caller's hint, and with the hint in the person's own list. The outcome is the same. */
static void check_transaction(const struct abi_method *method, struct bytes arguments, struct arena *arena)
{
	struct selectors_custom list = SELECTORS_CUSTOM_EMPTY;
	struct buf data BUF_CLEANUP = BUF_INIT(INPUT_MAX + 4);
	struct validation hinted, known;
	struct bytes ignored;
	struct error error;

	buf_put(&data, method->selector, sizeof(method->selector));
	buf_put_bytes(&data, arguments);
	const struct transaction call = {
	    .has_to = true, .to = {{1}}, .to_is_checksummed = true, .has_gas_price = true, .data = buf_bytes(&data)};

	fuzz_require(selectors_custom_add(&list, method->selector, method->signature));
	fuzz_require(selectors_custom_find(&list, method->selector, &ignored));
	fuzz_require(validation_transaction(&call, method->signature, NULL, arena, &hinted, &error));
	fuzz_require(validation_transaction(&call, BYTES_NONE, &list, arena, &known, &error));
	fuzz_require(hinted.count > 0 && known.count > 0);
	fuzz_require(!hinted.hint_fits || validation_permits(&hinted, false, &error));
	selectors_custom_free(&list);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	ARENA_CLEANUP struct arena arena = {0};
	struct abi_method method;
	struct error error;

	if (size == 0 || size > INPUT_MAX)
		return 0;
	const uint8_t *end = memchr(data, '\n', size);
	size_t length = end != NULL ? (size_t)(end - data) : size;
	struct bytes arguments = end != NULL ? bytes_of(end + 1, size - length - 1) : BYTES_NONE;

	if (!abi_parse_method(bytes_of(data, length), &arena, &method, &error))
		return 0;
	fuzz_require(bytes_equal(method.signature, bytes_of(data, length)));
	check_arguments(&method, arguments, &arena);
	check_transaction(&method, arguments, &arena);
	return 0;
}
