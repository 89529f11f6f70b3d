/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Reading the target's memory, of which nothing is trusted. A part of viztrace.bpf.c.
 */
#ifndef VIZTRACE_MEMORY_H
#define VIZTRACE_MEMORY_H

#include "maps.h"

#define PAGE 4096ULL

static __always_inline void fault_in(__u64 from)
{
	char byte;

	if (cfg_sleepable)
		bpf_copy_from_user(&byte, 1, (void *)from);
}

/* 0 or a negative error; `size` must have an upper bound that the verifier sees. */
static __always_inline long read_memory(void *to, __u32 size, __u64 from)
{
	long err = bpf_probe_read_user(to, size, (void *)from);

	if (err && cfg_sleepable) {
		fault_in(from);
		fault_in(from + size - 1);
		err = bpf_probe_read_user(to, size, (void *)from);
	}
	return err;
}

/* Bytes with the NUL (`size` if it was cut), or a negative error. */
static __always_inline long read_string(void *to, __u32 size, __u64 from)
{
	long n = bpf_probe_read_user_str(to, size, (void *)from);

	if (n < 0 && cfg_sleepable) {
		fault_in(from);
		fault_in((from & ~(PAGE - 1)) + PAGE);
		n = bpf_probe_read_user_str(to, size, (void *)from);
	}
	if (n == 0) {
		/* Before 6.13 an empty string counts as 0 bytes. */
		*(char *)to = 0;
		n = 1;
	}
	return n;
}

#endif
