// SPDX-License-Identifier: BSD-2-Clause
/* processes: see processes.h. */
#define _GNU_SOURCE
#include "processes.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "launch.h"
#include "log.h"
#include "table.h"
#include "watch.h"

#define ENOTSUPP 524 /* the kernel's own, which is in no header of user space */
#define LOOK_NS 50000000u /* between two looks at everybody's mappings where the kernel does not tell of new ones */

struct process {
	pid_t pid;
	struct target *target; /* NULL: it has not executed its program yet, or was gone when we came */
	char comm[17];
	bool awaited;          /* launch is about to show its exec */
	bool let_go;           /* launch has: what it executes next is not shown */
	bool missed;           /* counted as such */
	uint64_t looked;       /* when we did last */
	uint64_t execed;       /* when it executed its program, if we saw that ourselves */
	uint64_t ended;        /* when its last thread did that we know of */
	struct process *prev, *next;
};

struct processes {
	const struct opts *opts;
	struct processes_ops ops;
	struct collector *collector;
	uint32_t kinds;
	bool family; /* attached to files, not to processes */
	struct binaries binaries;
	struct table by_pid;
	struct process *first, *last;
	size_t n;
	struct watch *watch;   /* NULL: look now and then */
	struct launch *launch;
	pid_t command;
	int command_status;
	bool command_ended;
	struct stat program;   /* -x */
	struct binary *program_binary;
	uint64_t looked_at_all; /* when nothing had escaped us yet */
	bool behind;           /* and said so */
	struct pollfd *ends;   /* room for all their pidfds */
	struct processes_stats stats;
	struct process_description described[PROCESSES_DESCRIBED];
	size_t n_described;
};

static void happened(const struct processes *p, enum happening what, uint64_t ts, pid_t pid, const char *text)
{
	p->ops.on_happening(p->ops.ctx, what, ts, pid, text);
}

static struct process *find(const struct processes *p, pid_t pid)
{
	return table__get(&p->by_pid, (uint64_t)pid, 0);
}

/* ---- Files ---- */

static const char *base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

static int attach_binary(struct processes *p, struct binary *b, pid_t pid, uint32_t *attached)
{
	uint32_t kinds = p->kinds & ~*attached;
	int err;

	if (!kinds || !b->elf.n_probes)
		return 0;
	err = collector__attach(p->collector, &b->elf, b->fd, b->path, pid, kinds, b == p->program_binary);
	if (err)
		return err;
	if (!b->attached) {
		p->stats.files++;
		b->attached_at = collector__now();
	}
	for (size_t i = 0; i < b->elf.n_probes; i++)
		p->stats.probes += kinds >> b->elf.probes[i].probe & 1;
	b->attached |= kinds;
	*attached |= kinds;
	return 0;
}

static int attach_file(struct processes *p, const struct process *process, struct target_file *f)
{
	if (p->family)
		return attach_binary(p, f->binary, 0, &f->binary->attached);
	return attach_binary(p, f->binary, process->pid, &f->attached);
}

static int attach_files(struct processes *p, struct process *process)
{
	int err = 0;

	for (size_t i = 0; process->target && !err && i < process->target->n_files; i++)
		err = attach_file(p, process, &process->target->files[i]);
	return err;
}

/* Its code may have run before we were there. */
static void tell_late(struct processes *p, const struct process *process, const struct binary *b, uint64_t since, uint64_t from)
{
	char text[NAME_MAX + 128];

	snprintf(text, sizeof(text), "%s is traced from here on, %.1f ms after it was loaded", base_name(b->path),
		 (double)(from - since) / 1e6);
	log_info("process %d (%s): %s", process->pid, process->comm, text);
	happened(p, HAPPENED_NOTE, from, process->pid, text);
}

/* Attach to its new files. `since`: when they were mapped, if their code may have run by now; 0: it has not. */
static int take_files(struct processes *p, struct process *process, uint64_t since)
{
	struct target *t = process->target;
	int err = 0;

	for (size_t i = 0; !err && i < t->n_files; i++) {
		struct target_file *f = &t->files[i];
		uint32_t had = f->attached;
		uint64_t from;

		if (!f->is_mapped || !f->is_new)
			continue;
		err = p->ops.on_file(p->ops.ctx, process->pid, f->bias, f->binary);
		if (!err)
			err = attach_file(p, process, f);
		/* Maybe it was mapped while we attached for another one. */
		from = p->family ? f->binary->attached_at : f->attached != had ? collector__now() : 0;
		if (!err && since && f->binary->elf.n_probes && from > since)
			tell_late(p, process, f->binary, since, from);
	}
	return err;
}

