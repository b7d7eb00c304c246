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
	if (method->audience != METHOD_UI && method->audit_name != NULL)
		buf_printf(text, "- In the audit log: %s\n", method->audit_name);
}

static void put_methods(struct buf *text, enum method_audience audience)
{
	for (size_t i = 0; i < method_count(); i++) {
		const struct method *method = method_at(i);
		if ((method->audience & (unsigned)audience) == 0 || !method_is_offered(method))
			continue;
		buf_printf(text, "### %s\n\n%s\n\n", method->name, method->summary);
		put_arguments(text, method);
		buf_put_text(text, "\n");
	}
}

static void put_not_offered(struct buf *text)
{
	buf_put_text(text, "### Not offered\n\nThese are answered with error 4200 and advice:\n\n");
	for (size_t i = 0; i < method_count(); i++)
		if (!method_is_offered(method_at(i)))
			buf_printf(text, "- `%s`: %s\n", method_at(i)->name, method_at(i)->summary);
	buf_put_text(text, "\n");
}

void gendoc_put(struct buf *ret_text)
{
	buf_put_text(ret_text, "# Interfaces of clef\n\n"
	                       "JSON-RPC 2.0 throughout. Numbers are hex texts (\"0x1\") without leading zeros, bytes are hex "
	                       "texts (\"0x00ff\").\n\n"
	                       "## Methods for callers\n\n"
	                       "Over the unix socket and, with --http, over HTTP (POST, application/json).\n\n");
	put_methods(ret_text, METHOD_EXTERNAL);
	buf_put_text(ret_text, "## Standard names for callers\n\n"
	                       "The same over the same transports, with --eth-api only. Errors have the codes of EIP-1193.\n\n");
	put_methods(ret_text, METHOD_ETH);
	put_not_offered(ret_text);
	buf_put_text(ret_text, "## Methods for the UI\n\n"
	                       "Only on the UI's own channel (--stdio-ui, --ui-socket).\n\n");
	put_methods(ret_text, METHOD_UI);
	gendoc_put_types(ret_text);
}
