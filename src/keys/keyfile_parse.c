#include "keys/keyfile.h"

#include <string.h>

#include "base/hex.h"
#include "keys/keyfile_json.h"

#define UUID_PLAIN 36 /* xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx */
#define UUID_RAW   32
/* Error texts repeat at most so much of a text from the file. */
#define SHOWN_MAX 64

static int shown_size(struct bytes text)
{
	return text.size < SHOWN_MAX ? (int)text.size : SHOWN_MAX;
}

static const char *shown(struct bytes text)
{
	return text.size == 0 ? "" : (const char *)text.data;
}

/* Hex of the address member; the end counts when it is too long, zeros go in front when it is too short. */
static bool address_from_text(struct bytes text, struct address *ret_address)
{
	struct bytes digits = hex_skip_prefix(text);
	uint8_t padded[2 * ADDRESS_SIZE];

	for (size_t i = 0; i < digits.size; i++) {
		if (hex_digit(digits.data[i]) < 0)
			return false;
	}
	size_t kept = digits.size < sizeof padded ? digits.size : sizeof padded;
	memset(padded, '0', sizeof padded);
	if (kept > 0)
		memcpy(padded + sizeof padded - kept, digits.data + digits.size - kept, kept);
	return hex_decode_fixed(bytes_of(padded, sizeof padded), ret_address->bytes, ADDRESS_SIZE);
}

bool keyfile_read_address(struct bytes untrusted_text, struct address *ret_address, struct error *ret_error)
{
	struct json JSON_CLEANUP json = {0};
	struct json_scan scan;
	struct bytes text;

	json_scan_start(&scan);
	enum json_scan_result found = json_scan_feed(&scan, untrusted_text);
	struct bytes value =
	    found == JSON_SCAN_VALUE ? bytes_of(untrusted_text.data + scan.start, scan.offset - scan.start) : BYTES_NONE;
	if (!json_parse(value, &json, ret_error))
		return error_set(ret_error, ERROR_REFUSED, "is not JSON");
	if (!yyjson_is_obj(json.root))
		return error_set(ret_error, ERROR_REFUSED, "is not a JSON object");
	if (!keyfile_json_string(json.root, "address", &text, ret_error))
		return false;
	if (!address_from_text(text, ret_address))
		return error_set(ret_error, ERROR_REFUSED, "has a malformed address");
	if (address_is_zero(ret_address))
		return error_set(ret_error, ERROR_REFUSED, "has no address or a zero one");
	return true;
}

static bool parse_version(yyjson_val *root, int *ret_version, struct error *ret_error)
{
	yyjson_val *value;

	if (!keyfile_json_member(root, "version", &value, ret_error))
		return false;
	struct bytes text = json_bytes(value);
	if (value == NULL)
		return error_set(ret_error, ERROR_REFUSED, "version not supported: 0");
	if (yyjson_is_str(value) && bytes_equal_text(text, "1"))
		*ret_version = 1;
	else if (yyjson_is_raw(value) && bytes_equal_text(text, "3"))
		*ret_version = 3;
	else if (yyjson_is_raw(value))
		return error_set(ret_error, ERROR_REFUSED, "version not supported: %.*s", shown_size(text), shown(text));
	else
		return error_set(ret_error, ERROR_REFUSED, "key file: \"version\" must be the number 3 or the text \"1\"");
	return true;
}

/* xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx */
static bool uuid_from_plain(struct bytes text, uint8_t ret_id[KEYFILE_ID_SIZE])
{
	uint8_t digits[UUID_RAW];
	size_t count = 0;

	for (size_t i = 0; i < UUID_PLAIN; i++) {
		bool dash = i == 8 || i == 13 || i == 18 || i == 23;
		if (dash != (text.data[i] == '-'))
			return false;
		if (!dash)
			digits[count++] = text.data[i];
	}
	return hex_decode_fixed(bytes_of(digits, count), ret_id, KEYFILE_ID_SIZE);
}

