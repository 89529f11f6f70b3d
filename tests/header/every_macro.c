/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Every macro of viztrace.h in every place where it may stand, as C and as C++.
 *
 *     every_macro        prints the layout of its structs, line by line, then checks assignments, results
 *                        and how often arguments are evaluated while nobody traces
 *     every_macro on     the same with all semaphores raised: the stubs are called, as under a tracer
 *
 * Exits with 1 and a line for each check that fails.
 */
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "check.h"
#include "types.h"

#ifdef VIZ_PROBE_DISABLE
#define DISABLED 1
#else
#define DISABLED 0
#endif

#ifdef __cplusplus
#define ZEROED {}
#else
#define ZEROED { 0 }
#endif

/* Strings beyond the first 64 words, across that border, in a dict there, and late in a dict. */
struct deep {
	char gap[248];
	const char *s;
};
VIZ_PROBE_DICT(deep, s);

struct far_strings {
	struct viz_object viz;
	char gap[448];
	const char *across[4];
	char gap_too[1000];
	struct origin origin;
	struct deep deep;
	const char *last;
};
VIZ_PROBE_OBJECT(far_strings, across, VIZ_DICT(origin, origin), VIZ_DICT(deep, deep), last);

/* ---- The layout, by means that the header does not use. ---- */

struct named {
	struct viz_object viz;
	char viz_name[6];
	int n;
};
VIZ_PROBE_OBJECT(named, n);

#define BASE(tag) (long)offsetof(struct tag, viz)
#define CLASS(tag, kind, n) printf("class %s %d %d\n", #tag, kind, n)
#define ATTR(tag, member, base, type, stride, count, list, dict) \
	printf("attr %s %s %ld %d %lu %lu %d %s\n", #tag, #member, (long)offsetof(struct tag, member) - (base), type, \
	       (unsigned long)(stride), (unsigned long)(count), list, dict)
#define NUMBER(member, T, type) ATTR(numbers, member, BASE(numbers), type, sizeof(T), 1, 0, "-")
#define PLAIN(tag, member, T, type) ATTR(tag, member, BASE(tag), type, sizeof(T), 1, 0, "-")

