/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Which probes fire, when, and with what: the semaphores are raised by hand and a spy stands in for the
 * stubs.
 */
#include <stdio.h>
#include <string.h>

#include "check.h"
#include "spy.h"
#include "types.h"

#define SAW(expected) saw(expected, __LINE__)

static void saw(const char *expected, int line)
{
	const char *seen = spy_seen();

	if (!strcmp(seen, expected))
		return;
	printf("FAILED line %d:\n  expected %s\n  saw      %s\n", line, expected, seen);
	failures++;
}

static void semaphores(unsigned short on)
{
	viz_init_semaphore = on;
	viz_destroy_semaphore = on;
	viz_set_semaphore = on;
	viz_log_semaphore = on;
	viz_enter_semaphore = on;
	viz_exit_semaphore = on;
	viz_value_semaphore = on;
	viz_instant_semaphore = on;
	viz_async_semaphore = on;
}

/* An account that nobody has configured, INIT not seen. */
static struct account *fresh(struct account *a, const char *name)
{
	memset(a, 0, sizeof(*a));
	spy_know(&a->viz, name);
	VIZ_PROBE_INIT(a, account, NULL);
	spy_seen();
	return a;
}

static void every_probe_fires_with_its_arguments(void)
{
	static struct account a;

	spy_know(&a.viz, "a");
	VIZ_PROBE_INIT(&a, account, "name");
	SAW("a.init account name");
	VIZ_PROBE_INIT(&a, account, NULL);
	SAW("a.init account -");
	VIZ_PROBE_SET(&a, balance, -7);
	SAW("a.set 0 balance=-7");
	VIZ_PROBE_SET(&a, balance, -7); /* the same value again triggers again */
	SAW("a.set 0 balance=-7");
	a.balance = 9;
	SAW("");
	VIZ_PROBE_CHANGED(&a, balance);
	SAW("a.set 0 balance=9");
	VIZ_PROBE_LOG(&a);
	SAW("a.log");
	VIZ_PROBE_DESTROY(&a);
	SAW("a.destroy");
	VIZ_PROBE_ENTER("e");
	VIZ_PROBE_EXIT("e");
	SAW("enter e 0; exit e 0");
	VIZ_PROBE_VALUE("v", "int", -1);
	VIZ_PROBE_VALUE("v", "char", (signed char)-2);
	VIZ_PROBE_VALUE("v", "bool", a.balance == 9);
	VIZ_PROBE_VALUE("v", "u", UINT64_MAX);
	VIZ_PROBE_VALUE("v", "float", 0.25f);
	VIZ_PROBE_VALUE("v", "double", 1e300);
	VIZ_PROBE_VALUE("v", "long double", 0.5L);
	SAW("value v.int i64=-1; value v.char i64=-2; value v.bool i64=1; value v.u "
	    "u64=18446744073709551615; "
	    "value v.float f64=0.25; value v.double f64=1e+300; value v.long double f64=0.5");
	VIZ_PROBE_INSTANT("i");
	SAW("instant i");
	VIZ_PROBE_BEGIN("b", 7);
	VIZ_PROBE_END("b", -7);
	VIZ_PROBE_BEGIN("b", (unsigned char)200);
	VIZ_PROBE_BEGIN("b", UINT64_MAX);
	VIZ_PROBE_END("b", (const void *)0x7000);
	VIZ_PROBE_FLOW_OUT((struct account *)0);
	VIZ_PROBE_FLOW_IN(8u);
	SAW("begin b 7; end b -7; begin b 200; begin b -1; end b 28672 (pointer); out flow 0 (pointer); in flow 8");
}

