/* JSON-RPC messages: as one body, and as a stream of values, whole and in two pieces. Every reply is JSON, whatever was asked. */
#include "target.h"

#include <string.h>

#include "base/json.h"
#include "server/jsonrpc.h"

static void require_json(struct bytes text)
{
	struct json json JSON_CLEANUP = {0};
	struct error error;

	fuzz_require(json_parse(text, &json, &error));
}

static void run_message(enum rpc_carrier carrier, struct bytes text)
{
	struct rpc_message message;
	struct rpc_call call;
	size_t calls = 0;

	rpc_init(&message);
	rpc_read(&message, carrier, text);
	while (rpc_next(&message, &call)) {
		fuzz_require(call.method.size > 0 && call.method.size <= RPC_METHOD_MAX);
		if (call.params.size > 0)
			require_json(call.params);
		rpc_sent(&message);
		if (calls++ % 2 == 0)
			rpc_answer(&message, bytes_text("{\"a\":[1]}"), BYTES_NONE);
		else
			rpc_answer(&message, BYTES_NONE, bytes_text("{\"code\":-32000,\"message\":\"no\"}"));
	}
	fuzz_require(calls <= RPC_BATCH_MAX);
	if (rpc_reply(&message).size > 0)
		require_json(rpc_reply(&message));
	rpc_free(&message);
}

/* Where the values of a stream end, as a hash; the same however the stream is cut. */
static uint64_t scan_stream(struct bytes input, size_t cut)
{
	struct json_scan scan;
	uint64_t places = 0;
	size_t at = 0;

	json_scan_start(&scan);
	while (at < input.size) {
		struct bytes rest = bytes_of(input.data + at, input.size - at);
		enum json_scan_result result = JSON_SCAN_MORE;

		if (cut > at)
			result = json_scan_feed(&scan, bytes_of(rest.data, cut - at < rest.size ? cut - at : rest.size));
		if (result == JSON_SCAN_MORE)
			result = json_scan_feed(&scan, rest);
		if (result != JSON_SCAN_VALUE)
			return places * 31 + (uint64_t)result;
		fuzz_require(scan.start < scan.offset && scan.offset <= rest.size);
		places = places * 31 + at + scan.offset;
		at += scan.offset;
		json_scan_start(&scan);
	}
	return places;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct bytes input = bytes_of(data, size);

	if (size > 200000)
		return 0;
	run_message(RPC_HTTP, input);
	run_message(RPC_STREAM, input);
	fuzz_require(scan_stream(input, 0) == scan_stream(input, size / 2));
	return 0;
}
