/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What decode makes of a raw record, and model turns into a trace. Plain values: no bytes of the target,
 * no layout of the record. All pointers are valid until the next record is decoded.
 */
#ifndef VIZTRACE_EVENT_H
#define VIZTRACE_EVENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum value_type {
	VALUE_INT,    /* .i */
	VALUE_UINT,   /* .u, above INT64_MAX or not */
	VALUE_DOUBLE, /* .d, may be NaN or infinite */
	VALUE_BOOL,   /* .u, 0 or 1 */
	VALUE_STRING, /* .s, .size: any bytes, not NUL-terminated */
	VALUE_JSON,   /* .s, .size: meant to be JSON text, not checked yet */
	VALUE_NULL,
	VALUE_UNREADABLE, /* the target's memory could not be read */
	VALUE_LIST,       /* .n_children values follow, each with all of its own */
	VALUE_DICT,       /* the same; they have keys */
};

/* A tree in preorder. {"balance": 3, "rates": [1.5, 2]} is
 *   { key "balance", INT 3 } { key "rates", LIST, n_children 2 } { DOUBLE 1.5 } { DOUBLE 2 } */
struct value {
	const char *key;  /* NULL in a list; NUL-terminated */
	const char *unit; /* of a number, as its program has it; or NULL */
	enum value_type type;
	bool truncated; /* a string of which the end is missing */
	uint32_t n_children;
	uint32_t size;
	union {
		int64_t i;
		uint64_t u;
		double d;
		const char *s;
	};
};

/* Bytes of a text with its NUL; 0: there is none (NULL). */
static inline size_t event__text_size(const char *text)
{
	return text ? __builtin_strlen(text) + 1 : 0;
}

static inline bool value__is_container(const struct value *v)
{
	return v->type == VALUE_LIST || v->type == VALUE_DICT;
}

/* How many of the `n` values the first tree has. */
static inline size_t values__tree(const struct value *values, size_t n)
{
	size_t open = 1, i = 0;

	for (; open && i < n; i++)
		open = open - 1 + (value__is_container(&values[i]) ? values[i].n_children : 0);
	return i;
}

enum event_kind {
	EVENT_FOUND, /* an object that existed before; not an event of its own */
	EVENT_INIT,  /* a new object, its address may have belonged to another one */
	EVENT_DESTROY,
	EVENT_SNAPSHOT, /* its included attributes, now */
	EVENT_ENTER,
	EVENT_EXIT,
	EVENT_VALUE, /* one value without an object: name, values[0].key */
	EVENT_INSTANT,
	EVENT_ASYNC,  /* part of what is of no thread: `step` */
	EVENT_IGNORE, /* a definition that decode keeps for itself */

	/* Of a process, not of a probe: pid, ts, and comm, which is the process's name. */
	EVENT_BEGAN,
	EVENT_PRESENT, /* instead: it was there before */
	EVENT_EXECED,  /* it runs another program: nothing of the old one is left */
	EVENT_ENDED,
	EVENT_THREAD_ENDED, /* `tid` of it; no comm */

	EVENT_NOTE, /* what we have to say on the timeline of `pid` at `ts`: name */

	EVENT_FORGOTTEN, /* the object of `pid` at `address`, for want of room: it ends, and may begin anew */
	EVENT_LOST, /* `id` events of `probe`, some time before; of no process. For who keeps events, not for model. */
};

enum async_step {
	ASYNC_BEGIN = 1, /* of a slice: name */
	ASYNC_END,
	ASYNC_OUT, /* of an arrow from this thread's slice */
	ASYNC_IN,  /* to this thread's slice */
	ASYNC_STEPS,
};

/* One for each kind of USDT probe, in the order of the record ABI. */
enum probe {
	EVENT_PROBE_INIT,
	EVENT_PROBE_DESTROY,
	EVENT_PROBE_SET,
	EVENT_PROBE_LOG,
	EVENT_PROBE_ENTER,
	EVENT_PROBE_EXIT,
	EVENT_PROBE_VALUE,
	EVENT_PROBE_INSTANT,
	EVENT_PROBE_QUIET, /* a write that the app itself makes silent */
	EVENT_PROBE_ASYNC,
	EVENT_PROBES,
};
extern const char *const probe_names[EVENT_PROBES]; /* "init", "destroy", ... */

#define EVENT_UNREADABLE_NAME "<unreadable>" /* for a name that there is but that could not be read */

struct event {
	enum event_kind kind;
	enum probe probe; /* which probe fired; not for FOUND, IGNORE, and what is of a process */
	uint64_t ts;      /* ns, CLOCK_MONOTONIC */
	uint32_t pid, tid;
	char comm[16]; /* the thread's name at that moment, NUL-terminated */

	/* FOUND, INIT, DESTROY, SNAPSHOT */
	uint64_t address; /* of the object's base */
	uint64_t cls;     /* address of its class descriptor; 0 in DESTROY */
	const char *tag;  /* the class's name; NULL in DESTROY */
	bool is_counter;
	uint64_t name_hash;      /* FOUND, INIT: tells names apart as the kernel does */
	uint32_t generation;     /* FOUND, INIT: of the process's memory, by exec */
	const char *const *keys; /* FOUND, INIT: n_keys public names of the class's attributes, in the order of mask; */
	size_t n_keys;           /* private ones are "" */
	bool is_new;             /* FOUND: a new object at that address whose INIT was lost */

	/* FOUND, INIT: the object's name or NULL for the tag; ENTER, EXIT, VALUE, INSTANT, ASYNC: the name.
	 * NUL-terminated. NULL in the latter means that it could not be read. */
	const char *name;

	/* SNAPSHOT: included attributes in the order of declaration, with those keys that are public;
	 * VALUE: exactly one; ENTER, EXIT, INSTANT: arguments, each with a key, and none of them a container.
	 * n_values counts the nodes of all trees. */
	const struct value *values;
	size_t n_values;
	uint64_t mask;  /* SNAPSHOT: which attributes of the class these are */
	uint32_t index; /* SNAPSHOT by SET or QUIET: the attribute that was written */
	uint32_t epoch; /* SNAPSHOT: of the filter in the kernel that let it through; 0: undecided */

	/* ENTER, EXIT */
	uint64_t frame;
	uint16_t site;  /* ENTER, scoped: where in the code, as VIZ_SLICE_SITE; 0: not told */
	bool scoped;    /* ends with its scope, and `frame` was then the frame's address */
	bool pretty;    /* the name is a C++ signature */
	bool is_result; /* EXIT: no end yet: what its slice will end with */
	bool unwanted;  /* EXIT, ASYNC_END: the filter lets it through for a slice only that was begun under other rules
			 */

	/* ASYNC */
	enum async_step step;
	uint64_t id; /* also LOST: how many */
	bool id_is_pointer;
};

/* Did a probe fire for it? */
static inline bool event__is_probes(const struct event *e)
{
	return e->kind != EVENT_FOUND && e->kind < EVENT_IGNORE;
}

#endif
