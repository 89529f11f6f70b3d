/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * detach: descriptors of attachments in, none of them left, and the caller back in time. Knows no BPF.
 *
 * The kernel takes a probe out when the last descriptor of its attachment is closed, and whoever closes that one waits
 * until all programs are done that run at that moment, without a way to be interrupted. One that sleeps in a page fault
 * is done when its page is there; a target can see to it that this takes for ever. So a child of ours has the last
 * ones.
 */
#ifndef VIZTRACE_DETACH_H
#define VIZTRACE_DETACH_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define DETACH_SLEEPING_MS 1000 /* waited for a program that sleeps; */
#define DETACH_MS 20000         /* and for anything else, such as one of another tool */

/* Closes `fds`. `sleeping`: how many programs sleep, as they count it themselves. 0 once nothing is attached any more;
 * or, if that takes too long, the number of a process that holds nothing but these and ends when the kernel is done. */
pid_t detach__all(const int *fds, size_t n, const volatile unsigned long long *sleeping);

#endif