static void print_layout(void)
{
	/* Type codes by number: they are the ABI. */
	CLASS(numbers, 1, 27);
	NUMBER(c, char, CHAR_MIN < 0 ? 1 : 2);
	NUMBER(sc, signed char, 1);
	NUMBER(uc, unsigned char, 2);
	NUMBER(s, short, 3);
	NUMBER(us, unsigned short, 4);
	NUMBER(i, int, 5);
	NUMBER(u, unsigned int, 6);
	NUMBER(l, long, 7);
	NUMBER(ul, unsigned long, 8);
	NUMBER(ll, long long, 7);
	NUMBER(ull, unsigned long long, 8);
	NUMBER(i8, int8_t, 1);
	NUMBER(u8, uint8_t, 2);
	NUMBER(i16, int16_t, 3);
	NUMBER(u16, uint16_t, 4);
	NUMBER(i32, int32_t, 5);
	NUMBER(u32, uint32_t, 6);
	NUMBER(i64, int64_t, 7);
	NUMBER(u64, uint64_t, 8);
	NUMBER(size, size_t, 8);
	NUMBER(b, bool, 9);
	NUMBER(e, enum colour, 6);
	NUMBER(f, float, 10);
	NUMBER(d, double, 11);
	NUMBER(v, int, 5);
	NUMBER(a, int, 5);
	NUMBER(_private, int, 5);

	CLASS(limits, 3, 2);
	ATTR(limits, soft, 0, 5, 4, 1, 0, "-");
	ATTR(limits, hard, 0, 5, 4, 1, 0, "-");

	CLASS(origin, 3, 5);
	ATTR(origin, zone, 0, 12, 8, 1, 0, "-");
	ATTR(origin, host, 0, 13, 8, 1, 0, "-");
	ATTR(origin, lim, 0, 16, 8, 1, 0, "limits");
	ATTR(origin, weights, 0, 11, 8, 2, 1, "-");
	ATTR(origin, up, 0, 9, 1, 1, 0, "-");

	CLASS(everything, 2, 25);
	PLAIN(everything, early, int64_t, 7);
	PLAIN(everything, number, int, 5);
	PLAIN(everything, flag, bool, 9);
	PLAIN(everything, colour, enum colour, 6);
	PLAIN(everything, ratio, float, 10);
	PLAIN(everything, exact, double, 11);
	PLAIN(everything, text, char[24], 12);
	PLAIN(everything, pointer, char *, 13);
	PLAIN(everything, constant, char *, 13);
	ATTR(everything, ints, BASE(everything), 5, 4, 3, 1, "-");
	ATTR(everything, doubles, BASE(everything), 11, 8, 2, 1, "-");
	ATTR(everything, flags, BASE(everything), 9, 1, 5, 1, "-");
	ATTR(everything, texts, BASE(everything), 12, 8, 3, 1, "-");
	ATTR(everything, pointers, BASE(everything), 13, 8, 2, 1, "-");
	ATTR(everything, lim, BASE(everything), 16, sizeof(struct limits), 1, 0, "limits");
	ATTR(everything, lims, BASE(everything), 16, sizeof(struct limits), 2, 1, "limits");
	ATTR(everything, origin, BASE(everything), 16, sizeof(struct origin), 1, 0, "origin");
	PLAIN(everything, json, char[40], 14);
	PLAIN(everything, json_pointer, char *, 15);
	PLAIN(everything, careful, unsigned short, 4);
	PLAIN(everything, atomic, long, 7);
	PLAIN(everything, fixed, int, 5);
	ATTR(everything, fixed_texts, BASE(everything), 12, 4, 2, 1, "-");
	ATTR(everything, careful_ints, BASE(everything), 5, 4, 2, 1, "-");
	PLAIN(everything, _private, long, 7);

	CLASS(named, 2, 1);
	PLAIN(named, n, int, 5);

	CLASS(account, 2, 5);
	PLAIN(account, balance, long, 7);
	PLAIN(account, owner, char *, 13);
	ATTR(account, rates, BASE(account), 11, 8, 4, 1, "-");
	ATTR(account, lim, BASE(account), 16, sizeof(struct limits), 1, 0, "limits");
	PLAIN(account, _pin, int, 5);

	CLASS(savings, 2, 3);
	PLAIN(savings, viz.balance, long, 7);
	PLAIN(savings, viz.owner, char *, 13);
	PLAIN(savings, interest, double, 11);

	CLASS(bonus, 2, 3);
	PLAIN(bonus, viz.viz.balance, long, 7);
	PLAIN(bonus, viz.interest, double, 11);
	PLAIN(bonus, points, int, 5);

	CLASS(deep, 3, 1);
	ATTR(deep, s, 0, 13, 8, 1, 0, "-");
	CLASS(far_strings, 2, 4);
	ATTR(far_strings, across, BASE(far_strings), 13, 8, 4, 1, "-");
	ATTR(far_strings, origin, BASE(far_strings), 16, sizeof(struct origin), 1, 0, "origin");
	ATTR(far_strings, deep, BASE(far_strings), 16, sizeof(struct deep), 1, 0, "deep");
	PLAIN(far_strings, last, char *, 13);
}

/* ---- How often is an argument evaluated? ---- */

static int evaluated;

static struct account *object(struct account *a)
{
	evaluated++;
	return a;
}

static int number(int n)
{
	evaluated++;
	return n;
}

static const char *string(const char *s)
{
	evaluated++;
	return s;
}

static int taken(void)
{
	int n = evaluated;

	evaluated = 0;
	return n;
}

