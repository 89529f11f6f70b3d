// SPDX-License-Identifier: BSD-2-Clause
/* strangers: see strangers.h. */
#include "strangers.h"

#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../common/log.h"
#include "switching.h"

#define LOADED_NS 20000000u  /* what belongs to a mapping is there, too */
#define WHILE_NS 5000000000u /* how long an emulator takes to map what it runs, at most */

static struct stranger *get(struct processes *p, pid_t pid, uint64_t now)
{
	struct stranger *s = NULL, *more;

	for (size_t i = 0; i < p->n_strangers && !s; i++)
		if (p->strangers[i].pid == pid)
			s = &p->strangers[i];
	if (!s) {
		more = realloc(p->strangers, (p->n_strangers + 1) * sizeof(*more));
		if (!more)
			return NULL;
		p->strangers = more;
		s = &more[p->n_strangers++];
		*s = (struct stranger){ .pid = pid };
	}
	s->until = now + WHILE_NS;
	return s;
}

void strangers__execed(struct processes *p, pid_t pid, uint64_t now)
{
	char path[64], exe[PATH_MAX], emulator[EMULATOR_MAX];
	struct stranger *s;
	ssize_t n;

	if (!p->family)
		return;
	snprintf(path, sizeof(path), "/proc/%d/exe", pid);
	n = readlink(path, exe, sizeof(exe) - 1);
	exe[n > 0 ? n : 0] = 0;
	s = emulated__by_program(exe, emulator) ? get(p, pid, now) : NULL;
	if (s)
		s->is_emulated = true;
}

void strangers__mapped(struct processes *p, pid_t pid, const char *path, uint64_t now)
{
	for (const struct binary *b = p->binaries.first; b; b = b->next) {
		struct stranger *s;

		if (!b->attached || strcmp(base_name(b->path), base_name(path)) != 0)
			continue;
		strangers__execed(p, pid, now);
		s = p->family && !members__find(p, pid) ? get(p, pid, now) : NULL;
		if (s)
			s->look_at = now + LOADED_NS;
		return;
	}
}

static void disarm(const struct processes *p, struct stranger *s)
{
	for (const struct binary *b = p->binaries.first; b; b = b->next) {
		if (!b->attached || !emulated__disarm(s->pid, b) || s->told)
			continue;
		log_warn("process %d runs %s by an emulator: our probes were taken out of it", s->pid, b->path);
		s->told = true;
	}
}

void strangers__update(struct processes *p, uint64_t now)
{
	size_t kept = 0;

	for (size_t i = 0; i < p->n_strangers; i++) {
		struct stranger *s = &p->strangers[i];

		if (s->is_emulated)
			disarm(p, s);
		if (s->look_at && now >= s->look_at) {
			s->look_at = 0;
			if (!members__find(p, s->pid))
				switching__guard_stranger(p, s->pid);
		}
		if (now < s->until && (!kill(s->pid, 0) || errno == EPERM))
			p->strangers[kept++] = *s;
	}
	p->n_strangers = kept;
}
