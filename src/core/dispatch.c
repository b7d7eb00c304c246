/* From calls to requests: the method table, the limits, the caller's identity. */
#include <time.h>
#include <unistd.h>

#include "core/rpc.h"
#include "core/signer.h"
#include "core/signer_ui.h"
#include "ipc/qube_name.h"

#define META_TEXT_MAX 4096

/* Claims and addresses are shown to a person: more than this is no name of anything. */
static struct bytes copy_claim(struct arena *arena, struct bytes untrusted_claim)
{
	if (untrusted_claim.size > META_TEXT_MAX)
		untrusted_claim.size = META_TEXT_MAX;
	return arena_copy(arena, untrusted_claim);
}

/* Where a call comes from is core's own to say when it comes from a qube. */
static struct bytes copy_remote(struct arena *arena, const struct ipc_gate_call *call)
{
	struct buf text BUF_CLEANUP = BUF_INIT(64);

	if (call->qube.size == 0)
		return copy_claim(arena, call->remote);
	buf_put_text(&text, "qube:");
	buf_put_bytes(&text, call->qube);
	return arena_copy(arena, buf_bytes(&text));
}

static void fill_meta(struct request *request, const struct ipc_gate_call *call)
{
	struct request_meta *meta = &request->meta;

	switch (gate_link_transport(request->gate)) {
	case IPC_TRANSPORT_HTTP:
		meta->scheme = "http";
		break;
	case IPC_TRANSPORT_UNIX:
		meta->scheme = "ipc";
		meta->has_peer = gate_link_peer(request->gate, call->connection, &meta->peer_uid, &meta->peer_pid);
		break;
	case IPC_TRANSPORT_QREXEC:
		meta->scheme = "qrexec";
		meta->has_peer = gate_link_peer(request->gate, call->connection, &meta->peer_uid, &meta->peer_pid);
		break;
	}
	meta->qube = arena_copy(&request->arena, call->qube);
	meta->remote = copy_remote(&request->arena, call);
	meta->local = copy_claim(&request->arena, call->local);
	meta->user_agent = copy_claim(&request->arena, call->user_agent);
	meta->origin = copy_claim(&request->arena, call->origin);
}

static void refuse_unknown(struct buf *json, struct bytes method, bool of_a_caller)
{
	struct error error;
	int shown = method.size < 256 ? (int)method.size : 256;
	bool is_off = of_a_caller && method_find(method, METHOD_ETH) != NULL;

	error_set(&error, ERROR_METHOD, "the method %.*s does not exist/is not available%s", shown, (const char *)method.data,
	    is_off ? ": start clef with --eth-api for the standard names" : "");
	rpc_put_error(json, &error, BYTES_NONE);
}

static void refuse_call(struct gate_link *gate, uint64_t call, enum error_kind kind, const char *text)
{
	struct buf json BUF_CLEANUP = BUF_INIT(4096);
	struct error error;

	error_set(&error, kind, "%s", text);
	rpc_put_error(&json, &error, BYTES_NONE);
	gate_link_reply(gate, call, BYTES_NONE, buf_bytes(&json));
}

static void start_gate_request(struct request *request, const struct ipc_gate_call *call)
{
	struct error error;

	fill_meta(request, call);
	request->params_text = arena_copy(&request->arena, call->params);
	if (call->params.size > 0 && !json_parse(request->params_text, &request->params, &error))
		request_refuse_text(request, ERROR_PARAMS, "the arguments are no JSON");
	else
		request_start(request, request->params.root);
}

/* One connection cannot take all places, and one transport not those of the other. */
static bool too_many_wait(const struct signer *signer, const struct gate_link *gate, uint64_t connection)
{
	size_t of_gate = 0, of_connection = 0;

	if (signer->request_count < SIGNER_CONNECTION_MAX)
		return false;
	for (const struct request *at = signer->requests; at != NULL; at = at->next) {
		of_gate += at->gate == gate;
		of_connection += at->gate == gate && at->connection == connection;
	}
	return of_gate >= SIGNER_GATE_MAX || of_connection >= SIGNER_CONNECTION_MAX;
}

