/*
 * harness: a running gate for tests, with a core that is a toy: the real process (gate_main, its sandbox included) on one end of a channel, and on the
 * other a thread that answers by the name of the method.
 *
 *   account_version  "6.1.0"
 *   echo             an object with everything that core was told of the call
 *   count            how many calls came before
 *   big              a text of the length given as the first argument
 *   fail             an error
 *   late             null, after as many milliseconds as the first argument says
 *   wait             nothing, until harness_release()
 */
#ifndef CLEF_TESTS_GATE_HARNESS_H
#define CLEF_TESTS_GATE_HARNESS_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/bytes.h"
#include "ipc/ipc.h"

struct harness;

struct harness *harness_start(enum ipc_transport transport, const char *vhosts);
/* Closes the channel, waits for the process and checks that it ended by itself with this status. */
void harness_end(struct harness *harness, int expected_status);

/* What core has seen so far. */
int harness_calls(struct harness *harness);
int harness_withdrawn(struct harness *harness);
int harness_opened(struct harness *harness); /* with a descriptor whose peer is this very process */
int harness_closed(struct harness *harness);
/* Wait up to two seconds until a counter has reached a value. */
void harness_await(struct harness *harness, int (*counter)(struct harness *), int value);
/* Answer every call of `wait` that waits. */
void harness_release(struct harness *harness);
/* What happens at once, for a machine that is slow or runs valgrind. */
#define SOON_MS 10000
/* Tell the gate to stop; harness_gone() waits for its end and returns after how many milliseconds. */
void harness_stop(struct harness *harness);
/* Tell the gate of qrexec.sock whether a user interface is there. */
void harness_tell_ui(struct harness *harness, bool attached);
long harness_gone(struct harness *harness);
/* Process id of the gate. */
int harness_pid(struct harness *harness);

/* ---- a client: blocking, one descriptor ---- */

int client_connect(struct harness *harness);
/* Send a text, or bytes; what the server does not take because it closed is not an error. */
void client_send(int fd, const char *text);
void client_send_bytes(int fd, struct bytes bytes);
/* No more will be sent. */
void client_finish(int fd);
/* Read until the text contains `part` as often as said; fails after two seconds, and when the server closes before. Returns what came. */
char *client_read(int fd, const char *part, int times);
/* Read until the server closes; fails after three seconds. */
char *client_read_all(int fd);
/* Nothing comes and nobody closes for this long. */
void client_expect_silence(int fd, int milliseconds);
/* Everything at once: connect, send, read until closed, compare. */
void client_expect(struct harness *harness, const char *text, const char *part);

#endif
