/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * pools: where batches are in a process (viztrace.h), as its eBPF programs know it, in; what is in their slots at one
 * moment out. A part of batches: reads the memory of processes, and trusts none of it.
 */
#ifndef VIZTRACE_POOLS_H
#define VIZTRACE_POOLS_H

#include "../../bpf/record.h"
#include "laps.h"
#include "memory.h"

#define VIZ_PROBE_DISABLE
#include "viztrace.h"

/* What was read of one, until it is known what the kernel has copied meanwhile. */
struct pool {
	pid_t pid;
	uint32_t generation;
	uint64_t address, tenant; /* as struct rec_pool has them */
	struct viz_slot slots[VIZ_SLOTS];
	bool has[VIZ_SLOTS], twice[VIZ_SLOTS];
	uint64_t data[VIZ_SLOTS][VIZ_LAP_BYTES / 8];
	uint64_t before[VIZ_SLOTS][VIZ_LAP_BYTES / 8];
	struct pool *next;
};

/* All zeros is none. */
struct pools {
	struct pool *all, *spare; /* of the last look */
	struct rec_batched was, is;
};

/* All pools of the process, of which `map` tells, that have something new by the books of `laps`. 0 or -ENOMEM. */
int pools__read(struct pools *p, int map, pid_t pid, const struct memory *m, const struct laps *laps);

/* One that is to be looked at is done. All: what was read is of no use. */
void pools__drop(struct pools *p, struct pool *one);
void pools__drop_all(struct pools *p);

/* Is the file, as it is known, mapped with that bias? So may its pool be read. 0 or -errno. */
int pools__check(const struct elf_file *elf, pid_t pid, uint64_t bias);

struct laps_key pools__key(const struct pool *p, unsigned slot);

void pools__clear(struct pools *p);

#endif
