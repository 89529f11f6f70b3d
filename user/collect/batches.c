// SPDX-License-Identifier: BSD-2-Clause
/* batches: see batches.h. */
#define _GNU_SOURCE
#include "batches.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define VIZ_PROBE_DISABLE
#include "viztrace.h"
#include "../../bpf/record.h"
#include "../common/log.h"
#include "batch.skel.h"
#include "clock.h"
#include "machine.h"
#include "pools.h"
#include "tasks.h"
#include "tenants.h"

#define ATTACH_UPROBE_MULTI 48      /* as in programs.c */
#define MARGIN_NS 1000u             /* a processor may read its clock a little early */
#define ADD_TRIES 8                 /* while libraries come and go */
#define PATIENCE_NS 1000000000u     /* with somebody in the midst of a record */
#define LAST_PATIENCE_NS 500000000u /* at the end, which has its bounds */

struct batches {
	struct batch_bpf *skel;
	struct ring_buffer *reader;
	const volatile unsigned long *consumed, *produced;
	uint64_t ring_size;
	size_t taken; /* in this read */
	struct clock clock;
	struct laps laps;
	struct unpack unpack;
	struct pools pools;
	struct tenants tenants;
	struct rec_batched entry;             /* for a moment */
	uint64_t safe_until, looked, waiting; /* ns; waiting: since when a record is being written */
	uint64_t n_untold; /* threads that there was no room to tell of, when we asked for them last */
	bool ending, closed;
};

/* ---- What comes out of a lap ---- */

struct lap_source {
	struct batches *b;
	bool is_there;
};

static int on_lap_record(void *ctx, struct laps_slot *slot, const uint64_t *record, uint32_t n)
{
	struct lap_source *from = ctx;
	struct clock *clock = &from->b->clock;

	/* The program may have written anything; what is later than now would wait for ever. */
	if (record[1] > clock->ticks[clock->n - 1] && record[1] > clock__ticks()) {
		from->b->laps.malformed++;
		return 0;
	}
	return unpack__add(&from->b->unpack, slot, record, n, clock__ns(clock, record[1]), from->is_there);
}

/* The process's memory, if that is still the one of this generation. */
static bool is_there(struct batches *b, uint32_t pid, uint32_t generation)
{
	return !bpf_map_lookup_elem(bpf_map__fd(b->skel->maps.batched), &pid, &b->entry) &&
	       b->entry.generation == generation;
}

/* Its books; the first time it is known then whose it is. */
static struct laps_slot *slot_of(struct batches *b, const struct laps_key *key, uint32_t file, uint64_t pool)
{
	struct laps_slot *slot = laps__slot(&b->laps, key);
	const struct memory_file *f = memory__get_file(&b->unpack.memory, file);

	if (slot && f) {
		slot->file = file;
		slot->bias = pool - f->elf->batch.pool;
	}
	return slot;
}

static int refuse_record(void *ctx, struct laps_slot *slot, const uint64_t *record, uint32_t n)
{
	struct batches *b = ctx;

	(void)slot;
	(void)n;
	return unpack__refuse(&b->unpack, record);
}

/* There are books of more slots than any program needs. */
static int refuse_lap(struct batches *b, const struct laps_look *look)
{
	struct laps none = { .from = b->laps.from, .until = b->laps.until };
	struct laps_slot slot = { 0 };
	int err = laps__look(&none, &slot, look, refuse_record, b);

	return err < 0 ? err : 0;
}

