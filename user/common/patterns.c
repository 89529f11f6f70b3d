// SPDX-License-Identifier: BSD-2-Clause
/* patterns: see patterns.h. */
#include "patterns.h"

#include <errno.h>
#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *const rule_options[RULE_LISTS] = {
	[RULE_INCLUDE] = "--include",
	[RULE_EXCLUDE] = "--exclude",
	[RULE_METHODS] = "--methods",
	[RULE_TRIGGER] = "--trigger-on-change",
	[RULE_NO_TRIGGER] = "--no-trigger-on-change",
};

int patterns__add(struct patterns *p, const char *text)
{
	struct pattern *list;
	char *copy;

	for (size_t i = 0; i < p->n; i++)
		if (!strcmp(p->list[i].text, text))
			return 0;
	copy = strdup(text);
	list = copy ? realloc(p->list, (p->n + 1) * sizeof(*list)) : NULL;
	if (!list) {
		free(copy);
		return -ENOMEM;
	}
	p->list = list;
	p->list[p->n++] = (struct pattern){ .text = copy };
	return 0;
}

int patterns__copy(struct patterns *to, const struct patterns *from)
{
	int err = 0;

	for (size_t i = 0; !err && i < from->n; i++) {
		size_t n = to->n;

		err = patterns__add(to, from->list[i].text);
		if (to->n > n)
			to->list[n].matched = from->list[i].matched;
	}
	return err;
}

void patterns__clear(struct patterns *p)
{
	for (size_t i = 0; i < p->n; i++)
		free(p->list[i].text);
	free(p->list);
	memset(p, 0, sizeof(*p));
}

/* All of them, since each that matches something shall be known for it. */
bool patterns__match(struct patterns *p, const char *name)
{
	bool found = false;

	for (size_t i = 0; i < p->n; i++) {
		if (fnmatch(p->list[i].text, name, 0))
			continue;
		p->list[i].matched = true;
		found = true;
	}
	return found;
}

static bool match_joined(const char *pattern, const char *name, const char *attribute)
{
	char joined[1024];
	int n = snprintf(joined, sizeof(joined), "%s.%s", name, attribute);

	return n > 0 && (size_t)n < sizeof(joined) && !fnmatch(pattern, joined, 0);
}

bool patterns__match_attribute(struct patterns *p, const char *name, const char *tag, const char *attribute)
{
	bool found = false;

	for (size_t i = 0; i < p->n; i++) {
		const char *text = p->list[i].text;

		if (fnmatch(text, name, 0) && fnmatch(text, tag, 0) && !match_joined(text, name, attribute) &&
		    !match_joined(text, tag, attribute))
			continue;
		p->list[i].matched = true;
		found = true;
	}
	return found;
}

int rules__copy(struct rules *to, const struct rules *from)
{
	int err = 0;

	*to = (struct rules){ .include_all = from->include_all,
			      .no_methods = from->no_methods,
			      .on_change = from->on_change };
	for (int i = 0; !err && i < RULE_LISTS; i++)
		err = patterns__copy(&to->lists[i], &from->lists[i]);
	if (err)
		rules__clear(to);
	return err;
}

int rules__add(struct rules *to, const struct rules *from)
{
	int err = 0;

	for (int i = 0; !err && i < RULE_LISTS; i++)
		err = patterns__copy(&to->lists[i], &from->lists[i]);
	to->include_all |= from->include_all;
	to->no_methods |= from->no_methods;
	to->on_change |= from->on_change;
	return err;
}

void rules__unmatched(const struct rules *r, void (*cb)(const char *option, const char *pattern))
{
	for (int i = 0; i < RULE_LISTS; i++)
		for (size_t j = 0; j < r->lists[i].n; j++)
			if (!r->lists[i].list[j].matched && strcmp(r->lists[i].list[j].text, "*"))
				cb(rule_options[i], r->lists[i].list[j].text);
}

void rules__clear(struct rules *r)
{
	for (int i = 0; i < RULE_LISTS; i++)
		patterns__clear(&r->lists[i]);
	memset(r, 0, sizeof(*r));
}

bool rules__are_empty(const struct rules *r)
{
	for (int i = 0; i < RULE_LISTS; i++)
		if (r->lists[i].n)
			return false;
	return !r->include_all && !r->no_methods && !r->on_change;
}

int rules__set(struct rules *r, const char *option, const char *value)
{
	for (int i = 0; i < RULE_LISTS; i++)
		if (!strcmp(option, rule_options[i]))
			return value && *value ? patterns__add(&r->lists[i], value) : -EINVAL;
	if (value)
		return -EINVAL;
	if (!strcmp(option, "--include-all"))
		r->include_all = true;
	else if (!strcmp(option, "--no-methods"))
		r->no_methods = true;
	else if (!strcmp(option, "--on-change"))
		r->on_change = true;
	else
		return -EINVAL;
	return 0;
}

/* "exclude pool.load" is --exclude pool.load, "no-methods" is --no-methods, "pool*" is --include pool*. */
static int set_from_line(struct rules *r, char *line)
{
	char option[64] = "--", *word = line + strspn(line, " \t"), *value;
	size_t length;

	word[strcspn(word, "\r\n")] = 0;
	if (*word == '#' || !*word)
		return 0;
	length = strlen(word);
	while (length && (word[length - 1] == ' ' || word[length - 1] == '\t'))
		word[--length] = 0;
	value = word + strcspn(word, " \t");
	if (*value) {
		*value++ = 0;
		value += strspn(value, " \t");
	} else {
		value = NULL;
	}
	if (strlen(word) < sizeof(option) - 2) {
		strcat(option, word);
		if (!rules__set(r, option, value))
			return 0;
	}
	/* An option that lacks its pattern is no pattern. */
	for (int i = 0; i < RULE_LISTS; i++)
		if (!strcmp(option, rule_options[i]))
			return -EINVAL;
	return value ? -EINVAL : rules__set(r, rule_options[RULE_INCLUDE], word);
}

int rules__read_file(struct rules *r, const char *path, unsigned *ret_line)
{
	FILE *file = fopen(path, "re");
	char *line = NULL;
	unsigned number = 0;
	size_t size = 0;
	int err = 0;

	if (!file)
		return -errno;
	while (!err && getline(&line, &size, file) > 0) {
		number++;
		err = set_from_line(r, line);
	}
	if (!err && ferror(file))
		err = -errno;
	free(line);
	fclose(file);
	*ret_line = number;
	return err;
}
