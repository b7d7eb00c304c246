#include "core/account_list.h"

#include <stdlib.h>
#include <string.h>

#include "base/json.h"

static bool read_one(struct reader *reader, struct arena *arena, struct account *ret_account)
{
	struct bytes address = reader_bytes(reader, ADDRESS_SIZE);
	struct bytes path = reader_bytes(reader, reader_u32(reader));

	if (reader->failed)
		return false;
	memcpy(ret_account->address.bytes, address.data, ADDRESS_SIZE);
	ret_account->path = arena != NULL ? arena_copy(arena, path) : path;
	return true;
}

bool account_list_read(struct bytes packed, struct arena *arena, struct account_list *ret_list, struct error *ret_error)
{
	struct reader reader = reader_of(packed);
	struct account account;

	*ret_list = (struct account_list){0};
	while (reader.left > 0 && read_one(&reader, NULL, &account))
		ret_list->count++;
	if (reader.failed)
		return error_set(ret_error, ERROR_INTERNAL, "the list of accounts is malformed");
	ret_list->accounts = arena_array(arena, ret_list->count, sizeof(ret_list->accounts[0]));
	reader = reader_of(packed);
	for (size_t i = 0; i < ret_list->count; i++)
		read_one(&reader, arena, &ret_list->accounts[i]);
	return true;
}

static int compare_addresses(const void *a, const void *b)
{
	return memcmp(a, b, ADDRESS_SIZE);
}

void account_list_sort(struct account_list *list, struct arena *arena)
{
	list->sorted = arena_array(arena, list->count, sizeof(list->sorted[0]));
	for (size_t i = 0; i < list->count; i++)
		list->sorted[i] = list->accounts[i].address;
	if (list->count > 0)
		qsort(list->sorted, list->count, sizeof(list->sorted[0]), compare_addresses);
}

bool account_list_has(const struct account_list *list, const struct address *address)
{
	return list->count > 0 && bsearch(address, list->sorted, list->count, sizeof(list->sorted[0]), compare_addresses) != NULL;
}

void account_put_json(const struct address *address, struct bytes path, struct buf *buf)
{
	struct buf url BUF_CLEANUP = BUF_INIT(65536);
	char text[ADDRESS_TEXT_SIZE];

	address_to_lower(address, text);
	buf_printf(buf, "{\"address\":\"%s\",\"url\":", text);
	buf_put_text(&url, "keystore://");
	buf_put_bytes(&url, path);
	json_put_string(buf, buf_bytes(&url));
	buf_put_u8(buf, '}');
}

void account_list_put_json(const struct account_list *list, struct buf *buf)
{
	buf_put_u8(buf, '[');
	for (size_t i = 0; i < list->count; i++) {
		if (i > 0)
			buf_put_u8(buf, ',');
		account_put_json(&list->accounts[i].address, list->accounts[i].path, buf);
	}
	buf_put_u8(buf, ']');
}

bool account_read_address(struct bytes untrusted_text, size_t argument, struct address *ret_address, struct error *ret_error)
{
	if (address_parse(untrusted_text, ret_address))
		return true;
	return error_set(ret_error, ERROR_PARAMS, "invalid argument %zu: expected an address, 0x and 40 hex digits", argument);
}
