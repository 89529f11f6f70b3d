/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * classes: the bytes of class descriptors in, checked tables out that decode can walk without further doubt.
 * Knows the descriptor's layout (viztrace.h); knows no records.
 *
 * Memory: one entry for each different (pid, address) that its process still runs, at most CLASSES_OF_PROCESS for each
 * process and CLASSES_KEPT for all.
 */
#ifndef VIZTRACE_CLASSES_H
#define VIZTRACE_CLASSES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../common/budget.h"
#include "../common/table.h"

#define CLASSES_OF_PROCESS 4096
#define CLASSES_KEPT 16384

struct layout;
struct class_set;

struct layout_attr {
	const char *key; /* the plain name: without the "viz." of inherited ones */
	int32_t offset;  /* offset and stride * count lie inside the class's span */
	uint32_t stride;
	uint16_t count;
	uint8_t type; /* enum viz_type, known */
	bool list;
	bool scalar;   /* one number or bool, in the span itself, of which no more is said */
	bool followed; /* behind a pointer that is at the offset */
	bool optional; /* behind the number a byte says whether there is one */
	uint8_t range; /* enum viz_range: the two words at the offset say where it is, and how many there are, or
			  characters */

	uint8_t note; /* VIZ_ATTR_ENUM, VIZ_ATTR_UNIT, or 0 */

	/* For VIZ_TYPE_DICT, and with a note: what says more. The answer is kept as long as the set of classes stays
	 * the same. */
	const char *more_tag;
	const char *more_of; /* which attribute its names are of */
	uint32_t more_line;
	struct layout *more;
	uint64_t more_epoch;
};

/* A class, checked. */
struct layout {
	uint64_t address;
	uint32_t pid;
	uint8_t kind; /* enum viz_kind */
	uint8_t n_attrs;
	uint8_t n_names; /* of a list of them */
	int32_t span_offset;
	uint32_t span_size;
	uint64_t visible; /* bit i: attribute i is not private */
	const char *tag;
	uint32_t line;
	void *bytes; /* as they came: keys, tags and names point into them, a re-sent one is compared with them */
	size_t size;
	struct layout *prev_more, *next_more;
	struct class_set *set; /* all of its process */
	struct layout *prev_own, *next_own;
	bool old; /* its process has executed another program since */
	struct layout_attr attrs[];
};

/* All zeros is an empty set. */
struct classes {
	struct table by_address, sets; /* sets: by pid */
	struct budget *budget;         /* or NULL */
	struct layout *mores;          /* dicts and names */
	struct layout *last;           /* the one looked up last: most snapshots in a row are of one class */
	uint64_t epoch;                /* changes with each class */
};

bool layout__is_of_objects(const struct layout *layout);

/* 0; -EINVAL: no descriptor; -EPROTO: of a later version than is known here; -ENOSPC: as many as are kept are there, or
 * the budget is spent; -ENOMEM. Another descriptor at the same address takes the place of the old one (a library was
 * unloaded, another was loaded there). */
int classes__add(struct classes *c, uint32_t pid, uint64_t address, const void *bytes, size_t size);

/* The same for one that is in a file that is mapped there by now. What is known to be there stays, for there may be
 * records to come of what was mapped there before, and who records an object of another class tells of that first. Only
 * of dicts nobody tells. */
int classes__offer(struct classes *c, uint32_t pid, uint64_t address, const void *bytes, size_t size);

struct layout *classes__lookup(struct classes *c, uint32_t pid, uint64_t address);

static inline struct layout *classes__find(struct classes *c, uint32_t pid, uint64_t address)
{
	struct layout *last = c->last;

	return last && last->address == address && last->pid == pid ? last : classes__lookup(c, pid, address);
}

/* The class of an attribute of type VIZ_TYPE_DICT of `owner`, or NULL: one with that tag and line that fits
 * into the attribute, of the same process if there is any, else of no process in particular, else of any; of
 * those the nearest one, since two libraries may have a dict of the same tag and line. */
struct layout *classes__dict(struct classes *c, const struct layout *owner, struct layout_attr *a);

/* What the value of an attribute is called (VIZ_ATTR_ENUM), or NULL. */
const char *classes__value_name(struct classes *c, const struct layout *owner, struct layout_attr *a, uint64_t value);

/* How many of them there are. */
size_t classes__n_value_names(struct classes *c, const struct layout *owner, struct layout_attr *a);

/* An attribute's unit, or NULL. */
const char *classes__unit(struct classes *c, const struct layout *owner, struct layout_attr *a);

/* The process executes another program. Its classes are old now, those that are added from here on are not; when its
 * records of before have all been decoded the old ones can be forgotten. */
void classes__age(struct classes *c, uint32_t pid);
void classes__forget_old(struct classes *c, uint32_t pid);

/* The process is over, and all its classes. */
void classes__forget(struct classes *c, uint32_t pid);

void classes__clear(struct classes *c);

#endif
