// SPDX-License-Identifier: BSD-2-Clause
/* processes: see processes.h. */
#define _GNU_SOURCE
#include "processes.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "launch.h"
#include "../common/log.h"
#include "members.h"
#include "watch.h"

#define ENOTSUPP 524      /* the kernel's own, which is in no header of user space */
#define LOOK_NS 50000000u /* between two looks at everybody's mappings where the kernel does not tell of new ones */

/* ---- Their lives ---- */

static void end(struct processes *p, struct process *process)
{
	uint64_t ended = process->ended ? process->ended : collector__now();

	/* The end of the last one is the end of the trace. */
	if (p->n > 1 || p->opts->program)
		members__tell(p, HAPPENED_END, ended > process->told ? ended : process->told, process->pid,
			      process->comm);
	if (processes__are_several(p))
		collector__remove_process(p->collector, process->pid);
	members__drop(p, process);
}

static int begin(struct processes *p, pid_t pid, const char *comm, uint64_t ts, struct process **ret)
{
	int err = members__add(p, pid, comm, ret);

	if (err)
		return err;
	members__describe(p, *ret); /* it may be gone when we look */
	(*ret)->told = ts;
	members__tell(p, HAPPENED_BEGIN, ts, pid, comm);
	return 0;
}

static int execed(struct processes *p, struct process *process, const char *comm, uint64_t ts, uint64_t since)
{
	snprintf(process->comm, sizeof(process->comm), "%s", comm);
	members__tell(p, HAPPENED_EXEC, ts, process->pid, process->comm);
	if (!processes__are_several(p))
		collector__process_execed(p->collector);
	if (!since)
		process->execed = collector__now();
	if (!process->target)
		return members__open(p, process, since);
	target__forget(process->target);
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
static int open_program(const struct processes *p, struct stat *ret)
{
	int fd = open(p->opts->program, O_RDONLY | O_CLOEXEC | O_NONBLOCK), err;

	if (fd >= 0 && !fstat(fd, ret))
		return fd;
	err = -errno;
	if (fd >= 0)
		close(fd);
	return err;
}

/* Our program was built anew: those that run it are ours, too. */
static int replace_program(struct processes *p)
{
	int fd = open_program(p, &p->program), err;
	struct binary *b;

	if (fd < 0)
		return 0;
	err = binaries__get(&p->binaries, fd, p->opts->program, &b);
	if (err)
		return err;
	p->program_binary = b;
	log_verbose("%s is another file now", p->opts->program);
	return members__attach_for_all(p, b);
}

/* A process that runs our program. */
static int join(struct processes *p, pid_t pid, const char *comm, uint64_t ts, uint64_t since)
{
	struct process *process;
	int err = collector__add_process(p->collector, pid);

	if (!err)
		err = begin(p, pid, comm, ts, &process);
	return err ? err : members__open(p, process, since);
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

		if (pid > 0 && !members__find(p, pid) && runs_program(pid, &p->program))
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
	if (!err && p->opts->program)
		err = join_those_present(p);
	if (!err && p->opts->follow)
		err = adopt_children(p, since);
	if (!err && p->family && !p->behind && p->first) {
		log_warn("%s", text);
		members__tell(p, HAPPENED_NOTE, collector__now(), p->first->pid, text);
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
		err = members__look(p, process, e->ts);
	return err == -ESRCH ? members__look_without(p, process, e->name, e->ts) : err;
}

static int on_watch(void *ctx, const struct watch_event *e)
{
	struct processes *p = ctx;
	struct process *process = members__find(p, e->pid), *parent;
	int err;

	switch (e->kind) {
	case WATCH_FORKED:
		parent = members__find(p, e->parent);
		if (process || !parent || !p->opts->follow)
			return 0;
		err = begin(p, e->pid, parent->comm, e->ts, &process);
		return err ? err : members__open(p, process, e->ts);
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

/* Before what they have done is read: that is all there will be of them. */
static int see_who_is_gone(struct processes *p)
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

static void end_those_gone(struct processes *p)
{
	struct process *process, *next;

	for (process = p->first; process; process = next) {
		next = process->next;
		/* Never looked at: a child that was short. An exec that changes the user looks like an exit, too. */
		if (process->gone || (!process->target && process->ended && !target__runs(process->pid)))
			end(p, process);
	}
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
			if (stop.exec) {
				char comm[17];

				target__read_comm(stop.pid, comm);
				process->awaited = false;
				err = execed(p, process, comm, now, 0);
			} else if (process->target) {
				err = members__look_if_there(p, process, 0);
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

	if (!err)
		err = see_who_is_gone(p);
	if (!err && p->watch) {
		err = watch__read(p->watch, on_watch, p);
		p->looked_at_all = now;
	}
	if (!err && !p->watch && collector__now() - p->looked_at_all > LOOK_NS)
		err = members__look_at_all(p);
	if (!err)
		end_those_gone(p);
	return err;
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
	return p->command             ? "the command and its children ended" :
	       p->stats.processes > 1 ? "the targets ended" :
					"the target ended";
}

/* ---- The beginning ---- */

bool processes__are_several(const struct processes *p)
{
	return p->opts->follow || p->opts->program || p->opts->n_pids > 1;
}

static enum exit_code find_program(struct processes *p)
{
	const char *path = p->opts->program;
	int fd = open_program(p, &p->program), err;

	if (fd < 0) {
		log_error("cannot read %s: %s", path, strerror(-fd));
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
		if (members__add(p, t->pid, t->comm, &process)) {
			target__free(t);
			return EXIT_INTERNAL;
		}
		process->target = t;
		members__describe(p, process);
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
	p->root = -1;
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
		members__drop(p, p->first);
	table__clear(&p->by_pid);
	for (size_t i = 0; i < p->n_described; i++)
		free(p->described[i].exe);
	if (p->root >= 0)
		close(p->root);
	free(p->ends);
	binaries__clear(&p->binaries);
	free(p);
}

static int attach_process(struct processes *p, struct process *process)
{
	uint64_t now = collector__now();
	int err = processes__are_several(p) ? collector__add_process(p->collector, process->pid) : 0;

	process->told = now;
	members__tell(p, HAPPENED_BEGIN, now, process->pid, process->comm);
	for (size_t i = 0; process->target && !err && i < process->target->n_files; i++)
		err = p->ops.on_file(p->ops.ctx, process->pid, process->target->files[i].bias,
				     process->target->files[i].binary);
	if (!err)
		err = members__attach_files(p, process);
	/* What it mapped since we looked. */
	return err || !process->target ? err : members__look_if_there(p, process, now);
}

static int attach_all(struct processes *p)
{
	int err = 0;

	if (p->program_binary) {
		err = members__attach_for_all(p, p->program_binary);
		return err ? err : join_those_present(p);
	}
	for (struct process *process = p->first; process && !err; process = process->next)
		err = attach_process(p, process);
	return err;
}

static bool all_ended(struct processes *p)
{
	if (see_who_is_gone(p))
		return false;
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
		log_error("this kernel has no uprobes for perf events (%s); it needs CONFIG_UPROBE_EVENTS",
			  strerror(-err));
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
		log_verbose("no events of new mappings (%s): looking at them every %u ms", strerror(-err),
			    LOOK_NS / 1000000u);
	}
	if (p->opts->follow) {
		err = collector__follow_forks(c);
		if (err == -EPERM) {
			log_error("cannot follow forks: no permission; use sudo");
			return EXIT_PERMISSION;
		}
		if (err) {
			log_error("cannot follow forks: this kernel does not describe itself (/sys/kernel/btf/vmlinux) "
				  "or is locked down; trace without -f");
			return EXIT_KERNEL;
		}
		if (!p->watch)
			log_warn("without perf events of the whole machine (CAP_PERFMON), what children execute is "
				 "found late");
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
			err = members__attach_binary(p, b, 0, &b->attached);
	for (struct process *process = p->first; !p->family && process && !err; process = process->next)
		err = members__attach_files(p, process);
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
	err = members__add(p, p->command, base_name(o.argv[0]), &process);
	if (!err) {
		members__describe(p, process);
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
