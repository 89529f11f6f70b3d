/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One probe that fired: whose it is, where its records go, what is counted. A part of viztrace.bpf.c.
 */
#ifndef VIZTRACE_HIT_H
#define VIZTRACE_HIT_H

#include "maps.h"

/* What became of a try to record something. */
enum outcome {
	DONE,
	NO_ROOM,      /* in the ring */
	OTHER_OBJECT, /* the memory is not what it is said to be */
	TOO_SMALL,    /* it needs a larger record */
	UNREADABLE,   /* with hit.last_try unset: after faulting in it may be readable */
};

/* What the functions below pass to each other about the probe that fired. */
struct hit {
	struct rec_counts *counts;
	void *ring;
	__u64 id; /* tgid << 32 | tid */
	__u64 address;
	__u32 probe;
	__u32 index;
	__u32 ring_index;
	__u32 generation; /* of the process's memory: addresses of another one mean nothing */
	__u32 epoch;      /* of the rules that let this pass */
	bool last_try;    /* what is unreadable now stays so, and is recorded as such */
};

/* Can what is unreadable become readable? Where nothing is faulted in the verifier shall know that without the memory
 * of a byte on the stack, which old ones do not have. */
static __always_inline bool may_retry(const struct hit *hit)
{
	return cfg_fault_in && !hit->last_try;
}

#define count(hit, what) __sync_fetch_and_add(&(hit)->counts->what, 1)

/* Nothing was recorded of it, and why. */
static __always_inline void lose(struct hit *hit, int outcome)
{
	count(hit, lost);
	if (outcome == OTHER_OBJECT || outcome == UNREADABLE)
		count(hit, invalid);
}

/* Whose probe is this? False: of a process that is not traced. */
static __always_inline bool is_traced(struct hit *hit, bool joins)
{
	struct rec_tracee *tracee, joining = {};
	__u32 tgid = hit->id >> 32;

	if (!cfg_several) {
		hit->generation = generation;
		return true;
	}
	tracee = bpf_map_lookup_elem(&tracees, &tgid);
	if (!tracee && joins && tgid) {
		bpf_map_update_elem(&tracees, &tgid, &joining, BPF_NOEXIST);
		tracee = bpf_map_lookup_elem(&tracees, &tgid);
	}
	if (!tracee)
		return false;
	hit->generation = tracee->generation;
	return true;
}

/* Where the records of this CPU go. */
static __always_inline bool find_ring(struct hit *hit)
{
	hit->ring_index = own_ring_index();
	hit->ring = bpf_map_lookup_elem(&rings, &hit->ring_index);
	return hit->ring != NULL;
}

/* tgid << 32 | tid of who is here. */
static __always_inline __u64 own_id(void)
{
	__u64 id = current_id();

	/* One process has been asked for, and it is that one, though it has left our namespace's sight. */
	return id || cfg_several ? id : bpf_get_current_pid_tgid();
}

static __always_inline bool begin(struct pt_regs *ctx, struct hit *hit, __u32 cookie, __u64 address)
{
	__u32 probe = cookie & COOKIE_PROBE;

	STAY_ON_TASK_STACK(ctx);
	if (stopped)
		return false;
	hit->id = own_id();
	if (!is_traced(hit, cookie & COOKIE_JOINS))
		return false;
	hit->counts = bpf_map_lookup_elem(&counts, &probe);
	if (!hit->counts)
		return false;
	count(hit, seen);
	hit->address = address;
	hit->probe = probe;
	hit->index = 0;
	hit->epoch = 0;
	hit->last_try = false;
	return true;
}

static __always_inline void fill_head(struct rec_head *head, const struct hit *hit, __u16 kind, __u32 size)
{
	head->size = size;
	head->kind = kind;
	head->flags = 0;
	head->ts = bpf_ktime_get_ns();
	head->tgid = hit->id >> 32;
	head->tid = (__u32)hit->id;
	bpf_get_current_comm(head->comm, sizeof(head->comm));
}

/* The collector looks by itself every few milliseconds; waking it would cost the target. */
static __always_inline void submit(void *record)
{
	bpf_ringbuf_submit(record, BPF_RB_NO_WAKEUP);
}

#endif
