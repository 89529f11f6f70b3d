/* SPDX-License-Identifier: BSD-2-Clause */
/* array: room for one more element, and some more, so that it is made seldom. */
#ifndef VIZTRACE_ARRAY_H
#define VIZTRACE_ARRAY_H

#include <stddef.h>

/* `array` is the address of the pointer to its elements, of `size` bytes each, of which there is room for *room; NULL
 * and 0 at first. There is for `wanted` then: 0, or -ENOMEM, and all is as it was. */
int array__make_room(void *array, size_t *room, size_t wanted, size_t size);

#endif