/* Attach to what is new in its memory. -ESRCH: it is gone. */
static int look(struct processes *p, struct process *process, uint64_t since)
{
	uint64_t now = collector__now();
	int err = target__look(process->target, &p->binaries);

	if (err)
		return err;
	process->looked = now;
	return take_files(p, process, since);
}

static int look_if_there(struct processes *p, struct process *process, uint64_t since)
{
	int err = look(p, process, since);

	return err == -ESRCH ? 0 : err;
}

static int look_at_all(struct processes *p)
{
	uint64_t now = collector__now(), since = p->looked_at_all;
	int err = 0;

	p->looked_at_all = now;
	for (struct process *process = p->first; process && !err; process = process->next)
		if (process->target)
			err = look_if_there(p, process, since);
	return err;
}

/* What a process of the family would see under that path, most likely. */
static int open_as_family(const struct processes *p, const char *path)
{
	char from[PATH_MAX + 64];
	int fd = -1;

	for (const struct process *process = p->first; process && fd < 0; process = process->next) {
		snprintf(from, sizeof(from), "/proc/%d/root%s", process->pid, path);
		fd = open(from, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	}
	return fd >= 0 ? fd : open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
}

static bool was_attached(const struct processes *p, const struct process *process, const struct binary *b, uint64_t since)
{
	const struct target *t = process->target;

	if (p->family)
		return b->attached && b->attached_at < since;
	for (size_t i = 0; t && i < t->n_files; i++)
		if (t->files[i].binary == b && t->files[i].attached)
			return true;
	return false;
}

/* A process that mapped `path` was gone before we could look: what it had may be had by the next one. */
static int look_without(struct processes *p, struct process *process, const char *path, uint64_t since)
{
	int fd = open_as_family(p, path), err;
	struct binary *b;

	if (fd < 0)
		return 0;
	err = binaries__get(&p->binaries, fd, path, &b);
	if (err || !b->elf.n_probes || was_attached(p, process, b, since))
		return err;
	p->stats.missed += !process->missed;
	process->missed = true;
	/* In the end it is said how many. */
	(p->stats.missed > 1 ? log_verbose : log_warn)("process %d (%s) ended before we could attach to the probes in %s%s",
						       process->pid, process->comm, path,
						       p->family ? "; the next one is traced from its start" : "");
	if (!p->family || b->attached)
		return 0;
	err = p->ops.on_file(p->ops.ctx, 0, 0, b);
	return err ? err : attach_binary(p, b, 0, &b->attached);
}

/* ---- Processes ---- */

static void describe(struct processes *p, const struct process *process)
{
	struct process_description *d = NULL;
	const struct target *t = process->target;

	for (size_t i = 0; i < p->n_described && !d; i++)
		if (p->described[i].pid == process->pid)
			d = &p->described[i];
	if (!d && p->n_described == PROCESSES_DESCRIBED)
		return;
	if (!d)
		d = &p->described[p->n_described++];
	free(d->exe);
	*d = (struct process_description){ .pid = process->pid, .exe = t ? strdup(t->exe) : NULL };
	d->container_pid = t ? t->container_pid : 0;
	snprintf(d->comm, sizeof(d->comm), "%s", process->comm);
}

static int add(struct processes *p, pid_t pid, const char *comm, struct process **ret)
{
	struct process *process = calloc(1, sizeof(*process));

	if (!process)
		return -ENOMEM;
	process->pid = pid;
	snprintf(process->comm, sizeof(process->comm), "%s", comm);
	if (table__put(&p->by_pid, (uint64_t)pid, 0, process)) {
		free(process);
		return -ENOMEM;
	}
	process->prev = p->last;
	if (p->last)
		p->last->next = process;
	else
		p->first = process;
	p->last = process;
	p->n++;
	p->stats.processes++;
	*ret = process;
	return 0;
}

static void drop(struct processes *p, struct process *process)
{
	table__remove(&p->by_pid, (uint64_t)process->pid, 0);
	if (process->prev)
		process->prev->next = process->next;
	else
		p->first = process->next;
	if (process->next)
		process->next->prev = process->prev;
	else
		p->last = process->prev;
	p->n--;
	target__free(process->target);
	free(process);
}

static void end(struct processes *p, struct process *process)
{
	/* The end of the last one is the end of the trace. */
	if (p->n > 1 || p->opts->program)
		happened(p, HAPPENED_END, process->ended ? process->ended : collector__now(), process->pid, process->comm);
	if (processes__are_several(p))
		collector__remove_process(p->collector, process->pid);
	drop(p, process);
}

/* It runs and has not been looked at. 0 also if it is gone by now. */
static int open_target(struct processes *p, struct process *process, uint64_t since)
{
	uint64_t now = collector__now();
	pid_t leader;
	int err = target__open(&process->target, &p->binaries, process->pid, &leader);

	if (err)
		return err == -ENOMEM ? err : 0;
	process->looked = now;
	snprintf(process->comm, sizeof(process->comm), "%s", process->target->comm);
	describe(p, process);
	return take_files(p, process, since);
}

static int begin(struct processes *p, pid_t pid, const char *comm, uint64_t ts, struct process **ret)
{
	int err = add(p, pid, comm, ret);

	if (err)
		return err;
	describe(p, *ret); /* it may be gone when we look */
	happened(p, HAPPENED_BEGIN, ts, pid, comm);
	return 0;
}

static int execed(struct processes *p, struct process *process, const char *comm, uint64_t ts, uint64_t since)
{
	snprintf(process->comm, sizeof(process->comm), "%s", comm);
	happened(p, HAPPENED_EXEC, ts, process->pid, process->comm);
	if (!processes__are_several(p))
		collector__process_execed(p->collector);
	if (!since)
		process->execed = collector__now();
	if (!process->target)
		return open_target(p, process, since);
	target__forget(process->target);
	describe(p, process);
	return look_if_there(p, process, since);
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

/* Our program was built anew: those that run it are ours, too. */
static int replace_program(struct processes *p)
{
	int fd = open(p->opts->program, O_RDONLY | O_CLOEXEC | O_NONBLOCK), err;
	struct binary *b;

	if (fd < 0 || fstat(fd, &p->program)) {
		if (fd >= 0)
			close(fd);
		return 0;
	}
	err = binaries__get(&p->binaries, fd, p->opts->program, &b);
	if (err)
		return err;
	p->program_binary = b;
	log_verbose("%s is another file now", p->opts->program);
	err = p->ops.on_file(p->ops.ctx, 0, 0, b);
	return err ? err : attach_binary(p, b, 0, &b->attached);
}

/* A process that runs our program. */
static int join(struct processes *p, pid_t pid, const char *comm, uint64_t ts, uint64_t since)
{
	struct process *process;
	int err = collector__add_process(p->collector, pid);

	if (!err)
		err = begin(p, pid, comm, ts, &process);
	return err ? err : open_target(p, process, since);
}

static int join_if_ours(struct processes *p, const struct watch_event *e)
{
	struct stat now;
	int err = 0;

	if (!runs_program(e->pid, &p->program)) {
		if (stat(p->opts->program, &now) || is_same(&now, &p->program) || !runs_program(e->pid, &now))
			return 0;
		err = replace_program(p);
	}
	return err ? err : join(p, e->pid, e->name, e->ts, e->ts);
}

static int join_those_present(struct processes *p)
{
	DIR *proc = opendir("/proc");
	struct dirent *entry;
	int err = 0;

	while (proc && !err && (entry = readdir(proc))) {
		pid_t pid = atoi(entry->d_name);

		if (pid > 0 && !find(p, pid) && runs_program(pid, &p->program))
			err = join(p, pid, base_name(p->opts->program), collector__now(), 0);
	}
	if (proc)
		closedir(proc);
	return err;
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

		if (pid <= 0 || find(p, pid) || !find(p, target__parent_of(pid)))
			continue;
		target__read_comm(pid, comm);
		err = begin(p, pid, comm, collector__now(), &process);
		if (!err)
			err = open_target(p, process, since);
	}
	if (proc)
		closedir(proc);
	return err;
}

/* More happened than was read in time: nobody knows what, so see who is there. */
static int catch_up(struct processes *p)
{
	static const char text[] = "more happened than we could follow: some processes may not have been traced from their start";
	uint64_t since = p->looked_at_all;
	int err = look_at_all(p);

	for (struct process *process = p->first; process; process = process->next)
		if (!process->target && !process->ended)
			process->ended = since; /* if it has */
	if (!err && p->opts->program)
		err = join_those_present(p);
	if (!err && p->opts->follow)
		err = adopt_children(p, since);
	if (!err && p->family && !p->behind && p->first) {
		log_warn("%s", text);
		happened(p, HAPPENED_NOTE, collector__now(), p->first->pid, text);
		p->behind = true;
	}
	return err;
}

/* Its execs are shown by launch, in which it waits for us; what watch tells of them comes before or after that. */
static bool is_launchs(const struct processes *p, const struct process *process)
{
	return p->launch && (p->opts->follow || (process->pid == p->command && !process->let_go));
}

static int on_mapped(struct processes *p, struct process *process, const struct watch_event *e)
{
	int err = -ESRCH;

	if (process->looked > e->ts || process->awaited || (p->launch && launch__is_loading(p->launch, e->pid)))
		return 0;
	if (process->target)
		err = look(p, process, e->ts);
	return err == -ESRCH ? look_without(p, process, e->name, e->ts) : err;
}

static int on_watch(void *ctx, const struct watch_event *e)
{
	struct processes *p = ctx;
	struct process *process = find(p, e->pid), *parent;
	int err;

	switch (e->kind) {
	case WATCH_FORKED:
		parent = find(p, e->parent);
		if (process || !parent || !p->opts->follow)
			return 0;
		err = begin(p, e->pid, parent->comm, e->ts, &process);
		return err ? err : open_target(p, process, e->ts);
	case WATCH_EXECED:
		if (process && process->execed > e->ts)
			return 0;
		if (process && is_launchs(p, process)) {
			process->awaited = true;
			return 0;
		}
		if (process)
			return execed(p, process, e->name, e->ts, e->ts);
		return p->opts->program ? join_if_ours(p, e) : 0;
	case WATCH_MAPPED: return process ? on_mapped(p, process, e) : 0;
	case WATCH_EXITED:
		if (process)
			process->ended = e->ts;
		else if (e->pid == e->tid && p->program_binary)
			collector__remove_process(p->collector, e->pid); /* it may have joined by itself */
		return 0;
	case WATCH_MISSED: return catch_up(p);
	}
	return 0;
}

static int end_those_gone(struct processes *p)
{
	struct pollfd *ends = realloc(p->ends, (p->n + 1) * sizeof(*ends));
	struct process *process, *next;
	size_t i = 0;

	if (!ends)
		return -ENOMEM;
	p->ends = ends;
	for (process = p->first; process; process = process->next)
		ends[i++] = (struct pollfd){ .fd = process->target ? process->target->pidfd : -1, .events = POLLIN };
	if (poll(ends, i, 0) < 0)
		return 0;
	i = 0;
	for (process = p->first; process; process = next, i++) {
		next = process->next;
		/* Never looked at: a child that was short. An exec that changes the user looks like an exit, too. */
		if (ends[i].revents || (!process->target && process->ended && !target__runs(process->pid)))
			end(p, process);
	}
	return 0;
}

static int answer_launch(struct processes *p)
{
	struct launch_stop stop;
	int err = 0;

	while (p->launch && !err && launch__next(p->launch, &stop)) {
		struct process *process = find(p, stop.pid);
		uint64_t now = collector__now();
		bool found = false;

		if (!process)
			err = begin(p, stop.pid, "", now, &process);
		if (!err) {
			if (stop.exec) {
				char comm[17];

				target__read_comm(stop.pid, comm);
				process->awaited = false;
				err = execed(p, process, comm, now, 0);
			} else if (process->target) {
				err = look_if_there(p, process, 0);
			}
			found = process->target && target__count_probes(process->target);
			process->let_go = found;
		}
		launch__go_on(p->launch, stop.pid, found);
	}
	if (p->launch && !p->command_ended)
		p->command_ended = launch__ended(p->launch, &p->command_status);
	return err;
}

int processes__update(struct processes *p)
{
	uint64_t now = collector__now();
	int err = answer_launch(p);

	if (!err && p->watch) {
		err = watch__read(p->watch, on_watch, p);
		p->looked_at_all = now;
	}
	if (!err && !p->watch && collector__now() - p->looked_at_all > LOOK_NS)
		err = look_at_all(p);
	return err ? err : end_those_gone(p);
}

size_t processes__poll_fds(const struct processes *p, struct pollfd *ret)
{
	ret[0] = (struct pollfd){ .fd = p->watch ? watch__fd(p->watch) : -1, .events = POLLIN };
	ret[1] = (struct pollfd){ .fd = p->launch ? launch__fd(p->launch) : -1, .events = POLLIN };
	ret[2] = (struct pollfd){ .fd = p->first && p->first->target ? p->first->target->pidfd : -1, .events = POLLIN };
	return PROCESSES_FDS;
}

const char *processes__ended(const struct processes *p)
{
	if (p->command && !p->opts->follow && p->command_ended)
		return "the command ended";
	if (p->first || p->opts->program)
		return NULL;
	return p->command ? "the command and its children ended" : p->stats.processes > 1 ? "the targets ended" : "the target ended";
}

/* ---- The beginning ---- */

bool processes__are_several(const struct processes *p)
{
	return p->opts->follow || p->opts->program || p->opts->n_pids > 1;
}

static enum exit_code find_program(struct processes *p)
{
	const char *path = p->opts->program;
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK), err;

	if (fd < 0 || fstat(fd, &p->program)) {
		log_error("cannot read %s: %s", path, strerror(errno));
		if (fd >= 0)
			close(fd);
		return EXIT_NO_PROBES;
	}
	err = binaries__get(&p->binaries, fd, path, &p->program_binary);
	if (err) {
		log_error("cannot read %s: %s", path, strerror(-err));
		return EXIT_INTERNAL;
	}
	if (!p->program_binary->elf.n_probes)
		log_warn("%s itself has no viz probes; those in its libraries are attached to when it runs", path);
	return EXIT_TRACED;
}

