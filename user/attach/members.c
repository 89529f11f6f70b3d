// SPDX-License-Identifier: BSD-2-Clause
/* members: see members.h. */
#define _GNU_SOURCE
#include "members.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../common/log.h"
#include "../common/regular.h"
#include "explain.h"
#include "switching.h"

void members__tell(const struct processes *p, enum event_kind what, uint64_t ts, pid_t pid, const char *text)
{
	p->ops.on_event(p->ops.ctx, what, ts, pid, text);
}

struct process *members__find(const struct processes *p, pid_t pid)
{
	return table__get(&p->by_pid, (uint64_t)pid, 0);
}

/* ---- Files ---- */

static const char *reason(int err)
{
	return err == -ENOTSUPP ? "no probe can be at that instruction" : strerror(-err);
}

void members__tell_refused(struct processes *p, const struct binary *b, pid_t pid)
{
	char text[NAME_MAX + 128];

	if (!pid && p->first)
		pid = p->first->pid;
	snprintf(text, sizeof(text), "%s is not traced: the kernel refuses its probes (%s)", base_name(b->path),
		 reason(b->refused));
	log_warn("%s is not traced: the kernel refuses its probes (%s)", b->path, reason(b->refused));
	if (pid)
		members__tell(p, EVENT_NOTE, collector__now(), pid, text);
}

/* Not even those that it would take: half of a file's kinds tell half of the truth. */
static void refuse(struct processes *p, struct binary *b, pid_t pid, int err)
{
	b->refused = err;
	if (!p->refused)
		p->refused = err;
	if (p->begun)
		members__tell_refused(p, b, pid);
}

/* Attached to for all, a file would get its traps in these, too. */
static bool is_emulated_somewhere(struct processes *p, struct binary *b)
{
	char emulator[EMULATOR_MAX];
	pid_t pid = b->attached ? 0 : emulated__runs(b, emulator);

	if (!pid)
		return false;
	p->harm = true;
	if (!b->is_spared)
		log_warn(
			"not attached to %s: process %d has it, which is run by %s, and would be killed by a probe; end that one "
			"first, or trace single processes with -p",
			b->path, pid, emulator);
	b->is_spared = true;
	return true;
}

int members__attach_binary(struct processes *p, struct binary *b, pid_t pid, uint32_t *attached)
{
	uint32_t kinds = p->kinds & ~*attached;
	int err;

	if (!kinds || !b->elf.n_probes || b->refused || (!pid && is_emulated_somewhere(p, b)))
		return 0;
	err = collector__attach(p->collector, &b->elf, b->fd, b->path, pid, kinds, b == p->program_binary);
	if (err == -ENOMEM || err == -ESRCH)
		return err;
	if (err) {
		refuse(p, b, pid, err);
		return 0;
	}
	if (!b->attached) {
		p->stats.files++;
		b->attached_at = collector__now();
	}
	for (size_t i = 0; i < b->elf.n_probes; i++)
		p->stats.probes += kinds >> b->elf.probes[i].probe & 1;
	b->left &= ~kinds;
	b->attached |= kinds;
	*attached |= kinds;
	return 0;
}

int members__attach_for_all(struct processes *p, struct binary *b)
{
	int err = p->ops.on_file(p->ops.ctx, 0, 0, b);

	return err ? err : members__attach_binary(p, b, 0, &b->attached);
}

static bool runs(const struct process *process, const struct binary *b)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/exe", process->pid);
	return binary__is_at(b, path) > 0;
}

static int tell_file(struct processes *p, const struct process *process, const struct target_file *f)
{
	int err = p->ops.on_file(p->ops.ctx, process->pid, f->bias, f->binary);

	/* A probe in the loader, too, would kill one that is emulated. */
	if (err || *process->target->emulator)
		return err;
	return collector__add_file(p->collector, process->pid, &f->binary->elf, f->binary->fd, f->bias,
				   runs(process, f->binary));
}

int members__tell_files(struct processes *p, const struct process *process, bool only_new)
{
	const struct target *t = process->target;
	int err = 0;

	for (int loader = 1; loader >= 0; loader--)
		for (size_t i = 0; t && !err && i < t->n_files; i++)
			if (loader == (t->files[i].binary->elf.unmapping != 0) &&
			    (!only_new || (t->files[i].is_mapped && t->files[i].is_new)))
				err = tell_file(p, process, &t->files[i]);
	return err;
}

