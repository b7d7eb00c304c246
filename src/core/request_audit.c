/* What the audit log says of a request: a line when it came, a line for its outcome. */
#include "base/hex.h"
#include "core/signer.h"
#include "eth/keccak.h"

#define LINE_LIMIT ((size_t)48 * 1024 * 1024)
/* Of what nobody approved: bytes of the arguments, and of each claim of the caller's. */
#define BEGINNING_MAX ((size_t)1024)
#define CLAIM_MAX     ((size_t)256)

static void put_head(const struct request *request, const struct request_meta *meta, struct buf *line)
{
	struct buf json BUF_CLEANUP = BUF_INIT(LINE_LIMIT);

	request_put_meta_object(meta, &json);
	audit_field(line, "type", bytes_text("request"));
	audit_field(line, "metadata", buf_bytes(&json));
	/* What the standard names do is logged under the names that it has in Clef. */
	if (request->method->audience == METHOD_ETH)
		audit_field(line, "method", bytes_text(request->method->name));
}

static struct bytes cut(struct bytes text, size_t most)
{
	return bytes_of(text.data, text.size < most ? text.size : most);
}

/* In place of a line that is too long for somebody whom nobody has approved. */
static void put_beginning(const struct request *request, struct buf *line)
{
	struct request_meta meta = request->meta;
	struct buf text BUF_CLEANUP = BUF_INIT(128);
	uint8_t digest[KECCAK256_SIZE];

	meta.remote = cut(meta.remote, CLAIM_MAX);
	meta.local = cut(meta.local, CLAIM_MAX);
	meta.user_agent = cut(meta.user_agent, CLAIM_MAX);
	meta.origin = cut(meta.origin, CLAIM_MAX);
	put_head(request, &meta, line);
	audit_field(line, "beginning", cut(request->params_text, BEGINNING_MAX));
	buf_printf(&text, "%zu", request->params_text.size);
	audit_field(line, "bytes", buf_bytes(&text));
	keccak256(request->params_text, digest);
	buf_reset(&text);
	buf_put_text(&text, "0x");
	hex_encode(bytes_of(digest, sizeof(digest)), &text);
	audit_field(line, "keccak256", buf_bytes(&text));
}

static bool write_kept(struct request *request, struct error *ret_error)
{
	struct buf line BUF_CLEANUP = request->audit_line;

	request->audit_line = (struct buf){0};
	if (line.size == 0)
		return true;
	if (request->state != REQUEST_APPROVED && request->state != REQUEST_SIGNING) {
		buf_reset(&line);
		put_beginning(request, &line);
	}
	return audit_write(&request->signer->audit, request->method->audit_name, buf_bytes(&line), false, ret_error);
}

bool request_audit(struct request *request, struct bytes fields)
{
	struct buf line BUF_CLEANUP = BUF_INIT(LINE_LIMIT);
	struct error error;

	if (!audit_enabled(&request->signer->audit) || request->method->audit_name == NULL)
		return true;
	put_head(request, &request->meta, &line);
	buf_put_bytes(&line, fields);
	if (buf_ok(&line) && line.size > REQUEST_AUDIT_MOST) {
		request->audit_line = line;
		line = (struct buf){0};
		request->audited = true;
		return true;
	}
	request->audited = audit_write(&request->signer->audit, request->method->audit_name, buf_bytes(&line), false, &error);
	if (request->audited)
		return true;
	request_refuse(request, &error);
	return false;
}

bool request_audit_approved(struct request *request, struct error *ret_error)
{
	return write_kept(request, ret_error);
}

static bool write_response(
    struct request *request, struct bytes fields, const char *failure, bool durable, struct error *ret_error)
{
	struct buf line BUF_CLEANUP = BUF_INIT(LINE_LIMIT);

	if (!request->audited)
		return true;
	if (!write_kept(request, ret_error))
		return false;
	audit_field(&line, "type", bytes_text("response"));
	buf_put_bytes(&line, fields);
	audit_field(&line, "error", bytes_text(failure));
	return audit_write(&request->signer->audit, request->method->audit_name, buf_bytes(&line), durable, ret_error);
}

bool request_audit_outcome(struct request *request, struct bytes audit)
{
	bool durable = request->state == REQUEST_SIGNING;
	struct error error;
	/* The line is on disk before the signature leaves. */
	bool ok = write_response(request, audit, "<nil>", durable, &error);

	request->audited = false;
	if (!ok)
		request_refuse(request, &error);
	return ok;
}

bool request_audit_end(struct request *request, const char *failure, struct error *ret_error)
{
	struct bytes fields = request->audited ? bytes_text(request->method->audit_none) : BYTES_NONE;

	return write_response(request, fields, failure, false, ret_error);
}
