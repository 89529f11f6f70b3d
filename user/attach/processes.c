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

#include "../common/log.h"
#include "held.h"
#include "launch.h"
#include "lives.h"
#include "members.h"
#include "switching.h"
#include "watch.h"

/* ---- While they run ---- */

int processes__update(struct processes *p)
{
	return lives__update(p);
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
	bool only_command = p->command && !p->opts.follow;

	if (only_command && p->command_ended)
		return "the command ended";
	if (p->first || p->opts.program)
		return NULL;
	return only_command           ? "the command ended" :
	       p->command             ? "the command and its children ended" :
	       p->stats.processes > 1 ? "the targets ended" :
					"the target ended";
}

uint64_t processes__end_time(const struct processes *p)
{
	const struct process *process = members__find(p, p->command);

	if (process && p->command_ended && !p->opts.follow)
		return process->ended;
	return p->first ? 0 : p->ended;
}

/* ---- The beginning ---- */

bool processes__are_several(const struct processes *p)
{
	return members__are_several(p);
}

const char *processes__no_batches(const struct processes *p)
{
	if (!members__are_several(p))
		return NULL;
	if (p->opts.n_pids == 1 && !p->opts.follow)
		return "the first thread of the process has left";
	return "several processes are traced, or may be";
}

static enum exit_code find_program(struct processes *p)
{
	const char *path = p->opts.program;
	int fd = lives__open_program(p, &p->program), err;

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
	enum target_probes probes = p->opts.follow  ? TARGET_WITHOUT_PROBES :
				    p->opts.no_wait ? TARGET_NEEDS_PROBES :
						      TARGET_MAY_LOAD_PROBES;

	for (size_t i = 0; i < p->opts.n_pids; i++) {
		struct process *process;
		struct target *t;
		enum exit_code code = target__open_or_explain(&t, &p->binaries, p->opts.pids[i], probes);

		if (code)
			return code;
		if (members__add(p, t->pid, t->comm, &process)) {
			target__free(t);
			return EXIT_INTERNAL;
		}
		process->target = t;
		members__describe(p, process);
		/* The kernel takes a process for its first thread's memory, which is gone. */
		if (t->task != t->pid)
			p->family = true;
	}
	return EXIT_TRACED;
}

enum exit_code processes__new(struct processes **ret, const struct processes_options *o,
			      const struct processes_ops *ops)
{
	struct processes *p = calloc(1, sizeof(*p));
	enum exit_code code;

	if (!p)
		return EXIT_INTERNAL;
	p->opts = *o;
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
	guard__free(p->guard);
	free(p->ends);
	free(p->strangers);
	free(p->programs);
	binaries__clear(&p->binaries);
	free(p);
}

static int attach_process(struct processes *p, struct process *process)
{
	uint64_t now = collector__now();
	int err = processes__are_several(p) ? collector__add_process(p->collector, process->pid) : 0;

	process->told = process->begun = now;
	members__tell(p, process->pid == p->command ? EVENT_BEGAN : EVENT_PRESENT, now, process->pid, process->comm);
	if (!err)
		err = members__tell_files(p, process, false);
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
		return err ? err : lives__join_present(p, 0);
	}
	/* Before the first one: what is attached to for all raises semaphores in the others, too. */
	for (struct process *process = p->first; process; process = process->next)
		switching__begin(process);
	for (struct process *process = p->first; process && !err; process = process->next)
		err = attach_process(p, process);
	return err;
}

/* 0, or why nothing at all is attached to. */
static int tell_what_is_refused(struct processes *p)
{
	if (p->refused && !p->stats.probes)
		return p->refused;
	p->begun = true;
	for (struct binary *b = p->binaries.first; b; b = b->next)
		if (b->refused)
			members__tell_refused(p, b, 0);
	return 0;
}

static bool all_ended(struct processes *p)
{
	if (lives__see_who_is_gone(p))
		return false;
	lives__end_those_gone(p);
	return p->opts.n_pids && !p->first;
}

