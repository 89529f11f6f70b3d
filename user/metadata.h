/* SPDX-License-Identifier: BSD-2-Clause */
/* metadata: what a trace says about itself, as a JSON object. Knows no BPF and no records. */
#ifndef VIZTRACE_METADATA_H
#define VIZTRACE_METADATA_H

#include "write/json.h"
#include "report.h"
#include "attach/processes.h"

#define METADATA_FILES 16 /* of those with probes; the head of a file has limited room */

#define METADATA_REFUSED 4 /* of those that could not be attached to */
#define METADATA_SILENT 2  /* of what was not switched on */

/* Of what there is a trace. */
struct metadata_sources {
	const struct process_description *processes;
	size_t n_processes;
	const struct binary *files[METADATA_FILES];
	size_t n_files;
	const struct processes_silent *silent;
	size_t n_silent;
	uint64_t astray; /* times something else of the targets may have been written to */
};

/* All of that. */
void metadata__find_sources(struct metadata_sources *ret, const struct processes *p);

/* Into `j`, which the caller initialised. The command line is cut if it would not leave room in the file's head. */
void metadata__write(struct json *j, const struct report *r, const struct metadata_sources *of, int argc, char **argv);

/* Parts of it, as members of the object that is being made: who wrote this; on which clock and whose, from when to
 * when. */
void metadata__put_tool(struct json *j);
void metadata__put_times(struct json *j, const struct report *r);

#endif
