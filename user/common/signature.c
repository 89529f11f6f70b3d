/* SPDX-License-Identifier: BSD-2-Clause */
#include "signature.h"

#include <ctype.h>
#include <string.h>

bool piece__is(struct piece p, const char *text)
{
	return strlen(text) == p.n && !memcmp(p.s, text, p.n);
}

bool piece__starts(struct piece p, const char *text)
{
	size_t n = strlen(text);

	return n <= p.n && !memcmp(p.s, text, n);
}

bool piece__is_word(char c)
{
	return isalnum((unsigned char)c) || c == '_' || (unsigned char)c >= 0x80;
}

struct piece piece__from(struct piece p, size_t from)
{
	if (from > p.n)
		from = p.n;
	return (struct piece){ p.s + from, p.n - from };
}

struct piece piece__trim(struct piece p)
{
	while (p.n && p.s[0] == ' ')
		p = piece__from(p, 1);
	while (p.n && p.s[p.n - 1] == ' ')
		p.n--;
	return p;
}

static bool is_open(char c)
{
	return c == '(' || c == '<' || c == '[' || c == '{';
}

/* Of "->" the '>' closes nothing. */
static bool is_close(struct piece p, size_t i)
{
	char c = p.s[i];

	return c == ')' || c == ']' || c == '}' || (c == '>' && !(i && p.s[i - 1] == '-'));
}

/* 'x', '\'' or "text" */
static size_t skip_quotation(struct piece p, size_t i)
{
	const char quote = p.s[i++];

	for (; i < p.n; i++) {
		if (p.s[i] == '\\')
			i++;
		else if (p.s[i] == quote)
			return i + 1;
	}
	return p.n;
}

size_t piece__skip(struct piece p, size_t i)
{
	size_t depth = 0;

	while (i < p.n) {
		char c = p.s[i];

		if (c == '\'' || c == '"') {
			i = skip_quotation(p, i);
		} else {
			if (is_open(c))
				depth++;
			else if (is_close(p, i) && depth)
				depth--;
			i++;
		}
		if (!depth)
			return i;
	}
	return p.n;
}

struct piece piece__split(struct piece *rest, char separator)
{
	struct piece whole = *rest;
	size_t i = 0;

	while (i < whole.n && whole.s[i] != separator)
		i = piece__skip(whole, i);
	*rest = piece__from(whole, i + 1);
	return piece__trim((struct piece){ whole.s, i < whole.n ? i : whole.n });
}

/* "const int N = 2", "T = int": the word before the first " = ", unless it is another name of a type. */
static bool parse_binding(struct piece p, struct binding *ret)
{
	size_t i = 0, from;

	while (i + 3 <= p.n && memcmp(p.s + i, " = ", 3) != 0)
		i = piece__skip(p, i);
	if (i + 3 > p.n)
		return false;
	from = i;
	while (from && p.s[from - 1] != ' ')
		from--;
	*ret = (struct binding){ .key = { p.s + from, i - from }, .value = piece__trim(piece__from(p, i + 3)) };
	return ret->key.n && ret->value.n;
}

/* gcc explains typedefs as well: "std::string = ...", "size_t = long unsigned int". */
static bool is_typedef(struct piece key)
{
	return memchr(key.s, ':', key.n) ? !piece__starts(key, "auto:") :
					   key.n > 2 && !memcmp(key.s + key.n - 2, "_t", 2);
}

void bindings__take(struct bindings *b, struct piece *signature)
{
	struct piece p = *signature, list;
	size_t i = p.n, depth = 0;

	memset(b, 0, sizeof(*b));
	if (!p.n || p.s[p.n - 1] != ']')
		return;
	while (i-- > 0) {
		if (p.s[i] == ']')
			depth++;
		else if (p.s[i] == '[' && --depth == 0)
			break;
	}
	if (i == (size_t)-1 || !i || p.s[i - 1] != ' ')
		return;
	list = (struct piece){ p.s + i + 1, p.n - i - 2 };
	signature->n = i - 1;
	b->of_gcc = piece__starts(list, "with ");
	if (b->of_gcc)
		list = piece__from(list, 5);
	while (list.n && b->n < SIGNATURE_BINDINGS) {
		struct piece one = piece__split(&list, b->of_gcc ? ';' : ',');

		if (parse_binding(one, &b->list[b->n]) && !(b->of_gcc && is_typedef(b->list[b->n].key)))
			b->n++;
	}
}

/* ---- Notation ---- */

void notation__raw(struct notation *o, struct piece p)
{
	if (o->full || p.n >= o->room - o->size) {
		o->full = true;
		return;
	}
	memcpy(o->data + o->size, p.s, p.n);
	o->size += p.n;
}

static void put(struct notation *o, const char *text)
{
	notation__raw(o, (struct piece){ text, strlen(text) });
}

/* Two words need a space between them. */
static void put_word(struct notation *o, struct piece word)
{
	if (o->size && piece__is_word(o->data[o->size - 1]))
		put(o, " ");
	notation__raw(o, word);
}

static struct piece word_at(struct piece p, size_t i)
{
	size_t end = i;

	while (end < p.n && piece__is_word(p.s[end]))
		end++;
	return (struct piece){ p.s + i, end - i };
}

enum { INT, LONG, SHORT, UNSIGNED, SIGNED, CHAR, INTEGER_WORDS };

