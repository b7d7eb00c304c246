#include "cli/accounts_text.h"

#include "base/text.h"

#define PATH_SHOWN ((size_t)16 * 1024)

void accounts_text_created(const struct address *address, struct bytes untrusted_path, bool imported, struct buf *ret_text)
{
	char text[ADDRESS_TEXT_SIZE];

	address_to_checksum(address, text);
	if (imported)
		buf_printf(ret_text, "Key imported:\n  Address %s\n  Keystore file: ", text);
	else
		buf_printf(ret_text, "Generated account %s\nKeystore file: ", text);
	text_escape(untrusted_path, PATH_SHOWN, ret_text);
	buf_put_text(ret_text, "\n\nThe key is encrypted with your password. Without the file or without the password\n"
	                       "it is lost, and all that the account owns with it: keep copies of both.\n");
}

void accounts_text_plain_key(const char *path, struct buf *ret_text)
{
	text_escape(bytes_text(path), PATH_SHOWN, ret_text);
	buf_put_text(
	    ret_text, " still holds the key without a password: destroy it (shred -u) once you have a copy of the new file.\n");
}

void accounts_text_unreadable(size_t count, struct buf *ret_text)
{
	buf_printf(ret_text, "No account can be shown: %zu of the keystore's files cannot be read and %s left out.\n", count,
	    count == 1 ? "was" : "were");
}

void accounts_text_no_keystore(const char *path, struct buf *ret_text)
{
	buf_put_text(ret_text, "the keystore ");
	text_escape(bytes_text(path), PATH_SHOWN, ret_text);
	buf_put_text(ret_text, " does not exist\n");
}
