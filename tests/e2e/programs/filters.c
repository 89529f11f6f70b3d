// SPDX-License-Identifier: BSD-2-Clause
/*
 * Objects that a test makes, configures and writes to. Each line on stdin is a command; the answer to all is "ok".
 *
 *   make KEY NAME            a box; NAME -: none of its own. KEY is how the other commands call it
 *   tally KEY NAME           a counter
 *   include KEY [ATTR ATTR]  VIZ_PROBE_CONFIG; also: exclude KEY [ATTR ATTR], trigger KEY 0|1, enabled KEY 0|1
 *   set KEY ATTR N           VIZ_PROBE_SET; ATTR of a box: own, _private, nested, list, text; of a tally: a, b, _c
 *   times KEY ATTR N         N of these, with 1 to N
 *   log KEY, destroy KEY
 *   call N                   a method `outer` that calls the method `inner` N times
 *   inside                   a method `outer` that lasts until "outside"
 *   begin N, end N           a request
 *   open NAME, close NAME    a slice of a name that is on the stack
 *   slices N NAME BYTES      N of these, the name made longer up to so many bytes
 *   requests N NAME          N requests of such a name
 *   value NAME KEY N, instant NAME
 *   map                      this file a second time
 *   armed                    which kinds of probes are switched on
 *   crowd N                  N living items; fire: each says who it is, twice
 *   churn SECONDS            items made and destroyed in a few places, some 12,000 per second; says how many
 *   race MS                  4 threads write for so long; says how often each did
 *   quit
 */
#define _GNU_SOURCE
#include "viztrace.h"
#include "step.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdbool.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

struct lim { int soft, hard; };
VIZ_PROBE_DICT(lim, soft, hard);

struct box {
	struct viz_object viz;
	int64_t own;
	int64_t _private;
	struct lim nested;
	int list[2];
	char text[16];
};
VIZ_PROBE_OBJECT(box, own, _private, VIZ_DICT(nested, lim), list, text);

struct tally {
	struct viz_counter viz;
	int64_t a;
	double b;
	int64_t _c;
};
VIZ_PROBE_COUNTER(tally, a, b, _c);

struct item {
	struct viz_object viz;
	int64_t number;
	int64_t step;
};
VIZ_PROBE_OBJECT(item, number, step);

static struct entry {
	char key[16], name[64];
	bool is_tally;
	struct box box;
	struct tally tally;
} entries[128];
static size_t n_entries;

static struct entry *find(const char *key)
{
	for (size_t i = 0; i < n_entries; i++)
		if (!strcmp(entries[i].key, key))
			return &entries[i];
	fprintf(stderr, "no %s\n", key);
	exit(98);
}

static void make(const char *key, const char *name, bool is_tally)
{
	struct entry *e = &entries[n_entries++];
	const char *given = strcmp(name, "-") ? e->name : NULL;

	snprintf(e->key, sizeof(e->key), "%s", key);
	snprintf(e->name, sizeof(e->name), "%s", name);
	e->is_tally = is_tally;
	if (is_tally)
		VIZ_PROBE_INIT(&e->tally, tally, given);
	else
		VIZ_PROBE_INIT(&e->box, box, given);
}

#define CONFIG(e, ...) ((e)->is_tally ? VIZ_PROBE_CONFIG(&(e)->tally, __VA_ARGS__) : VIZ_PROBE_CONFIG(&(e)->box, __VA_ARGS__))

static int config_list(struct entry *e, bool include, const char *a, const char *b)
{
	if (include)
		return !*a ? CONFIG(e, include_attributes) : !*b ? CONFIG(e, include_attributes, a) :
								   CONFIG(e, include_attributes, a, b);
	return !*a ? CONFIG(e, exclude_attributes) : !*b ? CONFIG(e, exclude_attributes, a) :
							   CONFIG(e, exclude_attributes, a, b);
}

static void set(struct entry *e, const char *attr, long n)
{
	char text[16];

	if (e->is_tally) {
		if (!strcmp(attr, "a"))
			VIZ_PROBE_SET(&e->tally, a, n);
		else if (!strcmp(attr, "b"))
			VIZ_PROBE_SET(&e->tally, b, (double)n);
		else
			VIZ_PROBE_SET(&e->tally, _c, n);
		return;
	}
	snprintf(text, sizeof(text), "%ld", n);
	if (!strcmp(attr, "own"))
		VIZ_PROBE_SET(&e->box, own, n);
	else if (!strcmp(attr, "_private"))
		VIZ_PROBE_SET(&e->box, _private, n);
	else if (!strcmp(attr, "nested"))
		VIZ_PROBE_SET(&e->box, nested.soft, (int)n);
	else if (!strcmp(attr, "list"))
		VIZ_PROBE_SET(&e->box, list[1], (int)n);
	else
		VIZ_PROBE_SET(&e->box, text, text);
}

