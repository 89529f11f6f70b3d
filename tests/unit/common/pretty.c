/* SPDX-License-Identifier: BSD-2-Clause */
/* Signatures as gcc 12 and clang 14 write them, and the names that are shown. */
#include <criterion/criterion.h>
#include <stdint.h>
#include <string.h>

#include "common/pretty.h"

static void expect_pretty(const char *signature, const char *name)
{
	char got[PRETTY_MAX];

	pretty__name(signature, got);
	cr_expect_str_eq(got, name, "%s\n gives    %s\n expected %s", signature, got, name);
}

/* gcc's and clang's of one function. */
static void expect_alike(const char *gcc, const char *clang, const char *name)
{
	expect_pretty(gcc, name);
	expect_pretty(clang, name);
}

Test(pretty, drops_return_type_and_parameters)
{
	expect_pretty("void ns::account::deposit(int)", "ns::account::deposit");
	expect_pretty("const char *A::name() const", "A::name");
	expect_pretty("char* cp()", "cp");
	expect_pretty("std::function<void (int)> fn(std::function<int (char)>)", "fn");
	expect_pretty("static std::string A::name(std::vector<std::pair<int, int> >)", "A::name");
	expect_pretty("decltype(auto) da(int)", "da");
	expect_pretty("decltype (p->x) da(int)", "da");
	expect_pretty("void A::vol() const volatile &", "A::vol");
	expect_pretty("void A::rr() &&", "A::rr");
	expect_pretty("int main(int, char**)", "main");
	expect_alike("void (* fp(int))(int)", "void (*fp(int))(int)", "fp");
}

Test(pretty, tells_instances_of_a_template_apart)
{
	expect_alike("int fib() [with int N = 2]", "int fib() [N = 2]", "fib<2>");
	expect_alike("T id(T) [with T = std::__cxx11::basic_string<char>]", "T id(T) [T = std::basic_string<char>]",
		     "id<std::basic_string<char>>");
	expect_alike("std::vector<A> two(const A&, B*) [with A = int; B = const char]",
		     "std::vector<A> two(const A &, B *) [A = int, B = const char]", "two<int, const char>");
	expect_alike("void bc() [with bool b = false; char c = ')']", "void bc() [b = false, c = ')']",
		     "bc<false, ')'>");
	expect_alike("void u() [with T = long long unsigned int]", "void u() [T = unsigned long long]",
		     "u<unsigned long long>");
	expect_alike("void u() [with T = int [3]]", "void u() [T = int[3]]", "u<int[3]>");
	expect_alike("void u() [with T = long double]", "void u() [T = long double]", "u<long double>");
	expect_alike("void u() [with T = void (S::*)(int) const]", "void u() [T = void (S::*)(int) const]",
		     "u<void(S::*)(int)const>");
	expect_pretty("int maxi<int>(int, int)", "maxi<int>");
	expect_pretty("void c(T) requires C<T> [with T = int]", "c<int>");
}

Test(pretty, gives_each_class_the_arguments_that_are_its_own)
{
	expect_alike("void ns::box<T>::put(T) [with T = int]", "void ns::box<int>::put(T) [T = int]",
		     "ns::box<int>::put");
	expect_alike("U ns::box<T>::get() [with U = double; T = int]", "U ns::box<int>::get() [T = int, U = double]",
		     "ns::box<int>::get<double>");
	expect_alike("void ns::box<T>::inner::m() [with T = int]", "void ns::box<int>::inner::m() [T = int]",
		     "ns::box<int>::inner::m");
	expect_alike("void a::outer<T>::inner<U>::f() [with V = long int; U = char; T = int]",
		     "void a::outer<int>::inner<char>::f() [T = int, U = char, V = long]",
		     "a::outer<int>::inner<char>::f<long>");
	expect_alike("void a::pair<T*, T>::t() [with V = double; T = int]",
		     "void a::pair<int *, int>::t() [T = int, V = double]", "a::pair<int*, int>::t<double>");
}

Test(pretty, opens_packs)
{
	expect_alike("void ns::box<T>::va(A ...) [with A = {int, double, const char*}; T = int]",
		     "void ns::box<int>::va(A...) [T = int, A = <int, double, const char *>]",
		     "ns::box<int>::va<int, double, const char*>");
	expect_alike("void va(A ...) [with A = {}]", "void va(A...) [A = <>]", "va<>");
	expect_alike("void tup<A>::m() [with A = {}]", "void tup<>::m() [A = <>]", "tup<>::m");
	expect_alike("void tup<A>::t() [with B = long int; A = {int, char}]",
		     "void tup<int, char>::t() [A = <int, char>, B = long]", "tup<int, char>::t<long>");
}

Test(pretty, leaves_out_typedefs_and_defaults)
{
	expect_pretty("std::string strf(T, std::string, size_t) [with T = int; std::string = "
		      "std::__cxx11::basic_string<char>; size_t = long unsigned int]",
		      "strf<int>");
	expect_alike("void a::vec<T, A>::push(const T&) [with T = int; A = std::allocator<int>]",
		     "void a::vec<int>::push(const T &) [T = int, A = std::allocator<int>]", "a::vec<int>::push");
	expect_alike("void a::vec<T, A>::t() [with V = float; T = int; A = std::allocator<int>]",
		     "void a::vec<int>::t() [T = int, A = std::allocator<int>, V = float]", "a::vec<int>::t<float>");
}