static void check_evaluation(int on)
{
	static struct account a;
	int set_up = DISABLED ? 0 : 1; /* INIT, CONFIG and DESTROY do their work whoever looks on */

	VIZ_PROBE_INIT(object(&a), account, string("counted"), (trigger_on_change, number(1)),
		       (exclude_attributes, string("lim")));
	CHECK(taken() == 4 * set_up);
	VIZ_PROBE_CONFIG(object(&a), enabled, number(1));
	CHECK(taken() == 2 * set_up);
	VIZ_PROBE_CONFIG(object(&a), include_attributes, string("owner"), string("rates"));
	CHECK(taken() == 3 * set_up);
	VIZ_PROBE_CONFIG(object(&a), include_attributes);
	CHECK(taken() == set_up);

	VIZ_PROBE_SET(object(&a), balance, number(7));
	CHECK(taken() == 2 && a.balance == 7);
	VIZ_PROBE_SET(object(&a), owner, string("bob"));
	CHECK(taken() == 2 && !strcmp(a.owner, "bob"));
	VIZ_PROBE_SET(object(&a), rates[number(2)], number(5));
	CHECK(taken() == 3 && a.rates[2] >= 5 && a.rates[2] <= 5);
	VIZ_PROBE_SET(object(&a), lim.soft, number(-3));
	CHECK(taken() == 2 && a.lim.soft == -3);
	VIZ_PROBE_SET(object(&a), _pin, number(1234));
	CHECK(taken() == 2 && a._pin == 1234);

	VIZ_PROBE_CHANGED(object(&a), balance);
	CHECK(taken() == on);
	VIZ_PROBE_CHANGED(object(&a), rates[number(1)]);
	CHECK(taken() == 2 * on);
	VIZ_PROBE_CHANGED(object(&a), _pin);
	CHECK(taken() == 0);
	VIZ_PROBE_LOG(object(&a));
	CHECK(taken() == on);
	{
		VIZ_PROBE_TRIGGERLOG(object(&a), both);
		CHECK(taken() == on);
	}
	CHECK(taken() == 0);
	{
		VIZ_PROBE_SCOPE(string("scope"));
		CHECK(taken() == on);
	}
	CHECK(taken() == 0);
	VIZ_PROBE_ENTER(string("slice"));
	VIZ_PROBE_EXIT(string("slice"));
	CHECK(taken() == 2 * on);
	VIZ_PROBE_VALUE(string("queue"), string("depth"), number(3));
	CHECK(taken() == 3 * on);
	VIZ_PROBE_INSTANT(string("moment"));
	CHECK(taken() == on);
	{
		VIZ_PROBE_METHOD(number(1), VIZ_ARG("a", string("text")));
		VIZ_PROBE_SCOPE(string("scope"), number(1), VIZ_ARG("half", number(1) / 2.0));
		CHECK(taken() == 5 * on);
	}
	VIZ_PROBE_ENTER(string("slice"), number(1));
	VIZ_PROBE_EXIT(string("slice"), VIZ_ARG("text", string("text")));
	CHECK(taken() == 4 * on);
	VIZ_PROBE_INSTANT(string("moment"), number(1), object(&a), string("text"), number(1), number(1), number(1), number(1),
	                  VIZ_ARG("last", number(1) > 0));
	CHECK(taken() == 9 * on);
	CHECK(VIZ_PROBE_RETURN(number(3)) == 3 && taken() == 1);
	VIZ_PROBE_BEGIN(string("request"), number(3));
	CHECK(taken() == 2 * on);
	VIZ_PROBE_END(string("request"), object(&a));
	CHECK(taken() == 2 * on);
	VIZ_PROBE_FLOW_OUT(number(3));
	VIZ_PROBE_FLOW_IN(object(&a));
	CHECK(taken() == 2 * on);
	VIZ_PROBE_DESTROY(object(&a));
	CHECK(taken() == set_up);
}

/* ---- A name of its own, also without tracers. ---- */

static struct named *named_one(struct named *p)
{
	evaluated++;
	return p;
}

static void check_names(void)
{
	static struct named a;
	int set_up = DISABLED ? 0 : 1;

	(void)taken();
	VIZ_PROBE_NAME(named_one(&a), "%d-%s", number(7), string("seven"));
	CHECK(taken() == 3 * set_up);
	CHECK(!strcmp(a.viz_name, DISABLED ? "" : "7-sev"));
	VIZ_PROBE_INIT(&a, named, a.viz_name);
	if (set_up)
		VIZ_PROBE_NAME(&a, "%d", 8);
	else
		VIZ_PROBE_NAME(&a, "none");
	CHECK(!strcmp(a.viz_name, DISABLED ? "" : "8"));
	VIZ_PROBE_DESTROY(&a);
}

/* ---- Assignments of every type, and results. ---- */

static int same(double a, double b)
{
	return !(a < b) && !(a > b);
}

#define ASSIGN(p, attr, x) do { \
	VIZ_PROBE_SET(p, attr, x); \
	CHECK(same((double)(p)->attr, (double)(x))); \
} while (0)

