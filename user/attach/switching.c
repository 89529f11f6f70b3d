// SPDX-License-Identifier: BSD-2-Clause
/* switching: see switching.h. */
#include "switching.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../common/log.h"
#include "arming.h"
#include "launch.h"

#define MS 1000000u
#define SOON_NS (10u * MS)    /* its loader has yet to map what belongs to the code */
#define OFF_NS (250u * MS)    /* between two looks at what is silent */
#define ON_NS (1000u * MS)    /* and at what is not */
#define GRACE_NS (1000u * MS) /* a semaphore that is not in memory may be on its way */
#define NUDGES_SOON 50        /* so often the kernel is asked as fast as that */
#define EACH 8                /* at a time: thousands of processes may be traced */

/* ---- What was there ---- */

static bool is_among(const uint64_t *semaphores, size_t n, uint64_t semaphore)
{
	for (size_t i = 0; i < n; i++)
		if (semaphores[i] == semaphore)
			return true;
	return false;
}

/* Without memory for it, it will not be lowered in the rare case that only we know of it. */
static void remember(uint64_t **semaphores, size_t *n, uint64_t semaphore)
{
	uint64_t *more = realloc(*semaphores, (*n + 1) * sizeof(*more));

	if (!more)
		return;
	*semaphores = more;
	more[(*n)++] = semaphore;
}

/* Of those that are attached to alone, whose children are nobody's. */
static void remember_program(struct processes *p, const struct target *t)
{
	struct program_id *more;

	for (size_t i = 0; i < p->n_programs; i++)
		if (p->programs[i].ino == t->exe_ino && p->programs[i].dev == t->exe_dev)
			return;
	more = p->family ? NULL : realloc(p->programs, (p->n_programs + 1) * sizeof(*more));
	if (!more)
		return;
	p->programs = more;
	more[p->n_programs++] = (struct program_id){ t->exe_dev, t->exe_ino };
}

void switching__begin(struct process *process)
{
	struct arming arming;

	if (!process->target || arming__look(&arming, process->target))
		return;
	process->up = calloc(arming.n ? arming.n : 1, sizeof(*process->up));
	for (size_t i = 0; process->up && i < arming.n; i++)
		if (arming.all[i].value && arming.all[i].state != ARMING_ON)
			process->up[process->n_up++] = arming.all[i].semaphore;
	arming__clear(&arming);
}

void switching__look_soon(struct processes *p, struct process *process, uint64_t now)
{
	remember_program(p, process->target);
	process->attached = process->look_at = now;
}

void switching__forget(struct process *process)
{
	free(process->up);
	free(process->raised);
	free(process->guarded);
	free(process->silent);
	process->up = process->raised = process->guarded = NULL;
	process->silent = NULL;
	process->n_up = process->n_raised = process->n_guarded = process->n_silent = 0;
}

/* ---- What is said ---- */

static void note(struct processes *p, const struct process *process, const struct binary *b, uint32_t kinds,
		 enum arming_state state)
{
	struct processes_silent *s = NULL;

	for (size_t i = 0; i < p->n_silent && !s; i++)
		if (p->silent[i].pid == process->pid && p->silent[i].binary == b && p->silent[i].state == state)
			s = &p->silent[i];
	if (!s && p->n_silent < PROCESSES_SILENT)
		s = &p->silent[p->n_silent++];
	if (!s)
		return;
	s->pid = process->pid;
	s->binary = b;
	s->kinds |= kinds;
	s->state = state;
}

static void tell(struct processes *p, struct process *process, const struct binary *b, uint32_t kinds,
		 enum arming_state state)
{
	char names[ARMING_NAMES], text[ARMING_NAMES + 512];

	arming__name_probes(names, sizeof(names), b, kinds);
	if (state == ARMING_ON)
		snprintf(text, sizeof(text), "%s are traced from here on", names);
	else
		snprintf(text, sizeof(text), "%s are not traced: %s", names, arming__cause(state));
	if (state == ARMING_ON) {
		log_info("process %d (%s): %s", process->pid, process->comm, text);
	} else {
		log_warn("process %d (%s): %s", process->pid, process->comm, text);
		note(p, process, b, kinds, state);
	}
	members__tell(p, EVENT_NOTE, collector__now(), process->pid, text);
}

/* ---- What there is to do ---- */

static uint32_t attached_kinds(const struct processes *p, const struct process *process, const struct binary *b)
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
	uint32_t kinds = attached_kinds(p, process, a->binary);

	return armed__is_event(a) ? kinds >> a->probe->probe & 1 : kinds && a->traps;
}

/* What one look found of one file. */
struct found {
	const struct binary *binary;
	uint32_t kinds[ARMING_STATES]; /* bit: enum probe */
};

