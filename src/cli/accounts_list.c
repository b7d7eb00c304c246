#include "cli/accounts_list.h"

#include <string.h>

#include "base/file.h"
#include "base/text.h"
#include "eth/address.h"

#define OUTPUT_CHUNK ((size_t)64 * 1024)
/* An escaped path: at most 4 characters for each byte. */
#define ENTRY_MOST ((size_t)64 * 1024)
#define PATH_SHOWN ((size_t)16 * 1024)

static void put_account(struct buf *out, const struct address *address, struct bytes untrusted_path)
{
	char text[ADDRESS_TEXT_SIZE];

	address_to_checksum(address, text);
	buf_printf(out, "%s (keystore://", text);
	text_escape(untrusted_path, PATH_SHOWN, out);
	buf_put_text(out, ")\n");
}

static void put_wallet(struct buf *out, size_t number, const struct address *address, struct bytes untrusted_path)
{
	buf_printf(out, "- Wallet %zu at keystore://", number);
	text_escape(untrusted_path, PATH_SHOWN, out);
	buf_put_text(out, " (Locked )\n  -Account 0: ");
	put_account(out, address, untrusted_path);
	buf_put_text(out, "\n");
}

bool accounts_list_print(int fd, struct bytes accounts, bool as_wallets, struct error *ret_error)
{
	BUF_CLEANUP struct buf out = BUF_INIT(OUTPUT_CHUNK + ENTRY_MOST);
	struct reader reader = reader_of(accounts);
	struct address address;
	size_t count;

	for (count = 0; reader.left > 0; count++) {
		struct bytes bytes = reader_bytes(&reader, ADDRESS_SIZE);
		struct bytes untrusted_path = reader_bytes(&reader, reader_u32(&reader));
		if (reader.failed)
			return error_set(ret_error, ERROR_INTERNAL, "the list that the keys process sent is damaged");
		memcpy(address.bytes, bytes.data, ADDRESS_SIZE);
		if (as_wallets)
			put_wallet(&out, count, &address, untrusted_path);
		else
			put_account(&out, &address, untrusted_path);
		if (out.size < OUTPUT_CHUNK)
			continue;
		if (!file_write_all(fd, buf_bytes(&out), ret_error))
			return false;
		buf_reset(&out);
	}
	if (count == 0)
		buf_put_text(&out, as_wallets ? "There are no wallets.\n" : "The keystore is empty.\n");
	return file_write_all(fd, buf_bytes(&out), ret_error);
}
