/*
 * What a node answers to clef-proxy: a response is read, and its result as each kind of answer that is asked for. What is taken for an answer is JSON by itself, and
 * fees that are made of it never fall below what was asked of them.
 */
#include "target.h"

#include "base/json.h"
#include "proxy/fees.h"
#include "proxy/upstream_reply.h"

static void run_fees(struct bytes answer)
{
	struct u256 base = u256_from_u64(7), tip = u256_from_u64(3);
	struct fees fees = {0};
	uint64_t number;
	struct error error;
	bool has_base;

	if (fees_read_u64(answer, "eth_estimateGas", &number, &error))
		fuzz_require(fees_gas_limit(number) >= number);
	fees_read_history(answer, &tip, &error);
	fees_read_number(answer, "eth_maxPriorityFeePerGas", &tip, &error);
	fees_read_base(answer, &has_base, &base, &error);
	if (!fees_settle(&fees, &base, &tip, &error))
		return;
	fuzz_require(fees.has_max && fees.has_tip && u256_equal(&fees.tip, &tip));
	fuzz_require(u256_compare(&fees.max, &fees.tip) >= 0 && u256_compare(&fees.max, &base) >= 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct bytes text = bytes_of(data, size), answer;
	struct json json JSON_CLEANUP = {0};
	enum upstream_outcome outcome;
	struct error error;

	run_fees(text);
	if (!upstream_reply_read(text, 1, &outcome, &answer, &error))
		return 0;
	fuzz_require(outcome != UPSTREAM_TROUBLE && answer.data >= data && answer.data + answer.size <= data + size);
	fuzz_require(json_parse(answer, &json, &error));
	fuzz_require(outcome == UPSTREAM_RESULT || yyjson_is_obj(json.root));
	run_fees(answer);
	return 0;
}
