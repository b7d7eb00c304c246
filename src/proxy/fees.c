#include "proxy/fees.h"

#include <stdlib.h>

#include "base/json.h"
#include "base/memory.h"
#include "eth/quantity.h"

#define TRANSFER_GAS    21000
#define TRANSACTION_GAS (UINT64_C(1) << 24)      /* EIP-7825 */
#define TIP_SANE        UINT64_C(10000000000000) /* wei */
#define TIP_TIMES       100
#define HISTORY_MAX     1024

/* "" is no zero here: a node that means 0 says so. */
static bool read_value(yyjson_val *untrusted_value, const char *name, struct u256 *ret_number, struct error *ret_error)
{
	if (yyjson_is_str(untrusted_value) && yyjson_get_len(untrusted_value) == 0)
		return error_set(
		    ret_error, ERROR_INTERNAL, "the node's answer to %s is an empty text where a number is expected", name);
	if (quantity_get_u256(untrusted_value, name, ret_number, ret_error))
		return true;
	ret_error->kind = ERROR_INTERNAL;
	return error_prefix(ret_error, "the node's answer to %s is no number", name);
}

bool fees_read_number(struct bytes untrusted_answer, const char *method, struct u256 *ret_number, struct error *ret_error)
{
	JSON_CLEANUP struct json json = {0};

	if (!json_parse(untrusted_answer, &json, ret_error))
		return error_set(ret_error, ERROR_INTERNAL, "the node's answer to %s is not JSON", method);
	return read_value(json.root, method, ret_number, ret_error);
}

bool fees_read_u64(struct bytes untrusted_answer, const char *method, uint64_t *ret_number, struct error *ret_error)
{
	struct u256 wide;

	return fees_read_number(untrusted_answer, method, &wide, ret_error) &&
	       (u256_fits_u64(&wide, ret_number) ||
	           error_set(ret_error, ERROR_INTERNAL, "the node's answer to %s is a number above 64 bits", method));
}

bool fees_read_base(struct bytes untrusted_block, bool *ret_has, struct u256 *ret_base, struct error *ret_error)
{
	JSON_CLEANUP struct json json = {0};

	if (!json_parse(untrusted_block, &json, ret_error) || !yyjson_is_obj(json.root))
		return error_set(ret_error, ERROR_INTERNAL, "the node's answer to eth_getBlockByNumber is no block");
	yyjson_val *base = yyjson_obj_get(json.root, "baseFeePerGas");
	*ret_has = base != NULL && !yyjson_is_null(base);
	return !*ret_has || read_value(base, "eth_getBlockByNumber, baseFeePerGas", ret_base, ret_error);
}

static int compare(const void *a, const void *b)
{
	return u256_compare(a, b);
}

static bool read_rewards(yyjson_val *untrusted_rewards, struct u256 *ret_rewards, struct error *ret_error)
{
	size_t index, count;
	yyjson_val *untrusted_block;

	yyjson_arr_foreach(untrusted_rewards, index, count, untrusted_block)
	{
		if (!read_value(yyjson_arr_get(untrusted_block, 0), "eth_feeHistory, reward", &ret_rewards[index], ret_error))
			return false;
	}
	return true;
}

bool fees_read_history(struct bytes untrusted_history, struct u256 *ret_tip, struct error *ret_error)
{
	JSON_CLEANUP struct json json = {0};
	ARENA_CLEANUP struct arena arena = {0};

	if (!json_parse(untrusted_history, &json, ret_error) || !yyjson_is_obj(json.root))
		return error_set(ret_error, ERROR_INTERNAL, "the node's answer to eth_feeHistory is no history");
	yyjson_val *rewards = yyjson_obj_get(json.root, "reward");
	size_t count = yyjson_arr_size(rewards); /* 0 for what is no array */
	if (count == 0 || count > HISTORY_MAX)
		return error_set(ret_error, ERROR_INTERNAL, "the node's answer to eth_feeHistory has %zu rewards", count);
	struct u256 *numbers = arena_array(&arena, count, sizeof(*numbers));
	if (!read_rewards(rewards, numbers, ret_error))
		return false;
	qsort(numbers, count, sizeof(*numbers), compare);
	*ret_tip = numbers[count / 2];
	return true;
}

static bool compute_max(struct fees *fees, const struct u256 *base, struct error *ret_error)
{
	struct u256 twice;

	return (u256_add(base, base, &twice) && u256_add(&twice, &fees->tip, &fees->max)) ||
	       error_set(ret_error, ERROR_INTERNAL, "the node's fees are above 256 bits");
}

bool fees_settle(struct fees *fees, const struct u256 *base, const struct u256 *suggested_tip, struct error *ret_error)
{
	if (!fees->has_tip)
		fees->tip = fees->has_max && u256_compare(suggested_tip, &fees->max) > 0 ? fees->max : *suggested_tip;
	if (!fees->has_max && !compute_max(fees, base, ret_error))
		return false;
	fees->has_max = fees->has_tip = true;
	return u256_compare(&fees->tip, &fees->max) <= 0 ||
	       error_set(ret_error, ERROR_PARAMS, "maxPriorityFeePerGas: expected at most maxFeePerGas, found more");
}

bool fees_check_tip(const struct u256 *base, const struct u256 *tip, struct error *ret_error)
{
	struct u256 most = u256_from_u64(TIP_SANE), times = {{0}};

	if (u256_compare(tip, &most) <= 0)
		return true;
	for (unsigned i = 0; i < TIP_TIMES; i++)
		if (!u256_add(&times, base, &times))
			return true; /* the fees together are refused as too large */
	if (u256_compare(tip, &times) <= 0)
		return true;
	return error_set(ret_error, ERROR_INTERNAL,
	    "the node suggests a maxPriorityFeePerGas above 10000 gwei and 100 times the base fee; if that is right, give "
	    "maxFeePerGas and maxPriorityFeePerGas yourself");
}

uint64_t fees_gas_limit(uint64_t estimate)
{
	uint64_t limit;

	if (estimate == TRANSFER_GAS || __builtin_add_overflow(estimate, estimate / 4, &limit))
		return estimate;
	if (limit > TRANSACTION_GAS)
		return estimate > TRANSACTION_GAS ? limit : TRANSACTION_GAS;
	return limit;
}
