#include "proxy/upstream.h"

#include <arpa/inet.h>
#include <inttypes.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/queue.h>

#include <curl/curl.h>

#include "base/json.h"
#include "base/memory.h"
#include "proxy/upstream_reply.h"

#define CONNECT_TIMEOUT_MS 10000L
#define REQUEST_MAX        ((size_t)24 * 1024 * 1024)
/* JSON-RPC 2.0. */
#define INTERNAL_ERROR (-32603)

/* One call. */
struct transfer {
	TAILQ_ENTRY(transfer) link;
	struct upstream *upstream;
	uint64_t number;
	CURL *easy;
	struct buf request, answer;
	upstream_answered *answered;
	void *context;
};

struct upstream {
	struct event_base *base;
	struct log log;
	CURLM *multi;
	struct event *timer;
	struct curl_slist *headers;
	char *url, *name;
	size_t answer_max;
	long timeout_ms;
	uint64_t last_number;
	size_t count;
	TAILQ_HEAD(transfer_list, transfer) transfers;
};

/* ---- the URL ---- */

/* This machine. `host` as libcurl gives it: an address is one only if all of it is, so that no name under somebody's domain looks like one. */
static bool is_near(const char *host)
{
	size_t size = strlen(host);
	char inner[INET6_ADDRSTRLEN];
	struct in6_addr six;
	struct in_addr four;

	if (inet_pton(AF_INET, host, &four) == 1)
		return ntohl(four.s_addr) >> 24 == 127;
	if (size > 2 && size - 2 < sizeof(inner) && host[0] == '[' && host[size - 1] == ']') {
		memcpy(inner, host + 1, size - 2);
		inner[size - 2] = 0;
		return inet_pton(AF_INET6, inner, &six) == 1 && IN6_IS_ADDR_LOOPBACK(&six);
	}
	return strcasecmp(host, "localhost") == 0;
}

/* scheme://host:port, never more: user, password, path and query may each be a secret. */
static bool read_parts(struct upstream *upstream, CURLU *parts, struct error *ret_error)
{
	char *scheme = NULL, *host = NULL, *port = NULL;
	struct buf name BUF_CLEANUP = BUF_INIT(4096);
	bool ok = false;

	if (curl_url_get(parts, CURLUPART_SCHEME, &scheme, 0) != CURLUE_OK ||
	    curl_url_get(parts, CURLUPART_HOST, &host, 0) != CURLUE_OK ||
	    curl_url_get(parts, CURLUPART_PORT, &port, CURLU_DEFAULT_PORT) != CURLUE_OK ||
	    (strcmp(scheme, "http") != 0 && strcmp(scheme, "https") != 0)) {
		error_set(ret_error, ERROR_REFUSED, "expected the node's URL with http:// or https:// in front");
		goto out;
	}
	buf_printf(&name, "%s://%s:%s", scheme, host, port);
	upstream->name = memory_text(buf_bytes(&name));
	if (strcmp(scheme, "http") == 0 && !is_near(host))
		log_warn(&upstream->log,
		    "the node %s is on another machine, and what is asked and answered goes there unencrypted, with every key or "
		    "password in its URL: use https, or a node on this machine",
		    upstream->name);
	ok = true;
out:
	curl_free(scheme);
	curl_free(host);
	curl_free(port);
	return ok;
}

static bool read_url(struct upstream *upstream, const char *url, struct error *ret_error)
{
	CURLU *parts = curl_url();
	bool ok;

	if (parts == NULL)
		memory_exhausted();
	if (curl_url_set(parts, CURLUPART_URL, url, 0) != CURLUE_OK)
		ok = error_set(
		    ret_error, ERROR_REFUSED, "the URL of the node cannot be read: expected one like http://127.0.0.1:8545");
	else
		ok = read_parts(upstream, parts, ret_error);
	curl_url_cleanup(parts);
	upstream->url = memory_text(bytes_text(url));
	return ok;
}

/* ---- the end of a call ---- */

static void transfer_free(struct transfer *transfer)
{
	curl_easy_cleanup(transfer->easy);
	buf_free(&transfer->request);
	buf_free(&transfer->answer);
	free(transfer);
}

