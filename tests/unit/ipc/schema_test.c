/* Every message of the schema: encoded, decoded, cut short, lengthened, over its limit. */
#include "../base/testing.h"

#include <signal.h>

#include "ipc/schema.h"

#define ROUNDS    200
#define FIELD_MAX 300

/* A message of any type, as its struct lies in memory, and what its byte fields point to. */
struct any_message {
	_Alignas(16) uint8_t bytes[512];
	uint8_t fields[9][FIELD_MAX];
};

static uint64_t seed;

static int reset_seed(void **state)
{
	(void)state;
	seed = UINT64_C(0x69706373);
	return 0;
}

static void put_random_field(struct any_message *message, size_t index, char kind, size_t most, size_t *offset)
{
	uint64_t number = random_next(&seed);
	struct bytes bytes = bytes_of(message->fields[index], random_below(&seed, most + 1));

	if (kind == 'N') {
		memcpy(message->bytes + *offset, &number, sizeof(number));
		*offset += sizeof(number);
		return;
	}
	for (size_t i = 0; i < bytes.size; i++)
		message->fields[index][i] = (uint8_t)random_next(&seed);
	memcpy(message->bytes + *offset, &bytes, sizeof(bytes));
	*offset += sizeof(bytes);
}

static void make_random(const struct ipc_schema *entry, struct any_message *message)
{
	size_t fields = strlen(entry->fields), offset = 0;
	size_t numbers = 0;

	assert_true(fields <= sizeof(message->fields) / sizeof(message->fields[0]));
	for (size_t i = 0; i < fields; i++)
		numbers += entry->fields[i] == 'N';
	size_t left = entry->most - 8 * numbers - 4 * (fields - numbers);
	size_t share = fields > numbers ? left / (fields - numbers) : 0;

	for (size_t i = 0; i < fields; i++)
		put_random_field(message, i, entry->fields[i], share < FIELD_MAX ? share : FIELD_MAX, &offset);
	assert_int_equal(offset, entry->message_size);
}

static void assert_same(const struct ipc_schema *entry, const uint8_t *a, const uint8_t *b)
{
	for (const char *kind = entry->fields; *kind != 0; kind++) {
		struct bytes left, right;

		if (*kind == 'N') {
			assert_memory_equal(a, b, sizeof(uint64_t));
			a += sizeof(uint64_t);
			b += sizeof(uint64_t);
			continue;
		}
		memcpy(&left, a, sizeof(left));
		memcpy(&right, b, sizeof(right));
		assert_bytes_equal(left, right);
		a += sizeof(left);
		b += sizeof(right);
	}
}

/* Exactly as large as the payload, so that a sanitizer sees a read beyond it. */
static bool decode_copy(uint32_t type, struct bytes payload, void *ret_message, uint8_t **ret_copy)
{
	*ret_copy = malloc(payload.size > 0 ? payload.size : 1);
	assert_non_null(*ret_copy);
	if (payload.size > 0)
		memcpy(*ret_copy, payload.data, payload.size);
	return ipc_decode((enum ipc_type)type, bytes_of(*ret_copy, payload.size), ret_message);
}

static void check_round_trip(uint32_t type, const struct ipc_schema *entry)
{
	struct any_message sent = {0};
	struct buf frame BUF_CLEANUP = BUF_INIT((size_t)1 << 20);
	_Alignas(16) uint8_t received[512] = {0};
	uint8_t *copy;

	make_random(entry, &sent);
	ipc_encode((enum ipc_type)type, sent.bytes, &frame);
	struct reader reader = reader_of(buf_bytes(&frame));

	assert_int_equal(reader_u32(&reader), frame.size - IPC_HEADER_SIZE);
	assert_int_equal(reader_u32(&reader), type);
	struct bytes payload = bytes_of(frame.data + IPC_HEADER_SIZE, frame.size - IPC_HEADER_SIZE);

	assert_true(decode_copy(type, payload, received, &copy));
	assert_same(entry, sent.bytes, received);
	free(copy);
}

static void test_round_trip(void **state)
{
	(void)state;
	for (uint32_t type = IPC_NONE + 1; type < IPC_TYPES; type++)
		for (int i = 0; i < ROUNDS; i++)
			check_round_trip(type, ipc_schema_of(type));
}

static void test_only_exactly_one_message_is_one(void **state)
{
	(void)state;
	for (uint32_t type = IPC_NONE + 1; type < IPC_TYPES; type++) {
		struct any_message sent = {0};
		struct buf frame BUF_CLEANUP = BUF_INIT((size_t)1 << 20);
		_Alignas(16) uint8_t received[512];
		uint8_t *copy;

		make_random(ipc_schema_of(type), &sent);
		ipc_encode((enum ipc_type)type, sent.bytes, &frame);
		buf_put_u8(&frame, 0);
		struct bytes longer = bytes_of(frame.data + IPC_HEADER_SIZE, frame.size - IPC_HEADER_SIZE);

		for (size_t size = 0; size <= longer.size; size++) {
			bool whole = size == longer.size - 1;

			assert_int_equal(decode_copy(type, bytes_of(longer.data, size), received, &copy), whole);
			free(copy);
		}
	}
}

