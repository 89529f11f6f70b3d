/* SPDX-License-Identifier: BSD-2-Clause */
#include "utf8.h"

size_t utf8__length(const unsigned char *s, size_t size, size_t *ret_bad)
{
	unsigned char low = 0x80, high = 0xbf;
	size_t length, i;

	*ret_bad = 1;
	if (s[0] >= 0xc2 && s[0] <= 0xdf)
		length = 2;
	else if (s[0] >= 0xe0 && s[0] <= 0xef)
		length = 3;
	else if (s[0] >= 0xf0 && s[0] <= 0xf4)
		length = 4;
	else
		return 0;
	/* Not longer than needed, no surrogates, nothing above U+10FFFF. */
	if (s[0] == 0xe0)
		low = 0xa0;
	else if (s[0] == 0xed)
		high = 0x9f;
	else if (s[0] == 0xf0)
		low = 0x90;
	else if (s[0] == 0xf4)
		high = 0x8f;
	for (i = 1; i < length; i++) {
		if (i >= size || s[i] < low || s[i] > high) {
			*ret_bad = i;
			return 0;
		}
		low = 0x80;
		high = 0xbf;
	}
	return length;
}

size_t utf8__whole(const char *s, size_t size)
{
	const unsigned char *u = (const unsigned char *)s;
	size_t back, bad;

	for (back = 1; back <= 3 && back <= size; back++) {
		if (u[size - back] < 0x80)
			break;
		if (u[size - back] < 0xc0)
			continue;
		/* The last character begins here. Cut off: so far it is right, but its end is missing. */
		if (!utf8__length(u + size - back, back, &bad) && bad == back && u[size - back] <= 0xf4)
			return size - back;
		break;
	}
	return size;
}
