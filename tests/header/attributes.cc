/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * viztrace.hpp: which writes report what, and when; what becomes of objects that are copied, moved and destroyed. The spy
 * stands in for the stubs.
 */
#include <cstdio>
#include <cstring>
#include <new>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "attributes.h"
#include "check.h"
#include "spy.h"

#define SAW(expected) saw(expected, __LINE__)

static void saw(const std::string &expected, int line)
{
	std::string seen = spy_seen();

	if (seen == expected)
		return;
	std::printf("FAILED line %d:\n  expected %s\n  saw      %s\n", line, expected.c_str(), seen.c_str());
	failures++;
}

using shop::customer;
using shop::shelf;
using shop::till;

/* An attribute is its value, and nothing else. */
template <class T> struct as_large {
	struct tag {
	};
	static constexpr bool value = sizeof(viz::attribute<T, tag>) == sizeof(T) && alignof(viz::attribute<T, tag>) == alignof(T);
};
static_assert(as_large<bool>::value && as_large<short>::value && as_large<double>::value, "");
static_assert(as_large<char[7]>::value && as_large<int[3]>::value && as_large<std::array<short, 3>>::value, "");
static_assert(as_large<std::string>::value && as_large<std::atomic<char>>::value && as_large<shop::limits>::value, "");

/* What would report for an object that is not there, or pass by without a report. */
static_assert(!std::is_convertible<decltype(till::customers) &, int &>::value, "`int &r = t.customers`");
static_assert(!std::is_convertible<decltype(till::customers) *, int *>::value, "`int *p = &t.customers`");
static_assert(!std::is_convertible<decltype(customer::name) &, std::string &>::value, "`std::string &r = c.name`");
static_assert(!std::is_assignable<const decltype(till::customers) &, int>::value, "a const object's");

namespace {
class counted : public viz::counter<counted> {
public:
	VIZ_ATTR(int, first);
	VIZ_ATTR(double, second);
};

class wrong : public viz::counter<wrong> {
public:
	wrong() : counter("w", viz::exclude_attributes("b"), viz::trigger_on_change(false))
	{
	}
	VIZ_ATTR(int, a);
};

template <class T> class long_name_of_a_class_template : public viz::counter<long_name_of_a_class_template<T>> {
	VIZ_TEMPLATE(long_name_of_a_class_template);

public:
	VIZ_ATTR(int, n);
};
}

static void numbers()
{
	till t("a"), u("b");

	SAW("?.init till a; ?.init till b");
	spy_know(&t.viz, "t");
	spy_know(&u.viz, "u");
	CHECK(t.customers == 0 && t.total > 1.4 && t.lamp == 7 && t.now == shop::state::closed && t.served.get() == 4);
	t.customers = 2;
	++t.customers;
	CHECK(t.customers++ == 3 && t.customers-- == 4);
	--t.customers;
	SAW("t.set 0 customers=2; t.set 0 customers=3; t.set 0 customers=4; t.set 0 customers=3; t.set 0 customers=2");
	t.customers += 5;
	t.customers -= 1;
	t.customers *= 1.5; /* as an int would: 9 */
	t.customers /= 2;
	t.customers %= 3;
	t.customers <<= 3;
	t.customers >>= 1;
	t.customers |= 3;
	t.customers ^= 1;
	t.customers &= 6;
	SAW("t.set 0 customers=7; t.set 0 customers=6; t.set 0 customers=9; t.set 0 customers=4; t.set 0 customers=1; "
	    "t.set 0 customers=8; t.set 0 customers=4; t.set 0 customers=7; t.set 0 customers=6; t.set 0 customers=6");
	u.customers = t.customers;
	u.total = t.customers;
	u.customers = t.customers = 1;
	SAW("u.set 0 customers=6; u.set 1 total=6; t.set 0 customers=1; u.set 0 customers=1");
	t.customers = 4;
	std::swap(t.customers, u.customers);
	swap(t.customers, u.customers);
	SAW("t.set 0 customers=4; t.set 0 customers=1; u.set 0 customers=4; t.set 0 customers=4; u.set 0 customers=1");
	t.lamp = 255;
	t.busy = true;
	t.now = shop::state::open;
	t.served = 6;
	t.served += 2;
	t.served++;
	std::swap(t.served, u.served);
	u.served = t.served;
	t.waited = std::chrono::seconds(3);
	t.waited += std::chrono::milliseconds(5);
	SAW("t.set 2 lamp=255; t.set 3 busy=1; t.set 4 now=300; t.set 5 served=6; t.set 5 served=8; t.set 5 served=9; "
	    "t.set 5 served=4; u.set 5 served=9; u.set 5 served=4; t.set 6 waited=3000; t.set 6 waited=3005");
	t._secret = 3;
	++t._secret;
	CHECK(t._secret == 4);
	SAW("");
	const till &fixed = t;
	int plain = fixed.customers + t.customers;
	CHECK(plain == 8 && fixed.customers.get() == 4);
	SAW("");
}