static void each_semaphore_is_for_its_own_probe(void)
{
	static struct account a;
	volatile unsigned short *all[] = {&viz_init_semaphore,  &viz_destroy_semaphore, &viz_set_semaphore,
	                                  &viz_log_semaphore,   &viz_enter_semaphore,   &viz_exit_semaphore,
	                                  &viz_value_semaphore, &viz_instant_semaphore, &viz_async_semaphore};
	const char *expected[] = {
	        "a.init account -",     "a.destroy",         "a.set 0 balance=1", "a.before; a.log; a.after",
	        "enter e 0; enter s 1", "exit e 0 (frame!)", "value v.w i64=1",   "instant i",
	        "begin b 1; out flow 1; in flow 1; end b 1"};
	size_t i;

	spy_know(&a.viz, "a");
	semaphores(0);
	for (i = 0; i <= 9; i++) {
		if (i < 9)
			*all[i] = 3; /* two tools and a half */
		VIZ_PROBE_INIT(&a, account, NULL);
		VIZ_PROBE_SET(&a, balance, 1);
		VIZ_PROBE_ENTER("e");
		VIZ_PROBE_EXIT("e");
		{
			VIZ_PROBE_SCOPE("s");
			VIZ_PROBE_TRIGGERLOG(&a, both);
			VIZ_PROBE_LOG(&a);
		}
		VIZ_PROBE_VALUE("v", "w", 1);
		VIZ_PROBE_INSTANT("i");
		VIZ_PROBE_BEGIN("b", 1);
		VIZ_PROBE_FLOW_OUT(1);
		VIZ_PROBE_FLOW_IN(1);
		VIZ_PROBE_END("b", 1);
		VIZ_PROBE_DESTROY(&a);
		SAW(i < 9 ? expected[i] : "");
		semaphores(0);
	}
	semaphores(1);
	VIZ_PROBE_EXIT("e"); /* balances the spy */
	VIZ_PROBE_EXIT("e");
	spy_seen();
}

static void bits_are_the_value(void)
{
	static struct numbers n;
	static struct everything t;

	spy_know(&n.viz, "n");
	spy_know(&t.viz, "t");
	VIZ_PROBE_INIT(&n, numbers, NULL);
	VIZ_PROBE_INIT(&t, everything, NULL);
	spy_seen();
	VIZ_PROBE_SET(&n, sc, -128);
	VIZ_PROBE_SET(&n, uc, 255);
	VIZ_PROBE_SET(&n, s, -32768);
	VIZ_PROBE_SET(&n, us, 65535);
	VIZ_PROBE_SET(&n, i, INT32_MIN);
	VIZ_PROBE_SET(&n, u, UINT32_MAX);
	VIZ_PROBE_SET(&n, l, INT64_MIN);
	VIZ_PROBE_SET(&n, ul, UINT64_MAX);
	SAW("n.set 1 sc=-128; n.set 2 uc=255; n.set 3 s=-32768; n.set 4 us=65535; n.set 5 i=-2147483648; "
	    "n.set 6 u=4294967295; n.set 7 l=-9223372036854775808; n.set 8 ul=18446744073709551615");
	VIZ_PROBE_SET(&n, b, true);
	VIZ_PROBE_SET(&n, e, BLUE);
	VIZ_PROBE_SET(&n, f, 0.25f);
	VIZ_PROBE_SET(&n, d, -1e300);
	VIZ_PROBE_SET(&n, v, -9);
	VIZ_PROBE_SET(&n, a, -10);
	SAW("n.set 20 b=1; n.set 21 e=3; n.set 22 f=0.25; n.set 23 d=-1e+300; n.set 24 v=-9; n.set 25 a=-10");
	VIZ_PROBE_SET(&t, early, -3);
	VIZ_PROBE_SET(&t, text, "a text");
	VIZ_PROBE_SET(&t, constant, "a constant");
	VIZ_PROBE_SET(&t, constant, NULL);
	VIZ_PROBE_SET(&t, json, "{}");
	VIZ_PROBE_SET(&t, json_pointer, "[1]");
	SAW("t.set 0 early=-3; t.set 6 text=a text; t.set 8 constant=a constant; t.set 8 constant=null; "
	    "t.set 17 json={}; t.set 18 json_pointer=[1]");
}

