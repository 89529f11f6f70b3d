/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * chrome_samples: all values of a counter in, the JSON object that holds them in an event out. A write
 * changes one value of many: of the counters written lately the text is kept, and that of the one value made
 * anew. It must not know of events.
 *
 *	kept    depth -3, load 0.5, used 7      {"depth":-3,"load":0.5,"used":7}
 *	new     depth -3, load 0.25, used 7     {"depth":-3,"load":0.25,"used":7}
 *	                                         ^ copied  ^ made      ^ copied
 */
#ifndef VIZTRACE_CHROME_SAMPLES_H
#define VIZTRACE_CHROME_SAMPLES_H

#include <stddef.h>
#include <stdint.h>

#include "../common/event.h"
#include "json.h"

#define CHROME_SAMPLES_KEPT 256 /* counters; some KiB each if they have many values */

struct chrome_samples {
	struct kept_text *kept[CHROME_SAMPLES_KEPT];
};

/* All zeros is an empty one. */
void chrome_samples__clear(struct chrome_samples *s);

/* Append {"key": value, ...}. `counter` and `set` stand for one set of keys, always the same. 0, or -EINVAL if a value
 * is no finite number, and no viewer takes it. Errors of memory are left in `j`. */
int chrome_samples__put(struct chrome_samples *s, struct json *j, uint64_t counter, uint32_t set,
			const struct value *values, size_t n_values);

#endif
