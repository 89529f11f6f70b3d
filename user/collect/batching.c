// SPDX-License-Identifier: BSD-2-Clause
/* batching: see batching.h. */
#include "batching.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "../common/log.h"
#include "announced.h"

/* Are all its probes of the kind that tells batches from others? */
static bool has_own_sites(const struct elf_file *elf)
{
	for (size_t i = 0; i < elf->n_probes; i++)
		if (!elf->probes[i].has_own)
			return false;
	return elf->batch.pool;
}

static struct batched_file *find(const struct batching *b, pid_t pid, const struct elf_file *elf)
{
	for (size_t i = 0; i < b->n; i++)
		if (b->all[i].elf == elf && b->all[i].pid == pid)
			return &b->all[i];
	return NULL;
}

static bool has_loader(const struct batching *b, pid_t pid)
{
	for (size_t i = 0; i < b->n; i++)
		if (b->all[i].is_loader && b->all[i].attached && b->all[i].pid == pid)
			return true;
	return false;
}

struct batched_file *batching__find(const struct batching *b, pid_t pid, const struct elf_file *elf)
{
	struct batched_file *f = find(b, pid, elf);

	return f && f->role ? f : NULL;
}

static struct batched_file *add(struct batching *b, pid_t pid, const struct elf_file *elf)
{
	struct batched_file *more = realloc(b->all, (b->n + 1) * sizeof(*more));

	if (!more)
		return NULL;
	b->all = more;
	more[b->n] = (struct batched_file){ .elf = elf, .pid = pid, .is_loader = elf->unmapping };
	return &more[b->n++];
}

static size_t count(const struct batching *b, pid_t pid)
{
	size_t n = 0;

	for (size_t i = 0; i < b->n; i++)
		n += b->all[i].pid == pid && b->all[i].role && b->all[i].execs == b->execs;
	return n;
}

/* As what it was known first, or what it can be. */
static enum batches_role role_of(const struct batching *b, const struct batched_file *known, pid_t pid,
				 const struct elf_file *elf, bool is_program)
{
	if (known || !has_own_sites(elf))
		return known ? known->role : BATCHES_NONE;
	if (is_program)
		return BATCHES_PROGRAM;
	if (!has_loader(b, pid)) {
		log_verbose("no batches from libraries of process %d: its loader does not tell when it unmaps one",
			    pid);
		return BATCHES_NONE;
	}
	if (count(b, pid) == POOLS_MAX) {
		log_warn("process %d: batches are taken from %d files, each event of all others is a trap", pid,
			 POOLS_MAX);
		return BATCHES_NONE;
	}
	return BATCHES_LIBRARY;
}

/* Events are traps then, or the process is on its way out; all else ends the trace. */
static bool can_be_borne(int err)
{
	return err == -EPERM || err == -EACCES || err == -ESRCH || err == -EFAULT;
}

int batching__add(struct batching *b, pid_t pid, const struct memory_file *file, uint64_t bias, bool is_program,
		  struct batched_file **ret)
{
	struct batched_file *f = find(b, pid, file->elf);
	enum batches_role role = role_of(b, f, pid, file->elf, is_program);
	uint64_t cookie = f ? f->cookie : 0;
	int err = batches__add_file(b->batches, pid, file, bias, role, &cookie);

	*ret = NULL;
	if (err == -EPERM)
		log_warn("no batches from process %d: we may not read its memory (CAP_SYS_PTRACE)", pid);
	if (err == -EACCES)
		log_warn(
			"no batches from process %d: it is killed if it reads the processor's clock (PR_SET_TSC, strict "
			"seccomp)",
			pid);
	if (err < 0 && !can_be_borne(err))
		return err;
	if (!file->elf->n_probes && !file->elf->unmapping)
		return 0;
	if (!f) {
		f = add(b, pid, file->elf);
		if (!f)
			return -ENOMEM;
		f->role = err < 0 ? BATCHES_NONE : role;
		f->cookie = cookie;
	}
	f->execs = b->execs;
	*ret = f;
	return 0;
}

void batching__detached(struct batching *b, pid_t pid)
{
	for (size_t i = 0; i < b->n; i++)
		if (b->all[i].pid == pid)
			b->all[i].attached = false;
}

int batching__hear(struct batching *b, const void *record, size_t size)
{
	return b->batches ? announced__add(&batches__unpack(b->batches)->announced, record, size) : 0;
}

void batching__forget(struct batching *b, uint32_t pid, uint64_t address)
{
	if (b->batches)
		unpack__forget(batches__unpack(b->batches), pid, address);
}

uint64_t batching__safe_until(const struct batching *b, uint64_t until)
{
	uint64_t batched = b->batches ? batches__safe_until(b->batches) : UINT64_MAX;

	return batched < until ? batched : until;
}

struct passing {
	struct unpack *unpack;
	unpack_cb cb;
	void *ctx;
};

static int pass(void *ctx, const void *record, size_t size)
{
	struct passing *p = ctx;

	return unpack__pass(p->unpack, record, size, p->cb, p->ctx);
}

int batching__drain(struct batching *b, struct order *order, uint64_t until, unpack_cb cb, void *ctx)
{
	struct passing p = { .cb = cb, .ctx = ctx };
	int err;

	if (!b->batches)
		return order__drain(order, until, cb, ctx);
	p.unpack = batches__unpack(b->batches);
	err = order__drain(order, until, pass, &p);
	/* At the end all goes, whatever its time. */
	if (!err && until != UINT64_MAX)
		p.unpack->passed = until;
	if (!err)
		p.unpack->class_bytes = 0;
	return err;
}

void batching__clear(struct batching *b)
{
	batches__free(b->batches);
	free(b->all);
}
