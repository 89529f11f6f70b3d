// SPDX-License-Identifier: BSD-2-Clause
/* rows_threads: see rows_threads.h. */
#include "rows_threads.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "../common/array.h"
#include "../common/utf8.h"

#define KNOWN_MAX 65536 /* threads */

static struct rows_process *process_of(struct rows_threads *t, uint32_t pid)
{
	struct rows_process *p = table__get(&t->processes, pid, 0);

	if (p)
		return p;
	p = calloc(1, sizeof(*p));
	if (!p)
		return NULL;
	p->pid = pid;
	if (!table__put(&t->processes, pid, 0, p))
		return p;
	free(p);
	return NULL;
}

static void free_thread(struct rows_thread *t)
{
	if (!t)
		return;
	t->process->n_threads--;
	while (t->n_open)
		copied__clear(&t->open[--t->n_open].values);
	json__free(&t->text);
	free(t->name);
	free(t->open);
	free(t->names);
	free(t);
}

static bool is_idle(void *value, void *ctx)
{
	struct rows_thread *t = value;

	(void)ctx;
	if (t->n_open)
		return false;
	free_thread(t);
	return true;
}

static bool is_gone(void *value, void *ctx)
{
	struct rows_process *p = value;

	if (p->n_threads || p == ctx)
		return false;
	free(p->name);
	free(p);
	return true;
}

static struct rows_thread *thread_of(struct rows_threads *t, uint32_t pid, uint32_t tid)
{
	struct rows_thread *thread = table__get(&t->threads, pid, tid);
	struct rows_process *process;

	if (thread)
		return thread;
	process = process_of(t, pid);
	if (process && t->threads.used >= KNOWN_MAX) {
		table__drop(&t->threads, is_idle, NULL);
		table__drop(&t->processes, is_gone, process);
	}
	thread = process ? calloc(1, sizeof(*thread)) : NULL;
	if (!thread)
		return NULL;
	*thread = (struct rows_thread){ .pid = pid, .tid = tid, .process = process };
	json__init(&thread->text);
	process->n_threads++;
	if (!table__put(&t->threads, pid, tid, thread))
		return thread;
	free_thread(thread);
	return NULL;
}

/* The kernel cuts them at 15 bytes, maybe in the middle of a character. */
static int rename_to(char **to, const char *name)
{
	char *copy = strndup(name, utf8__whole(name, strlen(name)));

	if (!copy)
		return -ENOMEM;
	free(*to);
	*to = copy;
	return 0;
}

int rows_threads__name_process(struct rows_threads *t, uint32_t pid, const char *name)
{
	struct rows_process *p = process_of(t, pid);

	if (!p)
		return -ENOMEM;
	p->generation++;
	return rename_to(&p->name, name);
}

int rows_threads__name(struct rows_threads *t, uint32_t pid, uint32_t tid, const char *name)
{
	struct rows_thread *thread = thread_of(t, pid, tid);

	if (!thread)
		return -ENOMEM;
	json__clear(&thread->text);
	return rename_to(&thread->name, name);
}

struct rows_thread *rows_threads__of(struct rows_threads *t, uint32_t pid, uint32_t tid)
{
	struct rows_thread *thread = thread_of(t, pid, tid);
	struct json *j;

	if (!thread)
		return NULL;
	j = &thread->text;
	if (j->size && thread->generation == thread->process->generation)
		return thread;
	thread->generation = thread->process->generation;
	json__clear(j);
	JSON__KEY(j, "pid");
	json__uint(j, pid);
	JSON__KEY(j, "tid");
	json__uint(j, tid);
	if (thread->process->name) {
		JSON__KEY(j, "process");
		json__string(j, thread->process->name, strlen(thread->process->name));
	}
	if (thread->name) {
		JSON__KEY(j, "thread");
		json__string(j, thread->name, strlen(thread->name));
	}
	return j->error ? NULL : thread;
}

/* Twice of what there is, and enough. */
int rows_thread__push(struct rows_thread *t, uint64_t since, const char *name, const struct value *values,
		      size_t n_values)
{
	const struct rows_slice *outer = t->n_open ? &t->open[t->n_open - 1] : NULL;
	struct rows_slice slice = { .since = since };
	size_t at = outer ? outer->name + strlen(t->names + outer->name) + 1 : 0, size;
	int err;

	if (!name)
		name = "<unreadable>";
	size = strlen(name) + 1;
	err = array__make_room(&t->open, &t->room, t->n_open + 1, sizeof(*t->open));
	if (!err)
		err = array__make_room(&t->names, &t->names_room, at + size, 1);
	/* Most have none. */
	if (!err && n_values)
		err = copied__set(&slice.values, values, n_values);
	if (err)
		return err;
	memcpy(t->names + at, name, size);
	slice.name = at;
	t->open[t->n_open++] = slice;
	return 0;
}

struct rows_slice *rows_thread__pop(struct rows_thread *t, const char **ret_name)
{
	struct rows_slice *s;

	if (!t->n_open)
		return NULL;
	s = &t->open[--t->n_open];
	*ret_name = t->names + s->name;
	return s;
}

void rows_threads__free(struct rows_threads *t)
{
	size_t pos = 0;
	void *value;

	while ((value = table__next(&t->threads, &pos)))
		free_thread(value);
	table__clear(&t->threads);
	table__drop(&t->processes, is_gone, NULL);
	table__clear(&t->processes);
}
