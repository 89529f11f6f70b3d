/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * doctor: the command that tells whether this machine can be traced on, and if not, the one thing that stops it and
 * what mends that. It believes what it has tried, with the tool's own means or with single calls (trial.h); files that
 * describe the machine only explain a failure.
 */
#ifndef VIZTRACE_DOCTOR_H
#define VIZTRACE_DOCTOR_H

#include "opts.h"

enum exit_code doctor__run(const struct opts *o);

#endif
