/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * viztrace.hpp - viztrace.h for C++: attributes that report themselves.
 *
 * C++11 to C++23, g++ and clang++. Nothing to link; all of viztrace.h is there as well.
 *
 *     class Pool : public viz::counter<Pool> {
 *     public:
 *             explicit Pool(const char *name) : counter(name, viz::exclude_attributes("idle")) {}
 *             VIZ_ATTR(int, open);
 *             VIZ_ATTR(int, idle);
 *             VIZ_ATTR(double, load) = 1.5;
 *     };
 *
 *     Pool pool("db pool");      the object exists from here on, to the end of its life
 *     pool.open = 2;             assign, then report all included attributes
 *     ++pool.open; pool.load *= 0.5; pool.open = other.open; std::swap(pool.open, pool.idle);   as well
 *     pool.log();                report now
 *     pool.config(viz::trigger_on_change(false));
 *
 * 1. CLASSES
 *
 *     viz::counter<C>      numbers only; what C derives from, C being the class itself
 *     viz::object<C>       states with strings, lists, dicts and JSON text, too
 *
 *   The base takes 68 bytes. C may be anywhere a class may be. If it is a template, VIZ_TEMPLATE(C); comes first in it. Its constructors give the base
 *   a name (which is copied unless it is a literal; none, or NULL: the class's own) and settings:
 *     viz::enabled(bool)  viz::trigger_on_change(bool)
 *     viz::include_attributes("a", "b")  viz::exclude_attributes("a")
 *   The settings go to config() as well, which returns 0, or VIZ_ENOENT for a name that the class does not have; what
 *   those of the constructor came to is in status(). rename("pool-7"): it ends, and goes on under that name. A copy,
 *   and what was moved to, is an object of its own with the name and the settings of the first; to assign to an object
 *   changes its attributes alone.
 *
 * 2. ATTRIBUTES
 *
 *     VIZ_ATTR(type, name)             an attribute, as large as its type; `= value`, or `{value}`, may follow
 *     VIZ_ATTR_JSON(type, name)        a string that holds JSON text
 *     VIZ_ATTR_DICT(tag, name)         a struct with a VIZ_PROBE_DICT of its own
 *     VIZ_ATTR_UNIT(type, name, "ms")  a number with its unit; a std::chrono::duration has its own
 *     VIZ_ATTR_ENUM(type, name, tag)   a number or an enum, of whose values 0, 1, ... the names are shown, as far as there
 *                                      are some: VIZ_PROBE_ENUM(tag, "idle", "busy"); at file scope. In viz::objects
 *     VIZ_MEMBER(name)                 behind the declaration of a plain member: it is reported as well. Writes to it
 *     VIZ_MEMBER_JSON(name)            are VIZ_PROBE_SET(this, name, value), or VIZ_PROBE_CHANGED(this, name) after
 *     VIZ_MEMBER_DICT(name, tag)       them, in the class itself if it is private. A VIZ_ATTR is assigned to.
 *     VIZ_MEMBER_UNIT(name, "ms"), VIZ_MEMBER_ENUM(name, tag)
 *
 *   Types: numbers, which are integers, bool, enums, float, double; std::atomic of these; std::chrono::duration (its
 *   ticks); std::optional of a number (none: null); and in objects char[N], char *, std::string (libstdc++'s) and
 *   std::string_view (both up to their first NUL), T[N], std::array and std::vector of numbers, char[M][N].
 *   std::unique_ptr to one of these that has all of its bytes in one place (no vector, optional or string_view), or
 *   to a std::string: what is there at the moment of the report, or null. A vector shows its first VIZ_SPAN_MAX bytes, a
 *   string_view as many characters; what is cut says so. Layouts are those of libstdc++ and libc++, without
 *   _GLIBCXX_DEBUG. Anything else does not compile. `_name` is private to the class: never reported.
 *
 *   A tool of before vectors, string_views and optionals says that it does not understand a class that has some.
 *
 *   An attribute converts to its type, and get() gives it. It cannot be bound to a plain reference, be deduced
 *   (`auto x = pool.open`), or be printf's argument: int(pool.open) can. Objects and arrays change through
 *   assignment, += and so on, a.rates[2] = 0.5, or a.text.change([](std::string &s) { s.clear(); }). So does what a
 *   unique_ptr points to: a.left.change([](std::unique_ptr<int> &p) { ++*p; }).
 *
 * 3. SCOPES
 *
 *     viz::scope s("parse");            a slice to the end of the block, on every way out; the name must live as long
 *     viz::triggerlog t(*this);         report at the end of the block; viz::before: now; viz::both
 *     viz::instant("reloaded");         a moment
 */
#ifndef VIZTRACE_HPP
#define VIZTRACE_HPP

#if !defined(__cplusplus) || __cplusplus < 201103L
#error "viztrace.hpp is for C++11 and later"
#endif

#include "viztrace.h"

#include <stdlib.h>
#include <string.h>

#include <initializer_list>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>
#if __cplusplus >= 201703L
#include <optional>
#include <string_view>
#endif

/* ---- For callers. ---- */

#define VIZ_TEMPLATE(name) typedef name VIZ__SELF
#define VIZ_ATTR(...) VIZ__CAT(VIZ__ATTR_, VIZ__NARGS(__VA_ARGS__))(VIZ_ATTR, plain, __VA_ARGS__)
#define VIZ_ATTR_JSON(...) VIZ__CAT(VIZ__ATTR_, VIZ__NARGS(__VA_ARGS__))(VIZ_ATTR_JSON, json, __VA_ARGS__)
#define VIZ_ATTR_DICT(tag, name) \
	VIZ__TEXT(name, #tag) \
	VIZ__ENTRY(VIZ_ATTR_DICT, name, ::viz::detail::dict_form<VIZ__DICT(tag, name), VIZ__TYPE(tag), VIZ__TYPE(tag)>); \
	::viz::attribute<VIZ__TYPE(tag), viz__tag_##name> name
#define VIZ_ATTR_UNIT(type, name, unit) \
	VIZ__UNIT(VIZ_ATTR_UNIT, name, type, unit); \
	::viz::attribute<type, viz__tag_##name> name
#define VIZ_ATTR_ENUM(type, name, tag) \
	VIZ__ENUM(VIZ_ATTR_ENUM, name, type, tag); \
	::viz::attribute<type, viz__tag_##name> name
#define VIZ_MEMBER(name) VIZ__ENTRY(VIZ_MEMBER, name, ::viz::detail::plain<decltype(name)>)
#define VIZ_MEMBER_UNIT(name, unit) VIZ__UNIT(VIZ_MEMBER_UNIT, name, decltype(name), unit)
#define VIZ_MEMBER_ENUM(name, tag) VIZ__ENUM(VIZ_MEMBER_ENUM, name, decltype(name), tag)
#define VIZ_MEMBER_JSON(name) VIZ__ENTRY(VIZ_MEMBER_JSON, name, ::viz::detail::json<decltype(name)>)
#define VIZ_MEMBER_DICT(name, tag) \
	VIZ__TEXT(name, #tag) \
	VIZ__ENTRY(VIZ_MEMBER_DICT, name, ::viz::detail::dict_form<VIZ__DICT(tag, name), VIZ__TYPE(tag), decltype(name)>)

namespace viz {

enum when { after = viz__when_after, before = viz__when_before, both = viz__when_both };

/* What an error names where a template has no VIZ_TEMPLATE. */
#define VIZ__SELF viz__first_VIZ_TEMPLATE_of_this_class

/* ==== From here on nothing but what the manual above names is for callers. ==== */

namespace detail {

/* ---- What a type is to the tool: type code, bytes of an element, elements, list or not; words: which of its 8-byte
 * words, from the first one on, hold a char *; extent: its bytes in the object, and if it is behind a pointer there, how
 * the tool gets to it. Code 0: it cannot be reported. ---- */

struct here {
	static constexpr bool optional = false, followed = false;
	static constexpr int range = VIZ_RANGE_NONE;
};
struct nothing : here {
	static constexpr int type = 0;
	static constexpr bool list = false;
	static constexpr unsigned stride = 1, count = 1, extent = 1;
	static constexpr uint64_t words = 0;
};
template <int Type, unsigned Stride, unsigned Count = 1, bool List = false> struct known : here {
	static constexpr int type = Type;
	static constexpr bool list = List;
	static constexpr unsigned stride = Stride, count = Count, extent = Stride * Count;
	static constexpr uint64_t words = !VIZ__IS_POINTER(Type) ? 0 : Count > 63 ? ~static_cast<uint64_t>(0) :
		(static_cast<uint64_t>(1) << (Count & 63)) - 1;
};

/* A number of one of ours: an atomic's load(), a duration's count(). */
template <class T, class = void> struct ticks { typedef T type; };
template <class T> struct ticks<T, decltype(void(sizeof(typename T::period)), void(std::declval<const T &>().count()))> {
	typedef typename std::decay<decltype(std::declval<const T &>().count())>::type type;
};
template <class T> struct code {
	typedef typename std::remove_cv<T>::type bare;
	typedef typename ticks<bare>::type number;
	static constexpr int value = sizeof(number) == sizeof(bare) ? viz__cpp::element<number>::value : 0;
};

template <class T> struct single :
	std::conditional<code<T>::value != 0, known<code<T>::value, sizeof(T)>, nothing>::type {};
template <class T> struct facts : single<T> {};
template <class T> struct facts<const T> : facts<T> {};
template <class T> struct facts<volatile T> : facts<T> {};
template <class T> struct facts<const volatile T> : facts<T> {};
template <class T> struct facts<T &> : nothing {};
template <class T> struct facts<T &&> : nothing {};
template <> struct facts<void> : nothing {};
template <class T, size_t N> struct list_of :
	std::conditional<code<T>::value != 0, known<code<T>::value, sizeof(T), N, true>, nothing>::type {};
template <class T, size_t N> struct facts<T[N]> : list_of<T, N> {};
template <class T, size_t N> struct facts<const T[N]> : list_of<T, N> {};
template <size_t N> struct facts<char[N]> : known<VIZ_TYPE_STR, N> {};
template <size_t N> struct facts<const char[N]> : known<VIZ_TYPE_STR, N> {};
template <size_t M, size_t N> struct facts<char[M][N]> : known<VIZ_TYPE_STR, N, M, true> {};
/* std::array, and whatever holds N of them and nothing else. */
template <template <class, size_t> class A, class T, size_t N> struct facts<A<T, N>> :
	std::conditional<sizeof(A<T, N>) == N * sizeof(T), list_of<T, N>, nothing>::type {};
/* libstdc++ keeps a pointer to the text first, in either of its layouts; libc++ keeps short texts inline. */
#ifdef __GLIBCXX__
template <> struct facts<std::string> : known<VIZ_TYPE_STRP, 8> {};
#endif

/* What begins with two words that say where it is and how much there is of it. Of a vector both libraries have the first
 * element's address and that behind the last; of a string_view they have its parts in different orders. */
template <int Range, class Known> struct range_of : Known {
	static constexpr bool followed = true;
	static constexpr int range = Range;
	static constexpr unsigned extent = 16;
	static constexpr uint64_t words = 0;
};
template <class T> struct is_number : std::integral_constant<bool, VIZ__IS_NUMBER(code<T>::value)> {};
#if defined(__GLIBCXX__) || (defined(_LIBCPP_VERSION) && !defined(_LIBCPP_ABI_SIZE_BASED_VECTOR))
template <class T, class A> struct facts<std::vector<T, A>> : std::conditional<is_number<T>::value &&
	!std::is_same<T, bool>::value && sizeof(std::vector<T, A>) == 3 * sizeof(T *) &&
	std::is_same<typename std::allocator_traits<A>::pointer, T *>::value,
	range_of<VIZ_RANGE_END, known<code<T>::value, sizeof(T), VIZ_SPAN_MAX / sizeof(T), true>>, nothing>::type {};
#endif
#if __cplusplus >= 201703L
static_assert(sizeof(std::string_view) == 2 * sizeof(void *), "viztrace.hpp: a std::string_view that is laid out in another way");
#if defined(__GLIBCXX__)
template <> struct facts<std::string_view> : range_of<VIZ_RANGE_SIZED, known<VIZ_TYPE_STR, VIZ_SPAN_MAX>> {};
#elif defined(_LIBCPP_VERSION)
template <> struct facts<std::string_view> : range_of<VIZ_RANGE_SIZE, known<VIZ_TYPE_STR, VIZ_SPAN_MAX>> {};
#endif
/* The value, then whether there is one. */
template <class T> struct maybe : known<code<T>::value, sizeof(T)> {
	static constexpr bool optional = true;
	static constexpr unsigned extent = sizeof(T) + 1;
};
#if defined(__GLIBCXX__) || defined(_LIBCPP_VERSION)
template <class T> struct facts<std::optional<T>> : std::conditional<
	is_number<T>::value && sizeof(std::optional<T>) == sizeof(T) + alignof(T), maybe<T>, nothing>::type {};
#endif
#endif
/* std::unique_ptr, known by what it can, for <memory> is large and has unistd.h: a pointer that owns, and nothing else is
 * in it. One to an array releases another type: of how many nobody knows. */
template <class P, class T, class = void> struct owns : std::false_type {};
template <class P, class T> struct owns<P, T, decltype(static_cast<void>(std::declval<P &>().get_deleter()),
		static_cast<void>(std::declval<P &>().release()))> :
	std::integral_constant<bool, sizeof(P) == sizeof(void *) && std::is_same<typename P::pointer, T *>::value &&
		std::is_same<decltype(std::declval<P &>().release()), T *>::value> {};
template <class Known> struct behind : Known {
	static constexpr bool followed = true;
	static constexpr unsigned extent = 8;
	static constexpr uint64_t words = 0;
};
template <bool Owns, class P, class T> struct owner : single<P> {};
template <class P, class T> struct owner<true, P, T> : std::conditional<facts<T>::type != 0 && !facts<T>::followed &&
	!facts<T>::optional && !(facts<T>::list && facts<T>::words) && facts<T>::extent <= VIZ_SPAN_MAX,
	behind<facts<T>>, nothing>::type {};
template <template <class, class> class P, class T, class D> struct facts<P<T, D>> : owner<owns<P<T, D>, T>::value, P<T, D>, T> {};

/* ---- The forms of an attribute: what VIZ_ATTR, _JSON and _DICT make of the facts. ---- */

template <class T> struct declared_as {
	typedef T declared;
};
struct no_note {
	static constexpr uint8_t note = 0;
	static constexpr const char *dict() { return ""; }
	static constexpr uint32_t line() { return 0; }
};
constexpr const char *unit_of_period(intmax_t num, intmax_t den)
{
	return num == 1 && den == 1000000000 ? "ns" : num == 1 && den == 1000000 ? "us" : num == 1 && den == 1000 ? "ms" :
		num == 1 && den == 1 ? "s" : num == 60 && den == 1 ? "min" : num == 3600 && den == 1 ? "h" : "";
}
/* A duration has its own. */
template <class T, class = void> struct unit_of : no_note {};
template <class T> struct unit_of<T, decltype(void(sizeof(typename T::period)), void(std::declval<const T &>().count()))> {
	static constexpr const char *dict() { return unit_of_period(T::period::num, T::period::den); }
	static constexpr uint8_t note = *unit_of_period(T::period::num, T::period::den) ? VIZ_ATTR_UNIT : 0;
	static constexpr uint32_t line() { return 0; }
};
template <class T> struct plain : facts<T>, declared_as<T>, unit_of<typename std::remove_cv<T>::type> {
	static constexpr bool reportable = facts<T>::type != 0;
};
template <class T> struct is_number_here :
	std::integral_constant<bool, VIZ__IS_NUMBER(facts<T>::type) && !facts<T>::followed> {};
template <class Text, class T> struct unit_form : facts<T>, declared_as<T> {
	static constexpr bool reportable = is_number_here<T>::value;
	static constexpr uint8_t note = VIZ_ATTR_UNIT;
	static constexpr const char *dict() { return Text::text(); }
	static constexpr uint32_t line() { return 0; }
};
template <class Tag, uint32_t Line, class T> struct enum_form : facts<T>, declared_as<T> {
	static constexpr bool reportable = is_number_here<T>::value && facts<T>::type < VIZ_TYPE_F32;
	static constexpr uint8_t note = VIZ_ATTR_ENUM;
	static constexpr const char *dict() { return Tag::text(); }
	static constexpr uint32_t line() { return Line; }
};
template <class T> struct json : facts<T>, declared_as<T>, no_note {
	static constexpr int type = facts<T>::followed && !facts<T>::range ? 0 : VIZ__AS_JSON(facts<T>::type);
	static constexpr bool reportable = type != 0;
};
template <class Tag, uint64_t Words, uint32_t Line, class Dict, class T> struct dict_form : known<VIZ_TYPE_DICT, sizeof(Dict)>, declared_as<T> {
	static constexpr uint8_t note = 0;
	static constexpr bool reportable = std::is_same<Dict, typename std::remove_cv<T>::type>::value;
	static constexpr uint64_t words = Words;
	static constexpr const char *dict() { return Tag::text(); }
	static constexpr uint32_t line() { return Line; }
};

/* ---- The attributes of a class: each macro overloads viz__last() for one more place, with what was the last one
 * before it as the rest. The base has it for none. ---- */

template <int N> struct rank : rank<N - 1> {};
template <> struct rank<0> {};
typedef rank<VIZ_ATTRS_MAX + 1> any_rank;

struct none { static constexpr int count = 0; };

template <class Tag, class Before> struct link {
	typedef Tag tag;
	typedef Before before;
	static constexpr int count = Before::count + 1;
};

/* A class's attributes may be private; their macros make this a friend. */
struct access {
	template <class Self> static decltype(Self::viz__last(any_rank())) last();
};

template <class... Tags> struct tags {};
template <class Link, class... Tags> struct unroll : unroll<typename Link::before, typename Link::tag, Tags...> {};
template <class... Tags> struct unroll<none, Tags...> { typedef tags<Tags...> type; };

/* Self is what the base was told, This is where the attribute is. */
template <class Self, class This> struct own {
	static_assert(std::is_same<const Self *, This>::value, "viz::counter<C>, viz::object<C>: an attribute in a class that is "
		"not C itself: what derives from C has no attributes of its own, and a template says VIZ_TEMPLATE(its name) first");
	typedef int type;
};

/* ---- Text at compile time. ---- */

template <int... I> struct indices {};
template <int N, int... I> struct up_to : up_to<N - 1, N - 1, I...> {};
template <int... I> struct up_to<0, I...> { typedef indices<I...> type; };
typedef up_to<VIZ_NAME_MAX>::type name_places;

struct text {
	const char *at;
	size_t size;

	/* The first c in [from, to), or `to`. Halves, since a constant may take 512 calls in one another at most. */
	constexpr size_t first(char c, size_t from, size_t to) const
	{
		return to - from > 1 ? either(c, first(c, from, (from + to) / 2), (from + to) / 2, to) :
			from < to && at[from] == c ? from : to;
	}
	constexpr size_t either(char c, size_t found, size_t middle, size_t to) const
	{
		return found < middle ? found : first(c, middle, to);
	}
	constexpr size_t last(char c, size_t from, size_t to) const /* one behind it, or `from` */
	{
		return to - from > 1 ? or_else(c, last(c, (from + to) / 2, to), from, (from + to) / 2) :
			from < to && at[from] == c ? to : from;
	}
	constexpr size_t or_else(char c, size_t found, size_t from, size_t middle) const
	{
		return found > middle ? found : last(c, from, middle);
	}
	constexpr text part(size_t from, size_t to) const { return text{ at + from, to - from }; }
	/* The i-th character of it, cut to VIZ_NAME_MAX. */
	constexpr char cut(size_t i) const
	{
		return i >= VIZ_NAME_MAX ? '\0' : size > VIZ_NAME_MAX && i >= VIZ_NAME_MAX - 3 ? '.' : i < size ? at[i] : '\0';
	}
	constexpr uint32_t byte(size_t i, int shift) const
	{
		return static_cast<uint32_t>(static_cast<unsigned char>(cut(i))) << shift;
	}
	constexpr uint32_t four(size_t i) const { return byte(i, 0) | byte(i + 1, 8) | byte(i + 2, 16) | byte(i + 3, 24); }
};

/* "... [with Self = shop::Box<int>; ...]", "... [Self = shop::Box<int>]" */
template <class Self> constexpr text signature()
{
	return text{ __PRETTY_FUNCTION__, sizeof(__PRETTY_FUNCTION__) - 1 };
}
constexpr text whole_name(text s)
{
	return s.part(s.first('=', 0, s.size) + 2, s.first(';', 0, s.size) < s.size ? s.first(';', 0, s.size) : s.size - 1);
}
/* Without its namespaces, but for what is behind a `<`. */
constexpr text own_name(text s)
{
	return s.part(s.last(':', 0, s.first('<', 0, s.size)), s.size);
}

constexpr size_t length(const char *s, size_t n = 0)
{
	return s[n] ? length(s, n + 1) : n;
}

/* ---- The descriptor, a constant. ---- */

template <int N> struct layout {
	viz_class head;
	viz_attr attrs[N];
};

/* What is behind a pointer has a struct viz_path there: one pointer, nothing to be added, the range. */
template <class Tag> constexpr text dict_of()
{
	return !Tag::followed ? text{ Tag::dict(), length(Tag::dict()) } :
		text{ &"\1\0\0\0" "\0\0\0\0" "\0\0\0\0" "\0\0\0\0" "\0" "\1\0\0\0" "\0\0\0\0" "\0\0\0\0" "\0\0\0\0" "\1"
			"\1\0\0\0" "\0\0\0\0" "\0\0\0\0" "\0\0\0\0" "\2" "\1\0\0\0" "\0\0\0\0" "\0\0\0\0" "\0\0\0\0" "\3"
			[17 * Tag::range], 17 };
}
template <class Tag> constexpr uint8_t code_of() { return Tag::type | (Tag::followed ? VIZ_TYPE_FOLLOWED : 0); }
template <class Tag> constexpr uint8_t flags_of()
{
	return (Tag::list ? VIZ_ATTR_LIST : 0) | (Tag::optional ? VIZ_ATTR_OPTIONAL : 0) | Tag::note;
}
template <class Tag> constexpr uint16_t version_of() { return Tag::range || Tag::optional ? 3 : Tag::followed ? 2 : 1; }

template <class Tag, int... I> constexpr viz_attr entry(indices<I...>, text name, text dict)
{
	return viz_attr{ { name.cut(I)..., '\0' }, { dict.cut(I)..., '\0' }, static_cast<int32_t>(Tag::offset()),
		Tag::stride, Tag::count, code_of<Tag>(), flags_of<Tag>(), Tag::line() };
}

constexpr ptrdiff_t least(ptrdiff_t a) { return a; }
template <class... More> constexpr ptrdiff_t least(ptrdiff_t a, ptrdiff_t b, More... more)
{
	return least(a < b ? a : b, more...);
}
template <class... More> constexpr ptrdiff_t most(More... more) { return -least(-more...); }
constexpr int sum() { return 0; }
template <class... More> constexpr int sum(int a, More... more) { return a + sum(more...); }
constexpr uint64_t any() { return 0; }
template <class... More> constexpr uint64_t any(uint64_t a, More... more) { return a | any(more...); }

template <class Self, class Tags> struct description;
template <class Self, class... Tags> struct description<Self, tags<Tags...>> {
	static constexpr int32_t span_offset()
	{
		return static_cast<int32_t>(-((7 - least(0, Tags::offset()...)) / 8 * 8));
	}
	static constexpr uint32_t span_size()
	{
		return static_cast<uint32_t>(most(static_cast<ptrdiff_t>(sizeof(viz_base)),
			(Tags::offset() + static_cast<ptrdiff_t>(Tags::extent))...) - span_offset());
	}
	static constexpr uint16_t version() { return static_cast<uint16_t>(most(static_cast<ptrdiff_t>(version_of<Tags>())...)); }
	static constexpr int strings() { return sum((__builtin_popcountll(Tags::words) + Tags::followed)...); }
	static constexpr uint64_t word(int w)
	{
		return any(VIZ__SHIFT(Tags::words, (Tags::offset() - span_offset()) / 8 - 64 * w)...);
	}
	template <int... I> static constexpr viz_class head(indices<I...>, text name)
	{
		return viz_class{ VIZ_CLASS_MAGIC, version(), Self::viz__kind, sizeof...(Tags),
			sizeof(viz_class) + sizeof...(Tags) * sizeof(viz_attr), 0, span_offset(), span_size(),
			{ word(0), word(1), word(2), word(3), word(4), word(5), word(6), word(7) }, { name.cut(I)..., '\0' } };
	}
	static constexpr layout<sizeof...(Tags)> make()
	{
		return layout<sizeof...(Tags)>{ head(name_places(), own_name(whole_name(signature<Self>()))), {
			entry<Tags>(name_places(), text{ Tags::name(), length(Tags::name()) },
				dict_of<Tags>())... } };
	}
	/* The i-th 4 bytes of the head, as they lie in memory. */
	static constexpr int32_t number(int i)
	{
		return static_cast<int32_t>(i == 0 ? VIZ_CLASS_MAGIC : i == 1 ?
			version() | static_cast<uint32_t>(Self::viz__kind) << 16 | static_cast<uint32_t>(sizeof...(Tags)) << 24 :
			i == 2 ? sizeof(viz_class) + sizeof...(Tags) * sizeof(viz_attr) : i == 3 ? 0 : i == 4 ?
			static_cast<uint32_t>(span_offset()) : i == 5 ? span_size() : i < 22 ?
			static_cast<uint32_t>(word((i - 6) / 2) >> (i % 2 * 32)) :
			own_name(whole_name(signature<Self>())).four(4 * static_cast<size_t>(i - 22)));
	}
	static constexpr bool check()
	{
		static_assert(span_size() <= VIZ_SPAN_MAX,
			"viz::counter, viz::object: attributes are more than VIZ_SPAN_MAX bytes apart; move them closer together");
		static_assert(any(static_cast<uint64_t>((Tags::words || Tags::followed) && Tags::offset() % 8 != 0)...) == 0,
			"viz::object: a string, vector or pointer that is not aligned: the class is packed");
		static_assert(strings() <= VIZ_STRINGS_MAX, "viz::object: more than VIZ_STRINGS_MAX strings, vectors and pointers");
		return true;
	}
};

#if !defined(VIZ_PROBE_DISABLE) && !defined(__clang__)
/* g++ does not put what belongs to a template into the section that it is told. So the assembler lays the descriptor down,
 * under a name that is made of what is in it: the same again is the same. */
#define VIZ__LAID_DOWN
#if defined(__has_attribute) && __has_attribute(retain)
#define VIZ__RETAIN_FLAG "R"
#else
#define VIZ__RETAIN_FLAG ""
#endif
#define VIZ__CONSTANT(x) "i"(std::integral_constant<int32_t, x>::value)
#define VIZ__4_NUMBERS(T, i) \
	VIZ__CONSTANT(T::number(i)), VIZ__CONSTANT(T::number(i + 1)), VIZ__CONSTANT(T::number(i + 2)), VIZ__CONSTANT(T::number(i + 3))
#define VIZ__LAY_DOWN(begin, T, i) \
	__asm__ volatile( \
		".pushsection viz_classes, \"aG" VIZ__RETAIN_FLAG "\", %%progbits, viz__class_%c0_%c1, comdat\n" begin \
		".4byte %c2, %c3, %c4, %c5, %c6, %c7, %c8, %c9\n" \
		".popsection\n" \
		: : VIZ__CONSTANT(High), VIZ__CONSTANT(Low), VIZ__4_NUMBERS(T, i), VIZ__4_NUMBERS(T, i + 4))
#define VIZ__BEGIN_CLASS \
	".balign 8\n.weak viz__class_%c0_%c1\n.hidden viz__class_%c0_%c1\n.type viz__class_%c0_%c1, %%object\nviz__class_%c0_%c1:\n"

constexpr uint64_t mixed(uint64_t a, uint64_t b)
{
	return (a ^ a >> 29) * 0xBF58476D1CE4E5B9u + (b ^ b >> 32) * 0x94D049BB133111EBu;
}
template <class... More> constexpr uint64_t mixed(uint64_t a, uint64_t b, More... more)
{
	return mixed(mixed(a, b), more...);
}
template <class T> constexpr uint64_t digest(int from, int to)
{
	return to - from == 1 ? mixed(VIZ_CHECK, static_cast<uint32_t>(T::number(from))) :
		mixed(digest<T>(from, (from + to) / 2), digest<T>((from + to) / 2, to));
}

template <class Tag> struct attr_numbers {
	static constexpr text name() { return text{ Tag::name(), length(Tag::name()) }; }
	static constexpr int32_t number(int i)
	{
		return static_cast<int32_t>(i < 10 ? name().four(4 * static_cast<size_t>(i)) : i < 20 ?
			dict_of<Tag>().four(4 * static_cast<size_t>(i - 10)) : i == 20 ? static_cast<uint32_t>(Tag::offset()) : i == 21 ?
			Tag::stride : i == 22 ? Tag::count | static_cast<uint32_t>(code_of<Tag>()) << 16 |
			static_cast<uint32_t>(flags_of<Tag>()) << 24 : Tag::line());
	}
};
template <int32_t High, int32_t Low, class Tag> inline __attribute__((always_inline)) int lay_down_attr()
{
	VIZ__LAY_DOWN("", attr_numbers<Tag>, 0);
	VIZ__LAY_DOWN("", attr_numbers<Tag>, 8);
	VIZ__LAY_DOWN("", attr_numbers<Tag>, 16);
	return 0;
}
template <class Self, class Tags> struct laid_down;
template <class Self, class... Tags> struct laid_down<Self, tags<Tags...>> {
	typedef description<Self, tags<Tags...>> head; /* 32 numbers */

	static constexpr uint64_t id() { return mixed(digest<head>(0, 32), digest<attr_numbers<Tags>>(0, 24)...); }
	static constexpr int32_t High = static_cast<int32_t>(id() >> 33), Low = static_cast<int32_t>(id() >> 2 & 0x7fffffff);

	/* Never called. */
	static __attribute__((noinline, noclone, used)) void lay_down()
	{
		VIZ__LAY_DOWN(VIZ__BEGIN_CLASS, head, 0);
		VIZ__LAY_DOWN("", head, 8);
		VIZ__LAY_DOWN("", head, 16);
		VIZ__LAY_DOWN("", head, 24);
		const int each[] = { lay_down_attr<High, Low, Tags>()... };
		(void)each;
	}
	static const viz_class *address()
	{
		const viz_class *at;

		(void)&lay_down;
#ifdef __x86_64__
		__asm__("lea viz__class_%c1_%c2(%%rip), %0" : "=r"(at) : VIZ__CONSTANT(High), VIZ__CONSTANT(Low));
#else
		__asm__("adrp %0, viz__class_%c1_%c2\n\tadd %0, %0, :lo12:viz__class_%c1_%c2"
			: "=r"(at) : VIZ__CONSTANT(High), VIZ__CONSTANT(Low));
#endif
		return at;
	}
};
#undef VIZ__BEGIN_CLASS
#undef VIZ__LAY_DOWN
#undef VIZ__4_NUMBERS
#undef VIZ__CONSTANT
#endif

template <class Self> struct descriptor {
	typedef decltype(access::last<Self>()) attributes;
	static_assert(attributes::count != 0, "viz::counter<C>, viz::object<C>: C has no VIZ_ATTR and no VIZ_MEMBER");
	typedef typename unroll<attributes>::type all;
	typedef description<Self, all> made;
#ifdef VIZ__LAID_DOWN
	static const viz_class *address() { return laid_down<Self, all>::address(); }
#else
	static const layout<attributes::count> value VIZ__HIDDEN;
	static const viz_class *address() { return &value.head; }
#endif
};
#if !defined(VIZ_PROBE_DISABLE) && !defined(VIZ__LAID_DOWN)
template <class Self>
__attribute__((VIZ__RETAIN used, aligned(8), section("viz_classes")))
const layout<descriptor<Self>::attributes::count> descriptor<Self>::value = descriptor<Self>::made::make();
#endif

/* ---- A write. ---- */

#ifndef VIZ_PROBE_DISABLE
template <class Tag> VIZ__HIDDEN __attribute__((noinline, cold)) void fire(const volatile void *attr, const volatile void *part)
{
	viz__on_set(reinterpret_cast<const viz_base *>(
		static_cast<const char *>(const_cast<const void *>(attr)) - Tag::offset()), part);
}
#endif

/* `part`: what of it has changed. */
template <class Tag> inline void changed(const volatile void *attr, const volatile void *part)
{
#ifndef VIZ_PROBE_DISABLE
	if (Tag::name()[0] != '_' && VIZ__ON(set))
		fire<Tag>(attr, part);
#else
	(void)attr;
	(void)part;
#endif
}

/* ---- Settings. ---- */

struct flag { uint32_t flag; bool on; };
template <int N> struct list { uint64_t viz_base::*which; const char *names[N + 1]; };

inline int apply(viz_base *b, const flag &f) { return viz__config_flag(b, f.flag, f.on); }
template <int N> inline int apply(viz_base *b, const list<N> &l)
{
	return viz__config_list(b, &(b->*l.which), l.names, N);
}

/* ---- An attribute, by what its type is. Its value is all that is in it. ---- */

enum category { scalar, chars, row, whole, broken };
template <class T> struct is_row : std::is_array<T> {};
template <template <class, size_t> class A, class T, size_t N> struct is_row<A<T, N>> : std::true_type {};
template <class T> struct is_chars : std::false_type {};
template <size_t N> struct is_chars<char[N]> : std::true_type {};
template <class T> struct category_of {
	static constexpr category value = !std::is_object<T>::value ? broken : std::is_scalar<T>::value ? scalar :
		is_chars<T>::value ? chars : is_row<T>::value ? row : whole;
};

/* An atomic is copied by its value. */
template <class T> auto held(const T &v, int) -> decltype(v.load()) { return v.load(); }
template <class T> const T &held(const T &v, ...) { return v; }
template <class T> auto given(T &v, int) -> decltype(v.load()) { return v.load(); }
template <class T> T &&given(T &v, ...) { return static_cast<T &&>(v); }

template <class T> void exchange(T &a, T &b)
{
	using std::swap;
	swap(a, b);
}

template <class T> struct is_attribute : std::false_type {};

} /* namespace detail */

template <class T, class Tag, detail::category = detail::category_of<T>::value> class attribute;

namespace detail {
template <class T, class Tag, category C> struct is_attribute<attribute<T, Tag, C>> : std::true_type {};

/* What is a T already, or can be made one: not another attribute, whose value is. */
template <class T, class U> struct makes : std::integral_constant<bool,
	!is_attribute<typename std::decay<U>::type>::value && std::is_constructible<T, U>::value> {};

/* Any number of its own elements in braces. */
template <class T, class = void> struct takes_values : std::false_type {};
template <class T> struct takes_values<T, decltype(static_cast<void>(std::declval<typename T::value_type>()))> :
	std::integral_constant<bool, std::is_constructible<T, std::initializer_list<typename T::value_type>>::value &&
		std::is_assignable<T &, std::initializer_list<typename T::value_type>>::value> {};

} /* namespace detail */

/* What the compiler would say of `f += 1` it says of a float that is none of ours; here it would say it of us. */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wconversion"
#pragma GCC diagnostic ignored "-Wsign-conversion"
#pragma GCC diagnostic ignored "-Wdouble-promotion"

#define VIZ__COMPOUND(op) \
	template <class U> attribute &operator op##=(const U &v) { value_ = static_cast<T>(value_ op v); return done(); }
#define VIZ__COMPOUND_ELEMENT(op) \
	template <class U> const element &operator op##=(const U &v) const { slot_ = static_cast<E>(slot_ op v); return done(); }
#define VIZ__COMPOUND_WHOLE(op) \
	template <class U> attribute &operator op(const U &v) { value_ op v; return done(); }
/* A copy outside of an object would report for an object that is not there: `auto x = pool.open` is refused. To copy
 * and move objects takes the explicit constructors. */
#define VIZ__NO_COPY \
	template <class A> attribute(A &&, \
		typename std::enable_if<std::is_same<typename std::decay<A>::type, attribute>::value>::type * = nullptr) = delete;
#define VIZ__DONE \
	attribute &done() { detail::changed<Tag>(this, this); return *this; }

namespace detail {

/* One element of a list: it lives as long as the expression. */
template <class E, class Attribute> class element {
public:
	element(Attribute &owner, E &slot) : owner_(owner), slot_(slot) {}
	operator E() const { return slot_; }
	const element &operator=(const E &v) const { slot_ = v; return done(); }
	const element &operator=(const element &other) const { slot_ = other.slot_; return done(); }
	const element &operator++() const { ++slot_; return done(); }
	const element &operator--() const { --slot_; return done(); }
	E operator++(int) const { E old = slot_; ++*this; return old; }
	E operator--(int) const { E old = slot_; --*this; return old; }
	VIZ__COMPOUND_ELEMENT(+)
	VIZ__COMPOUND_ELEMENT(-)
	VIZ__COMPOUND_ELEMENT(*)
	VIZ__COMPOUND_ELEMENT(/)
	VIZ__COMPOUND_ELEMENT(%)
	VIZ__COMPOUND_ELEMENT(&)
	VIZ__COMPOUND_ELEMENT(|)
	VIZ__COMPOUND_ELEMENT(^)
	VIZ__COMPOUND_ELEMENT(<<)
	VIZ__COMPOUND_ELEMENT(>>)

private:
	const element &done() const { owner_.changed(&slot_); return *this; }
	Attribute &owner_;
	E &slot_;
};

} /* namespace detail */

template <class T, class Tag> class attribute<T, Tag, detail::scalar> {
public:
	constexpr attribute() noexcept : value_() {}
	constexpr attribute(T v) noexcept : value_(v) {}
	explicit constexpr attribute(const attribute &other) noexcept : value_(other.value_) {}
	explicit constexpr attribute(attribute &&other) noexcept : value_(other.value_) {}
	attribute &operator=(T v) { value_ = v; return done(); }
	attribute &operator=(const attribute &other) { value_ = other.value_; return done(); }
	constexpr operator T() const { return value_; }
	constexpr T get() const { return value_; }

	attribute &operator++() { ++value_; return done(); }
	attribute &operator--() { --value_; return done(); }
	T operator++(int) { T old = value_; ++*this; return old; }
	T operator--(int) { T old = value_; --*this; return old; }
	VIZ__COMPOUND(+)
	VIZ__COMPOUND(-)
	VIZ__COMPOUND(*)
	VIZ__COMPOUND(/)
	VIZ__COMPOUND(%)
	VIZ__COMPOUND(&)
	VIZ__COMPOUND(|)
	VIZ__COMPOUND(^)
	VIZ__COMPOUND(<<)
	VIZ__COMPOUND(>>)
	template <class Other> void swap(Other &other)
	{
		T mine = value_;
		*this = static_cast<T>(other);
		other = mine;
	}

private:
	VIZ__NO_COPY
	VIZ__DONE
	T value_;
};

template <class T, class Tag> class attribute<T, Tag, detail::chars> {
public:
	attribute() : value_() {}
	attribute(const char *text) { viz__cpp::store(value_, text); }
	explicit attribute(const attribute &other) { memcpy(value_, other.value_, sizeof(value_)); }
	explicit attribute(attribute &&other) noexcept { memcpy(value_, other.value_, sizeof(value_)); }
	attribute &operator=(const char *text) { viz__cpp::store(value_, text); return done(); }
	attribute &operator=(const std::string &text) { return *this = text.c_str(); }
	attribute &operator=(const attribute &other) { memmove(value_, other.value_, sizeof(value_)); return done(); }
	operator const char *() const { return value_; }
	const T &get() const { return value_; }
	template <class Function> void change(Function f) { f(value_); done(); }
	void swap(attribute &other)
	{
		detail::exchange(value_, other.value_);
		done();
		other.done();
	}

private:
	VIZ__NO_COPY
	VIZ__DONE
	T value_;
};

template <class T, class Tag> class attribute<T, Tag, detail::row> {
public:
	typedef typename std::remove_reference<decltype(std::declval<T &>()[0])>::type value_type;
	attribute() : value_() {}
	attribute(std::initializer_list<value_type> values) : value_() { fill(values); }
	explicit attribute(const attribute &other) : value_() { fill(other.value_); }
	explicit attribute(attribute &&other) noexcept : value_() { fill(other.value_); }
	attribute &operator=(std::initializer_list<value_type> values) { fill(values); return done(); }
	attribute &operator=(const T &values) { fill(values); return done(); }
	attribute &operator=(const attribute &other) { fill(other.value_); return done(); }
	operator const T &() const { return value_; }
	const T &get() const { return value_; }
	static constexpr size_t size() { return sizeof(T) / sizeof(value_type); }
	const value_type *begin() const { return &value_[0]; }
	const value_type *end() const { return begin() + size(); }
	const value_type &operator[](size_t i) const { return value_[i]; }
	/* const, so that VIZ_PROBE_SET can bind it, and say that it is not for this */
	const detail::element<value_type, attribute> operator[](size_t i) { return { *this, value_[i] }; }
	template <class Function> void change(Function f) { f(value_); done(); }
	void swap(attribute &other)
	{
		detail::exchange(value_, other.value_);
		done();
		other.done();
	}

private:
	template <class E, class A> friend class detail::element;
	template <class Values> void fill(const Values &values)
	{
		size_t i = 0;

		for (const value_type &v : values)
			if (i < size())
				value_[i++] = v;
	}
	void changed(const volatile void *slot) { detail::changed<Tag>(this, slot); }
	VIZ__NO_COPY
	VIZ__DONE
	T value_;
};

template <class T, class Tag> class attribute<T, Tag, detail::whole> {
public:
	attribute() : value_() {}
	template <class U, class = typename std::enable_if<detail::makes<T, U>::value>::type>
	attribute(U &&v) : value_(std::forward<U>(v)) {}
	template <class U = T, class = typename std::enable_if<detail::takes_values<U>::value>::type>
	attribute(std::initializer_list<typename U::value_type> values) : value_(values) {}
	explicit attribute(const attribute &other) : value_(detail::held(other.value_, 0)) {}
	explicit attribute(attribute &&other) noexcept(std::is_nothrow_move_constructible<T>::value)
		: value_(detail::given(other.value_, 0)) {}
	template <class U, class = typename std::enable_if<detail::makes<T, U>::value>::type>
	attribute &operator=(U &&v) { value_ = std::forward<U>(v); return done(); }
	template <class U = T, class = typename std::enable_if<detail::takes_values<U>::value>::type>
	attribute &operator=(std::initializer_list<typename U::value_type> values) { value_ = values; return done(); }
	attribute &operator=(const attribute &other) { value_ = detail::held(other.value_, 0); return done(); }
	attribute &operator=(attribute &&other) { value_ = detail::given(other.value_, 0); return done(); }
	template <class Other, detail::category C> attribute &operator=(const attribute<T, Other, C> &other)
	{
		value_ = detail::held(other.get(), 0);
		return done();
	}
	template <class Other, detail::category C> attribute &operator=(attribute<T, Other, C> &&other)
	{
		value_ = detail::given(other.value_, 0);
		return done();
	}
	operator const T &() const { return value_; }
	const T &get() const { return value_; }
	const T *operator->() const { return &value_; }
	/* `if (a.pointer)`, `!a.optional`: to say so explicitly is not enough behind the conversion above. */
	template <class U = T, class = typename std::enable_if<
		std::is_constructible<bool, const U &>::value && !std::is_convertible<const U &, bool>::value>::type>
	explicit operator bool() const { return static_cast<bool>(value_); }
	template <class Function> void change(Function f) { f(value_); done(); }

	attribute &operator++() { ++value_; return done(); }
	attribute &operator--() { --value_; return done(); }
	template <class U = T> auto operator++(int) -> decltype(std::declval<U &>()++)
	{
		auto old = value_++;
		done();
		return old;
	}
	template <class U = T> auto operator--(int) -> decltype(std::declval<U &>()--)
	{
		auto old = value_--;
		done();
		return old;
	}
	VIZ__COMPOUND_WHOLE(+=)
	VIZ__COMPOUND_WHOLE(-=)
	VIZ__COMPOUND_WHOLE(*=)
	VIZ__COMPOUND_WHOLE(/=)
	VIZ__COMPOUND_WHOLE(%=)
	VIZ__COMPOUND_WHOLE(&=)
	VIZ__COMPOUND_WHOLE(|=)
	VIZ__COMPOUND_WHOLE(^=)
	template <class Other> void swap(Other &other)
	{
		T mine(detail::given(value_, 0));
		put(detail::given(other.value_, 0));
		other.put(detail::given(mine, 0));
	}

private:
	template <class, class, detail::category> friend class attribute;
	template <class V> void put(V &&v) { value_ = std::forward<V>(v); done(); }
	VIZ__NO_COPY
	VIZ__DONE
	T value_;
};

/* The assertion of its macro has said why; this keeps the compiler from saying more. */
template <class T, class Tag> class attribute<T, Tag, detail::broken> {
public:
	template <class... U> attribute(U &&...) {}
	template <class U> attribute &operator=(U &&) { return *this; }
};
#pragma GCC diagnostic pop
#undef VIZ__COMPOUND
#undef VIZ__COMPOUND_ELEMENT
#undef VIZ__COMPOUND_WHOLE
#undef VIZ__NO_COPY
#undef VIZ__DONE

template <class T, class A, detail::category C> void swap(attribute<T, A, C> &a, attribute<T, A, C> &b)
{
	a.swap(b);
}
template <class T, class A, class B, detail::category C> void swap(attribute<T, A, C> &a, attribute<T, B, C> &b)
{
	a.swap(b);
}

/* ---- Settings, for constructors and config(). ---- */

inline detail::flag enabled(bool on) { return { VIZ_ENABLED, on }; }
inline detail::flag trigger_on_change(bool on) { return { VIZ_TRIGGER, on }; }
namespace detail {
template <class... Name> struct names {
	static_assert(sum(std::is_convertible<const Name &, const char *>::value...) == sizeof...(Name),
		"viz::include_attributes, viz::exclude_attributes: what is in there are names of attributes, as \"a\"");
	typedef list<sizeof...(Name)> type;
};
}
template <class... Name> typename detail::names<Name...>::type include_attributes(const Name &...name)
{
	return { &viz_base::include, { name..., nullptr } };
}
template <class... Name> typename detail::names<Name...>::type exclude_attributes(const Name &...name)
{
	return { &viz_base::exclude, { name..., nullptr } };
}

/* ---- What classes derive from. ---- */

namespace detail {

template <class Self, class Base, int Kind> class tracked {
public:
	/* For all macros of viztrace.h that take an object. */
	Base viz;

	typedef Self VIZ__SELF;
	static constexpr int viz__kind = Kind;

	void log() const
	{
		if (VIZ__ON(log))
			report();
	}
	template <class Setting> int config(const Setting &setting)
	{
		return VIZ__ALIVE_BUILD ? apply(&viz.base, setting) : 0;
	}
	void rename(const char *name)
	{
#ifndef VIZ_PROBE_DISABLE
		char *before = name_;

		viz__leave(&viz.base);
		viz__rename(&viz.base, keep(name));
		free(before);
#else
		(void)name;
#endif
	}
	void rename(const std::string &name) { rename(name.c_str()); }
	/* 0, or what the first of the constructor's settings that failed came to. */
	int status() const { return status_; }

protected:
	tracked() { start(nullptr); }
	template <class... Setting> explicit tracked(const char *name, const Setting &...settings)
	{
		start(name, settings...);
	}
	template <class... Setting> explicit tracked(const std::string &name, const Setting &...settings)
	{
		start(name.c_str(), settings...);
	}
	tracked(const tracked &other) noexcept { copy(other); }
	tracked(tracked &&other) noexcept { copy(other); }
	tracked &operator=(const tracked &) noexcept { return *this; }
	tracked &operator=(tracked &&) noexcept { return *this; }
	~tracked() noexcept
	{
#ifndef VIZ_PROBE_DISABLE
		viz__destroy(&viz.base);
		free(name_);
#endif
	}

	static none viz__last(rank<0>);

private:
	friend struct access;
	static constexpr bool checked() { return descriptor<Self>::made::check(); }

#ifndef VIZ_PROBE_DISABLE
	void report() const { viz__on_log(&viz.base, VIZ_WHY_LOG); }
	const char *keep(const char *name)
	{
		const bool literal = __builtin_constant_p(name);

		name_ = name && !literal ? strdup(name) : nullptr;
		return literal ? name : name_;
	}
	template <class... Setting> void start(const char *name, const Setting &...settings)
	{
		static_assert(checked(), "");
		viz__init(&viz.base, descriptor<Self>::address(), keep(name));
		const int results[] = { 0, apply(&viz.base, settings)... };
		for (int r : results)
			status_ = viz__result(status_, r);
		announce();
	}
	void copy(const tracked &other)
	{
		viz__init(&viz.base, descriptor<Self>::address(), keep(other.viz.base.name));
		viz.base.flags = __atomic_load_n(&other.viz.base.flags, __ATOMIC_RELAXED);
		viz.base.include = __atomic_load_n(&other.viz.base.include, __ATOMIC_RELAXED);
		viz.base.exclude = __atomic_load_n(&other.viz.base.exclude, __ATOMIC_RELAXED);
		viz.base.live = __atomic_load_n(&other.viz.base.live, __ATOMIC_RELAXED);
		announce();
	}
	void announce()
	{
		if (VIZ__ON(init))
			viz__on_init(&viz.base);
	}
	char *name_;
#else
	void report() const {}
	template <class... Setting> void start(const char *, const Setting &...) { static_assert(checked(), ""); }
	void copy(const tracked &) {}
#endif
	int status_ = 0;
};

} /* namespace detail */

template <class Self> class counter : public detail::tracked<Self, viz_counter, VIZ_KIND_COUNTER> {
protected:
	using detail::tracked<Self, viz_counter, VIZ_KIND_COUNTER>::tracked;
	counter() = default;
};
template <class Self> class object : public detail::tracked<Self, viz_object, VIZ_KIND_OBJECT> {
protected:
	using detail::tracked<Self, viz_object, VIZ_KIND_OBJECT>::tracked;
	object() = default;
};

/* ---- Scopes. ---- */

#define VIZ__INLINE inline __attribute__((always_inline))

class scope {
public:
#ifndef VIZ_PROBE_DISABLE
	VIZ__INLINE explicit scope(const char *name)
		: scope_{ nullptr, __builtin_frame_address(0), VIZ_SLICE_SCOPED | VIZ__LITERAL_IF(name) }
	{
		if (VIZ__ON(enter))
			scope_.name = viz__on_enter(name, scope_.frame, scope_.flags | viz__site());
	}
	VIZ__INLINE ~scope() { viz__scope_end(&scope_); }

private:
	viz__scope scope_;
#else
	explicit scope(const char *) {}
	~scope() {}
#endif
	scope(const scope &) = delete;
	scope &operator=(const scope &) = delete;
};

namespace detail {
template <class T, bool Object = viz__cpp::nested<T>(0)> struct base {
	static const viz_base *of(const T &object) { return &object.viz.base; }
};
template <class T> struct base<T, false> {
	static const viz_base *of(const T &) { return nullptr; }
};
template <class T> const viz_base *base_of(const T &object)
{
	static_assert(viz__cpp::nested<T>(0), "viz::triggerlog: this is not an object: no viz::counter and no viz::object");
	return base<T>::of(object);
}
}

class triggerlog {
public:
	template <class T> VIZ__INLINE explicit triggerlog(const T &object, when w = after)
#ifndef VIZ_PROBE_DISABLE
		: scope_{ VIZ__ON(log) ? viz__log_begin(detail::base_of(object), w) : nullptr } {}
	VIZ__INLINE ~triggerlog() { viz__log_end(&scope_); }

private:
	viz__log_scope scope_;
#else
	{
		(void)detail::base_of(object);
		(void)w;
	}
	~triggerlog() {}
#endif
	triggerlog(const triggerlog &) = delete;
	triggerlog &operator=(const triggerlog &) = delete;
};

VIZ__INLINE void instant(const char *name)
{
#ifndef VIZ_PROBE_DISABLE
	VIZ_PROBE_INSTANT(name);
#else
	(void)name;
#endif
}

} /* namespace viz */

/* VIZ_PROBE_SET would report what the assignment has reported. */
namespace viz__cpp {
template <class T, class Tag, viz::detail::category C> struct stored<viz::attribute<T, Tag, C>> {
	static_assert(sizeof(Tag) == 0, "VIZ_PROBE_SET: this is a VIZ_ATTR, which reports by itself: assign to it");
	typedef T type;
};
template <class E, class A> struct stored<const viz::detail::element<E, A>> {
	static_assert(sizeof(E) == 0, "VIZ_PROBE_SET: this is of a VIZ_ATTR, which reports by itself: assign to it");
	typedef E type;
};
}

/* std::swap() by its full name. */
namespace std {
template <class T, class A, viz::detail::category C>
inline void swap(viz::attribute<T, A, C> &a, viz::attribute<T, A, C> &b)
{
	a.swap(b);
}
template <class T, class A, class B, viz::detail::category C>
inline void swap(viz::attribute<T, A, C> &a, viz::attribute<T, B, C> &b)
{
	a.swap(b);
}
}

/* ---- What the macros put into a class. ---- */

#define VIZ__ATTR_1(what, form, x) static_assert(!sizeof(#x), #what "(" #x "): it takes a type and a name")
#define VIZ__ATTR_2(what, form, t, field) VIZ__FIELD(what, form, field, t)
#define VIZ__ATTR_3(what, form, t, u, field) VIZ__FIELD(what, form, field, t, u)
#define VIZ__ATTR_4(what, form, t, u, v, field) VIZ__FIELD(what, form, field, t, u, v)
#define VIZ__FIELD(what, form, field, ...) \
	VIZ__ENTRY(what, field, ::viz::detail::form<__VA_ARGS__>); \
	::viz::attribute<__VA_ARGS__, viz__tag_##field> field

/* The tag of its dict or its names, or its unit. */
#define VIZ__TEXT(field, string) \
	struct viz__text_##field { __attribute__((unused)) static constexpr const char *text() { return string; } };
#define VIZ__DICT(tag, field) viz__text_##field, \
	static_cast<::uint64_t>(viz__##tag##_str0) | static_cast<::uint64_t>(viz__##tag##_str1) << 30, \
	static_cast<::uint32_t>(viz__##tag##_line)

#define VIZ__UNIT(what, field, type, unit) \
	VIZ__TEXT(field, unit) \
	static_assert(sizeof(unit) <= VIZ_NAME_MAX + 1, #what ": the unit of attribute `" #field "` is longer than VIZ_NAME_MAX"); \
	VIZ__ENTRY(what, field, ::viz::detail::unit_form<viz__text_##field, type>)
#define VIZ__ENUM(what, field, type, tag) \
	VIZ__TEXT(field, #tag) \
	VIZ__ENTRY(what, field, ::viz::detail::enum_form<viz__text_##field, static_cast<::uint32_t>(viz__##tag##_line), type>)

#define VIZ__PLACES_SO_FAR decltype(VIZ__SELF::viz__last(::viz::detail::any_rank()))

#define VIZ__ENTRY(what, field, ...) \
	struct viz__tag_##field : __VA_ARGS__ { \
		typedef VIZ__SELF viz__class; \
		__attribute__((unused)) static constexpr const char *name() { return #field; } \
		VIZ__QUIET_BEGIN \
		__attribute__((unused)) static constexpr ::ptrdiff_t offset() \
		{ \
			static_assert(viz__class::viz__kind != VIZ_KIND_COUNTER || \
				(VIZ__IS_NUMBER(viz__tag_##field::type) && !viz__tag_##field::list), #what ": attribute `" #field \
				"` is not a number; a viz::counter takes numbers only, a viz::object takes the rest"); \
			static_assert(viz__class::viz__kind != VIZ_KIND_COUNTER || viz__tag_##field::note != VIZ_ATTR_ENUM, \
				#what ": attribute `" #field "`: values of a viz::counter have no names, those of a viz::object have"); \
			return static_cast<::ptrdiff_t>(__builtin_offsetof(viz__class, field)) - \
				static_cast<::ptrdiff_t>(__builtin_offsetof(viz__class, viz)); \
		} \
		VIZ__QUIET_END \
	}; \
	static_assert(!::std::is_reference<typename viz__tag_##field::declared>::value, #what ": attribute `" #field \
		"` is a reference, which cannot be reported: what it refers to is not in the object; keep the value itself"); \
	static_assert(!::std::is_pointer<typename viz__tag_##field::declared>::value || viz__tag_##field::reportable, \
		#what ": attribute `" #field "` is a pointer, which is not followed but for a char *; keep the value itself"); \
	static_assert(!::std::is_object<typename viz__tag_##field::declared>::value || \
		::std::is_pointer<typename viz__tag_##field::declared>::value || viz__tag_##field::reportable, \
		#what ": attribute `" #field "` has a type that cannot be reported; what can: numbers, enums, std::atomic, std::chrono::duration and " \
		"std::optional of them, char[N], char *, std::string_view, libstdc++'s std::string, T[N], std::array and " \
		"std::vector of numbers, std::unique_ptr to one of these"); \
	static_assert(sizeof(#field) <= VIZ_NAME_MAX + 1, \
		#what ": the name of attribute `" #field "` is longer than VIZ_NAME_MAX"); \
	static_assert(VIZ__PLACES_SO_FAR::count < VIZ_ATTRS_MAX, \
		#what ": attribute `" #field "` is one more than VIZ_ATTRS_MAX"); \
	friend struct ::viz::detail::access; \
	static ::viz::detail::link<viz__tag_##field, VIZ__PLACES_SO_FAR> \
		viz__last(::viz::detail::rank<VIZ__PLACES_SO_FAR::count + 1>) __attribute__((unused)); \
	__attribute__((unused)) auto viz__own_##field() const -> typename ::viz::detail::own<VIZ__SELF, decltype(this)>::type

#endif /* VIZTRACE_HPP */
