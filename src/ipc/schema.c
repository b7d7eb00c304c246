#include "ipc/schema.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A message is a run of 64-bit numbers ('N') and byte strings ('B') without padding between, on 32-bit machines, too. */
#define NUMBER(name) "N"
#define BYTES(name)  "B"
#define MESSAGE(upper, lower, from, to, most, fields) \
	[IPC_##upper] = {#upper, IPC_ROLE_##from, IPC_ROLE_##to, most, fields, sizeof(struct ipc_##lower)},
static const struct ipc_schema schema[IPC_TYPES] = {
#include "ipc/messages.def"
};
#undef MESSAGE
#undef NUMBER
#undef BYTES

#define NUMBER(name) +sizeof(uint64_t)
#define BYTES(name)  +sizeof(struct bytes)
#define MESSAGE(upper, lower, from, to, most, fields) \
	_Static_assert(sizeof(struct ipc_##lower) == 0 fields, "no padding in " #lower);
#include "ipc/messages.def"
#undef MESSAGE
#undef NUMBER
#undef BYTES

const struct ipc_schema *ipc_schema_of(uint32_t type)
{
	return type > IPC_NONE && type < IPC_TYPES ? &schema[type] : NULL;
}

const char *ipc_type_name(enum ipc_type type)
{
	const struct ipc_schema *entry = ipc_schema_of((uint32_t)type);

	return entry != NULL ? entry->name : "unknown";
}

size_t ipc_schema_message_max(void)
{
	size_t most = 0;

	for (uint32_t type = IPC_NONE + 1; type < IPC_TYPES; type++)
		most = schema[type].message_size > most ? schema[type].message_size : most;
	return most;
}

static size_t payload_size(const struct ipc_schema *entry, const uint8_t *field)
{
	size_t size = 0;

	for (const char *kind = entry->fields; *kind != 0; kind++) {
		if (*kind == 'N') {
			size += sizeof(uint64_t);
			field += sizeof(uint64_t);
		} else {
			struct bytes bytes;

			memcpy(&bytes, field, sizeof(bytes));
			if (bytes.size > entry->most)
				return SIZE_MAX;
			size += sizeof(uint32_t) + bytes.size;
			field += sizeof(bytes);
		}
	}
	return size;
}

void ipc_encode(enum ipc_type type, const void *message, struct buf *ret_frame)
{
	const struct ipc_schema *entry = ipc_schema_of((uint32_t)type);
	const uint8_t *field = message;
	size_t size = entry != NULL ? payload_size(entry, field) : SIZE_MAX;

	if (size == SIZE_MAX || size > entry->most) {
		fprintf(stderr, "clef: bug: a message %s is too large to send\n", ipc_type_name(type));
		abort();
	}
	buf_put_u32(ret_frame, (uint32_t)size);
	buf_put_u32(ret_frame, (uint32_t)type);
	for (const char *kind = entry->fields; *kind != 0; kind++) {
		if (*kind == 'N') {
			uint64_t number;

			memcpy(&number, field, sizeof(number));
			buf_put_u64(ret_frame, number);
			field += sizeof(number);
		} else {
			struct bytes bytes;

			memcpy(&bytes, field, sizeof(bytes));
			buf_put_u32(ret_frame, (uint32_t)bytes.size);
			buf_put_bytes(ret_frame, bytes);
			field += sizeof(bytes);
		}
	}
}

bool ipc_decode(enum ipc_type type, struct bytes payload, void *ret_message)
{
	const struct ipc_schema *entry = ipc_schema_of((uint32_t)type);
	struct reader reader = reader_of(payload);
	uint8_t *field = ret_message;

	if (entry == NULL)
		return false;
	for (const char *kind = entry->fields; *kind != 0; kind++) {
		if (*kind == 'N') {
			uint64_t number = reader_u64(&reader);

			memcpy(field, &number, sizeof(number));
			field += sizeof(number);
		} else {
			uint32_t size = reader_u32(&reader);
			struct bytes bytes = reader_bytes(&reader, size);

			memcpy(field, &bytes, sizeof(bytes));
			field += sizeof(bytes);
		}
	}
	return reader_done(&reader);
}
