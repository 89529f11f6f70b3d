// SPDX-License-Identifier: BSD-2-Clause
/* clock: see clock.h. */
#define _GNU_SOURCE
#include "clock.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#define TRIES 5

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

bool clock__is_usable(const char **ret_why)
{
	if (!first_line_has("/sys/devices/system/clocksource/clocksource0/current_clocksource", "tsc", "tsc"))
		*ret_why = "the kernel's clock is not the processors' (clocksource tsc)";
	else if (!first_line_has("/proc/cpuinfo", "flags", " constant_tsc") ||
		 !first_line_has("/proc/cpuinfo", "flags", " nonstop_tsc"))
		*ret_why = "the processors' clock changes its rate (constant_tsc, nonstop_tsc)";
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
	uint64_t best = UINT64_MAX, ticks = 0, ns = 0;

	/* We may be interrupted between the two. */
	for (int i = 0; i < TRIES; i++) {
		struct timespec ts;
		uint64_t before = clock__ticks(), after;

		clock_gettime(CLOCK_MONOTONIC, &ts);
		after = clock__ticks();
		if (after - before >= best)
			continue;
		best = after - before;
		ticks = before + best / 2;
		ns = (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
	}
	clock__add(c, ticks, ns);
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
	__int128 part;

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
	return c->ns[from] + (uint64_t)(part / (int64_t)(c->ticks[to] - c->ticks[from]));
}
