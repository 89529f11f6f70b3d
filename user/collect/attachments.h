/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * attachments: what programs are attached to, and how they leave: the kernel takes its time for that, so mostly in a
 * thread. A part of programs.c.
 */
#ifndef VIZTRACE_ATTACHMENTS_H
#define VIZTRACE_ATTACHMENTS_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct bpf_link;
struct elf_file;

/* One link, of libbpf or of our own making. */
struct attachment {
	struct bpf_link *link; /* NULL: fd */
	int fd;
	pid_t pid; /* 0: all */
	const struct elf_file *elf;
	uint32_t kinds; /* bit: enum probe; 0: to none that anybody might do without */
};

/* All zeros is none. */
struct attachments {
	struct attachment *all;
	size_t n;
	const volatile unsigned long long *sleeping; /* how many threads of targets sleep in a probe */
	pthread_t thread;
	bool detaching;
	int *leaving; /* descriptors, while detaching */
	size_t n_leaving;
};

/* 0 or -ENOMEM: then the end of this process detaches it. */
int attachments__add(struct attachments *a, const struct attachment *one);

/* Detach, and wait for it: all but the first ones; those of a file. */
void attachments__drop_from(struct attachments *a, size_t first);
void attachments__drop_file(struct attachments *a, const struct elf_file *elf);

/* Those of which the kernel says that their process is gone, `pid` as it was. Returns how many it were. */
size_t attachments__drop_dead(struct attachments *a, pid_t pid);

/* Detach from these kinds of probes, or from all there is, in a thread. */
void attachments__drop_kinds(struct attachments *a, uint32_t kinds);
void attachments__drop_all(struct attachments *a);

/* Has that come to its end? True also if it was never begun. */
bool attachments__have_gone(struct attachments *a);
void attachments__wait(struct attachments *a);

/* Waits for it, and detaches from all. */
void attachments__clear(struct attachments *a);

#endif
