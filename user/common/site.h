/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * site: where in a stub to attach. A stub (viztrace.h) has a 1-byte nop, which every kernel handles, then a 5-byte and
 * a 10-byte one, which newer kernels patch into a call: then a hit needs no trap. Which of them this kernel patches is
 * found out on this program's own copy of the stub.
 */
#ifndef VIZTRACE_SITE_H
#define VIZTRACE_SITE_H

#include <stdbool.h>
#include <stddef.h>

enum site { SITE_AUTO, SITE_NOP1, SITE_NOP5, SITE_NOP10, SITES };
extern const char *const site_names[SITES]; /* "auto", "nop1", ... */

/* Bytes from the stub's first nop, which the note names. */
size_t site__offset(enum site site);

/* Does `code`, that begins at a stub's first nop, have all sites? `size` bytes are there. */
bool site__in(const void *code, size_t size);
#define SITE_CODE_SIZE 16

/* The first nop alone, where there are no others. */
#if defined(__x86_64__)
#define SITE_NOP_SIZE 1
#else
#define SITE_NOP_SIZE 4
#endif

/* And has it the 1-byte nop behind them that is for those who take batches? Where that is, from the first one. */
bool site__has_own(const void *code, size_t size);
size_t site__own_offset(void);
#define SITE_OWN_CODE_SIZE 18

/* Run this program's own copy of the stub; and has the kernel put something else than a trap there? */
void site__hit(void);
bool site__is_patched(enum site site);

/* Does a child that is forked while the site is patched live through the stub? It inherits the patched code and the
 * raised semaphores, but on some kernels (6.18 is one) not the memory that the patch jumps to. */
bool site__survives_fork(void);

/* The probe that site__hit runs through. */
#define SITE_OWN_PROBE EVENT_PROBE_INSTANT

#endif
