// SPDX-License-Identifier: BSD-2-Clause
/* writer_perfetto: see writer_perfetto.h. */
#include "writer_perfetto.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "../common/utf8.h"
#include "perfetto_args.h"
#include "perfetto_attributes.h"
#include "perfetto_counters.h"
#include "perfetto_names.h"
#include "perfetto_packets.h"
#include "perfetto_states.h"

#define DESCRIBED_MAX 65536 /* threads; when there are more they are described once more as they come */

/* Numbers of tracks: what it is, and of whom. */
enum { OF_PROCESS = 1, OF_THREAD = 2, OF_OBJECT = 3, OF_SLICE = 5, OF_ASYNC = PERFETTO_ASYNC_TRACK };
_Static_assert(OF_ASYNC < 1 << PERFETTO_TRACK_KINDS && PERFETTO_COUNTER_TRACK == 4, "each kind has numbers of its own");

/* No kernel has numbers of more than 22 bits, and so of the difference of two; merged traces have larger ones. */
#define TID_BITS 23

struct writer_perfetto {
	struct perfetto_packets packets;
	struct trace_start start;
	bool started;
	struct where last;  /* where the latest event was */
	struct proto event; /* the one that is being made, */
	struct proto extra; /* and what is beside it in its packet */
	struct perfetto_names names;
	struct perfetto_args args;
	struct perfetto_counters counters;
	struct perfetto_states states;
	uint64_t ended;         /* the object whose state ended last; 0: none, or it is destroyed */
	struct table described; /* processes and threads */
	struct where known;     /* the thread of these that was asked for last */
	uint64_t open_before;   /* slices, so far */
};

static uint64_t track_of(uint64_t number, int kind)
{
	return number << PERFETTO_TRACK_KINDS | (uint64_t)kind;
}

static int kind_of(uint64_t track)
{
	return (int)(track & ((1u << PERFETTO_TRACK_KINDS) - 1));
}

static uint64_t process_track(uint32_t pid)
{
	return track_of(pid, OF_PROCESS);
}

static uint64_t thread_track(struct where at)
{
	return track_of((uint64_t)at.pid << TID_BITS | ((at.tid - at.pid) & ((1u << TID_BITS) - 1)), OF_THREAD);
}

static void put_clock(struct proto *fields, uint64_t id, uint64_t time)
{
	size_t clock = proto__begin(fields, SNAPSHOT_CLOCKS);

	proto__uint(fields, CLOCK_ID, id);
	proto__uint(fields, CLOCK_TIME, time);
	proto__end(fields, clock);
}

/* Without the clocks no event would count; MONOTONIC is the trace's, or times would become those of BOOTTIME. */
static int start(struct writer_perfetto *w)
{
	struct proto *fields;
	size_t snapshot;
	int err;

	if (w->started)
		return 0;
	w->started = true;
	fields = perfetto_packets__begin(&w->packets, 1);
	snapshot = proto__begin(fields, PACKET_CLOCK_SNAPSHOT);
	put_clock(fields, CLOCK_IS_MONOTONIC, w->start.monotonic);
	put_clock(fields, CLOCK_IS_BOOTTIME, w->start.boot);
	put_clock(fields, CLOCK_IS_REALTIME, w->start.wall);
	proto__uint(fields, SNAPSHOT_PRIMARY, CLOCK_IS_MONOTONIC);
	proto__end(fields, snapshot);
	proto__uint(fields, PACKET_OUR_FORMAT, 1);
	proto__string(fields, PACKET_OUR_HOST, w->start.host.name, strlen(w->start.host.name));
	proto__string(fields, PACKET_OUR_BOOT_ID, w->start.host.boot_id, strlen(w->start.host.boot_id));
	proto__uint(fields, PACKET_OUR_PID_NAMESPACE, w->start.host.pid_namespace);
	err = perfetto_packets__end(&w->packets);
	return err ? err : perfetto_packets__sequence(&w->packets, 1, true, NULL);
}

/* ---- Tracks ---- */

static int describe_process(struct writer_perfetto *w, uint32_t pid, const char *name)
{
	struct proto *fields;
	size_t track, process;
	int err = start(w);

	if (err)
		return err;
	fields = perfetto_packets__begin(&w->packets, 1);
	track = proto__begin(fields, PACKET_TRACK);
	proto__uint(fields, TRACK_UUID, process_track(pid));
	process = proto__begin(fields, TRACK_PROCESS);
	proto__uint(fields, PROCESS_PID, pid);
	if (name)
		proto__string(fields, PROCESS_NAME, name, utf8__whole(name, strlen(name)));
	proto__end(fields, process);
	proto__end(fields, track);
	return perfetto_packets__end(&w->packets);
}