static void report(struct entry *e)
{
	if (e->is_tally)
		VIZ_PROBE_LOG(&e->tally);
	else
		VIZ_PROBE_LOG(&e->box);
}

static void destroy(struct entry *e)
{
	if (e->is_tally)
		VIZ_PROBE_DESTROY(&e->tally);
	else
		VIZ_PROBE_DESTROY(&e->box);
	e->key[0] = 0;
}

static int inner(long i)
{
	VIZ_PROBE_METHOD();
	return (int)i;
}

static int outer(long n)
{
	VIZ_PROBE_METHOD();
	int sum = 0;

	for (long i = 0; i < n; i++)
		sum += inner(i);
	return sum;
}

/* What was given, and x up to `size` characters. */
static void slices(long n, const char *given, int size)
{
	char name[1024];

	memset(name, 'x', sizeof(name));
	memcpy(name, given, strlen(given));
	name[(int)strlen(given) > size ? (int)strlen(given) : size] = 0;
	for (long i = 0; i < n; i++) {
		VIZ_PROBE_ENTER(name);
		VIZ_PROBE_EXIT(name);
	}
}

static void requests(long n, const char *name)
{
	for (long i = 0; i < n; i++) {
		VIZ_PROBE_BEGIN(name, i);
		VIZ_PROBE_END(name, i);
	}
}

static void command(char *line);

static void inside(void)
{
	VIZ_PROBE_SCOPE("outer");
	char line[sizeof(step_line)];

	for (strcpy(line, step("ok")); strcmp(line, "outside"); strcpy(line, step("ok")))
		command(line);
}

/* Below the mappings that the loader has made. */
static void map(void)
{
	int fd = open("/proc/self/exe", O_RDONLY);
	void *hint = (void *)(((uintptr_t)&viz_set_semaphore & ~(uintptr_t)4095) - (64u << 20));

	if (fd < 0 || mmap(hint, (size_t)lseek(fd, 0, SEEK_END), PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0) != hint)
		exit(96);
	close(fd);
}

static void armed(void)
{
	const struct {
		const char *name;
		const volatile unsigned short *semaphore;
	} kinds[] = {
		{ "init", &viz_init_semaphore },       { "destroy", &viz_destroy_semaphore },
		{ "set", &viz_set_semaphore },         { "log", &viz_log_semaphore },
		{ "enter", &viz_enter_semaphore },     { "exit", &viz_exit_semaphore },
		{ "value", &viz_value_semaphore },     { "instant", &viz_instant_semaphore },
		{ "quiet", &viz_quiet_semaphore },     { "async", &viz_async_semaphore },
	};

	for (size_t i = 0; i < sizeof(kinds) / sizeof(*kinds); i++)
		if (*kinds[i].semaphore)
			printf("%s ", kinds[i].name);
	puts("");
}

/* So that a reader that waits for a busy processor keeps up. */
static void pause_each(long i, long n)
{
	if (i % n == n - 1)
		usleep(1000);
}

static struct item *crowd;
static char (*crowd_names)[32];
static long n_crowd;

static void make_crowd(long n)
{
	n_crowd = n;
	crowd = calloc((size_t)n, sizeof(*crowd));
	crowd_names = calloc((size_t)n, sizeof(*crowd_names));
	for (long i = 0; i < n; i++) {
		snprintf(crowd_names[i], sizeof(*crowd_names), "item %ld", i);
		crowd[i].number = i;
		VIZ_PROBE_INIT(&crowd[i], item, crowd_names[i]);
	}
}

static void fire(void)
{
	for (int round = 1; round <= 2; round++) {
		for (long i = 0; i < n_crowd; i++) {
			VIZ_PROBE_SET(&crowd[i], step, round);
			pause_each(i, 30);
		}
	}
}

