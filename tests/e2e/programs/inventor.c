// SPDX-License-Identifier: BSD-2-Clause
/*
 * A program that never runs out of ideas: inventor WHAT N
 *   objects   N objects at N addresses, each with a report of 64 attributes and a name of its own, none destroyed
 *   counters  the same of counters
 *   values    N single values, each of another name
 *   slices    N slices and instants, each of another name
 *   classes   N class descriptors at N addresses, each with an object
 *   addresses N calls of INIT's stub for N addresses at which there is no object
 * In batches, as no macro would:
 *   literals  N instants, each of a literal at another address
 *   bases     N reports of objects at N addresses, without their bases
 *   descriptors  N reports of one object, each time of another class of 64 attributes
 *   slots     N laps, each in a slot at another address
 *   lives     N laps of one slot, each older than the one before
 *   pointers  N threads that begin, each with another thread pointer
 * The addresses are many, the memory behind them is little: the same pages again and again.
 */
#define _GNU_SOURCE
#include "viztrace.h"
#include "step.h"

#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define EIGHT(x) x##0, x##1, x##2, x##3, x##4, x##5, x##6, x##7
#define ALL EIGHT(a), EIGHT(b), EIGHT(c), EIGHT(d), EIGHT(e), EIGHT(f), EIGHT(g), EIGHT(h)
struct thing { struct viz_object viz; signed char ALL; };
struct gauge { struct viz_counter viz; signed char ALL; };
VIZ_PROBE_OBJECT(thing, a0, a1, a2, a3, a4, a5, a6, a7, b0, b1, b2, b3, b4, b5, b6, b7, c0, c1, c2, c3, c4, c5, c6, c7,
		 d0, d1, d2, d3, d4, d5, d6, d7, e0, e1, e2, e3, e4, e5, e6, e7, f0, f1, f2, f3, f4, f5, f6, f7, g0, g1,
		 g2, g3, g4, g5, g6, g7, h0, h1, h2, h3, h4, h5, h6, h7);
VIZ_PROBE_COUNTER(gauge, a0, a1, a2, a3);

struct holder { struct viz_object viz; int n; };
VIZ_PROBE_OBJECT(holder, n);

#define CHUNK (2u << 20)

