/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * recorder: --keep. In: the events that model gets. They are kept (keep/); those that are kept no longer bring a second
 * model, to which nobody listens, forward. Out: when somebody asks, a dump (dump.h) of all that is there; with --split
 * all that comes, in dumps that follow on each other.
 */
#ifndef VIZTRACE_RECORDER_H
#define VIZTRACE_RECORDER_H

#include "dump.h"

#define DUMP_CAUSE 64 /* bytes of what a dump is for, with its NUL */

struct recorder;

struct recorder_options {
	const struct opts *opts;
	const struct processes *processes;
	uint64_t start; /* events' clock */
	pid_t pid;      /* in the names of files, and what the first process is called */
	const char *comm;
	int argc;
	char **argv;
};

/* 0 or -ENOMEM. */
int recorder__new(struct recorder **ret, const struct recorder_options *o);
void recorder__free(struct recorder *r);

/* --after has another value in the options now. */
void recorder__reloaded(struct recorder *r);

/* Those below take NULL, where nothing is kept. */

/* What cannot be kept counts as lost. 0 or -errno, of the second model. */
int recorder__add(struct recorder *r, const struct event *e);

/* Events have been lost, of each probe so many by now. */
void recorder__lose(struct recorder *r, struct collector *c, uint64_t now);

/* Write a dump of what came until `at` (not before `since`; --keep before which it begins), as soon as all that has
 * come. `peer`, or -1, is told of what came of it, and closed. 0, or -EBUSY: too many wait; the peer stays the
 * caller's. */
int recorder__want(struct recorder *r, const char *cause, uint64_t since, uint64_t at, int peer);

/* To poll, or -1. */
int recorder__fd(const struct recorder *r);

/* All events before `passed` have been added. 0 or -errno, of the second model. */
int recorder__tend(struct recorder *r, uint64_t passed);

/* It is over: what is still wanted is written, and waited for. */
void recorder__finish(struct recorder *r, uint64_t end);

/* Events that there was no room for, though they were to be written. */
uint64_t recorder__unkept(const struct recorder *r);

/* One could not be written. */
bool recorder__lacks_pieces(const struct recorder *r);

/* Of what is kept. */
uint64_t recorder__bytes(const struct recorder *r);

/* At the end: what was kept, and what became of it. */
void recorder__tell(const struct recorder *r);

#endif