static int describe_thread(struct writer_perfetto *w, struct where at, const char *name)
{
	struct proto *fields = perfetto_packets__begin(&w->packets, 1);
	size_t track = proto__begin(fields, PACKET_TRACK), thread;

	proto__uint(fields, TRACK_UUID, thread_track(at));
	proto__uint(fields, TRACK_PARENT, process_track(at.pid));
	thread = proto__begin(fields, TRACK_THREAD);
	proto__uint(fields, THREAD_PID, at.pid);
	proto__uint(fields, THREAD_TID, at.tid);
	if (name)
		proto__string(fields, THREAD_NAME, name, utf8__whole(name, strlen(name)));
	proto__end(fields, thread);
	proto__end(fields, track);
	return perfetto_packets__end(&w->packets);
}

/* True: it was not known, and is from here on; or there is no memory to know it, and it is said once more. */
static bool is_news(struct writer_perfetto *w, uint32_t pid, uint64_t tid)
{
	if (table__get(&w->described, pid, tid))
		return false;
	if (w->described.used >= DESCRIBED_MAX)
		table__clear(&w->described);
	table__put(&w->described, pid, tid, w);
	return true;
}

#define THE_PROCESS UINT64_MAX /* no thread has that number */

static int need_process(struct writer_perfetto *w, uint32_t pid)
{
	return is_news(w, pid, THE_PROCESS) ? describe_process(w, pid, NULL) : 0;
}

static int need_thread(struct writer_perfetto *w, struct where at)
{
	int err;

	/* Most events are of the thread that the one before was of. */
	if (at.pid == w->known.pid && at.tid == w->known.tid)
		return 0;
	err = need_process(w, at.pid);
	if (!err && is_news(w, at.pid, at.tid))
		err = describe_thread(w, at, NULL);
	if (!err)
		w->known = at;
	return err;
}

/* A track below that of the process; of an object its class may be the name, too. */
static int describe_below(struct writer_perfetto *w, uint32_t pid, uint64_t number, const char *name,
			  const struct trace_object *object)
{
	const char *class = object && object->tag ? object->tag : "object";
	int err = need_process(w, pid);
	struct proto *fields;
	size_t track, text;

	if (err)
		return err;
	if (!name)
		name = EVENT_UNREADABLE_NAME;
	fields = perfetto_packets__begin(&w->packets, 1);
	track = proto__begin(fields, PACKET_TRACK);
	proto__uint(fields, TRACK_UUID, number);
	proto__uint(fields, TRACK_PARENT, process_track(pid));
	text = proto__begin(fields, TRACK_NAME);
	proto__piece(fields, name, strlen(name));
	if (object && strcmp(name, class) != 0) {
		proto__raw(fields, " (", 2);
		proto__piece(fields, class, strlen(class));
		proto__raw(fields, ")", 1);
	}
	proto__end(fields, text);
	/* Others of that name are others, but of asynchronous ones Perfetto makes as many rows as it needs. */
	proto__uint(fields, TRACK_MERGE, kind_of(number) == OF_ASYNC ? 1 : 2);
	if (object)
		proto__end(fields, proto__begin(fields, TRACK_STATE));
	proto__end(fields, track);
	if (object) {
		proto__uint(fields, PACKET_OUR_ADDRESS, object->address);
		proto__string(fields, PACKET_OUR_CLASS, class, strlen(class));
	}
	return perfetto_packets__end(&w->packets);
}

static int write_process_name(void *writer, uint32_t pid, const char *name)
{
	struct writer_perfetto *w = writer;

	/* A trace without events has its summary there. */
	if (!w->last.pid)
		w->last.pid = w->last.tid = pid;
	is_news(w, pid, THE_PROCESS);
	return describe_process(w, pid, name);
}

static int write_thread_name(void *writer, uint32_t pid, uint32_t tid, const char *name)
{
	struct writer_perfetto *w = writer;
	int err = need_process(w, pid);

	if (err)
		return err;
	is_news(w, pid, tid);
	return describe_thread(w, (struct where){ 0, pid, tid }, name);
}

