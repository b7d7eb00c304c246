#include "keys/wipe_stack.h"

#include <stdint.h>

#include "base/bytes.h"

/* Its frame is the region: never inlined, so that it lies where the frames of earlier calls lay. */
__attribute__((noinline)) void wipe_stack(void)
{
	uint8_t room[WIPE_STACK_SIZE];

	bytes_wipe(room, sizeof room);
}