static int take_lap(struct batches *b, const struct rec_lap *rec, size_t size)
{
	const struct laps_key key = { rec->slot, rec->head.tgid, rec->generation, rec->life };
	struct lap_source from = { .b = b };
	struct laps_look look = {
		.data = (const uint64_t *)(const void *)rec->data,
		.complete = UINT32_MAX,
		.lap = (uint32_t)(rec->head_word >> 32),
		.size = (uint32_t)(size - sizeof(*rec)),
		/* A part is what we might have seen ourselves, and all of it is complete. */
		.flushed = !(rec->flags & REC_LAP_PART),
		.impatient = !(rec->flags & REC_LAP_PART),
	};
	struct laps_slot *slot;
	int err;

	if (look.flushed && b->laps.n >= TENANTS_SLOTS_MOST && !laps__find(&b->laps, &key))
		return refuse_lap(b, &look);
	slot = slot_of(b, &key, rec->file, rec->pool);
	if (!slot)
		return -ENOMEM;
	slot->owner = rec->owner;
	if (rec->flags & REC_LAP_FULL) {
		slot->tid = rec->head.tid;
		err = known__set_comm(&b->unpack.known, rec->head.tgid, rec->head.tid, rec->head.ts, rec->head.comm);
		if (err)
			return err;
	}
	/* All of it is older than this record. */
	if (rec->head.ts >= b->clock.ns[b->clock.n - 1])
		clock__look(&b->clock);
	from.is_there = !(rec->flags & REC_LAP_DEAD) && is_there(b, rec->head.tgid, rec->generation);
	err = laps__look(&b->laps, slot, &look, on_lap_record, &from);
	return err < 0 ? err : 0;
}

static int on_ring(void *ctx, void *record, size_t size)
{
	struct batches *b = ctx;
	const struct rec_lap *rec = record;
	int err = 0;

	if (size >= sizeof(*rec) && rec->head.kind == REC_LAP && rec->head.size >= sizeof(*rec) &&
	    rec->head.size <= size)
		err = take_lap(b, rec, rec->head.size);
	b->taken += size;
	return err ? err : b->taken > b->ring_size ? -EAGAIN : 0;
}

/* ---- Looking ---- */

static int read_pools(struct batches *b)
{
	const struct tenants *t = &b->tenants;
	int err = 0;

	for (size_t i = 0; !err && i < t->n; i++)
		err = pools__read(&b->pools, t->batched, t->processes[i], &b->unpack.memory, &b->laps);
	return err;
}

static int read_comm(struct batches *b, const struct laps_slot *s)
{
	uint32_t tid = known__thread(&b->unpack.known, s->pid, s->owner);
	char path[64], comm[17] = "";
	ssize_t n;
	int fd;

	snprintf(path, sizeof(path), "/proc/%u/task/%u/comm", s->pid, tid);
	fd = tid ? open(path, O_RDONLY | O_CLOEXEC) : -1;
	if (fd < 0)
		return 0;
	n = read(fd, comm, sizeof(comm) - 1);
	close(fd);
	if (n <= 0)
		return 0;
	comm[n - 1] = 0; /* the newline */
	return known__set_comm(&b->unpack.known, s->pid, tid, collector__now(), comm);
}

/* After all that the kernel had copied before we looked. 0, 1 if something is being written, or an error. */
static int take_pool(struct batches *b, struct pool *p, bool impatient)
{
	struct lap_source from = { .b = b, .is_there = is_there(b, (uint32_t)p->pid, p->generation) };
	int pending = 0;

	for (unsigned i = 0; i < VIZ_SLOTS; i++) {
		struct laps_look look = {
			.data = p->data[i],
			.before = p->twice[i] ? p->before[i] : NULL,
			.complete = (uint32_t)p->slots[i].done,
			.lap = (uint32_t)(p->slots[i].head >> 32),
			.size = (uint32_t)p->slots[i].head,
			.impatient = impatient,
		};
		const struct laps_key key = pools__key(p, i);
		struct laps_slot *slot;
		int err;

		if (!p->has[i])
			continue;
		slot = slot_of(b, &key, REC_TENANT_FILE(p->tenant), p->address);
		if (!slot)
			return -ENOMEM;
		slot->owner = p->slots[i].owner;
		err = laps__look(&b->laps, slot, &look, on_lap_record, &from);
		pending |= err;
		if (err >= 0 && look.size)
			err = read_comm(b, slot);
		if (err < 0)
			return err;
	}
	return pending;
}