/* ---- Events ---- */

/* Of sequence 1, on a track that was described. */
static struct proto *begin(struct writer_perfetto *w, int type, uint64_t track)
{
	proto__clear(&w->event);
	proto__uint(&w->event, EVENT_FIELD_TYPE, (uint64_t)type);
	proto__uint(&w->event, EVENT_FIELD_TRACK, track);
	return &w->event;
}

static void put_name(struct writer_perfetto *w, const char *name)
{
	uint64_t number;
	size_t size;

	if (!name)
		name = EVENT_UNREADABLE_NAME;
	size = strlen(name);
	number = perfetto_names__number(&w->names, INTERNED_EVENT_NAME, name, size);
	if (number)
		proto__uint(&w->event, EVENT_FIELD_NAME_IID, number);
	else
		proto__string(&w->event, EVENT_FIELD_NAME, name, size);
}

static int end(struct writer_perfetto *w, struct where at)
{
	struct proto *fields, *names = &w->names.new;
	int err = w->event.error ? w->event.error : names->error ? names->error : w->extra.error;

	if (err)
		return err;
	fields = perfetto_packets__begin_at(&w->packets, 1, at.ts);
	if (names->size)
		proto__bytes(fields, PACKET_INTERNED, names->data, names->size);
	proto__bytes(fields, PACKET_EVENT, w->event.data, w->event.size);
	proto__raw(fields, w->extra.data, w->extra.size);
	proto__clear(&w->extra);
	err = perfetto_packets__end(&w->packets);
	if (err)
		return err;
	proto__clear(names);
	if (at.ts >= w->last.ts)
		w->last = at;
	if (!perfetto_names__full(&w->names))
		return 0;
	/* Nobody knows them from here on, neither we nor who reads this. */
	perfetto_names__clear(&w->names);
	return perfetto_packets__sequence(&w->packets, 1, false, NULL);
}

static int write_sample(struct writer_perfetto *w, struct where at, const struct trace_counter *counter,
			const struct value *values, size_t n_values, bool closing)
{
	int err = need_process(w, at.pid);

	w->last = at;
	return err ? err :
		     perfetto_counters__put(&w->counters, &w->packets, at, process_track(at.pid), counter, values,
					    n_values, closing);
}

static int write_counter(void *writer, struct where at, const struct trace_counter *counter, const struct value *values,
			 size_t n_values)
{
	return write_sample(writer, at, counter, values, n_values, false);
}

static int write_counter_closing(void *writer, struct where at, const struct trace_counter *counter,
				 const struct value *values, size_t n_values)
{
	return write_sample(writer, at, counter, values, n_values, true);
}

/* A state without a name: the one before ends. */
static int end_state(struct writer_perfetto *w, struct where at, uint64_t track)
{
	begin(w, TYPE_STATE, track);
	return end(w, at);
}

static int write_state(struct writer_perfetto *w, struct where at, const struct trace_object *object,
		       const struct value *values, size_t n_values, bool is_report)
{
	struct perfetto_life *life = perfetto_states__find(&w->states, object->life);
	uint64_t track = track_of(object->life, OF_OBJECT);
	bool same;
	int err;

	if (!life) {
		life = perfetto_states__add(&w->states, object->life);
		if (!life)
			return -ENOMEM;
		life->tid = at.pid;
		err = describe_below(w, at.pid, track, object->name, object);
		if (err)
			return err;
	}
	life->replaces = life->name;
	err = perfetto_states__name(&w->states, life, values, n_values, &same);
	/* Perfetto would let the one before go on. */
	if (!err && same) {
		proto__uint(&w->extra, PACKET_OUR_NOTE, NOTE_AGAIN);
		err = end_state(w, at, track);
	}
	if (err)
		return err;
	if (life->tid != at.tid)
		proto__uint(&w->extra, PACKET_OUR_THREAD, at.tid);
	life->tid = at.tid;
	if (is_report && !n_values)
		proto__uint(&w->extra, PACKET_OUR_NOTE, NOTE_EMPTY);
	begin(w, TYPE_STATE, track);
	proto__string(&w->event, EVENT_FIELD_NAME, w->states.name, w->states.size);
	if (!n_values)
		perfetto_args__put_address(&w->args, EVENT_FIELD_ANNOTATION, "address", object->address);
	perfetto_args__put(&w->args, EVENT_FIELD_ANNOTATION, values, n_values);
	return end(w, at);
}