/* It is emulated. What has been attached to for all is in its memory already. */
static int spare(struct processes *p, struct process *process, const struct binary *b)
{
	struct explanation why;

	if (!b->elf.n_probes)
		return 0;
	emulated__disarm(process->pid, b);
	p->harm = true;
	if (!process->spared && explain__target(&why, process->target, &p->binaries))
		log_warn("%s; it is not traced; %s", why.what, why.mend);
	process->spared = true;
	return 0;
}

static int attach_file(struct processes *p, struct process *process, struct target_file *f)
{
	if (*process->target->emulator)
		return spare(p, process, f->binary);
	switching__look_soon(p, process, collector__now());
	if (p->family)
		return members__attach_binary(p, f->binary, 0, &f->binary->attached);
	return members__attach_binary(p, f->binary, process->pid, &f->attached);
}

int members__attach_files(struct processes *p, struct process *process)
{
	int err = 0;

	for (size_t i = 0; process->target && !err && i < process->target->n_files; i++)
		err = attach_file(p, process, &process->target->files[i]);
	return err;
}

/* Its code may have run before we were there. */
static void tell_late(struct processes *p, struct process *process, const struct binary *b, uint64_t since,
		      uint64_t from)
{
	char text[NAME_MAX + 128];

	snprintf(text, sizeof(text), "%s is traced from here on, %.1f ms after it was loaded", base_name(b->path),
		 (double)(from - since) / 1e6);
	log_info("process %d (%s): %s", process->pid, process->comm, text);
	/* Attached to for another one, maybe before this one began. */
	if (process->told < from)
		process->told = from;
	members__tell(p, EVENT_NOTE, process->told, process->pid, text);
}

/* Attach to its new files. `since`: when they were mapped, if their code may have run by now; 0: it has not. */
static int take_files(struct processes *p, struct process *process, uint64_t since)
{
	struct target *t = process->target;
	int err = members__tell_files(p, process, true);

	for (size_t i = 0; !err && i < t->n_files; i++) {
		struct target_file *f = &t->files[i];
		uint32_t had = f->attached;
		uint64_t from;

		if (!f->is_new && f->n_codes > f->n_before)
			switching__look_again(process, collector__now());
		if (!f->is_mapped || !f->is_new)
			continue;
		err = attach_file(p, process, f);
		/* Maybe it was mapped while we attached for another one. */
		from = p->family ? f->binary->attached_at : f->attached != had ? collector__now() : 0;
		if (!err && since && f->binary->elf.n_probes && from > since)
			tell_late(p, process, f->binary, since, from);
	}
	return err;
}

static bool is_mapped_somewhere(const struct processes *p, const struct binary *b)
{
	for (const struct process *process = p->first; process; process = process->next)
		for (size_t i = 0; process->target && i < process->target->n_files; i++)
			if (process->target->files[i].binary == b && process->target->files[i].is_mapped)
				return true;
	return false;
}

/*
 * A library that was replaced by a newer one: nobody has it mapped, and it cannot be opened again. A program that
 * reloads its plug-ins all day would have us keep descriptors and links of all of them.
 */
static bool release_file(struct processes *p, struct binary *b)
{
	struct stat st;

	if (!b->attached || b->fd < 0 || b == p->program_binary || fstat(b->fd, &st) || st.st_nlink ||
	    is_mapped_somewhere(p, b) || !collector__detach_file(p->collector, &b->elf))
		return false;
	log_verbose("%s is mapped by nobody any more, and deleted: detached", b->path);
	binaries__release(b);
	/* Another file may get its inode. */
	for (struct process *process = p->first; process; process = process->next)
		if (process->target)
			target__forget_file(process->target, b);
	return true;
}

static void release_files(struct processes *p, const struct process *process)
{
	const struct target *t = process->target;

	for (size_t i = 0; i < t->n_files;)
		i = !t->files[i].is_mapped && release_file(p, t->files[i].binary) ? 0 : i + 1;
}

/*
 * All that was mapped at `when` has been attached to. Not so if it ended in the midst of that: what the kernel says of
 * those mappings is still to come, and then it is told what was missed.
 */
static void looked(struct process *process, uint64_t when)
{
	if (!process->target->n_vanished)
		process->looked = when;
}

/* Attach to what is new in its memory. -ESRCH: it is gone. */
int members__look(struct processes *p, struct process *process, uint64_t since)
{
	uint64_t now = collector__now();
	int err = target__look(process->target, &p->binaries);

	/* One that cannot be looked at, for whatever reason, is no reason to end the trace of the others. */
	if (err && err != -ENOMEM && err != -ESRCH)
		log_verbose("cannot look at process %d: %s", process->pid, strerror(-err));
	if (err)
		return err == -ENOMEM ? err : -ESRCH;
	err = take_files(p, process, since);
	if (!err)
		looked(process, now);
	release_files(p, process);
	return err;
}