static enum exit_code find_pids(struct processes *p)
{
	/* A parent of those with probes needs none. */
	bool without_probes = p->opts->follow;

	for (size_t i = 0; i < p->opts->n_pids; i++) {
		struct process *process;
		struct target *t;
		enum exit_code code = target__open_or_explain(&t, &p->binaries, p->opts->pids[i], without_probes);

		if (code)
			return code;
		if (add(p, t->pid, t->comm, &process)) {
			target__free(t);
			return EXIT_INTERNAL;
		}
		process->target = t;
		describe(p, process);
	}
	return EXIT_TRACED;
}

enum exit_code processes__new(struct processes **ret, const struct opts *o, const struct processes_ops *ops)
{
	struct processes *p = calloc(1, sizeof(*p));
	enum exit_code code;

	if (!p)
		return EXIT_INTERNAL;
	p->opts = o;
	p->ops = *ops;
	p->family = o->follow || o->program;
	code = o->program ? find_program(p) : find_pids(p);
	if (code)
		processes__free(p);
	else
		*ret = p;
	return code;
}

void processes__free(struct processes *p)
{
	if (!p)
		return;
	launch__free(p->launch);
	watch__free(p->watch);
	while (p->first)
		drop(p, p->first);
	table__clear(&p->by_pid);
	for (size_t i = 0; i < p->n_described; i++)
		free(p->described[i].exe);
	free(p->ends);
	binaries__clear(&p->binaries);
	free(p);
}

