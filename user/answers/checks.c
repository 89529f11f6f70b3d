// SPDX-License-Identifier: BSD-2-Clause
/* checks: see checks.h. From text to a check; what comes of it is in checks_evaluate.c. */
#include "checks.h"

#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static const char *const fns[CHECK_FNS] = {
	[CHECK_MAXIMUM] = "max", [CHECK_MINIMUM] = "min", [CHECK_MEAN] = "mean", [CHECK_LAST] = "last",
	[CHECK_COUNT] = "count", [CHECK_RATE] = "rate",   [CHECK_P50] = "p50",   [CHECK_P90] = "p90",
	[CHECK_P99] = "p99",     [CHECK_ALIVE] = "alive", [CHECK_LOST] = "lost", [CHECK_SILENT] = "silent",
};
/* The longer ones first. */
static const char *const ops[CHECK_OPS] = {
	[CHECK_LESS_EQUAL] = "<=", [CHECK_GREATER_EQUAL] = ">=", [CHECK_EQUAL] = "==",
	[CHECK_NOT_EQUAL] = "!=",  [CHECK_LESS] = "<",           [CHECK_GREATER] = ">",
};
static const struct {
	const char *name;
	enum check_kind kind;
	double factor;
} units[] = {
	{ "", CHECK_PLAIN, 1 },           { "K", CHECK_PLAIN, 1e3 },      { "M", CHECK_PLAIN, 1e6 },
	{ "Ki", CHECK_PLAIN, 1024 },      { "Mi", CHECK_PLAIN, 1 << 20 }, { "%", CHECK_SHARE, 0.01 },
	{ "ns", CHECK_TIME, 1 },          { "us", CHECK_TIME, 1e3 },      { "ms", CHECK_TIME, 1e6 },
	{ "s", CHECK_TIME, 1e9 },         { "/s", CHECK_PER_SECOND, 1 },  { "K/s", CHECK_PER_SECOND, 1e3 },
	{ "M/s", CHECK_PER_SECOND, 1e6 },
};

/* Where in the text we are, and what is wrong there. */
struct parser {
	const char *at;
	const char *what; /* NULL: nothing so far */
};

static void skip_space(struct parser *p)
{
	p->at += strspn(p->at, " ");
}

static void parse_fn(struct parser *p, enum check_fn *ret)
{
	size_t size = 0;

	skip_space(p);
	while (isalnum((unsigned char)p->at[size]))
		size++;
	for (int i = 0; i < CHECK_FNS; i++) {
		if (strlen(fns[i]) != size || strncmp(fns[i], p->at, size))
			continue;
		*ret = (enum check_fn)i;
		p->at += size;
		return;
	}
	p->what = "expected max, min, mean, last, count, rate, p50, p90, p99, alive, silent or lost";
}

/* To the bracket that ends it: a name may have pairs of them, as operator(). 0 or -ENOMEM. */
static int parse_pattern(struct parser *p, struct patterns *ret)
{
	const char *start;
	char *text;
	int open = 1, err;

	skip_space(p);
	if (*p->at != '(') {
		p->what = "expected what it is about, as (queue.depth)";
		return 0;
	}
	for (start = ++p->at; *p->at; p->at++) {
		open += (*p->at == '(') - (*p->at == ')');
		if (!open)
			break;
	}
	if (!*p->at || p->at == start) {
		p->what = *p->at ? "expected a pattern, as queue.depth or 'worker*'" : "expected a ')'";
		return 0;
	}
	text = strndup(start, (size_t)(p->at++ - start));
	err = text ? patterns__add(ret, text) : -ENOMEM;
	free(text);
	return err;
}

static void parse_op(struct parser *p, enum check_op *ret)
{
	skip_space(p);
	for (int i = 0; i < CHECK_OPS; i++) {
		if (strncmp(ops[i], p->at, strlen(ops[i])))
			continue;
		*ret = (enum check_op)i;
		p->at += strlen(ops[i]);
		return;
	}
	p->what = "expected one of < <= > >= == !=";
}

static void parse_number(struct parser *p, struct check *c)
{
	size_t size = 0;
	char *end;

	skip_space(p);
	/* strtod knows more: hexadecimal, inf, nan. */
	if (!isdigit((unsigned char)p->at[*p->at == '-']) ||
	    tolower((unsigned char)p->at[1 + (*p->at == '-')]) == 'x') {
		p->what = "expected a number, as 5 or 1.5ms";
		return;
	}
	c->limit = strtod(p->at, &end);
	if (!isfinite(c->limit)) {
		p->what = "this number is too large";
		return;
	}
	p->at = end;
	skip_space(p);
	size = strcspn(p->at, " ");
	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
		if (strlen(units[i].name) != size || strncmp(units[i].name, p->at, size))
			continue;
		c->kind = units[i].kind;
		c->limit *= units[i].factor;
		p->at += size;
		skip_space(p);
		if (*p->at)
			p->what = "expected the end";
		return;
	}
	p->what = "this unit is none of ns, us, ms, s, K, M, Ki, Mi, %, /s";
}

