/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Batches without a kernel: this program raises its own semaphores, and viz:batch calls keep(), as if an eBPF program
 * copied the lap. Then it reads back what is there: each record once, complete, with its base in the same lap.
 */
#define _GNU_SOURCE
#include "viztrace.h"

#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>

#define CHECK(cond) \
	do { \
		if (!(cond)) { \
			printf("%s:%d: not %s\n", __FILE__, __LINE__, #cond); \
			exit(1); \
		} \
	} while (0)

#define LAPS 16384
#define OBJECTS 8
#define THREADS 4

struct stream { struct viz_counter viz; int64_t number, twice; };
VIZ_PROBE_COUNTER(stream, number, twice);

struct mixed { struct viz_object viz; char text[40]; int list[5]; };
VIZ_PROBE_OBJECT(mixed, text, list);

struct pointed { struct viz_object viz; const char *text; int n; };
VIZ_PROBE_OBJECT(pointed, text, n);

#if defined(__x86_64__)
struct lap { uint64_t slot, lap; uint32_t size; uint64_t data[VIZ_LAP_BYTES / 8]; };
static struct lap *laps[LAPS];
static unsigned n_laps, n_claims, n_traps;

void keep(struct viz_slot *slot, const void *data, uint64_t thread);
void trap(void);

void trap(void)
{
	__atomic_fetch_add(&n_traps, 1, __ATOMIC_RELAXED);
}

static struct lap memory[LAPS];

static void copy(const struct viz_slot *slot, const void *data)
{
	unsigned i = __atomic_fetch_add(&n_laps, 1, __ATOMIC_RELAXED);
	struct lap *l;

	CHECK(i < LAPS);
	l = &memory[i];
	l->slot = (uintptr_t)slot;
	l->lap = slot->head >> 32;
	l->size = (uint32_t)slot->head;
	CHECK(l->size <= VIZ_LAP_BYTES);
	memcpy(l->data, data, l->size);
	laps[i] = l;
}

/* No signal gets between what an eBPF program does. */
void keep(struct viz_slot *slot, const void *data, uint64_t thread)
{
	sigset_t all, before;

	sigfillset(&all);
	pthread_sigmask(SIG_BLOCK, &all, &before);
	CHECK(slot->owner == thread);
	if ((uint32_t)slot->head)
		copy(slot, data);
	else
		__atomic_fetch_add(&n_claims, 1, __ATOMIC_RELAXED);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
}

extern struct {
	struct viz_slot slots[VIZ_SLOTS];
	uint64_t laps[VIZ_SLOTS][VIZ_LAP_BYTES / 8];
} viz__pool;

/* What is left in the slots. */
static void keep_all(void)
{
	unsigned i;

	for (i = 0; i < VIZ_SLOTS; i++)
		if ((uint32_t)viz__pool.slots[i].head) {
			CHECK((uint32_t)viz__pool.slots[i].head == (uint32_t)viz__pool.slots[i].done);
			keep(&viz__pool.slots[i], viz__pool.laps[i], viz__pool.slots[i].owner);
		}
}

static void raise_all(int on)
{
	volatile unsigned short *all[] = { &viz_set_semaphore, &viz_enter_semaphore, &viz_exit_semaphore,
		&viz_value_semaphore, &viz_instant_semaphore, &viz_async_semaphore, &viz_batch_semaphore };
	unsigned i;

	for (i = 0; i < sizeof(all) / sizeof(all[0]); i++)
		*all[i] = (unsigned short)on;
}

static struct stream streams[2 * THREADS];
static __thread struct stream *of_handler;

static void put(struct stream *s, int64_t number)
{
	s->twice = 2 * number;
	VIZ_PROBE_SET(s, number, number);
}

static void on_alarm(int number)
{
	int n = 0, many;

	(void)number;
	if (!of_handler)
		return;
	many = of_handler->number % 7 == 3 ? 300 : 3;
	while (n++ < many)
		put(of_handler, of_handler->number + 1);
}

static void *write_all(void *arg)
{
	struct stream *s = (struct stream *)arg;
	sigset_t alarms;
	int64_t i;

	of_handler = s + THREADS;
	sigemptyset(&alarms);
	sigaddset(&alarms, SIGALRM);
	pthread_sigmask(SIG_UNBLOCK, &alarms, NULL);
	for (i = 0; i < 50000; i++)
		put(s, i);
	pthread_sigmask(SIG_BLOCK, &alarms, NULL);
	return NULL;
}

static char seen[2 * THREADS][1 << 22];

static void check_record(const uint64_t *r, int have)
{
	const struct stream *s = (const struct stream *)(uintptr_t)r[2];
	const uint64_t *attrs = r + 3;
	int64_t which = s - streams;

	CHECK(which >= 0 && which < 2 * THREADS);
	if (r[0] >> 16 & VIZ_RECORD_WHOLE) {
		CHECK(r[3] == (VIZ_CHECK ^ r[2] ^ r[4]));
		attrs += 7;
		CHECK((r[0] & 0xffff) == 24 + 56 + 16);
	} else {
		CHECK((r[0] & 0xffff) == 24 + 16);
		CHECK(have); /* its base is in this lap, before it */
	}
	CHECK(attrs[1] == 2 * attrs[0]);
	CHECK(attrs[0] < 1 << 22);
	CHECK(!seen[which][attrs[0]]);
	seen[which][attrs[0]] = 1;
}

static void check_lap(const struct lap *l)
{
	uint64_t bases[2 * THREADS];
	unsigned n = 0, i, at, have;

	for (at = 0; at < l->size; at += (unsigned)(l->data[at / 8] & 0xffff)) {
		const uint64_t *r = l->data + at / 8;

		CHECK((r[0] & 0xffff) >= 24 && (r[0] & 0xffff) <= l->size - at);
		CHECK((r[0] >> 24 & 0xff) == (l->lap & 0xff));
		CHECK((r[0] >> 16 & 0x7f) == VIZ_RECORD_SET);
		for (i = 0, have = 0; i < n; i++)
			have |= bases[i] == r[2];
		check_record(r, (int)have);
		if (r[0] >> 16 & VIZ_RECORD_WHOLE && !have)
			bases[n++] = r[2];
	}
}

static void check_threads_and_signals(void)
{
	struct itimerval every = { { 0, 200 }, { 0, 200 } }, never = { { 0, 0 }, { 0, 0 } };
	pthread_t threads[THREADS];
	struct sigaction action;
	sigset_t alarms;
	uint64_t total = 0, events = 0;
	unsigned i, j;

	memset(&action, 0, sizeof(action));
	action.sa_handler = on_alarm;
	action.sa_flags = SA_RESTART;
	sigaction(SIGALRM, &action, NULL);
	sigemptyset(&alarms);
	sigaddset(&alarms, SIGALRM);
	pthread_sigmask(SIG_BLOCK, &alarms, NULL);
	for (i = 0; i < 2 * THREADS; i++) {
		VIZ_PROBE_INIT(&streams[i], stream, NULL);
		streams[i].number = -1;
	}
	setitimer(ITIMER_REAL, &every, NULL);
	for (i = 0; i < THREADS; i++)
		pthread_create(&threads[i], NULL, write_all, &streams[i]);
	for (i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	setitimer(ITIMER_REAL, &never, NULL);
	keep_all();
	for (i = 0; i < n_laps; i++) {
		/* A lap that was told of again, and may have grown: a handler came before its thread went on. */
		for (j = i + 1; laps[i] && j < n_laps; j++)
			if (laps[j]->slot == laps[i]->slot && laps[j]->lap <= laps[i]->lap + 1) {
				if (laps[j]->lap == laps[i]->lap) {
					CHECK(laps[j]->size >= laps[i]->size);
					laps[i] = NULL;
				}
				break;
			}
		if (laps[i])
			check_lap(laps[i]);
	}
	for (i = 0; i < 2 * THREADS; i++)
		for (j = 0; j < (1 << 22); j++)
			total += (uint64_t)seen[i][j];
	for (i = 0; i < 2 * THREADS; i++)
		events += (uint64_t)streams[i].number + 1;
	CHECK(total + n_traps == events);
}

/* The last record that this thread has written. */
static const uint64_t *last(void)
{
	unsigned i;

	for (i = 0; i < VIZ_SLOTS; i++)
		if ((uint32_t)viz__pool.slots[i].head) {
			const uint64_t *r = viz__pool.laps[i];
			const uint64_t *end = r + (uint32_t)viz__pool.slots[i].head / 8;

			while (r + (r[0] & 0xffff) / 8 < end)
				r += (r[0] & 0xffff) / 8;
			return r;
		}
	return NULL;
}

static void check_kinds(void)
{
	static struct stream s;
	static struct mixed m;
	static struct pointed p;
	static struct { char here[16]; } name = { "not a literal" };
	const uint64_t *r;

	VIZ_PROBE_INIT(&s, stream, NULL);
	VIZ_PROBE_INIT(&m, mixed, NULL);
	VIZ_PROBE_INIT(&p, pointed, NULL);
	CHECK(n_claims == 0);
	put(&s, 1);
	CHECK(n_claims == 1 && n_laps == 0 && n_traps == 0);
	r = last();
	CHECK((r[0] >> 16 & 0xff) == (VIZ_RECORD_SET | VIZ_RECORD_WHOLE) && r[2] == (uintptr_t)&s && r[0] >> 32 == 0);
	put(&s, 2);
	r = last();
	CHECK((r[0] >> 16 & 0xff) == VIZ_RECORD_SET && r[3] == 2 && r[4] == 4);
	/* Another base: it has to be copied anew. */
	VIZ_PROBE_CONFIG(&s, exclude_attributes, "twice");
	put(&s, 3);
	r = last();
	CHECK((r[0] >> 16 & 0xff) == (VIZ_RECORD_SET | VIZ_RECORD_WHOLE) && r[3 + 4] == 2);
	s.twice = 1;
	VIZ_PROBE_CHANGED(&s, twice); /* excluded: no event */
	CHECK(last() == r);
	VIZ_PROBE_SET(&m, text, "hello");
	r = last();
	CHECK((r[0] >> 16 & 0xff) == (VIZ_RECORD_SET | VIZ_RECORD_WHOLE) && !strcmp((const char *)(r + 3 + 7), "hello"));
	CHECK((r[0] & 0xffff) == 24 + ((sizeof(m) + 7) & ~(size_t)7));
	VIZ_PROBE_SET(&p, n, 1);
	CHECK(last() == r && n_traps == 1);
	VIZ_PROBE_ENTER("slice");
	r = last();
	CHECK((r[0] >> 16 & 0xff) == VIZ_RECORD_ENTER && !strcmp((const char *)(uintptr_t)r[2], "slice") && r[0] >> 32 == 0);
	VIZ_PROBE_EXIT("slice");
	r = last();
	CHECK((r[0] >> 16 & 0xff) == VIZ_RECORD_EXIT && r[3]);
	VIZ_PROBE_ENTER(name.here);
	CHECK(last() == r && n_traps == 2);
	VIZ_PROBE_VALUE("name", "attr", 7);
	r = last();
	CHECK((r[0] >> 16 & 0xff) == VIZ_RECORD_VALUE && r[0] >> 32 == VIZ_TYPE_I64 && r[4] == 7);
	CHECK(!strcmp((const char *)(uintptr_t)r[3], "attr"));
	VIZ_PROBE_VALUE(name.here, "attr", 7);
	CHECK(last() == r && n_traps == 3);
	VIZ_PROBE_INSTANT("now");
	r = last();
	CHECK((r[0] >> 16 & 0xff) == VIZ_RECORD_INSTANT && (r[0] & 0xffff) == 24);
	VIZ_PROBE_INSTANT("now", VIZ_ARG("n", -7), VIZ_ARG("half", 0.5));
	r = last();
	CHECK((r[0] >> 16 & 0xff) == VIZ_RECORD_INSTANT && (r[0] & 0xffff) == 56);
	CHECK(!strcmp((const char *)(uintptr_t)r[3], "\nn\nhalf") && VIZ_ARGS_COUNT(r[4]) == 2);
	CHECK(VIZ_ARGS_TYPE(r[4], 2, 0) == VIZ_TYPE_I64 && r[5] == (uint64_t)-7);
	CHECK(VIZ_ARGS_TYPE(r[4], 2, 1) == VIZ_TYPE_F64 && r[6] == 0x3fe0000000000000);
	VIZ_PROBE_ENTER("slice", 1, 2, 3, 4, 5, 6, 7, 8);
	r = last();
	CHECK((r[0] >> 16 & 0xff) == VIZ_RECORD_ENTER && r[0] >> 32 == VIZ_SLICE_ARGS && (r[0] & 0xffff) == 112);
	CHECK(r[3] && VIZ_ARGS_COUNT(r[5]) == 8 && r[6] == 1 && r[13] == 8);
	VIZ_PROBE_EXIT("slice", VIZ_ARG("result", (_Bool)1));
	r = last();
	CHECK((r[0] >> 16 & 0xff) == VIZ_RECORD_EXIT && r[0] >> 32 == VIZ_SLICE_ARGS && r[6] == 1);
	/* Who follows them could crash. */
	VIZ_PROBE_INSTANT("now", VIZ_ARG("text", "text"));
	VIZ_PROBE_ENTER("slice", VIZ_ARG("text", (const char *)16));
	VIZ_PROBE_EXIT("slice", 7, VIZ_ARG("text", (const char *)16));
	VIZ_PROBE_INSTANT(name.here, 7);
	CHECK(last() == r && n_traps == 7);
	n_traps = 3;
	VIZ_PROBE_BEGIN("request", -7);
	r = last();
	CHECK((r[0] >> 16 & 0xff) == VIZ_RECORD_ASYNC && r[0] >> 32 == VIZ_ASYNC_BEGIN && r[3] == (uint64_t)-7);
	VIZ_PROBE_FLOW_IN(&s);
	r = last();
	CHECK((r[0] >> 16 & 0xff) == VIZ_RECORD_ASYNC && r[0] >> 32 == (VIZ_ASYNC_IN | VIZ_ASYNC_POINTER));
	CHECK(r[3] == (uintptr_t)&s && !strcmp((const char *)(uintptr_t)r[2], "flow"));
	{
		VIZ_PROBE_METHOD();
		r = last();
		CHECK((r[0] >> 16 & 0xff) == VIZ_RECORD_ENTER && r[0] >> 32 & VIZ_SLICE_SCOPED);
		CHECK(VIZ_SLICE_SITE((uint32_t)(r[0] >> 32)));
		CHECK(strstr((const char *)(uintptr_t)r[2], "check_kinds"));
	}
	CHECK((last()[0] >> 16 & 0xff) == VIZ_RECORD_EXIT && !VIZ_SLICE_SITE((uint32_t)(last()[0] >> 32)));
	/* Somebody else wants each event. */
	r = last();
	viz_set_semaphore = 2;
	put(&s, 4);
	CHECK(last() == r && n_traps == 4);
	viz_set_semaphore = 1;
	n_traps = 0;
}
#endif

int main(void)
{
#if defined(__x86_64__)
	raise_all(1);
	check_kinds();
	memset(&viz__pool, 0, sizeof(viz__pool));
	check_threads_and_signals();
	raise_all(0);
#endif
	return 0;
}
