/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * known: what is known of traced processes, as batches leave it out: which thread a thread pointer means, what threads
 * are called, the last base of each object and whether it has been introduced, which classes have been told of. A part
 * of unpack.
 *
 * A process may invent any number of these. Beyond the budget those are forgotten that have not been asked for since
 * that was necessary last, threads last of all; an object is introduced anew then, from the process's memory.
 */
#ifndef VIZTRACE_KNOWN_H
#define VIZTRACE_KNOWN_H

#include "../common/budget.h"
#include "../common/table.h"

#define VIZ_PROBE_DISABLE
#include "viztrace.h"

struct known_entry {
	bool used; /* since room was made last */
};

/* Which class is at an address for who comes after us. */
struct known_class {
	struct known_entry entry;
	uint64_t address;
	uint64_t hash; /* of its descriptor; 0: none was told */
	uint32_t generation;
	uint32_t file;    /* whose it is; 0: the kernel told of it */
	uint64_t n_files; /* so many there were then */
};

struct known_object {
	struct known_entry entry;
	bool has_base;
	uint32_t generation;
	uint64_t cls;             /* that was introduced; 0: none */
	struct known_class *told; /* of its class; NULL: not looked for yet */
	uint64_t hash;            /* of what that was when it was introduced */
	struct viz_base base;
};

/* All zeros knows nothing, and may take any memory. */
struct known {
	struct table threads, comms, objects, told;
	struct table sent; /* class descriptors, by process and address, that are on their way or need not be */
	struct budget budget;
	bool forgotten; /* objects were, to keep to it, when that was necessary last */
};

/* Made if need be, or NULL: no memory. Good until known__make_room(). */
struct known_object *known__object(struct known *k, uint32_t pid, uint64_t address);
struct known_class *known__class(struct known *k, uint32_t pid, uint64_t address);

/* What is known already, or NULL. */
struct known_object *known__find_object(struct known *k, uint32_t pid, uint64_t address);
struct known_class *known__find_class(struct known *k, uint32_t pid, uint64_t address);
void known__forget_object(struct known *k, uint32_t pid, uint64_t address);

/* A descriptor is to be sent: 1 the first time, else 0, or -ENOMEM. Has it been? */
bool known__is_sent(const struct known *k, uint64_t process, uint64_t address);
int known__send(struct known *k, uint64_t process, uint64_t address);

/* Which thread a thread pointer is (0: not known), and what a thread was called at `ts` (NULL: not known). Those that
 * set it return 0 or -ENOMEM. */
int known__set_thread(struct known *k, uint32_t pid, uint64_t thread, uint32_t tid);
int known__set_comm(struct known *k, uint32_t pid, uint32_t tid, uint64_t ts, const char comm[16]);
uint32_t known__thread(const struct known *k, uint32_t pid, uint64_t thread);
const char *known__comm(const struct known *k, uint32_t pid, uint32_t tid);

/* To be asked for now and then: forgets what there is too much of. */
void known__make_room(struct known *k);

void known__clear(struct known *k);

#endif
