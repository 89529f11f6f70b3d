/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What only C++ has: classes with inheritance and virtual functions, templates, lambdas, namespaces, std::atomic,
 * references, smart pointers, exceptions; the header included first within extern "C".
 *
 *     every_macro        prints the layout of its structs, then checks assignments and results
 *     every_macro on     the same with all semaphores raised
 */
extern "C" {
#include "viztrace.h"
}
#include <atomic>
#include <climits>
#include <cstdio>
#include <cstring>
#include <exception>

#include "check.h"
#include "types.h"

#ifdef VIZ_PROBE_DISABLE
#define DISABLED 1
#else
#define DISABLED 0
#endif

static bool same(double a, double b)
{
	return !(a < b) && !(a > b);
}

/* ---- Namespaces, one of them without a name; the same tag in two of them. ---- */

namespace shop {
struct price {
	int euros, cents;
};
VIZ_PROBE_DICT(price, euros, cents);

enum class state : unsigned char { open, closed };
enum small : short { one = 1, two = 2 };

struct till {
	viz_counter viz;
	std::atomic<int> customers;
	std::atomic<bool> open;
	std::atomic<double> total;
	std::atomic<unsigned char> lamp;
	volatile int drawer;
	state now;
	small few;
	wchar_t sign;
};
VIZ_PROBE_COUNTER(till, customers, open, total, lamp, drawer, now, few, sign);

namespace inner {
struct item {
	struct viz_object viz;
	price cost;
	price old_costs[3];
	std::atomic<long> stock[2];
	state states[2];
	const char label[8] = "fixed";
	volatile char blink[4];
	const char *const brand = "brand";
	char *volatile where;
};
VIZ_PROBE_OBJECT(item, VIZ_DICT(cost, price), VIZ_DICT(old_costs, price), stock, states, label, blink, brand, where);
}

/* INIT takes the tag alone, so it stands where the declaration is in scope. */
static int make(till &t, inner::item &i)
{
	using namespace inner;
	return VIZ_PROBE_INIT(&t, till, "till") + VIZ_PROBE_INIT(&i, item, nullptr);
}

static void rename(struct inner::item &i, const char *to)
{
	VIZ_PROBE_METHOD();
	VIZ_PROBE_SET(&i, where, const_cast<char *>(to));
}
}

namespace {
struct item {
	struct viz_object viz;
	int n;
};
VIZ_PROBE_OBJECT(item, n);
}

/* ---- Classes: virtual functions, inheritance, a class that is declared as class. ---- */

class animal {
public:
	virtual ~animal()
	{
		VIZ_PROBE_DESTROY(this);
	}
	virtual const char *noise() = 0;
	void eat(int grams)
	{
		VIZ_PROBE_METHOD();
		VIZ_PROBE_TRIGGERLOG(this, after);
		VIZ_PROBE_SET(this, weight, weight + grams);
	}

	struct viz_object viz;
	int weight = 5;
	char *not_traced[2] = {nullptr, nullptr};
};
VIZ_PROBE_OBJECT(animal, weight);

class walker {
public:
	virtual ~walker()
	{
	}
	int steps = 0;
	char pad[3];
};

class dog : public walker, public animal {
public:
	explicit dog(const char *name)
	{
		init(name);
	}
	void init(const char *name);
	const char *noise() override
	{
		VIZ_PROBE_SCOPE("noise");
		VIZ_PROBE_SET(this, barks, barks + 1);
		return "woof";
	}
	long barks = 0;
};
VIZ_PROBE_OBJECT(dog, weight, barks, steps);

void dog::init(const char *name)
{
	CHECK(VIZ_PROBE_INIT(this, dog, name, (exclude_attributes, "steps")) == 0);
}

/* A struct of the C kind that embeds its parent, with references and smart pointers to it. */
struct child {
	struct account viz;
	int age;
};
VIZ_PROBE_OBJECT(child, viz.balance, age);

/* ---- Templates and lambdas. ---- */

template <class T, class V> static V assign(T *object, V value)
{
	VIZ_PROBE_METHOD();
	VIZ_PROBE_SCOPE("assign");
	VIZ_PROBE_TRIGGERLOG(object, both);
	if (value > 3)
		VIZ_PROBE_SET(object, n, value);
	else
		VIZ_PROBE_CHANGED(object, n);
	VIZ_PROBE_LOG(object);
	VIZ_PROBE_VALUE("assign", "value", value);
	if (VIZ_PROBE_CONFIG(object, include_attributes, "n"))
		return -1;
	return object->n;
}