static void objects()
{
	customer c(std::string("c") + std::to_string(1));

	SAW("?.init customer c1; ?.init card -");
	spy_know(&c.viz, "c");
	spy_know(&c.own.viz, "card");
	CHECK(c.name.get() == "nobody" && !std::strcmp(c.code, "abc") && c.marks[1] > 1.9 && c.credit->hard == 2);
	c.name = "Ada";
	c.name += " Lovelace";
	c.name.change([](std::string &s) { s.resize(3); });
	CHECK(c.name->size() == 3 && c.name.get() == "Ada");
	c.town = nullptr;
	c.town = "Bonn";
	c.code = "abcdefghi";
	CHECK(!std::strcmp(c.code, "abcde"));
	c.age = 3;
	SAW("c.set 0 name=Ada; c.set 0 name=Ada Lovelace; c.set 0 name=Ada; c.set 1 town=null; c.set 1 town=Bonn; "
	    "c.set 2 code=abcde");
	c.marks = { 3, 4, 5, 6 };
	c.marks[1] = 0.5;
	c.marks[1] += 1;
	double mark = c.marks[1];
	CHECK(mark > 1.4 && mark < 1.6 && c.marks.size() == 3 && c.marks.end() - c.marks.begin() == 3);
	c.basket = std::array<int, 4>{ { 1, 2, 3, 4 } };
	++c.basket[3];
	c.basket[0] = c.basket[3];
	CHECK(c.basket.get()[0] == 5 && c.basket.get()[3] == 5);
	SAW("c.set 4 marks=[]; c.set 4 marks=[]; c.set 4 marks=[]; c.set 5 basket=[]; c.set 5 basket=[]; c.set 5 basket=[]");
	c.basket[1]++;
	c.basket[1] <<= 4;
	c.basket[1] %= 9;
	CHECK(c.basket[1]-- == 3 && c.basket.get()[1] == 2);
	SAW("c.set 5 basket=[]; c.set 5 basket=[]; c.set 5 basket=[]; c.set 5 basket=[]");
	c.more = "[1]";
	c.credit = shop::limits{ 3, 4, "USD" };
	c.credit.change([](shop::limits &l) { l.soft = 5; });
	CHECK(c.credit->soft == 5 && c.credit.get().hard == 4);
	SAW("c.set 6 more=[1]; c.set 7 credit={}; c.set 7 credit={}");
	c.own.pay(7);
	SAW("card.set 0 points=7; card.set 1 used=1");
}