static int attach_process(struct processes *p, struct process *process)
{
	uint64_t now = collector__now();
	int err = processes__are_several(p) ? collector__add_process(p->collector, process->pid) : 0;

	happened(p, HAPPENED_BEGIN, now, process->pid, process->comm);
	for (size_t i = 0; process->target && !err && i < process->target->n_files; i++)
		err = p->ops.on_file(p->ops.ctx, process->pid, process->target->files[i].bias,
				     process->target->files[i].binary);
	if (!err)
		err = attach_files(p, process);
	/* What it mapped since we looked. */
	return err || !process->target ? err : look_if_there(p, process, now);
}

static int attach_all(struct processes *p)
{
	int err = 0;

	if (p->program_binary) {
		err = p->ops.on_file(p->ops.ctx, 0, 0, p->program_binary);
		if (!err)
			err = attach_binary(p, p->program_binary, 0, &p->program_binary->attached);
		return err ? err : join_those_present(p);
	}
	for (struct process *process = p->first; process && !err; process = process->next)
		err = attach_process(p, process);
	return err;
}

static bool all_ended(struct processes *p)
{
	end_those_gone(p);
	return p->opts->n_pids && !p->first;
}

static enum exit_code explain(struct processes *p, int err)
{
	int pid = p->opts->n_pids ? p->opts->pids[0] : p->command;

