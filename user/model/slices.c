/* SPDX-License-Identifier: BSD-2-Clause */
#include "slices.h"

#include <errno.h>
#include <stdlib.h>

#include "arguments.h"

#define SLICES_MIN 16
#define SLICES_LOOK 64 /* so many that are not gone may be on top of what is */

static bool is_far(uint64_t a, uint64_t b)
{
	return (a < b ? b - a : a - b) >= SLICES_STACK_MAX;
}

/* Of the innermost, how many have lower frames, which are gone. */
static size_t below(const struct slices *s, const struct slice *next)
{
	size_t n = 0;

	while (n < s->n) {
		const struct slice *top = &s->open[s->n - 1 - n];

		if (!top->scoped || top->frame >= next->frame || is_far(top->frame, next->frame))
			break;
		n++;
	}
	return n;
}

/* How many there are down to the last slice from the site of `next`, or 0: none. All that is on top of it went with it,
 * scoped or not. */
static size_t since_site(const struct slices *s, const struct slice *next, size_t from)
{
	for (size_t n = from; next->site && n < s->n && n < from + SLICES_LOOK; n++) {
		const struct slice *slice = &s->open[s->n - 1 - n];

		if (!slice->scoped)
			continue;
		if (slice->frame > next->frame || is_far(slice->frame, next->frame))
			break;
		if (slice->frame == next->frame && slice->name == next->name && slice->site == next->site)
			return n + 1;
	}
	return 0;
}

size_t slices__gone(const struct slices *s, const struct slice *next)
{
	size_t gone, more;

	if (!next->scoped)
		return 0;
	gone = below(s, next);
	more = since_site(s, next, gone);
	if (more)
		return more;

	/* Who does not tell its site: once something is gone, a slice of the same name in the same frame is the same
	 * place coming round again. Otherwise it may be a scope inside of another, or recursion that was inlined. */
	while (gone && !next->site && gone < s->n) {
		const struct slice *top = &s->open[s->n - 1 - gone];

		if (!top->scoped || top->frame != next->frame || top->name != next->name)
			break;
		gone++;
	}
	return gone;
}

int slices__push(struct slices *s, struct slice slice)
{
	if (s->n >= SLICES_MAX) {
		s->beyond++;
		return -E2BIG;
	}
	if (s->n == s->room) {
		size_t room = s->room ? s->room * 2 : SLICES_MIN;
		struct slice *more = realloc(s->open, room * sizeof(*more));

		if (!more)
			return -ENOMEM;
		s->open = more;
		s->room = room;
	}
	s->open[s->n++] = slice;
	return 0;
}

size_t slices__ending(const struct slices *s, const struct name *name, bool scoped, uint64_t frame)
{
	size_t i;

	for (i = s->n; i-- > 0;) {
		const struct slice *slice = &s->open[i];

		if (slice->name == name && slice->scoped == scoped && (!scoped || slice->frame == frame))
			return s->n - i;
	}
	return 0;
}

struct slice slices__pop(struct slices *s)
{
	return s->open[--s->n];
}

void slices__clear(struct slices *s)
{
	while (s->n)
		arguments__free(slices__pop(s).arguments);
	free(s->open);
	*s = (struct slices){ 0 };
}