static void settings()
{
	customer c("s");

	spy_seen();
	spy_know(&c.viz, "c");
	CHECK(c.status() == 0);
	CHECK(c.config(viz::include_attributes("age", "nobody")) == VIZ_ENOENT);
	CHECK(c.config(viz::include_attributes("age")) == 0);
	c.age = 1;
	c.name = "silent";
	SAW("c.set 3 age=1");
	CHECK(c.config(viz::include_attributes()) == 0 && c.config(viz::exclude_attributes()) == 0);
	c.age = 2;
	SAW("c.set 3 age=2");
	c.config(viz::trigger_on_change(false));
	c.age = 3;
	c.log();
	SAW("c.log");
	c.config(viz::enabled(false));
	c.log();
	SAW("");

	wrong w;
	CHECK(w.status() == VIZ_ENOENT);
	SAW("?.init wrong w");
	w.a = 1;
	SAW("");
	w.rename(std::string("w") + "-2");
	SAW("?.destroy; ?.init wrong w-2");
	w.rename(w.viz.base.name + 1);
	SAW("?.destroy; ?.init wrong -2");
	w.rename("w");
	w.rename(nullptr);
	SAW("?.destroy; ?.init wrong w; ?.destroy; ?.init wrong -");
	w.a = 1; /* its settings are as they were */
	SAW("");
	w.rename(std::string("w") + "-3");
	VIZ_PROBE_DESTROY(&w);
	w.rename(std::string("w") + "-4");
	CHECK(!std::strcmp(w.viz.base.name, "w-4")); /* the one before is freed */
	wrong of_it(w);
	spy_seen();
}

static void lives()
{
	std::string name = "gone";
	customer *c = new customer(name);

	name[0] = 'X';
	spy_seen();
	spy_know(&c->viz, "c");
	c->config(viz::trigger_on_change(false));
	c->age = 7;
	c->name = "Grace Hopper, Rear Admiral";
	{
		customer copy(*c), moved(std::move(copy));

		SAW("?.init customer gone; ?.init card -; ?.init customer gone; ?.init card -");
		spy_know(&moved.viz, "moved");
		CHECK(moved.age == 7 && moved.name.get() == "Grace Hopper, Rear Admiral" && !std::strcmp(moved.viz.base.name, "gone"));
		moved.age = 8;
		moved.town = "Oslo";
		SAW("");
		moved.config(viz::trigger_on_change(true));
		moved.town = "Rome";
		SAW("moved.set 1 town=Rome");
		moved = *c;
		CHECK(moved.age == 7);
		std::string all = spy_seen();
		CHECK(!all.compare(0, 20, "moved.set 0 name=Gra") && all.find("age") == std::string::npos);
	}
	SAW("?.destroy; moved.destroy; ?.destroy; ?.destroy");
	delete c;
	SAW("?.destroy; c.destroy");

	/* What moves reports from its new place. */
	std::vector<shelf<short, 5>> grows;
	grows.reserve(2);
	grows.emplace_back();
	grows.emplace_back();
	spy_seen();
	spy_forget();
	grows.emplace_back();
	const std::string moving = spy_seen();
	size_t inits = 0, ends = 0;
	for (size_t at = 0; (at = moving.find(".init shelf<short", at)) != std::string::npos; at++)
		inits++;
	for (size_t at = 0; (at = moving.find(".destroy", at)) != std::string::npos; at++)
		ends++;
	CHECK(inits == 3 && ends == 2);
	grows[0].put(1);
	SAW("?.set 0 on=1; ?.set 1 free=4");
	grows.clear();
	spy_seen();
}

/* Whoever derives from such a class reports as that. */
class wide_till : public till {
public:
	wide_till() : till("wide")
	{
	}
	int more = 3;
};

static void families()
{
	wide_till w;

	SAW("?.init till wide");
	spy_know(&w.viz, "w");
	w.customers = 3;
	CHECK(w.more == 3);
	SAW("w.set 0 customers=3");
	VIZ_PROBE_LOG(&w);
	VIZ_PROBE_CHANGED(&w, total);
	VIZ_PROBE_CONFIG(&w, enabled, false);
	w.customers = 4;
	SAW("w.log; w.set 1 total=1.5");
}

static void nested()
{
	class local : public viz::counter<local> {
	public:
		VIZ_ATTR(int, n);
		VIZ_ATTR(float, f) = 0.5f;
	};
	local l;
	customer::coupon<char> c;
	customer::coupon<double> d;

	spy_seen();
	l.n = 2;
	l.f += 1;
	c.worth = 3;
	d.worth = 0.25;
	SAW("?.set 0 n=2; ?.set 1 f=1.5; ?.set 0 worth=3; ?.set 0 worth=0.25");
	CHECK(c.viz.base.cls != d.viz.base.cls);
}

