#include "core/password.h"

#include "core/signer.h"
#include "core/signer_ui.h"

/* As over the pipe. */
#define SECRET_MOST 4096

static bool is_true(yyjson_val *object, const char *name)
{
	return yyjson_is_true(yyjson_obj_get(object, name));
}

static struct password decline(const char *text)
{
	struct password password = {.declined = true};

	error_set(&password.error, ERROR_REFUSED, "%s", text);
	return password;
}

/* null and a missing text are an empty password, as recorded: it opens nothing. */
static struct password read_answer(struct request *request, uint64_t question, yyjson_val *result)
{
	const struct signer *signer = request->signer;
	yyjson_val *text = yyjson_is_obj(result) ? yyjson_obj_get(result, "text") : NULL;

	if (!yyjson_is_obj(result) && !yyjson_is_null(result))
		return decline("internal error");
	if (is_true(result, "secret_fd")) {
		if (!signer_ui_has_pipe(signer))
			return decline("the UI sent the password over a pipe, but it gave the signer none");
		return (struct password){.source = IPC_SECRET_PIPE, .question = question};
	}
	if (is_true(result, "terminal")) {
		if (!signer->own_ui)
			return decline("only the signer's own terminal UI can lend the terminal");
		request->terminal_lent = true;
		return (struct password){.source = IPC_SECRET_TERMINAL, .prompt = bytes_text("Password: ")};
	}
	if (is_true(result, "cancelled")) {
		struct password cancelled = decline("the password prompt was cancelled");

		cancelled.error.kind = ERROR_DENIED;
		return cancelled;
	}
	if (text != NULL && !yyjson_is_str(text) && !yyjson_is_null(text))
		return decline("internal error");
	struct bytes secret = yyjson_is_str(text) ? json_bytes(text) : BYTES_NONE;

	if (secret.size > SECRET_MOST)
		return decline("a password of more than 4096 bytes is not taken");
	return (struct password){.source = IPC_SECRET_GIVEN, .secret = secret};
}

static void on_answer(void *context, uint64_t question, const struct ui_answer *answer)
{
	struct request *request = request_answered_by_ui(context);
	struct password password;

	switch (answer->kind) {
	case UI_ANSWER_RESULT:
		password = read_answer(request, question, answer->result);
		break;
	case UI_ANSWER_ERROR:
		/* What the UI says about a password prompt stays between it and the signer. */
		password = decline("internal error");
		break;
	case UI_ANSWER_GONE:
		password = decline(answer->error.text);
		password.gone = true;
		break;
	}
	request->password(request, &password);
}

void password_ask(struct request *request, const char *title, const char *prompt, request_password *given)
{
	struct buf params BUF_CLEANUP = BUF_INIT(65536);

	if (request->signer->options->password_file != NULL) {
		struct password password = {.source = IPC_SECRET_FILE};

		given(request, &password);
		return;
	}
	request->password = given;
	buf_put_text(&params, "{\"title\":");
	json_put_string(&params, bytes_text(title));
	buf_put_text(&params, ",\"prompt\":");
	json_put_string(&params, bytes_text(prompt));
	buf_put_text(&params, ",\"isPassword\":true,");
	request_wait(request);
	request_put_id(request, &params);
	buf_put_u8(&params, '}');
	request_ask(request, "ui_onInputRequired", buf_bytes(&params), on_answer);
}