static void test_a_length_beyond_the_payload(void **state)
{
	const uint32_t lengths[] = {1, 5, 0x7fffffff, 0x80000000, 0xfffffffc, 0xffffffff};

	(void)state;
	for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
		struct buf payload BUF_CLEANUP = BUF_INIT(64);
		struct ipc_keys_find found;
		uint8_t *copy;

		buf_put_u64(&payload, 1);
		buf_put_u32(&payload, lengths[i]);
		assert_false(decode_copy(IPC_KEYS_FIND, buf_bytes(&payload), &found, &copy));
		free(copy);
	}
}

static void test_no_such_type(void **state)
{
	uint8_t message[64];

	(void)state;
	assert_null(ipc_schema_of(IPC_NONE));
	assert_null(ipc_schema_of(IPC_TYPES));
	assert_null(ipc_schema_of(UINT32_MAX));
	assert_false(ipc_decode(IPC_NONE, BYTES_NONE, message));
	assert_false(ipc_decode(IPC_TYPES, BYTES_NONE, message));
	assert_string_equal(ipc_type_name(IPC_TYPES), "unknown");
	assert_string_equal(ipc_type_name(IPC_KEYS_SIGN), "KEYS_SIGN");
}

static void encode_reply(void *argument)
{
	const struct ipc_gate_reply *reply = argument;
	struct buf frame BUF_CLEANUP = BUF_INIT((size_t)128 << 20);

	ipc_encode(IPC_GATE_REPLY, reply, &frame);
	_exit(buf_ok(&frame) && frame.size == IPC_HEADER_SIZE + 16 + reply->result.size ? 0 : 1);
}

static void test_the_limit_is_exact(void **state)
{
	size_t most = ipc_schema_of(IPC_GATE_REPLY)->most;
	uint8_t *large = calloc(1, most);
	struct ipc_gate_reply reply = {.result = bytes_of(large, most - 16)};

	(void)state;
	assert_non_null(large);
	assert_exits_with(run_in_child(encode_reply, &reply), 0);
	reply.result.size++;
	int status = run_in_child(encode_reply, &reply);

	assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
	/* Sizes whose sum would overflow. */
	reply = (struct ipc_gate_reply){.result = bytes_of(large, SIZE_MAX - 8), .error = bytes_of(large, 16)};
	status = run_in_child(encode_reply, &reply);
	assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
	free(large);
}

/* Roles talk to core only: no message goes from one of the others to another. */
static void test_the_schema_is_a_star(void **state)
{
	(void)state;
	for (uint32_t type = IPC_NONE + 1; type < IPC_TYPES; type++) {
		const struct ipc_schema *entry = ipc_schema_of(type);

		assert_true((entry->from == IPC_ROLE_CORE) != (entry->to == IPC_ROLE_CORE));
		assert_true(entry->most >= 8 && entry->most <= (size_t)64 << 20);
		assert_int_equal(entry->fields[0], 'N'); /* the number that answers are matched by */
		assert_true(entry->message_size <= ipc_schema_message_max());
		for (uint32_t other = type + 1; other < IPC_TYPES; other++)
			assert_string_not_equal(entry->name, ipc_schema_of(other)->name);
	}
}

/* "There is no message that signs a hash": what keys is told to sign says what it is, and is not limited to 32 bytes. */
static void test_what_is_signed_has_a_kind(void **state)
{
	(void)state;
	for (uint32_t type = IPC_NONE + 1; type < IPC_TYPES; type++)
		if (strstr(ipc_schema_of(type)->name, "SIGN") != NULL && ipc_schema_of(type)->to == IPC_ROLE_KEYS)
			assert_int_equal(type, IPC_KEYS_SIGN);
	assert_string_equal(ipc_schema_of(IPC_KEYS_SIGN)->fields, "NNBBNBNB");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup(test_round_trip, reset_seed),
	    cmocka_unit_test_setup(test_only_exactly_one_message_is_one, reset_seed),
	    cmocka_unit_test(test_a_length_beyond_the_payload),
	    cmocka_unit_test(test_no_such_type),
	    cmocka_unit_test(test_the_limit_is_exact),
	    cmocka_unit_test(test_the_schema_is_a_star),
	    cmocka_unit_test(test_what_is_signed_has_a_kind),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
