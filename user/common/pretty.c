/* SPDX-License-Identifier: BSD-2-Clause */
#include "pretty.h"

#include <ctype.h>
#include <stdbool.h>
#include <string.h>

static bool is_word(char c)
{
	return isalnum((unsigned char)c) || c == '_' || (unsigned char)c >= 0x80;
}

static bool is_open(char c)
{
	return c == '(' || c == '<' || c == '[' || c == '{';
}

/* Of "->" the '>' closes nothing. */
static bool is_close(const char *s, size_t i)
{
	return s[i] == ')' || s[i] == ']' || s[i] == '}' || (s[i] == '>' && !(i && s[i - 1] == '-'));
}

/* Where the bracket opens that s[n - 1] closes, counting this kind alone; n if nowhere. */
static size_t opening(const char *s, size_t n, char open, char close)
{
	size_t i, depth = 0;

	for (i = n; i-- > 0;) {
		if (s[i] == close)
			depth++;
		else if (s[i] == open && --depth == 0)
			return i;
	}
	return n;
}

static bool ends_with(const char *s, size_t n, const char *end)
{
	size_t len = strlen(end);

	return n >= len && !memcmp(s + n - len, end, len);
}

/* "f(int) const &" -> "f(int)" */
static size_t drop_qualifiers(const char *s, size_t n)
{
	static const char *const qualifiers[] = { " const", " volatile", " &&", " &", " noexcept" };
	size_t i;

	for (i = 0; i < sizeof(qualifiers) / sizeof(qualifiers[0]); i++) {
		if (ends_with(s, n, qualifiers[i])) {
			n -= strlen(qualifiers[i]);
			i = (size_t)-1; /* once more from the first one */
		}
	}
	return n;
}

/* Does a name go on behind the space at `i`: "f() const::(anonymous class)::g"? */
static bool is_inner_qualifier(const char *s, size_t i, size_t n)
{
	static const char *const qualifiers[] = { "const", "volatile", "&&", "&", "noexcept" };
	size_t k;

	for (k = 0; k < sizeof(qualifiers) / sizeof(qualifiers[0]); k++) {
		size_t len = strlen(qualifiers[k]);

		if (i + 1 + len < n && !memcmp(s + i + 1, qualifiers[k], len) &&
		    (s[i + 1 + len] == ':' || (s[i + 1 + len] == ' ' && is_inner_qualifier(s, i + 1 + len, n))))
			return true;
	}
	return false;
}

/* Where the last operator's name begins, n if there is none. */
static size_t operator_at(const char *s, size_t n)
{
	static const char word[] = "operator";
	size_t i, len = sizeof(word) - 1;

	for (i = n; i-- > 0;)
		if (i + len < n && !memcmp(s + i, word, len) && !is_word(s[i + len]) && (!i || !is_word(s[i - 1])))
			return i;
	return n;
}

const char *pretty__name(const char *signature, size_t *ret_size)
{
	size_t whole = strlen(signature), n = whole, i, from, op;
	const char *lambda, *s = signature;
	int depth = 0;

	*ret_size = whole;
	if (n && s[n - 1] == ']') { /* " [with T = int]" */
		i = opening(s, n, '[', ']');
		if (i < n && i && s[i - 1] == ' ')
			n = i - 1;
	}
	lambda = strstr(s, "::<lambda");
	if (lambda && lambda < s + n && s[n - 1] == '>') {
		*ret_size = n;
		return s;
	}
	n = drop_qualifiers(s, n);
	if (!n || s[n - 1] != ')')
		return s;
	n = opening(s, n, '(', ')');
	if (!n || s[n - 1] == '(' || s[n - 1] == ' ' || (s[n - 1] == ')' && !ends_with(s, n, "operator()")))
		return s; /* such as void (*f(int))(int) */

	/* Behind "operator" brackets are no brackets, and spaces may belong to a type. */
	op = operator_at(s, n);
	for (from = op; from > 0; from--) {
		char c = s[from - 1];

		if (is_close(s, from - 1))
			depth++;
		else if (is_open(c) && --depth < 0)
			return s;
		if (c == ' ' && !depth && !is_inner_qualifier(s, from - 1, n))
			break;
	}
	if (depth)
		return s;
	while (from < n && (s[from] == '*' || s[from] == '&'))
		from++;
	if (op == n && s[n - 1] == '>') { /* the name's own template arguments */
		i = opening(s, n, '<', '>');
		if (i < n && i > from && is_word(s[i - 1]))
			n = i;
	}
	if (from >= n)
		return s;
	*ret_size = n - from;
	return s + from;
}
