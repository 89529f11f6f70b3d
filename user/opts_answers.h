/* SPDX-License-Identifier: BSD-2-Clause */
/* opts_answers: what the command line says of --report and --check. A part of opts.c; nobody else includes this. */
#ifndef VIZTRACE_OPTS_ANSWERS_H
#define VIZTRACE_OPTS_ANSWERS_H

#include "opts.h"

/* They return what opts__parse() does, 0 for a success. */

/* --report[=FORM]; `form` may be NULL. */
int opts_answers__form(struct opts *o, const char *form, char *ret_error, size_t size);

/* --check EXPR. */
int opts_answers__check(struct opts *o, const char *text, char *ret_error, size_t size);

/* --checks FILE: an expression in each line; # begins a comment. */
int opts_answers__checks(struct opts *o, const char *path, char *ret_error, size_t size);

/* All of it together. `command`: its name, or NULL. */
int opts_answers__are_right(struct opts *o, const char *command, char *ret_error, size_t size);

/* An expression is wrong at byte `at`: three lines with what that is, the expression, a mark under the place. `where`:
 * what comes before that. -EBADMSG or -EINVAL. */
int opts_answers__explain(const char *where, const char *text, const char *what, size_t at, char *error, size_t size);

#endif
