/*
 * selectors_custom: the person's own additions to the list of method signatures, as Clef keeps them: a JSON object that maps a selector (8 lower-case
 * hex digits, no 0x) to a canonical signature, {"a9059cbb":"transfer(address,uint256)"}.
 *
 * The file is not trusted to be right: a text counts only if it is a method's signature whose Keccak-256 begins with its selector. Others
 * are kept in the file and never used.
 */
#ifndef CLEF_DECODE_SELECTORS_CUSTOM_H
#define CLEF_DECODE_SELECTORS_CUSTOM_H

#include "base/bytes.h"
#include "base/error.h"
#include "base/log.h"

/* Limits on the file; beyond them it is refused, and nothing more is added. */
#define SELECTORS_CUSTOM_FILE_MAX ((size_t)32 * 1024 * 1024)
#define SELECTORS_CUSTOM_MAX      ((size_t)1000000)

struct selectors_custom_entry {
	uint8_t selector[4];
	uint32_t offset, size; /* in texts */
};

struct selectors_custom {
	struct selectors_custom_entry *entries; /* sorted by selector, each once */
	size_t count, capacity;
	struct buf texts;
};

#define SELECTORS_CUSTOM_EMPTY ((struct selectors_custom){.texts = {.limit = SELECTORS_CUSTOM_FILE_MAX}})
void selectors_custom_free(struct selectors_custom *list);

/*
 * Read the file's content into an empty list; white space alone is an empty list. Texts that cannot be used are named in warnings, the first few of them. False
 * (ERROR_REFUSED) for what is no JSON object from names to texts, or names one selector twice: the error says where.
 */
bool selectors_custom_read(
    struct bytes untrusted_content, const struct log *log, struct selectors_custom *list, struct error *ret_error);
/* The text is borrowed and lives until something is added. A list that is NULL has nothing. */
bool selectors_custom_find(const struct selectors_custom *list, const uint8_t selector[4], struct bytes *ret_signature);
/* Add a signature (abi_parse_method accepted it); false when its selector is there already, or the list is full. */
bool selectors_custom_add(struct selectors_custom *list, const uint8_t selector[4], struct bytes signature);

/*
 * The file's content with one more entry at its end; what is there stays byte for byte. *ret_known: the selector is there already, whatever its text, and nothing is
 * put. ERROR_REFUSED when the content is none that selectors_custom_read takes, or the result would be too large.
 */
bool selectors_custom_put(struct bytes untrusted_content, const uint8_t selector[4], struct bytes signature, bool *ret_known,
    struct buf *ret_content, struct error *ret_error);

#endif
