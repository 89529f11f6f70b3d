/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * jobserver - a small server with something of everything that viztrace.h can show.
 *
 *     cc -O2 -g -Iinclude tests/demo/jobserver.c -o jobserver -lpthread
 *     ./jobserver &                                    (or: ./jobserver --seconds 10)
 *     sudo viztrace-bpf -p $! -d 3 -o trace.json       open trace.json in ui.perfetto.dev
 *
 * One thread accepts jobs in waves and puts them into a queue, WORKERS threads take them out, execute them
 * and reply. The work itself is made of sleeps, so it needs next to no CPU.
 *
 * In the trace:
 *   counters "queue", "served", "cache"  how much of it there is, over time
 *   objects "worker-1 state" ..., "job" what each of them is doing, from N (new) to D (deleted)
 *   slices on each thread              execute with render, compress and io inside; recursion in compress
 *   asynchronous slices "request"      from the acceptor to a worker's reply, with the time in the queue inside;
 *   arrows                             from the acceptor's queue_push to the worker's serve
 *   instants "config reloaded"         moments
 *   the value "latency"                a number that needs no struct
 */
#define _GNU_SOURCE /* pthread_setname_np */
#include <errno.h>
#include <inttypes.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "viztrace.h"

#define WORKERS 4
#define QUEUE_SIZE 32

/* ---- What is traced. A struct embeds its base as `viz`, and is declared once below its definition. ---- */

/* A counter: numbers only. Attributes that are not declared (such as `jobs`) are not traced, and
 * those that start with `_` are private: here it is just there to show that. */
struct queue {
	struct viz_counter viz;
	int depth;    /* jobs that wait */
	int running;  /* jobs that a worker has */
	double load;  /* running workers / all, smoothed */
	int _highest; /* depth so far */

	struct job *jobs[QUEUE_SIZE];
	pthread_mutex_t lock; /* guards all above */
	pthread_cond_t not_empty;
};
VIZ_PROBE_COUNTER(queue, VIZ_UNIT(depth, "jobs"), running, load, _highest);

/* Totals by themselves: beside them nobody would see the small numbers of the queue. */
struct served {
	struct viz_counter viz;
	int64_t done, failed;
};
VIZ_PROBE_COUNTER(served, done, failed);

struct cache {
	struct viz_counter viz;
	unsigned hits, misses;
	size_t bytes;
	bool warm;
	pthread_mutex_t lock;
};
VIZ_PROBE_COUNTER(cache, hits, misses, VIZ_UNIT(bytes, "bytes"), warm);

/* A struct inside an object is shown as a dict if it has a declaration of its own. */
struct stats {
	uint32_t jobs;
	uint32_t failures;
	double busy_ms;
};
VIZ_PROBE_DICT(stats, jobs, failures, busy_ms);

/* An object: also strings, lists and dicts. */
struct worker {
	struct viz_object viz;
	char state[16];     /* a string in the struct itself: SET cuts what does not fit */
	const char *job;    /* a string elsewhere, or NULL */
	int progress;       /* percent */
	struct stats stats; /* a dict */
	int recent[4];      /* a list: ms that the last jobs took */

	char name[16], title[24]; /* of its thread; of this */
	unsigned number;
	pthread_t thread;
};
VIZ_PROBE_OBJECT(worker, state, job, progress, VIZ_DICT(stats, stats), recent);

enum job_kind { JOB_THUMBNAIL, JOB_REPORT, JOB_BACKUP, JOB_KINDS };
static const char *const kind_names[JOB_KINDS] = { "thumbnail", "report", "backup" };

/* Made for each request, gone with the reply. A new job may well get the address of an old one. */
struct job {
	struct viz_object viz;
	uint32_t number;
	enum job_kind kind;
	const char *title;
	const char *phase;
	char reply[64]; /* holds JSON text: shown as what it says, not as a string */

	struct timespec accepted;
	size_t size;
};
VIZ_PROBE_OBJECT(job, number, VIZ_ENUM(kind, "thumbnail", "report", "backup"), title, phase, VIZ_JSON(reply));

static struct queue queue;
static struct served served; /* guarded by the queue's lock */
static struct cache cache;
static struct worker workers[WORKERS];
static volatile sig_atomic_t stopping;

/* ---- Helpers ---- */

static void stop(int signal)
{
	(void)signal;
	stopping = 1;
}

static void work_ms(unsigned ms)
{
	struct timespec t = { .tv_sec = ms / 1000, .tv_nsec = (long)(ms % 1000) * 1000000 };

	while (nanosleep(&t, &t) && errno == EINTR && !stopping)
		;
}

