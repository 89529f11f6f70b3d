// SPDX-License-Identifier: BSD-2-Clause
/* What a trace has to get right to the last microsecond: content MODE [N]. */
#define _GNU_SOURCE
#include "viztrace.h"
#include "step.h"

#include <pthread.h>
#include <stdbool.h>
#include <unistd.h>

struct conn {
	struct viz_object viz;
	int state;
	const char *peer;
};
VIZ_PROBE_OBJECT(conn, state, peer);

struct pool {
	struct viz_counter viz;
	int open, idle;
};
VIZ_PROBE_COUNTER(pool, open, idle);

/* One object after the other at one address, each with a name of its own. */
static void run_same_address(long n)
{
	static char names[3][8];

	for (int i = 0; i < 3; i++) {
		static struct conn conn;

		conn.state = 0;
		sprintf(names[i], "conn-%d", i);
		VIZ_PROBE_INIT(&conn, conn, names[i]);
		VIZ_PROBE_SET(&conn, state, 1);
		VIZ_PROBE_SET(&conn, state, 2);
		VIZ_PROBE_DESTROY(&conn);
	}
	(void)n;
}

/* A counter that is destroyed, made again, and reports less, while another one stays. */
static void run_counter_ends(long n)
{
	static struct pool lasting, brief;

	VIZ_PROBE_INIT(&lasting, pool, "lasting");
	VIZ_PROBE_SET(&lasting, open, 1);
	VIZ_PROBE_INIT(&brief, pool, "short-lived");
	brief.idle = 7;
	for (int i = 1; i <= 5; i++)
		VIZ_PROBE_SET(&brief, open, i);
	VIZ_PROBE_DESTROY(&brief);
	VIZ_PROBE_INIT(&brief, pool, "short-lived");
	VIZ_PROBE_SET(&brief, open, 9);
	VIZ_PROBE_CONFIG(&brief, exclude_attributes, "idle");
	VIZ_PROBE_SET(&brief, open, 11);
	VIZ_PROBE_SET(&lasting, open, 2);
	(void)n;
}

struct wide {
	struct viz_counter viz;
	int a, b;
	double c, d;
	uint64_t e;
	bool f;
	double g;
	int h, i, j, k, l;
	double m, n, o, p;
	int64_t q;
	int r, s, t;
	double u;
	int v;
};
VIZ_PROBE_COUNTER(wide, a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, q, r, s, t, u, v);

/* Values that are written in silence, and then all of them reported. */
static void report_wide(struct wide *w, unsigned long bits)
{
	int z[22];

	for (int i = 0; i < 22; i++)
		z[i] = (int)(bits >> i & 1);
	w->a = 3 * z[0], w->b = -4 * z[1], w->c = 0.5 * z[2], w->d = -0.0 + 1e300 * z[3], w->e = z[4] ? UINT64_MAX : 0;
	w->f = z[5], w->g = -1.5 * z[6], w->h = z[7], w->i = 2 * z[8], w->j = -3 * z[9], w->k = z[10], w->l = 1000000 * z[11];
	w->m = 0.1 * z[12], w->n = 5e-324 * z[13], w->o = z[14], w->p = -1e-9 * z[15], w->q = z[16] ? INT64_MIN : 0;
	w->r = z[17], w->s = 7 * z[18], w->t = -7 * z[19], w->u = 0.25 * z[20];
	VIZ_PROBE_SET(w, v, 9 * z[21]);
}

/* More series than some formats take at once: zeros everywhere, and then reports with less. */
static void run_wide(long n)
{
	static struct wide wide;

	VIZ_PROBE_INIT(&wide, wide, NULL);
	report_wide(&wide, ~0ul);
	for (int i = 0; i < 22; i++) {
		report_wide(&wide, ~(1ul << i));
		report_wide(&wide, 1ul << i);
		report_wide(&wide, 0x9e3779b97f4a7c15ul >> i);
	}
	VIZ_PROBE_CONFIG(&wide, exclude_attributes, "a", "c", "k", "l", "m", "n", "o", "p", "q", "r");
	for (int i = 0; i < 22; i++)
		report_wide(&wide, 0x9e3779b97f4a7c15ul >> i);
	(void)n;
}

struct extremes {
	struct viz_object viz;
	int64_t i;
	uint64_t u;
	double d;
	bool b;
	const char *text;
};
VIZ_PROBE_OBJECT(extremes, i, u, d, b, text);

/* The largest and the smallest, what is no number, and texts that are none; each reported twice. */
static void run_extremes(long n)
{
	static const struct { int64_t i; uint64_t u; double d; const char *text; } all[] = {
		{ INT64_MIN, UINT64_MAX, 1.0 / 0.0, "" }, { INT64_MAX, INT64_MAX, -1.0 / 0.0, "a\xffz\xe2\x82" },
		{ -1, 1ull << 63, 0.0 / 0.0, "\xc3\xbc\n\"\x7f" }, { 1ll << 53, 0, 5e-324, NULL },
	};
	static struct extremes x;

	VIZ_PROBE_INIT(&x, extremes, NULL);
	for (unsigned i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		x.i = all[i].i, x.u = all[i].u, x.d = all[i].d, x.text = all[i].text;
		VIZ_PROBE_SET(&x, b, i & 1);
		VIZ_PROBE_LOG(&x);
		VIZ_PROBE_LOG(&x);
	}
	(void)n;
}

