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

#include "remote.h"
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
	struct remote_word semaphore;
	uint64_t nop;               /* its address */
	struct remote_word counter; /* where the kernel takes the semaphore to be, now; at 0: nowhere */
	uint16_t traps; /* of all that share the semaphore, in all mappings of the file: so many it takes off */
	bool is_raised; /* by hand, since this look */
	bool is_many;   /* they are in several of these, or of several stubs */
};

/* Of all kinds, and the one that is none: viz:batch. */
static inline bool armed__is_event(const struct armed *a)
{
	return a->probe->probe < EVENT_PROBES;
}

/* Does the kernel take another mapping's for its semaphore? */
static inline bool armed__has_copy(const struct armed *a)
{
	return a->counter.address && a->counter.address != a->semaphore.address;
}

#define ARMING_LOADED_MAX 16 /* places of one file in one process that are looked at */

struct arming {
	struct armed *all;
	size_t n;
	struct remote memory; /* in which this was found; with the first of all */
	uint64_t astray;      /* an address: what was written there may have hit something else. 0: none */
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

/*
 * Set a semaphore, or what the kernel takes for it, to `value`: `w` is of one of them. 0 or -errno: -ESRCH it has
 * ended; -ESTALE it is not as it was found any more, and was left alone.
 */
int arming__set(struct arming *a, const struct remote_word *w, uint16_t value);

/* The same in a word, for programs: "copied". */
const char *arming__word(enum arming_state state);

/* Why such a probe is silent: "its code was ...". */
const char *arming__cause(enum arming_state state);

#endif