/* A smart pointer, as far as a macro looks at it. */
template <class T> struct pointer {
	T *p;
	explicit pointer(T *object) : p(object)
	{
	}
	pointer(const pointer &) = delete;
	pointer &operator=(const pointer &) = delete;
	~pointer()
	{
		delete p;
	}
	T *operator->() const
	{
		return p;
	}
};

template <class T> struct box {
	T *content;
	explicit box(T *t) : content(t)
	{
		VIZ_PROBE_INIT(content, item, "in a box");
	}
	~box()
	{
		VIZ_PROBE_DESTROY(content);
	}
	void set(int n)
	{
		VIZ_PROBE_METHOD();
		VIZ_PROBE_SET(content, n, n);
	}
};

static void check_templates()
{
	static item i;

	VIZ_PROBE_INIT(&i, item, NULL);
	CHECK(assign(&i, 4) == 4);
	CHECK(assign(&i, 2) == 4);
	box<item> b(&i);
	b.set(9);
	CHECK(i.n == 9);
}

static void check_lambdas()
{
	static item i;
	item *p = &i;
	const char *name = "lambda";
	int calls = 0;

	VIZ_PROBE_INIT(p, item, NULL);
	auto set = [&](int n) {
		VIZ_PROBE_METHOD();
		VIZ_PROBE_SET(p, n, n);
		calls++;
		return n;
	};
	VIZ_PROBE_SET(p, n, set(3) + [=] { VIZ_PROBE_SET(p, n, 4); return p->n; }());
	CHECK(i.n == 7 && calls == 1);
	[p] { VIZ_PROBE_LOG(p); }();
	[p] { VIZ_PROBE_CHANGED(p, n); }();
	[p] { VIZ_PROBE_TRIGGERLOG(p, after); }();
	[name] { VIZ_PROBE_SCOPE(name); }();
	[name] { VIZ_PROBE_INSTANT(name); }();
	[name] { VIZ_PROBE_BEGIN(name, 1u); }();
	[p] { VIZ_PROBE_END("lambda", p); }();
	[p, calls] { VIZ_PROBE_FLOW_OUT(p); VIZ_PROBE_FLOW_IN(calls); }();
	[calls] { VIZ_PROBE_VALUE("lambda", "calls", calls); }();
	[p] { VIZ_PROBE_CONFIG(p, enabled, true); }();
	[p] { VIZ_PROBE_DESTROY(p); }();
}

static void check_classes()
{
	dog d("rex");
	animal &a = d;
	pointer<dog> heap(new dog("max"));
	pointer<child> smart(new child());
	child &reference = *smart.p;

	a.eat(2);
	CHECK(d.weight == 7 && !std::strcmp(a.noise(), "woof") && d.barks == 1);
	VIZ_PROBE_SET(&a, weight, 8);
	CHECK(d.weight == 8);
	VIZ_PROBE_SET(heap, barks, 3);
	VIZ_PROBE_CHANGED(heap, weight);
	VIZ_PROBE_LOG(heap);
	VIZ_PROBE_CONFIG(heap, enabled, false);
	CHECK(heap->barks == 3);
	VIZ_PROBE_INIT(smart.p, child, "child");
	VIZ_PROBE_SET(smart, age, 4);
	VIZ_PROBE_SET(&reference, viz.balance, 5);
	VIZ_PROBE_SET(&reference.viz, balance, reference.viz.balance + 1);
	CHECK(reference.age == 4 && reference.viz.balance == 6);
	VIZ_PROBE_DESTROY(smart);
}

static void check_types()
{
	static shop::till t;
	static shop::inner::item i;

	CHECK(shop::make(t, i) == 0);
	VIZ_PROBE_SET(&t, customers, 3);
	VIZ_PROBE_SET(&t, customers, t.customers + 1);
	VIZ_PROBE_SET(&t, open, true);
	VIZ_PROBE_SET(&t, total, 1.25);
	VIZ_PROBE_SET(&t, lamp, 255);
	VIZ_PROBE_SET(&t, drawer, -1);
	VIZ_PROBE_SET(&t, now, shop::state::closed);
	VIZ_PROBE_SET(&t, few, shop::two);
	VIZ_PROBE_SET(&t, sign, L'x');
	CHECK(t.customers == 4 && t.open && same(t.total, 1.25) && t.lamp == 255 && t.drawer == -1);
	CHECK(t.now == shop::state::closed && t.few == shop::two && t.sign == L'x');
	t.customers++;
	VIZ_PROBE_CHANGED(&t, customers);
	VIZ_PROBE_VALUE("till", "now", t.now);
	VIZ_PROBE_VALUE("till", "few", t.few);
	VIZ_PROBE_VALUE("till", "customers", t.customers.load());
	VIZ_PROBE_VALUE("till", "long double", 1.5L);

	VIZ_PROBE_SET(&i, cost.cents, 99);
	VIZ_PROBE_SET(&i, old_costs[2].euros, 7);
	VIZ_PROBE_SET(&i, cost, i.old_costs[2]);
	VIZ_PROBE_SET(&i, stock[1], 12L);
	VIZ_PROBE_SET(&i, states[1], shop::state::closed);
	CHECK(i.cost.euros == 7 && i.cost.cents == 0 && i.stock[1] == 12 && i.states[1] == shop::state::closed);
	shop::rename(i, "shelf");
	CHECK(!std::strcmp(i.where, "shelf"));
	VIZ_PROBE_CHANGED(&i, label);
	VIZ_PROBE_CHANGED(&i, brand);
	VIZ_PROBE_CHANGED(&i, blink[1]);
}