Test(pretty, keeps_constructors_and_destructors)
{
	expect_pretty("ns::account::account(int)", "ns::account::account");
	expect_pretty("virtual ns::account::~account()", "ns::account::~account");
	expect_alike("ns::box<T>::~box() [with T = int]", "ns::box<int>::~box() [T = int]", "ns::box<int>::~box");
}

Test(pretty, keeps_operators)
{
	expect_pretty("bool A::operator<(const A&) const", "A::operator<");
	expect_pretty("bool A::operator>(T) [with T = double]", "A::operator><double>");
	expect_pretty("bool operator<<(A&, int)", "operator<<");
	expect_pretty("A& A::operator->()", "A::operator->");
	expect_pretty("void A::operator()(int)", "A::operator()");
	expect_pretty("int A::operator[](int)", "A::operator[]");
	expect_pretty("A::operator const char*()", "A::operator const char*");
	expect_alike("A::operator T() [with T = int]", "T A::operator int() [T = int]", "A::operator int");
	expect_pretty("A::operator std::vector<T>() [with T = int]", "A::operator std::vector<int>");
	expect_pretty("static void* A::operator new(size_t)", "A::operator new");
	expect_pretty("int operator\"\"_x(long long unsigned int)", "operator\"\"_x");
	expect_pretty("void my_operator(int)", "my_operator");
}

Test(pretty, names_anonymous_namespaces_and_enclosing_functions_alike)
{
	expect_alike("void {anonymous}::loc::m() const", "void (anonymous namespace)::loc::m() const",
		     "(anonymous namespace)::loc::m");
	expect_alike("void main(int, char**)::Local::run()", "void main(int, char **)::Local::run()",
		     "main::Local::run");
	expect_pretty("int A::f() const volatile &::L::g()", "A::f::L::g");
	expect_pretty("void f()::loc::q() [with T = int]", "f<int>::loc::q");
}

Test(pretty, names_lambdas_alike)
{
	expect_alike("main(int, char**)::<lambda(int)>",
		     "auto main(int, char **)::(anonymous class)::operator()(int) const", "main::<lambda(int)>");
	expect_alike("main()::<lambda(auto:11)> [with auto:11 = double]",
		     "auto main()::(anonymous class)::operator()(auto) const [x:auto = double]",
		     "main::<lambda(double)>");
	expect_alike("main()::<lambda()>::<lambda()> mutable",
		     "auto main()::(anonymous class)::operator()()::(anonymous class)::operator()()",
		     "main::<lambda()>::<lambda()>");
	expect_alike("A::f() const::<lambda()>", "auto A::f() const::(anonymous class)::operator()() const",
		     "A::f::<lambda()>");
	expect_alike("main()::<lambda(std::vector<int, std::allocator<int> >)>",
		     "auto main()::(lambda)::operator()(std::vector<int>) const", "main::<lambda(std::vector<int>)>");
	expect_pretty("void call(F) [F = (lambda at /home/me/app.cc:31:8)]", "call<<lambda at app.cc:31:8>>");
}

Test(pretty, keeps_the_whole_in_doubt)
{
	static const char *const odd[] = {
		"", "plain", "int (& arr())[3]", "()", ")", "]", "[", " >", "f(", "*()", ")))(((", "x ()", "a)b(c",
	};
	size_t i;

	for (i = 0; i < sizeof(odd) / sizeof(odd[0]); i++)
		expect_pretty(odd[i], odd[i]);
}

/* As many times as there are places for it. */
Test(pretty, keeps_the_whole_of_what_would_be_too_long)
{
	char text[600] = "void f<", value[300] = "", expected[PRETTY_MAX];

	for (int i = 0; i < 20; i++)
		strcat(text, "T, ");
	strcat(text, "T>::g() [with T = ");
	memset(value, 'x', 200);
	strcat(text, value);
	strcat(text, "]");
	strcpy(expected, text);
	expect_pretty(text, expected);
}

Test(pretty, an_instance_has_its_templates_name)
{
	cr_assert_eq(pretty__template("fib<2>"), 3);
	cr_assert_eq(pretty__template("f<g<1>>"), 1);
	cr_assert_eq(pretty__template("box<int>::put<long>"), strlen("box<int>::put"));
	cr_assert_eq(pretty__template("box<int>::get"), 0);
	cr_assert_eq(pretty__template("operator>"), 0);
	cr_assert_eq(pretty__template("<2>"), 0);
	cr_assert_eq(pretty__template(""), 0);
}

Test(pretty, takes_any_text)
{
	static const char bits[] = "()<>[]{}:*& ~->operatorconstlambda<\x80\xff=;,\"";
	uint64_t seed = 1;
	char text[64], got[PRETTY_MAX];
	int i, k;

	for (i = 0; i < 200000; i++) {
		for (k = 0; k < 63; k++) {
			seed = seed * 6364136223846793005u + 1442695040888963407u;
			text[k] = bits[(seed >> 33) % (sizeof(bits) - 1)];
		}
		text[seed >> 58] = 0;
		text[63] = 0;
		pretty__name(text, got);
		cr_assert(got[0] || !text[0]);
	}
}