int members__look_if_there(struct processes *p, struct process *process, uint64_t since)
{
	int err = members__look(p, process, since);

	return err == -ESRCH ? 0 : err;
}

int members__look_at_all(struct processes *p)
{
	uint64_t now = collector__now(), since = p->looked_at_all;
	int err = 0;

	p->looked_at_all = now;
	/* What could not be looked at when it came may be there for long. */
	for (struct process *process = p->first; process && !err; process = process->next)
		if (process->target)
			err = members__look_if_there(p, process, since);
		else if (!process->ended && !process->awaited)
			err = members__open(p, process, since);
	return err;
}

static void keep_root(struct processes *p, pid_t pid)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/root", pid);
	if (p->root < 0)
		p->root = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
}

/* What a process of the family would see under that path, most likely. Never what we would. */
static int open_as_family(const struct processes *p, const char *path)
{
	char name[64];
	int fd = -ENOENT, root;

	for (const struct process *process = p->first; process && fd < 0; process = process->next) {
		snprintf(name, sizeof(name), "/proc/%d/root", process->pid);
		root = open(name, O_PATH | O_DIRECTORY | O_CLOEXEC);
		if (root < 0)
			continue;
		fd = regular__open_in(root, path);
		close(root);
	}
	return fd >= 0 ? fd : regular__open_in(p->root, path);
}

/* Nothing of what it does can be missing, or that has been told. */
static bool is_known(const struct processes *p, const struct process *process, const struct binary *b, uint64_t since)
{
	const struct target *t = process->target;

	if (p->family && b->attached && b->attached_at < since)
		return true;
	for (size_t i = 0; t && i < t->n_files; i++)
		if (t->files[i].binary == b && (p->family ? t->files[i].is_mapped : t->files[i].attached))
			return true;
	return false;
}

int members__look_without(struct processes *p, struct process *process, const char *path, uint64_t since)
{
	int fd = open_as_family(p, path), err;
	struct binary *b;
	bool was_missed;

	if (fd < 0)
		return 0;
	err = binaries__get(&p->binaries, fd, path, &b);
	if (err || !b->elf.n_probes || b->refused || is_known(p, process, b, since))
		return err == -ENOMEM ? err : 0;
	was_missed = process->missed;
	p->stats.missed += !was_missed;
	process->missed = true;
	/* In the end it is said how many. */
	(was_missed || p->stats.missed > 1 ?
		 log_verbose :
		 log_warn)("process %d (%s) ended before we could attach to the probes in %s%s", process->pid,
			   process->comm, path, p->family ? "; the next one is traced from its start" : "");
	return !p->family || b->attached ? 0 : members__attach_for_all(p, b);
}

/* ---- Processes ---- */

void members__describe(struct processes *p, const struct process *process)
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

int members__add(struct processes *p, pid_t pid, const char *comm, struct process **ret)
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
	keep_root(p, pid);
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

void members__drop(struct processes *p, struct process *process)
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
	switching__forget(process);
	free(process);
}

static int open_target(struct processes *p, struct process *process)
{
	uint64_t now = collector__now();
	pid_t leader;
	int err = target__open(&process->target, &p->binaries, process->pid, &leader);

	if (err)
		return err;
	if (!process->target->n_vanished)
		process->looked = now;
	snprintf(process->comm, sizeof(process->comm), "%s", process->target->comm);
	members__describe(p, process);
	return 0;
}

static int take_first_files(struct processes *p, struct process *process, uint64_t now, uint64_t since)
{
	int err = take_files(p, process, since);

	if (!err)
		looked(process, now);
	return err == -ESRCH ? 0 : err;
}

int members__open(struct processes *p, struct process *process, uint64_t since)
{
	uint64_t now = collector__now();
	int err = open_target(p, process);

	if (err)
		return err == -ENOMEM ? err : 0;
	return take_first_files(p, process, now, since);
}

int members__open_forked(struct processes *p, struct process *process, const struct target *parent, uint64_t since)
{
	uint64_t now = collector__now();
	int err = open_target(p, process);
	const struct target *t = process->target;

	if (err)
		return err == -ENOMEM ? err : 0;
	if (p->launch && p->opts.follow && parent && (t->exe_dev != parent->exe_dev || t->exe_ino != parent->exe_ino))
		since = 0;
	return take_first_files(p, process, now, since);
}
