/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Which probes fire where C++ leaves a scope in its own ways: exceptions, destructors, lambdas, classes. The
 * spy stands in for the stubs.
 */
#include <atomic>
#include <cstdio>
#include <cstring>
#include <exception>
#include <string>

#include "check.h"
#include "spy.h"
#include "viztrace.h"

#define SAW(expected) saw(expected, __LINE__)

static void saw(const std::string &expected, int line)
{
	std::string seen = spy_seen();

	if (seen == expected)
		return;
	std::printf("FAILED line %d:\n  expected %s\n  saw      %s\n", line, expected.c_str(), seen.c_str());
	failures++;
}

enum class mode : short { off = -1, on = 300 };

class base
{
      public:
	explicit base(const char *name);
	virtual ~base();
	virtual void work(bool fail) = 0;
	void add(int n)
	{
		VIZ_PROBE_TRIGGERLOG(this, after);
		VIZ_PROBE_SET(this, total, total + n);
	}

	struct viz_object viz;
	int total = 0;
};
VIZ_PROBE_OBJECT(base, total);

base::base(const char *name)
{
	spy_know(&viz, name);
	VIZ_PROBE_INIT(this, base, name);
}

base::~base()
{
	VIZ_PROBE_DESTROY(this);
}

struct padding {
	virtual ~padding()
	{
	}
	long first = 1;
};

class derived : public padding, public base
{
      public:
	explicit derived(const char *name);
	void work(bool fail) override
	{
		VIZ_PROBE_METHOD();
		VIZ_PROBE_TRIGGERLOG(this, both);
		VIZ_PROBE_SCOPE("inner");
		VIZ_PROBE_SET(this, level, mode::on);
		if (fail)
			throw std::exception();
		VIZ_PROBE_SET(this, ratio, 0.5);
	}

	mode level = mode::off;
	std::atomic<int> hits{0};
	std::atomic<double> ratio{0};
	std::atomic<bool> open{false};
	const char label[6] = "label";
};
VIZ_PROBE_OBJECT(derived, first, total, level, hits, ratio, open, label);

/* The constructor of the base made it an object of class base; from here on it is one of class derived. */
derived::derived(const char *name) : base(name)
{
	VIZ_PROBE_INIT(this, derived, name);
}

static void classes()
{
	derived *d = new derived("d");
	base *b = d;

	SAW("d.init base d; d.init derived d");
	b->add(3);
	SAW("d.set 1 total=3; d.after");
	VIZ_PROBE_SET(d, total, 4);
	VIZ_PROBE_SET(d, first, 5);
	SAW("d.set 1 total=4; d.set 0 first=5");
	VIZ_PROBE_SET(d, level, mode::off);
	VIZ_PROBE_SET(d, level, mode::on);
	VIZ_PROBE_SET(d, hits, -3);
	d->hits++;
	VIZ_PROBE_CHANGED(d, hits);
	VIZ_PROBE_SET(d, ratio, 0.25);
	VIZ_PROBE_SET(d, open, true);
	VIZ_PROBE_CHANGED(d, label);
	SAW("d.set 2 level=-1; d.set 2 level=300; d.set 3 hits=-3; d.set 3 hits=-2; d.set 4 ratio=0.25; "
	    "d.set 5 open=1; d.set 6 label=label");
	VIZ_PROBE_VALUE("v", "mode", d->level);
	SAW("value v.mode i64=300");
	delete b;
	SAW("d.destroy");
}

static int fails()
{
	throw std::exception();
}

static void exceptions()
{
	derived d("d");
	const std::string name = "virtual void derived::work(bool) 3";

	spy_seen();
	d.work(false);
	SAW("enter " + name +
	    "; d.before; enter inner 1; d.set 2 level=300; d.set 4 ratio=0.5; exit inner 1; d.after; exit " +
	    name);
	try {
		d.work(true);
	} catch (const std::exception &) {
		VIZ_PROBE_INSTANT("caught");
	}
	SAW("enter " + name + "; d.before; enter inner 1; d.set 2 level=300; exit inner 1; d.after; exit " +
	    name + "; instant caught");
	try {
		VIZ_PROBE_SET(&d, total, fails());
	} catch (const std::exception &) {
	}
	SAW("");
}

