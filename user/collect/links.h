/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * links: what attaches a program to uprobes, and whether this kernel has it. A part of programs.c, without libbpf's
 * objects.
 */
#ifndef VIZTRACE_LINKS_H
#define VIZTRACE_LINKS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#define LINKS_UPROBE_MULTI 48 /* enum bpf_attach_type's BPF_TRACE_UPROBE_MULTI, which older headers do not have */

/* Attach to `count` places of a file, in process `pid` or in all of them (0). A descriptor or -errno. */
int links__create_multi(int program, const char *path, const uint64_t *offsets, const uint64_t *semaphores,
			const uint64_t *cookies, uint32_t count, pid_t pid);

/* A program that does nothing: a descriptor or -errno. */
int links__load_nothing(int attach_type);

/* Are there links for perf events, that hand a cookie to the program; for many places, of a process? */
bool links__have_perf(void);
bool links__have_multi(void);

#endif
