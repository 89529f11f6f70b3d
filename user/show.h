/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * show: a trace file in, a browser that shows it out: with the trace viewer of Debian's Go sources if that is
 * installed, else with Perfetto's page. The file is served on the loopback address, under a name that nobody can guess,
 * until a browser has it. Knows files, HTTP's little and nothing of traces.
 */
#ifndef VIZTRACE_SHOW_H
#define VIZTRACE_SHOW_H

#include "opts.h"

/* The command `open FILE`. */
enum exit_code show__run(const struct opts *o);

/* The same for --open, by a process with the rights of who called sudo; returns when the browser has it. What fails is
 * said, and does no harm to the trace. */
void show__for_caller(const char *path);

#endif
