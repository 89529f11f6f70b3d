/* SPDX-License-Identifier: BSD-2-Clause */
/* Classes of attributes.cc and attributes_other.cc: both write them, and both have instances of the template. */
#ifndef TESTS_HEADER_ATTRIBUTES_H
#define TESTS_HEADER_ATTRIBUTES_H

#include "viztrace.hpp"

#include <array>
#include <atomic>
#include <chrono>

namespace shop {

enum class state : short { closed = -1, open = 300 };

struct limits {
	int soft, hard;
	const char *unit;
};
VIZ_PROBE_DICT(limits, soft, hard, unit);

/* Something in front of the base, and a table of virtual functions in front of that. */
struct ballast {
	virtual ~ballast()
	{
	}
	long weight = 1;
};

class till : public ballast, public viz::counter<till> {
public:
	explicit till(const char *called) : counter(called)
	{
	}
	VIZ_ATTR(int, customers);
	VIZ_ATTR(double, total) = 1.5;
	VIZ_ATTR(unsigned char, lamp){7};
	VIZ_ATTR(bool, busy);
	VIZ_ATTR(shop::state, now) = state::closed;
	VIZ_ATTR(std::atomic<long>, served) = 4;
	VIZ_ATTR(std::chrono::milliseconds, waited);
	VIZ_ATTR(unsigned long, _secret);
};

class customer : public viz::object<customer> {
public:
	customer()
	{
	}
	explicit customer(const std::string &called) : object(called, viz::exclude_attributes("age"))
	{
	}
	VIZ_ATTR(std::string, name) = "nobody";
	VIZ_ATTR(const char *, town) = "Ulm";
	VIZ_ATTR(char[6], code) = "abc";
	VIZ_ATTR(int, age);
	VIZ_ATTR(double[3], marks) = { 1, 2 };
	VIZ_ATTR(std::array<int, 4>, basket);
	VIZ_ATTR_JSON(std::string, more) = "{}";
	VIZ_ATTR_DICT(limits, credit) = limits{ 1, 2, "EUR" };

	/* Nested, and with plain members that stay private. */
	class card : public viz::counter<card> {
	public:
		void pay(int n)
		{
			points += n;
			VIZ_PROBE_SET(this, used, used + 1);
		}

	private:
		VIZ_ATTR(int, points);
		int used = 0;
		VIZ_MEMBER(used);
	};
	card own;

	template <class Number> class coupon : public viz::counter<coupon<Number>> {
		VIZ_TEMPLATE(coupon);

	public:
		VIZ_ATTR(Number, worth);
	};
};

template <class Number, int Size> class shelf : public viz::counter<shelf<Number, Size>> {
	VIZ_TEMPLATE(shelf);

public:
	void put(Number n)
	{
		on += n;
		free = static_cast<Number>(Size - on);
	}

private:
	VIZ_ATTR(Number, on);
	VIZ_ATTR(Number, free) = Size;
};

}

/* attributes_other.cc */
void write_elsewhere(shop::till &t, shop::shelf<short, 5> &s);
const void *class_elsewhere();

#endif
