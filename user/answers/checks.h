/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * checks: what has to be true of a run, as text; whether it is, by its figures (stats.h).
 *
 *	check	:= ( "lost" | fn "(" pattern ")" ) op number [ unit ] | pattern op ( number | text )
 *	fn	:= max | min | mean | last | count | rate | p50 | p90 | p99 | alive | silent
 *	op	:= < | <= | > | >= | == | !=
 *	text	:= '"' any '"', to the last one; op is == or !=
 *	unit	:= ns | us | ms | s | K | M | Ki | Mi | % | /s, K/s, M/s
 *
 *	max(queue.depth) < 1000		each counter's attribute that matches, of max, min, mean and last
 *	p99(parse) < 5ms		each method that matches: max, min, mean, p50, p90, p99, which take a time there
 *	count(parse) >= 10		reports, calls and objects that match, all together
 *	rate(served.jobs) > 100/s	the same for each second of the trace
 *	alive(conn) == 0		objects that are there in the end, all together
 *	lost < 1%			events; with % of all that there were
 *	silent(heartbeat) < 2s		the longest time without a report, the end of a call or an instant of that name
 *	conn.state != "broken"		each report of an attribute, of counters and of objects; texts are whole ones
 *
 * Patterns are those of the filters: the name of a counter, object or its class, or method; or counter.attribute.
 */
#ifndef VIZTRACE_CHECKS_H
#define VIZTRACE_CHECKS_H

#include "../common/patterns.h"
#include "answers.h"

#define CHECK_MAX 256        /* bytes of one */
#define CHECK_VALUE_MAX 1024 /* of a value with the name of what has it */

enum check_fn {
	CHECK_MAXIMUM,
	CHECK_MINIMUM,
	CHECK_MEAN,
	CHECK_LAST,
	CHECK_COUNT,
	CHECK_RATE,
	CHECK_P50,
	CHECK_P90,
	CHECK_P99,
	CHECK_ALIVE,
	CHECK_LOST,
	CHECK_SILENT,
	CHECK_FNS,
	CHECK_EACH = CHECK_FNS, /* has no name */
};
enum check_op {
	CHECK_LESS_EQUAL,
	CHECK_GREATER_EQUAL,
	CHECK_EQUAL,
	CHECK_NOT_EQUAL,
	CHECK_LESS,
	CHECK_GREATER,
	CHECK_OPS
};

/* What the number is. */
enum check_kind { CHECK_PLAIN, CHECK_TIME, CHECK_PER_SECOND, CHECK_SHARE, CHECK_TEXT };

struct check {
	char *text;
	enum check_fn fn;
	enum check_op op;
	enum check_kind kind;
	double limit; /* of a time: ns; of a share: 0.01 is 1% */
	char *is;     /* TEXT: what is compared to */
	struct patterns pattern;

	uint64_t seen;    /* EACH: reports of objects that it was about; SILENT: signs of life */
	uint64_t seen_at; /* SILENT: ns since the trace began, the last one; 0: none */
	uint64_t longest; /* SILENT: ns between two of them */

	/* Of one that no later value makes right again, as max and min: since when. */
	bool broke;
	uint64_t broke_at; /* ns since the trace began */
	char *wrong;       /* EACH: what broke it, with its name, for people */
};

/* All zeros is an empty list. */
struct checks {
	struct check *list;
	size_t n;
};

/* Looks on while the figures come, for those that break once and for all. */
struct checks_watch {
	const struct checks *checks;
	/* One breaks here, which is not said again; NULL: nobody wants to know. */
	void (*broke)(void *ctx, struct where at, const struct check *c, double value, const char *name,
		      const char *attribute);
	void *ctx;
	struct stats_watch watch;
};

/* Is one of them about what objects report? */
bool checks__need_states(const struct checks *c);

/* To be called before anything is told to `s`; `w`, with what is set above, lives as long. */
void checks__watch(struct checks_watch *w, struct stats *s);

/* 0, -ENOMEM, or -EINVAL: *ret_what says what is wrong, and *ret_at at which byte. */
int checks__add(struct checks *c, const char *text, const char **ret_what, size_t *ret_at);
void checks__clear(struct checks *c);
void check__clear(struct check *c);

struct check_result {
	bool appeared; /* something matched; else it did not hold */
	bool held;
	double value;                 /* the worst one; of a time: ns */
	const char *name, *attribute; /* whose it is; NULL: of all together, or no attribute */
};

void check__evaluate(struct check *c, const struct stats *s, const struct answers_run *run, struct check_result *ret);

bool check__holds(const struct check *c, double value);
bool check__matches_method(struct check *c, const char *name);
bool check__matches_attribute(struct check *c, const char *counter, const char *attribute);

/* SILENT: is it a sign of life? `attribute`: NULL of what has none. */
bool check__matches_sign(struct check *c, const char *name, const char *attribute);

/* SILENT: the same of an object's report. */
bool check__matches_object(struct check *c, const struct trace_object *object);

/* EACH: is it about that attribute of this object, which has something to compare, and does that hold? */
bool check__is_about_state(struct check *c, const struct trace_object *object, const struct value *v);
bool check__holds_of(const struct check *c, const struct value *v);

/* "1003 (queue.depth)", "54.1 us (parse)". */
void check__name_value(const struct check *c, double value, const char *name, const char *attribute, char *ret,
		       size_t size);

/* "check: lost == 0: held: 0", for people. */
void check__print(FILE *to, const struct check *c, const struct stats *s, const struct check_result *r);

/* As a value, for programs. */
void check__put(struct json *j, const struct check *c, const struct check_result *r);

#endif