static double ms_since(const struct timespec *start)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)(now.tv_sec - start->tv_sec) * 1e3 + (double)(now.tv_nsec - start->tv_nsec) / 1e6;
}

/* Each thread has its own state, so what it draws does not depend on the others. */
static unsigned draw(uint32_t *random, unsigned from, unsigned to)
{
	*random ^= *random << 13;
	*random ^= *random >> 17;
	*random ^= *random << 5;
	return from + *random % (to - from + 1);
}

/* ---- The queue ---- */

static void queue_init(struct queue *q)
{
	pthread_mutex_init(&q->lock, NULL);
	pthread_cond_init(&q->not_empty, NULL);
	/* INIT comes when the struct has its first values: NULL says that it is called like its struct. */
	VIZ_PROBE_INIT(q, queue, NULL);
}

/* Plain assignments are silent. The callers' SET or CHANGED that follows reports all attributes as they are
 * then, these too. They hold the lock: two threads that write one object need it with or without probes. */
static void queue_measure(struct queue *q)
{
	q->_highest = q->depth > q->_highest ? q->depth : q->_highest;
	q->load = 0.8 * q->load + 0.2 * q->running / WORKERS;
}

static bool queue_push(struct queue *q, struct job *job)
{
	bool fits;

	VIZ_PROBE_METHOD(); /* a slice named after this function, up to its end */

	pthread_mutex_lock(&q->lock);
	fits = q->depth < QUEUE_SIZE;
	if (fits) {
		q->jobs[q->depth] = job;
		queue_measure(q);
		VIZ_PROBE_BEGIN("queued", job->number); /* inside of "request", as it has its id */
		VIZ_PROBE_FLOW_OUT(job);                /* an arrow from this slice to where the job is taken up */
		VIZ_PROBE_SET(q, depth, q->depth + 1);  /* assigns and reports */
		pthread_cond_signal(&q->not_empty);
	}
	pthread_mutex_unlock(&q->lock);
	return fits;
}

/* NULL: the server stops. */
static struct job *queue_pop(struct queue *q)
{
	struct job *job = NULL;

	pthread_mutex_lock(&q->lock);
	while (!q->depth && !stopping)
		pthread_cond_wait(&q->not_empty, &q->lock);
	if (q->depth) {
		job = q->jobs[0];
		memmove(q->jobs, q->jobs + 1, (QUEUE_SIZE - 1) * sizeof(q->jobs[0]));
		q->depth--;
		q->running++;
		queue_measure(q);
		VIZ_PROBE_CHANGED(q, running); /* reports what was changed in another way than by SET */
		VIZ_PROBE_END("queued", job->number);
	}
	pthread_mutex_unlock(&q->lock);
	return job;
}

static void queue_finished(struct queue *q, bool ok)
{
	pthread_mutex_lock(&q->lock);
	q->running--;
	queue_measure(q);
	VIZ_PROBE_CHANGED(q, running);
	/* One statement each: no braces needed. */
	if (ok)
		VIZ_PROBE_SET(&served, done, served.done + 1);
	else
		VIZ_PROBE_SET(&served, failed, served.failed + 1);
	pthread_mutex_unlock(&q->lock);
}

/* ---- The cache ---- */

static bool cache_lookup(struct cache *c, unsigned luck)
{
	bool hit = luck < 60;

	VIZ_PROBE_METHOD(luck); /* the slice shows what it was called with ... */
	pthread_mutex_lock(&c->lock);
	/* trigger_on_change is off for the cache (see main), so these report nothing and cost no trap ... */
	if (hit)
		VIZ_PROBE_SET(c, hits, c->hits + 1);
	else
		VIZ_PROBE_SET(c, misses, c->misses + 1);
	if (!hit)
		VIZ_PROBE_SET(c, bytes, c->bytes > 900000 ? 0 : c->bytes + 37000 + luck * 100);
	VIZ_PROBE_SET(c, warm, c->hits > 20);
	/* ... but for this, which reports all four in one. */
	VIZ_PROBE_LOG(c);
	pthread_mutex_unlock(&c->lock);
	return VIZ_PROBE_RETURN(hit); /* ... and what it returns */
}

/* ---- Jobs ---- */

static struct job *job_new(uint32_t number, uint32_t *random)
{
	struct job *job = (struct job *)calloc(1, sizeof(*job));

