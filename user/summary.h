/* SPDX-License-Identifier: BSD-2-Clause */
/* summary: what a trace came to, for people, on stderr. */
#ifndef VIZTRACE_SUMMARY_H
#define VIZTRACE_SUMMARY_H

#include "attach/processes.h"
#include "opts.h"
#include "report.h"
#include "write/sinks.h"

/* What is traced, in a few words; `control_pid` is by which `ctl` finds us. */
void summary__what(char *ret, size_t size, const struct opts *o, const struct processes *processes, pid_t control_pid);

void summary__begin(const struct opts *o, const struct processes *processes, pid_t control_pid);

/* While it runs, on a terminal. `rate` is events per second. */
void summary__status(double seconds, uint64_t events, double rate, uint64_t lost, uint64_t bytes);

/* At the end. */
void summary__print(const struct report *r, const struct sinks *sinks, uint64_t ring_size, uint64_t memory);

/* An empty trace has a cause: says the most likely one, from what is known. `program`: of -x, or NULL. */
void summary__explain_nothing(const struct report *r, const struct processes *processes, const char *program);

#endif
