// SPDX-License-Identifier: BSD-2-Clause
/* From a check and the figures to whether it held; see checks.h. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "../common/escape.h"
#include "../common/pretty.h"
#include "checks.h"

bool check__holds(const struct check *c, double value)
{
	switch (c->op) {
	case CHECK_LESS: return value < c->limit;
	case CHECK_LESS_EQUAL: return value <= c->limit;
	case CHECK_GREATER: return value > c->limit;
	case CHECK_GREATER_EQUAL: return value >= c->limit;
	case CHECK_EQUAL: return value == c->limit;
	default: return value != c->limit;
	}
}

/* One of those that match: kept if it is worse than the one before. */
static void consider(const struct check *c, struct check_result *r, double value, const char *name,
		     const char *attribute)
{
	bool held = check__holds(c, value), worse = r->held && !held;

	if (r->held == held && (c->op == CHECK_LESS || c->op == CHECK_LESS_EQUAL))
		worse = value > r->value;
	if (r->held == held && (c->op == CHECK_GREATER || c->op == CHECK_GREATER_EQUAL))
		worse = value < r->value;
	if (r->appeared && !worse)
		return;
	*r = (struct check_result){ true, held, value, name, attribute };
}

/* "fib" is all instances of fib<N>, too, as in filters. */
bool check__matches_method(struct check *c, const char *name)
{
	char *template;
	size_t n;
	bool found;

	if (patterns__match(&c->pattern, name))
		return true;
	n = pretty__template(name);
	template = n ? strndup(name, n) : NULL;
	found = template && patterns__match(&c->pattern, template);
	free(template);
	return found;
}

bool check__matches_attribute(struct check *c, const char *counter, const char *attribute)
{
	return patterns__match_attribute(&c->pattern, counter, counter, attribute);
}

bool check__matches_sign(struct check *c, const char *name, const char *attribute)
{
	return attribute ? check__matches_attribute(c, name, attribute) : check__matches_method(c, name);
}

bool check__matches_object(struct check *c, const struct trace_object *object)
{
	return patterns__match(&c->pattern, object->name) || (object->tag && patterns__match(&c->pattern, object->tag));
}

bool check__is_about_state(struct check *c, const struct trace_object *object, const struct value *v)
{
	bool text = v->type == VALUE_STRING || v->type == VALUE_JSON || v->type == VALUE_NULL;

	if (!v->key || (c->kind == CHECK_TEXT ? !text : v->type > VALUE_BOOL))
		return false;
	return patterns__match_attribute(&c->pattern, object->name, object->tag ? object->tag : object->name, v->key);
}

bool check__holds_of(const struct check *c, const struct value *v)
{
	bool same;

	if (c->kind != CHECK_TEXT)
		return check__holds(c, stats__number(v));
	same = v->type != VALUE_NULL && v->size == strlen(c->is) && !memcmp(v->s, c->is, v->size);
	return same == (c->op == CHECK_EQUAL);
}

static bool matches_object(struct check *c, const struct stats_object *o)
{
	return patterns__match(&c->pattern, o->name) || patterns__match(&c->pattern, o->tag);
}

static double of_attribute(enum check_fn fn, const struct stats_attribute *a)
{
	switch (fn) {
	case CHECK_MAXIMUM: return stats__number(&a->max);
	case CHECK_MINIMUM: return stats__number(&a->min);
	case CHECK_MEAN: return stats__mean(a);
	default: return stats__number(&a->last);
	}
}

static double of_method(enum check_fn fn, const struct stats_method *m)
{
	switch (fn) {
	case CHECK_MAXIMUM: return (double)m->durations.max;
	case CHECK_MINIMUM: return (double)m->durations.min;
	case CHECK_MEAN: return stats__call_mean(m);
	case CHECK_P50: return (double)histogram__percentile(&m->durations, 50);
	case CHECK_P90: return (double)histogram__percentile(&m->durations, 90);
	default: return (double)histogram__percentile(&m->durations, 99);
	}
}