static void elements_trigger_their_attribute(void)
{
	static struct everything t;

	spy_know(&t.viz, "t");
	VIZ_PROBE_INIT(&t, everything, NULL);
	spy_seen();
	VIZ_PROBE_SET(&t, ints[0], 1);
	VIZ_PROBE_SET(&t, ints[2], 1);
	VIZ_PROBE_SET(&t, doubles[1], 1);
	VIZ_PROBE_SET(&t, flags[4], true);
	SAW("t.set 9 ints=[]; t.set 9 ints=[]; t.set 10 doubles=[]; t.set 11 flags=[]");
	VIZ_PROBE_SET(&t, texts[2], "x");
	VIZ_PROBE_SET(&t, pointers[1], "x");
	SAW("t.set 12 texts=[]; t.set 13 pointers=[]");
	VIZ_PROBE_SET(&t, lim.soft, 1);
	VIZ_PROBE_SET(&t, lim.hard, 1);
	VIZ_PROBE_SET(&t, lims[1].hard, 1);
	VIZ_PROBE_SET(&t, origin.lim.hard, 1);
	VIZ_PROBE_SET(&t, origin.weights[1], 1);
	SAW("t.set 14 lim={}; t.set 14 lim={}; t.set 15 lims=[]; t.set 16 origin={}; t.set 16 origin={}");
	VIZ_PROBE_CHANGED(&t, ints);
	VIZ_PROBE_CHANGED(&t, text[3]);
	VIZ_PROBE_CHANGED(&t, lims);
	SAW("t.set 9 ints=[]; t.set 6 text=; t.set 15 lims=[]");
	CHECK(VIZ_PROBE_CONFIG(&t, exclude_attributes, "lim", "ints") == 0);
	VIZ_PROBE_SET(&t, lim.soft, 2);
	VIZ_PROBE_SET(&t, ints[1], 2);
	VIZ_PROBE_SET(&t, lims[0].soft, 2);
	SAW("t.set 15 lims=[]");
}

static void trigger_off_is_silent(void)
{
	static struct account a;

	fresh(&a, "a");
	CHECK(VIZ_PROBE_CONFIG(&a, trigger_on_change, false) == 0);
	VIZ_PROBE_SET(&a, balance, 1);
	VIZ_PROBE_CHANGED(&a, balance);
	SAW("");
	VIZ_PROBE_LOG(&a);
	SAW("a.log");
	CHECK(VIZ_PROBE_CONFIG(&a, trigger_on_change, true) == 0);
	SAW("");
	VIZ_PROBE_SET(&a, balance, 2);
	SAW("a.set 0 balance=2");
	VIZ_PROBE_INIT(&a, account, NULL, (trigger_on_change, 0));
	SAW("a.init account -");
	VIZ_PROBE_SET(&a, balance, 3);
	SAW("");
	CHECK(a.balance == 3);
}

static void disabled_object_is_silent(void)
{
	static struct account a;

	fresh(&a, "a");
	CHECK(VIZ_PROBE_CONFIG(&a, enabled, false) == 0);
	VIZ_PROBE_SET(&a, balance, 1);
	VIZ_PROBE_CHANGED(&a, balance);
	VIZ_PROBE_LOG(&a);
	{
		VIZ_PROBE_TRIGGERLOG(&a, both);
	}
	SAW("");
	CHECK(VIZ_PROBE_CONFIG(&a, enabled, true) == 0);
	VIZ_PROBE_SET(&a, balance, 2);
	SAW("a.set 0 balance=2");
	CHECK(VIZ_PROBE_CONFIG(&a, enabled, false) == 0);
	VIZ_PROBE_DESTROY(&a);
	SAW("");
	CHECK(VIZ_PROBE_INIT(&a, account, "silent", (enabled, false)) == 0);
	VIZ_PROBE_SET(&a, balance, 3);
	VIZ_PROBE_DESTROY(&a);
	SAW("");
	CHECK(a.balance == 3);
}

static void include_and_exclude(void)
{
	static struct account a;

	fresh(&a, "a");
	CHECK(VIZ_PROBE_CONFIG(&a, include_attributes, "owner", "lim") == 0);
	VIZ_PROBE_SET(&a, balance, 1);
	VIZ_PROBE_SET(&a, rates[0], 1);
	VIZ_PROBE_SET(&a, owner, "o");
	VIZ_PROBE_SET(&a, lim.hard, 1);
	SAW("a.set 1 owner=o; a.set 3 lim={}");
	/* include wins over exclude */
	CHECK(VIZ_PROBE_CONFIG(&a, exclude_attributes, "owner", "balance") == 0);
	VIZ_PROBE_SET(&a, owner, "p");
	VIZ_PROBE_SET(&a, balance, 2);
	SAW("a.set 1 owner=p");
	/* without it the other list counts */
	CHECK(VIZ_PROBE_CONFIG(&a, include_attributes) == 0);
	VIZ_PROBE_SET(&a, owner, "q");
	VIZ_PROBE_SET(&a, balance, 3);
	VIZ_PROBE_SET(&a, rates[3], 3);
	SAW("a.set 2 rates=[]");
	CHECK(VIZ_PROBE_CONFIG(&a, exclude_attributes) == 0);
	VIZ_PROBE_SET(&a, owner, "r");
	VIZ_PROBE_SET(&a, balance, 4);
	SAW("a.set 1 owner=r; a.set 0 balance=4");
	/* A log is a log, whatever it will report. */
	CHECK(VIZ_PROBE_CONFIG(&a, exclude_attributes, "balance", "owner", "rates", "lim") == 0);
	VIZ_PROBE_LOG(&a);
	VIZ_PROBE_SET(&a, owner, "s");
	SAW("a.log");
	/* In INIT, both at once. */
	CHECK(VIZ_PROBE_INIT(&a, account, "n", (include_attributes, "owner", "balance"),
	                     (exclude_attributes, "owner")) == 0);
	VIZ_PROBE_SET(&a, balance, 5);
	VIZ_PROBE_SET(&a, owner, "t");
	VIZ_PROBE_SET(&a, lim.soft, 5);
	SAW("a.init account n; a.set 0 balance=5; a.set 1 owner=t");
}

