/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Values as text, to compare with what a test expects:
 *   {open=3, load=1.5, on=true, owner="ada", cut="lon"~, extra=json"[1]", none=null, gone=?,
 * rates=[1.0, 2.0], size=3 bytes} A double always has a dot, an exponent or letters; an unsigned integer ends in u.
 */
#ifndef VIZTRACE_TEST_SHOW_H
#define VIZTRACE_TEST_SHOW_H

#include <inttypes.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/event.h"

struct page {
	char *text;
	size_t size, room;
};

__attribute__((format(printf, 2, 3), unused)) static void print(struct page *p, const char *format, ...)
{
	va_list args;
	char *more;
	int n;

	va_start(args, format);
	n = vsnprintf(NULL, 0, format, args);
	va_end(args);
	if (p->size + (size_t)n + 1 > p->room) {
		p->room = 2 * (p->size + (size_t)n + 1);
		more = realloc(p->text, p->room);
		if (!more)
			abort();
		p->text = more;
	}
	va_start(args, format);
	vsnprintf(p->text + p->size, (size_t)n + 1, format, args);
	va_end(args);
	p->size += (size_t)n;
}

static inline const struct value *show_value(struct page *p, const struct value *v);

static inline const struct value *show_all(struct page *p, const struct value *v, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++) {
		print(p, "%s", i ? ", " : "");
		v = show_value(p, v);
	}
	return v;
}

static inline const struct value *show_value(struct page *p, const struct value *v)
{
	char number[64];

	if (v->key)
		print(p, "%s=", v->key);
	switch (v->type) {
	case VALUE_INT: print(p, "%" PRId64, v->i); break;
	case VALUE_UINT: print(p, "%" PRIu64 "u", v->u); break;
	case VALUE_BOOL: print(p, "%s", v->u ? "true" : "false"); break;
	case VALUE_DOUBLE:
		snprintf(number, sizeof(number), "%.17g", v->d);
		print(p, "%s%s", number, strpbrk(number, ".en") ? "" : ".0");
		break;
	case VALUE_STRING: print(p, "\"%.*s\"%s", (int)v->size, v->s, v->truncated ? "~" : ""); break;
	case VALUE_JSON: print(p, "json\"%.*s\"%s", (int)v->size, v->s, v->truncated ? "~" : ""); break;
	case VALUE_NULL: print(p, "null"); break;
	case VALUE_UNREADABLE: print(p, "?"); break;
	case VALUE_LIST:
	case VALUE_DICT: {
		uint32_t n = v->n_children;
		bool list = v->type == VALUE_LIST;

		print(p, "%s", list ? "[" : "{");
		v = show_all(p, v + 1, n);
		print(p, "%s", list ? "]" : "}");
		return v;
	}
	}
	if (v->unit)
		print(p, " %s", v->unit);
	return v + 1;
}

/* `n_values` counts nodes, so that trees that say more or less than they hold show up. */
static inline void show_values(struct page *p, const struct value *v, size_t n_values)
{
	const struct value *end = v + n_values;
	bool first = true;

	print(p, "{");
	while (v < end) {
		print(p, "%s", first ? "" : ", ");
		v = show_value(p, v);
		first = false;
	}
	print(p, "}%s", v == end ? "" : " (more nodes than there are)");
}

#endif
