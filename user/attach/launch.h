/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * launch: a command that is started under our eyes, and with `follow` all its descendants. They stop where code was
 * mapped that has not run yet, so that the caller can attach to it first. Knows ptrace and processes; no probes.
 *
 * A process is stopped after each exec, then after each file that its loader maps executable. Once the loader is done
 * it runs freely: without `follow` it is let go of for good if it has probes; if not, it may be a wrapper (env, or
 * sh -c 'exec ...') and its next exec stops again. With `follow` it is kept for its life, as are all its threads and
 * children.
 * Not seen: what is mapped later by dlopen (also from a constructor); what a 32-bit program maps; without `follow`, an
 * exec by another thread than the first. A process that forked without exec is followed and not reported. A process has
 * one tracer: what we hold cannot be debugged meanwhile, and with `follow` a debugger that is the command cannot debug.
 *
 * ptrace is for one thread, so there is one of ours, which also passes on all signals unchanged at once, whatever the
 * caller does. If we are killed the kernel lets go of them all and they run on: nothing is left behind in their memory.
 *
 * A setuid program gets its rights if we are root, else (a rule of ptrace) it runs without. The command has our stdin,
 * stdout, stderr, terminal and process group; descriptors of ours must be close-on-exec.
 */
#ifndef VIZTRACE_LAUNCH_H
#define VIZTRACE_LAUNCH_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct launch;

struct launch_options {
	char *const *argv; /* ends with NULL; found by PATH, as in a shell */
	const char *user;  /* name or number; NULL: sudo's caller if we are root, else ourselves */
	bool follow;
	bool apart; /* stdin, stdout and stderr are /dev/null where they are a terminal, which somebody else draws on */
};

struct launch_stop {
	pid_t pid;
	bool exec; /* a new image, all that was mapped before is gone; false: the code of one more file is mapped, its
		    * data may not be yet */
	uint64_t left;       /* ns, CLOCK_MONOTONIC: it waited for us for too long, and runs since then; 0: it waits */
	char path[PATH_MAX]; /* of .left: its program, as it sees it; "" if unknown. It may have ended */
};

/* Forked, switched to the user, waiting before its exec. 0, or -errno and what was wrong in `error`.
 * From here to launch__free SIGCHLD is blocked in the calling thread; it must be in all others, too. An ignored SIGCHLD
 * is set to its default for good. */
int launch__new(struct launch **ret, const struct launch_options *o, char *error, size_t size);

/* Detaches from all that still runs, which goes on, and kills nothing; a command that was never started never runs. */
void launch__free(struct launch *l);

pid_t launch__pid(const struct launch *l);

/* Let it exec. 0, or -errno of the exec: -ENOENT, -EACCES, ... */
int launch__start(struct launch *l);

/* Readable: a process waits to be looked at, or the command has ended. So until launch__next returned false. */
int launch__fd(const struct launch *l);

/* False: none waits. Else *ret is stopped, until it is killed or told to go on, or has waited for 10 s: nobody is to
 * hang because we do. Then, and until this is called again, no other one waits either. */
bool launch__next(struct launch *l, struct launch_stop *ret);

/* It was looked at. `found`: there are probes in what is mapped (once said, it holds for this image). */
void launch__go_on(struct launch *l, pid_t pid, bool found);

/* Between its exec and its first own instruction? What it maps then is shown by launch__next. */
bool launch__is_loading(struct launch *l, pid_t pid);

/* Has the command itself ended, whatever its children do? *ret is its wait status. */
bool launch__ended(struct launch *l, int *ret);

#endif