static enum exit_code explain(struct processes *p, int err)
{
	int pid = p->opts.n_pids ? p->opts.pids[0] : p->command;

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
	if (err == -ENOTSUPP && p->opts.site != SITE_AUTO) {
		log_error("this kernel does not take probe site %s; use --probe-site auto", site_names[p->opts.site]);
		return EXIT_KERNEL;
	}
	if (err == -ENOSYS || err == -ENOENT) {
		log_error("this kernel has no uprobes for perf events (%s); it needs CONFIG_UPROBE_EVENTS",
			  strerror(-err));
		return EXIT_KERNEL;
	}
	if (err == -ENOTSUPP)
		log_error(
			"the kernel refuses the probes of process %d: none can be at such an instruction; build it anew",
			pid);
	else
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
			    LIVES_LOOK_NS / 1000000u);
	}
	if (p->opts.follow) {
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
			log_warn("without perf events of the whole machine (CAP_PERFMON, or CAP_SYS_ADMIN where "
				 "kernel.perf_event_paranoid is 3), what children execute is found late");
	}
	err = attach_all(p);
	if (!err)
		err = tell_what_is_refused(p);
	if (err)
		return explain(p, err);
	/* Why was said. */
	return p->harm && !p->stats.probes && !p->opts.argv ? EXIT_HARM : EXIT_TRACED;
}

int processes__attach_kinds(struct processes *p, uint32_t kinds)
{
	int err = 0;

	/* Who attaches while others leave has both for a while, and each event twice. */
	if (p->leaving & kinds)
		collector__wait_detached(p->collector);
	p->kinds |= kinds;
	for (struct binary *b = p->binaries.first; p->family && b && !err; b = b->next)
		if (b->attached)
			err = members__attach_binary(p, b, 0, &b->attached);
	for (struct process *process = p->first; !p->family && process && !err; process = process->next)
		err = members__attach_files(p, process);
	return err;
}

uint32_t processes__kinds(const struct processes *p)
{
	return p->kinds;
}

int processes__detach_kinds(struct processes *p, uint32_t kinds)
{
	int err;

	if (p->leaving)
		return -EBUSY;
	switching__before_end(p, kinds);
	err = collector__detach_kinds(p->collector, kinds);
	if (err)
		return err;
	p->kinds &= ~kinds;
	p->leaving = kinds;
	for (struct binary *b = p->binaries.first; b; b = b->next) {
		b->left |= b->attached & kinds;
		b->attached &= ~kinds;
	}
	for (struct process *process = p->first; process; process = process->next)
		for (size_t i = 0; process->target && i < process->target->n_files; i++)
			process->target->files[i].attached &= ~kinds;
	return 0;
}

/* ---- A command ---- */

enum exit_code processes__fork_command(struct processes *p)
{
	struct launch_options o = {
		.argv = p->opts.argv, .user = p->opts.user, .follow = p->opts.follow, .apart = p->opts.apart
	};
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
	log_error("cannot run %s: %s", p->opts.argv[0], strerror(-err));
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

pid_t processes__held(const struct processes *p, char *text)
{
	for (const struct process *process = p->first; process; process = process->next)
		if (held__by(process->pid, text))
			return process->pid;
	return 0;
}

bool processes__were_spared(const struct processes *p)
{
	return p->harm;
}

const struct processes_silent *processes__silent(const struct processes *p, size_t *ret_n)
{
	*ret_n = p->n_silent;
	return p->silent;
}

void processes__detach_begins(struct processes *p)
{
	if (p->ending)
		return;
	switching__look_last(p);
	switching__before_end(p, ~0u);
	p->ending = true;
}

void processes__detached(struct processes *p)
{
	switching__end(p, ~0u);
}

const struct binary *processes__next_file(const struct processes *p, const struct binary *after)
{
	const struct binary *b = after ? after->next : p->binaries.first;

	while (b && !binary__is_of_use(b))
		b = b->next;
	return b;
}
