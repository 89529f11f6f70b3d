/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * output_place: a file that has no name until there is something in it, and the path that it takes then. Until then
 * what is at the path stays, and if this process is killed nothing is left over.
 */
#ifndef VIZTRACE_OUTPUT_PLACE_H
#define VIZTRACE_OUTPUT_PLACE_H

#include "output.h"

struct output_place;

/* A new file of mode 0600 in a folder, to be called `name`. 0 or -errno. Where the file system knows no files without a
 * name it has one that nobody expects. */
int output_place__new(struct output_place **ret, int *ret_fd, int directory, const char *name);

/* The path is to be taken with the rights of `owner`, as the file was made. */
void output_place__as(struct output_place *place, struct caller owner);

/* Give the file its name: there is no moment at which a link could be followed, and a SIGKILL of this process does not
 * leave it half way. *ret_replaced: the file that was there, or -1: what it takes on the disk goes when this is closed.
 * 0 or -errno. */
int output_place__take(struct output_place *place, int fd, int *ret_replaced);

/* If it was not taken, the file goes. Takes NULL. */
void output_place__free(struct output_place *place);

#endif
