/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * jsontext: JSON text from the target in, the same by our own rules out. The text is untrusted: it is parsed
 * whole before any of it is written, and nothing is written if it is not valid.
 */
#ifndef VIZTRACE_JSONTEXT_H
#define VIZTRACE_JSONTEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "json.h"

#define JSONTEXT_MAX_SIZE (1 << 20)
#define JSONTEXT_MAX_DEPTH 32 /* of lists and dicts in each other */

struct jsontext_rules {
	bool rename_id;     /* no key may be "id": it becomes "id_", or with more of them if that is taken */
	bool empty_as_text; /* null, {} and [] become strings */
};

struct jsontext_stats {
	uint64_t renamed; /* keys */
	uint64_t quoted;  /* numbers too large for an int64 or a double: strings now */
};

/* Append `text` as one value. 0, or -EINVAL if it is not JSON, too long or too deep. Adds to *stats. */
int jsontext__write(struct json *j, const char *text, size_t size, const struct jsontext_rules *rules,
		    struct jsontext_stats *stats);

#endif
