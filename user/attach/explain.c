// SPDX-License-Identifier: BSD-2-Clause
/* explain: see explain.h. */
#define _GNU_SOURCE
#include "explain.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "arming.h"
#include "maps.h"

#define LOOKED_AT_MAX 512 /* files: a process may have mapped thousands that are no code */

static void say(struct explanation *e, enum exit_code code, const char *mend)
{
	e->code = code;
	e->is_final = true;
	snprintf(e->mend, sizeof(e->mend), "%s", mend);
}

/* A file of which no code is mapped; NULL: none that has probes, or had. */
static const struct binary *without_code(const struct target *t, struct binaries *binaries, uint64_t dev, uint64_t ino)
{
	struct binary *b = NULL;
	struct mapping m;
	struct maps maps;
	int fd = -1;

	if (maps__open(&maps, t->task))
		return NULL;
	while (fd < 0 && maps__next(&maps, &m))
		if (m.dev == dev && m.ino == ino)
			fd = target__open_mapping(t, &m);
	if (fd >= 0 && binaries__get(binaries, fd, m.path, &b))
		b = NULL;
	maps__close(&maps);
	return b && binary__is_of_use(b) ? b : NULL;
}

/* A program or library that lies in memory as its loader has put it there, but for its code. */
static const struct binary *find_copied(const struct target *t, struct binaries *binaries)
{
	uint64_t seen[2] = { 0 };
	size_t left = LOOKED_AT_MAX;
	const struct binary *b = NULL;
	struct mapping m;
	struct maps maps;

	if (maps__open(&maps, t->task))
		return NULL;
	while (!b && left && maps__next(&maps, &m)) {
		/* A loader's mappings of a file are private, and one after the other. */
		if (!mapping__is_file(&m) || m.shared || (seen[0] == m.dev && seen[1] == m.ino))
			continue;
		left--;
		seen[0] = m.dev;
		seen[1] = m.ino;
		b = without_code(t, binaries, m.dev, m.ino);
	}
	maps__close(&maps);
	return b;
}

/* UPX leaves its mark behind the program headers. */
static bool is_packed(const struct target *t)
{
	char path[64], head[1024];
	ssize_t n;
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/exe", t->task);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return false;
	n = read(fd, head, sizeof(head));
	close(fd);
	return n > 0 && memmem(head, (size_t)n, "UPX!", 4);
}

static bool explain_file(struct explanation *e, const struct target *t, const struct binary *b)
{
	if (b->elf.is_stripped) {
		snprintf(e->what, sizeof(e->what), "%s was stripped of its probes' notes (.note.stapsdt, .note.viz)",
			 b->path);
		say(e, EXIT_NO_PROBES, "strip it with `strip`, or llvm-strip --keep-section=.note.stapsdt");
		return true;
	}
	if (b->elf.n_foreign && !b->elf.n_probes) {
		snprintf(e->what, sizeof(e->what), "%s has viz probes of kinds that this version does not know",
			 b->path);
		say(e, EXIT_NO_PROBES, "a newer viztrace-bpf");
		return true;
	}
	(void)t;
	return false;
}

static void explain_nothing(struct explanation *e, const struct target *t)
{
	snprintf(e->what, sizeof(e->what), "process %d (%s) has no viz probes in %zu mapped files", t->pid, t->comm,
		 t->n_looked_at);
	snprintf(
		e->mend, sizeof(e->mend),
		"build it with viztrace.h and VIZ_PROBE_* macros, without VIZ_PROBE_DISABLE; -f follows what it executes");
	e->code = EXIT_NO_PROBES;
	e->is_final = !*t->exe; /* a thread of the kernel */
}

bool explain__target(struct explanation *ret, const struct target *t, struct binaries *binaries)
{
	const struct binary *copied;

	*ret = (struct explanation){ 0 };
	if (*t->emulator) {
		const char *harm = strncmp(t->emulator, "librr", 5) ?
					   "is run by %s, not by the processor: a probe would kill it" :
					   "is recorded by rr (%s): a probe would spoil the recording";
		int n = snprintf(ret->what, sizeof(ret->what), "process %d (%s) ", t->pid, t->comm);

		snprintf(ret->what + n, sizeof(ret->what) - (size_t)n, harm, t->emulator);
		say(ret, EXIT_HARM, "trace a run of the program itself");
		return true;
	}
	if (target__count_probes(t))
		return false;
	for (const struct binary *b = binaries->first; b; b = b->next)
		if (explain_file(ret, t, b))
			return true;
	copied = find_copied(t, binaries);
	if (copied && copied->elf.n_probes) {
		snprintf(ret->what, sizeof(ret->what), "the probes of %s in process %d (%s) are out of reach: %s",
			 copied->path, t->pid, t->comm, arming__cause(ARMING_COPIED));
		say(ret, EXIT_NO_PROBES, "run it without large pages for its code (as node --use-largepages=off)");
		return true;
	}
	if (copied && explain_file(ret, t, copied))
		return true;
	if (is_packed(t)) {
		snprintf(ret->what, sizeof(ret->what),
			 "process %d (%s) is packed by UPX: its code is in memory that is no file's", t->pid, t->comm);
		say(ret, EXIT_NO_PROBES, "unpack it (upx -d), or do not pack it");
		return true;
	}
	explain_nothing(ret, t);
	return true;
}

struct telling {
	void (*cb)(void *ctx, const struct binary *b, const char *text);
	void *ctx;
	size_t n;
};

static void tell_group(void *ctx, const struct arming_group *g)
{
	struct telling *to = ctx;
	char names[ARMING_NAMES], text[2 * ARMING_NAMES];
	const char *what = NULL;

	switch (g->state) {
	case ARMING_OFF: break;
	case ARMING_ON: what = "somebody traces them already; both see the events"; break;
	case ARMING_STUCK:
		what = "their semaphores are up, but nobody listens: left behind by a tracer that was killed";
		break;
	case ARMING_LOW: what = "somebody else's uprobe is there, without its semaphore, which we raise then"; break;
	case ARMING_DEBUGGED:
	case ARMING_COPIED:
	case ARMING_WRITABLE:
	case ARMING_UNMAPPED: what = arming__cause(g->state); break;
	case ARMING_STATES: return;
	}
	if (g->state <= ARMING_STUCK)
		to->n += (size_t)__builtin_popcount(g->kinds);
	arming__name_probes(names, sizeof(names), g->binary, g->kinds);
	if (what) {
		snprintf(text, sizeof(text), "%s%s: %s", names, g->state <= ARMING_STUCK ? "" : " cannot be traced",
			 what);
		to->cb(to->ctx, g->binary, text);
	}
	if (g->twice) {
		snprintf(text, sizeof(text),
			 "%s: the process has mapped the file a second time, and the kernel may raise "
			 "that copy's semaphores; then we raise the right ones",
			 names);
		to->cb(to->ctx, g->binary, text);
	}
}

size_t explain__probes(const struct target *t, void (*cb)(void *ctx, const struct binary *b, const char *text),
		       void *ctx)
{
	struct telling to = { .cb = cb, .ctx = ctx };
	struct arming arming;

	if (arming__look(&arming, t))
		return target__count_probes(t);
	arming__each_group(&arming, tell_group, &to);
	arming__clear(&arming);
	return to.n;
}
