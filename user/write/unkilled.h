/* SPDX-License-Identifier: BSD-2-Clause */
/* unkilled: what must not be left half done. Knows processes, not files. */
#ifndef VIZTRACE_UNKILLED_H
#define VIZTRACE_UNKILLED_H

/*
 * Call `fn` in a process that a SIGKILL of this one, or of its process group, does not end half way. It has our memory,
 * descriptors and rights, and we wait for it, so else it is as if we called it. Returns what it returned; -EINTR:
 * somebody ended it nevertheless, as is done with all processes of a container at once.
 */
int unkilled__call(int (*fn)(void *), void *arg);

#endif
