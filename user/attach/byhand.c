// SPDX-License-Identifier: BSD-2-Clause
/* byhand: see byhand.h. */
#include "byhand.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../common/log.h"

bool byhand__is_among(const uint64_t *semaphores, size_t n, uint64_t semaphore)
{
	for (size_t i = 0; i < n; i++)
		if (semaphores[i] == semaphore)
			return true;
	return false;
}

void byhand__remember(uint64_t **semaphores, size_t *n, uint64_t semaphore)
{
	uint64_t *more = realloc(*semaphores, (*n + 1) * sizeof(*more));

	if (!more)
		return;
	*semaphores = more;
	more[(*n)++] = semaphore;
}

uint32_t byhand__attached(const struct processes *p, const struct process *process, const struct binary *b)
{
	if (p->family)
		return b->attached;
	for (size_t i = 0; i < process->target->n_files; i++)
		if (process->target->files[i].binary == b)
			return process->target->files[i].attached;
	return 0;
}

/* What batches come by is as much as any event is. */
static bool is_attached(const struct processes *p, const struct process *process, const struct armed *a)
{
	uint32_t kinds = byhand__attached(p, process, a->binary);

	return armed__is_event(a) ? kinds >> a->probe->probe & 1 : kinds && a->traps;
}

/* Is there less than the kernel will take off? It may have counted elsewhere. */
static bool is_short(const struct armed *a)
{
	bool is_trapped = a->state == ARMING_ON || a->state == ARMING_LOW ||
			  (a->state == ARMING_DEBUGGED && armed__has_copy(a));
	bool is_misled = armed__has_copy(a) || a->is_many || (a->state == ARMING_LOW && !armed__is_event(a));

	return is_trapped && is_misled && a->counter.address && a->counter.value < a->traps;
}

/* Is there more? Where its traps were thrown away (madvise, another mapping), it has counted those twice. */
static bool is_over(const struct armed *a)
{
	return a->state == ARMING_ON && a->counter.address && a->counter.value > a->traps;
}

/* viz:batch gets one more: where its semaphore is not that of an event, that event is no batch's. */
int byhand__raise_counter(struct arming *arming, const struct armed *a)
{
	return is_short(a) ? arming__set(arming, &a->counter, (uint16_t)(a->traps + !armed__is_event(a))) : 0;
}

/* By hand, by us, earlier. */
static bool is_raised(const struct process *process, const struct armed *a)
{
	return byhand__is_among(process->raised, process->n_raised, a->semaphore.address);
}

/* What is about to be set by hand, or might have to be lowered so, is so by the guard if we are killed. */
static void guard_it(struct processes *p, struct process *process, const struct armed *a, uint64_t semaphore)
{
	const struct target *t = process->target;
	struct guarded g = { .offset = a->probe->semaphore, .semaphore = semaphore, .nop = a->nop, .pid = t->pid };
	int err;

	if (byhand__is_among(process->guarded, process->n_guarded, semaphore) ||
	    byhand__is_among(process->up, process->n_up, semaphore))
		return;
	for (size_t i = 0; i < t->n_files; i++)
		if (t->files[i].binary == a->binary) {
			g.dev = t->files[i].map_dev;
			g.ino = t->files[i].map_ino;
		}
	g.may_be_shared = (a->state == ARMING_LOW || is_raised(process, a)) && !armed__has_copy(a) && !a->is_many;
	g.code_size = (uint32_t)a->probe->code_size;
	memcpy(g.code, a->probe->code, a->probe->code_size);
	err = guard__add(&p->guard, &g);
	if (err)
		log_verbose("process %d: if we are killed, the semaphore of viz:%s stays up: %s", t->pid,
			    arming__name(a->probe->probe), strerror(-err));
	else
		byhand__remember(&process->guarded, &process->n_guarded, semaphore);
}

static int raise_counters(struct processes *p, struct process *process, struct arming *arming)
{
	size_t raised = 0;
	int err = 0;

	for (size_t i = 0; i < arming->n && err != -ESTALE; i++) {
		const struct armed *a = &arming->all[i];
		/* Also what was raised before: the guard may not have heard of it. */
		bool is_by_hand = armed__has_copy(a) || a->state == ARMING_LOW || is_short(a) || is_over(a) ||
				  is_raised(process, a);

		if (!is_by_hand || !is_attached(p, process, a))
			continue;
		p->by_hand = true;
		guard_it(p, process, a, a->semaphore.address);
		if (armed__has_copy(a))
			guard_it(p, process, a, a->counter.address);
		if (!is_short(a))
			continue;
		err = byhand__raise_counter(arming, a);
		raised += !err;
	}
	if (raised)
		log_verbose("process %d: what the kernel takes for the semaphores of %zu probes is set by hand",
			    process->pid, raised);
	return err;
}

