/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * collect: has the eBPF programs attached to files (programs.h), and hands out their records sorted by time over all
 * ring buffers. With programs.c the only one that sees libbpf. A record's time is all that it reads of it.
 */
#ifndef VIZTRACE_COLLECT_H
#define VIZTRACE_COLLECT_H

#include <sys/types.h>

#include "../common/elf_file.h"
#include "../common/verdict.h"
#include "../common/site.h"

struct collector;

/* Counts kept in the kernel, summed over CPUs. seen = filtered + lost + what came through the rings. */
struct collect_counts {
	uint64_t seen, filtered, lost, truncated, unreadable;
	uint64_t invalid; /* of the lost: about no valid object */
};

typedef int (*collect_cb)(void *ctx, const void *record, size_t size);

struct collect_options {
	uint64_t ring_size; /* bytes of each ring buffer, a power of two; 0: see rings.h */
	bool several;       /* not just for one process; then those that are traced have to be added */
	bool no_faults;     /* memory that nobody touched yet stays unreadable */
	bool signals;       /* remember which processes a signal has ended; takes BTF */
};

/* Load the programs. 0 or -errno: -EPERM; -E2BIG: such rings would take too much memory; -ENOTSUP, and *ret_missing
 * says what the kernel lacks. */
int collector__new(struct collector **ret, const struct collect_options *o, const char **ret_missing);

/* Does attaching take perf events here? On most kernels these want CAP_SYS_ADMIN, and a link for
 * many uprobes does not. */
bool collector__needs_perf_events(const struct collector *c);

/* Where to attach: `wanted`, or with SITE_AUTO the one that this kernel is fast at. Prints with -v what and why.
 * 0, or -errno if that cannot be found out; then it is the site that every kernel takes. */
int collector__choose_site(struct collector *c, enum site wanted);

/* Take many events at once from programs that can do that (viztrace.h). 0; -ENOTSUP, and *ret_why says why not; or
 * -errno. Not with `several`. */
int collector__use_batches(struct collector *c, const char **ret_why);

/* The process has the file mapped; for batches. The dynamic loader first; before attaching to it. `is_program`: it is
 * what the process runs. 0 or -errno. */
int collector__add_file(struct collector *c, pid_t pid, const struct elf_file *elf, int fd, uint64_t bias,
			bool is_program);

/* With `several`: which processes are traced. With follow_forks also those that they fork, from their first moment on;
 * it returns -ENOTSUP if this kernel does not describe itself (BTF). add_process: 0 or -errno. */
int collector__follow_forks(struct collector *c);
int collector__add_process(struct collector *c, pid_t pid);
void collector__remove_process(struct collector *c, pid_t pid);
uint64_t collector__untraced(const struct collector *c); /* forks that were not followed: too many at a time */

/* As `signals` does, from now on. 0, also if it is done already, or -errno: -ENOTSUP if there is no BTF. */
int collector__watch_signals(struct collector *c);

/* With `signals`: the one that has ended this process since then (events' clock); 0: it ended in another way, or is
 * there. It is told once. */
int collector__signal_of(struct collector *c, pid_t pid, uint64_t since);

/* Without `several`: the process has other memory now. */
void collector__process_execed(struct collector *c);

/* Attach to the file's probes of these kinds (bit: enum probe), in process `pid` or in all of them (0). `fd` is the
 * file, `name` is for messages. `joins`: a process in which one fires is traced from then on, where the kernel can do
 * that. */
int collector__attach(struct collector *c, const struct elf_file *elf, int fd, const char *name, pid_t pid,
		      uint32_t kinds, bool joins);

/*
 * Have the kernel try once more to put its traps of these kinds where they are missing, in memory that it could not
 * put them into when we attached. 0 or -errno: -ENOTSUP it has no links for many uprobes.
 */
int collector__nudge(struct collector *c, const struct elf_file *elf, int fd, pid_t pid, uint32_t kinds);

/*
 * The kernel attaches to a process's first thread. If another one calls exec it takes that one's number, and what was
 * attached is dead. Detaches that; returns how many links it were.
 */
size_t collector__detach_dead(struct collector *c, pid_t pid);

/* From a file that nobody has mapped any more. False: batches are taken from some, and it stays as it is. */
bool collector__detach_file(struct collector *c, const struct elf_file *elf);

/* Detach from these kinds of probes, everywhere: in a thread, since the kernel takes its time for it. 0 or -ENOTSUP: it
 * has no links for many uprobes, and those for one leave an event behind until this process ends. */
int collector__detach_kinds(struct collector *c, uint32_t kinds);

/* Has that come to its end? */
bool collector__has_detached(struct collector *c);
void collector__wait_detached(struct collector *c);

/* The kernel introduces it anew when it fires again. */
void collector__forget_object(struct collector *c, uint32_t pid, uint64_t address);

/* The rules that verdicts of objects, and those of slices, must be of to count in the kernel; 0: nothing is filtered
 * there. */
void collector__set_epoch(struct collector *c, uint32_t epoch, uint32_t slices_epoch);
void collector__set_verdict(struct collector *c, const struct verdict_key *key, const struct verdict *v,
			    uint32_t epoch);

/* Read what is complete of the rings by now, at most a piece of each: what is read is held until it is passed on. 0 or
 * -errno. */
int collector__read(struct collector *c);
bool collector__has_more(const struct collector *c); /* than that piece of one */

/* Pass those on of which no older one can come, oldest first; stops at the first error of `cb`. With -ECANCELED what is
 * left stays for the next time. */
int collector__pass(struct collector *c, collect_cb cb, void *ctx);

/* Records older than this have all been passed on. */
uint64_t collector__passed_until(const struct collector *c);

/* No program records anything from here on. */
void collector__halt(struct collector *c);

/* After that: all that is attached is being detached, until collector__free(); pass what is left. Nothing that was
 * reserved before is missed, unless nothing comes for a second. */
int collector__stop(struct collector *c, collect_cb cb, void *ctx);

/* With batches there are objects, names and threads that have to be known: how much of `memory` bytes that may take.
 * And events that were lost as that was too little. */
uint64_t collector__limit(struct collector *c, uint64_t memory);
uint64_t collector__refused(const struct collector *c);

int collector__counts(const struct collector *c, enum probe probe, struct collect_counts *ret);
uint64_t collector__now(void);                           /* ns, the clock of records */
size_t collector__ring_bytes(const struct collector *c); /* of all rings */
size_t collector__ring_size(const struct collector *c);  /* of each */

/* Detaches, which takes a while: the kernel waits for all CPUs. */
void collector__free(struct collector *c);

#endif