static int thrower(item *i)
{
	VIZ_PROBE_METHOD();
	VIZ_PROBE_TRIGGERLOG(i, both);
	VIZ_PROBE_SET(i, n, 1);
	throw std::exception();
}

static void check_exceptions()
{
	static item i;
	bool caught = false;

	VIZ_PROBE_INIT(&i, item, NULL);
	try {
		VIZ_PROBE_SET(&i, n, thrower(&i));
	} catch (const std::exception &) {
		VIZ_PROBE_INSTANT("caught");
		caught = true;
	}
	CHECK(caught && i.n == 1);
}

/* ---- The layout, by the compiler's own offsets of a real object. ---- */

template <class T, class M> static long offset_of(const T &object, const M &member)
{
	return static_cast<long>(reinterpret_cast<const volatile char *>(&member) -
				 reinterpret_cast<const volatile char *>(&object.viz));
}

#define CLASS(tag, kind, n) std::printf("class %s %d %d\n", tag, kind, n)
#define ATTR(tag, o, member, type, stride, count, list, dict) \
	std::printf("attr %s %s %ld %d %lu %lu %d %s\n", tag, #member, offset_of(o, (o).member), type, \
		    static_cast<unsigned long>(stride), static_cast<unsigned long>(count), list, dict)
#define PLAIN(tag, o, member, type, stride) ATTR(tag, o, member, type, stride, 1, 0, "-")

static void print_layout()
{
	static shop::till t;
	static shop::inner::item i;
	static item plain;
	static child c;
	dog d("layout");
	animal &a = d;

	CLASS("till", 1, 8);
	PLAIN("till", t, customers, 5, 4);
	PLAIN("till", t, open, 9, 1);
	PLAIN("till", t, total, 11, 8);
	PLAIN("till", t, lamp, 2, 1);
	PLAIN("till", t, drawer, 5, 4);
	PLAIN("till", t, now, 2, 1);
	PLAIN("till", t, few, 3, 2);
	PLAIN("till", t, sign, WCHAR_MIN < 0 ? 5 : 6, sizeof(wchar_t));
	CLASS("item", 2, 8);
	ATTR("item", i, cost, 16, 8, 1, 0, "price");
	ATTR("item", i, old_costs, 16, 8, 3, 1, "price");
	ATTR("item", i, stock, 7, 8, 2, 1, "-");
	ATTR("item", i, states, 2, 1, 2, 1, "-");
	PLAIN("item", i, label, 12, 8);
	PLAIN("item", i, blink, 12, 4);
	PLAIN("item", i, brand, 13, 8);
	PLAIN("item", i, where, 13, 8);
	CLASS("item", 2, 1);
	PLAIN("item", plain, n, 5, 4);
	CLASS("price", 3, 2);
	std::printf("attr price euros 0 5 4 1 0 -\nattr price cents 4 5 4 1 0 -\n");
	CLASS("animal", 2, 1);
	PLAIN("animal", a, weight, 5, 4);
	CLASS("dog", 2, 3);
	PLAIN("dog", d, weight, 5, 4);
	PLAIN("dog", d, barks, 7, 8);
	PLAIN("dog", d, steps, 5, 4);
	CLASS("child", 2, 2);
	PLAIN("child", c, viz.balance, 7, 8);
	PLAIN("child", c, age, 5, 4);
}

static void raise_semaphores()
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
	static account a;
	bool on = argc > 1 && !std::strcmp(argv[1], "on") && !DISABLED;

	VIZ_PROBE_METHOD();
	if (on)
		raise_semaphores();
	print_layout();
	check_templates();
	check_lambdas();
	check_classes();
	check_types();
	check_exceptions();
	VIZ_PROBE_INIT(&a, account, NULL);
	CHECK(other_unit(&a, on) == 0);
	CHECK(a.balance == 41);
	return failures ? 1 : 0;
}