static int write_object_new(void *writer, struct where at, const struct trace_object *object)
{
	return write_state(writer, at, object, NULL, 0, false);
}

static int write_object_snapshot(void *writer, struct where at, const struct trace_object *object,
				 const struct value *values, size_t n_values)
{
	return write_state(writer, at, object, values, n_values, true);
}

/* The end of the state that it was in is there already. */
static int write_object_delete(void *writer, struct where at, const struct trace_object *object)
{
	struct writer_perfetto *w = writer;
	uint64_t track = track_of(object->life, OF_OBJECT);
	struct proto *fields;
	int err = 0;

	/* It had none: nobody shows it. */
	if (w->ended != object->life)
		err = describe_below(w, at.pid, track, object->name, object);
	if (err)
		return err;
	w->ended = 0;
	fields = perfetto_packets__begin_at(&w->packets, 1, at.ts);
	proto__uint(fields, PACKET_OUR_DELETED, track);
	proto__uint(fields, PACKET_OUR_THREAD, at.tid);
	return perfetto_packets__end(&w->packets);
}

/* The snapshot of the same values began it. */
static int write_state_begin(void *writer, struct where at, const struct trace_object *object,
			     const struct value *values, size_t n_values)
{
	(void)writer, (void)at, (void)object, (void)values, (void)n_values;
	return 0;
}

/* It ends by itself where the next one begins, which was told already. Else it is the end of all that we know. */
static int write_state_end(void *writer, struct where at, const struct trace_object *object)
{
	struct writer_perfetto *w = writer;
	struct perfetto_life *life = perfetto_states__find(&w->states, object->life);

	if (!life)
		return 0;
	if (life->replaces) {
		life->replaces = false;
		return 0;
	}
	if (life->tid != at.tid)
		proto__uint(&w->extra, PACKET_OUR_THREAD, at.tid);
	perfetto_states__remove(&w->states, object->life);
	w->ended = object->life;
	return end_state(w, at, track_of(object->life, OF_OBJECT));
}

static int write_slice_begin(void *writer, struct where at, const char *name, const struct value *values,
			     size_t n_values)
{
	struct writer_perfetto *w = writer;
	int err = need_thread(w, at);

	if (err)
		return err;
	begin(w, TYPE_BEGIN, thread_track(at));
	put_name(w, name);
	perfetto_args__put(&w->args, EVENT_FIELD_ANNOTATION, values, n_values);
	return end(w, at);
}

static int write_slice_end(void *writer, struct where at, const char *name, const struct value *values, size_t n_values)
{
	struct writer_perfetto *w = writer;
	int err = need_thread(w, at);

	(void)name; /* the innermost one */
	if (err)
		return err;
	begin(w, TYPE_END, thread_track(at));
	perfetto_args__put(&w->args, EVENT_FIELD_ANNOTATION, values, n_values);
	return end(w, at);
}

/* A track for each, as they are none of the thread's and may overlap. */
static int write_slice_before(void *writer, struct where at, uint64_t since, const char *name)
{
	static const char mark[] = "open before";
	const struct value marked = { .key = "viz", .type = VALUE_STRING, .size = sizeof(mark) - 1, .s = mark };
	struct writer_perfetto *w = writer;
	uint64_t track = track_of(++w->open_before, OF_SLICE);
	int err = describe_below(w, at.pid, track, name, NULL);

	if (err)
		return err;
	proto__uint(&w->extra, PACKET_OUR_THREAD, at.tid);
	begin(w, TYPE_BEGIN, track);
	put_name(w, name);
	perfetto_args__put(&w->args, EVENT_FIELD_ANNOTATION, &marked, 1);
	err = end(w, (struct where){ since, at.pid, at.tid });
	if (err)
		return err;
	begin(w, TYPE_END, track);
	return end(w, at);
}

static void begin_async(struct writer_perfetto *w, struct where at, int type, const struct trace_async *slice)
{
	begin(w, type, track_of(slice->track, OF_ASYNC));
	proto__uint(&w->extra, PACKET_OUR_THREAD, at.tid);
	if (slice->again)
		proto__uint(&w->extra, PACKET_OUR_NOTE, NOTE_AGAIN);
}

