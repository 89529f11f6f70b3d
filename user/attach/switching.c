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
#include "byhand.h"
#include "launch.h"

#define MS 1000000u
#define SOON_NS (10u * MS)    /* its loader has yet to map what belongs to the code */
#define OFF_NS (250u * MS)    /* between two looks at what is silent */
#define ON_NS (1000u * MS)    /* and at what is not */
#define GRACE_NS (1000u * MS) /* a semaphore that is not in memory may be on its way */
#define NUDGES_SOON 50        /* so often the kernel is asked as fast as that */
#define TRIES 3               /* to write where nothing changes meanwhile */
#define EACH 8                /* at a time: thousands of processes may be traced */

static int look_at(struct arming *ret, struct target *t)
{
	int err = arming__look(ret, t);

	return err == -ESRCH && target__renew_task(t) ? arming__look(ret, t) : err;
}

/* ---- What was there ---- */

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

	if (!process->target || look_at(&arming, process->target))
		return;
	process->up = calloc(arming.n ? arming.n : 1, sizeof(*process->up));
	for (size_t i = 0; process->up && i < arming.n; i++)
		if (arming.all[i].semaphore.value && arming.all[i].state != ARMING_ON)
			process->up[process->n_up++] = arming.all[i].semaphore.address;
	arming__clear(&arming);
}

void switching__look_soon(struct processes *p, struct process *process, uint64_t now)
{
	remember_program(p, process->target);
	process->attached = process->look_at = now;
}

