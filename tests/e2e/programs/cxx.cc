// SPDX-License-Identifier: BSD-2-Clause
/* C++ names, exceptions, RAII, templates, lambdas, atomics. */
#include "viztrace.h"
#include "step.h"

#include <atomic>
#include <stdexcept>
#include <string>

namespace shop {

class Cart {
public:
	viz_object viz;
	std::atomic<int> items{0};
	const char *owner = "ada";
	double total = 0;

	Cart();
	~Cart();
	void add(double price, const std::string &what);
	int size() const;
	static int count(int a, int b);
	Cart &operator+=(double price);
	template <class T> T twice(T x);
};
VIZ_PROBE_OBJECT(Cart, items, owner, total);

Cart::Cart()
{
	VIZ_PROBE_METHOD();
	VIZ_PROBE_INIT(this, Cart, nullptr);
}

Cart::~Cart()
{
	VIZ_PROBE_METHOD();
	VIZ_PROBE_DESTROY(this);
}

__attribute__((noinline)) void Cart::add(double price, const std::string &what)
{
	VIZ_PROBE_METHOD();
	VIZ_PROBE_TRIGGERLOG(this, after);
	VIZ_PROBE_SET(this, items, items + 1);
	if (what == "bad")
		throw std::runtime_error("bad");
	VIZ_PROBE_SET(this, total, total + price);
}

int Cart::size() const
{
	VIZ_PROBE_METHOD();
	return items;
}

int Cart::count(int a, int b)
{
	VIZ_PROBE_METHOD();
	return a + b;
}

Cart &Cart::operator+=(double price)
{
	VIZ_PROBE_METHOD();
	total += price;
	return *this;
}

template <class T> T Cart::twice(T x)
{
	VIZ_PROBE_METHOD();
	return x + x;
}

namespace {
int hidden()
{
	VIZ_PROBE_METHOD();
	return 1;
}
}

__attribute__((noinline)) int nested(int n)
{
	VIZ_PROBE_METHOD();
	if (n == 0)
		throw n;
	return nested(n - 1) + 1;
}

}

int main()
{
	step("ready");
	{
		shop::Cart cart;
		cart.add(1.5, "book");
		try {
			cart.add(2, "bad");
		} catch (const std::exception &) {
			VIZ_PROBE_INSTANT("caught");
		}
		cart.size();
		shop::Cart::count(1, 2);
		cart += 4;
		cart.twice(2);
		cart.twice(2.5);
		shop::hidden();
		try {
			shop::nested(3);
		} catch (int) {
			VIZ_PROBE_SCOPE("handler");
		}
	}
	puts("done");
	return 0;
}
