/* SPDX-License-Identifier: BSD-2-Clause */
#include "pretty.h"

#include <stdbool.h>
#include <string.h>

#include "signature.h"
#include "utf8.h"

/* One part of a qualified name: "box<T>", "f(int) const", "<lambda(int)>", "(anonymous class)". */
struct segment {
	struct piece name;
	struct piece args;   /* with their <>; n == 0: none */
	struct piece params; /* with their (); n == 0: none */
};

static bool ends_with(struct piece p, const char *end)
{
	size_t len = strlen(end);

	return p.n >= len && !memcmp(p.s + p.n - len, end, len);
}

/* "f(int) const &" -> "f(int)" */
static struct piece drop_qualifiers(struct piece p)
{
	static const char *const qualifiers[] = { " const", " volatile", " mutable", " &&", " &", " noexcept" };
	size_t i;

	for (i = 0; i < sizeof(qualifiers) / sizeof(qualifiers[0]); i++) {
		if (ends_with(p, qualifiers[i])) {
			p.n -= strlen(qualifiers[i]);
			i = (size_t)-1; /* once more from the first one */
		}
	}
	return p;
}

/* The length of an operator's symbol behind the word: its brackets are none. 0: a conversion, new, "" or no operator.
 */
static size_t operator_symbol(struct piece p, size_t i)
{
	size_t n = 0;

	if (piece__starts(piece__from(p, i), "()"))
		return 2;
	while (i + n < p.n && strchr("+-*/%^&|~!=<>,[]", p.s[i + n]))
		n++;
	return n;
}

/* Is the word "operator" at `i`? */
static bool is_operator(struct piece p, size_t i)
{
	const size_t len = sizeof("operator") - 1;

	return i + len < p.n && !memcmp(p.s + i, "operator", len) && !piece__is_word(p.s[i + len]) &&
	       (!i || !piece__is_word(p.s[i - 1]));
}

/* Behind the character, bracket or operator at `i`. */
static size_t skip(struct piece p, size_t i)
{
	if (!is_operator(p, i))
		return piece__skip(p, i);
	i += sizeof("operator") - 1;
	return i + operator_symbol(p, i);
}

/* What begins a word that goes on a name behind a space: "f() const::g". */
static bool is_inner_qualifier(struct piece rest)
{
	static const char *const words[] = { "const", "volatile", "mutable", "&&", "&", "noexcept" };
	size_t i, len;

	for (i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		len = strlen(words[i]);
		if (!piece__starts(rest, words[i]) || len >= rest.n)
			continue;
		if (rest.s[len] == ':' || (rest.s[len] == ' ' && is_inner_qualifier(piece__from(rest, len + 1))))
			return true;
	}
	return false;
}

/* Without the type before it, and what is behind the last parameters: *params are these, with their brackets. */
static bool find_path(struct piece p, struct piece *path, struct piece *params)
{
	size_t i = 0, from = 0, open = p.n, end = 0;

	while (i < p.n) {
		size_t next = skip(p, i);

		if (p.s[i] == ' ' && !is_inner_qualifier(piece__from(p, i + 1)))
			from = i + 1;
		if (is_operator(p, i)) {
			/* A conversion's type, and "new", are behind a space: no name begins there. */
			while (next < p.n && p.s[next] != '(')
				next = piece__skip(p, next);
		} else if (p.s[i] == '(') {
			open = i;
			end = next;
		}
		i = next;
	}
	if (open >= p.n || end != p.n || p.s[p.n - 1] != ')')
		return false;
	while (from < open && (p.s[from] == '*' || p.s[from] == '&'))
		from++;
	*path = (struct piece){ p.s + from, open > from ? open - from : 0 };
	*params = (struct piece){ p.s + open, p.n - open };
	return path->n > 0;
}

/* "void (* f(int))(int)": what is in the brackets. */
static bool is_in_brackets(struct piece path, struct piece *inner)
{
	struct piece in;

	if (path.s[0] != '(' || piece__skip(path, 0) != path.n)
		return false;
	in = piece__trim((struct piece){ path.s + 1, path.n - 2 });
	if (!in.n || in.s[0] != '*')
		return false;
	while (in.n && (in.s[0] == '*' || in.s[0] == '&' || in.s[0] == ' '))
		in = piece__from(in, 1);
	*inner = in;
	return true;
}