/* Names that every object of JavaScript has already. */
static void run_names(long n)
{
	static const char *const names[] = { "__proto__", "constructor", "toString", "hasOwnProperty", "valueOf" };
	static struct conn conns[sizeof(names) / sizeof(names[0])];
	static struct pool pools[sizeof(names) / sizeof(names[0])];

	for (unsigned i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		VIZ_PROBE_ENTER(names[i]);
		VIZ_PROBE_INSTANT(names[i]);
		VIZ_PROBE_INIT(&conns[i], conn, names[i]);
		VIZ_PROBE_SET(&conns[i], state, (int)i);
		VIZ_PROBE_INIT(&pools[i], pool, names[i]);
		VIZ_PROBE_SET(&pools[i], open, (int)i);
		VIZ_PROBE_VALUE(names[i], names[i], i);
		VIZ_PROBE_EXIT(names[i]);
	}
	(void)n;
}

/* Open when the process ends, some milliseconds later. */
static void run_open(long n)
{
	static struct conn conn;
	static struct pool pool;

	VIZ_PROBE_METHOD();
	VIZ_PROBE_INIT(&conn, conn, NULL);
	VIZ_PROBE_SET(&conn, state, 1);
	VIZ_PROBE_INIT(&pool, pool, NULL);
	VIZ_PROBE_SET(&pool, open, 1);
	usleep(3000);
	VIZ_PROBE_INSTANT("last");
	(void)n;
	_exit(0);
}

/* Until it is killed. */
static void run_forever(long n)
{
	VIZ_PROBE_METHOD();
	for (;;) {
		VIZ_PROBE_INSTANT("tick");
		usleep(1000);
	}
	(void)n;
}

static __attribute__((noinline)) long recurse(long n)
{
	VIZ_PROBE_METHOD();
	if (n)
		return recurse(n - 1) + 1;
	VIZ_PROBE_SCOPE("leaf");
	return n;
}

static void run_deep(long n)
{
	VIZ_PROBE_SCOPE("outer");
	recurse(n);
	VIZ_PROBE_SCOPE("after");
}

static void *ends_inside(void *name)
{
	VIZ_PROBE_ENTER((const char *)name);
	return NULL;
}

static void set_next_tid(int tid)
{
	FILE *f = fopen("/proc/sys/kernel/ns_last_pid", "w");

	if (f) {
		fprintf(f, "%d", tid - 1);
		fclose(f);
	}
}

static void *say_tid(void *name)
{
	static int tid;

	if (!tid || tid == gettid())
		VIZ_PROBE_ENTER((const char *)name);
	tid = tid ? tid : gettid();
	return (void *)(long)tid;
}

/* Threads that end inside of a slice, the second with the id of the first, as far as the kernel lets us. */
static void run_threads(long n)
{
	void *tid = NULL;
	pthread_t t;

	pthread_create(&t, NULL, ends_inside, "lonely");
	pthread_join(t, NULL);
	pthread_create(&t, NULL, say_tid, "first");
	pthread_join(t, &tid);
	VIZ_PROBE_INSTANT("between");
	for (int i = 0; i < 200; i++) {
		set_next_tid((int)(long)tid);
		pthread_create(&t, NULL, say_tid, "second");
		pthread_join(t, NULL);
	}
	VIZ_PROBE_INSTANT("end");
	(void)n;
}

/* Traced from when it is inside. */
static void run_late(long n)
{
	VIZ_PROBE_METHOD();
	VIZ_PROBE_ENTER("outer");
	VIZ_PROBE_ENTER("inner");
	step("inside");
	VIZ_PROBE_EXIT("inner");
	VIZ_PROBE_EXIT("outer");
	{
		VIZ_PROBE_SCOPE("after");
	}
	VIZ_PROBE_EXIT("after");
	(void)n;
}

/* Slices of which some are long for sure, and the others may be. */
static void run_short(long n)
{
	static struct pool pool;

	VIZ_PROBE_INIT(&pool, pool, NULL);
	for (int i = 0; i < 20; i++) {
		VIZ_PROBE_SCOPE("long");
		for (int k = 0; k < 50; k++) {
			VIZ_PROBE_SCOPE("short");
			VIZ_PROBE_SET(&pool, open, i * 50 + k);
		}
		usleep(20000);
	}
	VIZ_PROBE_ENTER("open at the end");
	(void)n;
}

struct text {
	struct viz_object viz;
	const char *json;
};
VIZ_PROBE_OBJECT(text, VIZ_JSON(json));

static void run_json(long n)
{
	static struct text text;

	VIZ_PROBE_INIT(&text, text, NULL);
	VIZ_PROBE_SET(&text, json, "[1e400, 12345678901234567890, -1e400]");
	VIZ_PROBE_SET(&text, json, "12345678901234567890");
	(void)n;
}

static const struct {
	const char *name;
	void (*run)(long n);
} modes[] = {
	{ "same_address", run_same_address },
	{ "counter_ends", run_counter_ends },
	{ "names", run_names },
	{ "open", run_open },
	{ "forever", run_forever },
	{ "wide", run_wide },
	{ "extremes", run_extremes },
	{ "deep", run_deep },
	{ "threads", run_threads },
	{ "late", run_late },
	{ "short", run_short },
	{ "json", run_json },
};

int main(int argc, char **argv)
{
	if (argc < 2 || strcmp(argv[1], "late") != 0)
		step("ready");
	for (unsigned i = 0; i < sizeof(modes) / sizeof(modes[0]); i++)
		if (argc > 1 && !strcmp(argv[1], modes[i].name))
			modes[i].run(argc > 2 ? atol(argv[2]) : 0);
	puts("done");
	return 0;
}
