/* SPDX-License-Identifier: BSD-2-Clause */
#include "slices.h"

#include <errno.h>
#include <stdlib.h>

#include "arguments.h"

#define SLICES_MIN 16

size_t slices__gone(const struct slices *s, const struct slice *next)
{
	size_t gone = 0;

	if (!next->scoped)
		return 0;
	while (gone < s->n) {
		const struct slice *top = &s->open[s->n - 1 - gone];

		if (!top->scoped || top->frame >= next->frame || next->frame - top->frame >= SLICES_STACK_MAX)
			break;
		gone++;
	}

	/* Once something is gone, a slice of the same name in the same frame is the same place coming round
	 * again. Otherwise it may be a scope inside of another, or recursion that was inlined. */
	while (gone && gone < s->n) {
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
