// SPDX-License-Identifier: BSD-2-Clause
/* lives: see lives.h. */
#define _GNU_SOURCE
#include "lives.h"

#include <dirent.h>
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../common/log.h"
#include "../common/regular.h"
#include "launch.h"
#include "strangers.h"
#include "switching.h"
#include "watch.h"

static void end(struct processes *p, struct process *process)
{
	uint64_t ended = process->ended ? process->ended : collector__now();
	int signal;

	if (ended < process->told)
		ended = process->told;
	if (p->ended < ended)
		p->ended = ended;
	signal = collector__signal_of(p->collector, process->pid, process->begun);
	if (signal)
		p->ops.on_signal(p->ops.ctx, ended, process->pid, signal);
	/* The end of the last one is the end of the trace. */
	if (p->n > 1 || p->opts.program)
		members__tell(p, EVENT_ENDED, ended, process->pid, process->comm);
	if (members__are_several(p))
		collector__remove_process(p->collector, process->pid);
	members__drop(p, process);
}

static int begin(struct processes *p, pid_t pid, const char *comm, uint64_t ts, struct process **ret)
{
	int err = members__add(p, pid, comm, ret);

	if (err)
		return err;
	members__describe(p, *ret); /* it may be gone when we look */
	(*ret)->told = (*ret)->begun = ts;
	members__tell(p, EVENT_BEGAN, ts, pid, comm);
	return 0;
}

static int execed(struct processes *p, struct process *process, const char *comm, uint64_t ts, uint64_t since)
{
	snprintf(process->comm, sizeof(process->comm), "%s", comm);
	members__tell(p, EVENT_EXECED, ts, process->pid, process->comm);
	if (!members__are_several(p))
		collector__process_execed(p->collector);
	if (!since)
		process->execed = collector__now();
	if (!process->target)
		return members__open(p, process, since);
	target__forget(process->target);
	switching__forget(process);
	/* By another thread than the first: what we attached to is gone with that one. Of a process that has ended by
	 * now all is gone. */
	if (!p->family && (process->first_thread_ended || target__runs(process->pid)) &&
	    collector__detach_dead(p->collector, process->pid))
		for (size_t i = 0; i < process->target->n_files; i++)
			process->target->files[i].attached = 0;
	process->first_thread_ended = false;
	members__describe(p, process);
	return members__look_if_there(p, process, since);
}

static bool is_same(const struct stat *a, const struct stat *b)
{
	return a->st_dev == b->st_dev && a->st_ino == b->st_ino;
}

static bool runs_program(pid_t pid, const struct stat *program)
{
	char path[64];
	struct stat st;

	snprintf(path, sizeof(path), "/proc/%d/exe", pid);
	return !stat(path, &st) && is_same(&st, program);
}

/* What is at the program's path now: a descriptor and its identity, or -errno. */
int lives__open_program(const struct processes *p, struct stat *ret)
{
	int fd = regular__open(p->opts.program), err;

	if (fd < 0 || !fstat(fd, ret))
		return fd;
	err = -errno;
	close(fd);
	return err;
}

/* Is another file at its path by now? */
static bool is_replaced(const struct processes *p, struct stat *ret)
{
	return !stat(p->opts.program, ret) && !is_same(ret, &p->program);
}

/* Our program was built anew: those that run it are ours, too. */
static int replace_program(struct processes *p)
{
	int fd = lives__open_program(p, &p->program), err;
	struct binary *b;

	if (fd < 0)
		return 0;
	err = binaries__get(&p->binaries, fd, p->opts.program, &b);
	if (err)
		return err == -ENOMEM ? err : 0;
	p->program_binary = b;
	log_verbose("%s is another file now", p->opts.program);
	return members__attach_for_all(p, b);
}

/* A process that runs our program. */
static int join(struct processes *p, pid_t pid, const char *comm, uint64_t ts, uint64_t since)
{
	struct process *process;
	int err = collector__add_process(p->collector, pid);

	if (err && err != -ENOMEM) { /* more than there may be at a time */
		p->stats.missed++;
		return 0;
	}
	if (!err)
		err = begin(p, pid, comm, ts, &process);
	return err ? err : members__open(p, process, since);
}

