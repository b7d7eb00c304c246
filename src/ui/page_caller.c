/* Who asks: what the signer knows, and what the caller says of itself. */
#include <stdio.h>
#include <string.h>

#include "base/u256.h"
#include "ipc/qube_name.h"
#include "ui/page_parts.h"

#define CLAIM_MOST 300

static bool is_claim(yyjson_val *value)
{
	return value != NULL && !(yyjson_is_str(value) && yyjson_get_len(value) == 0);
}

static void put_claim(struct page *page, const char *label, yyjson_val *meta, const char *name)
{
	yyjson_val *value = page_member(meta, name);

	if (is_claim(value))
		page_put_value(page, label, value, CLAIM_MOST);
}

/* The name that Qubes vouches for, when the call came from a qube; else empty. */
static struct bytes qube_of(yyjson_val *meta)
{
	static const char prefix[] = "qube:";
	struct bytes remote = json_bytes(page_member(meta, "remote"));

	if (!bytes_equal_text(json_bytes(page_member(meta, "scheme")), "qrexec") || remote.size < sizeof prefix ||
	    memcmp(remote.data, prefix, sizeof prefix - 1) != 0)
		return BYTES_NONE;
	struct bytes name = bytes_of(remote.data + sizeof prefix - 1, remote.size - (sizeof prefix - 1));

	return qube_name_is_valid(name) ? name : BYTES_NONE;
}

static void put_transport(struct page *page, yyjson_val *meta)
{
	struct bytes scheme = json_bytes(page_member(meta, "scheme"));
	struct bytes remote = json_bytes(page_member(meta, "remote"));
	struct buf text BUF_CLEANUP = BUF_INIT(1024 * 1024);

	if (bytes_equal_text(scheme, "ipc"))
		buf_put_text(&text, "the local socket of this signer");
	else if (bytes_equal_text(scheme, "http"))
		buf_put_text(&text, "HTTP");
	else
		buf_put_bytes(&text, scheme);
	if (remote.size > 0 && !bytes_equal_text(remote, "NA")) {
		buf_put_text(&text, " from ");
		buf_put_bytes(&text, remote);
	}
	if (text.size == 0)
		buf_put_text(&text, "(unknown)");
	layout_field_untrusted(&page->layout, "Came in by", buf_bytes(&text), CLAIM_MOST);
}

/* Of the unix socket the kernel says who is at the other end. */
static void put_peer(struct page *page, yyjson_val *peer)
{
	struct bytes uid = json_bytes(page_member(peer, "uid")), pid = json_bytes(page_member(peer, "pid"));
	struct buf text BUF_CLEANUP = BUF_INIT(1024);

	if (uid.size == 0 || pid.size == 0)
		return;
	buf_printf(&text, "user %.*s, process %.*s", (int)(uid.size < 20 ? uid.size : 20), (const char *)uid.data,
	    (int)(pid.size < 20 ? pid.size : 20), (const char *)pid.data);
	layout_field_untrusted(&page->layout, "Peer", buf_bytes(&text), CLAIM_MOST);
}

static void put_time_left(struct page *page, yyjson_val *request)
{
	struct bytes digits = json_bytes(page_member(request, "expires_at"));
	struct u256 expires;
	uint64_t seconds;
	char text[64];

	if (page->options->now == 0 || !u256_from_decimal(digits, &expires) || !u256_fits_u64(&expires, &seconds))
		return;
	snprintf(text, sizeof text, "within %llu seconds, else it is refused",
	    seconds > page->options->now ? (unsigned long long)(seconds - page->options->now) : 0ULL);
	layout_field_text(&page->layout, "Answer", text);
}

static void put_qube(struct page *page, struct bytes qube)
{
	struct buf text BUF_CLEANUP = BUF_INIT(256);

	buf_printf(&text, "qube %.*s (told by Qubes%s)", (int)qube.size, (const char *)qube.data,
	    qube_name_is_disposable(qube) ? "; a disposable: others get this name later" : "");
	layout_field(&page->layout, "Came in by", buf_bytes(&text));
}

/* Below a heading of their own: what another qube says of its caller reaches us through programs there, which may say anything. */
static void put_claims_of_qube(struct page *page, struct bytes qube, yyjson_val *meta)
{
	static const char *const names[] = {"local", "Origin", "User-Agent"};
	char heading[64];
	bool any = false;

	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
		any = any || is_claim(page_member(meta, names[i]));
	if (!any)
		return;
	snprintf(heading, sizeof heading, "Claimed by qube %.*s", (int)qube.size, (const char *)qube.data);
	layout_section(&page->layout, heading);
	put_claim(page, "Host", meta, "local");
	put_claim(page, "Origin", meta, "Origin");
	put_claim(page, "User-Agent", meta, "User-Agent");
}

static void put_claims(struct page *page, yyjson_val *meta)
{
	bool ipc = bytes_equal_text(json_bytes(page_member(meta, "scheme")), "ipc");

	if (!(ipc && bytes_equal_text(json_bytes(page_member(meta, "local")), "NA")))
		put_claim(page, "Claims Host", meta, "local");
	put_claim(page, "Claims Origin", meta, "Origin");
	put_claim(page, "Claims Agent", meta, "User-Agent");
}

void page_put_caller(struct page *page, yyjson_val *request)
{
	yyjson_val *meta = page_member(request, "meta");
	struct bytes qube = qube_of(meta);

	layout_section(&page->layout, "Who asks");
	if (qube.size > 0) {
		put_qube(page, qube);
		put_time_left(page, request);
		put_claims_of_qube(page, qube, meta);
		return;
	}
	put_transport(page, meta);
	put_peer(page, page_member(request, "peer"));
	put_claims(page, meta);
	put_time_left(page, request);
}
