/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * programs: the eBPF programs, loaded in the best way that this kernel knows, attached. A part of the
 * collecting stage: with collect.c the only one that sees libbpf.
 *
 *                   one program for all probes   links for many sites   pages can be faulted in
 *   Linux 6.10      yes                          yes                    yes
 *         6.0       yes                          no                     yes
 *         5.15      yes                          no                     no
 *         5.8       no                           no                     no
 *
 * What is there is found out by trying, not by version.
 */
#ifndef VIZTRACE_PROGRAMS_H
#define VIZTRACE_PROGRAMS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "../common/elf_file.h"
#include "attachments.h"
#include "ends.skel.h"
#include "follow.skel.h"
#include "../common/site.h"
#include "viztrace.skel.h"

struct programs {
	struct viztrace_bpf *skel;
	struct follow_bpf *follow; /* NULL: one process is traced, or some that were there before */
	struct ends_bpf *ends;     /* NULL: nobody wants to know what processes died of */
	bool one, multi, sleepable;
	enum site site;
	struct attachments attachments;
	int nothing; /* a program that does nothing, while there is a use for it */
};

/* Load; `several`: probes fire for processes too that are not traced; `no_faults`: never fault a page in. 0 or -errno:
 * -EPERM; or anything else that the kernel says to the least that is tried. */
int programs__load(struct programs *p, unsigned n_rings, bool several, bool no_faults);

/* Trace also what traced processes fork. -ENOTSUP: the kernel does not tell how its tasks look (no BTF). */
int programs__follow_forks(struct programs *p);

/* Remember what processes die of, from now on if it is not so already. -ENOTSUP: as above. */
int programs__watch_ends(struct programs *p);

/* The signal that has ended it since then; 0: none, or it is not remembered. It is told once. */
int programs__signal_of(const struct programs *p, pid_t pid, uint64_t since);

/* See collector__choose_site(). */
int programs__choose_site(struct programs *p, enum site wanted);

/* Attach to the file's probes of these kinds (bit: enum probe), in process `pid` or in all of them (0). `fd` is the
 * file, `name` is for messages. `joins`: a process in which one fires is traced from then on; ignored where the kernel
 * cannot tell the program. */
int programs__attach(struct programs *p, const struct elf_file *elf, int fd, const char *name, pid_t pid,
		     uint32_t kinds, bool joins, bool batched);

/* Another program to a place in a file, which every process needs as long as it is traced: the file's viz:batch, and
 * what is attached after that with `batched` is for what is not; or where a dynamic loader unmaps libraries. */
struct programs_place {
	int program;
	uint64_t offset, semaphore, cookie; /* semaphore: 0 if there is none */
	const char *what;                   /* for messages */
};
int programs__attach_place(struct programs *p, const struct programs_place *at, int fd, const char *name, pid_t pid);

/* See collect.h. */
int programs__nudge(struct programs *p, const struct elf_file *elf, int fd, pid_t pid, uint32_t kinds, bool batched);

/* Detaches. All zeros is fine. */
void programs__free(struct programs *p);

#endif