static int join_if_ours(struct processes *p, const struct watch_event *e)
{
	struct stat now;
	int err = 0;

	if (!runs_program(e->pid, &p->program)) {
		if (!is_replaced(p, &now) || !runs_program(e->pid, &now))
			return 0;
		err = replace_program(p);
	}
	return err ? err : join(p, e->pid, e->name, e->ts, e->ts);
}

static int join_all_that_run(struct processes *p, struct stat program, uint64_t since)
{
	DIR *proc = opendir("/proc");
	struct dirent *entry;
	int err = 0;

	while (proc && !err && (entry = readdir(proc))) {
		pid_t pid = atoi(entry->d_name);

		if (pid <= 0 || members__find(p, pid) || !runs_program(pid, &program))
			continue;
		if (!is_same(&program, &p->program))
			err = replace_program(p);
		if (!err)
			err = join(p, pid, base_name(p->opts.program), collector__now(), since);
	}
	if (proc)
		closedir(proc);
	return err;
}

int lives__join_present(struct processes *p, uint64_t since)
{
	struct stat now;
	int err = join_all_that_run(p, p->program, since);

	return err || !is_replaced(p, &now) ? err : join_all_that_run(p, now, since);
}

/* Children of the family that nobody told us of. Parents mostly have smaller numbers. */
static int adopt_children(struct processes *p, uint64_t since)
{
	DIR *proc = opendir("/proc");
	struct dirent *entry;
	int err = 0;

	while (proc && !err && (entry = readdir(proc))) {
		pid_t pid = atoi(entry->d_name);
		struct process *process;
		char comm[17];

		if (pid <= 0 || members__find(p, pid) || !members__find(p, target__parent_of(pid)))
			continue;
		target__read_comm(pid, comm);
		err = begin(p, pid, comm, collector__now(), &process);
		if (!err)
			err = members__open(p, process, since);
	}
	if (proc)
		closedir(proc);
	return err;
}

/* More happened than was read in time: nobody knows what, so see who is there. */
static int catch_up(struct processes *p)
{
	static const char text[] =
		"more happened than we could follow: some processes may not have been traced from their start";
	uint64_t since = p->looked_at_all;
	int err = members__look_at_all(p);

	for (struct process *process = p->first; process; process = process->next)
		if (!process->target && !process->ended)
			process->ended = since; /* if it has */
	if (!err && p->opts.program)
		err = lives__join_present(p, since);
	if (!err && p->opts.follow)
		err = adopt_children(p, since);
	if (!err && p->family && !p->behind && p->first) {
		log_warn("%s", text);
		members__tell(p, EVENT_NOTE, collector__now(), p->first->pid, text);
		p->behind = true;
	}
	return err;
}

/* Its execs are shown by launch, in which it waits for us; what watch tells of them comes before or after that. */
static bool is_launchs(const struct processes *p, const struct process *process)
{
	return p->launch && (p->opts.follow || (process->pid == p->command && !process->let_go));
}

static int on_mapped(struct processes *p, struct process *process, const struct watch_event *e)
{
	int err = -ESRCH;

	if (process->looked > e->ts || process->awaited || (p->launch && launch__is_loading(p->launch, e->pid)))
		return 0;
	if (process->target)
		err = members__look(p, process, e->ts);
	/* It may have ended while we looked. */
	if (err == -ESRCH || (!err && process->target->n_vanished))
		return members__look_without(p, process, e->name, e->ts);
	return err;
}

static int follow(struct processes *p, const struct process *parent, const struct watch_event *e)
{
	struct process *process;
	int err = begin(p, e->pid, parent->comm, e->ts, &process);

	return err ? err : members__open_forked(p, process, parent->target, e->ts);
}