/* Reports, calls and objects that match; *ret_any: there are some. */
static uint64_t count(struct check *c, const struct stats *s, bool *ret_any)
{
	uint64_t sum = 0, most;

	*ret_any = false;
	for (size_t i = 0; i < s->n_counters; i++) {
		/* A report has several attributes, and is one. */
		most = 0;
		for (size_t k = 0; k < s->counters[i]->n; k++) {
			const struct stats_attribute *a = &s->counters[i]->attributes[k];

			if (!check__matches_attribute(c, s->counters[i]->name, a->name))
				continue;
			*ret_any = true;
			most = a->reports > most ? a->reports : most;
		}
		sum += most;
	}
	for (size_t i = 0; i < s->n_methods; i++) {
		if (!check__matches_method(c, s->methods[i]->name))
			continue;
		*ret_any = true;
		sum += s->methods[i]->durations.count;
	}
	for (size_t i = 0; i < s->n_objects; i++) {
		if (!matches_object(c, s->objects[i]))
			continue;
		*ret_any = true;
		sum += s->objects[i]->made + s->objects[i]->found;
	}
	return sum;
}

static void evaluate_alive(struct check *c, const struct stats *s, struct check_result *r)
{
	uint64_t alive = 0;
	bool any = false;

	for (size_t i = 0; i < s->n_objects; i++) {
		if (!matches_object(c, s->objects[i]))
			continue;
		any = true;
		alive += stats__alive(s->objects[i]);
	}
	if (any)
		consider(c, r, (double)alive, NULL, NULL);
}

static void evaluate_count(struct check *c, const struct stats *s, const struct answers_run *run,
			   struct check_result *r)
{
	bool any;
	double n = (double)count(c, s, &any);

	if (c->fn == CHECK_RATE)
		n = run->duration ? n * 1e9 / (double)run->duration : 0;
	if (any)
		consider(c, r, n, NULL, NULL);
}

static void evaluate_each(struct check *c, const struct stats *s, struct check_result *r)
{
	for (size_t i = 0; i < s->n_methods && c->kind == CHECK_TIME; i++)
		if (s->methods[i]->durations.count && check__matches_method(c, s->methods[i]->name))
			consider(c, r, of_method(c->fn, s->methods[i]), s->methods[i]->name, NULL);
	for (size_t i = 0; i < s->n_counters && c->kind != CHECK_TIME; i++) {
		for (size_t k = 0; k < s->counters[i]->n; k++) {
			const struct stats_attribute *a = &s->counters[i]->attributes[k];

			if (a->reports && check__matches_attribute(c, s->counters[i]->name, a->name))
				consider(c, r, of_attribute(c->fn, a), s->counters[i]->name, a->name);
		}
	}
}

/* Its value is how many reports it was about. */
static void evaluate_reports(struct check *c, const struct stats *s, struct check_result *r)
{
	uint64_t n = c->seen;

	for (size_t i = 0; i < s->n_counters && c->kind != CHECK_TEXT; i++)
		for (size_t k = 0; k < s->counters[i]->n; k++)
			if (check__matches_attribute(c, s->counters[i]->name, s->counters[i]->attributes[k].name))
				n += s->counters[i]->attributes[k].reports;
	*r = (struct check_result){ .appeared = n, .held = n && !c->broke, .value = (double)n };
}

static void evaluate_silence(struct check *c, const struct answers_run *run, struct check_result *r)
{
	uint64_t last = run->duration > c->seen_at ? run->duration - c->seen_at : 0;

	if (c->seen)
		consider(c, r, (double)(last > c->longest ? last : c->longest), NULL, NULL);
}