static int write_async_begin(void *writer, struct where at, const struct trace_async *slice, const struct value *values,
			     size_t n_values)
{
	struct writer_perfetto *w = writer;
	uint64_t track = track_of(slice->track, OF_ASYNC);
	int err = slice->level || slice->again ? 0 : describe_below(w, at.pid, track, slice->name, NULL);

	if (err)
		return err;
	begin_async(w, at, TYPE_BEGIN, slice);
	put_name(w, slice->name);
	perfetto_args__put(&w->args, EVENT_FIELD_ANNOTATION, values, n_values);
	return end(w, at);
}

static int write_async_end(void *writer, struct where at, const struct trace_async *slice)
{
	struct writer_perfetto *w = writer;

	begin_async(w, at, TYPE_END, slice);
	return end(w, at);
}

/* The beginning of the slice, which an arrow is bound to, is long written: an instant inside of it takes its place. */
static int write_flow(void *writer, struct where at, uint64_t serial, bool is_in, const struct value *values,
		      size_t n_values)
{
	struct writer_perfetto *w = writer;
	int err = need_thread(w, at);

	if (err)
		return err;
	begin(w, TYPE_INSTANT, thread_track(at));
	put_name(w, is_in ? "flow in" : "flow out");
	perfetto_args__put(&w->args, EVENT_FIELD_ANNOTATION, values, n_values);
	proto__fixed(&w->event, is_in ? EVENT_FIELD_FLOW_END : EVENT_FIELD_FLOW, serial);
	return end(w, at);
}

static int write_instant(void *writer, struct where at, const char *name, const struct value *values, size_t n_values)
{
	struct writer_perfetto *w = writer;
	int err = need_thread(w, at);

	if (err)
		return err;
	begin(w, TYPE_INSTANT, thread_track(at));
	put_name(w, name);
	perfetto_args__put(&w->args, EVENT_FIELD_ANNOTATION, values, n_values);
	return end(w, at);
}

const struct trace_ops writer_perfetto_ops = {
	.process_name = write_process_name,
	.thread_name = write_thread_name,
	.counter = write_counter,
	.counter_closing = write_counter_closing,
	.object_new = write_object_new,
	.object_snapshot = write_object_snapshot,
	.object_delete = write_object_delete,
	.state_begin = write_state_begin,
	.state_end = write_state_end,
	.slice_begin = write_slice_begin,
	.slice_end = write_slice_end,
	.slice_before = write_slice_before,
	.async_begin = write_async_begin,
	.async_end = write_async_end,
	.flow = write_flow,
	.instant = write_instant,
};

/* ---- The end ---- */

static int write_summary(struct writer_perfetto *w, const char *metadata, size_t size)
{
	int err = need_process(w, w->last.pid);

	if (err)
		return err;
	begin(w, TYPE_INSTANT, process_track(w->last.pid));
	put_name(w, "viztrace summary");
	perfetto_args__put_members(&w->args, EVENT_FIELD_ANNOTATION, metadata, size);
	return end(w, w->last);
}

int writer_perfetto__finish(struct writer_perfetto *w, const char *metadata, size_t size)
{
	int err = start(w);

	if (!err && size)
		err = perfetto_attributes__write(&w->packets, metadata, size);
	if (!err && size)
		err = write_summary(w, metadata, size);
	return err ? err : output__finish(w->packets.out, NULL, 0, "", 0);
}

int writer_perfetto__new(struct writer_perfetto **ret, struct output *out, const struct trace_start *begins)
{
	struct writer_perfetto *w = calloc(1, sizeof(*w));

	if (!w)
		return -ENOMEM;
	w->start = *begins;
	w->packets = (struct perfetto_packets){ .out = out, .start = begins->monotonic, .last_sequence = 1 };
	w->args.to = &w->event;
	w->args.names = &w->names;
	output__without_head(out, perfetto_packets__fill);
	*ret = w;
	return 0;
}

void writer_perfetto__free(struct writer_perfetto *w)
{
	if (!w)
		return;
	proto__free(&w->packets.fields);
	proto__free(&w->event);
	proto__free(&w->extra);
	json__free(&w->args.text);
	perfetto_names__free(&w->names);
	perfetto_counters__free(&w->counters);
	perfetto_states__free(&w->states);
	table__clear(&w->described);
	free(w);
}

uint64_t writer_perfetto__invalid_json(const struct writer_perfetto *w)
{
	return w->args.invalid_json;
}