/* RFC 9562 text, also with "urn:uuid:" before, in braces, or as bare digits. */
static bool parse_id(yyjson_val *root, uint8_t ret_id[KEYFILE_ID_SIZE], struct error *ret_error)
{
	static const char urn[] = "urn:uuid:";
	const size_t urn_size = sizeof urn - 1;
	struct bytes text;
	bool ok;

	if (!keyfile_json_string(root, "id", &text, ret_error))
		return false;
	if (text.size == UUID_PLAIN)
		ok = uuid_from_plain(text, ret_id);
	else if (text.size == urn_size + UUID_PLAIN)
		ok = bytes_equal_text_nocase(bytes_of(text.data, urn_size), urn) &&
		     uuid_from_plain(bytes_of(text.data + urn_size, UUID_PLAIN), ret_id);
	else if (text.size == UUID_PLAIN + 2)
		ok = text.data[0] == '{' && text.data[text.size - 1] == '}' &&
		     uuid_from_plain(bytes_of(text.data + 1, UUID_PLAIN), ret_id);
	else if (text.size == UUID_RAW)
		ok = hex_decode_fixed(text, ret_id, KEYFILE_ID_SIZE);
	else
		return error_set(ret_error, ERROR_REFUSED, "invalid UUID length: %zu", text.size);
	return ok || error_set(ret_error, ERROR_REFUSED, "invalid UUID format");
}

/* A text of hex digits without prefix, at most `most` bytes. */
static bool hex_from_text(
    struct bytes text, const char *name, uint8_t *ret_data, size_t most, size_t *ret_size, struct error *ret_error)
{
	if (text.size / 2 > most)
		return error_set(ret_error, ERROR_REFUSED, "key file: \"%s\" has more than %zu bytes", name, most);
	if (!hex_decode_fixed(text, ret_data, text.size / 2))
		return error_set(ret_error, ERROR_REFUSED, "key file: \"%s\" must be hex digits without 0x, two a byte", name);
	*ret_size = text.size / 2;
	return true;
}

static bool parse_hex(
    yyjson_val *object, const char *name, uint8_t *ret_data, size_t most, size_t *ret_size, struct error *ret_error)
{
	struct bytes text;

	return keyfile_json_string(object, name, &text, ret_error) &&
	       hex_from_text(text, name, ret_data, most, ret_size, ret_error);
}

/* A MAC of the wrong length is no malformed file to Clef's clients: no password fits it. */
static bool parse_mac(yyjson_val *crypto, struct keyfile *ret_keyfile, struct error *ret_error)
{
	uint8_t mac[KEYFILE_CIPHERTEXT_MAX];
	size_t size;

	if (!parse_hex(crypto, "mac", mac, sizeof mac, &size, ret_error))
		return false;
	ret_keyfile->has_mac = size == KEYFILE_MAC_SIZE;
	if (ret_keyfile->has_mac)
		memcpy(ret_keyfile->mac, mac, KEYFILE_MAC_SIZE);
	return true;
}

static bool parse_cipher(yyjson_val *crypto, struct keyfile *ret_keyfile, struct error *ret_error)
{
	struct bytes cipher;
	yyjson_val *params;
	size_t iv_size;

	if (!keyfile_json_string(crypto, "cipher", &cipher, ret_error))
		return false;
	if (!bytes_equal_text(cipher, ret_keyfile->version == 1 ? "aes-128-cbc" : "aes-128-ctr"))
		return error_set(ret_error, ERROR_REFUSED, "cipher not supported: %.*s", shown_size(cipher), shown(cipher));
	if (!parse_mac(crypto, ret_keyfile, ret_error) || !keyfile_json_object(crypto, "cipherparams", &params, ret_error) ||
	    !parse_hex(params, "iv", ret_keyfile->iv, KEYFILE_IV_SIZE, &iv_size, ret_error) ||
	    !parse_hex(
	        crypto, "ciphertext", ret_keyfile->ciphertext, KEYFILE_CIPHERTEXT_MAX, &ret_keyfile->ciphertext_size, ret_error))
		return false;
	if (iv_size != KEYFILE_IV_SIZE)
		return error_set(
		    ret_error, ERROR_REFUSED, "key file: \"iv\" has %zu bytes, %d were expected", iv_size, KEYFILE_IV_SIZE);
	return true;
}

