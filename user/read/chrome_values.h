/* SPDX-License-Identifier: BSD-2-Clause */
/* chrome_values: parsed JSON in, values out, which point into it. */
#ifndef VIZTRACE_CHROME_VALUES_H
#define VIZTRACE_CHROME_VALUES_H

#include <jansson.h>

#include "values.h"

/*
 * The members of `object` at the end of `ret`. `named`: NULL, or the same object with names that were not changed for
 * the sake of viewers, which are taken. 0; -EINVAL: it is no object, or deeper than VALUES_DEPTH; -ENOMEM.
 */
int chrome_values__read(struct values *ret, const json_t *object, const json_t *named);

#endif
