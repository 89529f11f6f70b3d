/* SPDX-License-Identifier: BSD-2-Clause */
/* held: does a process run none of its code at the moment, and who can change that? Then a trace of it is empty. */
#ifndef VIZTRACE_HELD_H
#define VIZTRACE_HELD_H

#include <stdbool.h>
#include <sys/types.h>

#define HELD_TEXT 128

/* "is stopped by a signal; kill -CONT 7 continues it". False: nobody holds it, or it is gone. */
bool held__by(pid_t pid, char text[HELD_TEXT]);

#endif