/* "broken": to the last quote. 0 or -ENOMEM. */
static int parse_text(struct parser *p, struct check *c)
{
	const char *start = p->at + 1, *end = strrchr(start, '"');

	c->kind = CHECK_TEXT;
	if (c->op != CHECK_EQUAL && c->op != CHECK_NOT_EQUAL) {
		p->what = "a text is == or !=";
	} else if (!end) {
		p->what = "expected a '\"' at the end";
		p->at += strlen(p->at);
	} else if (end[1 + strspn(end + 1, " ")]) {
		p->what = "expected the end";
		p->at = end + 1;
	} else {
		c->is = strndup(start, (size_t)(end - start));
		return c->is ? 0 : -ENOMEM;
	}
	return 0;
}

/* Of a name that has no bracket, as that is how all others begin. 0 or -ENOMEM. */
static int parse_each(struct parser *p, struct check *c)
{
	const char *start = p->at + strspn(p->at, " ");
	size_t size = strcspn(start, "<>=!"), name = size;
	char *text;
	int err;

	while (name && start[name - 1] == ' ')
		name--;
	c->fn = CHECK_EACH;
	text = strndup(start, name);
	err = text ? patterns__add(&c->pattern, text) : -ENOMEM;
	free(text);
	p->at = start + size;
	return err;
}

/* pattern op ... */
static bool is_each(const char *text)
{
	const char *start = text + strspn(text, " ");
	size_t size = strcspn(start, "<>=!("), name = size;

	while (name && start[name - 1] == ' ')
		name--;
	if (!name || !start[size] || start[size] == '(')
		return false;
	/* "max a" is one that lacks its brackets. */
	if (memchr(start, '.', name))
		return true;
	name = strcspn(start, " <>=!");
	for (int i = 0; i < CHECK_FNS; i++)
		if (strlen(fns[i]) == name && !strncmp(fns[i], start, name))
			return false;
	return true;
}

/* Is it a number of that kind? `p` is where its unit may be. */
static void check_kind(struct parser *p, const struct check *c)
{
	bool percentile = c->fn == CHECK_P50 || c->fn == CHECK_P90 || c->fn == CHECK_P99;

	if (c->fn == CHECK_EACH && c->kind == CHECK_TIME)
		p->what = "expected a number; max(NAME), p99(NAME) and others are measured in time";
	else if (c->fn == CHECK_EACH && c->kind != CHECK_PLAIN && c->kind != CHECK_TEXT)
		p->what = "expected a number without a unit";
	else if (c->fn == CHECK_SILENT && c->kind != CHECK_TIME)
		p->what = "expected a time, as 2s";
	else if (percentile && c->kind != CHECK_TIME)
		p->what = "expected a time, as 5ms";
	else if (c->kind == CHECK_TIME && !percentile && c->fn > CHECK_MEAN && c->fn != CHECK_SILENT)
		p->what = "this is not measured in time";
	else if (c->kind == CHECK_PER_SECOND && c->fn != CHECK_RATE)
		p->what = "only a rate is measured per second";
	else if (c->kind == CHECK_SHARE && c->fn >= CHECK_COUNT && c->fn != CHECK_LOST)
		p->what = "this is not measured in per cent";
}

/* All in front of the operator. 0 or -ENOMEM. */
static int parse_about(struct parser *p, struct check *c)
{
	if (is_each(p->at))
		return parse_each(p, c);
	parse_fn(p, &c->fn);
	return !p->what && c->fn != CHECK_LOST ? parse_pattern(p, &c->pattern) : 0;
}

static const char control[] =
	"\1\2\3\4\5\6\7\10\11\12\13\14\15\16\17\20\21\22\23\24\25\26\27\30\31\32\33\34\35\36\37\177";

static int parse(struct check *c, const char *text, const char **ret_what, size_t *ret_at)
{
	struct parser p = { .at = text };
	const char *number;
	int err = 0;

	if (strlen(text) >= CHECK_MAX)
		p.what = "it is longer than 255 bytes";
	else if (*(p.at = text + strcspn(text, control)))
		p.what = "it has a control character";
	else
		p.at = text;
	if (!p.what)
		err = parse_about(&p, c);
	if (!err && !p.what)
		parse_op(&p, &c->op);
	skip_space(&p);
	number = p.at;
	if (!err && !p.what && c->fn == CHECK_EACH && *p.at == '"')
		err = parse_text(&p, c);
	else if (!err && !p.what)
		parse_number(&p, c);
	if (!err && !p.what) {
		p.at = number;
		check_kind(&p, c);
	}
	*ret_what = p.what;
	*ret_at = (size_t)(p.at - text);
	return err ? err : p.what ? -EINVAL : 0;
}

void check__clear(struct check *c)
{
	patterns__clear(&c->pattern);
	free(c->text);
	free(c->is);
	free(c->wrong);
}

int checks__add(struct checks *c, const char *text, const char **ret_what, size_t *ret_at)
{
	struct check one = { 0 }, *more;
	int err = parse(&one, text, ret_what, ret_at);

	one.text = err ? NULL : strdup(text);
	more = one.text ? realloc(c->list, (c->n + 1) * sizeof(*more)) : NULL;
	if (!more) {
		check__clear(&one);
		return err ? err : -ENOMEM;
	}
	c->list = more;
	c->list[c->n++] = one;
	return 0;
}

void checks__clear(struct checks *c)
{
	for (size_t i = 0; i < c->n; i++)
		check__clear(&c->list[i]);
	free(c->list);
	*c = (struct checks){ 0 };
}
