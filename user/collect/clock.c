// SPDX-License-Identifier: BSD-2-Clause
/* clock: see clock.h. */
#define _GNU_SOURCE
#include "clock.h"

#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define TRIES 5
#define LINE_NS 500       /* two processors are no further apart */
#define ONE_CLOCK_TRIES 4 /* somebody may interrupt us again and again */
#define CLOCKSOURCE "/sys/devices/system/clocksource/clocksource0/current_clocksource"

/* The same moment by both clocks. */
struct pair {
	uint64_t ticks, ns, width; /* width: ticks that it took to look */
};

static struct pair look(void)
{
	struct pair best = { .width = UINT64_MAX };

	/* We may be interrupted between the two. */
	for (int i = 0; i < TRIES; i++) {
		struct timespec ts;
		uint64_t before = clock__ticks(), after;

		clock_gettime(CLOCK_MONOTONIC, &ts);
		after = clock__ticks();
		if (after - before >= best.width)
			continue;
		best.width = after - before;
		best.ticks = before + best.width / 2;
		best.ns = (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
	}
	return best;
}

#if defined(__x86_64__)
uint64_t clock__ticks(void)
{
	uint32_t low, high;

	__asm__ volatile("rdtscp" : "=a"(low), "=d"(high)::"rcx", "memory");
	return (uint64_t)high << 32 | low;
}

static bool first_line_has(const char *path, const char *begin, const char *word)
{
	FILE *f = fopen(path, "re");
	char line[4096];
	bool has = false;

	while (f && !has && fgets(line, sizeof(line), f)) {
		if (strncmp(line, begin, strlen(begin)))
			continue;
		has = strstr(line, word) != NULL;
		break;
	}
	if (f)
		fclose(f);
	return has;
}

/* Clocks that hypervisors give to the kernel, which are made of the processors' and may add up differently on each. */
static bool is_made_of_ticks(void)
{
	return first_line_has(CLOCKSOURCE, "kvm-clock", "") ||
	       first_line_has(CLOCKSOURCE, "hyperv_clocksource_tsc_page", "");
}

/* On that CPU; false: we may not be there. */
static bool look_on(size_t cpu, cpu_set_t *set, size_t size, struct pair *ret)
{
	CPU_ZERO_S(size, set);
	CPU_SET_S(cpu, size, set);
	if (sched_setaffinity(0, size, set))
		return false;
	*ret = look();
	return true;
}

/* Is the CPU's pair on the line between two of another one, before and after? */
static bool is_on_line(const struct pair *before, const struct pair *at, const struct pair *after)
{
	double rate = (double)(after->ns - before->ns) / (double)(after->ticks - before->ticks);
	double error = (double)(at->ns - before->ns) - (double)(int64_t)(at->ticks - before->ticks) * rate;

	return after->ticks > before->ticks && error < LINE_NS && error > -LINE_NS;
}

static bool agree(size_t first, size_t cpu, cpu_set_t *set, size_t size)
{
	for (int i = 0; i < ONE_CLOCK_TRIES; i++) {
		struct pair before, at, after;

		if (!look_on(first, set, size, &before) || !look_on(cpu, set, size, &at) ||
		    !look_on(first, set, size, &after))
			return false;
		if (is_on_line(&before, &at, &after))
			return true;
	}
	return false;
}

/* Each CPU against the first one; of those that we may not run on nobody knows. */
static bool is_one_clock(void)
{
	long configured = sysconf(_SC_NPROCESSORS_CONF), left = sysconf(_SC_NPROCESSORS_ONLN) - 1;
	size_t n = configured > 0 ? (size_t)configured : 1, size = CPU_ALLOC_SIZE(n), first = n;
	cpu_set_t *before = CPU_ALLOC(n), *set = CPU_ALLOC(n);
	bool one = before && set && !sched_getaffinity(0, size, before);

	for (size_t cpu = 0; one && cpu < n; cpu++) {
		if (!CPU_ISSET_S(cpu, size, before))
			continue;
		if (first == n) {
			first = cpu;
			continue;
		}
		one = agree(first, cpu, set, size);
		left--;
	}
	one = one && !left;
	if (before)
		sched_setaffinity(0, size, before);
	CPU_FREE(before);
	CPU_FREE(set);
	return one;
}

bool clock__is_usable(const char **ret_why)
{
	bool is_tsc = first_line_has(CLOCKSOURCE, "tsc", "tsc");

	if (!is_tsc && !is_made_of_ticks())
		*ret_why = "the kernel's clock is not the processors' (clocksource tsc)";
	else if (!first_line_has("/proc/cpuinfo", "flags", " constant_tsc") ||
		 !first_line_has("/proc/cpuinfo", "flags", " nonstop_tsc"))
		*ret_why = "the processors' clock changes its rate (constant_tsc, nonstop_tsc)";
	else if (!is_tsc && !is_one_clock())
		*ret_why =
			"the processors do not tell the same time, or we may not run on all of them to see that they do "
			"(clocksource tsc)";
	else
		return true;
	return false;
}
#else
uint64_t clock__ticks(void)
{
	return 0;
}

bool clock__is_usable(const char **ret_why)
{
	*ret_why = "batches are for x86-64 so far";
	return false;
}
#endif

void clock__look(struct clock *c)
{
	struct pair now = look();

	clock__add(c, now.ticks, now.ns);
}

/* Every second one of the older half is enough. */
static void thin_out(struct clock *c)
{
	unsigned to = 1;

	for (unsigned i = 2; i < c->n; i += i < CLOCK_PAIRS / 2 ? 2 : 1) {
		c->ticks[to] = c->ticks[i];
		c->ns[to++] = c->ns[i];
	}
	c->n = to;
	c->recent = 0;
}

void clock__add(struct clock *c, uint64_t ticks, uint64_t ns)
{
	if (c->n && (ticks <= c->ticks[c->n - 1] || ns <= c->ns[c->n - 1]))
		return;
	if (c->n == CLOCK_PAIRS)
		thin_out(c);
	c->ticks[c->n] = ticks;
	c->ns[c->n++] = ns;
}

uint64_t clock__ns(struct clock *c, uint64_t ticks)
{
	unsigned from, to;
	__int128 part, ns;

	/* The line from `recent` to the next one; those who ask mostly go forward in small steps. */
	while (c->recent + 2 < c->n && c->ticks[c->recent + 1] <= ticks)
		c->recent++;
	while (c->recent && c->ticks[c->recent] > ticks)
		c->recent--;
	from = c->recent;
	if (c->n < 2)
		return c->ns[from];
	to = from + 1;
	part = (__int128)(int64_t)(ticks - c->ticks[from]) * (int64_t)(c->ns[to] - c->ns[from]);
	ns = c->ns[from] + part / (int64_t)(c->ticks[to] - c->ticks[from]);
	return ns < 0 ? 0 : (uint64_t)ns; /* not every clock began with the other one */
}
