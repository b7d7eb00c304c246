/* keyfile_json: the members of a key file's objects. Private to keyfile*.c. */
#ifndef CLEF_KEYS_KEYFILE_JSON_H
#define CLEF_KEYS_KEYFILE_JSON_H

#include "base/json.h"

/* The member with this name in any case; NULL when absent or null. False (ERROR_REFUSED) when two members answer to it. */
bool keyfile_json_member(yyjson_val *object, const char *name, yyjson_val **ret_value, struct error *ret_error);
/* The same, and it must be of this kind; an absent object is NULL, an absent string is nothing. */
bool keyfile_json_object(yyjson_val *object, const char *name, yyjson_val **ret_object, struct error *ret_error);
bool keyfile_json_string(yyjson_val *object, const char *name, struct bytes *ret_text, struct error *ret_error);
/* The member of kdfparams with exactly this name: a whole number from 0 to `most`. Must be there. */
bool keyfile_json_number(yyjson_val *kdfparams, const char *name, uint64_t most, uint64_t *ret_value, struct error *ret_error);

#endif
