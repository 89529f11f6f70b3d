/* SPDX-License-Identifier: BSD-2-Clause */
/* summary: what a trace came to, for people, on stderr. Knows numbers only. */
#ifndef VIZTRACE_SUMMARY_H
#define VIZTRACE_SUMMARY_H

#include "report.h"

/* While it runs, on a terminal. `rate` is events per second. */
void summary__status(double seconds, uint64_t events, double rate, uint64_t lost, uint64_t bytes);

/* At the end; `complete` if the file is. */
void summary__print(const struct report *r, const char *path, bool complete, uint64_t ring_size);

#endif
