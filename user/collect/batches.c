// SPDX-License-Identifier: BSD-2-Clause
/* batches: see batches.h. */
#define _GNU_SOURCE
#include "batches.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <fcntl.h>
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

#define ATTACH_UPROBE_MULTI 48  /* as in programs.c */
#define MARGIN_NS 1000u         /* a processor may read its clock a little early */
#define PATIENCE_NS 1000000000u /* with somebody in the midst of a record */

/* What was read of one pool, until it is known what the kernel has copied meanwhile. */
struct pool {
	pid_t pid;
	uint64_t address;
	uint32_t generation;
	struct viz_slot slots[VIZ_SLOTS];
	bool has[VIZ_SLOTS], twice[VIZ_SLOTS];
	uint64_t data[VIZ_SLOTS][VIZ_LAP_BYTES / 8];
	uint64_t before[VIZ_SLOTS][VIZ_LAP_BYTES / 8];
	struct pool *next;
};

struct batches {
	struct batch_bpf *skel;
	struct ring_buffer *reader;
	const volatile unsigned long *consumed, *produced;
	uint64_t ring_size;
	size_t taken; /* in this read */
	struct clock clock;
	struct laps laps;
	struct unpack unpack;
	struct pool *pools, *spare; /* of the last look */
	pid_t *processes;
	size_t n_processes;
	uint64_t safe_until, looked, waiting; /* ns; waiting: since when a record is being written */
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

	return unpack__add(&from->b->unpack, slot, record, n, clock__ns(&from->b->clock, record[1]), from->is_there);
}

/* The process's memory, if that is still the one of this generation. */
static bool is_there(const struct batches *b, uint32_t pid, uint32_t generation)
{
	struct rec_batched now;

	return !bpf_map_lookup_elem(bpf_map__fd(b->skel->maps.batched), &pid, &now) && now.generation == generation;
}

