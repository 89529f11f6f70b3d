/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Knobs that the loader sets before it loads the programs, maps, and what it changes while they run. A part of
 * viztrace.bpf.c.
 */
#ifndef VIZTRACE_MAPS_H
#define VIZTRACE_MAPS_H

#include "pidns.h"
#include "record.h"
#include "tracees.h"
#include "uprobe.h"

/* Sleepable programs (Linux 6.0) can fault in a page that nobody has touched yet. */
const volatile bool cfg_fault_in = true;
/* The probes fire for processes that nobody traces too: ask `tracees`. */
const volatile bool cfg_several;

struct key {
	__u64 address;
	__u32 tgid;
	__u32 generation;
};

/* Where a pointer is: its word of the span. Of one to an attribute also PLAN_FOLLOWED | attribute << 9. */
#define PLAN_FOLLOWED 0x8000
#define PLAN_WORD(where) ((where)&0x1ff)
#define PLAN_ATTR(where) ((where) >> 9 & 0x3f)

/* What an event needs to know of a class. */
struct plan {
	__u64 hash; /* of its descriptor; 0: it could not be read at the time */
	__s32 span_offset;
	__u32 span_size;
	__u32 n_texts;
	__u16 words[VIZ_STRINGS_MAX];
};

struct object {
	__u64 cls; /* 0: a new object that user space has not been told of */
	__s32 span_offset;
	__u32 span_size;
	__u32 n_texts;
	__u32 trigger; /* of the verdict, as are: */
	__u64 name_hash;
	__u64 allowed;
	__u32 epoch; /* 0: none was found yet */
	__u32 pad;
};

/* Least recently used entries make room: a forgotten object is introduced again when it next fires. */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, OBJECTS_MAX);
	__type(key, struct key);
	__type(value, struct object);
} objects SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, CLASSES_MAX);
	__type(key, struct key);
	__type(value, struct plan);
} classes SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, VERDICTS_MAX);
	__type(key, struct rec_verdict_key);
	__type(value, struct rec_verdict);
} verdicts SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, PROBE_COUNT);
	__type(key, __u32);
	__type(value, struct rec_counts);
} counts SEC(".maps");

/* Set at the end of a trace, so that counts stand still while the probes are still there: detaching takes long. */
volatile bool stopped;

/* Programs that wait for a page: until none does the kernel cannot take the probes out. */
volatile __u64 sleeping;

/* Of the filter's rules, counting up as they change; 0: no rules. */
volatile __u32 epoch;

/* The same while these rules are about names of slices; 0: all slices pass. */
volatile __u32 slices_epoch;

/* Counts up as the one process that is traced replaces its memory by exec; of several: struct rec_tracee. */
volatile __u32 generation;

#endif
