/* SPDX-License-Identifier: BSD-2-Clause */
/* ctl: the command that changes the filters of a running trace. */
#ifndef VIZTRACE_CTL_H
#define VIZTRACE_CTL_H

#include "opts.h"

enum exit_code ctl__run(const struct opts *o);

#endif
