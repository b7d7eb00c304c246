#include "base/wrap.h"
#include "proxy/flags.h"

#define INDENT ((size_t)26)
#define WIDTH  ((size_t)80)

static void put_flag(const struct flag_spec *spec, struct buf *ret_text)
{
	BUF_CLEANUP struct buf help = BUF_INIT(1024);
	size_t before = ret_text->size;

	buf_printf(ret_text, "  --%s%s%s", spec->name, spec->value_name != NULL ? " " : "",
	    spec->value_name != NULL ? spec->value_name : "");
	size_t column = ret_text->size - before;
	if (column + 2 > INDENT) {
		buf_put_u8(ret_text, '\n');
		column = 0;
	}
	buf_put_text(&help, spec->help);
	if (spec->default_text != NULL)
		buf_printf(&help, " (default: %s)", spec->default_text);
	wrap_put(buf_text(&help), column, INDENT, WIDTH, ret_text);
}

void flags_put_help(struct buf *ret_text)
{
	buf_put_text(ret_text, "clef-proxy - answers dapps on this machine, with a signer that is elsewhere\n\n"
	                       "Usage:\n  clef-proxy [flags]\n\n"
	                       "Serves JSON-RPC to dapps and wallets and hands what has to be signed to clef,\n"
	                       "in another qube or behind a unix socket, where a person decides. Keys are never\n"
	                       "here.\n");
	for (unsigned group = 0; group < FLAG_GROUP_COUNT; group++) {
		buf_printf(ret_text, "\n%s:\n", flags_group_title((enum flag_group)group));
		for (unsigned id = 0; id < FLAG_COUNT; id++)
			if (flags_spec((enum flag_id)id)->group == (enum flag_group)group)
				put_flag(flags_spec((enum flag_id)id), ret_text);
	}
	buf_put_text(ret_text, "\nExamples, in a qube whose signer is in another one:\n"
	                       "  clef-proxy\n"
	                       "  clef-proxy --signer qrexec:vault --upstream http://127.0.0.1:8545\n"
	                       "  curl -X POST -d @newaccnt.json http://localhost:8550\n"
	                       "\nExamples, on a machine where clef runs as well:\n"
	                       "  clef-proxy --signer unix:~/.clef/clef.ipc --upstream https://node.example/KEY\n"
	                       "  clef-proxy --signer unix:~/.clef/clef.ipc --origins http://localhost:3000\n"
	                       "  clef-proxy --signer unix:~/.clef/clef.ipc --listen none --socket ~/proxy.ipc\n"
	                       "\n'man clef-proxy' tells more.\n");
}
