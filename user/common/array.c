// SPDX-License-Identifier: BSD-2-Clause
/* array: see array.h. */
#include "array.h"

#include <errno.h>
#include <stdlib.h>

#define ROOM_MIN 16

int array__make_room(void *array, size_t *room, size_t wanted, size_t size)
{
	size_t n = *room ? *room : ROOM_MIN;
	void **at = array, *more;

	if (wanted <= *room)
		return 0;
	while (n < wanted)
		n *= 2;
	more = realloc(*at, n * size);
	if (!more)
		return -ENOMEM;
	*at = more;
	*room = n;
	return 0;
}
