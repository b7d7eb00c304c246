#include "base/json.h"
#include "base/text.h"
#include "decode/view.h"

/* UTF-8 without anything that moves the cursor or hides, but for the usual white space. */
static bool is_readable(struct bytes text)
{
	while (text.size > 0) {
		uint32_t codepoint;
		size_t size = text_decode(text, &codepoint);
		bool space = codepoint == '\n' || codepoint == '\r' || codepoint == '\t';

		if (size == 0 || (text_is_deceptive(codepoint) && !space))
			return false;
		text = bytes_of(text.data + size, text.size - size);
	}
	return true;
}

void view_put_message(struct bytes untrusted_message, struct buf *ret_json)
{
	buf_put_text(ret_json, "{\"kind\":\"message\",\"text\":");
	if (is_readable(untrusted_message))
		json_put_string(ret_json, untrusted_message);
	else
		buf_put_text(ret_json, "null");
	buf_printf(ret_json, ",\"bytes\":%zu}", untrusted_message.size);
}
