/*
 * What clef-proxy reads by itself: a signer's reply, a settings file, a list of origins. A result that is taken is JSON by itself; an origin that is taken goes into a header, so it
 * is one line of visible characters and finds itself.
 */
#include "target.h"

#include <string.h>

#include "base/json.h"
#include "proxy/flags.h"
#include "proxy/signer_reply.h"
#include "server/origins.h"

static void read_reply(struct bytes text)
{
	struct bytes result, object;
	struct json json JSON_CLEANUP = {0};
	struct error error;

	if (!signer_reply_read(text, 7, &result, &object, &error)) {
		fuzz_require(error.text[0] != 0);
		return;
	}
	fuzz_require((result.size == 0) != (object.size == 0));
	struct bytes taken = result.size > 0 ? result : object;
	fuzz_require(taken.data >= text.data && taken.data + taken.size <= text.data + text.size);
	fuzz_require(json_parse(taken, &json, &error));
	fuzz_require(result.size > 0 || yyjson_is_obj(json.root));
}

static void read_settings(struct bytes text)
{
	FLAGS_CLEANUP struct flags flags = {0};
	struct error error;

	if (!flags_parse_file(text, "settings", &flags, &error))
		fuzz_require(error.text[0] != 0);
	fuzz_require(!flags_given(&flags, FLAG_CONFIG) && !flags_given(&flags, FLAG_HELP));
}

static void read_origins(struct bytes text)
{
	struct origins origins = {0};
	struct error error;

	if (!origins_add(&origins, text, &error))
		fuzz_require(error.text[0] != 0);
	for (size_t i = 0; i < origins.count; i++) {
		const char *name = origins.name[i];

		fuzz_require(origins_find(&origins, bytes_text(name)) != NULL && strstr(name, "://") != NULL);
		for (const char *at = name; *at != 0; at++)
			fuzz_require(*at > ' ' && *at < 0x7f && (*at < 'A' || *at > 'Z'));
	}
	fuzz_require(origins_find(&origins, bytes_text("null")) == NULL);
	origins_free(&origins);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct bytes text = bytes_of(data, size);

	read_reply(text);
	read_settings(text);
	read_origins(text);
	return 0;
}
