/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The scenarios of expected.json, which holds what VizTracer records for its counters and objects, as a C
 * program: run.h says how it is called.
 *
 * Where Python differs from C: a Python attribute exists from its first assignment, a C attribute from INIT,
 * so first values are written in silence; a list of mixed types and a dict without fixed keys are JSON text;
 * `del o` is VIZ_PROBE_DESTROY.
 */
#include <stdbool.h>

#include "viztrace.h"

/* counter_writes: every write to a public attribute logs all public attributes. */

struct writes {
	struct viz_counter viz;
	int a;
	double b;
};
VIZ_PROBE_COUNTER(writes, a, b);

static struct writes writes;

static void make_counter_writes(void)
{
	VIZ_PROBE_INIT(&writes, writes, "counter name");
}

static void counter_writes(void)
{
	VIZ_PROBE_SET(&writes, a, 2);
	VIZ_PROBE_SET(&writes, b, 1.2);
	VIZ_PROBE_SET(&writes, a, -7);
	VIZ_PROBE_SET(&writes, b, 1e300);
}

/* counter_manual_log: trigger_on_change off: writes are silent, LOG reports them. */

struct manual {
	struct viz_counter viz;
	int a, b;
};
VIZ_PROBE_COUNTER(manual, a, b);

static struct manual manual;

static void make_counter_manual_log(void)
{
	VIZ_PROBE_INIT(&manual, manual, "manual", (trigger_on_change, false));
}

static void counter_manual_log(void)
{
	VIZ_PROBE_SET(&manual, a, 1);
	VIZ_PROBE_SET(&manual, b, 1);
	VIZ_PROBE_LOG(&manual);
	VIZ_PROBE_SET(&manual, a, 5);
	VIZ_PROBE_LOG(&manual);
}

/* counter_set_config: trigger_on_change switched while running. */

struct switched {
	struct viz_counter viz;
	int a;
};
VIZ_PROBE_COUNTER(switched, a);

static struct switched switched;

static void make_counter_set_config(void)
{
	VIZ_PROBE_INIT(&switched, switched, "switched");
}

static void counter_set_config(void)
{
	VIZ_PROBE_SET(&switched, a, 1);
	VIZ_PROBE_CONFIG(&switched, trigger_on_change, false);
	VIZ_PROBE_SET(&switched, a, 2);
	VIZ_PROBE_SET(&switched, a, 3);
	VIZ_PROBE_CONFIG(&switched, trigger_on_change, true);
	VIZ_PROBE_SET(&switched, a, 4);
}

/* counter_include: whitelist: only listed attributes trigger, only they are reported.
 * counter_exclude: blacklist: listed attributes neither trigger nor are reported. */

struct point {
	struct viz_counter viz;
	int x, y, z;
};
VIZ_PROBE_COUNTER(point, x, y, z);

static struct point include, exclude;

static void move(struct point *p)
{
	VIZ_PROBE_SET(p, x, 1);
	VIZ_PROBE_SET(p, y, 2);
	VIZ_PROBE_SET(p, z, 3);
	VIZ_PROBE_SET(p, y, 4);
	VIZ_PROBE_SET(p, x, 5);
}

static void make_counter_include(void)
{
	VIZ_PROBE_INIT(&include, point, "include", (include_attributes, "x", "z"));
}

static void counter_include(void)
{
	move(&include);
}

static void make_counter_exclude(void)
{
	VIZ_PROBE_INIT(&exclude, point, "exclude", (exclude_attributes, "y"));
}

static void counter_exclude(void)
{
	move(&exclude);
}

/* counter_private: a leading underscore makes an attribute private: never a trigger, never reported. */

struct secretive {
	struct viz_counter viz;
	int a, _p;
};
VIZ_PROBE_COUNTER(secretive, a, _p);

static struct secretive secretive;

static void make_counter_private(void)
{
	VIZ_PROBE_INIT(&secretive, secretive, "private");
}

static void counter_private(void)
{
	VIZ_PROBE_SET(&secretive, _p, 1);
	VIZ_PROBE_SET(&secretive, a, 2);
	VIZ_PROBE_SET(&secretive, _p, 3);
	VIZ_PROBE_SET(&secretive, a, 4);
}

/* object_lifecycle: new, snapshots, delete; every jsonifiable type. */

struct every_type {
	struct viz_object viz;
	int i;
	double f;
	const char *s;
	const char *l;
	const char *d;
};
VIZ_PROBE_OBJECT(every_type, i, f, s, VIZ_JSON(l), VIZ_JSON(d));

static struct every_type every_type = {.s = "", .l = "[0, 0.0, \"\"]", .d = "{}"};

