// SPDX-License-Identifier: BSD-2-Clause
/*
 * Where a check breaks; see checks.h. That is known at once of those for which one value is enough: of max, if it is
 * too large, and of min, if it is too small. All others may be right again later.
 */
#include <math.h>

#include "checks.h"

/* Is one value beyond the limit the end of it? */
static bool breaks_above(const struct check *c)
{
	return c->fn == CHECK_MAXIMUM && (c->op == CHECK_LESS || c->op == CHECK_LESS_EQUAL || c->op == CHECK_EQUAL);
}

static bool breaks_below(const struct check *c)
{
	return c->fn == CHECK_MINIMUM &&
	       (c->op == CHECK_GREATER || c->op == CHECK_GREATER_EQUAL || c->op == CHECK_EQUAL);
}

static bool is_about(struct check *c, const char *name, const char *attribute)
{
	if (c->broke || (c->kind == CHECK_TIME) != !attribute)
		return false;
	return attribute ? check__matches_attribute(c, name, attribute) : check__matches_method(c, name);
}

static void set_limits(void *ctx, const char *name, const char *attribute, struct stats_limits *ret)
{
	struct checks_watch *w = ctx;

	for (size_t i = 0; i < w->checks->n; i++) {
		struct check *c = &w->checks->list[i];
		double beyond = c->limit;

		if ((!breaks_above(c) && !breaks_below(c)) || !is_about(c, name, attribute))
			continue;
		/* The limit itself is right, unless it is to be less, or greater. */
		if (c->op != CHECK_LESS && c->op != CHECK_GREATER)
			beyond = nextafter(c->limit, breaks_above(c) ? INFINITY : -INFINITY);
		if (breaks_above(c) && beyond < ret->high)
			ret->high = beyond;
		if (breaks_below(c) && beyond > ret->low)
			ret->low = beyond;
	}
}

static void on_reached(void *ctx, struct where at, const char *name, const char *attribute, double value)
{
	struct checks_watch *w = ctx;

	for (size_t i = 0; i < w->checks->n; i++) {
		struct check *c = &w->checks->list[i];
		bool wrong = (breaks_above(c) && value >= c->limit) || (breaks_below(c) && value <= c->limit);

		if (!wrong || check__holds(c, value) || !is_about(c, name, attribute))
			continue;
		c->broke = true;
		c->broke_at = at.ts;
		if (w->broke)
			w->broke(w->ctx, at, c, value, name, attribute);
	}
}

void checks__watch(struct checks_watch *w, struct stats *s)
{
	w->watch = (struct stats_watch){ .limits = set_limits, .reached = on_reached, .ctx = w };
	s->watch = &w->watch;
}
