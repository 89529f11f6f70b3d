/* SPDX-License-Identifier: BSD-2-Clause */
/* opts: the command line in, one struct out. The caller owns it and passes on what a stage needs. */
#ifndef VIZTRACE_OPTS_H
#define VIZTRACE_OPTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "answers/checks.h"
#include "answers/triggers.h"
#include "common/exit_code.h"
#include "common/patterns.h"
#include "common/site.h"
#include "write/formats.h"

#define MEMORY (256u << 20) /* the default for what the targets invent: some 400,000 objects and as many tracks */
#define MEMORY_MIN (4u << 20)
#define EVERY_MAX 1000000000u
#define MIN_DURATION_MAX 1000000000ull /* of --min-duration, ns: that much is held in memory */
#define START_AT_MAX 3600              /* of --start-at, s */
#define MAX_DEPTH 200000               /* of --max-depth */
#define KEEP_BYTES (128u << 20)        /* the default: some 6 million events */
#define KEEP_BYTES_MIN (1u << 20)
#define AT_MOST 10                   /* the default of --at-most */
#define AGAIN_AFTER 10000000000ull   /* ns, of --again-after */
#define MAX_SIZE_WARN (256ull << 20) /* viewers in a browser begin to fail here */

/* How events come: each by a trap of its own, or many at once (viztrace.h) where that can be done. */
enum collect_way { COLLECT_AUTO, COLLECT_BATCH, COLLECT_TRAP, COLLECT_WAYS };

enum command {
	COMMAND_TRACE,
	COMMAND_LIST,
	COMMAND_CTL,
	COMMAND_DOCTOR,
	COMMAND_OPEN,
	COMMAND_REPORT,
	COMMAND_CHECK,
	COMMAND_CONVERT,
	COMMAND_MERGE,
	COMMAND_SCHEMA,
	COMMAND_TOP, /* traces, too */
	COMMANDS
};

#define OUTPUTS_MAX (SINKS_MAX - 2) /* and one that answers, and one that is looked at */

/* --report: what is told on stdout at the end. */
enum report_form { REPORT_NONE, REPORT_TEXT, REPORT_JSON };

struct opts_output {
	const char *path;
	const struct format *format;
};

/* --offset FILE=+5ms: as it was given, and how much that is. */
struct opts_offset {
	const char *text;
	int64_t ns;
};

/* --config: a file, and its lines as words: "--keep=10s". */
struct opts_config {
	const char *path; /* NULL: there is none */
	char **words;
	unsigned *lines; /* that each of them is in */
	size_t n;
};

struct opts {
	enum command command;
	struct opts_config config;
	pid_t *pids; /* -p, each once */
	size_t n_pids;
	const char *program;      /* -x: trace whatever runs this file; NULL */
	char *const *argv;        /* -- CMD ARGS; NULL */
	const char *user;         /* --user: who runs it */
	bool follow;              /* -f: what they fork and exec, too */
	const char *file;         /* list, open, report, check, convert FILE */
	const char *const *files; /* merge FILE... */
	size_t n_files;
	struct opts_offset *offsets; /* --offset */
	size_t n_offsets;
	uint64_t keep_bytes;      /* --keep: the bound of what is kept; 0: nothing is */
	uint64_t keep_time;       /* ns: what is older is not kept; 0: all that has room is */
	const char *dump_to;      /* the folder of dumps; NULL: where we are */
	const char *on_dump;      /* a command for sh; NULL */
	uint64_t after;           /* ns that a trigger's dump goes on */
	uint64_t split;           /* ns: all is dumped, in pieces of so long; 0: nothing is by itself */
	uint64_t split_bytes;     /* or in pieces of about so many; 0: as many as there are */
	uint64_t max_files;       /* so many pieces stay; 0: all */
	struct triggers triggers; /* --when, --at-most, --again-after */
	const struct format *dump_format;
	const char *dump; /* ctl --dump: for what; "": not said; NULL: no dump */
	struct opts_output outputs[OUTPUTS_MAX];
	bool no_output; /* -o none: there is none */
	enum report_form report;
	struct checks checks; /* --check, --checks */
	bool json;            /* report, check: as JSON */
	bool once;            /* top: one table, and no screen */
	size_t n_outputs;  /* else 1 at least: its path may be NULL, which is viztrace-PID.json or viztrace-PROGRAM.json
			    */
	double duration;   /* seconds; 0: until it is stopped */
	uint64_t start_at; /* s: begin when the time of day is divided by this; 0: at once */
	uint64_t ring_size;    /* bytes of the ring buffer of each CPU, a power of two; 0: not given */
	bool no_faults;        /* --no-page-faults */
	uint64_t memory;       /* bytes for what the targets invent */
	uint64_t max_size;     /* bytes of the trace at which it is ended; 0: no limit */
	uint64_t min_duration; /* ns: shorter slices are not shown; 0: all are */
	uint64_t every;        /* of each object only each so many-th report is shown; 0: all */
	uint64_t period;       /* ns, of each object only one report in that time; 0: all */
	uint64_t max_depth;    /* slices inside of as many others are not shown; 0: not given */
	enum site site;
	enum collect_way collect;
	struct rules rules; /* what to show; ctl: what to add */
	bool clear, show;   /* ctl */
	bool fail_on_loss;
	bool open;    /* the trace in a browser, when it is whole */
	bool no_wait; /* for probes that a process may load later */
	bool quiet, verbose;
};

/* What the command line says wins over what the file of its --config says, or adds to it. Can be called again, for what
 * that says by then.
 * 0: *ret is filled. 1: --help or --version was answered on stdout. -EINVAL: `ret_error` (of `size` bytes) says what is
 * wrong. -EBADMSG: the same, but in several lines, and nothing in it needs escaping. */
int opts__parse(struct opts *ret, int argc, char **argv, char *ret_error, size_t size);

/* Is there something to tell on stdout at the end? */
static inline bool opts__ask(const struct opts *o)
{
	return o->report || o->checks.n;
}

/* Are the last records kept, and nothing is written? */
static inline bool opts__keep(const struct opts *o)
{
	return o->keep_bytes;
}

/* Are processes traced? */
static inline bool opts__trace(const struct opts *o)
{
	return o->command == COMMAND_TRACE || o->command == COMMAND_TOP;
}

void opts__clear(struct opts *o);

#endif
