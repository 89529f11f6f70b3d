/* SPDX-License-Identifier: BSD-2-Clause */
#define VIZ_PROBE_DISABLE /* no weak stubs from here */
#include "viztrace.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "spy.h"

#define OBJECTS 32
#define DEPTH 64

static char seen[2][8192];
static int current;
static size_t used;

static struct {
	const void *base;
	const char *name;
} objects[OBJECTS];

static struct {
	const char *name;
	const void *frame;
} open_slices[DEPTH];
static int depth;

void spy_know(const void *base, const char *name)
{
	int i;

	for (i = 0; i < OBJECTS - 1 && objects[i].base && objects[i].base != base; i++)
		;
	objects[i].base = base;
	objects[i].name = name;
}

void spy_forget(void)
{
	memset(objects, 0, sizeof(objects));
}

const char *spy_seen(void)
{
	const char *text = seen[current];

	current = !current;
	used = 0;
	seen[current][0] = 0;
	return text;
}

__attribute__((format(printf, 1, 2))) static void add(const char *format, ...)
{
	char *to = seen[current];
	va_list args;
	int n;

	if (used)
		used += (size_t)snprintf(to + used, sizeof(seen[0]) - used, "; ");
	va_start(args, format);
	n = vsnprintf(to + used, sizeof(seen[0]) - used, format, args);
	va_end(args);
	used += (size_t)n;
	if (used > sizeof(seen[0]) / 2)
		used = sizeof(seen[0]) / 2; /* a test that sees so much fails anyway */
}

static const char *name_of(const void *base)
{
	int i;

	for (i = 0; i < OBJECTS && objects[i].base; i++)
		if (objects[i].base == base)
			return objects[i].name;
	return "?";
}

static void value(char *to, size_t size, uint64_t bits, unsigned type, const struct viz_attr *attr,
                  const void *obj)
{
	double d;

	switch (type) {
	case VIZ_TYPE_F32:
	case VIZ_TYPE_F64:
		memcpy(&d, &bits, sizeof(d));
		snprintf(to, size, "%g", d);
		return;
	case VIZ_TYPE_U64: snprintf(to, size, "%" PRIu64, bits); return;
	case VIZ_TYPE_STRP:
	case VIZ_TYPE_JSONP: snprintf(to, size, "%s", bits ? (const char *)(uintptr_t)bits : "null"); return;
	case VIZ_TYPE_STR:
	case VIZ_TYPE_JSON:
	case VIZ_TYPE_DICT:
		if ((uintptr_t)bits != (uintptr_t)obj + (uintptr_t)(intptr_t)attr->offset)
			snprintf(to, size, "(elsewhere!)");
		else
			snprintf(to, size, "%s",
			         type == VIZ_TYPE_DICT ? "{}" : (const char *)(uintptr_t)bits);
		return;
	default: snprintf(to, size, "%" PRId64, (int64_t)bits);
	}
}

void viz__probe_init(const void *obj, const struct viz_class *cls, const char *name)
{
	add("%s.init %s %s", name_of(obj), cls->tag, name ? name : "-");
}

void viz__probe_destroy(const void *obj)
{
	add("%s.destroy", name_of(obj));
}

static void write_seen(const char *kind, const void *obj, uint32_t index, uint64_t bits, const char *attr)
{
	const struct viz_class *cls = ((const struct viz_base *)obj)->cls;
	const struct viz_attr *a = (const struct viz_attr *)(const void *)(cls + 1) + index;
	char text[200] = "[]";

	if (!(a->flags & VIZ_ATTR_LIST))
		value(text, sizeof(text), bits, a->type, a, obj);
	add("%s.%s %u %s=%s", name_of(obj), kind, index, attr, text);
}

void viz__probe_set(const void *obj, uint32_t index, uint64_t bits, const char *attr)
{
	write_seen("set", obj, index, bits, attr);
}

void viz__probe_quiet(const void *obj, uint32_t index, uint64_t bits, const char *attr)
{
	write_seen("quiet", obj, index, bits, attr);
}

void viz__probe_log(const void *obj, uint32_t why)
{
	add("%s.%s", name_of(obj), why == VIZ_WHY_LOG ? "log" : why == VIZ_WHY_BEFORE ? "before" : "after");
}

void viz__probe_enter(const char *name, const void *frame, uint32_t flags)
{
	add("enter %s %u", name, flags);
	if (depth < DEPTH) {
		open_slices[depth].name = name;
		open_slices[depth].frame = frame;
		depth++;
	}
}

void viz__probe_exit(const char *name, const void *frame, uint32_t flags)
{
	int match = 0;

	if (depth > 0) {
		depth--;
		match = !strcmp(open_slices[depth].name, name) && open_slices[depth].frame == frame;
	}
	add("exit %s %u%s", name, flags, match ? "" : " (frame!)");
}

void viz__probe_value(const char *name, const char *attr, uint64_t bits, uint32_t type)
{
	char text[64];

	value(text, sizeof(text), bits, type, NULL, NULL);
	add("value %s.%s %s=%s", name, attr,
	    type == VIZ_TYPE_I64   ? "i64"
	    : type == VIZ_TYPE_U64 ? "u64"
	    : type == VIZ_TYPE_F64 ? "f64"
	                           : "?",
	    text);
}

void viz__probe_instant(const char *name)
{
	add("instant %s", name);
}

void viz__probe_async(const char *name, uint64_t id, uint32_t what)
{
	static const char *const whats[] = {"?", "begin", "end", "out", "in"};

	add("%s %s %" PRId64 "%s", whats[what & 7], name, (int64_t)id, what & VIZ_ASYNC_POINTER ? " (pointer)" : "");
}
