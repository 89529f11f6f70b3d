/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * members: the processes that are traced and the files that they have mapped, and attaching to these. A part of
 * processes.c, which decides who they are; nobody else includes this.
 */
#ifndef VIZTRACE_MEMBERS_H
#define VIZTRACE_MEMBERS_H

#include <sys/stat.h>

#include "../collect/collect.h"
#include "../common/table.h"
#include "guard.h"
#include "traced.h"

/* Of one file in one process. */
struct silent {
	const struct binary *binary;
	uint32_t told; /* kinds of probes of which it was said that they are silent */
	uint32_t low;  /* those that could not be raised when we looked last */
	uint32_t on;   /* those that were traced then */
	bool told_lost, told_more;
	unsigned int nudges;
};

#define ENOTSUPP 524 /* the kernel's own, which is in no header of user space */

struct process {
	pid_t pid;
	struct target *target; /* NULL: it has not executed its program yet, or was gone when we came */
	char comm[17];
	bool awaited;            /* launch is about to show its exec */
	bool let_go;             /* launch has: what it executes next is not shown */
	bool missed;             /* counted as such */
	bool first_thread_ended; /* since its last exec: another one may be about to execute a program */
	bool spared;             /* it is emulated, and this was said */
	bool gone;               /* to be dropped when what it did has been read */
	uint64_t told;           /* the time of what was told of it last: its beginning comes first, its end last */
	uint64_t begun;          /* or when we found it: its number was another one's before */
	uint64_t looked;         /* when we did last */
	uint64_t execed;         /* when it executed its program, if we saw that ourselves */
	uint64_t ended;          /* when its last thread did that we know of */
	/* switching.h */
	uint64_t attached, look_at; /* when we did last; when to look next */
	uint64_t judged;            /* when we looked last */
	uint64_t *up;               /* semaphores that were when we came, and nobody listened */
	uint64_t *raised;           /* by hand */
	uint64_t *guarded;          /* of which the guard knows */
	struct silent *silent;
	size_t n_up, n_raised, n_guarded, n_silent;
	struct process *prev, *next;
};

struct program_id {
	uint64_t dev, ino;
};

struct stranger {
	pid_t pid;
	uint64_t until;
	uint64_t look_at; /* it has mapped a file of ours; 0: that was looked at */
	bool is_emulated, told;
};

struct processes {
	struct processes_options opts;
	struct processes_ops ops;
	struct collector *collector;
	uint32_t kinds;
	bool family; /* attached to files, not to processes */
	bool harm;   /* not attached to somewhere, for a probe would have done harm: the error is explained */
	struct binaries binaries;
	int root; /* of the first one's file system: paths mean something there when all are gone. -1: not known */
	struct table by_pid;
	struct process *first, *last;
	size_t n;
	struct watch *watch; /* NULL: look now and then */
	struct launch *launch;
	pid_t command;
	int command_status;
	bool command_ended;
	struct stat program; /* -x */
	struct binary *program_binary;
	uint64_t ended;         /* when the last one did that has */
	uint64_t looked_at_all; /* when nothing had escaped us yet */
	bool behind;            /* and said so */
	bool begun;             /* what is there in the beginning is attached to */
	int refused;            /* of the first file that could not be attached to; 0 */
	struct pollfd *ends;    /* room for all their pidfds */
	struct processes_stats stats;
	struct process_description described[PROCESSES_DESCRIBED];
	size_t n_described;
	uint32_t leaving;            /* kinds of probes that are being detached */
	bool ending;                 /* nothing is raised any more */
	bool by_hand;                /* a semaphore was raised so, or might have to be lowered so */
	struct guard *guard;         /* then; NULL */
	struct program_id *programs; /* that they run; of a family none */
	size_t n_programs;
	struct processes_silent silent[PROCESSES_SILENT];
	size_t n_silent;
	struct stranger *strangers; /* strangers.h */
	size_t n_strangers;
};

static inline const char *base_name(const char *path)
{
	const char *slash = __builtin_strrchr(path, '/');

	return slash ? slash + 1 : path;
}

/* Can probes fire for processes that are not traced? */
static inline bool members__are_several(const struct processes *p)
{
	return p->family || p->opts.n_pids > 1;
}

void members__tell(const struct processes *p, enum event_kind what, uint64_t ts, pid_t pid, const char *text);

struct process *members__find(const struct processes *p, pid_t pid);
int members__add(struct processes *p, pid_t pid, const char *comm, struct process **ret);
void members__drop(struct processes *p, struct process *process);

/* For metadata: as it is now, unless there is no more room. */
void members__describe(struct processes *p, const struct process *process);

/*
 * To those kinds of probes that are wanted and not in *attached, which they are added to. 0 or -errno, as below; 0 also
 * for a file that the kernel refuses: the others are traced nevertheless. It is told of, once all is attached to that
 * there was in the beginning. Where a probe would kill an emulated process nothing is attached to, and that is said.
 */
int members__attach_binary(struct processes *p, struct binary *b, pid_t pid, uint32_t *attached);

void members__tell_refused(struct processes *p, const struct binary *b, pid_t pid);

/* The same for whoever has the file mapped, which nobody may have by now. It is told of first. */
int members__attach_for_all(struct processes *p, struct binary *b);

/* Tell of the files that the process has mapped, or of those that are new, before attaching to them. The dynamic loader
 * first. 0 or -errno. */
int members__tell_files(struct processes *p, const struct process *process, bool only_new);

/* To all files of the process, as they were when we looked last. */
int members__attach_files(struct processes *p, struct process *process);

/*
 * Look at what it has mapped and attach to what is new. `since`: when that was mapped, if its code may have run by
 * now, which is said then; 0: it has not.
 */
int members__open(struct processes *p, struct process *process,
		  uint64_t since); /* for the first time; 0 if it is gone */
/* The same, of a child that was forked at `since`. What it has executed by now waits for us if its execs are shown to
 * us by launch: then nothing of it has run. `parent`: as it was looked at last, or NULL. */
int members__open_forked(struct processes *p, struct process *process, const struct target *parent, uint64_t since);
int members__look(struct processes *p, struct process *process, uint64_t since); /* -ESRCH: it is gone */
int members__look_if_there(struct processes *p, struct process *process, uint64_t since);
int members__look_at_all(struct processes *p);

/* It mapped `path` at `since` and was gone before we could look: what it had may be had by the next one. */
int members__look_without(struct processes *p, struct process *process, const char *path, uint64_t since);

#endif
