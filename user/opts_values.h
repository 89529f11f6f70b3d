/* SPDX-License-Identifier: BSD-2-Clause */
/* opts_values: what one option's value means. 0 and *ret, or -EINVAL: `error` (of `size` bytes) says what is wrong. */
#ifndef VIZTRACE_OPTS_VALUES_H
#define VIZTRACE_OPTS_VALUES_H

#include "opts.h"

/* A time with its unit, from ns to s: ns, also negative, or NAN if it is none. */
double opts_values__ns(const char *text);

/* Digits and nothing else, from `min` to `max`; false: *ret is as it was. */
bool opts_values__number(uint64_t *ret, const char *text, uint64_t min, uint64_t max);

int opts_values__size(uint64_t *ret, const char *name, const char *text, char *error, size_t size);
int opts_values__ring_size(uint64_t *ret, const char *text, char *error, size_t size);
int opts_values__memory(uint64_t *ret, const char *text, char *error, size_t size);
int opts_values__duration(double *ret, const char *text, char *error, size_t size);
int opts_values__min_duration(uint64_t *ret, const char *text, char *error, size_t size);
int opts_values__start_at(uint64_t *ret, const char *text, char *error, size_t size); /* s */
int opts_values__depth(uint64_t *ret, const char *text, char *error, size_t size);
int opts_values__every(uint64_t *ret, const char *text, char *error, size_t size);
int opts_values__rate(uint64_t *ret, const char *text, char *error, size_t size); /* the time between two of them, ns */
int opts_values__site(enum site *ret, const char *text, char *error, size_t size);
int opts_values__collect(enum collect_way *ret, const char *text, char *error, size_t size);

#endif
