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

static const char *type_name(unsigned type)
{
	switch (type) {
	case VIZ_TYPE_I64: return "i64";
	case VIZ_TYPE_U64: return "u64";
	case VIZ_TYPE_F64: return "f64";
	case VIZ_TYPE_BOOL: return "bool";
	case VIZ_TYPE_STRP: return "str";
	case VIZ_TYPE_POINTER: return "ptr";
	default: return "?";
	}
}

/* " (NAME TYPE=VALUE, ...)", or nothing. */
static const char *given(const char *args, const uint64_t *words)
{
	static char text[2048];
	unsigned i, n = words ? VIZ_ARGS_COUNT(words[0]) : 0;
	size_t at = 0;
	int strings = 0;

	text[0] = 0;
	for (i = 0; i < n; i++) {
		unsigned type = VIZ_ARGS_TYPE(words[0], n, i);
		size_t size = *args == '\n' ? strcspn(args + 1, "\n") : 0;
		char shown[512];

		value(shown, sizeof(shown), words[1 + i], type, NULL, NULL);
		at += (size_t)snprintf(text + at, sizeof(text) - at, "%s%.*s %s=%s", i ? ", " : " (", (int)size, args + 1,
		                       type_name(type), shown);
		args += size + 1;
		strings |= type == VIZ_TYPE_STRP;
	}
	if (n)
		snprintf(text + at, sizeof(text) - at, ")%s%s", *args ? " (names!)" : "",
		         !strings == !(words[0] & VIZ_ARGS_STRINGS) ? "" : " (strings!)");
	return text;
}

unsigned spy_site, spy_tells_no_sites;

void viz__probe_enter(const char *name, const void *frame, uint32_t flags, const char *args, const uint64_t *words)
{
	spy_site = VIZ_SLICE_SITE(flags);
	add("enter %s %u%s%s", name, flags & 0xffff, given(args, words),
	    !spy_site == (!(flags & VIZ_SLICE_SCOPED) || spy_tells_no_sites) ? "" : " (site!)");
	if (depth < DEPTH) {
		open_slices[depth].name = name;
		open_slices[depth].frame = frame;
		depth++;
	}
}

void viz__probe_exit(const char *name, const void *frame, uint32_t flags, const char *args, const uint64_t *words)
{
	int match = 0;

	if (depth > 0 && flags & VIZ_SLICE_RESULT) {
		match = !strcmp(open_slices[depth - 1].name, name) && open_slices[depth - 1].frame == frame;
	} else if (depth > 0) {
		depth--;
		match = !strcmp(open_slices[depth].name, name) && open_slices[depth].frame == frame;
	}
	add("exit %s %u%s%s", name, flags, given(args, words), match ? "" : " (frame!)");
}

void viz__probe_value(const char *name, const char *attr, uint64_t bits, uint32_t type)
{
	char text[64];

	value(text, sizeof(text), bits, type, NULL, NULL);
	add("value %s.%s %s=%s", name, attr, type_name(type), text);
}

void viz__probe_instant(const char *name, const char *args, const uint64_t *words, uint64_t check)
{
	int is_checked = check == (VIZ_CHECK ^ (uint64_t)(uintptr_t)args ^ (uint64_t)(uintptr_t)words);

	add("instant %s%s%s", name, given(args, words), !words == !is_checked ? "" : " (check!)");
}

void viz__probe_async(const char *name, uint64_t id, uint32_t what)
{
	static const char *const whats[] = {"?", "begin", "end", "out", "in"};

	add("%s %s %" PRId64 "%s", whats[what & 7], name, (int64_t)id, what & VIZ_ASYNC_POINTER ? " (pointer)" : "");
}