/* "long unsigned int" and "unsigned long" are one type; returns where the words of it end, `i` if there is none. */
static size_t put_integer(struct notation *o, struct piece p, size_t i)
{
	static const char *const known[INTEGER_WORDS] = { "int", "long", "short", "unsigned", "signed", "char" };
	static const int order[] = { UNSIGNED, SIGNED, LONG, LONG, SHORT, CHAR, INT };
	unsigned n[INTEGER_WORDS] = { 0 };
	size_t end = i, at = i, k;

	while (at < p.n) {
		struct piece word = word_at(p, at);

		for (k = 0; k < INTEGER_WORDS && !piece__is(word, known[k]); k++)
			;
		if (k == INTEGER_WORDS)
			break;
		n[k]++;
		end = at = at + word.n;
		while (at < p.n && p.s[at] == ' ')
			at++;
	}
	if (end == i)
		return i;
	n[SIGNED] = n[SIGNED] && n[CHAR];
	n[INT] = !n[LONG] && !n[SHORT] && !n[CHAR];
	for (k = 0; k < sizeof(order) / sizeof(order[0]); k++) {
		if (!n[order[k]])
			continue;
		n[order[k]]--;
		put_word(o, (struct piece){ known[order[k]], strlen(known[order[k]]) });
	}
	return end;
}

/* The value of a key; of a pack "{int, char}" what is inside. NULL: it is no key. */
static struct binding *bound(struct bindings *b, struct piece key)
{
	for (size_t i = 0; b && b->of_gcc && i < b->n; i++)
		if (b->list[i].key.n == key.n && !memcmp(b->list[i].key.s, key.s, key.n))
			return &b->list[i];
	return NULL;
}

static void put_bound(struct notation *o, struct binding *binding)
{
	struct piece value = binding->value;

	binding->is_used = true;
	if (value.s[0] == '{' && piece__skip(value, 0) == value.n && !piece__starts(value, "{anonymous}"))
		value = (struct piece){ value.s + 1, value.n - 2 };
	if (o->size && piece__is_word(o->data[o->size - 1]) && value.n && piece__is_word(value.s[0]))
		put(o, " ");
	notation__type(o, value, NULL);
}

bool piece__is_default(struct piece p)
{
	static const char *const names[] = { "allocator<", "char_traits<", "default_delete<",
					     "less<",      "equal_to<",    "hash<" };
	size_t i;

	p = piece__trim(p);
	if (!piece__starts(p, "std::"))
		return false;
	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (piece__starts(piece__from(p, 5), names[i]))
			return true;
	return false;
}

/* Inline namespaces of the C++ libraries: "__cxx11::" and "__1::". */
static size_t skip_version(struct piece p, size_t i)
{
	struct piece rest = piece__from(p, i);

	return piece__starts(rest, "__cxx11::") ? 9 : piece__starts(rest, "__1::") ? 5 : 0;
}

/* "(lambda at /home/me/app.cc:3:7)": where it is built is nobody's business. */
static size_t put_lambda_at(struct notation *o, struct piece p, size_t i)
{
	size_t end = piece__skip(p, i), from;
	struct piece inner = { p.s + i + 1, end - i - 2 };

	for (from = inner.n; from && inner.s[from - 1] != '/'; from--)
		;
	put(o, "<lambda at ");
	notation__raw(o, from ? piece__from(inner, from) : piece__from(inner, sizeof("lambda at ") - 1));
	put(o, ">");
	return end;
}

/* A word and what belongs to it; returns where it ends. */
static size_t put_words(struct notation *o, struct piece p, size_t i, struct bindings *b)
{
	const bool is_member = i >= 2 && p.s[i - 1] == ':';
	struct piece word = word_at(p, i);
	size_t end = i + word.n;
	struct binding *binding;

	/* gcc numbers them: "auto:11" */
	if (piece__is(word, "auto") && end + 1 < p.n && p.s[end] == ':' && p.s[end + 1] != ':')
		word.n = word_at(p, end + 1).n + 5;
	binding = is_member ? NULL : bound(b, word);
	if (binding) {
		put_bound(o, binding);
		return i + word.n;
	}
	end = is_member ? i : put_integer(o, p, i);
	if (end > i)
		return end;
	put_word(o, word);
	return i + word.n;
}

/* How long the argument is, if it is one that can be left away. */
static size_t skip_default(struct piece p, struct bindings *b)
{
	size_t end = 0;
	struct binding *binding;
	struct piece arg;

	while (end < p.n && p.s[end] != ',' && p.s[end] != '>')
		end = piece__skip(p, end);
	arg = piece__trim((struct piece){ p.s, end < p.n ? end : p.n });
	binding = bound(b, arg);
	if (!piece__is_default(binding ? binding->value : arg))
		return 0;
	if (binding)
		binding->is_used = true;
	return end;
}

void notation__type(struct notation *o, struct piece p, struct bindings *b)
{
	size_t i = 0, end;

	while (i < p.n && !o->full) {
		struct piece rest = piece__from(p, i);
		char c = p.s[i];

		if (piece__is_word(c)) {
			end = skip_version(p, i);
			i = end ? i + end : put_words(o, p, i, b);
		} else if (c == ' ' || piece__starts(rest, "...")) {
			i += c == ' ' ? 1 : 3; /* of a pack the elements are there */
		} else if (c == '\'' || c == '"') {
			end = piece__skip(p, i);
			notation__raw(o, (struct piece){ rest.s, end - i });
			i = end;
		} else if (piece__starts(rest, "{anonymous}")) {
			put(o, "(anonymous namespace)");
			i += sizeof("{anonymous}") - 1;
		} else if (piece__starts(rest, "(lambda at ")) {
			i = put_lambda_at(o, p, i);
		} else if (c == ',' && (end = skip_default(piece__from(p, i + 1), b))) {
			i += 1 + end;
		} else {
			notation__raw(o, (struct piece){ rest.s, 1 });
			if (c == ',')
				put(o, " ");
			i++;
		}
	}
}
