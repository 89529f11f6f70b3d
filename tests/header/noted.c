/* SPDX-License-Identifier: BSD-2-Clause */
/* VIZ_UNIT and VIZ_ENUM: what the descriptors say. As C and as C++; 0 if all is well. */
#include "viztrace.h"

#include <stdio.h>
#include <string.h>

enum state { IDLE, BUSY };
struct pool { struct viz_counter viz; long open; double load; unsigned char plain; };
VIZ_PROBE_COUNTER(pool, VIZ_UNIT(open, "connections"), VIZ_UNIT(load, "%"), plain);

struct conn { struct viz_object viz; enum state state; short was[2]; signed char up; char name[4]; };
VIZ_PROBE_OBJECT(conn, VIZ_ENUM(state, "idle", "busy"), VIZ_ENUM(was, "idle", "", "a, \"b\""), VIZ_ENUM(up, "down", "up"), name);

struct child { struct conn viz; int more; };
VIZ_PROBE_OBJECT(child, VIZ_ENUM(viz.state, "idle", "busy"), VIZ_UNIT(more, "a unit of as many characters as fit in."));

struct limits { int soft, kind; };
VIZ_PROBE_DICT(limits, VIZ_UNIT(soft, "MB"), VIZ_ENUM(kind, "hard", "soft"));

struct item { int state; struct item *next; double size; };
VIZ_PROBE_OBJECT_OF(item_trace, struct item, VIZ_ENUM(state, "new", "old"), VIZ_UNIT(size, "bytes"),
		    VIZ_ENUM(VIZ_AT(next, state), "first"), VIZ_AT(next, next, size));
VIZ_PROBE_COUNTER_OF(size_trace, struct item, VIZ_UNIT(size, "bytes"));

/* Up to 63. */
struct many { struct viz_object viz; int n; };
VIZ_PROBE_OBJECT(many, VIZ_ENUM(n, "0", "1", "2", "3", "4", "5", "6", "7", "8", "9", "10", "11", "12", "13", "14", "15", "16", "17",
	"18", "19", "20", "21", "22", "23", "24", "25", "26", "27", "28", "29", "30", "31", "32", "33", "34", "35", "36", "37", "38",
	"39", "40", "41", "42", "43", "44", "45", "46", "47", "48", "49", "50", "51", "52", "53", "54", "55", "56", "57", "58", "59",
	"60", "61", "a name of as many characters as fit in"));

/* In one line, as a macro of one's own may have them. */
#define DECLARE(tag, ...) struct tag { struct viz_object viz; int state; }; VIZ_PROBE_OBJECT(tag, VIZ_ENUM(state, __VA_ARGS__))
DECLARE(first, "a", "b"); DECLARE(second, "c", "d");

VIZ_PROBE_ENUM(colours, "red", "green");

#ifndef VIZ_PROBE_DISABLE
#include "check.h"

/* `names`: the attribute's, and the others, each with a "|" behind it. */
static void check_names(int line, const void *descriptor, const char *tag, unsigned at_line, const char *names)
{
	const struct viz_class *c = (const struct viz_class *)descriptor;
	const char *name = (const char *)(c + 1);

	CHECK_AT(line, c->magic == VIZ_CLASS_MAGIC && c->version == 4 && c->kind == VIZ_KIND_NAMES && c->line == at_line);
	CHECK_AT(line, !strcmp(c->tag, tag) && c->size == sizeof(*c) + c->n_attrs * 40u && !c->span_offset && !c->span_size);
	for (unsigned i = 0; i < c->n_attrs; i++, name += 40) {
		CHECK_AT(line, !strncmp(name, names, strlen(name)) && names[strlen(name)] == '|');
		names += strlen(name) + 1;
	}
	CHECK_AT(line, !*names);
}
#define NAMES(tag, k, label, names) \
	check_names(__LINE__, &viz__##tag##_u##k, #tag, (unsigned)viz__##tag##_line, label "|" names)

static void check_attr(int line, const struct viz_class *c, unsigned i, const char *name, int flags)
{
	const struct viz_attr *a = viz__attrs(c) + i;
	unsigned noted = flags & (VIZ_ATTR_UNIT | VIZ_ATTR_ENUM);

	CHECK_AT(line, !strcmp(a->name, name) && a->flags == flags && a->line == (noted ? c->line : 0));
	CHECK_AT(line, a->type & VIZ_TYPE_FOLLOWED || !a->dict[0]);
}
#define ATTR(c, ...) check_attr(__LINE__, &viz__class_##c.head, __VA_ARGS__)

int main(void)
{
	ATTR(pool, 0, "open", VIZ_ATTR_UNIT);
	ATTR(pool, 1, "load", VIZ_ATTR_UNIT);
	ATTR(pool, 2, "plain", 0);
	ATTR(conn, 0, "state", VIZ_ATTR_ENUM);
	ATTR(conn, 1, "was", VIZ_ATTR_ENUM | VIZ_ATTR_LIST);
	ATTR(conn, 2, "up", VIZ_ATTR_ENUM);
	ATTR(conn, 3, "name", 0);
	ATTR(child, 0, "viz.state", VIZ_ATTR_ENUM);
	ATTR(limits, 1, "kind", VIZ_ATTR_ENUM);
	ATTR(item_trace, 0, "state", VIZ_ATTR_ENUM);
	ATTR(item_trace, 1, "size", VIZ_ATTR_UNIT);
	ATTR(item_trace, 2, "next.state", VIZ_ATTR_ENUM);
	ATTR(item_trace, 3, "next.next.size", 0);
	ATTR(size_trace, 0, "size", VIZ_ATTR_UNIT);
	NAMES(pool, 3, "open", "connections|");
	NAMES(pool, 2, "load", "%|");
	NAMES(conn, 4, "state", "idle|busy|");
	NAMES(conn, 3, "was", "idle||a, \"b\"|");
	NAMES(conn, 2, "up", "down|up|");
	NAMES(child, 2, "viz.state", "idle|busy|");
	NAMES(limits, 2, "soft", "MB|");
	NAMES(limits, 1, "kind", "hard|soft|");
	NAMES(item_trace, 4, "state", "new|old|");
	NAMES(item_trace, 3, "size", "bytes|");
	NAMES(item_trace, 2, "next.state", "first|");
	NAMES(size_trace, 1, "size", "bytes|");
	NAMES(first, 1, "state", "a|b|");
	NAMES(second, 1, "state", "c|d|");
	check_names(__LINE__, &viz__names_colours, "colours", (unsigned)viz__colours_line, "|red|green|");
	CHECK(viz__many_u1.head.n_attrs == 64 && !strcmp(viz__many_u1.names[63], "a name of as many characters as fit in"));
	/* Older tools go on to understand the classes themselves. */
	CHECK(viz__class_pool.head.version == 1 && viz__class_conn.head.version == 1 &&
		viz__class_item_trace.head.version == 2);
	return failures > 0;
}
#else
int main(void)
{
	return 0;
}
#endif
