/* RLP: whatever the strict reader accepts, item by item, is what the writer makes of it again. */
#include "target.h"

#include "eth/rlp.h"

#define DEPTH_MAX 64

/* Copies the items that are left; a list is opened when it is one, taken as bytes when it is not. */
static bool copy_items(struct rlp_reader *items, unsigned depth, struct buf *copy)
{
	while (rlp_more(items)) {
		struct rlp_reader probe = *items;
		struct rlp_reader list = rlp_get_list(&probe);

		if (rlp_failed(&probe)) {
			rlp_put_bytes(copy, rlp_get_bytes(items));
		} else {
			size_t begin = rlp_list_begin(copy);

			if (depth == DEPTH_MAX || !copy_items(&list, depth + 1, copy))
				return false;
			rlp_list_end(copy, begin);
			*items = probe;
		}
	}
	return rlp_done(items);
}

/* Each item as every kind of thing: what it is read as, it is written as. */
static void check_kinds(struct bytes input)
{
	struct rlp_reader items = rlp_reader_of(input);

	while (rlp_more(&items)) {
		struct rlp_reader wide = items, narrow = items, address = items, fixed = items, next = items;
		struct buf copy BUF_CLEANUP = BUF_INIT(64);
		struct u256 number = rlp_get_u256(&wide);
		uint64_t small = rlp_get_u64(&narrow);
		uint8_t hash[32];
		bool present;
		struct address found = rlp_get_address(&address, &present);

		rlp_get_fixed(&fixed, hash, sizeof(hash));
		rlp_skip(&next);
		if (!rlp_failed(&wide))
			rlp_put_u256(&copy, &number);
		fuzz_require(rlp_failed(&wide) || bytes_equal(buf_bytes(&copy), bytes_of(items.reader.data, copy.size)));
		buf_reset(&copy);
		if (!rlp_failed(&narrow))
			rlp_put_u64(&copy, small);
		fuzz_require(rlp_failed(&narrow) ||
		             (!rlp_failed(&wide) && bytes_equal(buf_bytes(&copy), bytes_of(items.reader.data, copy.size))));
		buf_reset(&copy);
		if (!rlp_failed(&address))
			rlp_put_address(&copy, present ? &found : NULL);
		fuzz_require(rlp_failed(&address) || bytes_equal(buf_bytes(&copy), bytes_of(items.reader.data, copy.size)));
		items = next;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct rlp_reader items = rlp_reader_of(bytes_of(data, size));
	struct buf copy BUF_CLEANUP = BUF_INIT(size);

	if (copy_items(&items, 0, &copy))
		fuzz_require(bytes_equal(buf_bytes(&copy), bytes_of(data, size)));
	check_kinds(bytes_of(data, size));
	return 0;
}
