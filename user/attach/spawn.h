/* SPDX-License-Identifier: BSD-2-Clause */
/* spawn: a child that is another user, if need be, and waits to be told before it becomes the command. */
#ifndef VIZTRACE_SPAWN_H
#define VIZTRACE_SPAWN_H

#include <stddef.h>
#include <sys/types.h>

struct spawn;

/* Whose child it will be: `user` (name or number), with NULL that of sudo's caller if we are root, else our own. `argv`
 * must stay until it is forked. 0, or -errno and what was wrong in `error`. */
int spawn__new(struct spawn **ret, char *const *argv, const char *user, char *error, size_t size);

/* Before it is forked: of its stdin, stdout and stderr those that are a terminal will be /dev/null. */
void spawn__leave_terminal(struct spawn *s);

/* The calling thread's child, waiting. 0, or -errno and `error`. */
int spawn__fork(struct spawn *s, pid_t *ret, char *error, size_t size);

/* Let it run the command, by PATH. 0, or -errno of its exec; 0 as well if it was killed before. */
int spawn__go(struct spawn *s);

void spawn__free(struct spawn *s); /* a child that still waits exits with 127 */

#endif