static void lambdas()
{
	derived d("d");
	auto twice = [&d](int n) {
		VIZ_PROBE_SCOPE("twice");
		VIZ_PROBE_SET(&d, total, n);
		return 2 * n;
	};

	spy_seen();
	VIZ_PROBE_SET(&d, hits, twice(4));
	SAW("enter twice 1; d.set 1 total=4; exit twice 1; d.set 3 hits=8");
}

template <class T> static T templated(T value)
{
	VIZ_PROBE_SCOPE("templated");
	VIZ_PROBE_VALUE("t", "value", value);
	return value;
}

static void templates()
{
	spy_seen();
	templated(-1);
	templated(2ull);
	templated(0.5f);
	SAW("enter templated 1; value t.value i64=-1; exit templated 1; enter templated 1; value t.value "
	    "u64=2; "
	    "exit templated 1; enter templated 1; value t.value f64=0.5; exit templated 1");
}

enum class mood : unsigned char { calm, angry };

/* As std::string has it. */
struct text {
	char held[8];
	const char *c_str() const { return held; }
};

template <class T> static T doubled(T value, const text &name)
{
	VIZ_PROBE_METHOD(value, name);
	return VIZ_PROBE_RETURN(value + value);
}

struct named {
	text name;
	const text &get() const
	{
		VIZ_PROBE_METHOD();
		return VIZ_PROBE_RETURN(name);
	}
	char &first() { return VIZ_PROBE_RETURN(name.held[0]); }
};

template <class A, class B> static int sum(A a, B b) { return static_cast<int>(a + b); }

static void arguments()
{
	text name = {"name"};
	char row[4] = "row", *changeable = row;
	int numbers[2] = {1, 2}, *none = nullptr;

	spy_seen();
	doubled(2, name);
	doubled(0.25, text{"other"});
	/* Compilers call them what they like. */
	const char *seen = spy_seen();
	CHECK(strstr(seen, " 7 (value i64=2, name str=name); exit") && strstr(seen, " 15 (return i64=4); exit"));
	CHECK(strstr(seen, " 7 (value f64=0.25, name str=other); exit") && strstr(seen, " 15 (return f64=0.5); exit"));
	CHECK(!strstr(seen, "!"));
	[&] { VIZ_PROBE_SCOPE("lambda", VIZ_ARG("row", row), changeable, VIZ_ARG("mood", mood::angry)); }();
	SAW("enter lambda 5 (row str=row, changeable str=row, mood i64=1); exit lambda 1");
	VIZ_PROBE_INSTANT("i", true, 'c', -1L, 2ull, 0.5f, 0.5L, VIZ_ARG("null", nullptr), none);
	SAW("instant i (true bool=1, 'c' i64=99, -1L i64=-1, 2ull u64=2, 0.5f f64=0.5, 0.5L f64=0.5, null ptr=0, none ptr=0)");
	named n = {name};
	CHECK(&n.get() == &n.name && &n.first() == n.name.held);
	seen = spy_seen();
	CHECK(strstr(seen, " 15 (return str=name); exit") && strstr(seen, " 15 (return i64=110)"));
	VIZ_PROBE_INSTANT("i", VIZ_ARG("sum", sum<int, long>(1, 2)));
	SAW("instant i (sum i64=3)");
	VIZ_PROBE_ENTER("e", VIZ_ARG("same", &numbers[0] == numbers));
	VIZ_PROBE_EXIT("e", numbers[1]);
	SAW("enter e 4 (same bool=1); exit e 4 (numbers[1] i64=2)");
}

int main()
{
	viz_init_semaphore = 1;
	viz_destroy_semaphore = 1;
	viz_set_semaphore = 1;
	viz_log_semaphore = 1;
	viz_enter_semaphore = 1;
	viz_exit_semaphore = 1;
	viz_value_semaphore = 1;
	viz_instant_semaphore = 1;
	classes();
	exceptions();
	lambdas();
	templates();
	arguments();
	return failures ? 1 : 0;
}
