/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * arming: is a probe of a process switched on? Out of its memory: the semaphore, without which its code never gets
 * to the probe; and the stub, in which the kernel has put a trap, or not. Knows /proc and ELF files; not BPF, nor who
 * attached.
 *
 * To have attached is not enough: the kernel puts no trap where code is not the file's any more, is writable, or has
 * a trap already; and it counts in one writable mapping of the file only, the lowest that there is at that moment: 1 up
 * for each trap that it puts into a mapping of the code, and 1 down for each that it takes out. That mapping may be a
 * copy that nobody runs (libdw maps files so), or that of another namespace's library (dlmopen), and not the same one
 * up and down. Where it cannot go down it leaves the trap.
 */
#ifndef VIZTRACE_ARMING_H
#define VIZTRACE_ARMING_H

#include "target.h"

enum arming_state {
	ARMING_ON,       /* trap and semaphore are there */
	ARMING_OFF,      /* neither, and nothing speaks against it */
	ARMING_LOW,      /* a trap, but the semaphore is 0 */
	ARMING_STUCK,    /* the semaphore is up, but there is no trap */
	ARMING_DEBUGGED, /* as LOW, and a debugger holds the process: the trap may be its breakpoint */
	ARMING_COPIED,   /* the stub is in memory that is not the file's */
	ARMING_WRITABLE, /* the stub can be written to */
	ARMING_UNMAPPED, /* the semaphore is not in memory, or cannot be read */
	ARMING_STATES
};

/* One probe, in one place where its file is loaded. */
struct armed {
	const struct binary *binary;
	const struct elf_probe *probe;
	enum arming_state state;
	uint64_t semaphore; /* its address */
	uint64_t nop;       /* the probe's */
	uint16_t value;
	uint64_t counter; /* where the kernel takes the semaphore to be, now; 0: nowhere */
	uint16_t counted; /* its value */
	uint16_t traps;   /* of all that share the semaphore, in all mappings of the file: so many it takes off */
	bool is_many;     /* they are in several of these, or of several stubs */
};

/* Of all kinds, and the one that is none: viz:batch. */
static inline bool armed__is_event(const struct armed *a)
{
	return a->probe->probe < EVENT_PROBES;
}

/* Does the kernel take another mapping's for its semaphore? */
static inline bool armed__has_copy(const struct armed *a)
{
	return a->counter && a->counter != a->semaphore;
}

#define ARMING_LOADED_MAX 16 /* places of one file in one process that are looked at */

struct arming {
	struct armed *all;
	size_t n;
};

/* All probes of a process in the files that are known of it. 0 or -errno: -ESRCH; -EACCES its memory cannot be read. */
int arming__look(struct arming *ret, const struct target *t);
void arming__clear(struct arming *a);

/* Kinds of probes of one file that are in the same state. */
struct arming_group {
	const struct binary *binary;
	enum arming_state state;
	uint32_t kinds; /* bit: enum probe */
	bool twice;     /* one of them at least has a copy */
};
void arming__each_group(const struct arming *a, void (*cb)(void *ctx, const struct arming_group *g), void *ctx);

/* "set"; that of EVENT_PROBES is "batch". */
const char *arming__name(enum probe probe);

/* "viz:set, viz:log of libx.so". */
#define ARMING_NAMES 512
void arming__name_probes(char *ret, size_t size, const struct binary *b, uint32_t kinds);

/* Set a semaphore, or what the kernel takes for it, to `value`. 0 or -errno: -ESRCH it has ended. */
int arming__set(const struct target *t, uint64_t semaphore, uint16_t value);

/* The same in a word, for programs: "copied". */
const char *arming__word(enum arming_state state);

/* Why such a probe is silent: "its code was ...". */
const char *arming__cause(enum arming_state state);

#endif
