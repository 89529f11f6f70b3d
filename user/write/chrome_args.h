/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * chrome_args: a tree of values in, the JSON object that holds them in an event out. It knows what viewers do
 * not take in there; it must not know of events.
 */
#ifndef VIZTRACE_CHROME_ARGS_H
#define VIZTRACE_CHROME_ARGS_H

#include <stddef.h>
#include <stdint.h>

#include "../common/event.h"
#include "json.h"

#define CHROME_ARGS_UNREADABLE "<unreadable>"

enum chrome_args_place {
	CHROME_ARGS_SNAPSHOT, /* args.snapshot of an object: some names are taken there */
	CHROME_ARGS_PLAIN,    /* args of anything else: Perfetto drops what is null or empty */
	CHROME_ARGS_EXACT,    /* what no viewer reads: all of it as it is */
};

struct chrome_args_stats {
	uint64_t invalid_json; /* JSON texts that were not JSON: shown as strings */
	uint64_t renamed;      /* attributes and keys whose name is taken: id, cat, base_type */
	uint64_t quoted;       /* numbers that are strings now: above INT64_MAX, NaN and infinity */
};

/* Append {"key": value, ...}; adds to *stats. Errors are left in `j`. */
void chrome_args__put(struct json *j, const struct value *values, size_t n_values, enum chrome_args_place place,
		      struct chrome_args_stats *stats);

#endif