	if (!job)
		return NULL;
	job->number = number;
	job->kind = (enum job_kind)draw(random, 0, JOB_KINDS - 1);
	job->title = kind_names[job->kind];
	job->size = draw(random, 1, 8);
	job->phase = "accepted";
	strcpy(job->reply, "null");
	clock_gettime(CLOCK_MONOTONIC, &job->accepted);
	VIZ_PROBE_INIT(job, job, NULL);
	VIZ_PROBE_LOG(job);                 /* INIT reports no values: show the first ones too */
	VIZ_PROBE_BEGIN("request", number); /* a slice that ends on another thread */
	return job;
}

static void job_free(struct job *job)
{
	/* Before the memory goes. Without it the object would seem to live on. */
	VIZ_PROBE_DESTROY(job);
	VIZ_PROBE_END("request", job->number);
	free(job);
}

static bool parse(struct job *job, uint32_t *random)
{
	VIZ_PROBE_METHOD();
	VIZ_PROBE_SET(job, phase, "parsing");
	work_ms(draw(random, 1, 3));
	if (draw(random, 0, 39) == 0)
		return false; /* METHOD's slice ends on this way out, too */
	return true;
}

static void render(struct worker *w, uint32_t *random)
{
	int tile;

	VIZ_PROBE_METHOD();
	for (tile = 0; tile < 4; tile++) {
		VIZ_PROBE_SCOPE("tile", VIZ_ARG("number", tile)); /* a slice as long as this round of the loop */
		work_ms(draw(random, 1, 4));
		VIZ_PROBE_SET(w, progress, w->progress + 10);
	}
}

/* Halves until it is small: the slices of the calls lie within each other. */
static void compress(size_t size, uint32_t *random)
{
	VIZ_PROBE_METHOD(size);
	work_ms(draw(random, 1, 2));
	if (size > 1) {
		compress(size / 2, random);
		compress(size / 2, random);
	}
}

static void io(size_t size, uint32_t *random)
{
	bool hit = cache_lookup(&cache, draw(random, 0, 99));

	/* Where a slice does not begin and end in one scope, say so by hand. */
	VIZ_PROBE_ENTER(hit ? "io: cached" : "io: disk");
	work_ms(hit ? 1 : (unsigned)size + draw(random, 5, 12));
	VIZ_PROBE_EXIT(hit ? "io: cached" : "io: disk");
}

static bool execute(struct worker *w, struct job *job, uint32_t *random)
{
	VIZ_PROBE_METHOD();
	VIZ_PROBE_TRIGGERLOG(job, after); /* the job is reported once more when this function is left */

	VIZ_PROBE_SET(w, state, "executing");
	VIZ_PROBE_SET(job, phase, "executing");
	if (job->kind != JOB_BACKUP)
		render(w, random);
	VIZ_PROBE_SET(w, progress, 50);
	if (job->kind != JOB_REPORT)
		compress(job->size, random);
	VIZ_PROBE_SET(w, progress, 80);
	io(job->size, random);
	VIZ_PROBE_SET(w, progress, 100);

	job->phase = "executed";
	return draw(random, 0, 29) != 0;
}

static void reply(struct worker *w, struct job *job, bool ok, uint32_t *random)
{
	double ms = ms_since(&job->accepted);
	size_t i;

	VIZ_PROBE_METHOD();
	VIZ_PROBE_SET(w, state, "replying");
	snprintf(job->reply, sizeof(job->reply), "{\"ok\": %s, \"ms\": [%.1f, %zu]}", ok ? "true" : "false", ms,
		 job->size);
	VIZ_PROBE_SET(job, phase, "replied");
	work_ms(draw(random, 1, 2));

	/* Several attributes change here. Only the last one is reported, with all of them. */
	w->stats.failures += !ok;
	w->stats.busy_ms += ms;
	for (i = sizeof(w->recent) / sizeof(w->recent[0]) - 1; i > 0; i--)
		w->recent[i] = w->recent[i - 1];
	w->recent[0] = (int)ms;
	VIZ_PROBE_SET(w, stats.jobs, w->stats.jobs + 1);

	VIZ_PROBE_VALUE("latency", "ms", ms); /* no struct needed */
}

/* ---- Threads ---- */

static void serve(struct worker *w, struct job *job, uint32_t *random)
{
	bool ok;

	VIZ_PROBE_METHOD();
	VIZ_PROBE_FLOW_IN(job);
	VIZ_PROBE_CONFIG(w, trigger_on_change, false); /* `job` and `progress` in silence, `state` reports them */
	VIZ_PROBE_SET(w, job, job->title);
	VIZ_PROBE_SET(w, progress, 0);
	VIZ_PROBE_CONFIG(w, trigger_on_change, true);
	VIZ_PROBE_SET(w, state, "parsing");

	ok = parse(job, random) && execute(w, job, random);
	reply(w, job, ok, random);
	if (!ok)
		VIZ_PROBE_INSTANT("job failed", VIZ_ARG("job", job->number), VIZ_ARG("title", job->title));

	queue_finished(&queue, ok);
	job_free(job);
	VIZ_PROBE_SET(w, job, NULL);
	VIZ_PROBE_SET(w, state, "idle");
}

