// SPDX-License-Identifier: BSD-2-Clause
/* Methods and the longest slices; see stats.h. */
#include "stats_parts.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* A slice that is open. */
struct frame {
	struct stats_method *method; /* NULL: beyond what is kept */
	uint64_t since;
	uint64_t inside; /* ns of slices inside of it, so far */
};

/* Or a track of asynchronous slices. */
struct thread {
	struct frame *open; /* the innermost last */
	size_t n, room;
	size_t n_again; /* asynchronous: so many behind these will go on */
};

/* *ret is NULL if there is no room. 0 or -ENOMEM. */
static int method_of(struct stats *s, const char *name, struct stats_method **ret)
{
	size_t size = strlen(name);
	uint64_t hash = hash__text(name, size);
	struct stats_method *first = table__get(&s->methods_by_hash, hash, size), *m;
	int err;

	for (m = first; m && strcmp(m->name, name); m = m->next)
		;
	*ret = m;
	if (m || s->n_methods == STATS_METHODS)
		return 0;
	err = stats__room(&s->methods, s->n_methods, sizeof(*s->methods));
	if (err)
		return err;
	m = calloc(1, sizeof(*m));
	if (!m)
		return -ENOMEM;
	m->name = strdup(name);
	m->limits = stats__limits(s, name, NULL);
	m->next = first;
	if (!m->name || table__put(&s->methods_by_hash, hash, size, m)) {
		free(m->name);
		free(m);
		return -ENOMEM;
	}
	s->methods[s->n_methods++] = *ret = m;
	return 0;
}

static void free_thread(struct thread *t)
{
	free(t->open);
	free(t);
}

static bool is_idle(void *value, void *ctx)
{
	struct thread *t = value;

	(void)ctx;
	if (t->n + t->n_again)
		return false;
	free_thread(t);
	return true;
}

/* *ret is NULL if there is no room. 0 or -ENOMEM. */
static int thread_of(struct stats *s, uint64_t pid, uint64_t tid, struct thread **ret)
{
	struct thread *t = table__get(&s->threads, pid, tid);

	*ret = t;
	if (t)
		return 0;
	/* Nobody says when a thread ends; what is inside of nothing is as good as new. */
	if (s->threads.used >= STATS_THREADS)
		table__drop(&s->threads, is_idle, NULL);
	if (s->threads.used >= STATS_THREADS)
		return 0;
	t = calloc(1, sizeof(*t));
	if (!t)
		return -ENOMEM;
	if (table__put(&s->threads, pid, tid, t)) {
		free(t);
		return -ENOMEM;
	}
	*ret = t;
	return 0;
}

static int push(struct thread *t, struct frame f)
{
	struct frame *more;

	if (t->n == t->room) {
		more = realloc(t->open, (t->room ? 2 * t->room : 16) * sizeof(*more));
		if (!more)
			return -ENOMEM;
		t->open = more;
		t->room = t->room ? 2 * t->room : 16;
	}
	t->open[t->n++] = f;
	return 0;
}

static int begin(struct stats *s, struct thread *t, struct where at, const char *name)
{
	struct stats_method *method = NULL;
	int err = 0;

	if (t)
		err = method_of(s, name, &method);
	if (!err && t)
		err = push(t, (struct frame){ .method = method, .since = at.ts });
	if (!err && method)
		method->open++;
	s->beyond.calls += !err && !method;
	return err;
}

int stats__slice_begin(void *writer, struct where at, const char *name, const struct value *values, size_t n_values)
{
	struct thread *t;
	int err = thread_of(writer, at.pid, at.tid, &t);

	(void)values, (void)n_values;
	return err ? err : begin(writer, t, at, name);
}

