/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * announced: objects that an eBPF program has named and whose turn has not come yet. Of an object that was there
 * before, batches say where its name is; when they are read it may have been renamed, or be gone. That it ends is a
 * trap, and tells how it was called.
 */
#ifndef VIZTRACE_ANNOUNCED_H
#define VIZTRACE_ANNOUNCED_H

#include "../../bpf/record.h"
#include "../common/table.h"

/* The record (REC_OBJECT; no other counts) waits for its turn: table__free() frees what does. 0 or -ENOMEM. */
int announced__add(struct table *t, const void *record, size_t size);

/* How the object of that class at `address` is called, of which something was said at `ts`, before that record; NULL.
 */
const struct rec_object *announced__find(const struct table *t, uint32_t pid, uint64_t address, uint64_t cls,
					 uint64_t ts);

/* It has its turn. */
void announced__pass(struct table *t, const struct rec_object *rec);

#endif
