// SPDX-License-Identifier: BSD-2-Clause
/* args: see args.h. */
#include "args.h"

#include <errno.h>
#include <stdio.h>

#include "../common/utf8.h"

_Static_assert(ARGS_MAX == VIZ_ARGS_MAX, "arguments");

/* Where each text is. They are one behind the other, each with its NUL. */
static bool find_texts(const struct rec_args *rec, const char *text, size_t size, const char *ret[ARGS_TEXTS])
{
	size_t at = 0;

	for (size_t i = 0; i < ARGS_TEXTS; i++) {
		size_t n = rec->sizes[i];

		if (n > size - at || (n && text[at + n - 1]))
			return false;
		ret[i] = text + at;
		at += n;
	}
	return true;
}

static bool is_among(const char *name, const char *const *names, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++)
		if (!strcmp(names[i], name))
			return true;
	return false;
}

/* "\nn\npath" into those of each; one that is not there, or not the first of that name, is a number. */
static void split_names(struct args *a, const char *names, size_t size, uint32_t n, const char *ret[ARGS_MAX])
{
	char *at = a->names;

	if (size > sizeof(a->names))
		size = sizeof(a->names);
	memcpy(a->names, names, size);
	a->names[size ? size - 1 : 0] = 0;
	for (uint32_t i = 0; i < n; i++) {
		char *next = *at == '\n' ? at + 1 : NULL;

		if (next)
			at = next + strcspn(next, "\n");
		ret[i] = next && next < at ? next : NULL;
	}
	/* Each ends where the next one begins. */
	for (char *c = a->names; *c || c < at; c++)
		if (*c == '\n')
			*c = 0;
	for (uint32_t i = 0; i < n; i++) {
		if (ret[i] && !is_among(ret[i], ret, i))
			continue;
		snprintf(a->numbered[i], sizeof(a->numbered[i]), "arg%u", (i + 1) % 100);
		ret[i] = a->numbered[i];
	}
}

static void set_string(struct value *v, uint64_t address, const char *text, size_t size, bool cut,
		       struct decode_stats *stats)
{
	if (!address) {
		v->type = VALUE_NULL;
	} else if (!size) {
		v->type = VALUE_UNREADABLE;
		stats->unreadable++;
	} else {
		v->type = VALUE_STRING;
		v->s = text;
		v->size = (uint32_t)(cut ? utf8__whole(text, size - 1) : size - 1);
		v->truncated = cut;
		stats->truncated += cut;
	}
}

static void set_value(struct args *a, struct value *v, unsigned type, uint64_t word, uint32_t i,
		      struct decode_stats *stats)
{
	v->u = word;
	switch (type) {
	case VIZ_TYPE_I64: v->type = VALUE_INT; return;
	case VIZ_TYPE_U64: v->type = VALUE_UINT; return;
	case VIZ_TYPE_F64: v->type = VALUE_DOUBLE; return;
	case VIZ_TYPE_BOOL:
		v->type = VALUE_BOOL;
		v->u = word != 0;
		return;
	case VIZ_TYPE_POINTER:
		v->type = VALUE_STRING;
		v->size = (uint32_t)snprintf(a->pointers[i], sizeof(a->pointers[i]), "0x%llx",
					     (unsigned long long)word);
		v->s = a->pointers[i];
		return;
	default: v->type = VALUE_UNREADABLE; stats->unreadable++;
	}
}

int args__read(struct args *a, struct values *to, struct decode_stats *stats, const uint8_t *bytes, size_t size,
	       struct args_text *name)
{
	const char *texts[ARGS_TEXTS], *keys[ARGS_MAX];
	bool some_cut = name->truncated;
	struct rec_args rec;
	uint32_t n;

	if (size < sizeof(rec))
		return -EINVAL;
	memcpy(&rec, bytes, sizeof(rec));
	if (!find_texts(&rec, (const char *)bytes + sizeof(rec), size - sizeof(rec), texts))
		return -EINVAL;
	*name = (struct args_text){ texts[0], rec.sizes[0], some_cut && rec.sizes[0] == NAME_BYTES };
	n = VIZ_ARGS_COUNT(rec.words[0]);
	/* They are no arguments, but there was a slice. */
	if (n > ARGS_MAX)
		n = 0;
	stats->unreadable += !n || !rec.sizes[1];
	stats->truncated += some_cut && rec.sizes[1] == NAME_BYTES;
	split_names(a, texts[1], rec.sizes[1], n, keys);
	for (uint32_t i = 0; i < n; i++) {
		unsigned type = VIZ_ARGS_TYPE(rec.words[0], n, i);
		struct value *v = values__add(to, keys[i], VALUE_NULL);
		size_t text_size = rec.sizes[2 + i];

		if (!v)
			return -ENOMEM;
		if (type == VIZ_TYPE_STRP)
			set_string(v, rec.words[1 + i], texts[2 + i], text_size, some_cut && text_size == NAME_BYTES,
				   stats);
		else
			set_value(a, v, type, rec.words[1 + i], i, stats);
	}
	return 0;
}
