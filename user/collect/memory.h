/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * memory: addresses of traced processes in, what is there out. What a file is mapped with to be read only is read from
 * that file, also when the process is gone; the rest from the process itself, while it lives. Nothing of it is trusted.
 */
#ifndef VIZTRACE_MEMORY_H
#define VIZTRACE_MEMORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "../common/budget.h"
#include "../common/elf_file.h"
#include "../common/table.h"

#define MEMORY_STRING_MAX 512 /* bytes, with the NUL; NAME_BYTES of the record ABI */

struct memory_string {
	uint16_t size; /* with its NUL; 0: unreadable */
	bool truncated;
	char text[MEMORY_STRING_MAX]; /* a constant ends after `size` */
};

struct memory_part {
	uint64_t address, size, offset;
	pid_t pid;
	uint32_t generation;
	int fd;
};

/* A file that is mapped, in whatever process. */
struct memory_file {
	const struct elf_file *elf;
	int fd;
};

/* A process between two execs. */
struct memory_of {
	pid_t pid;
	uint32_t generation;
	bool is_there; /* still: it may be read */
	/* What wants to know is of that file, which is, or was, at link time addresses + bias: what is its own may be
	 * gone by now, or another one's. 0: of none. */
	uint32_t file;
	uint64_t bias;
};

/* All zeros knows no files. */
struct memory {
	struct memory_part *parts;
	size_t n_parts;
	struct memory_file *files; /* the first one has number 1 */
	size_t n_files;
	struct table constants; /* strings, by process and address */
	struct table old_constants;
	struct budget budget; /* of `constants`; the old ones take as much */
};

/* The number of a file; 0: no memory. `elf` and `fd` must stay. And the file of a number, or NULL. */
uint32_t memory__file(struct memory *m, const struct elf_file *elf, int fd);
const struct memory_file *memory__get_file(const struct memory *m, uint32_t number);

/* The process has the file mapped, at its link time addresses + bias. `fd` must stay open. 0 or -ENOMEM. */
int memory__add_file(struct memory *m, const struct memory_of *of, const struct elf_file *elf, int fd, uint64_t bias);

/* The process is no more, and nobody asks for strings of its own any more. */
void memory__forget(struct memory *m, pid_t pid);

/* Of the process as it is now: `size` bytes. 0 or -errno. */
int memory__read(pid_t pid, uint64_t address, void *ret, size_t size);

/* A string that never changes, read once: good until the second memory__age() from here. 0, -ENOMEM, or -ENOBUFS: the
 * budget does not allow for one more. Is it spent? */
int memory__constant(struct memory *m, const struct memory_of *of, uint64_t address, const struct memory_string **ret);
bool memory__is_full(const struct memory *m);

/* Starts anew with constants, and forgets those of before the last time. */
void memory__age(struct memory *m);

/* Is it in a file, so that it never changes? */
bool memory__is_constant(const struct memory *m, const struct memory_of *of, uint64_t address);

/* A string as it is now. */
void memory__string(const struct memory *m, const struct memory_of *of, uint64_t address, struct memory_string *ret);

void memory__clear(struct memory *m);

#endif
