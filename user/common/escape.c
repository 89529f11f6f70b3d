// SPDX-License-Identifier: BSD-2-Clause
/* escape: see escape.h. */
#define _GNU_SOURCE
#include "escape.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "utf8.h"

/* Bytes at `s` that may be shown as they are, at least 1 of `size`; 0: the first one may not. */
static size_t harmless(const char *s, size_t size)
{
	const unsigned char *u = (const unsigned char *)s;
	size_t n = 0, bad, length;

	while (n < size) {
		if (u[n] < 0x20 || u[n] == 0x7f)
			break;
		length = u[n] < 0x80 ? 1 : utf8__length(u + n, size - n, &bad);
		if (!length || (u[n] == 0xc2 && u[n + 1] < 0xa0)) /* U+0080 to U+009F */
			break;
		n += length;
	}
	return n;
}

void escape__put(FILE *to, const char *text, size_t size)
{
	while (size) {
		size_t n = harmless(text, size);

		if (n) {
			fwrite(text, 1, n, to);
		} else {
			n = 1;
			if (*text == '\n' || *text == '\t' || *text == '\r')
				fprintf(to, "\\%c", *text == '\n' ? 'n' : *text == '\t' ? 't' : 'r');
			else
				fprintf(to, "\\x%02x", (unsigned char)*text);
			/* Its second byte alone would be no UTF-8, and be escaped as well. */
		}
		text += n;
		size -= n;
	}
}

void escape__vprint(FILE *to, const char *format, va_list args)
{
	char *text;
	int size = vasprintf(&text, format, args);

	if (size < 0) {
		fputs("(out of memory)", to);
		return;
	}
	escape__put(to, text, (size_t)size);
	free(text);
}

void escape__print(FILE *to, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	escape__vprint(to, format, args);
	va_end(args);
}

void escape__print_line(FILE *to, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	escape__vprint(to, format, args);
	va_end(args);
	putc('\n', to);
}
