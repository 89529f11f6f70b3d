/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Reading the target's memory, of which nothing is trusted. A part of viztrace.bpf.c.
 *
 * A program that faults a page in sleeps until the page is there, and who serves it may take his time (swap, NFS, FUSE,
 * userfaultfd). With a place in a ring reserved that would stop all that comes behind it. So whoever holds one reads
 * without faulting; if that fails he gives the place back, faults in what he needs, and tries once more.
 */
#ifndef VIZTRACE_MEMORY_H
#define VIZTRACE_MEMORY_H

#include "maps.h"

#define PAGE 4096ULL

/* May sleep: never while a record is reserved. */
static __always_inline void fault_in(__u64 from)
{
	char byte;

	if (!cfg_fault_in)
		return;
	__sync_fetch_and_add(&sleeping, 1);
	bpf_copy_from_user(&byte, 1, (void *)from);
	__sync_fetch_and_add(&sleeping, -1);
}

/* Of up to PAGE bytes. */
static __always_inline void fault_in_range(__u64 from, __u32 size)
{
	fault_in(from);
	if (size && (from ^ (from + size - 1)) & ~(PAGE - 1))
		fault_in(from + size - 1);
}

/* Where it ends is not known: the page in which it begins, and the next one. */
static __always_inline void fault_in_string(__u64 from)
{
	fault_in(from);
	fault_in((from & ~(PAGE - 1)) + PAGE);
}

/* Never sleeps. 0 or a negative error; `size` must have an upper bound that the verifier sees. */
static __always_inline long read_memory(void *to, __u32 size, __u64 from)
{
	return bpf_probe_read_user(to, size, (void *)from);
}

/* Never sleeps. Bytes with the NUL (`size` if it was cut), or a negative error. */
static __always_inline long read_string(void *to, __u32 size, __u64 from)
{
	long n = bpf_probe_read_user_str(to, size, (void *)from);

	if (n == 0) {
		/* Before 6.13 an empty string counts as 0 bytes. */
		*(char *)to = 0;
		n = 1;
	}
	return n;
}

#endif