static void check_assignment(void)
{
	static struct numbers n;
	static struct everything t = ZEROED; /* one member is const */
	static struct bonus bonus;
	static struct account a;
	char long_text[100];
	char buffer[] = "mine";

	CHECK(VIZ_PROBE_INIT(&n, numbers, NULL) == 0);
	ASSIGN(&n, c, 'x');
	ASSIGN(&n, sc, -100);
	ASSIGN(&n, uc, 200);
	ASSIGN(&n, s, -30000);
	ASSIGN(&n, us, 60000);
	ASSIGN(&n, i, INT_MIN);
	ASSIGN(&n, u, UINT_MAX);
	ASSIGN(&n, l, LONG_MIN);
	ASSIGN(&n, ul, ULONG_MAX);
	ASSIGN(&n, ll, -5LL);
	ASSIGN(&n, ull, 5ULL);
	ASSIGN(&n, i8, INT8_MIN);
	ASSIGN(&n, u8, UINT8_MAX);
	ASSIGN(&n, i16, INT16_MIN);
	ASSIGN(&n, u16, UINT16_MAX);
	ASSIGN(&n, i32, INT32_MIN);
	ASSIGN(&n, u32, UINT32_MAX);
	ASSIGN(&n, i64, INT64_MIN);
	ASSIGN(&n, u64, UINT64_MAX);
	ASSIGN(&n, size, SIZE_MAX);
	ASSIGN(&n, b, true);
	ASSIGN(&n, e, BLUE);
	ASSIGN(&n, f, 0.25f);
	ASSIGN(&n, d, 1e300);
	ASSIGN(&n, v, -9);
	ASSIGN(&n, a, 11);
	ASSIGN(&n, _private, 12);
	/* The neighbours were left alone. */
	CHECK(n.c == 'x' && n.sc == -100 && n.uc == 200 && n.i8 == INT8_MIN && n.b && n.e == BLUE && n.v == -9);

	CHECK(VIZ_PROBE_INIT(&t, everything, "of everything") == 0);
	ASSIGN(&t, early, -1);
	ASSIGN(&t, number, 3);
	ASSIGN(&t, flag, true);
	ASSIGN(&t, colour, GREEN);
	ASSIGN(&t, ratio, 0.5f);
	ASSIGN(&t, exact, 0.1);
	VIZ_PROBE_SET(&t, text, "short");
	CHECK(!strcmp(t.text, "short"));
	memset(long_text, 'y', sizeof(long_text) - 1);
	long_text[sizeof(long_text) - 1] = 0;
	VIZ_PROBE_SET(&t, text, long_text);
	CHECK(strlen(t.text) == sizeof(t.text) - 1 && !strncmp(t.text, long_text, sizeof(t.text) - 1));
	CHECK(t.pointer == NULL);
	VIZ_PROBE_SET(&t, text, NULL);
	CHECK(t.text[0] == 0);
	VIZ_PROBE_SET(&t, pointer, buffer);
	CHECK(t.pointer == buffer);
	VIZ_PROBE_SET(&t, constant, "constant");
	CHECK(!strcmp(t.constant, "constant"));
	VIZ_PROBE_SET(&t, constant, NULL);
	CHECK(t.constant == NULL);
	ASSIGN(&t, ints[1], 5);
	ASSIGN(&t, doubles[1], 0.125);
	ASSIGN(&t, flags[4], true);
	VIZ_PROBE_SET(&t, texts[1], "longer than eight");
	CHECK(!strcmp(t.texts[1], "longer ") && !t.texts[0][0] && !t.texts[2][0]);
	VIZ_PROBE_SET(&t, pointers[1], "second");
	CHECK(!strcmp(t.pointers[1], "second") && !t.pointers[0]);
	ASSIGN(&t, lim.hard, 8);
	ASSIGN(&t, lims[1].soft, 9);
	VIZ_PROBE_SET(&t, lim, t.lims[1]);
	CHECK(t.lim.soft == 9 && t.lim.hard == 0);
	VIZ_PROBE_SET(&t, origin.zone, "north-east");
	CHECK(!strcmp(t.origin.zone, "north-e"));
	VIZ_PROBE_SET(&t, origin.host, "there");
	CHECK(!strcmp(t.origin.host, "there"));
	ASSIGN(&t, origin.lim.soft, 1);
	VIZ_PROBE_SET(&t, json, "{\"a\": [1, 2]}");
	CHECK(!strcmp(t.json, "{\"a\": [1, 2]}"));
	VIZ_PROBE_SET(&t, json_pointer, "[null]");
	CHECK(!strcmp(t.json_pointer, "[null]"));
	ASSIGN(&t, careful, 65535);
	ASSIGN(&t, atomic, 1L);
	ASSIGN(&t, careful_ints[1], 6);
	ASSIGN(&t, _private, 2L);
	CHECK(t.fixed == 0 && t.early == -1 && t.number == 3);
	VIZ_PROBE_CHANGED(&t, fixed);
	VIZ_PROBE_CHANGED(&t, text);
	VIZ_PROBE_CHANGED(&t, lim);
	VIZ_PROBE_CHANGED(&t, ints);
	VIZ_PROBE_CHANGED(&t, origin.weights[1]);

	CHECK(VIZ_PROBE_INIT(&bonus, bonus, NULL) == 0);
	ASSIGN(&bonus, points, 2);
	ASSIGN(&bonus, viz.viz.balance, 3L);
	ASSIGN(&bonus.viz, interest, 0.5);
	ASSIGN(&bonus.viz.viz, balance, 4L);

	/* Names are known or not; nothing changes at an unknown one. */
	CHECK(VIZ_PROBE_CONFIG(&a, enabled, true) == (DISABLED ? 0 : VIZ_EINVAL));
	CHECK(VIZ_PROBE_CONFIG(&a, include_attributes, "owner") == (DISABLED ? 0 : VIZ_EINVAL));
	CHECK(VIZ_PROBE_INIT(&a, account, NULL, (include_attributes, "owner", "nobody"), (enabled, true)) ==
	      (DISABLED ? 0 : VIZ_ENOENT));
	CHECK(VIZ_PROBE_INIT(&a, account, NULL) == 0);
	CHECK(VIZ_PROBE_CONFIG(&a, enabled, true) == 0);
	CHECK(VIZ_PROBE_CONFIG(&a, trigger_on_change, 0) == 0);
	CHECK(VIZ_PROBE_CONFIG(&a, include_attributes, "owner", "_pin") == 0);
	CHECK(VIZ_PROBE_CONFIG(&a, exclude_attributes, "owner", "own") == (DISABLED ? 0 : VIZ_ENOENT));
	CHECK(VIZ_PROBE_CONFIG(&a, exclude_attributes, "ownerx") == (DISABLED ? 0 : VIZ_ENOENT));
	CHECK(VIZ_PROBE_CONFIG(&a, exclude_attributes, "") == (DISABLED ? 0 : VIZ_ENOENT));
	CHECK(VIZ_PROBE_CONFIG(&a, exclude_attributes, "balance", "lim") == 0);
	CHECK(VIZ_PROBE_CONFIG(&a, exclude_attributes) == 0);
	VIZ_PROBE_DESTROY(&a);
	CHECK(VIZ_PROBE_CONFIG(&a, enabled, true) == (DISABLED ? 0 : VIZ_EINVAL));
	ASSIGN(&a, balance, 8L);
}

