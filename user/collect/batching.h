/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * batching: which files' events come in batches, in which process, and that it stays so: what is attached to one way
 * stays attached to that way. A part of collect.
 */
#ifndef VIZTRACE_BATCHING_H
#define VIZTRACE_BATCHING_H

#include "batches.h"

/* A file that one process has mapped. */
struct batched_file {
	const struct elf_file *elf;
	pid_t pid;
	enum batches_role role;
	uint64_t cookie; /* for its probe */
	bool is_loader;  /* it unmaps the others */
	size_t execs;    /* of all of them before it was mapped last */
	bool attached;   /* to its viz:batch, or where it unmaps */
};

struct batching {
	struct batches *batches; /* NULL: each event is a record of the rings */
	struct batched_file *all;
	size_t n;
	size_t execs; /* that were seen */
};

/* The file is mapped there, with that bias. *ret: what there is to attach to, or NULL. 0 or -errno. */
int batching__add(struct batching *b, pid_t pid, const struct memory_file *file, uint64_t bias, bool is_program,
		  struct batched_file **ret);

/* In batches from that process? NULL if not. */
struct batched_file *batching__find(const struct batching *b, pid_t pid, const struct elf_file *elf);

/* What was attached to in the process is not any more. */
void batching__detached(struct batching *b, pid_t pid);

/* announced__add(), unpack__forget(), if there are batches. */
int batching__hear(struct batching *b, const void *record, size_t size);
void batching__forget(struct batching *b, uint32_t pid, uint64_t address);

/* As much of what is in order `until` then as is with batches. */
uint64_t batching__safe_until(const struct batching *b, uint64_t until);

/* order__drain(), of records as they would have been without batches. */
int batching__drain(struct batching *b, struct order *order, uint64_t until, unpack_cb cb, void *ctx);

void batching__clear(struct batching *b);

#endif