static bool parse_scrypt(yyjson_val *params, struct keyfile_cost *ret_cost, struct error *ret_error)
{
	uint64_t r = 0, p = 0;

	ret_cost->kdf = KEYFILE_SCRYPT;
	if (!keyfile_json_number(params, "n", UINT64_MAX, &ret_cost->n, ret_error) ||
	    !keyfile_json_number(params, "r", UINT32_MAX, &r, ret_error) ||
	    !keyfile_json_number(params, "p", UINT32_MAX, &p, ret_error))
		return false;
	ret_cost->r = (uint32_t)r;
	ret_cost->p = (uint32_t)p;
	return true;
}

static bool parse_pbkdf2(yyjson_val *params, struct keyfile_cost *ret_cost, struct error *ret_error)
{
	struct bytes prf = json_bytes(yyjson_obj_get(params, "prf"));
	uint64_t rounds = 0;

	ret_cost->kdf = KEYFILE_PBKDF2;
	if (!bytes_equal_text(prf, "hmac-sha256"))
		return error_set(ret_error, ERROR_REFUSED, "unsupported PBKDF2 PRF: %.*s", shown_size(prf), shown(prf));
	if (!keyfile_json_number(params, "c", KEYFILE_PBKDF2_MAX, &rounds, ret_error))
		return false;
	ret_cost->rounds = (uint32_t)rounds;
	return true;
}

static bool parse_kdf(yyjson_val *crypto, struct keyfile *ret_keyfile, struct error *ret_error)
{
	struct keyfile_cost *cost = &ret_keyfile->cost;
	struct bytes kdf;
	yyjson_val *params;
	uint64_t dklen = 0;
	bool ok;

	if (!keyfile_json_string(crypto, "kdf", &kdf, ret_error) || !keyfile_json_object(crypto, "kdfparams", &params, ret_error))
		return false;
	if (bytes_equal_text(kdf, "scrypt"))
		ok = parse_scrypt(params, cost, ret_error);
	else if (bytes_equal_text(kdf, "pbkdf2"))
		ok = parse_pbkdf2(params, cost, ret_error);
	else
		return error_set(ret_error, ERROR_REFUSED, "unsupported KDF: %.*s", shown_size(kdf), shown(kdf));
	if (!ok || !keyfile_json_number(params, "dklen", UINT32_MAX, &dklen, ret_error))
		return false;
	if (dklen == 0)
		return error_set(ret_error, ERROR_REFUSED, "key file: kdfparams \"dklen\" must be positive");
	yyjson_val *salt = yyjson_obj_get(params, "salt");
	if (!yyjson_is_str(salt))
		return error_set(ret_error, ERROR_REFUSED, "key file: kdfparams lacks \"salt\"");
	return hex_from_text(json_bytes(salt), "salt", ret_keyfile->salt, KEYFILE_SALT_MAX, &ret_keyfile->salt_size, ret_error) &&
	       keyfile_check_cost(cost, ret_error);
}

static bool parse_address(yyjson_val *root, struct keyfile *ret_keyfile, struct error *ret_error)
{
	struct bytes text;

	if (!keyfile_json_string(root, "address", &text, ret_error))
		return false;
	if (!address_from_text(text, &ret_keyfile->address))
		return error_set(ret_error, ERROR_REFUSED, "key file: malformed address");
	ret_keyfile->has_address = !address_is_zero(&ret_keyfile->address);
	return true;
}

bool keyfile_parse(struct bytes untrusted_text, struct keyfile *ret_keyfile, struct error *ret_error)
{
	struct json JSON_CLEANUP json = {0};
	yyjson_val *crypto;

	*ret_keyfile = (struct keyfile){0};
	if (untrusted_text.size > KEYFILE_SIZE_MAX)
		return error_set(ret_error, ERROR_REFUSED, "key file: larger than %u bytes", KEYFILE_SIZE_MAX);
	if (!json_parse(untrusted_text, &json, ret_error))
		return error_set(ret_error, ERROR_REFUSED, "key file: is not one JSON value and nothing else");
	if (!yyjson_is_obj(json.root))
		return error_set(ret_error, ERROR_REFUSED, "key file: is not a JSON object");
	return parse_address(json.root, ret_keyfile, ret_error) && parse_version(json.root, &ret_keyfile->version, ret_error) &&
	       parse_id(json.root, ret_keyfile->id, ret_error) && keyfile_json_object(json.root, "crypto", &crypto, ret_error) &&
	       parse_cipher(crypto, ret_keyfile, ret_error) && parse_kdf(crypto, ret_keyfile, ret_error);
}
