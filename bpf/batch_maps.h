/* SPDX-License-Identifier: BSD-2-Clause */
/* Knobs, maps, and what is counted and changed while the programs run, as in maps.h. A part of batch.bpf.c. */
#ifndef VIZTRACE_BATCH_MAPS_H
#define VIZTRACE_BATCH_MAPS_H

#include <stdbool.h>
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
#include "record.h"
#include "uprobe.h"

/* One ring for all CPUs: the laps of a slot arrive in their order. */
struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 4096);
} laps SEC(".maps");

/* Processes with batches, by tgid. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, BATCHED_MAX);
	__type(key, __u32);
	__type(value, struct rec_batched);
} batched SEC(".maps");

/* What was lost, by slot. A map has room for that when the rings have none. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, LOSSES_MAX);
	__type(key, struct rec_loss_key);
	__type(value, struct rec_loss);
} losses SEC(".maps");

/* Threads of which the rings had no room to tell, by id. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, UNTOLD_MAX);
	__type(key, __u64);
	__type(value, struct rec_thread);
} untold SEC(".maps");

/* Nothing is copied any more. */
volatile bool stopped;

/* By the clock of the records: those before and after are nobody's. */
volatile __u64 from_ticks;
volatile __u64 until_ticks; /* 0: not yet */

/* Records in laps that had no room in the ring, by enum viz_record. */
volatile __u64 lost[LAP_KINDS];
volatile __u64 unreadable; /* laps */
volatile __u64 n_untold;   /* threads that have been put into that map */
volatile __u64 unheard;    /* threads, pools and losses that user space could not be told of */
volatile __u32 last_life;  /* see struct rec_pool */

volatile __u32 asked;       /* a thread, of which on_task is to tell */
volatile __u64 asked_flags; /* these, the kernel's own */
volatile __u64 no_clock;    /* that one of them which a thread has that may not read the clock (PR_SET_TSC) */

#endif
