/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * strangers: emulated processes that begin to run a file after it was attached to for all. The kernel puts its traps
 * into their memory too, where they are deadly: these are taken out again, long before the emulator gets to that code.
 * A part of processes.c.
 */
#ifndef VIZTRACE_STRANGERS_H
#define VIZTRACE_STRANGERS_H

#include "members.h"

/* Process `pid` executes something: is it an emulator? */
void strangers__execed(struct processes *p, pid_t pid, uint64_t now);

/* It has mapped a file. */
void strangers__mapped(struct processes *p, pid_t pid, const char *path, uint64_t now);

/* Look at those that have come lately. */
void strangers__update(struct processes *p, uint64_t now);

#endif
