#include "gate/calls.h"

#include <stdlib.h>

#include "base/memory.h"

void calls_free(struct calls *calls)
{
	free(calls->slots);
	*calls = (struct calls){0};
}

static void add_slots(struct calls *calls)
{
	size_t before = calls->capacity;

	memory_grow((void **)&calls->slots, &calls->capacity, before + 1, sizeof *calls->slots);
	for (size_t i = calls->capacity; i > before; i--) {
		calls->slots[i - 1].next_free = calls->first_free;
		calls->first_free = (uint32_t)i;
	}
}

uint64_t calls_add(struct calls *calls, void *owner)
{
	if (calls->first_free == 0)
		add_slots(calls);
	uint32_t place = calls->first_free;
	struct calls_slot *slot = &calls->slots[place - 1];

	calls->first_free = slot->next_free;
	slot->owner = owner;
	slot->generation++;
	return (uint64_t)slot->generation << 32 | place;
}

void *calls_take(struct calls *calls, uint64_t number)
{
	uint32_t place = (uint32_t)number;

	if (place == 0 || place > calls->capacity)
		return NULL;
	struct calls_slot *slot = &calls->slots[place - 1];
	if (slot->owner == NULL || slot->generation != (uint32_t)(number >> 32))
		return NULL;
	void *owner = slot->owner;
	slot->owner = NULL;
	slot->next_free = calls->first_free;
	calls->first_free = place;
	return owner;
}