/* Is there less than the kernel will take off? It may have counted elsewhere. */
static bool is_short(const struct armed *a)
{
	bool is_trapped = a->state == ARMING_ON || a->state == ARMING_LOW ||
			  (a->state == ARMING_DEBUGGED && armed__has_copy(a));
	bool is_misled = armed__has_copy(a) || a->is_many || (a->state == ARMING_LOW && !armed__is_event(a));

	return is_trapped && is_misled && a->counter && a->counted < a->traps;
}

/* Is there more? Where its traps were thrown away (madvise, another mapping), it has counted those twice. */
static bool is_over(const struct armed *a)
{
	return a->state == ARMING_ON && a->counter && a->counted > a->traps;
}

/*
 * What the kernel cannot lower it does not detach from: its trap stays without anybody who listens, and on some kernels
 * without anybody who knows of it, so that the next one that runs into it dies. viz:batch gets one more: where its
 * semaphore is not that of an event, that event is no batch's.
 */
static bool raise_counter(const struct target *t, struct arming *all, size_t at)
{
	const struct armed *a = &all->all[at];
	uint16_t to = (uint16_t)(a->traps + !armed__is_event(a));

	if (!is_short(a) || arming__set(t, a->counter, to))
		return false;
	for (size_t i = at; i < all->n; i++)
		if (all->all[i].counter == a->counter)
			all->all[i].counted = to;
	return true;
}

/* What is about to be set by hand, or might have to be lowered so, is so by the guard if we are killed. */
static void guard_it(struct processes *p, struct process *process, const struct armed *a, uint64_t semaphore)
{
	const struct target *t = process->target;
	struct guarded g = { .offset = a->probe->semaphore, .semaphore = semaphore, .nop = a->nop, .task = t->task };
	int err;

	if (is_among(process->guarded, process->n_guarded, semaphore) ||
	    is_among(process->up, process->n_up, semaphore))
		return;
	for (size_t i = 0; i < t->n_files; i++)
		if (t->files[i].binary == a->binary) {
			g.dev = t->files[i].map_dev;
			g.ino = t->files[i].map_ino;
		}
	g.may_be_shared = a->state == ARMING_LOW && !armed__has_copy(a) && !a->is_many;
	g.code_size = (uint32_t)a->probe->code_size;
	memcpy(g.code, a->probe->code, a->probe->code_size);
	err = guard__add(&p->guard, &g);
	if (err)
		log_verbose("process %d: if we are killed, the semaphore of viz:%s stays up: %s", t->pid,
			    arming__name(a->probe->probe), strerror(-err));
	remember(&process->guarded, &process->n_guarded, semaphore);
}

/* All of them before anything else is done: if we are killed in between, the kernel cannot lower the rest. */
static void prepare_by_hand(struct processes *p, struct process *process, struct arming *arming)
{
	size_t raised = 0;

	for (size_t i = 0; i < arming->n; i++) {
		const struct armed *a = &arming->all[i];
		bool is_by_hand = armed__has_copy(a) || a->state == ARMING_LOW || is_short(a) || is_over(a);

		if (!is_by_hand || !is_attached(p, process, a))
			continue;
		p->by_hand = true;
		guard_it(p, process, a, a->semaphore);
		if (armed__has_copy(a))
			guard_it(p, process, a, a->counter);
		raised += raise_counter(process->target, arming, i);
	}
	if (raised)
		log_verbose("process %d: what the kernel takes for the semaphores of %zu probes is set by hand",
			    process->pid, raised);
}

/* The semaphore follows what can be traced: it is no use, and may do harm, where the trap is not the kernel's. */
static enum arming_state mend(struct process *process, const struct armed *a)
{
	int err = 0;

	if (a->state == ARMING_LOW)
		err = arming__set(process->target, a->semaphore, a->is_many && !armed__has_copy(a) ? a->traps : 1);
	else if (a->state == ARMING_COPIED && a->value)
		err = arming__set(process->target, a->semaphore, 0);
	else
		return a->state;
	log_verbose("process %d: the semaphore of viz:%s of %s is set by hand%s%s", process->pid,
		    arming__name(a->probe->probe), a->binary->path, err ? ": " : "", err ? strerror(-err) : "");
	if (a->state != ARMING_LOW || err)
		return a->state;
	remember(&process->raised, &process->n_raised, a->semaphore);
	return ARMING_ON;
}

/*
 * What it should be now that we are gone; the kernel has lowered what it raised, where it found it. Without a trap
 * nobody listens. With one it is somebody else's, who does not know of the semaphore that we raised for ourselves.
 */
static uint16_t wanted(const struct process *process, const struct armed *a)
{
	bool is_others = a->state == ARMING_ON || a->state == ARMING_DEBUGGED;

	if (process && is_among(process->up, process->n_up, a->semaphore))
		return a->value;
	if (is_others && !armed__has_copy(a) && !a->is_many && process &&
	    is_among(process->raised, process->n_raised, a->semaphore))
		return (uint16_t)(a->value - 1);
	/* Traps of others that share it: who is just attaching. */
	return is_others || (a->traps && !armed__has_copy(a)) ? a->value : 0;
}