	if (err == -ESRCH || all_ended(p)) {
		/* What it did until then has been seen. */
		if (p->stats.probes)
			return EXIT_TRACED;
		log_error("process %d ended while we attached to it", pid);
		return EXIT_NO_PROCESS;
	}
	if (err == -EPERM || err == -EACCES) {
		log_error("no permission to attach uprobes%s; use sudo; `viztrace-bpf doctor` names what is missing",
			  collector__needs_perf_events(p->collector) ? " by perf events (CAP_SYS_ADMIN)" : "");
		return EXIT_PERMISSION;
	}
	if (err == -ENOTSUPP) {
		log_error("this kernel does not take probe site %s; use --probe-site auto", site_names[p->opts->site]);
		return EXIT_KERNEL;
	}
	if (err == -ENOSYS || err == -ENOENT) {
		log_error("this kernel has no uprobes for perf events (%s); it needs CONFIG_UPROBE_EVENTS", strerror(-err));
		return EXIT_KERNEL;
	}
	log_error("cannot attach: %s; -v says more", strerror(-err));
	return err == -ENOMEM ? EXIT_INTERNAL : EXIT_KERNEL;
}

enum exit_code processes__attach(struct processes *p, struct collector *c, uint32_t kinds)
{
	int err;

	p->collector = c;
	p->kinds = kinds;
	p->looked_at_all = collector__now();
	err = watch__new(&p->watch);
	if (err) {
		p->watch = NULL;
		log_verbose("no events of new mappings (%s): looking at them every %u ms", strerror(-err), LOOK_NS / 1000000u);
	}
	if (p->opts->follow) {
		err = collector__follow_forks(c);
		if (err) {
			log_error("cannot follow forks: %s", err == -EPERM ? "no permission; use sudo" :
				  "this kernel does not describe itself (/sys/kernel/btf/vmlinux), or is locked down; trace without -f");
			return err == -EPERM ? EXIT_PERMISSION : EXIT_KERNEL;
		}
		if (!p->watch)
			log_warn("without perf events of the whole machine (CAP_PERFMON), what children execute is found late");
	}
	err = attach_all(p);
	return err ? explain(p, err) : EXIT_TRACED;
}