/* Only the gate of qrexec.sock knows qubes, and it always does. */
static bool names_its_qube(const struct gate_link *gate, const struct ipc_gate_call *call)
{
	return gate_link_transport(gate) == IPC_TRANSPORT_QREXEC ? qube_name_is_valid(call->qube) : call->qube.size == 0;
}

/* ---- who is asking, and may it? ---- */

/* From what core knows itself or the transport vouches for, never from what is claimed. */
static struct client_id identify(const struct gate_link *gate, const struct ipc_gate_call *call)
{
	struct client_id id = {.kind = CLIENT_DEFAULT};
	pid_t pid;

	switch (gate_link_transport(gate)) {
	case IPC_TRANSPORT_HTTP:
		break;
	case IPC_TRANSPORT_UNIX:
		id.kind = CLIENT_UID;
		if (!gate_link_peer(gate, call->connection, &id.uid, &pid))
			id.uid = CLIENT_UID_UNKNOWN;
		break;
	case IPC_TRANSPORT_QREXEC:
		id.kind = CLIENT_QUBE;
		id.name = call->qube;
		break;
	}
	return id;
}

static uint64_t microseconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

static struct request *new_gate_request(
    struct signer *signer, struct gate_link *gate, const struct ipc_gate_call *call, const struct method *method)
{
	struct request *request = request_new(signer, method);

	request->gate = gate;
	request->call = call->call;
	request->connection = call->connection;
	return request;
}

/* Refused before it is a request, with a trace of that. */
static void refuse_entry(struct signer *signer, struct gate_link *gate, const struct ipc_gate_call *call,
    const struct client_id *id, const struct method *method, const struct error *error)
{
	refusals_tell(signer, id, clients_look(&signer->callers, id), method->name, error->text, false);
	refuse_call(gate, call->call, error->kind, error->text);
}

/* A request of its own: it speaks the dialect of its method, and the terminal is told of it as of any that is refused unasked. */
static void refuse_forbidden(struct signer *signer, struct gate_link *gate, const struct ipc_gate_call *call,
    const struct client_id *id, const struct client_rights *rights, const struct method *method)
{
	struct client *client;
	struct request *request;
	struct error error;

	if (!clients_forbid(&signer->callers, id, rights, microseconds(), &client, &error)) {
		refuse_entry(signer, gate, call, id, method, &error);
		return;
	}
	refusals_tell(signer, id, client, method->name, "it is not among the methods that this client may use",
	    signer_ui_tells_refusals(signer) && !method->immediate);
	request = new_gate_request(signer, gate, call, method);
	fill_meta(request, call);
	request_refuse_text(request, ERROR_UNAUTHORIZED, "%s is not among the methods that this client may use", method->name);
}

/* False: it was refused. *ret_client is NULL for what is answered at once: that counts for nobody. */
static bool enter(struct signer *signer, struct gate_link *gate, const struct ipc_gate_call *call, const struct method *method,
    const struct client_rights **ret_rights, struct client **ret_client)
{
	struct client_id id = identify(gate, call);
	struct error error;

	*ret_client = NULL;
	*ret_rights = clients_find(signer->clients, &id);
	if (*ret_rights == NULL) {
		error_set(&error, ERROR_REFUSED, "it is not known which user this is, and so not what it may do");
		refuse_entry(signer, gate, call, &id, method, &error);
		return false;
	}
	/* A method that nobody can use answers with what to use instead. */
	if (method_is_offered(method) && !clients_permit_method(*ret_rights, method)) {
		refuse_forbidden(signer, gate, call, &id, *ret_rights, method);
		return false;
	}
	if ((!method->immediate && too_many_wait(signer, gate, call->connection)) ||
	    call->params.size > SIGNER_HELD_MAX - signer->held) {
		error_set(&error, ERROR_REFUSED, "too many requests wait already; try again later");
		refuse_entry(signer, gate, call, &id, method, &error);
		return false;
	}
	if (method->immediate)
		return true;
	*ret_client = clients_enter(&signer->callers, &id, *ret_rights, call->params.size, microseconds(), &error);
	if (*ret_client == NULL)
		refuse_entry(signer, gate, call, &id, method, &error);
	return *ret_client != NULL;
}

