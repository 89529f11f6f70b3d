/* SPDX-License-Identifier: BSD-2-Clause */
/* host: which machine this is, and where in it: what tells traces of one from those of another. */
#ifndef VIZTRACE_HOST_H
#define VIZTRACE_HOST_H

#include <stddef.h>
#include <stdint.h>

/* Empty or 0 is what is not known. */
struct host {
	char name[65];          /* NUL-terminated, as the following ones */
	char boot_id[37];       /* another one each time that a machine boots: the same clocks */
	uint64_t pid_namespace; /* its inode: the same numbers of processes */
};

/* Ours. What cannot be read stays unknown. */
void host__read(struct host *ret);

/* `text` of `size` bytes, cut to what `to` has room for. */
void host__copy(char *to, size_t room, const char *text, size_t size);

#endif