static int on_watch(void *ctx, const struct watch_event *e)
{
	struct processes *p = ctx;
	struct process *process = members__find(p, e->pid), *parent;

	switch (e->kind) {
	case WATCH_FORKED:
		/* Its number was another one's, whose end has not come to us otherwise yet. */
		if (process && process->ended && process->told < e->ts) {
			end(p, process);
			process = NULL;
		}
		parent = members__find(p, e->parent);
		if (process || !parent)
			return 0;
		return p->opts.follow  ? follow(p, parent, e) :
		       p->opts.program ? join(p, e->pid, parent->comm, e->ts, e->ts) :
					 0;
	case WATCH_EXECED:
		strangers__execed(p, e->pid, e->ts);
		/* Forked by our program, and another one from here on. */
		if (process && p->opts.program && !p->opts.follow && !runs_program(e->pid, &p->program)) {
			process->ended = e->ts;
			end(p, process);
			process = NULL;
		}
		if (process && process->execed > e->ts)
			return 0;
		if (process && is_launchs(p, process)) {
			process->awaited = true;
			return 0;
		}
		if (process)
			return execed(p, process, e->name, e->ts, e->ts);
		return p->opts.program ? join_if_ours(p, e) : 0;
	case WATCH_MAPPED: strangers__mapped(p, e->pid, e->name, e->ts); return process ? on_mapped(p, process, e) : 0;
	case WATCH_EXITED:
		if (process) {
			process->ended = e->ts;
			process->first_thread_ended |= e->tid == e->pid;
			p->ops.on_thread_end(p->ops.ctx, e->ts, e->pid, e->tid);
		} else if (e->pid == e->tid && p->program_binary) {
			collector__remove_process(p->collector, e->pid); /* it may have joined by itself */
		}
		return 0;
	case WATCH_MISSED: return catch_up(p);
	}
	return 0;
}

/* Before what they have done is read: that is all there will be of them. */
int lives__see_who_is_gone(struct processes *p)
{
	struct pollfd *ends = realloc(p->ends, (p->n + 1) * sizeof(*ends));
	struct process *process;
	size_t i = 0;

	if (!ends)
		return -ENOMEM;
	p->ends = ends;
	for (process = p->first; process; process = process->next)
		ends[i++] = (struct pollfd){ .fd = process->target ? process->target->pidfd : -1, .events = POLLIN };
	if (poll(ends, i, 0) < 0)
		return 0;
	i = 0;
	for (process = p->first; process; process = process->next)
		process->gone = ends[i++].revents;
	return 0;
}

void lives__end_those_gone(struct processes *p)
{
	struct process *process, *next;

	for (process = p->first; process; process = next) {
		next = process->next;
		/* Never looked at: a child that was short. An exec that changes the user looks like an exit, too. */
		if (process->gone || (!process->target && process->ended && !target__runs(process->pid)))
			end(p, process);
	}
}

/* What launch shows of a process that waits for us; or did in vain, then it is as if it had not. */
static int look_at_stopped(struct processes *p, struct process *process, const struct launch_stop *stop, uint64_t now)
{
	char comm[17];
	int err;

	if (!stop->exec)
		return process->target ? members__look_if_there(p, process, stop->left) : 0;
	target__read_comm(stop->pid, comm);
	if (!*comm)
		snprintf(comm, sizeof(comm), "%.16s", base_name(stop->path));
	process->awaited = false;
	err = execed(p, process, comm, now, stop->left);
	if (err || !stop->left)
		return err;
	process->execed = now;
	return *stop->path ? members__look_without(p, process, stop->path, stop->left) : 0;
}

static int answer_launch(struct processes *p)
{
	struct launch_stop stop;
	int err = 0;

	while (p->launch && !err && launch__next(p->launch, &stop)) {
		struct process *process = members__find(p, stop.pid);
		uint64_t now = collector__now();
		bool found = false;

		if (!process)
			err = begin(p, stop.pid, "", now, &process);
		if (!err) {
			err = look_at_stopped(p, process, &stop, now);
			found = process->target && target__count_probes(process->target);
			process->let_go = found;
			/* Before its first probe: what the kernel has raised may be a copy of its semaphores. */
			if (!err && found)
				switching__look_now(p, process, now);
		}
		launch__go_on(p->launch, stop.pid, found);
	}
	if (p->launch && !p->command_ended)
		p->command_ended = launch__ended(p->launch, &p->command_status);
	return err;
}

int lives__update(struct processes *p)
{
	uint64_t now = collector__now();
	int err = answer_launch(p);

	if (!err)
		err = lives__see_who_is_gone(p);
	if (!err && p->watch) {
		err = watch__read(p->watch, on_watch, p);
		p->looked_at_all = now;
	}
	if (!err && !p->watch && collector__now() - p->looked_at_all > LIVES_LOOK_NS)
		err = members__look_at_all(p);
	if (!err) {
		strangers__update(p, now);
		switching__update(p);
		lives__end_those_gone(p);
	}
	return err;
}