/* ---- Every macro is one statement. ---- */

static void check_statements(int yes)
{
	static struct account a, b;
	int i, steps = 0;

	VIZ_PROBE_METHOD();
	if (yes)
		VIZ_PROBE_INIT(&a, account, NULL);
	else
		VIZ_PROBE_INIT(&b, account, NULL);
	if (yes)
		VIZ_PROBE_SET(&a, balance, 1);
	else
		VIZ_PROBE_SET(&a, balance, 2);
	CHECK(a.balance == 1);
	if (!yes)
		VIZ_PROBE_SET(&a, owner, "no");
	else if (yes > 1)
		VIZ_PROBE_CHANGED(&a, owner);
	else
		VIZ_PROBE_LOG(&a);
	CHECK(a.owner == NULL);
	if (yes)
		VIZ_PROBE_CONFIG(&a, enabled, true);
	else
		VIZ_PROBE_CONFIG(&a, exclude_attributes, "owner");
	if (yes)
		VIZ_PROBE_ENTER("yes");
	else
		VIZ_PROBE_ENTER("no");
	if (yes)
		VIZ_PROBE_EXIT("yes");
	else
		VIZ_PROBE_EXIT("no");
	if (yes)
		VIZ_PROBE_VALUE("yes", "n", 1);
	else
		VIZ_PROBE_VALUE("no", "n", 1.5);
	if (yes)
		VIZ_PROBE_INSTANT("yes");
	else
		VIZ_PROBE_INSTANT("no");
	if (yes)
		VIZ_PROBE_INSTANT("yes", steps);
	else
		VIZ_PROBE_ENTER("no", VIZ_ARG("steps", steps));
	if (yes)
		VIZ_PROBE_BEGIN("yes", 1);
	else
		VIZ_PROBE_END("no", &a);
	if (yes)
		VIZ_PROBE_FLOW_OUT(1);
	else
		VIZ_PROBE_FLOW_IN(&a);
	for (i = 0; i < 3; i++)
		VIZ_PROBE_SET(&a, balance, a.balance + i);
	CHECK(a.balance == 4);
	do
		VIZ_PROBE_SET(&a, _pin, ++steps);
	while (steps < 3);
	CHECK(a._pin == 3);
	switch (yes) {
	case 1: VIZ_PROBE_INSTANT("one"); break;
	default: VIZ_PROBE_LOG(&a);
	}
	if (yes)
		VIZ_PROBE_DESTROY(&a);
	else
		VIZ_PROBE_DESTROY(&b);
}

