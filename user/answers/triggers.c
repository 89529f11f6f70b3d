// SPDX-License-Identifier: BSD-2-Clause
/* triggers: see triggers.h. What is measured is a check of the largest value, with the same words: `queue.depth > 1000`
 * is max(queue.depth) > 1000, looked at for each value. */
#include "triggers.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- From text ---- */

static const char *skip_space(const char *text)
{
	return text + strspn(text, " ");
}

static bool is_word(const char *text, const char *word)
{
	text = skip_space(text);
	return !strncmp(text, word, strlen(word)) && !*skip_space(text + strlen(word));
}

/* Behind "word (", or NULL: it is something else. */
static const char *behind_call(const char *text, const char *word)
{
	text = skip_space(text);
	if (strncmp(text, word, strlen(word)) != 0)
		return NULL;
	text = skip_space(text + strlen(word));
	return *text == '(' ? text + 1 : NULL;
}

/* instant(PATTERN), instant("PATTERN"): `text` is behind the bracket. */
static int parse_instant(struct trigger_point *t, const char *text, const char **ret_what, const char **ret_at)
{
	const char *start = skip_space(text), *end = start + strlen(start);
	char *pattern;
	int err;

	while (end > start && end[-1] == ' ')
		end--;
	*ret_at = end;
	*ret_what = "expected a ')' at the end";
	if (end == start || end[-1] != ')')
		return -EINVAL;
	end--;
	while (end > start && end[-1] == ' ')
		end--;
	if (end - start >= 2 && *start == '"' && end[-1] == '"') {
		start++;
		end--;
	}
	*ret_at = start;
	*ret_what = "expected the name of an instant, or a pattern";
	if (end == start)
		return -EINVAL;
	pattern = strndup(start, (size_t)(end - start));
	err = pattern ? patterns__add(&t->check.pattern, pattern) : -ENOMEM;
	free(pattern);
	return err;
}

/* As a check: `text` in other words, of which the first `shift` bytes (or fewer, if negative) are ours. */
static int parse_check(struct trigger_point *t, const char *text, long shift, const char **ret_what, size_t *ret_at)
{
	struct checks one = { 0 };
	int err = checks__add(&one, text, ret_what, ret_at);

	if (err == -EINVAL)
		*ret_at = (long)*ret_at > shift ? (size_t)((long)*ret_at - shift) : 0;
	if (err)
		return err;
	t->check = one.list[0];
	free(one.list);
	return 0;
}

/* Is a single value enough to know? Also of what is said as a check. */
static bool is_of_each(const struct check *c)
{
	return c->fn == CHECK_EACH ||
	       (c->fn == CHECK_MAXIMUM && (c->op == CHECK_GREATER || c->op == CHECK_GREATER_EQUAL)) ||
	       (c->fn == CHECK_MINIMUM && (c->op == CHECK_LESS || c->op == CHECK_LESS_EQUAL));
}

static int parse_slice(struct trigger_point *t, const char *text, const char *inside, const char **ret_what,
		       size_t *ret_at)
{
	char check[CHECK_MAX + 8];
	int err;

	snprintf(check, sizeof(check), "max(%s", inside);
	err = parse_check(t, check, (long)strlen("max(") - (inside - text), ret_what, ret_at);
	if (err || t->check.kind == CHECK_TIME)
		return err;
	*ret_what = "expected a time, as 50ms";
	*ret_at = strlen(text);
	return -EINVAL;
}

/* As a check begins. */
static bool is_check(const char *text)
{
	const char *start = skip_space(text);
	size_t size = strcspn(start, "<>=!(");

	return (size && start[size]) || !strncmp(start, "lost", 4);
}

static int parse(struct trigger_point *t, const char *text, const char **ret_what, size_t *ret_at)
{
	const char *inside, *at;
	int err;

	t->kind = TRIGGER_EACH;
	if (strlen(text) >= CHECK_MAX) {
		*ret_what = "it is longer than 255 bytes";
		*ret_at = 0;
		return -EINVAL;
	}
	if (is_word(text, "exit") || is_word(text, "signal")) {
		t->kind = is_word(text, "exit") ? TRIGGER_EXIT : TRIGGER_SIGNAL;
		return 0;
	}
	inside = behind_call(text, "instant");
	if (inside) {
		t->kind = TRIGGER_INSTANT;
		err = parse_instant(t, inside, ret_what, &at);
		*ret_at = (size_t)(at - text);
		return err;
	}
	inside = behind_call(text, "slice");
	if (inside)
		return parse_slice(t, text, inside, ret_what, ret_at);
	if (!is_check(text)) {
		*ret_what = "expected exit, signal, instant(NAME), slice(NAME) > TIME, COUNTER.ATTRIBUTE > NUMBER, or "
			    "a check";
		*ret_at = strlen(text);
		return -EINVAL;
	}
	err = parse_check(t, text, 0, ret_what, ret_at);
	if (err)
		return err;
	if (t->check.fn == CHECK_SILENT && t->check.op != CHECK_GREATER && t->check.op != CHECK_GREATER_EQUAL) {
		*ret_what = "expected silent(NAME) > TIME";
		*ret_at = strcspn(text, "<=!");
		return -EINVAL;
	}
	if (!is_of_each(&t->check))
		t->kind = t->check.fn == CHECK_SILENT ? TRIGGER_SILENT : TRIGGER_FIGURE;
	return 0;
}

