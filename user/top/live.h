/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * live: what the model says in, the figures of now out. A sink beside the others that writes no file: the figures of
 * the whole run (answers/stats.h), and what has become of them since somebody looked the last time.
 *
 * Who looks calls live__tick() about once a second. Memory: that of stats, a minute of each series (240 bytes), two
 * histograms for each method, and the last state of each kind of object, 8 KB at most.
 */
#ifndef VIZTRACE_LIVE_H
#define VIZTRACE_LIVE_H

#include "../answers/stats.h"
#include "../write/sinks.h"

#define LIVE_TICKS 60       /* of which the values are kept */
#define LIVE_WINDOW 5.0     /* seconds; the percentiles are those of one to two of these */
#define LIVE_STATE_MAX 4096 /* bytes of texts of a state */
#define LIVE_VALUES_MAX 128 /* of a state */

/* A state, all of it copied. What is beyond the limits is left out. */
struct live_state {
	struct value *values; /* as in an event; texts are at `at` of `texts` */
	size_t *keys;         /* where they begin in `texts`; SIZE_MAX: none */
	size_t n, room;
	char *texts;
	size_t size;
	bool is_cut;
};

struct live_series {
	char *name; /* "pool.open", "pool.open [0x1234]", escaped */
	uint64_t reports, changes;
	double rate; /* changes a second, lately; as all rates */
	float minute[LIVE_TICKS];
	unsigned n_minute; /* ticks that it has seen, up to LIVE_TICKS */
	uint64_t marked;   /* reports at live__mark() */
};

struct live_counter {
	struct live_series *series; /* as stats_counter.attributes */
	size_t n;
};

struct live_method {
	char *name;              /* escaped */
	uint64_t calls;          /* that are over */
	uint64_t begun, total;   /* calls and ns in all, where the window begins; */
	uint64_t half_total;     /* and ns in the middle of it */
	struct histogram before; /* of the first half; the second one is in stats_method.durations */
	double rate;
	uint64_t marked;
};

struct live_object {
	char *name; /* escaped, with its class */
	uint64_t made, destroyed;
	double made_rate, destroyed_rate;
	uint64_t states, marked;
	struct live_state state;
};

struct live {
	struct stats *stats; /* its lists are in the order in which all came */
	struct live_counter *counters;
	struct live_method *methods;
	struct live_object *objects;
	size_t n_counters, n_methods, n_objects;
	unsigned tick; /* where the next value goes in live_series.minute */
	double half;   /* seconds of the second half of the window */
};

extern const struct format format_live;

/* The one that is in the set; NULL: there is none, or it has an error. */
struct live *live__of(const struct sinks *sinks);

/* `seconds` since the last time. 0 or -ENOMEM. */
int live__tick(struct live *l, double seconds);

/* From here on it is known who reports: live_series.marked and its like are then less than what they count. */
void live__mark(struct live *l);

/* Calls that are over in the window, their mean in ns, and how long they took. The histogram is the caller's to clear.
 * 0 or -ENOMEM. */
int live__window(const struct live *l, size_t method, double *ret_mean, struct histogram *ret);

/* `balance: 3, owner: "ada", rates: [1, 2]`, escaped, to be freed; NULL: there is none, or no memory. */
char *live_state__text(const struct live_state *s);

#endif
