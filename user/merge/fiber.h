/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * fiber: a function with a stack of its own, which stops in the middle when it wants to and goes on when it is told to:
 * who calls back for each event becomes somebody that can be asked for the next one. Threads would do as well, at a
 * switch between two processors for each event instead of one of registers.
 */
#ifndef VIZTRACE_FIBER_H
#define VIZTRACE_FIBER_H

#include <stdbool.h>

struct fiber;

/* It begins with the first fiber__resume(). 0 or -errno. */
int fiber__new(struct fiber **ret, void (*run)(void *ctx), void *ctx);

/* It must have ended, or never begun: nobody else can give back what it holds. */
void fiber__free(struct fiber *f);

/* Until it yields, or ends: false. */
bool fiber__resume(struct fiber *f);

/* For the one that runs. */
void fiber__yield(struct fiber *f);

#endif