static void clear(struct trigger_point *t)
{
	check__clear(&t->check);
	free(t->text);
}

int triggers__add(struct triggers *t, const char *text, const char **ret_what, size_t *ret_at)
{
	struct trigger_point one = { 0 }, *more;
	int err = parse(&one, text, ret_what, ret_at);

	one.text = err ? NULL : strdup(text);
	more = one.text ? realloc(t->list, (t->n + 1) * sizeof(*more)) : NULL;
	if (!more) {
		clear(&one);
		return err ? err : -ENOMEM;
	}
	t->list = more;
	t->list[t->n++] = one;
	return 0;
}

void triggers__clear(struct triggers *t)
{
	for (size_t i = 0; i < t->n; i++)
		clear(&t->list[i]);
	free(t->list);
	*t = (struct triggers){ 0 };
}

bool triggers__need_stats(const struct triggers *t)
{
	for (size_t i = 0; i < t->n; i++)
		if (t->list[i].kind >= TRIGGER_EACH)
			return true;
	return false;
}

bool triggers__need_signals(const struct triggers *t)
{
	for (size_t i = 0; i < t->n; i++)
		if (t->list[i].kind == TRIGGER_SIGNAL)
			return true;
	return false;
}

/* ---- When they come ---- */

static bool may_fire(const struct triggers *all, const struct trigger_point *t, uint64_t ts)
{
	if (!t->fired)
		return true;
	return (!all->at_most || t->fired < all->at_most) && ts >= t->fired_at + all->again_after;
}

static void fire(struct triggers_watch *w, struct trigger_point *t, uint64_t ts)
{
	if (!may_fire(w->triggers, t, ts))
		return;
	t->fired++;
	t->fired_at = ts;
	w->fired(w->ctx, t, ts);
}

static bool is_about(struct trigger_point *t, const char *name, const char *attribute)
{
	if (t->kind != TRIGGER_EACH || t->check.kind == CHECK_TEXT || (t->check.kind == CHECK_TIME) != !attribute)
		return false;
	return attribute ? check__matches_attribute(&t->check, name, attribute) :
			   check__matches_method(&t->check, name);
}

/* A value that is none of these cannot be so; of those that are, each is looked at. */
static void set_limits(void *ctx, const char *name, const char *attribute, struct stats_limits *ret)
{
	struct triggers_watch *w = ctx;

	if (w->next)
		w->next->limits(w->next->ctx, name, attribute, ret);
	for (size_t i = 0; i < w->triggers->n; i++) {
		struct trigger_point *t = &w->triggers->list[i];
		struct check *c = &t->check;

		if (t->kind == TRIGGER_SILENT && check__matches_sign(c, name, attribute))
			ret->high = -INFINITY;
		if (!is_about(t, name, attribute) || (w->triggers->at_most && t->fired >= w->triggers->at_most))
			continue;
		if (c->op == CHECK_GREATER || c->op == CHECK_GREATER_EQUAL || c->op == CHECK_EQUAL)
			ret->high = fmin(ret->high, c->limit);
		else if (c->op == CHECK_LESS || c->op == CHECK_LESS_EQUAL)
			ret->low = fmax(ret->low, c->limit);
		else
			ret->high = -INFINITY;
	}
}

/* For how long had nothing been heard? All that is older has been told. */
static void hear(struct triggers_watch *w, struct trigger_point *t, uint64_t ts, bool again)
{
	struct check *c = &t->check;
	const uint64_t since = c->seen_at;

	if (!t->is_so && ts > since && check__holds(c, (double)(ts - since)))
		fire(w, t, since + (uint64_t)c->limit);
	t->is_so = !again && (t->is_so || check__holds(c, (double)(ts - since)));
	if (again)
		c->seen_at = ts;
}