static void fails(customer &c)
{
	viz::scope all("all");
	viz::triggerlog log(c, viz::both);
	const std::string name = "inner";

	viz::scope inner(name.c_str());
	c.age = 1;
	throw std::runtime_error("x");
}

static void scopes()
{
	customer c("x");

	spy_seen();
	spy_know(&c.viz, "c");
	try {
		fails(c);
	} catch (const std::runtime_error &) {
		viz::instant("caught");
	}
	SAW("enter all 1; c.before; enter inner 1; exit inner 1; c.after; exit all 1; instant caught");
	{
		viz::triggerlog now(c, viz::before);
		SAW("c.before");
		viz::triggerlog later(c);
		SAW("");
	}
	SAW("c.after");
}

/* One descriptor for a class, whoever writes it; attributes on either side of the base; names of templates. */
static void descriptors()
{
	till t("t");
	shelf<short, 5> s;
	const viz_class *c = t.viz.base.cls;
	const viz_attr *a = reinterpret_cast<const viz_attr *>(c + 1);
	const char *base = reinterpret_cast<const char *>(&t.viz);

	CHECK(class_elsewhere() == c);
	CHECK(c->kind == VIZ_KIND_COUNTER && c->n_attrs == 8 && c->span_offset == 0 && !std::strcmp(c->tag, "till"));
	CHECK(!std::strcmp(a[7].name, "_secret") && base + a[7].offset == reinterpret_cast<char *>(&t._secret));
	CHECK(a[4].type == VIZ_TYPE_I16 && a[5].type == VIZ_TYPE_I64 && a[5].stride == 8 && a[6].type == VIZ_TYPE_I64);
	CHECK(static_cast<long>(c->span_size) == a[7].offset + 8);
	CHECK(!std::strcmp(s.viz.base.cls->tag, "shelf<short, 5>") || !std::strcmp(s.viz.base.cls->tag, "shelf<short int, 5>"));
	spy_seen();
	spy_know(&t.viz, "t");
	spy_know(&s.viz, "s");
	write_elsewhere(t, s);
	SAW("?.init counted -; ?.init shelf<unsigned int, 9> -; t.set 0 customers=99; s.set 0 on=2; s.set 1 free=3; "
	    "?.set 0 here=3; ?.set 0 on=1; ?.set 1 free=8; ?.destroy; ?.destroy");
	counted mine;
	mine.first = 1;
	SAW("?.init counted -; ?.set 0 first=1");
	long_name_of_a_class_template<std::vector<std::string>> l;
	SAW("?.init long_name_of_a_class_template<std::v... -");

	customer k("k");
	const viz_class *of = k.viz.base.cls;
	uint64_t texts = 0;
	for (const viz_attr *i = reinterpret_cast<const viz_attr *>(of + 1); i < reinterpret_cast<const viz_attr *>(of + 1) + 8; i++)
		if (i->type == VIZ_TYPE_STRP || i->type == VIZ_TYPE_JSONP)
			texts |= static_cast<uint64_t>(1) << i->offset / 8;
		else if (i->type == VIZ_TYPE_DICT)
			texts |= static_cast<uint64_t>(1) << (i->offset / 8 + 1);
	CHECK(of->strings[0] == texts && of->strings[1] == 0);
	spy_seen();
}

int main()
{
#if defined(__cpp_impl_coroutine) || defined(__cpp_coroutines)
	spy_tells_no_sites = 1;
#endif
	viz_init_semaphore = 1;
	viz_destroy_semaphore = 1;
	viz_set_semaphore = 1;
	viz_log_semaphore = 1;
	viz_enter_semaphore = 1;
	viz_exit_semaphore = 1;
	viz_instant_semaphore = 1;
	for (auto test : { numbers, objects, settings, lives, families, nested, scopes, descriptors }) {
		spy_forget();
		test();
		spy_seen();
	}
	return failures ? 1 : 0;
}
