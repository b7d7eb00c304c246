#include "decode/selectors.h"

#include <assert.h>
#include <string.h>

#include "selectors_file.h"

/*
 * The file that tools/generate-selectors writes; its layout is described there. In a page of its own kind of section, so that
 * looking something up never touches pages that hold anything else.
 */
__asm__(".pushsection .rodata.selectors,\"a\",%progbits\n"
        ".balign 64\n"
        ".globl clef_selectors_begin\n"
        ".hidden clef_selectors_begin\n"
        "clef_selectors_begin:\n"
        ".incbin \"" SELECTORS_FILE "\"\n"
        ".globl clef_selectors_end\n"
        ".hidden clef_selectors_end\n"
        "clef_selectors_end:\n"
        ".byte 0\n"
        ".popsection\n");

extern const uint8_t clef_selectors_begin[] __attribute__((visibility("hidden")));
extern const uint8_t clef_selectors_end[] __attribute__((visibility("hidden")));

#define MAGIC_SIZE 8
#define FAN_OUT    (MAGIC_SIZE + 4)
#define FAN_SIZE   257
#define ENTRIES    (FAN_OUT + 4 * FAN_SIZE)
#define ENTRY_SIZE 8

static uint32_t number_at(size_t offset)
{
	const uint8_t *at = clef_selectors_begin + offset;

	return (uint32_t)at[0] | (uint32_t)at[1] << 8 | (uint32_t)at[2] << 16 | (uint32_t)at[3] << 24;
}

size_t selectors_count(void)
{
	return number_at(MAGIC_SIZE);
}

/* The first entry in [low, high) that is not before the selector; high when all are. */
static size_t lower_bound(const uint8_t selector[4], size_t low, size_t high)
{
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (memcmp(clef_selectors_begin + ENTRIES + ENTRY_SIZE * middle, selector, 4) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* A text and where the next one begins. The list was made by us and ends in a 0, so that strlen stays inside. */
static struct bytes text_at(size_t *offset)
{
	assert(*offset < (size_t)(clef_selectors_end - clef_selectors_begin));
	struct bytes text = bytes_of(clef_selectors_begin + *offset, strlen((const char *)clef_selectors_begin + *offset));
	*offset += text.size + 1;
	return text;
}

bool selectors_find(const uint8_t selector[4], struct selectors_texts *ret_texts)
{
	size_t first = number_at(FAN_OUT + 4 * (size_t)selector[0]);
	size_t end = number_at(FAN_OUT + 4 * (size_t)selector[0] + 4);

	ret_texts->count = 0;
	for (size_t i = lower_bound(selector, first, end); i < end && ret_texts->count < SELECTORS_TEXTS_MAX; i++) {
		size_t entry = ENTRIES + ENTRY_SIZE * i;
		if (memcmp(clef_selectors_begin + entry, selector, 4) != 0)
			break;
		size_t offset = number_at(entry + 4);
		ret_texts->signatures[ret_texts->count] = text_at(&offset);
		ret_texts->names[ret_texts->count] = text_at(&offset);
		ret_texts->count++;
	}
	return ret_texts->count > 0;
}
