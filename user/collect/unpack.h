/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * unpack: records of batches (viztrace.h) in, among all others in the order of their time; the records of the same
 * events as the eBPF programs would have made them (bpf/record.h) out. So no later stage knows of batches.
 *
 * What a batch leaves out is kept: by known, and names by memory.
 */
#ifndef VIZTRACE_UNPACK_H
#define VIZTRACE_UNPACK_H

#include "../../bpf/record.h"
#include "../common/event.h"
#include "known.h"
#include "laps.h"
#include "memory.h"
#include "order.h"

#define REC_BATCHED 0x8000 /* a kind that no eBPF program uses */

/* A record of a batch on its way. */
struct batched {
	uint32_t size; /* the first four as in struct rec_head */
	uint16_t kind;
	uint16_t flags; /* REC_TRUNCATED: the name */
	uint64_t ts;
	struct laps_slot *slot;
	const struct memory_string *names[2]; /* of what is no report: its name, a value's attribute's; constant */
	uint32_t n_words;
	uint32_t name_size; /* of an object's name, which is behind the words, if it was not to be trusted to stay */
	uint64_t words[];
};

typedef int (*unpack_cb)(void *ctx, const void *record, size_t size);

struct unpack {
	struct memory memory;
	struct known known;
	struct table announced; /* announced.h */
	uint64_t n_files;       /* that others may know the classes of by now: counts each time that one was mapped */
	struct order *order;
	uint64_t start, end; /* by the records' own clock: events before and after are nobody's */
	bool only_counts; /* nothing is passed on any more: all that comes, or has its turn, is seen, and that is all */
	uint64_t seen[EVENT_PROBES];
	uint64_t orphans[EVENT_PROBES];                             /* of an object of which nothing is known */
	uint64_t refused[EVENT_PROBES];                             /* more names than there may be */
	uint64_t truncated[EVENT_PROBES], unreadable[EVENT_PROBES]; /* those with names that were passed on so */
	uint64_t newest;                                            /* ns: of all that was put in order */
	uint64_t passed; /* until then, exclusively, all that was put in order has had its turn: whoever drains tells */
	uint64_t aged;   /* `newest` when the memory was aged last */
	uint64_t class_bytes; /* of descriptors that were put in order since the last drain */
	union {
		struct rec_head head;
		struct rec_class class;
		struct rec_snapshot snapshot;
		struct rec_object object;
		struct rec_slice slice;
		struct rec_value value;
		struct batched batched;
		uint8_t bytes[24576];
	} record;
};

enum probe unpack__probe(unsigned kind); /* of enum viz_record; EVENT_PROBES: of no such */

/* On its way: with what has to be read at once, if the process's memory `is_there` still. `n` bytes. 0 or -ENOMEM. */
int unpack__add(struct unpack *u, struct laps_slot *slot, const uint64_t *words, uint32_t n, uint64_t ts,
		bool is_there);

/* The budget does not allow it: that is counted. 0. */
int unpack__refuse(struct unpack *u, const uint64_t *words);

/* Bytes for all that is kept. */
void unpack__limit(struct unpack *u, uint64_t memory);

/* Who comes after us has forgotten the object: it is to be introduced again. Also from within the callback. */
void unpack__forget(struct unpack *u, uint32_t pid, uint64_t address);

/* Any record, when it is its turn. 0 or the callback's error, or -ENOMEM. -ECANCELED: it may come again. */
int unpack__pass(struct unpack *u, const void *record, size_t size, unpack_cb cb, void *ctx);

void unpack__clear(struct unpack *u);

#endif
