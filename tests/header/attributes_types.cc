/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * viztrace.hpp: types that say themselves how much there is of them. They are read here as the tool reads them, by the
 * class's descriptor alone. C++11, with either library; what is newer if the compiler is.
 */
#include <array>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <memory>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "viztrace.hpp"

#include "spy.h"

static int failures;

#define SAW(expected) same(spy_seen(), expected, __LINE__)
#define READS(object, name, expected) same(as_read(&(object).viz.base, name).c_str(), expected, __LINE__)

static void same(const char *seen, const char *expected, int line)
{
	if (!std::strcmp(seen, expected))
		return;
	std::printf("FAILED line %d:\n  expected %s\n  saw      %s\n", line, expected, seen);
	failures++;
}

template <class T> static T load(const char *from)
{
	T value;

	std::memcpy(&value, from, sizeof(value));
	return value;
}

static std::string number(const char *from, int type)
{
	switch (type) {
	case VIZ_TYPE_I8: return std::to_string(load<int8_t>(from));
	case VIZ_TYPE_I16: return std::to_string(load<int16_t>(from));
	case VIZ_TYPE_I32: return std::to_string(load<int32_t>(from));
	case VIZ_TYPE_I64: return std::to_string(load<int64_t>(from));
	case VIZ_TYPE_F64: return std::to_string(load<double>(from));
	default: return "type " + std::to_string(type);
	}
}

static std::string list(const char *from, const viz_attr &a, size_t n)
{
	std::string text = "[";

	for (size_t i = 0; i < n; i++)
		text += (i ? ", " : "") + number(from + i * a.stride, a.type & ~VIZ_TYPE_FOLLOWED);
	return text + "]";
}

static std::string value(const char *at, const viz_attr &a)
{
	const char *first = load<const char *>(at);
	viz_path path;

	if (a.flags & VIZ_ATTR_OPTIONAL)
		return at[a.stride] ? number(at, a.type) : "none";
	std::memcpy(&path, a.dict, sizeof(path));
	if (!(a.type & VIZ_TYPE_FOLLOWED))
		return number(at, a.type);
	if (path.n != 1 || path.hops[0])
		return "another path";
	if (path.range == VIZ_RANGE_END)
		return list(first, a, static_cast<size_t>(load<const char *>(at + 8) - first) / a.stride);
	if (path.range == VIZ_RANGE_SIZE)
		return std::string(first, load<size_t>(at + 8));
	if (path.range == VIZ_RANGE_SIZED)
		return std::string(load<const char *>(at + 8), load<size_t>(at));
	if (!first)
		return "null";
	if (a.type == (VIZ_TYPE_STRP | VIZ_TYPE_FOLLOWED))
		return load<const char *>(first);
	return a.flags & VIZ_ATTR_LIST ? list(first, a, a.count) : number(first, a.type & ~VIZ_TYPE_FOLLOWED);
}

static std::string as_read(const viz_base *b, const char *name)
{
	const viz_class *c = b->cls;
	const viz_attr *a = reinterpret_cast<const viz_attr *>(c + 1);

	for (int i = 0; i < c->n_attrs; i++)
		if (!std::strcmp(a[i].name, name) && a[i].offset >= c->span_offset && c->version == 3)
			return value(reinterpret_cast<const char *>(b) + a[i].offset, a[i]);
	return "nothing";
}

template <class T> struct as_large {
	struct tag {
	};
	static constexpr bool value = sizeof(viz::attribute<T, tag>) == sizeof(T) && alignof(viz::attribute<T, tag>) == alignof(T);
};
static_assert(as_large<std::vector<short>>::value && as_large<std::unique_ptr<int>>::value, "");

namespace {
enum class color : short { red = 3 };

class basket : public viz::object<basket> {
public:
	VIZ_ATTR(std::vector<int>, sizes) = { 1, 2 };
	VIZ_ATTR(std::vector<int>, more);
	VIZ_ATTR(std::vector<color>, colors);
	VIZ_ATTR(std::vector<std::atomic<long>>, hits) = std::vector<std::atomic<long>>(2);
	VIZ_ATTR(std::unique_ptr<int>, left);
	VIZ_ATTR(std::unique_ptr<int>, right);
	VIZ_ATTR(std::unique_ptr<std::array<short, 2>>, pair);
	VIZ_ATTR(std::unique_ptr<const char *>, text);

	void fill(double n)
	{
		weights_.push_back(n);
		VIZ_PROBE_CHANGED(this, weights_);
		VIZ_PROBE_SET(this, weights_, std::vector<double>(1, n));
	}

private:
	std::vector<double> weights_;
	VIZ_MEMBER(weights_);
};

/* In braces as a vector has them: elements, and no size. */
class braced : public viz::object<braced> {
public:
	VIZ_ATTR(std::vector<double>, many) = { 1, 2 };
	VIZ_ATTR(std::vector<double>, one){ 5 };
	VIZ_ATTR(std::vector<int16_t>, small) = { 7 };
};
}

