#include "base/nearest.h"

#include <ctype.h>
#include <stdint.h>
#include <string.h>

struct nearest nearest_to(const char *given, size_t size)
{
	return (struct nearest){.given = given, .size = size, .name = NULL, .distance = SIZE_MAX};
}

static size_t least(size_t a, size_t b)
{
	return a < b ? a : b;
}

static int letter(char c)
{
	return tolower((unsigned char)c);
}

/* Edits between the two, neighbours that changed places being one edit ("optimal string alignment"). */
static size_t edits(const char *a, size_t a_size, const char *b, size_t b_size)
{
	size_t rows[3][NEAREST_NAME_MOST + 1] = {{0}};

	for (size_t j = 0; j <= b_size; j++)
		rows[0][j] = j;
	for (size_t i = 1; i <= a_size; i++) {
		size_t *now = rows[i % 3];
		const size_t *before = rows[(i + 2) % 3];
		const size_t *earlier = rows[(i + 1) % 3];

		now[0] = i;
		for (size_t j = 1; j <= b_size; j++) {
			size_t exchanged = letter(a[i - 1]) != letter(b[j - 1]);

			now[j] = least(before[j - 1] + exchanged, least(before[j], now[j - 1]) + 1);
			if (i > 1 && j > 1 && letter(a[i - 1]) == letter(b[j - 2]) && letter(a[i - 2]) == letter(b[j - 1]))
				now[j] = least(now[j], earlier[j - 2] + 1);
		}
	}
	return rows[a_size % 3][b_size];
}

void nearest_offer(struct nearest *nearest, const char *name)
{
	size_t size = name == NULL ? 0 : strlen(name);

	if (size < 2 || size > NEAREST_NAME_MOST || nearest->size > NEAREST_NAME_MOST)
		return;
	size_t distance = edits(nearest->given, nearest->size, name, size);
	if (distance >= nearest->distance || distance > (size < 6 ? 1 : size / 3))
		return;
	nearest->name = name;
	nearest->distance = distance;
}
