/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * decode: raw records in, events out. The records are untrusted bytes; so are the class descriptors in them.
 * Knows the record ABI and the descriptor's layout; knows neither BPF nor JSON.
 */
#ifndef VIZTRACE_DECODE_H
#define VIZTRACE_DECODE_H

#include "../common/budget.h"
#include "../common/event.h"

struct decoder;

struct decode_stats {
	uint64_t rejected;   /* records that are too short or contradict themselves: not decoded */
	uint64_t unknown;    /* records of a kind that this version does not know: skipped */
	uint64_t truncated;  /* values cut */
	uint64_t unreadable; /* values that could not be read */
	uint64_t rejected_by_probe[EVENT_PROBES];
	uint64_t classes_beyond; /* definitions of more classes than are kept */
};

int decoder__new(struct decoder **ret);
void decoder__free(struct decoder *d);

/* What it may keep of classes from here on; it is also written to, and lives longer. */
void decoder__set_budget(struct decoder *d, struct budget *budget);

/* A class descriptor that did not come in a record: from the file that was mapped at run time. `pid` 0: of any
 * process. Used for the dicts that classes refer to by tag and line; a class that is known at that address stays until
 * a record tells of another one. 0, or -EINVAL if the bytes are no descriptor. */
int decoder__add_class(struct decoder *d, uint32_t pid, uint64_t address, const void *bytes, size_t size);

/* The process executes another program: what is added from here on is of that one. When its records of before have all
 * been decoded, forget what was of the old one. */
void decoder__age(struct decoder *d, uint32_t pid);
void decoder__forget_old(struct decoder *d, uint32_t pid);

/* The process is over: forget its classes. */
void decoder__forget(struct decoder *d, uint32_t pid);

/* Report also what the app excluded (not what is private). */
void decoder__include_all(struct decoder *d, bool on);

/* Decode one record of `size` bytes. 0 and *ret_event; -EINVAL for a record that is short, of an unknown
 * kind, or contradicts itself (counted). The event is valid until the next call. */
int decoder__feed(struct decoder *d, const void *record, size_t size, struct event *ret_event);

const struct decode_stats *decoder__stats(const struct decoder *d);

#endif
