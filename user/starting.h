/* SPDX-License-Identifier: BSD-2-Clause */
/* starting: when to begin, so that tools on many machines begin at the same time of day. */
#ifndef VIZTRACE_STARTING_H
#define VIZTRACE_STARTING_H

#include <signal.h>
#include <stdint.h>

/* Until the next time of day, in seconds since 1970, that `every` seconds divide. Earlier, once *stop is set. */
void starting__wait(uint64_t every, const volatile sig_atomic_t *stop);

#endif
