#include "cli/attach_secret.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "base/memory.h"
#include "keys/terminal.h"

/* What is typed, what was typed before, and the message. */
#define SLOTS 4

struct attach_secret {
	struct secret_arena *arena;
	struct terminal *terminal;
	int pipe;
	bool asking;
	uint64_t question;
	attach_secret_done *done;
	void *context;
};

bool attach_secret_new(struct event_base *base, int terminal_fd, int pipe_fd, attach_secret_done *done, void *context,
    struct attach_secret **ret_secret, struct error *ret_error)
{
	struct secret_arena *arena;

	if (!secret_arena_new(SLOTS, SLOTS, &arena, ret_error))
		return false;
	struct attach_secret *secret = memory_new(1, sizeof *secret);

	*secret = (struct attach_secret){.arena = arena,
	    .terminal = terminal_new(base, terminal_fd, arena),
	    .pipe = pipe_fd,
	    .done = done,
	    .context = context};
	*ret_secret = secret;
	return true;
}

void attach_secret_free(struct attach_secret *secret)
{
	if (secret == NULL)
		return;
	terminal_free(secret->terminal);
	secret_arena_free(secret->arena);
	free(secret);
}

static void put_number(uint8_t *at, uint64_t number, size_t size)
{
	for (size_t i = 0; i < size; i++)
		at[i] = (uint8_t)(number >> (8 * (size - 1 - i)));
}

/* 8 bytes of question, 4 of size, the password; in one message, so that it comes whole or not at all. */
static bool send_message(struct attach_secret *secret, struct bytes password, struct error *ret_error)
{
	struct secret message SECRET_CLEANUP = {0};

	if (!secret_take(secret->arena, &message, ret_error))
		return false;
	put_number(message.data, secret->question, 8);
	put_number(message.data + 8, password.size, 4);
	for (size_t i = 0; i < password.size; i++)
		message.data[12 + i] = password.data[i];
	message.size = 12 + password.size;
	if (send(secret->pipe, message.data, message.size, MSG_NOSIGNAL | MSG_DONTWAIT) == (ssize_t)message.size)
		return true;
	return error_set_errno(ret_error, errno, "the signer does not take passwords");
}

static void on_password(void *context, struct secret password, const struct error *error)
{
	struct attach_secret *secret = context;
	struct error failure;
	bool ok = error == NULL && send_message(secret, secret_bytes(&password), &failure);

	secret_release(&password);
	secret->asking = false;
	secret->done(secret->context, secret->question, ok ? NULL : error != NULL ? error : &failure);
}

void attach_secret_ask(struct attach_secret *secret, uint64_t question)
{
	secret->asking = true;
	secret->question = question;
	terminal_ask(secret->terminal, question, bytes_text("Password: "), false, on_password, secret);
}

bool attach_secret_is_asking(const struct attach_secret *secret, uint64_t question)
{
	return secret->asking && secret->question == question;
}

void attach_secret_withdraw(struct attach_secret *secret)
{
	if (!secret->asking)
		return;
	secret->asking = false;
	terminal_withdraw(secret->terminal, secret->question);
}
