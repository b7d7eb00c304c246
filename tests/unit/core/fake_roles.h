/*
 * fake_roles: a running core, confined as it is, with a gate, a keys and a proofs process and a UI that the test plays itself, frame by frame.
 *
 * core starts this very program as its roles (main() hands "--role=…" to fake_role_main); such a role passes its channel to the test over
 * TOP/control and then only waits for the end. The role ui, which has no descriptor that would name TOP, finds it in TERM; proofs runs there.
 */
#ifndef CLEF_FAKE_ROLES_H
#define CLEF_FAKE_ROLES_H

#include "../base/testing.h"

#include "core/core.h"
#include "ipc/ipc.h"

#define SIGNATURE_BYTES 65

struct fake_role {
	int channel, control; /* -1 when closed */
	struct buf in;
	size_t used; /* of `in`: the frame that was received last */
	_Alignas(16) uint8_t message[512];
};

struct fake {
	char top[32], configdir[64], keystore[64], audit[64];
	struct core_options options;
	pid_t core;
	int listener;
	struct fake_role gate, keys, proofs, own_ui; /* own_ui: with options.stdio_ui false */
	int ui;                                      /* the UI protocol, in either case */
	struct buf ui_in;
	size_t ui_used;
	uint64_t connection; /* that fake_call comes from */
	const char *qube;    /* likewise; NULL: none */
};

/* For main(): true when this process was started as a role; then its exit status. */
bool fake_role_main(int count, char *words[], int *ret_status);

/* cmocka's setup and teardown: folders, options with everything on but HTTP and the audit log. core is not started yet. */
int fake_open(void **state);
int fake_close(void **state);
/* Start core and play the start of all roles, until the UI was told. */
void fake_start(struct fake *fake);
/* Only until the roles have got their configuration: nobody said that it is ready. */
void fake_start_unready(struct fake *fake);
/* Start core, which is expected to fail before its roles are ready. */
void fake_run(struct fake *fake);
/* Wait for the end: core's exit status. The roles see their channels close. */
int fake_wait(struct fake *fake);
/* What core and the fake roles wrote on stderr. */
bool fake_logged(const struct fake *fake, const char *part);

void fake_send(struct fake_role *role, enum ipc_type type, const void *message);
/* The next message, within ten seconds; its struct is in role->message, and lives until the next call. */
enum ipc_type fake_receive(struct fake_role *role);
/* The next message, which must be of this type. */
const void *fake_expect(struct fake_role *role, enum ipc_type type);
/* The role dies: its channel and the process go. */
void fake_die(struct fake_role *role);

/* A call from outside. */
void fake_call(struct fake *fake, uint64_t number, const char *method, const char *params);
/* The connection that the calls come from begins, with this descriptor. */
void fake_open_connection(struct fake *fake, int fd);
/* The next message to the gate is the reply to this call, a result or an error, equal to the text. */
void fake_expect_result(struct fake *fake, uint64_t number, const char *result);
void fake_expect_error(struct fake *fake, uint64_t number, int code, const char *part);
/* Everything that was sent to core is dealt with, as far as it can be at once. */
void fake_settle(struct fake *fake);
/* Nothing waits to be read: after fake_settle, or when core has ended. */
void fake_assert_quiet(int fd);

/* The next line to the UI, terminated; it must name this method, or, with method NULL, be a reply. */
const char *fake_ui_expect(struct fake *fake, const char *method);
/* The id of a question. */
unsigned long long fake_ui_id(const char *line);
void fake_ui_say(struct fake *fake, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Answer the question with a result (JSON). */
void fake_ui_answer(struct fake *fake, const char *line, const char *result);

#endif
