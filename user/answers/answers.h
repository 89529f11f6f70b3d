/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * answers: what a run came to, without a viewer. A sink beside the formats (or instead of them) that writes no file: it
 * keeps figures (stats.h), which are told at the end.
 */
#ifndef VIZTRACE_ANSWERS_H
#define VIZTRACE_ANSWERS_H

#include <stdio.h>

#include "../write/json.h"
#include "../write/sinks.h"
#include "stats.h"

extern const struct format format_answers;

/* The figures of the one that is in the set; NULL: there is none, or it has an error. */
struct stats *answers__of(const struct sinks *sinks);

/* What is known of the run besides. */
struct answers_run {
	uint64_t duration;    /* ns */
	uint64_t seen;        /* events, */
	uint64_t lost;        /* of which these are in no figure, */
	bool lost_is_unknown; /* unless nobody knows */
	uint64_t forgotten;   /* objects, to make room for others: when they report again they are found once more */
};

/* As tables, for people. */
void report_text__print(FILE *to, const struct stats *s, const struct answers_run *run);

/* The same as members of the object that is open in `j`. */
void report_json__put(struct json *j, const struct stats *s, const struct answers_run *run);

#endif