/* Room for `n` things of `size` bytes each, of which all chunks are one. */
static char *room(long n, size_t size)
{
	size_t whole = ((size_t)n * size + CHUNK - 1) / CHUNK * CHUNK;
	char *at = mmap(NULL, whole, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	int fd = memfd_create("chunk", 0);

	if (at == MAP_FAILED || fd < 0 || ftruncate(fd, CHUNK))
		exit(2);
	for (size_t i = 0; i < whole; i += CHUNK)
		if (mmap(at + i, CHUNK, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, fd, 0) == MAP_FAILED)
			exit(2);
	close(fd);
	return at;
}

static const char *name_of(const char *what, long i)
{
	static char name[64];

	snprintf(name, sizeof(name), "%s number %ld", what, i);
	return name;
}

static void objects(long n)
{
	struct thing *all = (void *)room(n, 256);

	for (long i = 0; i < n; i++) {
		struct thing *t = (void *)((char *)all + 256 * i);

		VIZ_PROBE_INIT(t, thing, name_of("object", i));
		VIZ_PROBE_SET(t, a0, (signed char)i);
	}
}

static void counters(long n)
{
	struct gauge *all = (void *)room(n, 256);

	for (long i = 0; i < n; i++) {
		struct gauge *g = (void *)((char *)all + 256 * i);

		VIZ_PROBE_INIT(g, gauge, name_of("counter", i));
		VIZ_PROBE_SET(g, a0, (signed char)i);
	}
}

static void values(long n)
{
	for (long i = 0; i < n; i++)
		VIZ_PROBE_VALUE(name_of("value", i), "v", i);
}

static void slices(long n)
{
	for (long i = 0; i < n; i++) {
		VIZ_PROBE_ENTER(name_of("slice", i));
		VIZ_PROBE_INSTANT(name_of("instant", i));
		VIZ_PROBE_EXIT(name_of("slice", i));
	}
}

static void classes(long n)
{
	const size_t size = viz__class_holder.head.size;
	char *all = room(n, 512);
	struct holder h = { .n = 1 };

	for (long i = 0; i < n; i++) {
		struct viz_class *c = (void *)(all + 512 * i);

		memcpy(c, &viz__class_holder, size);
		c->line = (uint32_t)i;
		VIZ_PROBE_INIT(&h, holder, "holder");
		h.viz.base.cls = c;
		h.viz.base.check = VIZ_CHECK ^ (uintptr_t)&h ^ (uintptr_t)c;
		viz__probe_init(&h, c, "holder");
		viz__probe_log(&h, 0);
	}
}

static void addresses(long n)
{
	char *all = room(n, 64);

	for (long i = 0; i < n; i++)
		viz__probe_init(all + 64 * i, VIZ__CLASS_OF(thing), "there is none");
}

#ifdef VIZ__BATCHES
/* So that nothing of it is lost for want of room. */
static void breathe(long i)
{
	if (i % 4096 == 0)
		usleep(5000);
}

static void literals(long n)
{
	char *all = room(n, 16);

	for (long i = 0; i < n; i++) {
		breathe(i);
		snprintf(all + 16 * i, 16, "%ld", i);
		viz__append(NULL, 0, VIZ__RECORD(VIZ_RECORD_INSTANT, 0), all + 16 * i, NULL);
	}
}

static void bases(long n)
{
	const uint64_t span = 1;
	char *all = room(n, 64);

	for (long i = 0; i < n; i++) {
		breathe(i);
		viz__append(&span, sizeof(span), VIZ__RECORD(VIZ_RECORD_SET, 0), all + 64 * i, NULL);
	}
}

static void descriptors(long n)
{
	const size_t size = viz__class_thing.head.size, room_each = 8192;
	struct thing t = { .a0 = 1 };
	char *all = room(n, room_each);

	VIZ_PROBE_INIT(&t, thing, "thing");
	for (long i = 0; i < n; i++) {
		struct viz_class *c = (void *)(all + room_each * (size_t)i);

		breathe(i);
		memcpy(c, &viz__class_thing, size);
		c->line = (uint32_t)i;
		t.viz.base.cls = c;
		t.viz.base.check = VIZ_CHECK ^ (uintptr_t)&t ^ (uintptr_t)c;
		t.viz.base.stamp = 0;
		viz__append_report(&t.viz.base, VIZ__RECORD(VIZ_RECORD_LOG, VIZ_WHY_LOG));
	}
}

/* A lap with one instant in it is full. */
static void fill(char *pool, uint32_t lap)
{
	struct viz_slot *slot = (void *)pool;
	uint64_t *record = (void *)(pool + VIZ_SLOTS * sizeof(*slot));

	record[0] = 24 | VIZ_RECORD_INSTANT << 16 | (uint64_t)(lap & 255) << 24;
	record[1] = __builtin_ia32_rdtsc();
	record[2] = (uintptr_t)"instant";
	*slot = (struct viz_slot){ .owner = 1, .head = (uint64_t)lap << 32 | 24, .done = 24 };
	viz__probe_batch(slot, record, 1);
}

static void slots(long n)
{
	char *all = room(n + VIZ_SLOTS + 1, sizeof(struct viz_slot));

	for (long i = 0; i < n; i++)
		fill(all + (size_t)i * sizeof(struct viz_slot), 1);
}

static void lives(long n)
{
	char *pool = room(VIZ_SLOTS + 1, sizeof(struct viz_slot));

	for (long i = n; i; i--)
		fill(pool, (uint32_t)i);
}

static void pointers(long n)
{
	static struct viz_slot pool[VIZ_SLOTS];

	for (long i = 1; i <= n; i++)
		viz__probe_batch(pool, pool + VIZ_SLOTS, (uint64_t)i);
}
#endif

int main(int argc, char **argv)
{
	static const struct { const char *name; void (*run)(long); } modes[] = {
		{ "objects", objects }, { "counters", counters }, { "values", values }, { "slices", slices }, { "classes", classes },
		{ "addresses", addresses },
#ifdef VIZ__BATCHES
		{ "literals", literals }, { "bases", bases }, { "descriptors", descriptors }, { "slots", slots }, { "lives", lives }, { "pointers", pointers },
#endif
	};

	step("ready");
	for (size_t i = 0; argc > 2 && i < sizeof(modes) / sizeof(modes[0]); i++) {
		if (strcmp(argv[1], modes[i].name))
			continue;
		modes[i].run(atol(argv[2]));
		step("done");
		return 0;
	}
	return 2;
}
