/* Key files: both readers agree on the account, and what is in our own form is written as it was read. */
#include "target.h"

#include <string.h>

#include "keys/keyfile.h"

/* Only such files does keyfile_seal make. */
static bool is_ours(const struct keyfile *keyfile)
{
	return keyfile->version == 3 && keyfile->has_address && keyfile->has_mac && keyfile->cost.kdf == KEYFILE_SCRYPT &&
	       keyfile->salt_size == 32 && keyfile->ciphertext_size == SIGNATURE_KEY_SIZE;
}

static void check_written(const struct keyfile *keyfile)
{
	struct buf text BUF_CLEANUP = BUF_INIT(KEYFILE_JSON_MAX);
	struct keyfile again;
	struct error error;

	keyfile_write(keyfile, &text);
	fuzz_require(keyfile_parse(buf_bytes(&text), &again, &error));
	fuzz_require(again.cost.n == keyfile->cost.n && again.cost.r == keyfile->cost.r && again.cost.p == keyfile->cost.p);
	fuzz_require(address_equal(&again.address, &keyfile->address) && is_ours(&again));
	fuzz_require(memcmp(again.salt, keyfile->salt, 32) == 0 && memcmp(again.iv, keyfile->iv, KEYFILE_IV_SIZE) == 0 &&
	             memcmp(again.ciphertext, keyfile->ciphertext, SIGNATURE_KEY_SIZE) == 0 &&
	             memcmp(again.mac, keyfile->mac, KEYFILE_MAC_SIZE) == 0 &&
	             memcmp(again.id, keyfile->id, KEYFILE_ID_SIZE) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct bytes input = bytes_of(data, size);
	struct keyfile keyfile;
	struct address listed;
	struct error error;
	bool is_listed = keyfile_read_address(input, &listed, &error);

	if (!keyfile_parse(input, &keyfile, &error))
		return 0;
	fuzz_require(is_listed == keyfile.has_address);
	fuzz_require(!is_listed || address_equal(&listed, &keyfile.address));
	fuzz_require(keyfile_check_cost(&keyfile.cost, &error));
	fuzz_require(keyfile.salt_size <= KEYFILE_SALT_MAX && keyfile.ciphertext_size <= KEYFILE_CIPHERTEXT_MAX);
	if (is_ours(&keyfile))
		check_written(&keyfile);
	return 0;
}
