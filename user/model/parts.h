/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * parts: what model.c, threads.c, async.c, counters.c and objects.c, which are one stage, have in common. Nobody else
 * includes this.
 */
#ifndef VIZTRACE_MODEL_PARTS_H
#define VIZTRACE_MODEL_PARTS_H

#include "../common/copied.h"
#include "../common/crowd.h"
#include "arguments.h"
#include "model.h"
#include "names.h"
#include "slices.h"
#include "tracks.h"

#define PROCESS_NAME_MAX 96

struct process {
	uint32_t pid;
	char comm[16];               /* what it is called now */
	char name[PROCESS_NAME_MAX]; /* what the trace calls it: all that it was called, in that order */
	bool named;                  /* the trace says so */
	bool active;                 /* it did something */
	bool was_there;              /* before the trace, or our tool */
	uint64_t found;              /* when we came, then */
};

struct thread {
	uint32_t pid, tid;
	char comm[16];
	struct slices slices;
	struct thread *prev, *next;
};

struct object {
	uint64_t cost; /* of the budget */
	bool recent;   /* since objects were looked through for one to forget */
	uint64_t address, cls, life;
	uint32_t pid, tid;
	bool is_counter;
	bool in_state; /* its band is open */
	bool has_snapshot;
	uint64_t last;       /* the time of the last snapshot */
	struct copied state; /* of that, if it is remembered */
	struct name *name, *tag;
	struct track *track; /* of a counter, once it was sampled */
	struct object *prev, *next;
	struct crowd_link by_process;
};

/* What is open of no thread, all zeros at first. */
struct async {
	struct table ids, arrows;        /* by process and id */
	struct crowd crowd, arrow_crowd; /* the same, of each process */
	struct async_id *first, *end;    /* in the order in which they began */
	uint64_t tracks, flows;          /* so far */
};

struct model {
	const struct trace_ops *ops;
	void *writer;
	uint64_t start;
	uint64_t max_depth;
	bool remembers; /* objects' last states */
	uint64_t last;  /* of all times that were written */
	int error;
	struct model_stats stats;
	struct budgets *budgets; /* NULL: without limit */
	struct names names;
	struct tracks tracks;
	struct async async;
	struct table processes, threads, objects;
	uint64_t lives;                           /* of objects, so far */
	struct thread *first_thread, *end_thread; /* in the order of their first event */
	struct object *first_object, *end_object;
	struct crowd crowd; /* objects, of each process */
	struct thread *recent_thread;
	struct object *recent_object;
	struct process *recent_process;
	struct ending ending;
	char *text; /* room for a name that is put together */
	size_t room;
	bool (*enough)(void *ctx); /* in the end: what is open stays so; NULL */
	void *enough_ctx;
};

static inline struct budget *model__kept(struct model *m)
{
	return m->budgets ? &m->budgets->kept : NULL;
}

static inline bool model__enough(const struct model *m)
{
	return m->enough && m->enough(m->enough_ctx);
}

/* ---- model.c ---- */

/* `name` is what it is called if nobody has said. 0 or -ENOMEM. */
int model__process(struct model *m, uint32_t pid, const char *name, struct process **ret);
int model__name_process(struct model *m, struct process *p);

/* It calls itself so from now on. Viewers know one name of a process: it is all of them. */
int model__rename_process(struct model *m, uint32_t pid, const char *name);

/* Viewers drop what runs backwards, so an event that comes late gets the time of the one before. */
static inline struct where model__at(struct model *m, uint64_t ts, uint32_t pid, uint32_t tid)
{
	uint64_t out = ts > m->start ? ts - m->start : 0;

	if (out < m->last)
		out = m->last;
	m->last = out;
	return (struct where){ .ts = out, .pid = pid, .tid = tid };
}

static inline const char *model__event_name(const struct event *e)
{
	return e->name ? e->name : EVENT_UNREADABLE_NAME;
}

/*
 * What the parts do returns 0, the writer's error, -ENOMEM, or -ENOBUFS: the budget does not allow what the event is
 * about, and nothing was written.
 *
 * ..._end_process(): all that the process had; it is over, or runs another program. ..._finish(): the trace ends
 * at `ts`, while they go on. ..._retell(): all that is there, to a writer that has just begun, at its beginning.
 */

/* ---- threads.c ---- */

/* The thread of the event, made known if it was not; the trace says what it is called from now on. */
int threads__of(struct model *m, const struct event *e, struct thread **ret);

int threads__enter(struct model *m, struct thread *thread, const struct event *e);
int threads__exit(struct model *m, struct thread *thread, const struct event *e);
int threads__end(struct model *m, uint32_t pid, uint32_t tid, uint64_t ts);
int threads__end_process(struct model *m, uint32_t pid, uint64_t ts);
int threads__finish(struct model *m, uint64_t ts);
int threads__retell(struct model *m);
void threads__clear(struct model *m);

/* ---- async.c ---- */

int async__step(struct model *m, struct thread *thread, const struct event *e);
int async__end_process(struct model *m, uint32_t pid, uint64_t ts);
int async__finish(struct model *m, uint64_t ts);
int async__retell(struct model *m);
void async__clear(struct model *m);

/* ---- counters.c ---- */

int counters__value(struct model *m, const struct event *e);
int counters__sample(struct model *m, struct where at, struct object *o, const struct event *e);

/* The object has no track any more. */
int counters__leave(struct model *m, struct object *o, struct where at);
int counters__end_process(struct model *m, uint32_t pid, uint64_t ts);
int counters__finish(struct model *m, uint64_t ts);
int counters__retell(struct model *m);

/* ---- objects.c ---- */

int objects__introduce(struct model *m, const struct event *e);
int objects__destroy(struct model *m, const struct event *e);
int objects__snapshot(struct model *m, const struct event *e);
int objects__end_process(struct model *m, uint32_t pid, uint64_t ts);
int objects__finish(struct model *m, uint64_t ts);
int objects__retell(struct model *m);
void objects__forget(struct model *m, const struct event *e);
void objects__clear(struct model *m);

#endif
