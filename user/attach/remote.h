/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * remote: the memory of another process, and the few bytes of it that may have to be changed. Knows /proc; no ELF.
 *
 * It runs on meanwhile, and may put something else where those bytes were. What it executes is not reached: the
 * files of /proc that are open stay those of the memory that it had. And its mappings are asked for the place right
 * before writing, and right after that: in the microsecond in between nobody can see to it, since only the kernel can
 * keep a mapping where it is, but then it is known. To stop the process for that (ptrace) would do harm for certain,
 * as epoll_wait() and others return EINTR, and not stop others with the same memory.
 */
#ifndef VIZTRACE_REMOTE_H
#define VIZTRACE_REMOTE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "maps.h"

struct remote {
	int mem;
	struct maps maps; /* of the same memory */
};

/* Two bytes of a mapping. */
struct remote_word {
	uint64_t address;
	uint64_t dev, ino, offset; /* of the file; 0: of none */
	uint16_t value;
};

/* 0 or -errno: -ESRCH it has ended, or is executing a program just now; -EACCES its memory cannot be read. */
int remote__open(struct remote *ret, pid_t task);
void remote__close(struct remote *r);

bool remote__read(const struct remote *r, uint64_t address, void *to, size_t size);

/* The word at `address`, as this mapping has it. */
struct remote_word remote__word(const struct mapping *m, uint64_t address);

/*
 * Write to it, if its mapping and its value are as `w` says. 0 or -errno: -ESTALE they are not; -ESRCH there is no such
 * memory any more; -EXDEV it was written, and by then something else may have been there.
 */
int remote__set(struct remote *r, const struct remote_word *w, uint16_t value);

/* The same for `size` bytes from there on, up to REMOTE_MOST, which are `old` now. */
#define REMOTE_MOST 64
int remote__replace(struct remote *r, const struct remote_word *at, const void *old, const void *wanted, size_t size);

#endif
