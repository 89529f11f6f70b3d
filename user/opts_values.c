// SPDX-License-Identifier: BSD-2-Clause
/* opts_values: see opts_values.h. */
#include "opts_values.h"

#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "collect/rings.h"

#define FAIL(...) return snprintf(error, size, __VA_ARGS__), -EINVAL

/* "64k", "8M", "1G" or bytes. */
int opts_values__size(uint64_t *ret, const char *name, const char *text, char *error, size_t size)
{
	static const char units[] = "kMG";
	unsigned shift = 0;
	uint64_t n;
	char *end;

	errno = 0;
	n = strtoull(text, &end, 10);
	if (*end) {
		const char *unit = strchr(units, *end == 'K' ? 'k' : *end == 'm' ? 'M' : *end == 'g' ? 'G' : *end);

		if (unit && !end[1])
			shift = 10 * (unsigned)(unit - units + 1);
		else
			end = (char *)text;
	}
	if (errno || end == text || !isdigit((unsigned char)text[0]) || n == 0 || n > UINT64_MAX >> shift)
		FAIL("%s takes a size as 64k, 8M or 1G, not '%s'", name, text);
	*ret = n << shift;
	return 0;
}

int opts_values__ring_size(uint64_t *ret, const char *text, char *error, size_t size)
{
	uint64_t n, rounded = 4096;
	int err = opts_values__size(&n, "--ring-size", text, error, size);

	if (err)
		return err;
	if (n < RING_SIZE_MIN || n > 1u << 30)
		FAIL("--ring-size is between 64k and 1G, not '%s'", text);
	while (rounded < n)
		rounded *= 2;
	*ret = rounded;
	return 0;
}

int opts_values__memory(uint64_t *ret, const char *text, char *error, size_t size)
{
	uint64_t n;
	int err = opts_values__size(&n, "--memory", text, error, size);

	if (err)
		return err;
	if (n < MEMORY_MIN)
		FAIL("--memory is 4M at least, not '%s'", text);
	*ret = n;
	return 0;
}

int opts_values__duration(double *ret, const char *text, char *error, size_t size)
{
	char *end;
	double d = strtod(text, &end);

	if (end == text || *end || !isfinite(d) || d <= 0 || d > 1e9)
		FAIL("-d takes seconds, as 10 or 0.5, not '%s'", text);
	*ret = d;
	return 0;
}

double opts_values__ns(const char *text)
{
	static const struct {
		const char *name;
		double ns;
	} units[] = { { "ns", 1 }, { "us", 1e3 }, { "ms", 1e6 }, { "s", 1e9 } };
	char *end;
	double d = strtod(text, &end);

	for (size_t i = 0; end != text && i < sizeof(units) / sizeof(units[0]); i++)
		if (!strcmp(end, units[i].name))
			return d * units[i].ns;
	return NAN;
}

bool opts_values__number(uint64_t *ret, const char *text, uint64_t min, uint64_t max)
{
	unsigned long n;
	char *end;

	errno = 0;
	n = strtoul(text, &end, 10);
	if (errno || !isdigit((unsigned char)text[0]) || *end || n < min || n > max)
		return false;
	*ret = n;
	return true;
}

int opts_values__min_duration(uint64_t *ret, const char *text, char *error, size_t size)
{
	double ns = opts_values__ns(text);

	if (!isfinite(ns) || ns < 1 || ns > MIN_DURATION_MAX)
		FAIL("--min-duration takes a time up to 1s, as 10us or 1.5ms, not '%s'", text);
	*ret = (uint64_t)ns;
	return 0;
}

int opts_values__start_at(uint64_t *ret, const char *text, char *error, size_t size)
{
	unsigned long n = 0;
	char *end = NULL;

	errno = 0;
	if (text[0] == '/' && isdigit((unsigned char)text[1]))
		n = strtoul(text + 1, &end, 10);
	if (end && !strcmp(end, "m"))
		n *= 60;
	else if (!end || strcmp(end, "s") != 0)
		n = 0;
	if (errno || !n || n > START_AT_MAX)
		FAIL("--start-at takes /10s or /5m, the next time of day that this divides, up to /60m; not '%s'",
		     text);
	*ret = n;
	return 0;
}

int opts_values__depth(uint64_t *ret, const char *text, char *error, size_t size)
{
	if (!opts_values__number(ret, text, 1, MAX_DEPTH))
		FAIL("--max-depth takes a number from 1 to %u, not '%s'", MAX_DEPTH, text);
	return 0;
}

int opts_values__every(uint64_t *ret, const char *text, char *error, size_t size)
{
	if (!opts_values__number(ret, text, 2, EVERY_MAX))
		FAIL("--every takes a number from 2 to %u, not '%s'", EVERY_MAX, text);
	return 0;
}

int opts_values__rate(uint64_t *ret, const char *text, char *error, size_t size)
{
	char *end;
	double d = strtod(text, &end);

	if (end == text || (*end && strcmp(end, "/s") != 0) || !isfinite(d) || d < 0.001 || d > 1e6)
		FAIL("--rate takes a number a second, from 0.001 to 1000000, as 100 or 0.5/s, not '%s'", text);
	*ret = (uint64_t)(1e9 / d);
	return 0;
}

int opts_values__site(enum site *ret, const char *text, char *error, size_t size)
{
	for (int i = 0; i < SITES; i++) {
		if (!strcmp(text, site_names[i])) {
			*ret = (enum site)i;
			return 0;
		}
	}
	FAIL("--probe-site is auto, nop1, nop5 or nop10, not '%s'", text);
}

int opts_values__collect(enum collect_way *ret, const char *text, char *error, size_t size)
{
	static const char *const names[COLLECT_WAYS] = { "auto", "batch", "trap" };

	for (int i = 0; i < COLLECT_WAYS; i++) {
		if (!strcmp(text, names[i])) {
			*ret = (enum collect_way)i;
			return 0;
		}
	}
	FAIL("--collect is auto, batch or trap, not '%s'", text);
}