static void private_is_never_a_trigger(void)
{
	static struct account a;
	int *pin = &a._pin;

	fresh(&a, "a");
	VIZ_PROBE_SET(&a, _pin, 1);
	VIZ_PROBE_CHANGED(&a, _pin);
	SAW("");
	CHECK(*pin == 1);
	/* not even when it is asked for */
	CHECK(VIZ_PROBE_CONFIG(&a, include_attributes, "_pin") == 0);
	VIZ_PROBE_SET(&a, _pin, 2);
	VIZ_PROBE_SET(&a, balance, 2);
	SAW("");
}

static void unknown_name_changes_nothing(void)
{
	static struct account a;
	const char *name = "nobody";

	fresh(&a, "a");
	CHECK(VIZ_PROBE_CONFIG(&a, include_attributes, "owner") == 0);
	CHECK(VIZ_PROBE_CONFIG(&a, include_attributes, "balance", "nobody") == VIZ_ENOENT);
	CHECK(VIZ_PROBE_CONFIG(&a, include_attributes, name) == VIZ_ENOENT);
	CHECK(VIZ_PROBE_CONFIG(&a, exclude_attributes, "owne") == VIZ_ENOENT);
	VIZ_PROBE_SET(&a, balance, 1);
	VIZ_PROBE_SET(&a, owner, "o");
	SAW("a.set 1 owner=o");
	/* In INIT the other settings hold, and the object lives. */
	CHECK(VIZ_PROBE_INIT(&a, account, "n", (exclude_attributes, "nobody"),
	                     (include_attributes, "balance"), (enabled, true)) == VIZ_ENOENT);
	VIZ_PROBE_SET(&a, balance, 2);
	VIZ_PROBE_SET(&a, owner, "p");
	SAW("a.init account n; a.set 0 balance=2");
}

static void copy_is_no_object(void)
{
	static struct account a, copy;
	struct viz_base zeroed = {0, NULL, NULL, 0, 0, 0, 0, 0};

	fresh(&a, "a");
	copy = a;
	spy_know(&copy.viz, "copy");
	VIZ_PROBE_SET(&copy, balance, 1);
	VIZ_PROBE_LOG(&copy);
	VIZ_PROBE_CHANGED(&copy, owner);
	CHECK(VIZ_PROBE_CONFIG(&copy, enabled, true) == VIZ_EINVAL);
	CHECK(VIZ_PROBE_CONFIG(&copy, include_attributes, "owner") == VIZ_EINVAL);
	VIZ_PROBE_DESTROY(&copy);
	SAW("");
	CHECK(copy.balance == 1 && a.balance == 0);
	VIZ_PROBE_SET(&a, balance, 2);
	SAW("a.set 0 balance=2");
	VIZ_PROBE_INIT(&copy, account, "now");
	VIZ_PROBE_SET(&copy, balance, 3);
	SAW("copy.init account now; copy.set 0 balance=3");
	/* nor is memory that was never set up: zeros, ones */
	copy.viz.base = zeroed;
	VIZ_PROBE_SET(&copy, balance, 4);
	VIZ_PROBE_LOG(&copy);
	VIZ_PROBE_DESTROY(&copy);
	memset(&copy, 0xff, sizeof(copy));
	VIZ_PROBE_SET(&copy, balance, 4);
	VIZ_PROBE_LOG(&copy);
	VIZ_PROBE_DESTROY(&copy);
	SAW("");
}

