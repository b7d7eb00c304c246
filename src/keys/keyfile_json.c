#include "keys/keyfile_json.h"

#include "base/u256.h"

bool keyfile_json_member(yyjson_val *object, const char *name, yyjson_val **ret_value, struct error *ret_error)
{
	yyjson_obj_iter iter = yyjson_obj_iter_with(object);
	yyjson_val *key;
	bool seen = false;

	*ret_value = NULL;
	while ((key = yyjson_obj_iter_next(&iter)) != NULL) {
		if (!bytes_equal_text_nocase(json_bytes(key), name))
			continue;
		if (seen)
			return error_set(ret_error, ERROR_REFUSED, "key file: member \"%s\" comes twice", name);
		seen = true;
		yyjson_val *value = yyjson_obj_iter_get_val(key);
		if (!yyjson_is_null(value))
			*ret_value = value;
	}
	return true;
}

bool keyfile_json_object(yyjson_val *object, const char *name, yyjson_val **ret_object, struct error *ret_error)
{
	if (!keyfile_json_member(object, name, ret_object, ret_error))
		return false;
	if (*ret_object != NULL && !yyjson_is_obj(*ret_object))
		return error_set(ret_error, ERROR_REFUSED, "key file: \"%s\" must be an object", name);
	return true;
}

bool keyfile_json_string(yyjson_val *object, const char *name, struct bytes *ret_text, struct error *ret_error)
{
	yyjson_val *value;

	*ret_text = BYTES_NONE;
	if (!keyfile_json_member(object, name, &value, ret_error))
		return false;
	if (value != NULL && !yyjson_is_str(value))
		return error_set(ret_error, ERROR_REFUSED, "key file: \"%s\" must be a text", name);
	if (value != NULL)
		*ret_text = json_bytes(value);
	return true;
}

bool keyfile_json_number(yyjson_val *kdfparams, const char *name, uint64_t most, uint64_t *ret_value, struct error *ret_error)
{
	yyjson_val *value = yyjson_obj_get(kdfparams, name);
	struct u256 number;

	if (value == NULL)
		return error_set(ret_error, ERROR_REFUSED, "key file: kdfparams lacks \"%s\"", name);
	if (!yyjson_is_raw(value) || !u256_from_decimal(json_bytes(value), &number))
		return error_set(
		    ret_error, ERROR_REFUSED, "key file: kdfparams \"%s\" must be a whole number, not negative", name);
	if (!u256_fits_u64(&number, ret_value) || *ret_value > most)
		return error_set(ret_error, ERROR_REFUSED, "key file: kdfparams \"%s\" is above the limit of %llu", name,
		    (unsigned long long)most);
	return true;
}