static uint32_t was_attached(const struct binary *b)
{
	return b->attached | b->left;
}

/* Is it detached from with these kinds? From what batches come by only with the last. */
static bool is_meant(const struct armed *a, uint32_t kinds)
{
	uint32_t of_them = was_attached(a->binary) & kinds;

	return armed__is_event(a) ? of_them >> a->probe->probe & 1 : of_them && kinds == ~0u;
}

/* 0 or -errno; `process`: what is known of it, or NULL. */
static int lower_one(const struct process *process, const struct target *t, const struct armed *a)
{
	uint16_t to = wanted(process, a);
	int err;

	if (a->value == to)
		return 0;
	err = arming__set(t, a->semaphore, to);
	log_verbose("process %d: the semaphore of viz:%s of %s is lowered by hand%s%s", t->pid,
		    arming__name(a->probe->probe), a->binary->path, err ? ": " : "", err ? strerror(-err) : "");
	return err;
}

static struct silent *silent_of(struct process *process, const struct binary *b)
{
	struct silent *more;

	for (size_t i = 0; i < process->n_silent; i++)
		if (process->silent[i].binary == b)
			return &process->silent[i];
	more = realloc(process->silent, (process->n_silent + 1) * sizeof(*more));
	if (!more)
		return NULL;
	process->silent = more;
	more[process->n_silent] = (struct silent){ .binary = b };
	return &more[process->n_silent++];
}

/* Is anything silent that should not be? Says what is newly so, and what is no more. */
static bool compare(struct processes *p, struct process *process, const struct found *f, uint64_t now, bool last)
{
	struct silent *s = silent_of(process, f->binary);
	uint32_t silent = 0, on = f->kinds[ARMING_ON];
	bool young = now < process->attached + GRACE_NS;

	if (!s)
		return false;
	for (int state = 0; state < ARMING_STATES; state++) {
		uint32_t kinds = f->kinds[state], fresh;

		if (state == ARMING_ON)
			continue;
		silent |= kinds;
		/* A mapping that went while we looked is no more when we look again. */
		if (state == ARMING_LOW) {
			kinds &= s->low;
			s->low = f->kinds[state];
		}
		/* The kernel has not been asked again yet; the loader has not mapped it yet. */
		if ((state == ARMING_UNMAPPED && (young || last)) ||
		    ((state == ARMING_OFF || state == ARMING_STUCK) && s->nudges < 2 && !last))
			continue;
		fresh = kinds & ~s->told;
		s->told |= fresh;
		if (fresh)
			tell(p, process, f->binary, fresh, (enum arming_state)state);
	}
	on &= s->told & ~silent;
	s->told &= ~on;
	if (on)
		tell(p, process, f->binary, on, ARMING_ON);
	return silent;
}

/* Whether it may soon help. */
static bool nudge(struct processes *p, struct process *process, const struct found *f)
{
	uint32_t kinds = f->kinds[ARMING_OFF] | f->kinds[ARMING_STUCK];
	struct silent *s = silent_of(process, f->binary);
	int err;

	if (!kinds || !s)
		return false;
	err = collector__nudge(p->collector, &f->binary->elf, f->binary->fd, p->family ? 0 : process->pid, kinds);
	log_verbose("process %d: asked the kernel again for its traps in %s%s%s", process->pid, f->binary->path,
		    err ? ": " : "", err ? strerror(-err) : "");
	return s->nudges++ < NUDGES_SOON;
}

/* `last`: nothing comes after it. */
static bool look(struct processes *p, struct process *process, uint64_t now, bool last)
{
	bool silent = false, again = false;
	struct arming arming;

	if (arming__look(&arming, process->target))
		return false;
	prepare_by_hand(p, process, &arming);
	/* Those of one file are one after the other. */
	for (size_t i = 0; i < arming.n;) {
		struct found f = { .binary = arming.all[i].binary };
		uint32_t attached = attached_kinds(p, process, f.binary);

		for (; i < arming.n && arming.all[i].binary == f.binary; i++) {
			uint32_t kind = 1u << arming.all[i].probe->probe;

			if (!armed__is_event(&arming.all[i]))
				continue;
			if (attached & kind)
				f.kinds[mend(process, &arming.all[i])] |= kind;
			else if (p->by_hand &&
				 was_attached(f.binary) & kind & ~p->leaving) /* the kernel may be at it */
				lower_one(process, process->target, &arming.all[i]);
		}
		silent |= compare(p, process, &f, now, last);
		again |= !last && nudge(p, process, &f);
	}
	arming__clear(&arming);
	process->look_at = now + (silent && again ? SOON_NS : silent ? OFF_NS : ON_NS);
	return true;
}

