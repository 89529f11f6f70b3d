/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * perfetto_args: a tree of values in, debug annotations out. It knows what Perfetto does not take in there; it must
 * not know of events.
 */
#ifndef VIZTRACE_PERFETTO_ARGS_H
#define VIZTRACE_PERFETTO_ARGS_H

#include "../common/event.h"
#include "json.h"
#include "perfetto_names.h"
#include "proto.h"

struct perfetto_args {
	struct proto *to;
	struct perfetto_names *names;
	struct json text; /* a text that was meant to be JSON, by our rules */
	uint64_t invalid_json;
};

/* A field `field` for each of the trees. Errors are left in `to`. */
void perfetto_args__put(struct perfetto_args *a, uint32_t field, const struct value *values, size_t n_values);

/* A field `field` for each member of the JSON object. */
void perfetto_args__put_members(struct perfetto_args *a, uint32_t field, const char *object, size_t size);

/* One that is an address. */
void perfetto_args__put_address(struct perfetto_args *a, uint32_t field, const char *key, uint64_t address);

#endif