/* ---- Macros within the arguments of others: -Wshadow is on. ---- */

static int set_in_expression(struct account *a, int n)
{
	VIZ_PROBE_SCOPE("set in expression");
	VIZ_PROBE_SET(a, balance, n);
	return n;
}

static void check_nesting(void)
{
	static struct account a, b;

	CHECK(VIZ_PROBE_INIT(&a, account, NULL, (enabled, VIZ_PROBE_INIT(&b, account, NULL, (enabled, true),
		(trigger_on_change, VIZ_PROBE_CONFIG(&a, enabled, true) == 0)) == 0)) == 0);
	VIZ_PROBE_CONFIG(&a, enabled, VIZ_PROBE_CONFIG(&b, exclude_attributes, "owner") == 0);
	VIZ_PROBE_SET(&a, balance, VIZ_PROBE_CONFIG(&b, enabled, VIZ_PROBE_CONFIG(&a, enabled, true) == 0) +
		set_in_expression(&b, 5));
	CHECK(a.balance == 5 && b.balance == 5);
	VIZ_PROBE_SET(__extension__({ VIZ_PROBE_SET(&b, _pin, 3); &a; }), rates[__extension__({
		VIZ_PROBE_SET(&b, lim.soft, 1); b.lim.soft; })], __extension__({ VIZ_PROBE_SET(&b, lim.hard, 2); 4; }));
	CHECK(b._pin == 3 && b.lim.soft == 1 && b.lim.hard == 2 && a.rates[1] > 3.9);
	VIZ_PROBE_CHANGED(__extension__({ VIZ_PROBE_CHANGED(&b, _pin); VIZ_PROBE_LOG(&b); &a; }), balance);
	VIZ_PROBE_LOG(__extension__({ VIZ_PROBE_LOG(&b); VIZ_PROBE_TRIGGERLOG(&b, before); &a; }));
	VIZ_PROBE_VALUE("a", __extension__({ VIZ_PROBE_VALUE("a", "b", 2); "b"; }), set_in_expression(&a, 6));
	VIZ_PROBE_VALUE("a", "b", VIZ_PROBE_CONFIG(&a, enabled, true));
	VIZ_PROBE_VALUE("a", "b", __extension__({ VIZ_PROBE_VALUE("c", "d", 1); 2; }));
	VIZ_PROBE_BEGIN(__extension__({ VIZ_PROBE_BEGIN("inner", 1); "outer"; }), __extension__({ VIZ_PROBE_END("inner", 1); &a; }));
	VIZ_PROBE_FLOW_OUT(__extension__({ VIZ_PROBE_FLOW_IN(1); 2; }));
	VIZ_PROBE_INSTANT(__extension__({ VIZ_PROBE_INSTANT("inner"); VIZ_PROBE_ENTER("inner"); "outer"; }));
	VIZ_PROBE_EXIT("inner");
	VIZ_PROBE_INSTANT("outer", VIZ_ARG("n", __extension__({ VIZ_PROBE_INSTANT("inner", VIZ_ARG("m", 1)); 2; })));
	VIZ_PROBE_DESTROY(__extension__({ VIZ_PROBE_DESTROY(&b); &a; }));
	if (1) {
		VIZ_PROBE_SCOPE("one");
		VIZ_PROBE_SCOPE("two"); VIZ_PROBE_SCOPE("three");
		VIZ_PROBE_METHOD(); VIZ_PROBE_TRIGGERLOG(&a, after); VIZ_PROBE_TRIGGERLOG(&a, before);
	}
}