/* The next one of a path. False: there is none, or it is not understood. */
static bool next_segment(struct piece *path, struct segment *ret)
{
	struct piece p = *path;
	size_t i = 0, end, args = 0;

	*ret = (struct segment){ { p.s, 0 }, { p.s, 0 }, { p.s, 0 } };
	if (!p.n)
		return false;
	if (piece__starts(p, "(anonymous") || piece__starts(p, "(lambda") || piece__starts(p, "(unnamed") ||
	    piece__starts(p, "{") || p.s[0] == '<')
		i = piece__skip(p, 0);
	if (is_operator(p, i)) {
		i = skip(p, i);
		while (i < p.n && p.s[i] != '(')
			i = piece__skip(p, i);
	} else {
		while (i < p.n && p.s[i] != '(' && p.s[i] != '<' && !piece__starts(piece__from(p, i), "::"))
			i = piece__skip(p, i);
	}
	ret->name.n = i;
	if (i < p.n && p.s[i] == '<') {
		args = i;
		i = piece__skip(p, i);
		ret->args = (struct piece){ p.s + args, i - args };
	}
	if (i < p.n && p.s[i] == '(') {
		end = piece__skip(p, i);
		ret->params = (struct piece){ p.s + i, end - i };
		i = end;
	}
	while (i < p.n && !piece__starts(piece__from(p, i), "::")) /* " const" */
		i++;
	*path = i < p.n ? piece__from(p, i + 2) : piece__from(p, p.n);
	return ret->name.n && (i == p.n || path->n);
}

/* ---- Whose argument is whose ---- */

static bool is_auto(struct piece key)
{
	return piece__starts(key, "auto:") || ends_with(key, ":auto");
}

static bool contains(struct piece p, struct piece what)
{
	for (size_t i = 0; what.n && i + what.n <= p.n; i++)
		if (!memcmp(p.s + i, what.s, what.n) && (!i || !piece__is_word(p.s[i - 1])) &&
		    (i + what.n == p.n || !piece__is_word(p.s[i + what.n])))
			return true;
	return false;
}

/* clang has the values of a class's arguments in its name, and lists them first: they are no function's own. */
static void use_args_of_classes(struct piece args, struct bindings *b)
{
	struct piece rest = { args.s + 1, args.n - 2 };

	for (size_t i = 0; i < b->n; i++) {
		struct piece value = b->list[i].value;

		if (b->list[i].is_used || is_auto(b->list[i].key))
			continue;
		if (!rest.n && !piece__is_default(value) && !(args.n == 2 && !i && piece__is(value, "<>")))
			return;
		if (value.s[0] == '<' && piece__skip(value, 0) == value.n)
			value = (struct piece){ value.s + 1, value.n - 2 };
		if (rest.n && value.n && !contains(rest, value))
			return;
		b->list[i].is_used = true;
		if (rest.n >= value.n && !memcmp(rest.s, value.s, value.n)) {
			rest = piece__from(rest, value.n);
			if (rest.n && rest.s[0] == ',')
				rest = piece__trim(piece__from(rest, 1));
		}
	}
}

/* "<int, char>" of the function itself: what no class took. gcc lists it first. */
static void put_own_args(struct notation *o, struct bindings *b)
{
	bool any = false;

	for (size_t i = 0; i < b->n; i++) {
		struct binding *one = &b->list[i];
		struct piece value = one->value;

		if (one->is_used && b->of_gcc && !is_auto(one->key))
			break;
		if (one->is_used || is_auto(one->key) || (any && piece__is_default(value)))
			continue;
		if (value.n >= 2 && (value.s[0] == '{' || value.s[0] == '<') && piece__skip(value, 0) == value.n &&
		    !piece__starts(value, "{anonymous}"))
			value = (struct piece){ value.s + 1, value.n - 2 };
		one->is_used = true;
		notation__raw(o, any ? (struct piece){ ", ", 2 } : (struct piece){ "<", 1 });
		any = true;
		notation__type(o, value, NULL);
	}
	if (any)
		notation__raw(o, (struct piece){ ">", 1 });
}

/* ---- Segments ---- */

