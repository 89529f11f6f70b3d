// SPDX-License-Identifier: BSD-2-Clause
/* strangers: see strangers.h. */
#include "strangers.h"

#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../common/log.h"

#define WHILE_NS 5000000000u /* how long an emulator takes to map what it runs, at most */

static void add(struct processes *p, pid_t pid, uint64_t now)
{
	struct stranger *more;

	for (size_t i = 0; i < p->n_strangers; i++) {
		if (p->strangers[i].pid == pid) {
			p->strangers[i].until = now + WHILE_NS;
			return;
		}
	}
	more = realloc(p->strangers, (p->n_strangers + 1) * sizeof(*more));
	if (!more)
		return;
	p->strangers = more;
	more[p->n_strangers++] = (struct stranger){ .pid = pid, .until = now + WHILE_NS };
}

void strangers__execed(struct processes *p, pid_t pid, uint64_t now)
{
	char path[64], exe[PATH_MAX], emulator[EMULATOR_MAX];
	ssize_t n;

	if (!p->family)
		return;
	snprintf(path, sizeof(path), "/proc/%d/exe", pid);
	n = readlink(path, exe, sizeof(exe) - 1);
	exe[n > 0 ? n : 0] = 0;
	if (emulated__by_program(exe, emulator))
		add(p, pid, now);
}

void strangers__mapped(struct processes *p, pid_t pid, const char *path, uint64_t now)
{
	for (const struct binary *b = p->binaries.first; b; b = b->next) {
		if (b->attached && !strcmp(base_name(b->path), base_name(path))) {
			strangers__execed(p, pid, now);
			return;
		}
	}
}

void strangers__update(struct processes *p, uint64_t now)
{
	size_t kept = 0;

	for (size_t i = 0; i < p->n_strangers; i++) {
		struct stranger *s = &p->strangers[i];

		for (const struct binary *b = p->binaries.first; b; b = b->next) {
			if (!b->attached || !emulated__disarm(s->pid, b) || s->told)
				continue;
			log_warn("process %d runs %s by an emulator: our probes were taken out of it", s->pid, b->path);
			s->told = true;
		}
		if (now < s->until && !kill(s->pid, 0))
			p->strangers[kept++] = *s;
	}
	p->n_strangers = kept;
}