/* From here on nobody finds it any more. */
static void transfer_unlink(struct transfer *transfer)
{
	struct upstream *upstream = transfer->upstream;

	TAILQ_REMOVE(&upstream->transfers, transfer, link);
	upstream->count--;
	curl_multi_remove_handle(upstream->multi, transfer->easy);
}

/* Why there is no answer that counts; the code of its error. */
static int explain(struct transfer *transfer, CURLcode result, const struct error *judgement, struct buf *ret_text)
{
	struct upstream *upstream = transfer->upstream;
	long status = 0;

	curl_easy_getinfo(transfer->easy, CURLINFO_RESPONSE_CODE, &status);
	if (!buf_ok(&transfer->answer)) {
		buf_printf(ret_text, "the answer of the node %s is larger than %zu bytes", upstream->name, upstream->answer_max);
		return INTERNAL_ERROR;
	}
	if (result == CURLE_OPERATION_TIMEDOUT) {
		buf_printf(ret_text, "the node %s did not answer in time", upstream->name);
		return UPSTREAM_DISCONNECTED;
	}
	if (result != CURLE_OK) {
		/* Not CURLOPT_ERRORBUFFER: that may repeat parts of the URL. */
		buf_printf(ret_text, "the node %s cannot be asked: %s", upstream->name, curl_easy_strerror(result));
		return UPSTREAM_DISCONNECTED;
	}
	if (status < 200 || status > 299)
		buf_printf(ret_text, "the node %s answered with HTTP status %ld%s", upstream->name, status,
		    status >= 300 && status < 400 ? " (redirects are not followed)" : "");
	else
		buf_printf(ret_text, "%s (%s)", judgement->text, upstream->name);
	return INTERNAL_ERROR;
}

/* libcurl sends anew over a second connection when a kept one breaks; this counts the bytes of all attempts. */
static bool has_left(struct transfer *transfer)
{
	long bytes = 0;

	return curl_easy_getinfo(transfer->easy, CURLINFO_REQUEST_SIZE, &bytes) != CURLE_OK || bytes > 0;
}

/* Nodes answer errors with other states than 200, too: the body counts. */
static void transfer_end(struct transfer *transfer, CURLcode result)
{
	struct buf text BUF_CLEANUP = BUF_INIT(4096), trouble BUF_CLEANUP = BUF_INIT(16384);
	enum upstream_outcome outcome = UPSTREAM_TROUBLE;
	struct error error;
	struct bytes answer;

	if (result != CURLE_OK ||
	    !upstream_reply_read(buf_bytes(&transfer->answer), transfer->number, &outcome, &answer, &error)) {
		int code = explain(transfer, result, &error, &text);

		log_warn(&transfer->upstream->log, "%s", buf_text(&text));
		upstream_put_error(&trouble, code, buf_text(&text));
		answer = buf_bytes(&trouble);
		outcome = has_left(transfer) ? UPSTREAM_TROUBLE : UPSTREAM_UNSENT;
	}
	transfer->answered(transfer->context, outcome, answer);
}

/* A callback may begin and cancel other calls, but this one is out of its reach. */
static void collect(struct upstream *upstream)
{
	CURLMsg *message;
	int left;

	while ((message = curl_multi_info_read(upstream->multi, &left)) != NULL) {
		CURLcode result = message->data.result;
		char *private = NULL;

		if (message->msg != CURLMSG_DONE)
			continue;
		curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &private);
		struct transfer *transfer = (struct transfer *)(void *)private;
		transfer_unlink(transfer);
		transfer_end(transfer, result);
		transfer_free(transfer);
	}
}

/* ---- libcurl on libevent ---- */

static void on_ready(evutil_socket_t fd, short what, void *context)
{
	struct upstream *upstream = context;
	int flags = ((what & EV_READ) != 0 ? CURL_CSELECT_IN : 0) | ((what & EV_WRITE) != 0 ? CURL_CSELECT_OUT : 0);
	int running;

	curl_multi_socket_action(upstream->multi, fd, flags, &running);
	collect(upstream);
}

