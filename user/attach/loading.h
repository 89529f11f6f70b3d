/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * loading: the time between a process's exec and its first own instruction, in which its dynamic loader maps libraries.
 * Knows ptrace's syscall stops, and of /proc/PID/maps the one line that the image starts in.
 *
 * Nothing is written into the process to learn when the loader is done, neither a breakpoint nor a debug register: if
 * we are killed meanwhile the kernel lets go of the process, and a trap left behind would kill it. Instead, the loader
 * is done when a system call comes from elsewhere than the segment that the image started in (libc's early start is
 * one).
 */
#ifndef VIZTRACE_LOADING_H
#define VIZTRACE_LOADING_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct loading {
	uint64_t start, end; /* the segment that the image started in */
	bool own;            /* it is of the program itself: static, or a loader that was called by name */
	bool maps;           /* within an mmap of code */
	unsigned int calls;  /* since code was last mapped */
};

enum loading_step { LOADING_GOES_ON, LOADING_MAPPED, LOADING_DONE };

/* At an exec stop. False: cannot be observed (a 32-bit program, a kernel before 5.3); take it as done. */
bool loading__begin(struct loading *l, pid_t pid);

/* At each stop by PTRACE_SYSCALL from then on. MAPPED: a file was mapped executable, and none of its code has run. */
enum loading_step loading__step(struct loading *l, pid_t pid);

#endif
