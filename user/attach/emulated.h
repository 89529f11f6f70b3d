/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * emulated: is a process's code run by something else than the processor: valgrind, qemu, Pin, DynamoRIO, or recorded
 * by rr? These read the code and make their own of it; from a trap that the kernel has put there they make one of the
 * program's, which kills it. Knows /proc, and how such programs are called.
 */
#ifndef VIZTRACE_EMULATED_H
#define VIZTRACE_EMULATED_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "binaries.h"

#define EMULATOR_MAX 64

/* By the path of the executable, or of any file that is mapped: true, and its name. */
bool emulated__by_program(const char *exe, char ret[EMULATOR_MAX]);
bool emulated__by_mapping(const char *path, char ret[EMULATOR_MAX]);

/* Some emulated process that has the file mapped: its PID, and its emulator's name; 0: there is none. */
pid_t emulated__runs(const struct binary *b, char ret[EMULATOR_MAX]);

/* Take the kernel's traps out of an emulated process's memory, in the file's stubs, and lower its semaphores. The
 * kernel does not mind. Returns whether there was anything to do. */
bool emulated__disarm(pid_t pid, const struct binary *b);

#endif
