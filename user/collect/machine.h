/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * machine: what this machine says of itself and of our place in it, without trying anything. A file that is not there
 * is a "no".
 */
#ifndef VIZTRACE_MACHINE_H
#define VIZTRACE_MACHINE_H

#include <stdbool.h>
#include <stdint.h>
#include <time.h>

bool machine__has_proc(void);
bool machine__has_sysfs(void);

/* Are we in another than the initial one? */
bool machine__in_user_namespace(void);
bool machine__in_pid_namespace(void);

struct machine_pidns {
	uint64_t dev, ino; /* as in struct stat; 0: the initial one */
};
struct machine_pidns machine__pid_namespace(void);

/* A clock's ns as the kernel counts them, whatever our time namespace adds; the clocks that it adds to are
 * CLOCK_MONOTONIC and CLOCK_BOOTTIME. */
uint64_t machine__kernel_time(clockid_t clock);

uint64_t machine__effective_caps(void); /* bit: CAP_* */
bool machine__may_gain_cap(int cap);    /* by exec of sudo, say */

bool machine__has_seccomp_filter(void);

/* Or a later one? For what cannot be tried: the call that could tell is one that has been refused. */
bool machine__is_linux(unsigned major, unsigned minor);

#endif
