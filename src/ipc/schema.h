/* schema: messages.def as a table, for the framing. Only src/ipc includes this. */
#ifndef CLEF_IPC_SCHEMA_H
#define CLEF_IPC_SCHEMA_H

#include "ipc/ipc.h"

#define IPC_HEADER_SIZE 8

struct ipc_schema {
	const char *name;
	enum ipc_role from, to;
	size_t most;         /* payload bytes */
	const char *fields;  /* one letter a field: N number, B bytes */
	size_t message_size; /* of the decoded struct */
};

/* NULL when there is no such type. */
const struct ipc_schema *ipc_schema_of(uint32_t type);
/* Size of the largest decoded struct. */
size_t ipc_schema_message_max(void);

#endif
