/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * switching: that the probes which were attached to are switched on, and off again in the end. A part of processes.c,
 * that looks at the memory of its processes (arming.h) after each attach, exec and dlopen, and now and then. What it
 * can mend it mends; what it cannot it tells, by name and cause.
 */
#ifndef VIZTRACE_SWITCHING_H
#define VIZTRACE_SWITCHING_H

#include "members.h"

/* What was there before we came: to be called before attaching. */
void switching__begin(struct process *process);

/* Look at it soon: something was attached to. */
void switching__look_soon(struct processes *p, struct process *process, uint64_t now);

/* A file of it that is attached to was loaded once more, or is about to be. */
void switching__look_again(struct process *process, uint64_t now);

/* Look at it, which is held. */
void switching__look_now(struct processes *p, struct process *process, uint64_t now);

/* Look at those whose time has come. */
void switching__update(struct processes *p);

/* It is not traced, and has a file that is attached to for all. Where it has that twice the kernel could not lower
 * what it has raised, should we be killed. */
void switching__guard_stranger(struct processes *p, pid_t pid);

/* The trace is about to end: what is silent now is told, also if the kernel might yet have heeded us. */
void switching__look_last(struct processes *p);

/* These kinds (bit: enum probe) are about to be detached: see to it that the kernel can. */
void switching__before_end(struct processes *p, uint32_t kinds);

/* They are detached: what is still up is lowered, what cannot be is said. */
void switching__end(struct processes *p, uint32_t kinds);

/* Of the process, without the rest. */
void switching__forget(struct process *process);

#endif