/* In its place among the longest, if it has one. */
static int rank(struct stats *s, struct where at, const char *name, uint64_t since)
{
	uint64_t duration = at.ts - since;
	struct stats_slice slice = { .pid = at.pid, .tid = at.tid, .ts = since, .duration = duration };
	size_t i;

	if (s->n_longest == STATS_LONGEST && s->longest[STATS_LONGEST - 1].duration >= duration)
		return 0;
	slice.name = strdup(name);
	if (!slice.name)
		return -ENOMEM;
	if (s->n_longest == STATS_LONGEST)
		free(s->longest[--s->n_longest].name);
	for (i = s->n_longest++; i && s->longest[i - 1].duration < duration; i--)
		s->longest[i] = s->longest[i - 1];
	s->longest[i] = slice;
	return 0;
}

static int end(struct stats *s, struct thread *t, struct where at, const char *name)
{
	struct frame f;
	uint64_t duration;
	int err;

	/* It began when there was no room. */
	if (!t || !t->n)
		return 0;
	f = t->open[--t->n];
	duration = at.ts - f.since;
	if (t->n)
		t->open[t->n - 1].inside += duration;
	if (f.method)
		f.method->open--;
	err = rank(s, at, name, f.since);
	if (err || !f.method)
		return err;
	err = histogram__add(&f.method->durations, duration);
	if (err)
		return err;
	f.method->total += duration;
	f.method->self += duration > f.inside ? duration - f.inside : 0; /* asynchronous ones overlap */
	if (stats__is_waited_for(&f.method->limits, (double)duration))
		stats__reached(s, at, f.method->name, NULL, (double)duration, &f.method->limits);
	return 0;
}

int stats__slice_end(void *writer, struct where at, const char *name, const struct value *values, size_t n_values)
{
	struct stats *s = writer;

	(void)values, (void)n_values;
	return end(s, table__get(&s->threads, at.pid, at.tid), at, name);
}

/* No thread has a number beyond 32 bits. */
#define ASYNC (1ull << 32)

int stats__async_begin(void *writer, struct where at, const struct trace_async *slice, const struct value *values,
		       size_t n_values)
{
	struct thread *t;
	int err = thread_of(writer, ASYNC | at.pid, slice->track, &t);

	(void)values, (void)n_values;
	if (err || !t)
		return err ? err : begin(writer, t, at, slice->name);
	if (slice->again && t->n_again) {
		t->n_again--;
		t->n++;
		return 0;
	}
	t->n_again = 0; /* more than one that ends at a time is in no file of ours */
	return begin(writer, t, at, slice->name);
}

/* Those inside of the one that ends are behind the open ones until they go on.
 *   request parse fetch    parse ends:    request parse (fetch)    request (fetch)    request fetch */
int stats__async_end(void *writer, struct where at, const struct trace_async *slice)
{
	struct stats *s = writer;
	struct thread *t = table__get(&s->threads, ASYNC | at.pid, slice->track);
	bool ends = t && t->n;
	int err;

	if (ends && slice->again) {
		t->n--;
		t->n_again++;
		return 0;
	}
	err = end(s, t, at, slice->name);
	if (ends && t->n_again)
		memmove(t->open + t->n, t->open + t->n + 1, t->n_again * sizeof(*t->open));
	if (t && !(t->n + t->n_again))
		free_thread(table__remove(&s->threads, ASYNC | at.pid, slice->track));
	return err;
}

int stats__slice_before(void *writer, struct where at, uint64_t since, const char *name)
{
	struct stats *s = writer;

	(void)at, (void)since, (void)name;
	s->open_before++;
	return 0;
}

void stats__free_methods(struct stats *s)
{
	size_t pos = 0;
	void *thread;

	for (size_t i = 0; i < s->n_methods; i++) {
		histogram__clear(&s->methods[i]->durations);
		free(s->methods[i]->name);
		free(s->methods[i]);
	}
	for (size_t i = 0; i < s->n_longest; i++)
		free(s->longest[i].name);
	while ((thread = table__next(&s->threads, &pos)))
		free_thread(thread);
	free(s->methods);
	table__clear(&s->methods_by_hash);
	table__clear(&s->threads);
}