/* A variable that nothing but a probe looks at is used, also where probes are switched off. */
static void check_use(struct account *a)
{
	struct account *only_logged = a;
	struct account *only_triggered = a;
	const char *only_scoped = "scope";
	int only_value = 3;
	struct account *only_changed = NULL;

	only_changed = a;
	VIZ_PROBE_SCOPE(only_scoped);
	VIZ_PROBE_TRIGGERLOG(only_triggered, after);
	VIZ_PROBE_LOG(only_logged);
	VIZ_PROBE_VALUE("x", "y", only_value);
	VIZ_PROBE_CHANGED(only_changed, balance);
}

static void check_values(void)
{
	static struct numbers n;

	VIZ_PROBE_VALUE("v", "c", n.c);
	VIZ_PROBE_VALUE("v", "b", n.b);
	VIZ_PROBE_VALUE("v", "e", n.e);
	VIZ_PROBE_VALUE("v", "f", n.f);
	VIZ_PROBE_VALUE("v", "d", n.d * 2);
	VIZ_PROBE_VALUE("v", "long double", (long double)n.d);
	VIZ_PROBE_VALUE("v", "s", n.s);
	VIZ_PROBE_VALUE("v", "u64", n.u64);
	VIZ_PROBE_VALUE("v", "ull", n.ull + 1);
	VIZ_PROBE_VALUE("v", "volatile", n.v);
	VIZ_PROBE_VALUE("v", "sizeof", sizeof(n));
	VIZ_PROBE_VALUE("v", "difference", &n.l - &n.l);
}

/* These two must be the same code where probes are switched off; their sizes are compared. */
int with_probes(struct account *a, int x);
int without_probes(struct account *a, int x);

int with_probes(struct account *a, int x)
{
	VIZ_PROBE_METHOD();
	VIZ_PROBE_SCOPE("scope");
	VIZ_PROBE_TRIGGERLOG(a, both);
	VIZ_PROBE_INIT(a, account, "name", (enabled, x), (exclude_attributes, "owner"));
	VIZ_PROBE_CONFIG(a, include_attributes, "balance");
	VIZ_PROBE_CHANGED(a, balance);
	VIZ_PROBE_LOG(a);
	VIZ_PROBE_ENTER("x");
	VIZ_PROBE_EXIT("x");
	VIZ_PROBE_VALUE("x", "y", x * 7 % 3);
	VIZ_PROBE_INSTANT("x");
	VIZ_PROBE_BEGIN("x", x);
	VIZ_PROBE_FLOW_OUT(a);
	VIZ_PROBE_DESTROY(a);
	VIZ_PROBE_SET(a, balance, x);
	return x;
}

int without_probes(struct account *a, int x)
{
	a->balance = x;
	return x;
}

static void raise_semaphores(void)
{
#ifndef VIZ_PROBE_DISABLE
	viz_init_semaphore = 1;
	viz_destroy_semaphore = 1;
	viz_set_semaphore = 1;
	viz_log_semaphore = 1;
	viz_enter_semaphore = 1;
	viz_exit_semaphore = 1;
	viz_value_semaphore = 1;
	viz_instant_semaphore = 1;
	viz_async_semaphore = 1;
	viz_quiet_semaphore = 1;
#endif
}

int main(int argc, char **argv)
{
	static struct account a;
	int on = argc > 1 && !strcmp(argv[1], "on") && !DISABLED;

	VIZ_PROBE_METHOD();
	if (on)
		raise_semaphores();
	print_layout();
	check_evaluation(on);
	check_names();
	check_assignment();
	check_statements(argc > 0);
	check_nesting();
	check_values();
	CHECK(with_probes(&a, 3) == without_probes(&a, 3));
	VIZ_PROBE_INIT(&a, account, NULL);
	check_use(&a);
	CHECK(other_unit(&a, on) == 0);
	CHECK(a.balance == 41);
	return failures ? 1 : 0;
}