static void make_object_lifecycle(void)
{
	VIZ_PROBE_INIT(&every_type, every_type, "object");
}

static void object_lifecycle(void)
{
	VIZ_PROBE_SET(&every_type, i, 42);
	VIZ_PROBE_SET(&every_type, f, 0.5);
	VIZ_PROBE_SET(&every_type, s, "text with \"quotes\", a \\ and \n a line");
	VIZ_PROBE_SET(&every_type, l, "[1, 2.5, \"three\"]");
	VIZ_PROBE_SET(&every_type, d, "{\"k\": \"v\", \"n\": {\"deep\": [1, [2, 3]]}}");
	VIZ_PROBE_DESTROY(&every_type);
}

/* object_two_instances: two objects of one name stay apart by id. */

struct twin {
	struct viz_object viz;
	int v;
};
VIZ_PROBE_OBJECT(twin, v);

static struct twin first_twin, second_twin;

static void make_object_two_instances(void)
{
	VIZ_PROBE_INIT(&first_twin, twin, "twin");
	VIZ_PROBE_INIT(&second_twin, twin, "twin");
}

static void object_two_instances(void)
{
	VIZ_PROBE_SET(&first_twin, v, 1);
	VIZ_PROBE_SET(&second_twin, v, 2);
	VIZ_PROBE_SET(&first_twin, v, 3);
	VIZ_PROBE_DESTROY(&first_twin);
	VIZ_PROBE_SET(&second_twin, v, 4);
	VIZ_PROBE_DESTROY(&second_twin);
}

/* object_triggerlog: triggerlog after, before and both on methods of a class whose writes are silent. */

struct account {
	struct viz_object viz;
	int balance;
	const char *owner;
};
VIZ_PROBE_OBJECT(account, balance, owner);

static struct account account;

static void account_init(struct account *self)
{
	VIZ_PROBE_INIT(self, account, NULL, (trigger_on_change, false));
	VIZ_PROBE_SET(self, balance, 0);
	VIZ_PROBE_SET(self, owner, "ada");
}

static void account_deposit(struct account *self, int n)
{
	VIZ_PROBE_TRIGGERLOG(self, after);
	VIZ_PROBE_SET(self, balance, self->balance + n);
}

static void account_withdraw(struct account *self, int n)
{
	VIZ_PROBE_TRIGGERLOG(self, before);
	VIZ_PROBE_SET(self, balance, self->balance - n);
}

static void account_rename(struct account *self, const char *who)
{
	VIZ_PROBE_TRIGGERLOG(self, both);
	VIZ_PROBE_SET(self, owner, who);
}

static void make_object_triggerlog(void)
{
	account_init(&account);
}

static void object_triggerlog(void)
{
	account_deposit(&account, 10);
	account_withdraw(&account, 3);
	account_rename(&account, "bob");
	VIZ_PROBE_LOG(&account);
	VIZ_PROBE_DESTROY(&account);
}

/* counter_triggerlog_with_trigger_on_change: triggerlog adds to, and does not replace, trigger_on_change. */

struct particle {
	struct viz_counter viz;
	int x;
};
VIZ_PROBE_COUNTER(particle, x);

static struct particle particle;

static void particle_step(struct particle *self)
{
	VIZ_PROBE_TRIGGERLOG(self, both);
	VIZ_PROBE_SET(self, x, self->x + 1);
}

static void make_counter_triggerlog_with_trigger_on_change(void)
{
	VIZ_PROBE_INIT(&particle, particle, NULL);
}

static void counter_triggerlog_with_trigger_on_change(void)
{
	VIZ_PROBE_SET(&particle, x, 0); /* the constructor's write: a report like any other */
	particle_step(&particle);
}

/* tracer_none: no tracer: nothing is recorded and the program runs on. */

struct silent_counter {
	struct viz_counter viz;
	int a;
};
VIZ_PROBE_COUNTER(silent_counter, a);

struct silent_object {
	struct viz_object viz;
	int a;
};
VIZ_PROBE_OBJECT(silent_object, a);

static struct silent_counter silent_counter;
static struct silent_object silent_object;

static void make_tracer_none(void)
{
	VIZ_PROBE_INIT(&silent_counter, silent_counter, "silent", (enabled, false));
	VIZ_PROBE_INIT(&silent_object, silent_object, "silent object", (enabled, false));
}

static void tracer_none(void)
{
	VIZ_PROBE_SET(&silent_counter, a, 1);
	VIZ_PROBE_LOG(&silent_counter);
	VIZ_PROBE_SET(&silent_object, a, 1);
	VIZ_PROBE_LOG(&silent_object);
	VIZ_PROBE_DESTROY(&silent_object);
}

#include "run.h"