static int take_pools(struct batches *b, uint64_t now)
{
	/* What the others do meanwhile is held: as much as a ring's, not more. */
	const uint64_t patience = b->ending ? LAST_PATIENCE_NS : PATIENCE_NS;
	bool impatient = b->waiting && (now - b->waiting > patience || order__bytes(b->unpack.order) > b->ring_size);
	int pending = 0, err = 0;

	while (b->pools.all) {
		if (err >= 0)
			err = take_pool(b, b->pools.all, impatient);
		pending |= err > 0;
		pools__drop(&b->pools, b->pools.all);
	}
	return err < 0 ? err : pending;
}

/* In the order of their time, as if there had been room. */
static int read_untold(struct batches *b)
{
	int map = bpf_map__fd(b->skel->maps.untold), err = 0;
	uint64_t n = b->skel->bss->n_untold, id;
	struct rec_thread rec;

	if (n == b->n_untold)
		return 0;
	b->n_untold = n;
	while (!err && !bpf_map_get_next_key(map, NULL, &id))
		if (!bpf_map_lookup_and_delete_elem(map, &id, &rec))
			err = order__add(b->unpack.order, rec.head.ts, &rec, sizeof(rec));
	return err;
}

int batches__read(struct batches *b)
{
	uint64_t now = collector__now();
	bool looks = b->ending || b->waiting || now - b->looked >= BATCHES_LOOK_NS;
	unsigned long goal;
	int n;

	if (b->closed)
		return 0;
	n = read_untold(b);
	if (n)
		return n;
	if (looks && (n = tenants__look(&b->tenants, &b->laps, now)))
		return n;
	if (looks && (n = read_pools(b)))
		return n;
	/* Whatever was in a slot before we looked and is not there any more has been copied by now. */
	goal = __atomic_load_n(b->produced, __ATOMIC_ACQUIRE);
	b->taken = 0;
	clock__look(&b->clock);
	n = ring_buffer__consume(b->reader);
	if (n < 0 && n != -EAGAIN)
		return n;
	if (!looks)
		return 0;
	/* Somebody is still copying a lap, and those behind it wait for that: what we saw may be younger. */
	if ((long)(*b->consumed - goal) < 0) {
		pools__drop_all(&b->pools);
		return 0;
	}
	n = take_pools(b, now);
	if (n < 0)
		return n;
	tenants__drop_others(&b->tenants, &b->laps, &b->unpack.memory);
	if (n) {
		b->waiting = b->waiting ? b->waiting : now;
		return 0;
	}
	b->waiting = 0;
	b->looked = now;
	b->safe_until = now - MARGIN_NS;
	return 0;
}

uint64_t batches__safe_until(const struct batches *b)
{
	return b->safe_until;
}

struct unpack *batches__unpack(struct batches *b)
{
	return &b->unpack;
}

void batches__end(struct batches *b)
{
	b->skel->bss->until_ticks = b->laps.until = b->unpack.end = clock__ticks();
	b->ending = true;
}

void batches__close(struct batches *b)
{
	uint64_t unreadable;

	b->skel->bss->stopped = true;
	tenants__take_losses(&b->tenants, &b->laps);
	laps__close(&b->laps);
	unreadable = b->skel->bss->unreadable + b->laps.malformed;
	if (unreadable)
		log_warn("%" PRIu64 " batches could not be read; what was in them is missing", unreadable);
	if (b->skel->bss->unheard)
		log_warn("the ring buffers were too small to tell of %llu threads or losses: some events may be shown "
			 "for another thread",
			 b->skel->bss->unheard);
	b->safe_until = UINT64_MAX;
	b->closed = true;
}

