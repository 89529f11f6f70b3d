// SPDX-License-Identifier: BSD-2-Clause
/*
 * Where a check breaks; see checks.h. That is known at once of those for which one value is enough: of max, if it is
 * too large, of min, if it is too small, and of those that are about each report. All others may be right again later.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "checks.h"

static bool is_of_numbers(const struct check *c)
{
	return c->fn == CHECK_EACH && c->kind != CHECK_TEXT;
}

/* Is one value beyond the limit the end of it? */
static bool breaks_above(const struct check *c)
{
	return (c->fn == CHECK_MAXIMUM || is_of_numbers(c)) &&
	       (c->op == CHECK_LESS || c->op == CHECK_LESS_EQUAL || c->op == CHECK_EQUAL);
}

static bool breaks_below(const struct check *c)
{
	return (c->fn == CHECK_MINIMUM || is_of_numbers(c)) &&
	       (c->op == CHECK_GREATER || c->op == CHECK_GREATER_EQUAL || c->op == CHECK_EQUAL);
}

static bool is_about(struct check *c, const char *name, const char *attribute)
{
	if (c->broke || (c->kind == CHECK_TIME) != !attribute)
		return false;
	return attribute ? check__matches_attribute(c, name, attribute) : check__matches_method(c, name);
}

/* Beyond which values, these not counted, it does not hold; none is beyond the infinite. */
static struct stats_limits right_values(const struct check *c)
{
	struct stats_limits right = { -INFINITY, INFINITY };

	if (breaks_above(c))
		right.high = c->limit;
	if (breaks_below(c))
		right.low = c->limit;
	return right;
}

static void set_limits(void *ctx, const char *name, const char *attribute, struct stats_limits *ret)
{
	struct checks_watch *w = ctx;

	for (size_t i = 0; i < w->checks->n; i++) {
		struct check *c = &w->checks->list[i];
		struct stats_limits right = right_values(c);
		bool strict = c->op == CHECK_LESS || c->op == CHECK_GREATER;

		if (c->fn == CHECK_SILENT && check__matches_sign(c, name, attribute))
			ret->high = -INFINITY;
		if (isinf(right.low) && isinf(right.high) && !(is_of_numbers(c) && c->op == CHECK_NOT_EQUAL))
			continue;
		if (!is_about(c, name, attribute))
			continue;
		/* The limit itself is right, unless it is to be less, or greater. */
		if (isfinite(right.high))
			ret->high = fmin(ret->high, strict ? right.high : nextafter(right.high, INFINITY));
		if (isfinite(right.low))
			ret->low = fmax(ret->low, strict ? right.low : nextafter(right.low, -INFINITY));
		if (c->op == CHECK_NOT_EQUAL)
			ret->high = fmin(ret->high, c->limit);
	}
}

static void break_it(struct checks_watch *w, struct where at, struct check *c, double value, const char *name,
		     const char *attribute)
{
	c->broke = true;
	c->broke_at = at.ts;
	if (w->broke)
		w->broke(w->ctx, at, c, value, name, attribute);
}

/* Of an attribute, for people. Without memory for it the check is broken all the same. */
static void take_wrong(struct check *c, const struct value *v, const char *name)
{
	char text[CHECK_VALUE_MAX];

	if (v->type == VALUE_STRING || v->type == VALUE_JSON)
		snprintf(text, sizeof(text), "\"%.*s\" (%s.%s)", v->size < 512 ? (int)v->size : 512, v->s, name,
			 v->key);
	else if (v->type == VALUE_NULL)
		snprintf(text, sizeof(text), "null (%s.%s)", name, v->key);
	else
		snprintf(text, sizeof(text), "%.15g (%s.%s)", stats__number(v), name, v->key);
	c->wrong = strdup(text);
}

static void hear(struct checks_watch *w, struct where at, struct check *c)
{
	uint64_t silence = at.ts - c->seen_at;

	c->seen++;
	c->seen_at = at.ts;
	if (silence > c->longest)
		c->longest = silence;
	if (!c->broke && (c->op == CHECK_LESS || c->op == CHECK_LESS_EQUAL) && !check__holds(c, (double)silence))
		break_it(w, at, c, (double)silence, NULL, NULL);
}

static void on_reached(void *ctx, struct where at, const char *name, const char *attribute, double value)
{
	struct checks_watch *w = ctx;

	for (size_t i = 0; i < w->checks->n; i++) {
		struct check *c = &w->checks->list[i];
		bool wrong = (breaks_above(c) && value >= c->limit) || (breaks_below(c) && value <= c->limit) ||
			     is_of_numbers(c);

		if (c->fn == CHECK_SILENT && check__matches_sign(c, name, attribute))
			hear(w, at, c);
		if (!wrong || check__holds(c, value) || !is_about(c, name, attribute))
			continue;
		if (c->fn == CHECK_EACH)
			take_wrong(c, &(struct value){ .key = attribute, .type = VALUE_DOUBLE, .d = value }, name);
		break_it(w, at, c, value, name, attribute);
	}
}

static void on_state(void *ctx, struct where at, const struct trace_object *object, const struct value *values,
		     size_t n_values)
{
	struct checks_watch *w = ctx;

	for (size_t i = 0; i < w->checks->n; i++) {
		struct check *c = &w->checks->list[i];

		if (c->fn == CHECK_SILENT && check__matches_object(c, object))
			hear(w, at, c);
		for (size_t k = 0; c->fn == CHECK_EACH && k < n_values; k += values__tree(values + k, n_values - k)) {
			const struct value *v = &values[k];

			if (!check__is_about_state(c, object, v))
				continue;
			c->seen++;
			if (c->broke || check__holds_of(c, v))
				continue;
			take_wrong(c, v, object->name);
			break_it(w, at, c, 0, object->name, v->key);
		}
	}
}

static void on_instant(void *ctx, struct where at, const char *name)
{
	struct checks_watch *w = ctx;

	for (size_t i = 0; i < w->checks->n; i++)
		if (w->checks->list[i].fn == CHECK_SILENT && check__matches_sign(&w->checks->list[i], name, NULL))
			hear(w, at, &w->checks->list[i]);
}

bool checks__need_states(const struct checks *c)
{
	for (size_t i = 0; i < c->n; i++)
		if (c->list[i].fn == CHECK_EACH || c->list[i].fn == CHECK_SILENT)
			return true;
	return false;
}

void checks__watch(struct checks_watch *w, struct stats *s)
{
	w->watch = (struct stats_watch){ .limits = set_limits, .reached = on_reached, .ctx = w };
	if (checks__need_states(w->checks)) {
		w->watch.state = on_state;
		w->watch.instant = on_instant;
	}
	s->watch = &w->watch;
}