/* "auto" of clang's generic lambdas, one after the other. */
static void put_lambda(struct notation *o, struct piece params, struct bindings *b)
{
	struct piece rest = { params.s + 1, params.n - 2 };
	size_t next = 0;
	bool first = true;

	notation__raw(o, (struct piece){ "<lambda(", 8 });
	while (rest.n) {
		struct piece one = piece__split(&rest, ',');

		if (!first)
			notation__raw(o, (struct piece){ ", ", 2 });
		first = false;
		if (!b->of_gcc && piece__starts(one, "auto")) {
			while (next < b->n && !is_auto(b->list[next].key))
				next++;
			if (next < b->n) {
				notation__type(o, b->list[next++].value, NULL);
				one = piece__from(one, 4);
			}
		}
		notation__type(o, one, b);
	}
	notation__raw(o, (struct piece){ ")>", 2 });
}

static bool is_lambda_class(const struct segment *s)
{
	return piece__starts(s->name, "(anonymous class") || piece__starts(s->name, "(lambda") ||
	       piece__starts(s->name, "(unnamed class");
}

/* One segment, or the two that are a lambda. `params` are those of the last one. */
static void put_segment(struct notation *o, struct segment *s, struct piece *path, struct piece params,
			struct bindings *b)
{
	struct piece after = *path;
	struct segment next;

	if (piece__starts(s->name, "<lambda(")) {
		size_t open = sizeof("<lambda") - 1;

		put_lambda(o, (struct piece){ s->name.s + open, piece__skip(s->name, open) - open }, b);
		return;
	}
	if (is_lambda_class(s) && next_segment(&after, &next) && piece__is(next.name, "operator()")) {
		put_lambda(o, next.params.n ? next.params : params, b);
		*path = after;
		return;
	}
	notation__type(o, s->name, is_operator(s->name, 0) ? b : NULL);
	if (s->args.n && !b->of_gcc)
		use_args_of_classes(s->args, b);
	notation__type(o, s->args, b);
}

/* "operator int": what it converts to says it all. */
static bool is_conversion(struct piece name)
{
	const size_t len = sizeof("operator") - 1;

	return is_operator(name, 0) && name.s[len] == ' ' && !operator_symbol(name, len + 1);
}

/* What takes the function's own arguments: the first segment with parameters, or the last one. */
static bool put_path(struct notation *o, struct piece path, struct piece params, struct bindings *b)
{
	bool done = false;
	struct segment s;

	while (path.n) {
		bool is_function;

		if (!next_segment(&path, &s))
			return false;
		is_function = s.params.n || (!path.n && s.name.s[0] != '<' && !is_lambda_class(&s));
		put_segment(o, &s, &path, params, b);
		if (is_function && !done) {
			done = true;
			if (!s.args.n && !is_conversion(s.name))
				put_own_args(o, b);
		}
		if (path.n)
			notation__raw(o, (struct piece){ "::", 2 });
	}
	return !o->full;
}

/* " requires C<T>" of gcc */
static struct piece drop_requires(struct piece p)
{
	for (size_t i = 0; i < p.n; i = skip(p, i))
		if (piece__starts(piece__from(p, i), " requires "))
			return (struct piece){ p.s, i };
	return p;
}

static bool put_name(struct notation *o, const char *signature)
{
	struct piece p = { signature, strlen(signature) }, path, params = { "()", 2 }, inner;
	struct bindings b;

	bindings__take(&b, &p);
	p = drop_qualifiers(drop_requires(p));
	if (p.n && p.s[p.n - 1] == '>') { /* a lambda of gcc has no type before it */
		path = p;
		for (size_t i = 0; i + 9 < p.n; i = skip(p, i))
			if (piece__starts(piece__from(p, i), "::<lambda("))
				return put_path(o, path, params, &b);
		return false;
	}
	if (!find_path(p, &path, &params))
		return false;
	if (is_in_brackets(path, &inner) && !find_path(drop_qualifiers(inner), &path, &params))
		return false;
	return put_path(o, path, params, &b);
}

void pretty__name(const char *signature, char *ret)
{
	struct notation o = { .data = ret, .room = PRETTY_MAX };
	size_t n;

	if (!put_name(&o, signature) || !o.size) {
		n = utf8__whole(signature, strnlen(signature, PRETTY_MAX - 1));
		memcpy(ret, signature, n);
		o.size = n;
	}
	ret[o.size] = '\0';
}

size_t pretty__template(const char *name)
{
	size_t n = strlen(name), depth = 0;

	if (!n || name[n - 1] != '>')
		return 0;
	while (n-- > 0) {
		if (name[n] == '>')
			depth++;
		else if (name[n] == '<' && --depth == 0)
			return n;
	}
	return 0;
}