static void on_reached(void *ctx, struct where at, const char *name, const char *attribute, double value)
{
	struct triggers_watch *w = ctx;

	if (w->next)
		w->next->reached(w->next->ctx, at, name, attribute, value);
	for (size_t i = 0; i < w->triggers->n; i++) {
		struct trigger_point *t = &w->triggers->list[i];

		if (t->kind == TRIGGER_SILENT && check__matches_sign(&t->check, name, attribute))
			hear(w, t, at.ts, true);
		if (t->kind == TRIGGER_EACH && check__holds(&t->check, value) && is_about(t, name, attribute))
			fire(w, t, at.ts);
	}
}

static void on_state(void *ctx, struct where at, const struct trace_object *object, const struct value *values,
		     size_t n_values)
{
	struct triggers_watch *w = ctx;

	if (w->next && w->next->state)
		w->next->state(w->next->ctx, at, object, values, n_values);
	for (size_t i = 0; i < w->triggers->n; i++) {
		struct trigger_point *t = &w->triggers->list[i];

		if (t->kind == TRIGGER_SILENT && check__matches_object(&t->check, object))
			hear(w, t, at.ts, true);
		for (size_t k = 0; t->kind == TRIGGER_EACH && t->check.kind != CHECK_TIME && k < n_values;
		     k += values__tree(values + k, n_values - k))
			if (check__is_about_state(&t->check, object, &values[k]) &&
			    check__holds_of(&t->check, &values[k]))
				fire(w, t, at.ts);
	}
}

static void on_instant(void *ctx, struct where at, const char *name)
{
	struct triggers_watch *w = ctx;

	if (w->next && w->next->instant)
		w->next->instant(w->next->ctx, at, name);
	for (size_t i = 0; i < w->triggers->n; i++)
		if (w->triggers->list[i].kind == TRIGGER_SILENT &&
		    check__matches_sign(&w->triggers->list[i].check, name, NULL))
			hear(w, &w->triggers->list[i], at.ts, true);
}

void triggers__watch(struct triggers_watch *w, struct stats *s)
{
	if (!s)
		return;
	w->next = s->watch;
	w->watch = (struct stats_watch){
		.limits = set_limits, .reached = on_reached, .state = on_state, .instant = on_instant, .ctx = w
	};
	s->watch = &w->watch;
}

static void go_on(struct trigger_point *t, const struct triggers *before, uint64_t ts)
{
	for (size_t i = 0; i < before->n; i++) {
		const struct trigger_point was = before->list[i];

		if (strcmp(was.text, t->text))
			continue;
		before->list[i] = *t;
		*t = was;
		return;
	}
	/* Nobody has listened so far. */
	if (t->kind == TRIGGER_SILENT)
		t->check.seen_at = ts;
}

void triggers__replace(struct triggers *t, struct triggers *other, uint64_t ts, struct stats *s)
{
	const struct triggers was = *t;

	for (size_t i = 0; i < other->n; i++)
		go_on(&other->list[i], &was, ts);
	*t = *other;
	*other = was;
	if (s)
		stats__limit_again(s);
}

void triggers__instant(struct triggers_watch *w, uint64_t ts, const char *name)
{
	for (size_t i = 0; i < w->triggers->n; i++) {
		struct trigger_point *t = &w->triggers->list[i];

		if (t->kind == TRIGGER_INSTANT && patterns__match(&t->check.pattern, name))
			fire(w, t, ts);
	}
}

void triggers__exit(struct triggers_watch *w, uint64_t ts)
{
	for (size_t i = 0; i < w->triggers->n; i++)
		if (w->triggers->list[i].kind == TRIGGER_EXIT)
			fire(w, &w->triggers->list[i], ts);
}

void triggers__signal(struct triggers_watch *w, uint64_t ts)
{
	for (size_t i = 0; i < w->triggers->n; i++)
		if (w->triggers->list[i].kind == TRIGGER_SIGNAL)
			fire(w, &w->triggers->list[i], ts);
}

void triggers__look(struct triggers_watch *w, uint64_t ts, const struct stats *s, const struct answers_run *run)
{
	for (size_t i = 0; i < w->triggers->n; i++) {
		struct trigger_point *t = &w->triggers->list[i];
		struct check_result result;

		if (t->kind == TRIGGER_SILENT && ts > t->check.seen_at)
			hear(w, t, ts, false);
		if (t->kind != TRIGGER_FIGURE)
			continue;
		check__evaluate(&t->check, s, run, &result);
		if (result.appeared && result.held && !t->is_so)
			fire(w, t, ts);
		t->is_so = result.appeared && result.held;
	}
}