static void on_timer(evutil_socket_t fd, short what, void *context)
{
	struct upstream *upstream = context;
	int running;

	(void)fd;
	(void)what;
	curl_multi_socket_action(upstream->multi, CURL_SOCKET_TIMEOUT, 0, &running);
	collect(upstream);
}

static int on_socket_wanted(CURL *easy, curl_socket_t fd, int what, void *context, void *socket_context)
{
	struct upstream *upstream = context;
	struct event *event = socket_context;
	short flags = EV_PERSIST;

	(void)easy;
	if (event != NULL)
		event_free(event);
	event = NULL;
	if (what != CURL_POLL_REMOVE) {
		flags = (short)(flags | (what != CURL_POLL_OUT ? EV_READ : 0) | (what != CURL_POLL_IN ? EV_WRITE : 0));
		event = event_new(upstream->base, fd, flags, on_ready, upstream);
		if (event == NULL)
			memory_exhausted();
		event_add(event, NULL);
	}
	curl_multi_assign(upstream->multi, fd, event);
	return 0;
}

static int on_timer_wanted(CURLM *multi, long timeout_ms, void *context)
{
	struct upstream *upstream = context;
	struct timeval wait = {.tv_sec = timeout_ms / 1000, .tv_usec = timeout_ms % 1000 * 1000};

	(void)multi;
	if (timeout_ms < 0)
		event_del(upstream->timer);
	else
		event_add(upstream->timer, &wait);
	return 0;
}

/* Taking less than there is makes libcurl give the transfer up. */
static size_t on_body(char *data, size_t size, size_t count, void *context)
{
	struct transfer *transfer = context;

	buf_put(&transfer->answer, data, size * count);
	return buf_ok(&transfer->answer) ? size * count : 0;
}

/* ---- a call ---- */

static void must(CURLcode result)
{
	/* Of these options none can fail but for want of memory, or in a libcurl that is too old for the build. */
	if (result != CURLE_OK)
		memory_exhausted();
}

static void set_safety(const struct upstream *upstream, CURL *easy)
{
	must(curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https"));
	must(curl_easy_setopt(easy, CURLOPT_REDIR_PROTOCOLS_STR, "https"));
	must(curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L));
	must(curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, 1L));
	must(curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, 2L));
	must(curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L));
	must(curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, CONNECT_TIMEOUT_MS));
	must(curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, upstream->timeout_ms));
	/* None of the environment's: with http it would be given the whole URL, keys included, and every call. */
	must(curl_easy_setopt(easy, CURLOPT_PROXY, ""));
}

static void set_request(struct transfer *transfer)
{
	struct upstream *upstream = transfer->upstream;
	CURL *easy = transfer->easy;

	must(curl_easy_setopt(easy, CURLOPT_URL, upstream->url));
	must(curl_easy_setopt(easy, CURLOPT_HTTPHEADER, upstream->headers));
	must(curl_easy_setopt(easy, CURLOPT_USERAGENT, "clef-proxy/" CLEF_VERSION));
	must(curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)transfer->request.size));
	must(curl_easy_setopt(easy, CURLOPT_POSTFIELDS, buf_text(&transfer->request)));
	must(curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_body));
	must(curl_easy_setopt(easy, CURLOPT_WRITEDATA, transfer));
	must(curl_easy_setopt(easy, CURLOPT_PRIVATE, transfer));
}

static void put_request(struct buf *request, uint64_t number, struct bytes method, struct bytes params)
{
	buf_printf(request, "{\"jsonrpc\":\"2.0\",\"id\":%" PRIu64 ",\"method\":", number);
	json_put_string(request, method);
	buf_put_text(request, ",\"params\":");
	buf_put_bytes(request, params.size > 0 ? params : bytes_text("[]"));
	buf_put_u8(request, '}');
}

uint64_t upstream_call(
    struct upstream *upstream, struct bytes untrusted_method, struct bytes params, upstream_answered *answered, void *context)
{
	struct transfer *transfer;

