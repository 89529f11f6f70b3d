// SPDX-License-Identifier: BSD-2-Clause
/* report: see report.h. */
#include "report.h"

#include <inttypes.h>

#include "attach/processes.h"
#include "collect/collect.h"
#include "common/log.h"
#include "decode/decode.h"
#include "decode/filter.h"
#include "decode/shorts.h"
#include "decode/thin.h"
#include "model/model.h"
#include "write/sinks.h"

/*
 * What was seen and never came: records that a program has not completed within a second after the end, and all behind
 * them in the same ring buffer; or what was left when the trace had to end. They are lost; the books must not say less
 * than that. How many they are.
 */
static uint64_t settle(struct report_counts *c, const char *name)
{
	uint64_t known = c->written + c->filtered + c->lost, missing = c->seen > known ? c->seen - known : 0;

	if (c->seen < known)
		log_warn("the books of viz:%s do not balance: %" PRIu64 " seen, %" PRIu64
			 " accounted for; please report this",
			 name, c->seen, known);
	c->lost += missing;
	return missing;
}

static void add(struct report_counts *total, const struct report_counts *c)
{
	total->seen += c->seen;
	total->filtered += c->filtered;
	total->written += c->written;
	total->lost += c->lost;
	total->truncated += c->truncated;
	total->unreadable += c->unreadable;
}

static void take_model(struct report *r, const struct model_stats *m)
{
	r->counters = m->counters;
	r->objects = m->objects;
	r->methods = m->methods;
	r->threads = m->threads;
	r->processes = m->processes;
	r->not_finite = m->not_finite;
	r->refused = m->refused;
	r->forgotten = m->forgotten;
	r->unwound = m->unwound;
	r->unmatched = m->unmatched;
	r->unmatched_async = m->unmatched_async;
}

void report__close_part(struct report *r, const struct model *model, const uint64_t lost[EVENT_PROBES])
{
	const struct model_stats *m = model__stats(model);

	for (int i = 0; i < EVENT_PROBES; i++) {
		struct report_counts *c = &r->probes[i];

		c->filtered = m->unwanted[i] + m->too_deep[i];
		r->too_deep += m->too_deep[i];
		c->written = m->written[i];
		c->lost = lost[i] + m->rejected[i];
		c->seen = c->written + c->filtered + c->lost;
		r->rejected += m->rejected[i];
		add(&r->total, c);
	}
	take_model(r, m);
}

/* Of one kind of probe, so far. */
static void count(struct report_counts *c, const struct report_sources *from, int i, uint64_t *ret_invalid)
{
	const struct model_stats *m = model__stats(from->model);
	struct collect_counts k = { 0 };

	collector__counts(from->collector, (enum probe)i, &k);
	c->seen = k.seen;
	c->filtered = k.filtered + filter__filtered(from->filter, (enum probe)i) +
		      thin__filtered(from->thin, (enum probe)i) + shorts__filtered(from->shorts, (enum probe)i) +
		      m->unwanted[i] + m->too_deep[i];
	c->written = m->written[i];
	c->lost = k.lost + decoder__stats(from->decoder)->rejected_by_probe[i] + m->rejected[i];
	c->truncated = k.truncated;
	c->unreadable = k.unreadable;
	*ret_invalid += k.invalid;
}

void report__account(struct trace_account *ret, const struct report_sources *from)
{
	uint64_t ignored = 0;

	for (int i = 0; i < EVENT_PROBES; i++) {
		struct report_counts c;

		count(&c, from, i, &ignored);
		ret->probes[i] = (struct trace_counts){ c.seen, c.written, c.filtered, c.lost };
	}
}

void report__close(struct report *r, const struct report_sources *from)
{
	const struct model_stats *m = model__stats(from->model);
	const struct decode_stats *d = decoder__stats(from->decoder);
	uint64_t missing = 0;

	for (int i = 0; i < EVENT_PROBES; i++) {
		struct report_counts *c = &r->probes[i];

		count(c, from, i, &r->invalid);
		r->too_deep += m->too_deep[i];
		missing += settle(c, probe_names[i]);
		add(&r->total, c);
		r->rejected += d->rejected_by_probe[i] + m->rejected[i];
	}
	if (from->cut)
		r->unread = missing;
	else if (missing && !from->failed)
		log_warn("%" PRIu64 " records were not completed in time; they count as lost", missing);
	r->classes_beyond = d->classes_beyond;
	take_model(r, m);
	r->refused += collector__refused(from->collector);
	r->rejected += collector__refused(from->collector);
	r->missed = processes__stats(from->processes)->missed + collector__untraced(from->collector);
	r->invalid_json = sinks__invalid_json(from->sinks);
}

uint64_t report__written(const struct model *m)
{
	const struct model_stats *stats = model__stats(m);
	uint64_t n = 0;

	for (int i = 0; i < EVENT_PROBES; i++)
		n += stats->written[i];
	return n;
}

uint64_t report__lost(const struct collector *c)
{
	struct collect_counts counts;
	uint64_t lost = 0;

	for (int i = 0; i < EVENT_PROBES; i++)
		if (!collector__counts(c, (enum probe)i, &counts))
			lost += counts.lost;
	return lost;
}