/* The semaphore follows what can be traced: it is no use, and may do harm, where the trap is not the kernel's. */
static int mend(struct process *process, struct arming *arming, struct armed *a)
{
	int err;

	if (a->state == ARMING_LOW)
		err = arming__set(arming, &a->semaphore, a->is_many && !armed__has_copy(a) ? a->traps : 1);
	else if (a->state == ARMING_COPIED && a->semaphore.value)
		err = arming__set(arming, &a->semaphore, 0);
	else
		return 0;
	log_verbose("process %d: the semaphore of viz:%s of %s is set by hand%s%s", process->pid,
		    arming__name(a->probe->probe), a->binary->path, err ? ": " : "", err ? strerror(-err) : "");
	if (a->state != ARMING_LOW || err)
		return err;
	byhand__remember(&process->raised, &process->n_raised, a->semaphore.address);
	a->state = ARMING_ON;
	a->is_raised = true;
	return 0;
}

int byhand__prepare(struct processes *p, struct process *process, struct arming *arming)
{
	int err = raise_counters(p, process, arming);

	for (size_t i = 0; i < arming->n && err != -ESTALE; i++) {
		struct armed *a = &arming->all[i];

		if (armed__is_event(a) && is_attached(p, process, a))
			err = mend(process, arming, a);
	}
	return err;
}

void byhand__prepare_stranger(struct processes *p, struct target *t, struct arming *arming)
{
	struct process process = { .pid = t->pid, .target = t };

	raise_counters(p, &process, arming);
	free(process.guarded);
}

/* By the pidfd with which one of us waits for its end. */
static bool traces(pid_t tool, pid_t pid)
{
	char path[64], line[128];
	struct dirent *entry;
	bool found = false;
	DIR *fds;

	snprintf(path, sizeof(path), "/proc/%d/fdinfo", tool);
	fds = opendir(path);
	while (fds && !found && (entry = readdir(fds))) {
		int fd = openat(dirfd(fds), entry->d_name, O_RDONLY | O_CLOEXEC), of;
		FILE *file = fd >= 0 ? fdopen(fd, "r") : NULL;

		while (file && !found && fgets(line, sizeof(line), file))
			found = sscanf(line, "Pid: %d", &of) == 1 && of == pid;
		if (file)
			fclose(file);
		else if (fd >= 0)
			close(fd);
	}
	if (fds)
		closedir(fds);
	return found;
}

/* Another one of us raises by hand as we do, and lowers what it finds. */
static bool is_another_here(pid_t target)
{
	char own[17], comm[17] = "";
	DIR *proc = opendir("/proc");
	struct dirent *entry;
	bool found = false;

	target__read_comm(getpid(), own);
	while (proc && !found && (entry = readdir(proc))) {
		pid_t pid = atoi(entry->d_name);

		if (pid <= 0 || pid == getpid())
			continue;
		target__read_comm(pid, comm);
		found = *comm && !strcmp(comm, own) && traces(pid, target);
	}
	if (proc)
		closedir(proc);
	return found;
}

/*
 * What it should be now that we are gone; the kernel has lowered what it raised, where it found it. Without a trap
 * nobody listens. With one it is somebody else's, who does not know of the semaphore that we raised for ourselves.
 */
static uint16_t wanted(const struct process *process, const struct armed *a)
{
	bool is_others = a->state == ARMING_ON || a->state == ARMING_DEBUGGED;

	if (process && byhand__is_among(process->up, process->n_up, a->semaphore.address))
		return a->semaphore.value;
	if (is_others && a->semaphore.value && !armed__has_copy(a) && !a->is_many && process &&
	    byhand__is_among(process->raised, process->n_raised, a->semaphore.address))
		return (uint16_t)(a->semaphore.value - 1);
	/* Nor will the kernel lower it with theirs: it counts in another mapping. */
	if (is_others && armed__has_copy(a) && process &&
	    byhand__is_among(process->raised, process->n_raised, a->semaphore.address) &&
	    !is_another_here(process->pid))
		return 0;
	/* Traps of others that share it: who is just attaching. */
	return is_others || (a->traps && !armed__has_copy(a)) ? a->semaphore.value : 0;
}

int byhand__lower(const struct process *process, const struct target *t, struct arming *arming, const struct armed *a)
{
	uint16_t to = wanted(process, a);
	int err;

	if (a->semaphore.value == to)
		return 0;
	err = arming__set(arming, &a->semaphore, to);
	log_verbose("process %d: the semaphore of viz:%s of %s is lowered by hand%s%s", t->pid,
		    arming__name(a->probe->probe), a->binary->path, err ? ": " : "", err ? strerror(-err) : "");
	return err;
}

void byhand__done(struct processes *p, const struct target *t, struct arming *arming)
{
	if (arming->astray) {
		log_warn(
			"process %d (%s) mapped something else where a semaphore was, just when that was written: 2 bytes "
			"at %#" PRIx64 " of it may have been changed",
			t->pid, t->comm, arming->astray);
		p->stats.astray++;
	}
	arming__clear(arming);
}
