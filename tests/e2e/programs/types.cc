/* SPDX-License-Identifier: BSD-2-Clause */
/* Attributes of viztrace.hpp that say themselves how much there is of them, or whether there is any. */
#include <array>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <sys/mman.h>
#include <utility>
#include <vector>

#include "viztrace.hpp"

#include "step.h"

namespace {

class job : public viz::object<job> {
public:
	job() : object("job")
	{
	}
	VIZ_ATTR(std::vector<int>, parts) = { 1, 2, 3 };
	VIZ_ATTR(std::string_view, kind) = "none";
	VIZ_ATTR(std::optional<double>, limit);
	VIZ_ATTR(std::unique_ptr<int>, left);
	VIZ_ATTR(std::unique_ptr<std::array<short, 2>>, pair);
	VIZ_ATTR_JSON(std::string_view, more) = "[]";
	VIZ_ATTR(std::optional<std::chrono::milliseconds>, waited);

	void add(double weight)
	{
		weights_.push_back(weight);
		VIZ_PROBE_CHANGED(this, weights_);
	}
	void retitle(std::string_view to)
	{
		VIZ_PROBE_SET(this, title_, to);
	}

private:
	std::vector<double> weights_;
	VIZ_MEMBER(weights_);
	std::string_view title_;
	VIZ_MEMBER(title_);
};

class load : public viz::counter<load> {
public:
	VIZ_ATTR(std::optional<short>, seen);
	VIZ_ATTR(std::unique_ptr<double>, behind);
};

/* More together than one report has room for. */
class wide : public viz::object<wide> {
public:
	VIZ_ATTR(std::vector<int>, a);
	VIZ_ATTR(std::vector<int>, b);
	VIZ_ATTR(std::vector<int>, c);
};

/* No option, and nothing behind a pointer: it need not be a trap. */
class plain : public viz::counter<plain> {
public:
	VIZ_ATTR(int, n);
};

/* Bytes that end where nothing is mapped: what is read beyond them is missed. */
char *at_the_end_of_memory(size_t size)
{
	char *page = static_cast<char *>(mmap(nullptr, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));

	if (page == MAP_FAILED || munmap(page + 4096, 4096))
		std::abort();
	return page + 4096 - size;
}

void changes(job &j)
{
	j.parts.change([](std::vector<int> &v) { v.push_back(4); });
	j.parts = std::vector<int>();
	j.parts = { 5 };
	std::vector<int> taken;
	j.parts.change([&](std::vector<int> &v) { taken = std::move(v); });
	j.parts.change([&](std::vector<int> &v) { v.reserve(100); });
	j.parts.change([](std::vector<int> &v) { v.assign(1024, 7); });
	j.parts.change([](std::vector<int> &v) { v.push_back(8); });
	j.parts.change([](std::vector<int> &v) { v.resize(1); });

	const std::string text = "a view of this, to here and no farther";
	j.kind = std::string_view(text).substr(0, 14);
	j.kind = std::string_view();
	j.kind = std::string_view(text).substr(3, 0);
	char *end = at_the_end_of_memory(3);
	std::memcpy(end, "end", 3);
	j.kind = std::string_view(end, 3);
	const std::string longest(4096, 'x'), longer(4097, 'y');
	j.kind = longest;
	j.kind = longer;
	j.kind = "";

	j.limit = 0.5;
	j.limit = std::nullopt;
	j.left.change([](std::unique_ptr<int> &p) { p.reset(new int(6)); });
	j.left = nullptr;
	j.pair = std::unique_ptr<std::array<short, 2>>(new std::array<short, 2>{ { -1, 1 } });
	j.more = std::string_view("[1, 2]").substr(0, 6);
	j.waited = std::chrono::seconds(1);
	j.add(1.5);
	j.add(-2);
	j.retitle("renamed");
	j.retitle(std::string_view("renamed").substr(2, 4));
}

}

int main()
{
	job j;
	load l;
	wide w;
	plain p;

	step("ready");
	changes(j);
	p.n = 1;
	w.a = std::vector<int>(2000, 1);
	w.b = std::vector<int>(2000, 2);
	w.c = std::vector<int>(2000, 3);
	p.n = 2;
	l.seen = 1;
	l.behind.change([](std::unique_ptr<double> &p) { p.reset(new double(2.5)); });
	l.seen = std::nullopt;
	puts("done");
	return 0;
}
