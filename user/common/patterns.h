/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * patterns: what the user wants to see, as shell patterns (*, ? and [...], which match a '.' too). Knows names only.
 *
 * `object` stands for all attributes of the objects that have this name or this tag, `object.attribute` for one.
 */
#ifndef VIZTRACE_PATTERNS_H
#define VIZTRACE_PATTERNS_H

#include <stdbool.h>
#include <stddef.h>

struct pattern {
	char *text;
	bool matched; /* something, ever */
};

/* All zeros is an empty list. */
struct patterns {
	struct pattern *list;
	size_t n;
};

/* 0 or -ENOMEM; what is there already is not added again. */
int patterns__add(struct patterns *p, const char *text);
int patterns__copy(struct patterns *to, const struct patterns *from);
void patterns__clear(struct patterns *p);

bool patterns__match(struct patterns *p, const char *name);
bool patterns__match_attribute(struct patterns *p, const char *name, const char *tag, const char *attribute);

/* The filter of a trace. */
enum rule_list { RULE_INCLUDE, RULE_EXCLUDE, RULE_METHODS, RULE_TRIGGER, RULE_NO_TRIGGER, RULE_LISTS };
extern const char *const rule_options[RULE_LISTS]; /* "--include", ... */

/* All zeros lets everything through that the app does. */
struct rules {
	struct patterns lists[RULE_LISTS];
	bool include_all; /* also what the app excluded; never what is private */
	bool no_methods;
	bool on_change;
};

int rules__copy(struct rules *to, const struct rules *from);

/* What `from` has in addition to what is there. 0 or -ENOMEM. */
int rules__add(struct rules *to, const struct rules *from);
void rules__clear(struct rules *r);
bool rules__are_empty(const struct rules *r); /* no pattern and no switch */

/* Calls `cb` with the option and the pattern of those that have matched nothing so far. */
void rules__unmatched(const struct rules *r, void (*cb)(const char *option, const char *pattern));

/* One option as in argv, `value` is NULL for one that takes none: "--include", "pool.*". 0, -ENOMEM, or -EINVAL: no
 * option of the filter, or its value is missing. */
int rules__set(struct rules *r, const char *option, const char *value);

/* A file of such options: one "include PATTERN" etc. on a line, or a pattern alone, which is included; # begins a
 * comment. 0, -errno, or -EINVAL and the number of the line. */
int rules__read_file(struct rules *r, const char *path, unsigned *ret_line);

#endif
