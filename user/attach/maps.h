/* SPDX-License-Identifier: BSD-2-Clause */
/* maps: /proc/PID/maps, line by line, or what is at an address. Knows no ELF. */
#ifndef VIZTRACE_MAPS_H
#define VIZTRACE_MAPS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/types.h>

struct mapping {
	uint64_t start, end, offset, dev, ino;
	bool writable, executable, shared;
	const char *path; /* "" if there is none; valid until the next one is read */
};

struct maps {
	FILE *file;
	char *line;
	size_t size, n; /* n: how many there were */
	int err;
	bool has_no_query; /* of this kernel */
};

/* 0 or -errno: -ESRCH there is no such task. */
int maps__open(struct maps *ret, pid_t task);

/* False: that was all. */
bool maps__next(struct maps *m, struct mapping *ret);

/* What is there now, in the memory that the task had when it was opened; without its path. False: nothing. Then
 * maps__next() is of no use any more. */
bool maps__at(struct maps *m, uint64_t address, struct mapping *ret);

/* 0, or -errno if not all could be read: -ESRCH its memory went meanwhile. */
int maps__close(struct maps *m);

/* Of a file, not anonymous memory, [heap] or the like. */
static inline bool mapping__is_file(const struct mapping *m)
{
	return m->ino != 0 && m->path[0] == '/';
}

/*
 * Of one that has the name of a file: is there one? Memory that no file is behind has a name, too, if it is shared or
 * of large pages.
 */
static inline bool mapping__is_of_a_file(const struct mapping *m)
{
	static const char *const memory[] = { "/memfd:", "/dev/zero", "/SYSV", "/anon_hugepage" };
	bool is_memory = !mapping__is_file(m);

	for (size_t i = 0; i < sizeof(memory) / sizeof(memory[0]); i++)
		is_memory |= !strncmp(m->path, memory[i], strlen(memory[i]));
	return !is_memory;
}

#endif