static double seconds(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

/* In bursts, by the clock: a late one is made up for. */
static void churn(double length)
{
	static struct item places[32];
	static char names[32][32];
	double start = seconds();
	long made = 0;

	while (seconds() - start < length) {
		long due = (long)((seconds() - start) * 12000);

		for (; made < due; made++) {
			struct item *p = &places[made * 7 % 32];
			char *name = names[made * 7 % 32];

			snprintf(name, sizeof(*names), "item %ld", made);
			p->number = made;
			p->step = 0;
			VIZ_PROBE_INIT(p, item, name);
			VIZ_PROBE_SET(p, step, 1);
			VIZ_PROBE_SET(p, step, 2);
			/* Every fifth is freed without a word. */
			if (made % 5)
				VIZ_PROBE_DESTROY(p);
			else
				memset(p, 0, sizeof(*p));
		}
		usleep(2000);
	}
	printf("%ld\n", made);
}

/* Two threads write to boxes and two to tallies, and each to an object of which nobody hides anything. */
struct runner {
	pthread_t thread;
	bool is_tally;
	struct box box;
	struct tally tally;
	struct item witness;
	char name[16], witness_name[16];
	double until;
	long writes;
};

static void *run(void *arg)
{
	struct runner *r = arg;
	long i = 0;

	while (seconds() < r->until) {
		for (int j = 0; j < 4; j++, i++) {
			if (r->is_tally && i % 2)
				VIZ_PROBE_SET(&r->tally, a, i);
			else if (r->is_tally)
				VIZ_PROBE_SET(&r->tally, b, (double)i);
			else if (i % 2)
				VIZ_PROBE_SET(&r->box, own, i);
			else
				VIZ_PROBE_SET(&r->box, list[1], (int)i);
		}
		VIZ_PROBE_SET(&r->witness, step, i);
		usleep(500);
	}
	r->writes = i;
	return NULL;
}

static void race(long ms)
{
	static struct runner runners[4];
	double until = seconds() + (double)ms / 1e3;

	for (int i = 0; i < 4; i++) {
		struct runner *r = &runners[i];

		r->is_tally = i % 2;
		r->until = until;
		snprintf(r->name, sizeof(r->name), "racer %d", i);
		snprintf(r->witness_name, sizeof(r->witness_name), "witness %d", i);
		if (r->is_tally)
			VIZ_PROBE_INIT(&r->tally, tally, r->name);
		else
			VIZ_PROBE_INIT(&r->box, box, r->name);
		VIZ_PROBE_INIT(&r->witness, item, r->witness_name);
		pthread_create(&r->thread, NULL, run, r);
	}
	for (int i = 0; i < 4; i++) {
		pthread_join(runners[i].thread, NULL);
		printf("%ld\n", runners[i].writes);
	}
}

static void command(char *line)
{
	char word[16] = "", key[16] = "", a[16] = "", b[16] = "";
	int at = 0;

	sscanf(line, "%15s %15s %15s %15s", word, key, a, b);
	sscanf(line, "%*s %*s %n", &at);
	if (!strcmp(word, "make") || !strcmp(word, "tally"))
		make(key, line + at, word[0] == 't');
	else if (!strcmp(word, "include") || !strcmp(word, "exclude"))
		printf("%d\n", config_list(find(key), word[0] == 'i', a, b));
	else if (!strcmp(word, "trigger"))
		printf("%d\n", CONFIG(find(key), trigger_on_change, atoi(a)));
	else if (!strcmp(word, "enabled"))
		printf("%d\n", CONFIG(find(key), enabled, atoi(a)));
	else if (!strcmp(word, "set"))
		set(find(key), a, atol(b));
	else if (!strcmp(word, "times"))
		for (long i = 1; i <= atol(b); i++)
			set(find(key), a, i);
	else if (!strcmp(word, "log"))
		report(find(key));
	else if (!strcmp(word, "destroy"))
		destroy(find(key));
	else if (!strcmp(word, "call"))
		outer(atol(key));
	else if (!strcmp(word, "inside"))
		inside();
	else if (!strcmp(word, "begin"))
		VIZ_PROBE_BEGIN("request", atoi(key));
	else if (!strcmp(word, "end"))
		VIZ_PROBE_END("request", atoi(key));
	else if (!strcmp(word, "open"))
		VIZ_PROBE_ENTER(key);
	else if (!strcmp(word, "close"))
		VIZ_PROBE_EXIT(key);
	else if (!strcmp(word, "slices"))
		slices(atol(key), a, atoi(b));
	else if (!strcmp(word, "requests"))
		requests(atol(key), a);
	else if (!strcmp(word, "map"))
		map();
	else if (!strcmp(word, "armed"))
		armed();
	else if (!strcmp(word, "value"))
		VIZ_PROBE_VALUE(key, a, atol(b));
	else if (!strcmp(word, "instant"))
		VIZ_PROBE_INSTANT(key);
	else if (!strcmp(word, "crowd"))
		make_crowd(atol(key));
	else if (!strcmp(word, "fire"))
		fire();
	else if (!strcmp(word, "churn"))
		churn(atof(key));
	else if (!strcmp(word, "race"))
		race(atol(key));
	else
		exit(97);
}

int main(void)
{
	char line[sizeof(step_line)];

	for (strcpy(line, step("ready")); strcmp(line, "quit"); strcpy(line, step("ok")))
		command(line);
	return 0;
}
