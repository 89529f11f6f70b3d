/* SPDX-License-Identifier: BSD-2-Clause */
/* Values of counters in, JSON out; what is kept from one sample to the next must not show. */
#include <criterion/criterion.h>
#include <errno.h>
#include <float.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "write/chrome_samples.h"
#include "../random.h"
#include "../values.h"

#define MANY 40

static struct chrome_samples samples;
static struct json json;

static void tear_down(void)
{
	chrome_samples__clear(&samples);
	json__free(&json);
}

TestSuite(chrome_samples, .fini = tear_down, .timeout = 60);

static int put(uint64_t counter, const struct value *values, size_t n)
{
	json__clear(&json);
	return chrome_samples__put(&samples, &json, counter, 0, values, n);
}

static void expect(uint64_t counter, const struct value *values, size_t n, const char *text)
{
	cr_assert_eq(put(counter, values, n), 0);
	cr_assert_eq(json.error, 0);
	cr_expect(json.size == strlen(text) && !memcmp(json.data, text, json.size), "%.*s, not %s", (int)json.size,
		  json.data, text);
}

/* The same values by somebody who keeps nothing. */
static void expect_as_made_anew(uint64_t counter, const struct value *values, size_t n)
{
	struct chrome_samples fresh = { 0 };
	struct json made = { 0 };

	cr_assert_eq(chrome_samples__put(&fresh, &made, 0, 0, values, n), 0);
	cr_assert_eq(put(counter, values, n), 0);
	cr_assert(json.size == made.size && !memcmp(json.data, made.data, made.size), "%.*s, not %.*s", (int)json.size,
		  json.data, (int)made.size, made.data);
	chrome_samples__clear(&fresh);
	json__free(&made);
}

Test(chrome_samples, other_keys_are_another_set)
{
	struct value ab[] = { integer("a", 1), integer("b", 2) }, bc[] = { integer("b", 1), integer("c", 2) };

	expect(1, ab, 2, "{\"a\":1,\"b\":2}");
	json__clear(&json);
	cr_assert_eq(chrome_samples__put(&samples, &json, 1, 1, bc, 2), 0);
	cr_assert(!memcmp(json.data, "{\"b\":1,\"c\":2}", json.size));
}

Test(chrome_samples, one_value_changes)
{
	struct value v[] = { integer("depth", -3), real("load", 0.5), integer("used", 7) };

	expect(1, v, 3, "{\"depth\":-3,\"load\":0.5,\"used\":7}");
	expect(1, v, 3, "{\"depth\":-3,\"load\":0.5,\"used\":7}");
	v[1].d = 0.25;
	expect(1, v, 3, "{\"depth\":-3,\"load\":0.25,\"used\":7}");
	v[0].i = 12345;
	expect(1, v, 3, "{\"depth\":12345,\"load\":0.25,\"used\":7}");
	v[2].i = 0;
	expect(1, v, 3, "{\"depth\":12345,\"load\":0.25,\"used\":0}");
	v[0].i = 1;
	v[2].i = -1;
	expect(1, v, 3, "{\"depth\":1,\"load\":0.25,\"used\":-1}");
	expect(1, v, 3, "{\"depth\":1,\"load\":0.25,\"used\":-1}");
}

Test(chrome_samples, no_value_and_one)
{
	struct value v = integer("n", 1);

	expect(1, &v, 0, "{}");
	expect(2, &v, 1, "{\"n\":1}");
	expect(2, &v, 1, "{\"n\":1}");
}

/* They are the same bits in part. */
Test(chrome_samples, what_looks_alike)
{
	struct value v[] = { real("zero", 0.0), integer("one", 1) };

	expect(1, v, 2, "{\"zero\":0.0,\"one\":1}");
	v[0].d = -0.0;
	expect(1, v, 2, "{\"zero\":-0.0,\"one\":1}");
	v[0] = integer("zero", 0);
	expect(1, v, 2, "{\"zero\":0,\"one\":1}");
	v[1] = integer("one", -1);
	expect(1, v, 2, "{\"zero\":0,\"one\":-1}");
	v[1] = natural("one", UINT64_MAX);
	expect(1, v, 2, "{\"zero\":0,\"one\":1.8446744073709552e19}");
}

Test(chrome_samples, counters_do_not_get_each_others_text)
{
	struct value a[] = { integer("a", 1), integer("b", 2) }, b[] = { integer("x", 1), integer("y", 2) };

	for (int i = 0; i < 3; i++) {
		expect(5, a, 2, "{\"a\":1,\"b\":2}");
		expect(6, b, 2, "{\"x\":1,\"y\":2}");
		expect(5 + CHROME_SAMPLES_KEPT, b, 2, "{\"x\":1,\"y\":2}");
	}
}

Test(chrome_samples, after_what_is_no_number)
{
	struct value good[] = { integer("a", 1), real("b", 0.5), integer("c", 3) }, bad[3];

	expect(1, good, 3, "{\"a\":1,\"b\":0.5,\"c\":3}");
	memcpy(bad, good, sizeof(bad));
	bad[0].i = 1000;
	bad[1].d = NAN;
	cr_expect_eq(put(1, bad, 3), -EINVAL);
	bad[1].d = INFINITY;
	cr_expect_eq(put(1, bad, 3), -EINVAL);
	bad[1].type = VALUE_NULL;
	cr_expect_eq(put(1, bad, 3), -EINVAL);
	expect(1, good, 3, "{\"a\":1,\"b\":0.5,\"c\":3}");
}

static uint64_t below(uint64_t bound)
{
	return any() % bound;
}

/* Of all lengths. */
static void change(struct value *v)
{
	static const uint64_t bounds[] = { 2, 10, 1000, 1000000000, UINT64_MAX };
	const uint64_t n = below(bounds[below(5)]);

	v->type = (enum value_type[]){ VALUE_INT, VALUE_UINT, VALUE_DOUBLE, VALUE_BOOL }[below(4)];
	v->u = v->type == VALUE_BOOL ? n % 2 : n;
	if (v->type == VALUE_DOUBLE)
		v->d = below(2) ? (double)n / 8 : sqrt((double)n);
}

/* Four counters, two of them in the same place; some, all or none of the values change. */
Test(chrome_samples, any_changes)
{
	static struct value values[4][MANY];
	static char keys[MANY][8];
	static const uint64_t counters[] = { 0, 1, 2, 2 + CHROME_SAMPLES_KEPT };
	static const size_t n_values[] = { 2, MANY, 7, MANY - 1 };

	for (size_t c = 0; c < 4; c++) {
		for (size_t i = 0; i < MANY; i++) {
			snprintf(keys[i], sizeof(keys[i]), "k%zu", i);
			values[c][i] = integer(keys[i], 0);
		}
	}
	for (int round = 0; round < 20000; round++) {
		const size_t c = below(4), n = n_values[c];

		for (uint64_t changes = below(below(8) ? 3 : 2 * n); changes; changes--)
			change(&values[c][below(n)]);
		expect_as_made_anew(counters[c], values[c], n);
	}
}