static void vectors()
{
	basket b;

	spy_seen();
	spy_know(&b.viz, "b");
	READS(b, "sizes", "[1, 2]");
	READS(b, "more", "[]");
	READS(b, "hits", "[0, 0]");
	b.sizes.change([](std::vector<int> &v) { v.push_back(3); });
	READS(b, "sizes", "[1, 2, 3]");
	b.more = std::move(b.sizes);
	READS(b, "sizes", "[]");
	READS(b, "more", "[1, 2, 3]");
	b.sizes = { 7 };
	std::swap(b.sizes, b.more);
	READS(b, "sizes", "[1, 2, 3]");
	READS(b, "more", "[7]");
	b.sizes = {};
	READS(b, "sizes", "[]");
	b.sizes = std::vector<int>(5000, 1);
	b.colors = std::vector<color>(1, color::red);
	READS(b, "colors", "[3]");
	SAW("b.set 0 sizes=[]; b.set 1 more=[]; b.set 0 sizes=[]; b.set 0 sizes=[]; b.set 1 more=[]; b.set 0 sizes=[]; "
	    "b.set 0 sizes=[]; b.set 2 colors=[]");
	b.fill(2);
	READS(b, "weights_", "[2.000000]");
	SAW("b.set 8 weights_=[]; b.set 8 weights_=[]");
	const viz_attr *a = reinterpret_cast<const viz_attr *>(b.viz.base.cls + 1);
	same(std::to_string(a[0].count).c_str(), "1024", __LINE__);
	same(std::to_string(a[3].count).c_str(), "512", __LINE__);
}

static void braces()
{
	braced b;

	READS(b, "many", "[1.000000, 2.000000]");
	READS(b, "one", "[5.000000]");
	READS(b, "small", "[7]");
	b.many = { 3 };
	READS(b, "many", "[3.000000]");
	b.small = { 1, 2 };
	READS(b, "small", "[1, 2]");
	b.one = {};
	READS(b, "one", "[]");
}

static void pointers()
{
	basket b;

	READS(b, "left", "null");
	same(b.left ? "one" : "none", "none", __LINE__);
	b.left = std::unique_ptr<int>(new int(3));
	READS(b, "left", "3");
	same(!b.left ? "none" : "one", "one", __LINE__);
	b.left.change([](std::unique_ptr<int> &p) { *p = 4; });
	std::swap(b.left, b.right);
	READS(b, "left", "null");
	READS(b, "right", "4");
	b.right = nullptr;
	READS(b, "right", "null");
	b.pair = std::unique_ptr<std::array<short, 2>>(new std::array<short, 2>{ { 5, -6 } });
	READS(b, "pair", "[5, -6]");
	b.text = std::unique_ptr<const char *>(new const char *("behind two"));
	READS(b, "text", "behind two");

	/* As it moves when a vector of them grows. */
	std::vector<basket> all;
	for (int i = 0; i < 5; i++) {
		all.emplace_back();
		all.back().left = std::unique_ptr<int>(new int(i));
	}
	READS(all[0], "left", "0");
	READS(all[4], "left", "4");
	READS(all[0], "sizes", "[1, 2]");
}

#if __cplusplus >= 201703L
static_assert(as_large<std::string_view>::value && as_large<std::optional<char>>::value, "");

namespace {
class label : public viz::object<label> {
public:
	VIZ_ATTR(std::string_view, name) = "none";
	VIZ_ATTR_JSON(std::string_view, more) = "{}";
	VIZ_ATTR(std::optional<int>, limit);
	VIZ_ATTR(std::optional<color>, shade) = color::red;
	VIZ_ATTR(std::optional<double>, price);
	VIZ_ATTR(std::optional<std::chrono::milliseconds>, waited);
	VIZ_ATTR(std::optional<signed char>, last); /* the object ends with it */
};
}

static void newer()
{
	label l;

	spy_seen();
	spy_know(&l.viz, "l");
	READS(l, "name", "none");
	READS(l, "limit", "none");
	READS(l, "shade", "3");
	l.name = std::string_view("a name").substr(2, 3);
	READS(l, "name", "nam");
	l.name = {};
	READS(l, "name", "");
	l.more = "[1]";
	READS(l, "more", "[1]");
	spy_seen();
	same(!l.limit ? "none" : "one", "none", __LINE__);
	l.limit = 5;
	READS(l, "limit", "5");
	same(l.limit ? "one" : "none", "one", __LINE__);
	l.limit.change([](std::optional<int> &o) { o.reset(); });
	READS(l, "limit", "none");
	l.limit = 6;
	l.limit = std::nullopt;
	l.limit = {};
	READS(l, "limit", "none");
	l.price = 2;
	READS(l, "price", "2.000000");
	l.waited = std::chrono::seconds(1);
	READS(l, "waited", "1000");
	l.last = static_cast<signed char>(-1);
	READS(l, "last", "-1");
	const std::string seen = spy_seen();
	same(seen.substr(0, 15).c_str(), "l.set 2 limit=5", __LINE__);
	same(seen.substr(seen.rfind(';')).c_str(), "; l.set 6 last=-1", __LINE__);
}
#else
static void newer()
{
}
#endif

int main()
{
	viz_init_semaphore = 1;
	viz_set_semaphore = 1;
	for (auto test : { vectors, braces, pointers, newer }) {
		spy_forget();
		test();
		spy_seen();
	}
	return failures ? 1 : 0;
}
