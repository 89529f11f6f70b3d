// SPDX-License-Identifier: BSD-2-Clause
/* incidents: see incidents.h. */
#include "incidents.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct incident {
	struct incident *next;
	enum event_kind what;
	uint64_t ts;
	uint32_t pid, tid;
	char text[];
};

static int add(struct incidents *i, enum event_kind what, uint64_t ts, uint32_t pid, uint32_t tid, const char *text)
{
	struct incident *new = malloc(sizeof(*new) + strlen(text) + 1), **at = &i->first;

	if (!new)
		return -ENOMEM;
	new->what = what;
	new->ts = ts;
	new->pid = pid;
	new->tid = tid;
	strcpy(new->text, text);
	while (*at && (*at)->ts <= ts)
		at = &(*at)->next;
	new->next = *at;
	*at = new;
	return 0;
}

int incidents__add(struct incidents *i, enum event_kind what, uint64_t ts, uint32_t pid, const char *text)
{
	return add(i, what, ts, pid, pid, text);
}

int incidents__add_thread_end(struct incidents *i, uint64_t ts, uint32_t pid, uint32_t tid)
{
	return add(i, EVENT_THREAD_ENDED, ts, pid, tid, "");
}

int incidents__pass(struct incidents *i, uint64_t until, int (*cb)(void *ctx, const struct event *e), void *ctx)
{
	int err = 0;

	while (!err && i->first && i->first->ts < until) {
		struct incident *first = i->first;
		struct event e = { .kind = first->what, .ts = first->ts, .pid = first->pid, .tid = first->tid };

		if (e.kind == EVENT_NOTE)
			e.name = first->text;
		else
			snprintf(e.comm, sizeof(e.comm), "%s", first->text);
		err = cb(ctx, &e);
		i->first = first->next;
		free(first);
	}
	return err;
}

void incidents__clear(struct incidents *i)
{
	while (i->first) {
		struct incident *first = i->first;

		i->first = first->next;
		free(first);
	}
}
