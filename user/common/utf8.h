/* SPDX-License-Identifier: BSD-2-Clause */
/* utf8: where characters end, in text that may be anything. */
#ifndef VIZTRACE_UTF8_H
#define VIZTRACE_UTF8_H

#include <stddef.h>

/* The length of the character that begins here, or 0 if it is no whole and valid one. *ret_bad: how many
 * bytes are then bad together. */
size_t utf8__length(const unsigned char *s, size_t size, size_t *ret_bad);

/* How much of `s` is left if a character that is cut off at the end is left out. */
size_t utf8__whole(const char *s, size_t size);

#endif