static int take_lap(struct batches *b, const struct rec_lap *rec, size_t size)
{
	struct lap_source from = { .b = b };
	struct laps_look look = {
		.data = (const uint64_t *)(const void *)rec->data,
		.complete = UINT32_MAX,
		.lap = (uint32_t)(rec->head_word >> 32),
		.size = (uint32_t)(size - sizeof(*rec)),
		.flushed = true,
		.impatient = true,
	};
	struct laps_slot *slot = laps__slot(&b->laps, rec->head.tgid, rec->generation, rec->slot);
	int err;

	if (!slot)
		return -ENOMEM;
	slot->owner = rec->owner;
	if (rec->flags & REC_LAP_FULL) {
		slot->tid = rec->head.tid;
		err = unpack__set_comm(&b->unpack, rec->head.tgid, rec->head.tid, rec->head.ts, rec->head.comm);
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

static struct pool *get_pool(struct batches *b)
{
	struct pool *p = b->spare;

	if (p)
		b->spare = p->next;
	else
		p = malloc(sizeof(*p));
	return p;
}

static bool is_news(const struct batches *b, const struct pool *p, unsigned i)
{
	uint64_t head = p->slots[i].head;
	const struct laps_slot *s = table__get(&b->laps.by_address, (uint64_t)p->generation << 32 | (uint32_t)p->pid,
					       p->address + i * sizeof(struct viz_slot));

	return p->slots[i].owner && (uint32_t)head <= VIZ_LAP_BYTES &&
	       (!s || !s->known || s->lap != head >> 32 || s->taken != (uint32_t)head || s->n_holes);
}

/*
 * A lap, between two looks at all slots: it is what it seems if the slot is in the same lap then. What is complete is
 * known from before it was read; while somebody is in the midst of a record it is read twice, for nobody says in which
 * order the kernel copies.
 */
static void read_lap(struct pool *p, unsigned i)
{
	uint64_t from = p->address + VIZ_SLOTS * sizeof(struct viz_slot) + (uint64_t)i * VIZ_LAP_BYTES;
	uint32_t size = (uint32_t)p->slots[i].head;

	p->twice[i] = (uint32_t)p->slots[i].done != size;
	p->has[i] = !size || ((!p->twice[i] || !memory__read(p->pid, from, p->before[i], size)) &&
			      !memory__read(p->pid, from, p->data[i], size));
}

/* 0; 1: its memory is not there any more; -ENOMEM. */
static int read_pool(struct batches *b, pid_t pid, uint64_t address, uint32_t generation)
{
	struct pool *p = get_pool(b);
	struct viz_slot after[VIZ_SLOTS];

	if (!p)
		return -ENOMEM;
	p->pid = pid;
	p->address = address;
	p->generation = generation;
	memset(p->has, 0, sizeof(p->has));
	if (memory__read(pid, address, p->slots, sizeof(p->slots)))
		goto gone;
	for (unsigned i = 0; i < VIZ_SLOTS; i++)
		if (is_news(b, p, i))
			read_lap(p, i);
	if (memory__read(pid, address, after, sizeof(after)))
		goto gone;
	for (unsigned i = 0; i < VIZ_SLOTS; i++)
		p->has[i] = p->has[i] && after[i].head >> 32 == p->slots[i].head >> 32 &&
			    after[i].owner == p->slots[i].owner;
	p->next = b->pools;
	b->pools = p;
	return 0;
gone:
	p->next = b->spare;
	b->spare = p;
	return 1;
}

/* What was read may be of the memory of before or after an exec. 0: of all. */
static void drop_pools(struct batches *b, pid_t pid)
{
	struct pool **at = &b->pools, *p;

	while ((p = *at)) {
		if (pid && p->pid != pid) {
			at = &p->next;
			continue;
		}
		*at = p->next;
		p->next = b->spare;
		b->spare = p;
	}
}

static int read_process(struct batches *b, pid_t pid)
{
	int map = bpf_map__fd(b->skel->maps.batched), err = 0;
	uint32_t key = (uint32_t)pid;
	struct rec_batched before, after;

	if (bpf_map_lookup_elem(map, &key, &before))
		return 0;
	for (uint32_t i = 0; i < before.n_pools && i < POOLS_MAX && !err; i++)
		err = read_pool(b, pid, before.pools[i], before.generation);
	if (err < 0)
		return err;
	if (bpf_map_lookup_elem(map, &key, &after) || after.generation != before.generation)
		drop_pools(b, pid);
	return 0;
}

static int read_pools(struct batches *b)
{
	int err = 0;

	for (size_t i = 0; !err && i < b->n_processes; i++)
		err = read_process(b, b->processes[i]);
	return err;
}

static int read_comm(struct batches *b, const struct laps_slot *s)
{
	uint32_t tid = unpack__thread(&b->unpack, s->pid, s->owner);
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
	return unpack__set_comm(&b->unpack, s->pid, tid, collector__now(), comm);
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
		struct laps_slot *slot;
		int err;

		if (!p->has[i])
			continue;
		slot = laps__slot(&b->laps, (uint32_t)p->pid, p->generation, p->address + i * sizeof(struct viz_slot));
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
	bool impatient = b->waiting && now - b->waiting > PATIENCE_NS;
	int pending = 0, err = 0;

	while (b->pools) {
		struct pool *p = b->pools;

		if (err >= 0)
			err = take_pool(b, p, impatient);
		pending |= err > 0;
		b->pools = p->next;
		p->next = b->spare;
		b->spare = p;
	}
	return err < 0 ? err : pending;
}

int batches__read(struct batches *b)
{
	uint64_t now = collector__now();
	bool looks = b->ending || b->waiting || now - b->looked >= BATCHES_LOOK_NS;
	unsigned long goal;
	int n;

	if (b->closed)
		return 0;
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
		drop_pools(b, 0);
		return 0;
	}
	n = take_pools(b, now);
	if (n < 0)
		return n;
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

bool batches__takes(struct batches *b, const void *record, size_t size)
{
	const struct rec_lap *rec = record;
	struct laps_slot *slot;

	if (rec->head.kind != REC_LAP_LOST || size < sizeof(*rec))
		return false;
	slot = laps__slot(&b->laps, rec->head.tgid, rec->generation, rec->slot);
	if (slot)
		laps__lose(slot, (uint32_t)(rec->head_word >> 32));
	return true;
}

int batches__pass(struct batches *b, const void *record, size_t size, unpack_cb cb, void *ctx)
{
	return unpack__pass(&b->unpack, record, size, cb, ctx);
}

void batches__end(struct batches *b)
{
	b->skel->bss->until_ticks = b->laps.until = b->unpack.end = clock__ticks();
	b->ending = true;
}

void batches__close(struct batches *b)
{
	b->skel->bss->stopped = true;
	laps__close(&b->laps);
	b->safe_until = UINT64_MAX;
	b->closed = true;
}

void batches__count(const struct batches *b, enum probe probe, struct collect_counts *counts)
{
	counts->seen += b->unpack.seen[probe];
	counts->lost += b->unpack.orphans[probe];
	for (unsigned kind = 1; kind < LAPS_KINDS; kind++) {
		uint64_t lost = b->skel->bss->lost[kind], had = b->laps.had[kind];

		if (unpack__probe(kind) != probe || lost < had)
			continue;
		counts->seen += lost - had;
		counts->lost += lost - had;
	}
}

uint64_t batches__unreadable(const struct batches *b)
{
	return b->skel->bss->unreadable + b->laps.malformed;
}

uint64_t batches__unheard(const struct batches *b)
{
	return b->skel->bss->unheard;
}

int batches__program(const struct batches *b)
{
	return bpf_program__fd(b->skel->progs.on_batch);
}

/* ---- Beginning and end ---- */

static int add_thread(struct batches *b, const struct rec_thread *rec)
{
	int err = unpack__set_comm(&b->unpack, rec->head.tgid, rec->head.tid, rec->head.ts, rec->head.comm);

	return err ? err : unpack__set_thread(&b->unpack, rec->head.tgid, rec->thread, rec->head.tid);
}

/* Which thread pointers are whose. */
static int list_threads(struct batches *b)
{
	int link = bpf_link_create(bpf_program__fd(b->skel->progs.on_task), 0, BPF_TRACE_ITER, NULL), iter, err = 0;
	struct rec_thread rec[64];
	ssize_t n;

	if (link < 0)
		return -errno;
	iter = bpf_iter_create(link);
	if (iter < 0)
		err = -errno;
	while (!err && (n = read(iter, rec, sizeof(rec))) > 0)
		for (size_t i = 0; !err && i < (size_t)n / sizeof(*rec); i++)
			err = add_thread(b, &rec[i]);
	if (iter >= 0)
		close(iter);
	close(link);
	return err;
}

int batches__add_file(struct batches *b, pid_t pid, const struct elf_file *elf, int fd, uint64_t bias, bool has_batches)
{
	int map = bpf_map__fd(b->skel->maps.batched), err;
	struct rec_batched entry = { 0 }, now = { 0 };
	struct memory_of of = { .pid = pid };
	pid_t *more;
	uint32_t key = (uint32_t)pid;
	struct viz_slot first;

	if (!bpf_map_lookup_elem(map, &key, &now))
		of.generation = now.generation;
	err = memory__add_file(&b->unpack.memory, &of, elf, fd, bias);
	if (err || !has_batches)
		return err;
	err = memory__read(pid, elf->batch.pool + bias, &first, sizeof(first));
	if (err)
		return err;
	entry.pools[0] = elf->batch.pool + bias;
	entry.n_pools = 1;
	/* If it is there, the process itself tells of its pools. */
	if (bpf_map_update_elem(map, &key, &entry, BPF_NOEXIST))
		return errno == EEXIST ? 1 : -errno;
	more = realloc(b->processes, (b->n_processes + 1) * sizeof(*more));
	if (!more)
		return -ENOMEM;
	b->processes = more;
	more[b->n_processes++] = pid;
	err = list_threads(b);
	return err ? err : 1;
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
	bpf_program__set_autoattach(s->progs.on_batch, false);
	err = bpf_map__reuse_fd(s->maps.rings, rings->map);
	if (!err)
		err = batch_bpf__load(s);
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
	struct pool *p;

	if (!b)
		return;
	ring_buffer__free(b->reader);
	if (b->consumed)
		munmap((void *)b->consumed, page);
	if (b->produced)
		munmap((void *)b->produced, page);
	batch_bpf__destroy(b->skel);
	while ((p = b->pools ? b->pools : b->spare)) {
		if (p == b->pools)
			b->pools = p->next;
		else
			b->spare = p->next;
		free(p);
	}
	laps__clear(&b->laps);
	unpack__clear(&b->unpack);
	free(b->processes);
	free(b);
}
