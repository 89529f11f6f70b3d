/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The scenarios of expected.json once more, in C++, written as the Python is: `c.a = 2`. run.h says how it is called.
 *
 * Where Python differs: its attributes exist from their first assignment, ours from the constructor on, in silence;
 * a list of mixed types and a dict without fixed keys are JSON text.
 */
#include <string>

#include "viztrace.hpp"

/* counter_writes: every write to a public attribute logs all public attributes. */

class Writes : public viz::counter<Writes> {
public:
	Writes() : counter("counter name")
	{
	}
	VIZ_ATTR(int, a);
	VIZ_ATTR(double, b);
};

static Writes *writes;

static void make_counter_writes()
{
	writes = new Writes;
}

static void counter_writes()
{
	Writes &c = *writes;

	c.a = 2;
	c.b = 1.2;
	c.a = -7;
	c.b = 1e300;
	delete writes;
}

/* counter_manual_log: trigger_on_change off: writes are silent, log() reports them. */

class Manual : public viz::counter<Manual> {
public:
	Manual() : counter("manual", viz::trigger_on_change(false))
	{
	}
	VIZ_ATTR(int, a);
	VIZ_ATTR(int, b);
};

static Manual *manual;

static void make_counter_manual_log()
{
	manual = new Manual;
}

static void counter_manual_log()
{
	Manual &c = *manual;

	c.a = 1;
	c.b = 1;
	c.log();
	c.a = 5;
	c.log();
	delete manual;
}

/* counter_set_config: trigger_on_change switched while running. */

class Switched : public viz::counter<Switched> {
public:
	Switched() : counter("switched")
	{
	}
	VIZ_ATTR(int, a);
};

static Switched *switched;

static void make_counter_set_config()
{
	switched = new Switched;
}

static void counter_set_config()
{
	Switched &c = *switched;

	c.a = 1;
	c.config(viz::trigger_on_change(false));
	c.a = 2;
	c.a = 3;
	c.config(viz::trigger_on_change(true));
	c.a = 4;
	delete switched;
}

/* counter_include: whitelist: only listed attributes trigger, only they are reported.
 * counter_exclude: blacklist: listed attributes neither trigger nor are reported. */

template <class Number> class Point : public viz::counter<Point<Number>> {
	VIZ_TEMPLATE(Point);

public:
	template <class Setting>
	Point(const char *name, const Setting &setting) : viz::counter<Point<Number>>(name, setting)
	{
	}
	VIZ_ATTR(Number, x);
	VIZ_ATTR(Number, y);
	VIZ_ATTR(Number, z);
};

static Point<int> *include;
static Point<long> *exclude;

template <class Number> static void move(Point<Number> *c)
{
	c->x = 1;
	c->y = 2;
	c->z = 3;
	c->y = 4;
	c->x = 5;
	delete c;
}

static void make_counter_include()
{
	include = new Point<int>("include", viz::include_attributes("x", "z"));
}

static void counter_include()
{
	move(include);
}

static void make_counter_exclude()
{
	exclude = new Point<long>("exclude", viz::exclude_attributes("y"));
}

static void counter_exclude()
{
	move(exclude);
}

/* counter_private: a leading underscore makes an attribute private: never a trigger, never reported. */

class Secretive : public viz::counter<Secretive> {
public:
	Secretive() : counter("private")
	{
	}
	VIZ_ATTR(int, a);
	VIZ_ATTR(int, _p);
};

static Secretive *secretive;

static void make_counter_private()
{
	secretive = new Secretive;
}

static void counter_private()
{
	Secretive &c = *secretive;

	c._p = 1;
	c.a = 2;
	c._p = 3;
	c.a = 4;
	delete secretive;
}

/* object_lifecycle: new, snapshots, delete; every jsonifiable type. */

class EveryType : public viz::object<EveryType> {
public:
	EveryType() : object("object")
	{
	}
	VIZ_ATTR(int, i);
	VIZ_ATTR(double, f);
	VIZ_ATTR(std::string, s);
	VIZ_ATTR_JSON(std::string, l) = "[0, 0.0, \"\"]";
	VIZ_ATTR_JSON(const char *, d) = "{}";
};

static EveryType *every_type;

static void make_object_lifecycle()
{
	every_type = new EveryType;
}

static void object_lifecycle()
{
	EveryType &o = *every_type;

	o.i = 42;
	o.f = 0.5;
	o.s = "text with \"quotes\", a \\ and \n a line";
	o.l = "[1, 2.5, \"three\"]";
	o.d = "{\"k\": \"v\", \"n\": {\"deep\": [1, [2, 3]]}}";
	delete every_type;
}

/* object_two_instances: two objects of one name stay apart by id. */

struct Twin : viz::object<Twin> {
	Twin() : object("twin")
	{
	}
	VIZ_ATTR(int, v);
};

static Twin *first_twin, *second_twin;

static void make_object_two_instances()
{
	first_twin = new Twin;
	second_twin = new Twin;
}

static void object_two_instances()
{
	Twin &a = *first_twin, &b = *second_twin;

	a.v = 1;
	b.v = 2;
	a.v = 3;
	delete first_twin;
	b.v = 4;
	delete second_twin;
}

/* object_triggerlog: triggerlog after, before and both on methods of a class whose writes are silent. */

class account : public viz::object<account> {
public:
	account() : object(nullptr, viz::trigger_on_change(false))
	{
		balance = 0;
		owner = "ada";
	}
	void deposit(int n)
	{
		viz::triggerlog log(*this);

		balance += n;
	}
	void withdraw(int n)
	{
		viz::triggerlog log(*this, viz::before);

		balance -= n;
	}
	void rename(const char *who)
	{
		viz::triggerlog log(*this, viz::both);

		owner = who;
	}

private:
	VIZ_ATTR(int, balance);
	VIZ_ATTR(std::string, owner);
};

static account *acc;

static void make_object_triggerlog()
{
	acc = new account;
}

static void object_triggerlog()
{
	acc->deposit(10);
	acc->withdraw(3);
	acc->rename("bob");
	acc->log();
	delete acc;
}

/* counter_triggerlog_with_trigger_on_change: triggerlog adds to, and does not replace, trigger_on_change. */

class particle : public viz::counter<particle> {
public:
	explicit particle(int at)
	{
		x = at; /* a report like any other */
	}
	void step()
	{
		viz::triggerlog log(*this, viz::both);

		x++;
	}
	VIZ_ATTR(int, x);
};

static void make_counter_triggerlog_with_trigger_on_change()
{
}

static void counter_triggerlog_with_trigger_on_change()
{
	particle p(0);

	p.step();
}

/* tracer_none: no tracer: nothing is recorded and the program runs on. */

class SilentCounter : public viz::counter<SilentCounter> {
public:
	SilentCounter() : counter("silent", viz::enabled(false))
	{
	}
	VIZ_ATTR(int, a);
};

class SilentObject : public viz::object<SilentObject> {
public:
	SilentObject() : object("silent object", viz::enabled(false))
	{
	}
	VIZ_ATTR(int, a);
};

static SilentCounter *silent_counter;
static SilentObject *silent_object;

static void make_tracer_none()
{
	silent_counter = new SilentCounter;
	silent_object = new SilentObject;
}

static void tracer_none()
{
	silent_counter->a = 1;
	silent_counter->log();
	silent_object->a = 1;
	silent_object->log();
	delete silent_object;
	delete silent_counter;
}

#include "run.h"