/* ---- The end ---- */

/* In one process. */
static void lower(const struct process *process, const struct target *t, uint32_t kinds)
{
	struct arming arming;
	uint32_t left = 0;
	int err;

	if (arming__look(&arming, t))
		return;
	for (size_t i = 0; i < arming.n; i++) {
		const struct armed *a = &arming.all[i];

		err = is_meant(a, kinds) ? lower_one(process, t, a) : 0;
		if (err && err != -ESRCH)
			left |= 1u << a->probe->probe;
		if (left && (i + 1 == arming.n || arming.all[i + 1].binary != a->binary)) {
			char names[ARMING_NAMES];

			arming__name_probes(names, sizeof(names), a->binary, left);
			log_warn("process %d (%s): %s could not be switched off: it calls them in vain", t->pid,
				 t->comm, names);
			left = 0;
		}
	}
	arming__clear(&arming);
}

static void prepare(const struct process *process, const struct target *t, uint32_t kinds)
{
	struct arming arming;

	(void)process;
	if (arming__look(&arming, t))
		return;
	for (size_t i = 0; i < arming.n; i++)
		if (is_meant(&arming.all[i], kinds))
			raise_counter(t, &arming, i);
	arming__clear(&arming);
}

static bool is_loading(const struct processes *p, const struct process *process)
{
	return p->launch && launch__is_loading(p->launch, process->pid);
}

typedef void (*visit_cb)(const struct process *process, const struct target *t, uint32_t kinds);

/* Younger than we are, and a child that executes another program has none of their memory. */
static bool may_be_child(const struct processes *p, pid_t pid, uint64_t since)
{
	char path[32];
	struct stat st;

	snprintf(path, sizeof(path), "/proc/%d/exe", pid);
	if (target__start_of(pid) < since || stat(path, &st))
		return false;
	for (size_t i = 0; i < p->n_programs; i++)
		if (p->programs[i].ino == st.st_ino && p->programs[i].dev == st.st_dev)
			return true;
	return false;
}

/* What the traced ones have forked, and we did not follow, has their memory as it was then; and may have made copies
 * of its own since. */
static void visit_others(struct processes *p, visit_cb visit, uint32_t kinds)
{
	uint64_t since = target__start_of(getpid());
	DIR *proc = opendir("/proc");
	struct dirent *entry;

	p->binaries.only_known = true;
	while (proc && (entry = readdir(proc))) {
		pid_t pid = atoi(entry->d_name), leader;
		struct target *t;

		if (pid <= 0 || members__find(p, pid) || !(p->by_hand || may_be_child(p, pid, since)) ||
		    target__open(&t, &p->binaries, pid, &leader))
			continue;
		/* With breakpoints of its own, which it may just have taken out, a debugger raises semaphores. */
		if (target__count_probes(t) && !*t->emulator && !target__is_debugged(t))
			visit(NULL, t, kinds);
		target__free(t);
	}
	if (proc)
		closedir(proc);
	p->binaries.only_known = false;
}

static void visit_all(struct processes *p, visit_cb visit, uint32_t kinds)
{
	for (struct process *process = p->first; process; process = process->next)
		if (process->target && !*process->target->emulator)
			visit(process, process->target, kinds);
	if (p->by_hand || p->n_programs)
		visit_others(p, visit, kinds);
}

void switching__look_last(struct processes *p)
{
	for (struct process *process = p->first; process; process = process->next)
		if (process->target && !*process->target->emulator && !is_loading(p, process))
			look(p, process, collector__now(), true);
}

void switching__before_end(struct processes *p, uint32_t kinds)
{
	visit_all(p, prepare, kinds);
}

void switching__end(struct processes *p, uint32_t kinds)
{
	visit_all(p, lower, kinds);
}

/* ---- Now and then ---- */

/* Of the kinds that nobody wants any more, which the kernel has let go of by now. */
static void see_what_has_left(struct processes *p)
{
	if (!p->leaving || !collector__has_detached(p->collector))
		return;
	if (p->by_hand)
		switching__end(p, p->leaving & ~p->kinds); /* some may be wanted again */
	p->leaving = 0;
}

void switching__look_now(struct processes *p, struct process *process, uint64_t now)
{
	if (!look(p, process, now, false))
		process->look_at = now;
}

void switching__update(struct processes *p)
{
	uint64_t now = collector__now();
	int looked = 0;

	see_what_has_left(p);
	for (struct process *process = p->first; process && looked < EACH; process = process->next) {
		if (!process->target || now < process->look_at)
			continue;
		looked++;
		process->look_at = now + SOON_NS;
		if (!is_loading(p, process) && !look(p, process, now, false))
			process->look_at = now + ON_NS;
	}
}