	if (upstream->count >= UPSTREAM_CALLS_MAX)
		return 0;
	transfer = memory_new(1, sizeof(*transfer));
	transfer->upstream = upstream;
	transfer->number = ++upstream->last_number;
	transfer->answered = answered;
	transfer->context = context;
	buf_init(&transfer->request, REQUEST_MAX);
	buf_init(&transfer->answer, upstream->answer_max);
	put_request(&transfer->request, transfer->number, untrusted_method, params);
	transfer->easy = curl_easy_init();
	if (transfer->easy == NULL)
		memory_exhausted();
	TAILQ_INSERT_TAIL(&upstream->transfers, transfer, link);
	upstream->count++;
	set_safety(upstream, transfer->easy);
	set_request(transfer);
	if (!buf_ok(&transfer->request) || curl_multi_add_handle(upstream->multi, transfer->easy) != CURLM_OK) {
		transfer_unlink(transfer);
		transfer_free(transfer);
		return 0;
	}
	return transfer->number;
}

void upstream_cancel(struct upstream *upstream, uint64_t call)
{
	struct transfer *transfer;

	TAILQ_FOREACH(transfer, &upstream->transfers, link)
	{
		if (transfer->number == call) {
			transfer_unlink(transfer);
			transfer_free(transfer);
			return;
		}
	}
}

/* ---- life ---- */

const char *upstream_name(const struct upstream *upstream)
{
	return upstream->name;
}

static void open_multi(struct upstream *upstream)
{
	upstream->multi = curl_multi_init();
	upstream->timer = evtimer_new(upstream->base, on_timer, upstream);
	/* No "Expect: 100-continue", which some servers never answer. */
	upstream->headers = curl_slist_append(NULL, "Content-Type: application/json");
	if (upstream->headers != NULL)
		curl_slist_append(upstream->headers, "Accept: application/json");
	if (upstream->headers != NULL)
		curl_slist_append(upstream->headers, "Expect:");
	if (upstream->multi == NULL || upstream->timer == NULL || upstream->headers == NULL)
		memory_exhausted();
	curl_multi_setopt(upstream->multi, CURLMOPT_SOCKETFUNCTION, on_socket_wanted);
	curl_multi_setopt(upstream->multi, CURLMOPT_SOCKETDATA, upstream);
	curl_multi_setopt(upstream->multi, CURLMOPT_TIMERFUNCTION, on_timer_wanted);
	curl_multi_setopt(upstream->multi, CURLMOPT_TIMERDATA, upstream);
	curl_multi_setopt(upstream->multi, CURLMOPT_MAX_TOTAL_CONNECTIONS, (long)UPSTREAM_CONNECTIONS);
	curl_multi_setopt(upstream->multi, CURLMOPT_MAXCONNECTS, (long)UPSTREAM_CONNECTIONS);
}

bool upstream_new(struct event_base *base, const struct upstream_options *options, const struct log *log,
    struct upstream **ret_upstream, struct error *ret_error)
{
	struct upstream *upstream = memory_new(1, sizeof(*upstream));

	*ret_upstream = NULL;
	upstream->base = base;
	upstream->log = *log;
	upstream->answer_max = options->answer_max > 0 ? options->answer_max : UPSTREAM_ANSWER_MAX;
	upstream->timeout_ms = options->timeout_ms > 0 ? options->timeout_ms : UPSTREAM_TIMEOUT_MS;
	TAILQ_INIT(&upstream->transfers);
	if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
		memory_exhausted();
	if (!read_url(upstream, options->url, ret_error)) {
		upstream_free(upstream);
		return false;
	}
	open_multi(upstream);
	*ret_upstream = upstream;
	return true;
}

void upstream_free(struct upstream *upstream)
{
	struct transfer *transfer;

	if (upstream == NULL)
		return;
	while ((transfer = TAILQ_FIRST(&upstream->transfers)) != NULL) {
		transfer_unlink(transfer);
		transfer_free(transfer);
	}
	if (upstream->multi != NULL)
		curl_multi_cleanup(upstream->multi);
	if (upstream->timer != NULL)
		event_free(upstream->timer);
	curl_slist_free_all(upstream->headers);
	free(upstream->url);
	free(upstream->name);
	free(upstream);
	curl_global_cleanup();
}