void batches__count(const struct batches *b, enum probe probe, struct collect_counts *counts)
{
	uint64_t all = 0;

	counts->seen += b->unpack.seen[probe];
	counts->lost += b->unpack.orphans[probe] + b->unpack.refused[probe];
	counts->truncated += b->unpack.truncated[probe];
	counts->unreadable += b->unpack.unreadable[probe];
	for (unsigned kind = 1; kind < LAPS_KINDS; kind++) {
		uint64_t lost = b->skel->bss->lost[kind] + b->laps.lost[kind], had = b->laps.had[kind];

		lost = lost < had ? 0 : lost - had;
		all += lost;
		if (unpack__probe(kind) != probe)
			continue;
		counts->seen += lost;
		counts->lost += lost;
	}
	/* The base of one of which nothing is known may have been in one that was lost. */
	if (!all)
		counts->invalid += b->unpack.orphans[probe];
}

int batches__program(const struct batches *b)
{
	return bpf_program__fd(b->skel->progs.on_batch);
}

int batches__unmapping_program(const struct batches *b)
{
	return bpf_program__fd(b->skel->progs.on_unmap);
}

/* ---- Beginning and end ---- */

static int add_process(struct batches *b, pid_t pid)
{
	int map = bpf_map__fd(b->skel->maps.batched);
	uint32_t key = (uint32_t)pid;
	int err;

	b->entry = (struct rec_batched){ 0 };
	if (bpf_map_update_elem(map, &key, &b->entry, BPF_NOEXIST))
		return errno == EEXIST ? 0 : -errno;
	err = tasks__list(b->skel, &b->unpack.known, pid);
	if (err)
		bpf_map_delete_elem(map, &key);
	return err;
}

/* The file's pool, if it is there at the moment: threads may have slots already. New ones tell of it themselves. */
static int add_pool(struct batches *b, pid_t pid, const struct elf_file *elf, uint64_t bias, uint64_t cookie)
{
	struct rec_new_pool new = { .address = elf->batch.pool + bias, .tgid = (uint32_t)pid };
	LIBBPF_OPTS(bpf_test_run_opts, run, .ctx_in = &new, .ctx_size_in = sizeof(new));
	uint32_t key = (uint32_t)pid;
	int err;

	new.file = (uint32_t)cookie;
	new.flags = (uint32_t)(cookie >> 32);
	for (int i = 0; i < ADD_TRIES; i++) {
		if (bpf_map_lookup_elem(bpf_map__fd(b->skel->maps.batched), &key, &b->entry))
			return -ESRCH;
		err = pools__check(elf, pid, bias);
		if (err)
			return err;
		new.generation = b->entry.generation;
		new.unmaps = b->entry.unmaps;
		err = bpf_prog_test_run_opts(bpf_program__fd(b->skel->progs.add_pool), &run);
		if (err || run.retval)
			return err;
	}
	return 0;
}

int batches__add_file(struct batches *b, pid_t pid, const struct memory_file *file, uint64_t bias,
		      enum batches_role role, uint64_t *ret_cookie)
{
	struct memory_of of = { .pid = pid };
	uint32_t key = (uint32_t)pid, number;
	int err;

	if (!bpf_map_lookup_elem(bpf_map__fd(b->skel->maps.batched), &key, &b->entry))
		of.generation = b->entry.generation;
	b->unpack.n_files++;
	err = tenants__add(&b->tenants, pid);
	if (!err)
		err = memory__add_file(&b->unpack.memory, &of, file->elf, file->fd, bias);
	if (err || role == BATCHES_NONE)
		return err;
	number = memory__file(&b->unpack.memory, file->elf, file->fd);
	if (!number)
		return -ENOMEM;
	*ret_cookie = (uint64_t)(role == BATCHES_PROGRAM ? REC_POOL_STAYS : 0) << 32 | number;
	err = add_process(b, pid);
	if (!err)
		err = add_pool(b, pid, file->elf, bias, *ret_cookie);
	/* A library may be on its way in or out. */
	return err && (err != -EFAULT || role != BATCHES_LIBRARY) ? err : 1;
}

