/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * binaries: the files that traced processes run, each opened and read once, however many processes map it. It knows
 * ELF files, not processes.
 */
#ifndef VIZTRACE_BINARIES_H
#define VIZTRACE_BINARIES_H

#include "../common/elf_file.h"

struct binary {
	char *path; /* as the first process that was seen with it sees it; " (deleted)" may be at its end */
	int fd;     /* -1: it is not kept, or was released */
	struct elf_file elf;
	uint32_t attached;    /* kinds of probes (bit: enum probe), for all processes */
	uint32_t left;        /* kinds that were attached to, and have been detached or are being so */
	int refused;          /* -errno: the kernel does not take its probes; 0 */
	uint64_t attached_at; /* ns, the clock of records: when that was done for the first of them */
	bool warned;          /* of its classes; for who looks at these */
	bool is_spared;       /* not attached to, as an emulated process runs it; this was said */
	uint64_t dev, ino, size, modified, changed; /* which file, and which version of it */
	struct binary *next;
};

/* In the order in which they were found. All zeros is an empty set. */
struct binaries {
	struct binary *first, *last;
	bool only_known; /* while set, none is added */
};

/* The binary that `fd` is; takes `fd` in any case. 0 or -errno: -ENOENT it is not known (only_known). What cannot be
 * read is a binary without probes. It lives as long as the set. */
int binaries__get(struct binaries *b, int fd, const char *path, struct binary **ret);

/* Nobody needs the file any more, unless binaries__get() finds it once more. */
void binaries__release(struct binary *b);

/* Is that file it? 1, 0, or -errno: nobody can look. */
int binary__is_at(const struct binary *b, const char *path);

static inline bool binary__is_of_use(const struct binary *b)
{
	return b->elf.n_probes || b->elf.n_classes;
}

/* It is, or others are unmapped by it. */
static inline bool binary__is_kept(const struct binary *b)
{
	return binary__is_of_use(b) || b->elf.unmapping;
}

void binaries__clear(struct binaries *b);

#endif