static void *worker_main(void *argument)
{
	struct worker *w = (struct worker *)argument;
	uint32_t random = 0x9e3779b9u * (w->number + 1);
	struct job *job;

	pthread_setname_np(pthread_self(), w->name); /* the thread's name in the trace */
	strcpy(w->state, "idle");
	/* The name is not copied: it is in the worker, so it lives as long. */
	VIZ_PROBE_INIT(w, worker, w->title);
	while ((job = queue_pop(&queue)) != NULL) {
		if (stopping)
			job_free(job);
		else
			serve(w, job, &random);
	}
	VIZ_PROBE_DESTROY(w);
	return NULL;
}

static void accept_job(uint32_t number, uint32_t *random)
{
	struct job *job;

	VIZ_PROBE_METHOD();
	work_ms(1);
	job = job_new(number, random);
	if (job && !queue_push(&queue, job)) {
		VIZ_PROBE_INSTANT("queue full");
		job_free(job);
	}
}

/* Waves: many jobs at short distance, then a pause in which the queue drains. */
static void *acceptor_main(void *argument)
{
	uint32_t random = 1, number = 0;

	(void)argument;
	pthread_setname_np(pthread_self(), "acceptor");
	while (!stopping) {
		bool rush = number / 40 % 2 == 0;

		accept_job(++number, &random);
		work_ms(rush ? draw(&random, 2, 8) : draw(&random, 8, 20));
	}
	return NULL;
}

static void reload_config(unsigned round)
{
	VIZ_PROBE_METHOD();
	work_ms(3);
	/* CONFIG is an expression; it says so if an attribute name is wrong. Every second round the cache
	 * is shown without its size. */
	if (round % 2 == 0 ? VIZ_PROBE_CONFIG(&cache, exclude_attributes) :
			     VIZ_PROBE_CONFIG(&cache, exclude_attributes, "bytes"))
		fprintf(stderr, "jobserver: the cache has no such attribute\n");
	VIZ_PROBE_INSTANT("config reloaded");
}

int main(int argc, char **argv)
{
	struct sigaction action;
	struct timespec start;
	pthread_t acceptor;
	double seconds = 0;
	unsigned i, round;

	if (argc == 3 && !strcmp(argv[1], "--seconds"))
		seconds = atof(argv[2]);
	if (argc != 1 && seconds <= 0) {
		fprintf(stderr, "usage: %s [--seconds N]\n", argv[0]);
		return 2;
	}
	memset(&action, 0, sizeof(action));
	action.sa_handler = stop;
	sigaction(SIGTERM, &action, NULL);
	sigaction(SIGINT, &action, NULL);
	clock_gettime(CLOCK_MONOTONIC, &start);

	queue_init(&queue);
	VIZ_PROBE_INIT(&served, served, NULL);
	pthread_mutex_init(&cache.lock, NULL);
	/* Settings can be given with INIT, each in parentheses. */
	VIZ_PROBE_INIT(&cache, cache, "cache", (trigger_on_change, false));

	for (i = 0; i < WORKERS; i++) {
		workers[i].number = i + 1;
		snprintf(workers[i].name, sizeof(workers[i].name), "worker-%u", i + 1);
		snprintf(workers[i].title, sizeof(workers[i].title), "worker-%u state", i + 1);
		if (pthread_create(&workers[i].thread, NULL, worker_main, &workers[i]))
			return 1;
	}
	if (pthread_create(&acceptor, NULL, acceptor_main, NULL))
		return 1;

	for (round = 1; !stopping; round++) {
		work_ms(50);
		if (round % 14 == 0)
			reload_config(round / 14);
		if (seconds > 0 && ms_since(&start) >= seconds * 1e3)
			stopping = 1;
	}

	pthread_join(acceptor, NULL);
	pthread_mutex_lock(&queue.lock);
	pthread_cond_broadcast(&queue.not_empty);
	pthread_mutex_unlock(&queue.lock);
	for (i = 0; i < WORKERS; i++)
		pthread_join(workers[i].thread, NULL);
	printf("%" PRId64 " jobs done, %" PRId64 " failed\n", served.done, served.failed);
	VIZ_PROBE_DESTROY(&cache);
	VIZ_PROBE_DESTROY(&served);
	VIZ_PROBE_DESTROY(&queue);
	return 0;
}
