/* SPDX-License-Identifier: BSD-2-Clause */
/* formats: what a trace can be written as. Each of these is a file of its own, and stands in the table of formats.c. */
#ifndef VIZTRACE_FORMATS_H
#define VIZTRACE_FORMATS_H

#include "sinks.h"

/* All that there are, up to a NULL; the first one is the default. */
extern const struct format *const formats[];

/* By its name, or by the end of a file's name; NULL: there is no such one. */
const struct format *format__named(const char *name);
const struct format *format__of_path(const char *path);

extern const struct format format_chrome, format_perfetto, format_rows;

#endif
