#include "cli/gendoc.h"

#include "core/methods.h"

static void put_arguments(struct buf *text, const struct method *method)
{
	buf_printf(text, "- Arguments: %s", method->parameters);
	if (method->most > 0 && method->required == method->most)
		buf_printf(text, " (%zu)", method->most);
	else if (method->most > 0)
		buf_printf(text, " (%zu to %zu)", method->required, method->most);
	buf_printf(text, "\n- Result: %s\n", method->result);
}

static void put_methods(struct buf *text, enum method_audience audience)
{
	for (size_t i = 0; i < method_count(); i++) {
		const struct method *method = method_at(i);
		if ((method->audience & (unsigned)audience) == 0)
			continue;
		buf_printf(text, "### %s\n\n%s\n\n", method->name, method->summary);
		put_arguments(text, method);
		buf_put_text(text, "\n");
	}
}

void gendoc_put(struct buf *ret_text)
{
	buf_put_text(ret_text, "# Interfaces of clef\n\n"
	                       "JSON-RPC 2.0 throughout. Numbers are hex texts (\"0x1\") without leading zeros, bytes are hex "
	                       "texts (\"0x00ff\").\n\n"
	                       "## Methods for callers\n\n"
	                       "Over the unix socket and, with --http, over HTTP (POST, application/json).\n\n");
	put_methods(ret_text, METHOD_EXTERNAL);
	buf_put_text(ret_text, "## Methods for the UI\n\n"
	                       "Only on the UI's own channel (--stdio-ui).\n\n");
	put_methods(ret_text, METHOD_UI);
	gendoc_put_types(ret_text);
}