static void destroyed_object_is_silent(void)
{
	static struct account a;

	fresh(&a, "a");
	VIZ_PROBE_DESTROY(&a);
	SAW("a.destroy");
	VIZ_PROBE_SET(&a, balance, 1);
	VIZ_PROBE_CHANGED(&a, balance);
	VIZ_PROBE_LOG(&a);
	VIZ_PROBE_DESTROY(&a);
	CHECK(VIZ_PROBE_CONFIG(&a, enabled, true) == VIZ_EINVAL);
	SAW("");
	CHECK(a.balance == 1);
	VIZ_PROBE_INIT(&a, account, NULL);
	VIZ_PROBE_SET(&a, balance, 2);
	SAW("a.init account -; a.set 0 balance=2");
	/* also where the tool was away at the DESTROY */
	semaphores(0);
	VIZ_PROBE_DESTROY(&a);
	semaphores(1);
	VIZ_PROBE_SET(&a, balance, 3);
	SAW("");
}

static void parent_pointer_reports_the_child(void)
{
	static struct savings s;
	static struct bonus b;
	struct account *parent = &s.viz;
	struct account *grandparent = &b.viz.viz;

	spy_know(&s.viz, "s");
	spy_know(&b.viz, "b");
	VIZ_PROBE_INIT(&s, savings, NULL);
	VIZ_PROBE_INIT(&b, bonus, NULL);
	SAW("s.init savings -; b.init bonus -");
	VIZ_PROBE_SET(parent, balance, 1);
	VIZ_PROBE_SET(&s, viz.balance, 2);
	VIZ_PROBE_SET(&s, interest, 0.5);
	VIZ_PROBE_SET(parent, rates[1], 1); /* savings does not declare it */
	VIZ_PROBE_LOG(parent);
	SAW("s.set 0 balance=1; s.set 0 balance=2; s.set 2 interest=0.5; s.log");
	VIZ_PROBE_SET(grandparent, balance, 3);
	VIZ_PROBE_SET(&b.viz, interest, 0.25);
	VIZ_PROBE_SET(&b, points, 4);
	VIZ_PROBE_SET(grandparent, owner, "o");
	SAW("b.set 0 balance=3; b.set 1 interest=0.25; b.set 2 points=4");
	/* An inherited attribute's name is its own, without the way to it. */
	CHECK(VIZ_PROBE_CONFIG(parent, include_attributes, "owner") == 0);
	CHECK(VIZ_PROBE_CONFIG(&b, exclude_attributes, "interest") == 0);
	CHECK(VIZ_PROBE_CONFIG(&b, exclude_attributes, "viz.interest") == VIZ_ENOENT);
	VIZ_PROBE_SET(parent, balance, 5);
	VIZ_PROBE_SET(parent, owner, "me");
	VIZ_PROBE_SET(&b.viz, interest, 0.75);
	SAW("s.set 1 owner=me");
	VIZ_PROBE_DESTROY(parent);
	SAW("s.destroy");
}

struct named {
	struct viz_counter viz;
	char viz_name[8];
	int n;
};
VIZ_PROBE_COUNTER(named, n);

static void an_object_has_its_own_name(void)
{
	static struct named a;

	spy_know(&a.viz, "a");
	VIZ_PROBE_NAME(&a, "n-%d", 12);
	CHECK(!strcmp(a.viz_name, "n-12"));
	SAW("");
	VIZ_PROBE_INIT(&a, named, a.viz_name, (exclude_attributes, "n"));
	SAW("a.init named n-12");
	VIZ_PROBE_NAME(&a, "%s-%d", "named", 12345);
	CHECK(!strcmp(a.viz_name, "named-1"));
	SAW("a.destroy; a.init named named-1");
	VIZ_PROBE_SET(&a, n, 1); /* its settings are as they were */
	SAW("");
	VIZ_PROBE_CONFIG(&a, exclude_attributes);
	VIZ_PROBE_SET(&a, n, 2);
	SAW("a.set 0 n=2");
	VIZ_PROBE_DESTROY(&a);
	SAW("a.destroy");
	VIZ_PROBE_NAME(&a, "again");
	CHECK(!strcmp(a.viz_name, "again"));
	SAW("");
}

