/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * processes: which processes are traced, and that the probes in all of their files are attached to: from the beginning,
 * as they load libraries, fork and exec. Brings target, watch, launch and collect's attaching together; sees no
 * records.
 *
 *   -p PID            one process; its probes alone                       -p 1 -p 2: each the same
 *   -p PID -f         a family: every process's probes in the files that the family maps, of which the kernel takes
 *                     those of the family, from the first moment of each
 *   -x PROGRAM        the same, for those that run this program
 *   -- COMMAND        as -p or -p -f, but a new file is attached to before its code runs (launch.h)
 */
#ifndef VIZTRACE_PROCESSES_H
#define VIZTRACE_PROCESSES_H

#include <poll.h>

#include "../collect/collect.h"
#include "../common/exit_code.h"
#include "traced.h"

struct processes;

/* Find those that are there, or explain why not: nothing is attached yet. What `o` points to has to outlive them. */
enum exit_code processes__new(struct processes **ret, const struct processes_options *o,
			      const struct processes_ops *ops);
void processes__free(struct processes *p);

/* Can probes fire for processes that are not traced? For collector__new(). */
bool processes__are_several(const struct processes *p);

/* Why nothing of theirs can come in batches: "several processes are traced"; NULL: it can. */
const char *processes__no_batches(const struct processes *p);

/* Attach to all probes of these kinds, the ones of `collector` from here on. The errors are explained. */
enum exit_code processes__attach(struct processes *p, struct collector *c, uint32_t kinds);

/* And to these kinds too. 0 or -errno. */
int processes__attach_kinds(struct processes *p, uint32_t kinds);

/* The kinds that are attached to now (bit: enum probe). */
uint32_t processes__kinds(const struct processes *p);

/* No more to these. 0 or -errno: -EBUSY others are still being detached; -ENOTSUP this kernel lets go of all or none.
 */
int processes__detach_kinds(struct processes *p, uint32_t kinds);

/* The command: forked in the first (its PID is known then), running from the second on. */
enum exit_code processes__fork_command(struct processes *p);
enum exit_code processes__start_command(struct processes *p);

/* What can become readable when there is something to update: at most PROCESSES_FDS. */
#define PROCESSES_FDS 3
size_t processes__poll_fds(const struct processes *p, struct pollfd *ret);

/* Follow what has happened. 0 or -errno. */
int processes__update(struct processes *p);

/* Why there is nothing left to wait for, or NULL. */
const char *processes__ended(const struct processes *p);

/* When the last of them did, by the clock of records; 0: some are there. */
uint64_t processes__end_time(const struct processes *p);

/* The command's own end: true, and its exit status as a shell gives it. */
bool processes__command_status(struct processes *p, int *ret);

const struct processes_stats *processes__stats(const struct processes *p);

const struct process_description *processes__described(const struct processes *p, size_t *ret_n);

/* Probes that were attached to and not switched on, or in the end not off. */
const struct processes_silent *processes__silent(const struct processes *p, size_t *ret_n);

/* One of them that somebody holds now, and by what (HELD_TEXT); 0: none. */
pid_t processes__held(const struct processes *p, char *text);

/* Was something not attached to, as a probe would have done harm? It was said. */
bool processes__were_spared(const struct processes *p);

/* Before the collector is stopped, which detaches, and after it was freed: see that it can, and that it has. */
void processes__detach_begins(struct processes *p);
void processes__detached(struct processes *p);

/* Files with probes, in the order in which they were found. */
const struct binary *processes__next_file(const struct processes *p, const struct binary *after);

#endif