void switching__look_again(struct process *process, uint64_t now)
{
	if (process->look_at > now + SOON_NS)
		process->look_at = now + SOON_NS;
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

/* Between two looks, of which nobody else knows. `ago`: when the one before was. */
static void tell_gap(struct processes *p, struct process *process, const struct binary *b, uint32_t kinds, uint64_t ago,
		     bool is_lost, bool was_said)
{
	char names[ARMING_NAMES], text[ARMING_NAMES + 256];

	arming__name_probes(names, sizeof(names), b, kinds);
	if (is_lost)
		snprintf(text, sizeof(text),
			 "%s lost their traps up to %.1f s ago (their code was dropped, or mapped anew): what they did "
			 "since then is missing",
			 names, (double)ago / 1e9);
	else
		snprintf(text, sizeof(text), "%s are traced where their file was loaded once more, up to %.1f ms later",
			 names, (double)ago / 1e6);
	(was_said ? log_verbose :
	 is_lost  ? log_warn :
		    log_info)("process %d (%s): %s", process->pid, process->comm, text);
	if (is_lost)
		note(p, process, b, kinds, ARMING_OFF);
	members__tell(p, EVENT_NOTE, collector__now(), process->pid, text);
}

/* ---- What there is to do ---- */

/* What one look found of one file. */
struct found {
	const struct binary *binary;
	uint32_t kinds[ARMING_STATES]; /* bit: enum probe */
	uint32_t raised;               /* by this look */
};

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

static void compare_with_before(struct processes *p, struct process *process, const struct found *f, struct silent *s,
				uint64_t now)
{
	uint32_t lost = s->on & (f->kinds[ARMING_OFF] | f->kinds[ARMING_STUCK]), more = s->on & f->raised;

	if (lost)
		tell_gap(p, process, f->binary, lost, now - process->judged, true, s->told_lost);
	if (more)
		tell_gap(p, process, f->binary, more, now - process->judged, false, s->told_more);
	s->told_lost |= lost != 0;
	s->told_more |= more != 0;
	s->on = f->kinds[ARMING_ON];
}

/* Is anything silent that should not be? Says what is newly so, and what is no more. */
static bool compare(struct processes *p, struct process *process, const struct found *f, uint64_t now, bool last)
{
	struct silent *s = silent_of(process, f->binary);
	uint32_t silent = 0, on = f->kinds[ARMING_ON];
	bool young = now < process->attached + GRACE_NS;

	if (!s)
		return false;
	compare_with_before(p, process, f, s, now);
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

/* And mend what can be. False: it is gone, or may not be looked at. */
static bool look_and_mend(struct processes *p, struct process *process, struct arming *ret)
{
	for (int tries = 1;; tries++) {
		int err = look_at(ret, process->target);

		if (err)
			return false;
		err = byhand__prepare(p, process, ret);
		if (err != -ESTALE || tries == TRIES)
			return true;
		byhand__done(p, process->target, ret);
	}
}

/* `last`: nothing comes after it. */
static bool look(struct processes *p, struct process *process, uint64_t now, bool last)
{
	bool silent = false, again = false;
	struct arming arming;

	if (!look_and_mend(p, process, &arming))
		return false;
	/* Those of one file are one after the other. */
	for (size_t i = 0; i < arming.n;) {
		struct found f = { .binary = arming.all[i].binary };
		uint32_t attached = byhand__attached(p, process, f.binary);

		for (; i < arming.n && arming.all[i].binary == f.binary; i++) {
			const struct armed *a = &arming.all[i];
			uint32_t kind = 1u << a->probe->probe;

			if (!armed__is_event(a))
				continue;
			f.raised |= a->is_raised ? kind : 0;
			if (attached & kind)
				f.kinds[a->state] |= kind;
			else if (p->by_hand &&
				 was_attached(f.binary) & kind & ~p->leaving) /* the kernel may be at it */
				byhand__lower(process, process->target, &arming, a);
		}
		silent |= compare(p, process, &f, now, last);
		again |= !last && nudge(p, process, &f);
	}
	byhand__done(p, process->target, &arming);
	process->judged = now;
	process->look_at = now + (silent && again ? SOON_NS : silent ? OFF_NS : ON_NS);
	return true;
}

/* ---- The end ---- */

/* In one process. -ESTALE: it has changed meanwhile. */
typedef int (*visit_cb)(const struct process *process, const struct target *t, struct arming *arming, uint32_t kinds);

static int lower(const struct process *process, const struct target *t, struct arming *arming, uint32_t kinds)
{
	uint32_t left = 0;

	for (size_t i = 0; i < arming->n; i++) {
		const struct armed *a = &arming->all[i];
		int err = is_meant(a, kinds) ? byhand__lower(process, t, arming, a) : 0;

		if (err == -ESTALE)
			return err;
		if (err && err != -ESRCH)
			left |= 1u << a->probe->probe;
		if (left && (i + 1 == arming->n || arming->all[i + 1].binary != a->binary)) {
			char names[ARMING_NAMES];

			arming__name_probes(names, sizeof(names), a->binary, left);
			log_warn("process %d (%s): %s could not be switched off: it calls them in vain", t->pid,
				 t->comm, names);
			left = 0;
		}
	}
	return 0;
}

static int prepare(const struct process *process, const struct target *t, struct arming *arming, uint32_t kinds)
{
	int err = 0;

	(void)process;
	(void)t;
	for (size_t i = 0; i < arming->n && err != -ESTALE; i++)
		if (is_meant(&arming->all[i], kinds))
			err = byhand__raise_counter(arming, &arming->all[i]);
	return err;
}

static bool has_copies(const struct arming *arming)
{
	for (size_t i = 0; i < arming->n; i++)
		if (armed__has_copy(&arming->all[i]))
			return true;
	return false;
}

static void visit_one(struct processes *p, visit_cb visit, const struct process *process, struct target *t,
		      uint32_t kinds)
{
	struct arming arming;
	int err = -ESTALE;

	for (int tries = 0; tries < TRIES && err == -ESTALE && !look_at(&arming, t); tries++) {
		/* Nobody but the kernel has set anything in the others. */
		bool is_kernels = !process && p->family && !p->by_hand && !has_copies(&arming);

		err = is_kernels ? 0 : visit(process, t, &arming, kinds);
		byhand__done(p, t, &arming);
	}
}

static bool is_loading(const struct processes *p, const struct process *process)
{
	return p->launch && launch__is_loading(p->launch, process->pid);
}

/* One that is not traced, and has files of ours; NULL: it has not. */
static struct target *open_other(struct processes *p, pid_t pid)
{
	struct target *t;
	pid_t leader;
	int err;

	p->binaries.only_known = true;
	err = target__open(&t, &p->binaries, pid, &leader);
	p->binaries.only_known = false;
	if (err)
		return NULL;
	/* With breakpoints of its own, which it may just have taken out, a debugger raises semaphores. */
	if (target__count_probes(t) && !*t->emulator && !target__is_debugged(t))
		return t;
	target__free(t);
	return NULL;
}

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

/*
 * What the traced ones have forked, and we did not follow, has their memory as it was then; and may have made copies
 * of its own since. What is attached to for all has traps in whoever has the file mapped.
 */
static void visit_others(struct processes *p, visit_cb visit, uint32_t kinds)
{
	uint64_t since = target__start_of(getpid());
	DIR *proc = opendir("/proc");
	struct dirent *entry;

	while (proc && (entry = readdir(proc))) {
		pid_t pid = atoi(entry->d_name);
		struct target *t;

		if (pid <= 0 || members__find(p, pid) || !(p->by_hand || p->family || may_be_child(p, pid, since)))
			continue;
		t = open_other(p, pid);
		if (t)
			visit_one(p, visit, NULL, t, kinds);
		target__free(t);
	}
	if (proc)
		closedir(proc);
}

static void visit_all(struct processes *p, visit_cb visit, uint32_t kinds)
{
	for (struct process *process = p->first; process; process = process->next)
		if (process->target && !*process->target->emulator)
			visit_one(p, visit, process, process->target, kinds);
	if (p->by_hand || p->family || p->n_programs)
		visit_others(p, visit, kinds);
}

void switching__guard_stranger(struct processes *p, pid_t pid)
{
	struct target *t = p->ending ? NULL : open_other(p, pid);
	struct arming arming;

	if (t && !look_at(&arming, t)) {
		if (has_copies(&arming))
			byhand__prepare_stranger(p, t, &arming);
		byhand__done(p, t, &arming);
	}
	target__free(t);
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