static int leave_by_return(struct account *a, int early)
{
	VIZ_PROBE_TRIGGERLOG(a, after);
	VIZ_PROBE_METHOD();
	if (early)
		return 1;
	VIZ_PROBE_SET(a, balance, 2);
	return 2;
}

static void triggerlog_on_every_way_out(void)
{
	static struct account a;
	int i;

	fresh(&a, "a");
	CHECK(leave_by_return(&a, 1) == 1);
	SAW("enter leave_by_return 1; exit leave_by_return 1; a.after");
	CHECK(leave_by_return(&a, 0) == 2);
	SAW("enter leave_by_return 1; a.set 0 balance=2; exit leave_by_return 1; a.after");
	for (i = 0; i < 3; i++) {
		VIZ_PROBE_TRIGGERLOG(&a, both);
		if (i == 0)
			continue;
		VIZ_PROBE_SET(&a, balance, 10 + i);
		if (i == 1)
			break;
	}
	SAW("a.before; a.after; a.before; a.set 0 balance=11; a.after");
	{
		VIZ_PROBE_TRIGGERLOG(&a, after);
		if (i)
			goto out;
		VIZ_PROBE_INSTANT("not reached");
	}
out:
	SAW("a.after");
	{
		VIZ_PROBE_TRIGGERLOG(&a, before);
		VIZ_PROBE_INSTANT("in");
	}
	SAW("a.before; instant in");
	/* whatever trigger_on_change says */
	VIZ_PROBE_CONFIG(&a, trigger_on_change, false);
	CHECK(leave_by_return(&a, 0) == 2);
	SAW("enter leave_by_return 1; exit leave_by_return 1; a.after");
	{
		VIZ_PROBE_TRIGGERLOG(&a, after);
		VIZ_PROBE_DESTROY(&a);
	}
	SAW("a.destroy");
}

enum mood { CALM, ANGRY };
struct narrow { unsigned low : 3; int high : 5; };
struct broad { long long bits : 40; };

static int evaluated;

static int once(int value)
{
	evaluated++;
	return value;
}

static int with_arguments(int n, const char *path)
{
	VIZ_PROBE_METHOD(n, path);
	return VIZ_PROBE_RETURN(n * 2);
}

static const char *text_of(char *text)
{
	VIZ_PROBE_METHOD(text, VIZ_ARG("first", text[0]));
	return VIZ_PROBE_RETURN(text + 1);
}

static int high_of(const struct narrow *narrow)
{
	VIZ_PROBE_METHOD();
	return VIZ_PROBE_RETURN(narrow->high);
}

static void arguments(void)
{
	struct narrow narrow = {7, -3};
	struct broad wide = {-2};
	char text[8] = "text";
	int value = 4;

	CHECK(with_arguments(21, "a/b") == 42);
	SAW("enter with_arguments 5 (n i64=21, path str=a/b); exit with_arguments 13 (return i64=42); exit with_arguments 1");
	CHECK(!strcmp(text_of(text), "ext"));
	SAW("enter text_of 5 (text str=text, first i64=116); exit text_of 13 (return str=ext); exit text_of 1");
	{
		VIZ_PROBE_SCOPE("s", VIZ_ARG("bytes", once(value) + 1), value, VIZ_ARG("none", (char *)0));
		value = 5;
	}
	CHECK(evaluated == 1);
	SAW("enter s 5 (bytes i64=5, value i64=4, none str=null); exit s 1");
	VIZ_PROBE_ENTER("e", value);
	VIZ_PROBE_EXIT("e", VIZ_ARG("result", -value), VIZ_ARG("done", value == 5));
	SAW("enter e 4 (value i64=5); exit e 4 (result i64=-5, done i64=1)");
	VIZ_PROBE_INSTANT("i", narrow.low, narrow.high, text, "literal");
	SAW("instant i (narrow.low i64=7, narrow.high i64=-3, text str=text, \"literal\" str=literal)");
	VIZ_PROBE_INSTANT("i", VIZ_ARG("1", (signed char)-1), VIZ_ARG("2", (unsigned short)2), VIZ_ARG("3", 3.5f),
	                  VIZ_ARG("4", 0.25), VIZ_ARG("5", 0.5L), VIZ_ARG("6", UINT64_MAX), VIZ_ARG("7", (bool)true),
	                  VIZ_ARG("8", (enum mood)ANGRY));
	SAW("instant i (1 i64=-1, 2 i64=2, 3 f64=3.5, 4 f64=0.25, 5 f64=0.5, 6 u64=18446744073709551615, 7 bool=1, 8 u64=1)");
	VIZ_PROBE_INSTANT("i", wide.bits, VIZ_ARG("errno", (wide.bits)));
	SAW("instant i (wide.bits i64=-2, errno i64=-2)");
	CHECK(high_of(&narrow) == -3);
	SAW("enter high_of 1; exit high_of 13 (return i64=-3); exit high_of 1");
	VIZ_PROBE_INSTANT("i", VIZ_ARG("where", (void *)0x7000), VIZ_ARG("what", &evaluated == NULL ? &value : NULL));
	SAW("instant i (where ptr=28672, what ptr=0)");
	semaphores(0);
	{
		VIZ_PROBE_SCOPE("s", once(1));
		VIZ_PROBE_INSTANT("i", once(1));
		CHECK(with_arguments(once(3), NULL) == 6);
	}
	CHECK(evaluated == 2);
	semaphores(1);
	SAW("");
}

