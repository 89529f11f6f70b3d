/* SPDX-License-Identifier: BSD-2-Clause */
/* outputs: what the command line says of where the trace goes, as sinks; and what there is to say if it does not. */
#ifndef VIZTRACE_OUTPUTS_H
#define VIZTRACE_OUTPUTS_H

#include <sys/types.h>

#include "opts.h"
#include "write/sinks.h"

/* `pid` gives its name to the default one. The last one is who answers at the end, if somebody asked. */
enum exit_code outputs__name(struct sinks *s, const struct opts *o, pid_t pid);

/* Does one of them wait until somebody reads it? */
bool outputs__wait(const struct sinks *s);

/* Those that do, or all that are not open yet. What goes wrong is said. */
enum exit_code outputs__open(struct sinks *s, bool waiting);

/* The path of the first one that is a file, and whole: a copy. NULL: there is none. */
char *outputs__file(const struct sinks *s);

/* Say of each that failed since the last time. */
void outputs__tell_failures(struct sinks *s);

#endif
