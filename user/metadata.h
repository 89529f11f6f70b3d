/* SPDX-License-Identifier: BSD-2-Clause */
/* metadata: what a trace says about itself, as a JSON object. Knows no BPF and no records. */
#ifndef VIZTRACE_METADATA_H
#define VIZTRACE_METADATA_H

#include "json.h"
#include "session.h"
#include "target.h"

/* Into `j`, which the caller initialised. The command line is cut if it would not leave room in the file's head. */
void metadata__write(struct json *j, const struct session_report *r, const struct target *t, int argc, char **argv);

#endif