static int recursive(int n)
{
	VIZ_PROBE_METHOD();
	return n > 1 ? n * recursive(n - 1) : 1;
}

static void slices_balance_on_every_way_out(void)
{
	int i;

	CHECK(recursive(3) == 6);
	SAW("enter recursive 1; enter recursive 1; enter recursive 1; exit recursive 1; exit recursive 1; "
	    "exit recursive 1");
	for (i = 0; i < 3; i++) {
		VIZ_PROBE_SCOPE("outer");
		if (i == 0)
			continue;
		{
			VIZ_PROBE_SCOPE("inner");
			if (i == 1)
				break;
		}
	}
	SAW("enter outer 1; exit outer 1; enter outer 1; enter inner 1; exit inner 1; exit outer 1");
	i = 0;
again : {
	VIZ_PROBE_SCOPE("goto");
	if (i++ < 1)
		goto again;
}
	SAW("enter goto 1; exit goto 1; enter goto 1; exit goto 1");
}

static __attribute__((noinline)) unsigned place(void)
{
	VIZ_PROBE_SCOPE("place");
	return spy_site;
}

static __attribute__((noinline)) unsigned place_with_arguments(int n)
{
	VIZ_PROBE_METHOD(n);
	return spy_site;
}

static inline __attribute__((always_inline)) unsigned inlined(void)
{
	VIZ_PROBE_SCOPE("inlined");
	return spy_site;
}

/* Each has one of its own, also where the compiler put the same code in twice. */
static void scopes_tell_where_they_begin(void)
{
	unsigned sites[4] = { place(), place_with_arguments(1), inlined(), inlined() };
	int i, j;

	CHECK(place() == sites[0]);
	CHECK(place_with_arguments(2) == sites[1]);
	for (i = 0; i < 4; i++)
		for (j = 0; j < i; j++)
			CHECK(sites[i] != sites[j]);
	spy_seen();
}

/* A tool may come or go while a scope is open: an exit never comes without its enter. */
static void tool_comes_and_goes_in_a_scope(void)
{
	static struct account a;

	fresh(&a, "a");
	semaphores(0);
	{
		VIZ_PROBE_SCOPE("early");
		VIZ_PROBE_TRIGGERLOG(&a, both);
		semaphores(1);
		VIZ_PROBE_INSTANT("came");
	}
	SAW("instant came");
	{
		VIZ_PROBE_SCOPE("late");
		VIZ_PROBE_TRIGGERLOG(&a, both);
		semaphores(0);
	}
	SAW("enter late 1; a.before");
	semaphores(1);
	VIZ_PROBE_EXIT("late");
	spy_seen();
}