/* Who may name a qube: a process of our own user, which core saw for itself. */
static bool may_name_a_qube(const struct gate_link *gate, uint64_t connection)
{
	uid_t uid;
	pid_t pid;

	return gate_link_transport(gate) != IPC_TRANSPORT_QREXEC ||
	       (gate_link_peer(gate, connection, &uid, &pid) && uid == geteuid());
}

void signer_gate_call(struct signer *signer, struct gate_link *gate, const struct ipc_gate_call *call)
{
	if (!names_its_qube(gate, call)) {
		signer_end_broken(signer, gate_link_name(gate), "sent a call with the name of a qube that is not its to give");
		return;
	}
	if (!may_name_a_qube(gate, call->connection)) {
		log_warn(
		    &signer->log, "a call over --qrexec-socket was refused: it is not known to come from a process of this user");
		refuse_call(gate, call->call, ERROR_REFUSED, "calls of qubes are taken from the signer's own user only");
		return;
	}
	unsigned audiences = METHOD_EXTERNAL | (signer->options->eth_api ? METHOD_ETH : 0U);
	const struct method *method = method_find(call->method, audiences);
	struct buf json BUF_CLEANUP = BUF_INIT(8192);

	if (method == NULL) {
		refuse_unknown(&json, call->method, (audiences & METHOD_ETH) == 0);
		gate_link_reply(gate, call->call, BYTES_NONE, buf_bytes(&json));
		return;
	}
	if (signer->ending) {
		refuse_call(gate, call->call, ERROR_REFUSED, "the signer is ending");
		return;
	}
	const struct client_rights *rights;
	struct client *client;

	if (!enter(signer, gate, call, method, &rights, &client))
		return;
	struct request *request = new_gate_request(signer, gate, call, method);

	request->rights = rights;
	request->client = client;
	request->held = call->params.size;
	signer->held += request->held;
	start_gate_request(request, call);
}

void signer_ui_call(struct signer *signer, const struct ui_call *call)
{
	const struct method *method = method_find(call->method, METHOD_UI);
	struct buf json BUF_CLEANUP = BUF_INIT(8192), params BUF_CLEANUP = BUF_INIT((size_t)64 * 1024 * 1024);
	struct error error;

	if (method == NULL) {
		refuse_unknown(&json, call->method, false);
		if (call->id.size > 0)
			ui_link_reply(signer->ui, call->id, call->batch, BYTES_NONE, buf_bytes(&json));
		return;
	}
	struct request *request = request_new(signer, method);

	request->ui_id = arena_copy(&request->arena, call->id);
	request->ui_batch = call->batch;
	request->meta = (struct request_meta){.scheme = "ui", .remote = bytes_text("NA"), .local = bytes_text("NA")};
	/* The request outlives the message that it came in. Parsed JSON is wiped when it is freed: it may hold a password. */
	if (call->params != NULL && json_write(call->params, &params) &&
	    !json_parse(buf_bytes(&params), &request->params, &error))
		request_refuse(request, &error);
	else
		request_start(request, request->params.root);
}

struct request *signer_find_call(struct signer *signer, const struct gate_link *gate, uint64_t call)
{
	for (struct request *at = signer->requests; at != NULL; at = at->next)
		if (at->gate == gate && at->call == call)
			return at;
	return NULL;
}

void signer_refuse_all(struct signer *signer, const char *text)
{
	while (signer->requests != NULL) {
		struct request *request = signer->requests;

		request_recall(request, "signer ending");
		request_refuse_text(request, ERROR_REFUSED, "%s", text);
	}
}