int processes__attach_kinds(struct processes *p, uint32_t kinds)
{
	int err = 0;

	p->kinds |= kinds;
	for (struct binary *b = p->binaries.first; p->family && b && !err; b = b->next)
		if (b->attached)
			err = attach_binary(p, b, 0, &b->attached);
	for (struct process *process = p->first; !p->family && process && !err; process = process->next)
		err = attach_files(p, process);
	return err;
}

/* ---- A command ---- */

enum exit_code processes__fork_command(struct processes *p)
{
	struct launch_options o = { .argv = p->opts->argv, .user = p->opts->user, .follow = p->opts->follow };
	struct process *process;
	char error[256] = "";
	int err = launch__new(&p->launch, &o, error, sizeof(error));

	if (err) {
		p->launch = NULL;
		log_error("cannot run %s: %s", o.argv[0], error);
		return err == -ENOMEM ? EXIT_INTERNAL : EXIT_USAGE;
	}
	p->command = launch__pid(p->launch);
	err = add(p, p->command, base_name(o.argv[0]), &process);
	if (!err) {
		describe(p, process);
		err = attach_process(p, process);
	}
	return err ? explain(p, err) : EXIT_TRACED;
}

enum exit_code processes__start_command(struct processes *p)
{
	int err = launch__start(p->launch);

	if (!err)
		return EXIT_TRACED;
	log_error("cannot run %s: %s", p->opts->argv[0], strerror(-err));
	return err == -ENOENT ? EXIT_NOT_FOUND : EXIT_NOT_EXECUTABLE;
}

bool processes__command_status(struct processes *p, int *ret)
{
	struct launch_stop stop;
	struct pollfd fd;

	if (!p->launch)
		return false;
	/* All is written, nothing is attached any more: let it go on as if we were not there. */
	while (!p->command_ended) {
		fd = (struct pollfd){ .fd = launch__fd(p->launch), .events = POLLIN };
		if (poll(&fd, 1, -1) < 0 && errno != EINTR)
			return false;
		while (launch__next(p->launch, &stop))
			launch__go_on(p->launch, stop.pid, true);
		p->command_ended = launch__ended(p->launch, &p->command_status);
	}
	*ret = WIFSIGNALED(p->command_status) ? 128 + WTERMSIG(p->command_status) : WEXITSTATUS(p->command_status);
	return true;
}

/* ---- What there is to tell ---- */

const struct target *processes__first(const struct processes *p)
{
	return p->first ? p->first->target : NULL;
}

const struct processes_stats *processes__stats(const struct processes *p)
{
	return &p->stats;
}

const struct process_description *processes__described(const struct processes *p, size_t *ret_n)
{
	*ret_n = p->n_described;
	return p->described;
}

const struct binary *processes__next_file(const struct processes *p, const struct binary *after)
{
	const struct binary *b = after ? after->next : p->binaries.first;

	while (b && !binary__is_of_use(b))
		b = b->next;
	return b;
}
