/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * sinks: what stands behind the model's door (trace_ops): one or several at a time, each a format and, with most, the
 * file that it writes. What the model says goes to each of them, and each has a beginning, an end and an error of its
 * own: when the disk of one is full the others go on.
 *
 * A new format, or anything else that consumes a trace, is a `struct format` in the table of formats.c. It knows the
 * model's calls and its own bytes, and no stage before it knows of it.
 */
#ifndef VIZTRACE_SINKS_H
#define VIZTRACE_SINKS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../common/caller.h"
#include "../model/trace.h"
#include "output.h"

#define SINKS_MAX 6

/* The books so far, by probe. */
struct trace_counts {
	uint64_t seen, written, filtered, lost;
};
struct trace_account {
	struct trace_counts probes[EVENT_PROBES];
};

struct format {
	const char *name;            /* of --format */
	const char *suffix;          /* of its files, as ".json" */
	const char *what;            /* a few words for --help */
	const char *viewers;         /* where its files are opened; NULL: nowhere */
	const struct trace_ops *ops; /* with what begin() gave as the writer */

	/* 0 or -errno. `out` outlives the writer; NULL for what writes no file. */
	int (*begin)(void **ret_writer, struct output *out, const struct trace_start *start);

	/* Now and then; NULL: the end is enough. 0 or -errno. */
	int (*account)(void *writer, uint64_t ts, const struct trace_account *account);

	/* The end; `metadata` is a JSON object. 0 or -errno. */
	int (*finish)(void *writer, const char *metadata, size_t size);

	/* Texts that were meant to be JSON and are none; NULL: it does not look. */
	uint64_t (*invalid_json)(const void *writer);

	void (*free)(void *writer);
};

struct sink {
	const struct format *format;
	char *path;            /* NULL: it writes no file, and `output` stays NULL */
	enum output_kind kind; /* OUTPUT_FILE: nobody has named the path */
	struct output *output; /* NULL: not opened yet */
	void *writer;          /* NULL: not begun yet */
	int error;             /* its first one: nothing is written to it from then on */
	bool told;             /* for the caller: somebody was told of the error */
};

/* All zeros is an empty set. */
struct sinks {
	struct sink list[SINKS_MAX];
	size_t n;
};

/* `path` is NULL for what writes no file. 0, -ENOMEM, or -E2BIG for more than SINKS_MAX. Nothing is opened yet. */
int sinks__add(struct sinks *s, const struct format *format, const char *path);

/* See output__open(). 0 or -errno. */
int sink__open(struct sink *k, struct caller owner);

/* All are open: the formats begin. 0 or -errno; the sink has it, too. */
int sinks__begin(struct sinks *s, const struct trace_start *start);

/* For model__new(), with the set as the writer. A call returns 0 as long as one sink has no error, else the error of
 * the first one. */
extern const struct trace_ops sinks_ops;

/* Does any of them want the books now and then? And here they are, `ts` ns after the beginning. The same errors. */
bool sinks__take_accounts(const struct sinks *s);
int sinks__account(struct sinks *s, uint64_t ts, const struct trace_account *account);

/* What was written may be looked at by now. The same errors. */
int sinks__flush(struct sinks *s);

/* Bytes of the largest file so far. */
uint64_t sinks__size(const struct sinks *s);

uint64_t sinks__invalid_json(const struct sinks *s);

/* Has any of them an error? */
bool sinks__failed(const struct sinks *s);

/* Each that has no error is finished. The first error of all, or 0. */
int sinks__finish(struct sinks *s, const char *metadata, size_t size);

/* The writers, and then the files. */
void sinks__free_writers(struct sinks *s);
void sinks__free(struct sinks *s);

#endif