/* A write that the program made silent takes no trap, but for a tool that asks for just these. */
static void quiet_writes_are_for_who_asks(void)
{
	static struct account a;

	fresh(&a, "a");
	VIZ_PROBE_CONFIG(&a, trigger_on_change, false);
	VIZ_PROBE_SET(&a, balance, 1);
	SAW("");
	viz_quiet_semaphore = 1;
	VIZ_PROBE_SET(&a, balance, 2);
	VIZ_PROBE_CHANGED(&a, owner);
	VIZ_PROBE_SET(&a, _pin, 3);
	SAW("a.quiet 0 balance=2; a.quiet 1 owner=null");
	VIZ_PROBE_CONFIG(&a, trigger_on_change, true);
	VIZ_PROBE_CONFIG(&a, exclude_attributes, "balance");
	VIZ_PROBE_SET(&a, balance, 4);
	VIZ_PROBE_SET(&a, owner, "o");
	SAW("a.quiet 0 balance=4; a.set 1 owner=o");
	VIZ_PROBE_CONFIG(&a, enabled, false);
	VIZ_PROBE_SET(&a, balance, 5);
	VIZ_PROBE_DESTROY(&a);
	VIZ_PROBE_SET(&a, balance, 6);
	SAW("");
	viz_quiet_semaphore = 0;
}

/* 64 attributes over more than 256 bytes: the quick test by offset must not hide one that shares its bit with
 * others. */

#define EIGHT(x) x##0, x##1, x##2, x##3, x##4, x##5, x##6, x##7

struct wide {
	struct viz_counter viz;
	int64_t EIGHT(a), EIGHT(b), EIGHT(c), EIGHT(d), EIGHT(e), EIGHT(f), EIGHT(g), EIGHT(h);
};
VIZ_PROBE_COUNTER(wide, EIGHT(a), EIGHT(b), EIGHT(c), EIGHT(d), EIGHT(e), EIGHT(f), EIGHT(g), EIGHT(h));

static void sixty_four_attributes(void)
{
	static struct wide w;

	spy_know(&w.viz, "w");
	VIZ_PROBE_INIT(&w, wide, NULL, (include_attributes, "a0", "h7"));
	VIZ_PROBE_SET(&w, a0, 1);
	VIZ_PROBE_SET(&w, a1, 1);
	VIZ_PROBE_SET(&w, e0, 1); /* 256 bytes behind a0 */
	VIZ_PROBE_SET(&w, d7, 1); /* 256 bytes before h7 */
	VIZ_PROBE_SET(&w, h7, 1);
	SAW("w.init wide -; w.set 0 a0=1; w.set 63 h7=1");
	CHECK(VIZ_PROBE_CONFIG(&w, include_attributes) == 0);
	CHECK(VIZ_PROBE_CONFIG(&w, exclude_attributes, "a0", "h7") == 0);
	VIZ_PROBE_SET(&w, a0, 2);
	VIZ_PROBE_SET(&w, h7, 2);
	VIZ_PROBE_SET(&w, e0, 2);
	VIZ_PROBE_SET(&w, d7, 2);
	SAW("w.set 32 e0=2; w.set 31 d7=2");
	CHECK(VIZ_PROBE_CONFIG(&w, include_attributes, "a0", "a1", "a2", "a3", "a4", "a5", "a6", "a7", "b0",
	                       "b1", "b2", "b3", "b4", "b5", "b6", "b7", "c0", "c1", "c2", "c3", "c4", "c5",
	                       "c6", "c7", "d0", "d1", "d2", "d3", "d4", "d5", "d6", "d7", "e0", "e1", "e2",
	                       "e3", "e4", "e5", "e6", "e7", "f0", "f1", "f2", "f3", "f4", "f5", "f6", "f7",
	                       "g0", "g1", "g2", "g3", "g4", "g5", "g6", "g7", "h0", "h1", "h2", "h3", "h4",
	                       "h5", "h6", "h7") == 0);
	VIZ_PROBE_SET(&w, a0, 3);
	VIZ_PROBE_SET(&w, h7, 3);
	SAW("w.set 0 a0=3; w.set 63 h7=3");
}

int main(void)
{
	semaphores(1);
	every_probe_fires_with_its_arguments();
	each_semaphore_is_for_its_own_probe();
	bits_are_the_value();
	elements_trigger_their_attribute();
	trigger_off_is_silent();
	disabled_object_is_silent();
	include_and_exclude();
	private_is_never_a_trigger();
	unknown_name_changes_nothing();
	copy_is_no_object();
	destroyed_object_is_silent();
	an_object_has_its_own_name();
	parent_pointer_reports_the_child();
	triggerlog_on_every_way_out();
	arguments();
	slices_balance_on_every_way_out();
	scopes_tell_where_they_begin();
	tool_comes_and_goes_in_a_scope();
	quiet_writes_are_for_who_asks();
	sixty_four_attributes();
	return failures ? 1 : 0;
}