static int load(struct batches *b, const struct batches_rings *rings)
{
	struct batch_bpf *s = batch_bpf__open();
	struct machine_pidns ns = machine__pid_namespace();
	int err;

	if (!s)
		return -errno;
	b->skel = s;
	s->rodata->cfg_rings = rings->n;
	s->rodata->cfg_pidns_dev = ns.dev;
	s->rodata->cfg_pidns_ino = ns.ino;
	bpf_map__set_max_entries(s->maps.laps, (unsigned)b->ring_size);
	bpf_program__set_expected_attach_type(s->progs.on_batch, (enum bpf_attach_type)ATTACH_UPROBE_MULTI);
	bpf_program__set_autoattach(s->progs.on_task, false);
	bpf_program__set_expected_attach_type(s->progs.on_unmap, (enum bpf_attach_type)ATTACH_UPROBE_MULTI);
	bpf_program__set_autoattach(s->progs.on_batch, false);
	bpf_program__set_autoattach(s->progs.on_unmap, false);
	bpf_program__set_autoattach(s->progs.add_pool, false);
	err = bpf_map__reuse_fd(s->maps.rings, rings->map);
	if (!err)
		err = batch_bpf__load(s);
	b->tenants.batched = bpf_map__fd(s->maps.batched);
	b->tenants.losses = bpf_map__fd(s->maps.losses);
	return err ? err : batch_bpf__attach(s);
}

static int open_ring(struct batches *b)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	int fd = bpf_map__fd(b->skel->maps.laps);
	void *map;

	b->reader = ring_buffer__new(fd, on_ring, b, NULL);
	if (!b->reader)
		return -errno;
	map = mmap(NULL, page, PROT_READ, MAP_SHARED, fd, 0);
	if (map == MAP_FAILED)
		return -errno;
	b->consumed = map;
	map = mmap(NULL, page, PROT_READ, MAP_SHARED, fd, (off_t)page);
	if (map == MAP_FAILED)
		return -errno;
	b->produced = map;
	return 0;
}

int batches__new(struct batches **ret, struct order *order, const struct batches_rings *rings, uint64_t ring_size,
		 const char **ret_why)
{
	struct batches *b;
	int err;

	if (!clock__is_usable(ret_why))
		return -ENOTSUP;
	/* Before, a process's memory is gone when we hear of its end. */
	if (!machine__is_linux(6, 16)) {
		*ret_why = "a process's end can be seen in time since Linux 6.16";
		return -ENOTSUP;
	}
	b = calloc(1, sizeof(*b));
	if (!b)
		return -ENOMEM;
	b->ring_size = ring_size;
	b->unpack.order = order;
	b->unpack.end = UINT64_MAX;
	err = load(b, rings);
	if (!err)
		err = open_ring(b);
	if (err) {
		*ret_why = "this kernel does not take the programs for it (BTF, tracepoints, uprobe links, a ring)";
		batches__free(b);
		return -ENOTSUP;
	}
	tasks__find_no_clock(b->skel, &b->unpack.known);
	clock__look(&b->clock);
	usleep(1000);
	clock__look(&b->clock);
	b->safe_until = b->looked = collector__now();
	b->skel->bss->from_ticks = b->laps.from = b->unpack.start = clock__ticks();
	*ret = b;
	return 0;
}

void batches__free(struct batches *b)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);

	if (!b)
		return;
	ring_buffer__free(b->reader);
	if (b->consumed)
		munmap((void *)b->consumed, page);
	if (b->produced)
		munmap((void *)b->produced, page);
	batch_bpf__destroy(b->skel);
	pools__clear(&b->pools);
	laps__clear(&b->laps);
	unpack__clear(&b->unpack);
	tenants__clear(&b->tenants);
	free(b);
}
