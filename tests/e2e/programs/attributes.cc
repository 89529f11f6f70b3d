/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Classes of viztrace.hpp as a program has them: made before anybody looks, private, a template, in a vector that grows,
 * copied. Names are those of strings that are gone.
 */
#include <array>
#include <atomic>
#include <chrono>
#include <string>
#include <utility>
#include <vector>

#include "viztrace.hpp"

#include "step.h"

namespace net {

enum class state : short { closed = -1, open = 300 };

struct limits {
	int soft;
	const char *unit;
};
VIZ_PROBE_DICT(limits, soft, unit);

class session : public viz::object<session> {
public:
	session(const std::string &called, int n) : object(called, viz::exclude_attributes("hidden")), number_(n)
	{
	}
	void rename(const std::string &to)
	{
		viz::scope scope("rename");

		user = to;
	}
	void count()
	{
		VIZ_PROBE_SET(this, number_, number_ + 1);
	}
	VIZ_ATTR(std::string, user) = "nobody";
	VIZ_ATTR(std::array<int, 3>, window) = { 1, 2, 3 };
	VIZ_ATTR(std::chrono::milliseconds, idle);
	VIZ_ATTR(net::state, now) = state::closed;
	VIZ_ATTR(int, hidden);
	VIZ_ATTR_DICT(limits, quota) = limits{ 5, "MB" };
	VIZ_ATTR_JSON(std::string, more) = "{\"a\": [1]}";

private:
	int number_;
	VIZ_MEMBER(number_);
};

template <class Number> class gauge : public viz::counter<gauge<Number>> {
	VIZ_TEMPLATE(gauge);

public:
	VIZ_ATTR(Number, level);
	VIZ_ATTR(std::atomic<unsigned>, hits);
};

}

int main()
{
	net::session late("late-" + std::to_string(1), 7);
	net::gauge<float> tank;
	std::vector<net::session> all;

	late.user = "before anybody looked";
	tank.level = 0.5f;
	step("ready");

	late.rename("a name that is too long to be kept inside of the string");
	late.rename("short");
	late.window[1] = 20;
	late.idle = std::chrono::seconds(2);
	late.now = net::state::open;
	late.hidden = 9;
	late.quota.change([](net::limits &l) { l.soft = 6; });
	late.more = "[null]";
	late.count();
	tank.level += 1;
	tank.hits++;
	++tank.hits;

	for (int i = 0; i < 3; i++) {
		all.emplace_back("grown-" + std::to_string(i), i);
		all[0].rename("of " + std::to_string(i));
	}
	net::session copy(late);
	copy.user = "copy";
	late.user = "first";
	copy = late;
	puts("done");
	return 0;
}
