/* SPDX-License-Identifier: BSD-2-Clause */
/* list: what can be traced in a file or a process, as text on stdout. */
#ifndef VIZTRACE_LIST_H
#define VIZTRACE_LIST_H

#include "opts.h"

enum exit_code list__run(const struct opts *o);

#endif