void check__evaluate(struct check *c, const struct stats *s, const struct answers_run *run, struct check_result *ret)
{
	double lost = (double)run->lost;

	*ret = (struct check_result){ 0 };
	switch (c->fn) {
	case CHECK_LOST:
		if (run->lost_is_unknown)
			break;
		if (c->kind == CHECK_SHARE)
			lost = run->seen ? lost / (double)run->seen : 0;
		consider(c, ret, lost, NULL, NULL);
		break;
	case CHECK_COUNT:
	case CHECK_RATE: evaluate_count(c, s, run, ret); break;
	case CHECK_ALIVE: evaluate_alive(c, s, ret); break;
	case CHECK_SILENT: evaluate_silence(c, run, ret); break;
	case CHECK_EACH: evaluate_reports(c, s, ret); break;
	default: evaluate_each(c, s, ret);
	}
}

/* Why there is no value. */
static const char *why_not(const struct check *c)
{
	switch (c->fn) {
	case CHECK_LOST: return "it is not known what was lost";
	case CHECK_ALIVE: return "no object of that name appeared";
	case CHECK_EACH: return "no attribute of that name appeared";
	case CHECK_SILENT:
	case CHECK_COUNT:
	case CHECK_RATE: return "nothing of that name appeared";
	default: return c->kind == CHECK_TIME ? "no method of that name appeared" : "no counter of that name appeared";
	}
}

void check__name_value(const struct check *c, double value, const char *name, const char *attribute, char *ret,
		       size_t size)
{
	char text[64];

	switch (c->kind) {
	case CHECK_TIME: snprintf(text, sizeof(text), "%.6g us", value / 1e3); break;
	case CHECK_SHARE: snprintf(text, sizeof(text), "%.6g%%", value * 100); break;
	default: snprintf(text, sizeof(text), "%.15g%s", value, c->fn == CHECK_RATE ? "/s" : "");
	}
	if (name)
		snprintf(ret, size, "%s (%s%s%s)", text, name, attribute ? "." : "", attribute ? attribute : "");
	else
		snprintf(ret, size, "%s", text);
}

void check__print(FILE *to, const struct check *c, const struct stats *s, const struct check_result *r)
{
	const struct stats_beyond *b = &s->beyond;
	char value[CHECK_VALUE_MAX];

	if (!r->appeared) {
		escape__print_line(to, "check: %s: NOT HELD: %s%s", c->text, why_not(c),
				   b->reports || b->calls || b->objects ? " among those that are kept" : "");
		return;
	}
	if (c->fn == CHECK_EACH && c->broke)
		snprintf(value, sizeof(value), "%s", c->wrong ? c->wrong : "out of memory");
	else if (c->fn == CHECK_EACH)
		snprintf(value, sizeof(value), "%.15g reports", r->value);
	else
		check__name_value(c, r->value, r->name, r->attribute, value, sizeof(value));
	if (c->broke && !r->held)
		escape__print_line(to, "check: %s: NOT HELD: %s, first at %.6f s", c->text, value,
				   (double)c->broke_at / 1e9);
	else
		escape__print_line(to, "check: %s: %s: %s", c->text, r->held ? "held" : "NOT HELD", value);
}

static void put_text(struct json *j, const char *text)
{
	json__string(j, text, strlen(text));
}

void check__put(struct json *j, const struct check *c, const struct check_result *r)
{
	json__line(j);
	json__object(j);
	JSON__KEY(j, "check");
	put_text(j, c->text);
	JSON__KEY(j, "held");
	json__bool(j, r->held);
	if (c->wrong) {
		JSON__KEY(j, "wrong");
		put_text(j, c->wrong);
	}
	JSON__KEY(j, "value");
	if (r->appeared)
		json__double(j, r->value);
	else
		json__null(j);
	if (c->broke && !r->held) {
		JSON__KEY(j, "first_ns");
		json__uint(j, c->broke_at);
	}
	if (r->name) {
		JSON__KEY(j, "name");
		put_text(j, r->name);
	}
	if (r->attribute) {
		JSON__KEY(j, "attribute");
		put_text(j, r->attribute);
	}
	json__object_end(j);
}
