#include "core/refusals.h"

#include <time.h>

#include "core/signer.h"

#define LINE_MAX_SIZE 4096

static void put_client(const struct client_id *id, struct buf *text)
{
	switch (id->kind) {
	case CLIENT_DEFAULT:
		buf_put_text(text, "http");
		return;
	case CLIENT_QUBE:
		buf_put_text(text, "qube:");
		buf_put_bytes(text, id->name);
		return;
	case CLIENT_TLS:
		buf_put_text(text, "tls:");
		buf_put_bytes(text, id->name);
		return;
	case CLIENT_UID:
		if (id->uid == CLIENT_UID_UNKNOWN)
			buf_put_text(text, "uid:unknown");
		else
			buf_printf(text, "uid:%u", (unsigned)id->uid);
		return;
	}
}

/* Is it time for a line? All that were not told until then are in its count. */
static bool is_due(struct refusals *refusals, struct client *client, unsigned *ret_count)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	if (client != NULL)
		client->refused++;
	if (client != NULL && client->told_at != 0 && now.tv_sec - client->told_at < REFUSALS_CLIENT_S)
		return false;
	if (refusals->since == 0 || now.tv_sec - refusals->since >= REFUSALS_CLIENT_S) {
		refusals->since = now.tv_sec;
		refusals->lines = 0;
	}
	if (refusals->lines >= REFUSALS_LINES)
		return false;
	refusals->lines++;
	*ret_count = client != NULL ? client->refused : 1;
	if (client != NULL) {
		client->told_at = now.tv_sec;
		client->refused = 0;
	}
	return true;
}

static void write_audit(struct signer *signer, struct bytes client, const char *method, const char *reason, unsigned count)
{
	struct buf fields BUF_CLEANUP = BUF_INIT(LINE_MAX_SIZE), number BUF_CLEANUP = BUF_INIT(32);
	struct error error;

	audit_field(&fields, "client", client);
	audit_field(&fields, "method", bytes_text(method));
	audit_field(&fields, "error", bytes_text(reason));
	buf_printf(&number, "%u", count);
	audit_field(&fields, "count", buf_bytes(&number));
	if (!audit_write(&signer->audit, "Refused", buf_bytes(&fields), false, &error))
		log_error(&signer->log, "%s", error.text);
}

static void show(struct signer *signer, const char *client, const char *method, const char *reason, unsigned count)
{
	struct buf text BUF_CLEANUP = BUF_INIT(LINE_MAX_SIZE), params BUF_CLEANUP = BUF_INIT(4 * LINE_MAX_SIZE);

	buf_printf(&text, "%s of %s was refused without asking you: %s", method, client, reason);
	if (count > 1)
		buf_printf(&text, " (%u such calls)", count);
	buf_put_text(&params, "{\"text\":");
	json_put_string(&params, buf_bytes(&text));
	buf_put_u8(&params, '}');
	ui_link_notify(signer->ui, "ui_showInfo", buf_bytes(&params));
}

void refusals_tell(
    struct signer *signer, const struct client_id *id, struct client *client, const char *method, const char *reason, bool shown)
{
	struct buf name BUF_CLEANUP = BUF_INIT(CLIENT_NAME_MAX + 32);
	unsigned count;

	if (!is_due(&signer->refusals, client, &count))
		return;
	put_client(id, &name);
	log_warn(&signer->log, "%s of %s was refused: %s; calls: %u", method, buf_text(&name), reason, count);
	write_audit(signer, buf_bytes(&name), method, reason, count);
	/* Programs that speak the protocol over stdin and stdout know nothing of this. */
	if (!shown && !signer->options->stdio_ui)
		show(signer, buf_text(&name), method, reason, count);
}
