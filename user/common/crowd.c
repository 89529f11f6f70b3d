// SPDX-License-Identifier: BSD-2-Clause
/* crowd: see crowd.h. */
#include "crowd.h"

#include <errno.h>
#include <stdlib.h>

struct crowd_process {
	uint32_t pid;
	struct crowd_link *first, *last; /* never none */
};

static struct crowd_process *find(const struct crowd *c, uint32_t pid)
{
	return c->recent && c->recent->pid == pid ? c->recent : table__get(&c->processes, pid, 0);
}

int crowd__add(struct crowd *c, uint32_t pid, struct crowd_link *link)
{
	struct crowd_process *p = find(c, pid);

	if (!p) {
		p = calloc(1, sizeof(*p));
		if (!p || table__put(&c->processes, pid, 0, p)) {
			free(p);
			return -ENOMEM;
		}
		p->pid = pid;
	}
	c->recent = p;
	*link = (struct crowd_link){ .prev = p->last, .process = p };
	if (p->last)
		p->last->next = link;
	else
		p->first = link;
	p->last = link;
	return 0;
}

void crowd__remove(struct crowd *c, struct crowd_link *link)
{
	struct crowd_process *p = link->process;

	if (link->prev)
		link->prev->next = link->next;
	else
		p->first = link->next;
	if (link->next)
		link->next->prev = link->prev;
	else
		p->last = link->prev;
	if (p->first)
		return;
	if (c->recent == p)
		c->recent = NULL;
	table__remove(&c->processes, p->pid, 0);
	free(p);
}

struct crowd_link *crowd__first(const struct crowd *c, uint32_t pid)
{
	const struct crowd_process *p = find(c, pid);

	return p ? p->first : NULL;
}

void crowd__clear(struct crowd *c)
{
	table__free(&c->processes);
	c->recent = NULL;
}
