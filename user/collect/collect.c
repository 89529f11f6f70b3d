// SPDX-License-Identifier: BSD-2-Clause
/* collect: see collect.h. */
#include "collect.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "../../bpf/record.h"
#include "../common/log.h"
#include "batching.h"
#include "frontier.h"
#include "machine.h"
#include "order.h"
#include "programs.h"
#include "rings.h"

#define LAPS_RING_MAX (256u << 20)
#define BATCHES_SHARE 4       /* of the memory */
#define PIECE_MIN (1u << 20)  /* bytes of a ring that are read at once */
#define STOP_NS 2500000000u   /* to the end of a record that somebody is in the midst of */
#define STOP_MARGIN_NS 10000u /* what is written just now may be stamped a little later */

struct ring {
	int fd;
	struct ring_buffer *reader;
	/* Positions in bytes since the ring was made, as the kernel maps them. */
	const volatile unsigned long *consumed, *produced;
	size_t taken; /* in this poll */
	struct collector *owner;
};

struct collector {
	struct programs programs;
	struct ring *rings;
	size_t n_rings;
	uint64_t ring_size, piece;
	struct order *order;
	struct frontier frontier;
	struct batching batching;
	uint64_t passed;     /* until then */
	uint64_t safe_until; /* no record older than this can come any more */
	bool has_more;       /* than was read the last time */
	int n_cpus;          /* possible ones: the kernel counts for each of them */
};

_Static_assert((int)TRIGGER_ON == (int)REC_TRIGGER_ON && (int)TRIGGER_OFF == (int)REC_TRIGGER_OFF, "triggers");
_Static_assert(RINGS_MOST == RINGS_MAX, "rings");

uint64_t collector__now(void)
{
	return machine__kernel_time(CLOCK_MONOTONIC);
}

static int on_record(void *ctx, void *record, size_t size)
{
	struct ring *ring = ctx;
	const struct rec_head *head = record;
	int err;

	if (size < sizeof(*head))
		return 0;
	if (head->size >= sizeof(*head) && head->size < size)
		size = head->size;
	err = order__add(ring->owner->order, head->ts, record, size);
	if (!err)
		err = batching__hear(&ring->owner->batching, record, size);
	ring->taken += size;
	/* What is read has a copy until it is passed on: a piece of each ring, so that all get there together. */
	return err ? err : ring->taken >= ring->owner->piece ? -EAGAIN : 0;
}

static int open_ring(struct collector *c, unsigned i)
{
	struct ring *ring = &c->rings[i];
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	void *map;

	ring->owner = c;
	ring->fd = bpf_map_create(BPF_MAP_TYPE_RINGBUF, "ring", 0, 0, (unsigned)c->ring_size, NULL);
	if (ring->fd < 0)
		return -errno;
	if (bpf_map_update_elem(bpf_map__fd(c->programs.skel->maps.rings), &i, &ring->fd, BPF_ANY))
		return -errno;
	ring->reader = ring_buffer__new(ring->fd, on_record, ring, NULL);
	if (!ring->reader)
		return -errno;
	map = mmap(NULL, page, PROT_READ, MAP_SHARED, ring->fd, 0);
	if (map == MAP_FAILED)
		return -errno;
	ring->consumed = map;
	map = mmap(NULL, page, PROT_READ, MAP_SHARED, ring->fd, (off_t)page);
	if (map == MAP_FAILED)
		return -errno;
	ring->produced = map;
	return 0;
}

/* One for each CPU, of those that are there. */
static int plan_rings(struct collector *c, uint64_t wanted)
{
	long cpus = sysconf(_SC_NPROCESSORS_ONLN), pages = sysconf(_SC_PHYS_PAGES), page = sysconf(_SC_PAGESIZE);
	uint64_t memory = pages > 0 ? (uint64_t)pages * (uint64_t)page : UINT64_MAX;
	struct ring_plan plan;
	int err = rings__plan(&plan, cpus > 0 ? (unsigned)cpus : 1, memory, wanted);

	c->n_rings = plan.n;
	c->ring_size = plan.size;
	c->piece = plan.size / (FRONTIER_GOALS / 2) > PIECE_MIN ? plan.size / (FRONTIER_GOALS / 2) : PIECE_MIN;
	return err;
}

/* Rights and limits of ours, of which no other kernel has more. */
static bool is_not_the_kernels(int err)
{
	return err == -EPERM || err == -EMFILE || err == -ENFILE;
}

int collector__new(struct collector **ret, const struct collect_options *o, const char **ret_missing)
{
	struct collector *c = calloc(1, sizeof(*c));
	int err;

	if (!c)
		return -ENOMEM;
	c->n_cpus = libbpf_num_possible_cpus();
	if (c->n_cpus < 1) {
		/* Not to be guessed: the kernel writes a count for each. */
		*ret_missing = "the number of CPUs (/sys is not mounted)";
		err = -ENOTSUP;
		goto err_free;
	}
	err = plan_rings(c, o->ring_size);
	if (err)
		goto err_free;
	c->rings = calloc(c->n_rings, sizeof(*c->rings));
	err = c->rings ? order__new(&c->order) : -ENOMEM;
	if (!err)
		err = frontier__init(&c->frontier, c->n_rings);
	if (err)
		goto err_free;
	for (size_t i = 0; i < c->n_rings; i++)
		c->rings[i].fd = -1;

	err = programs__load(&c->programs, (unsigned)c->n_rings, o->several, o->no_faults);
	if (err) {
		*ret_missing = "eBPF programs on uprobes with ring buffers (Linux 5.8 or later)";
		err = is_not_the_kernels(err) ? err : -ENOTSUP;
		goto err_free;
	}
	for (unsigned i = 0; i < c->n_rings; i++) {
		err = open_ring(c, i);
		if (err) {
			*ret_missing = "memory for BPF ring buffers; try a smaller --ring-size";
			err = is_not_the_kernels(err) ? err : -ENOTSUP;
			goto err_free;
		}
	}
	err = o->signals ? programs__watch_ends(&c->programs) : 0;
	if (err) {
		*ret_missing = "what processes die of (BTF), which --when signal is about";
		goto err_free;
	}
	*ret = c;
	return 0;
err_free:
	collector__free(c);
	return err;
}

bool collector__needs_perf_events(const struct collector *c)
{
	return !c->programs.multi;
}

int collector__choose_site(struct collector *c, enum site wanted)
{
	return programs__choose_site(&c->programs, wanted);
}

int collector__follow_forks(struct collector *c)
{
	return programs__follow_forks(&c->programs);
}

int collector__add_process(struct collector *c, pid_t pid)
{
	struct rec_tracee tracee = { 0 };
	uint32_t key = (uint32_t)pid;

	if (!bpf_map_update_elem(bpf_map__fd(c->programs.skel->maps.tracees), &key, &tracee, BPF_NOEXIST) ||
	    errno == EEXIST)
		return 0;
	return -errno;
}

void collector__remove_process(struct collector *c, pid_t pid)
{
	uint32_t key = (uint32_t)pid;

	bpf_map_delete_elem(bpf_map__fd(c->programs.skel->maps.tracees), &key);
}

int collector__watch_signals(struct collector *c)
{
	return programs__watch_ends(&c->programs);
}

int collector__signal_of(struct collector *c, pid_t pid, uint64_t since)
{
	return programs__signal_of(&c->programs, pid, since);
}

void collector__process_execed(struct collector *c)
{
	c->programs.skel->bss->generation++;
	c->batching.execs++;
}

uint64_t collector__untraced(const struct collector *c)
{
	return c->programs.follow ? c->programs.follow->bss->untraced : 0;
}

/* To what tells of batches, and where a loader unmaps libraries. */
static int attach_batched(struct collector *c, struct batched_file *f, int fd, const char *name)
{
	const struct programs_place batch = {
		.program = batches__program(c->batching.batches),
		.offset = f->elf->batch.flush.offset,
		.semaphore = f->elf->batch.flush.semaphore,
		.cookie = f->cookie,
		.what = "viz:batch",
	};
	const struct programs_place unmapping = {
		.program = batches__unmapping_program(c->batching.batches),
		.offset = f->elf->unmapping,
		.what = "to unmapping",
	};
	int err = 0;

	if (!f->attached)
		err = programs__attach_place(&c->programs, f->is_loader ? &unmapping : &batch, fd, name, f->pid);
	f->attached |= !err;
	return err;
}

int collector__attach(struct collector *c, const struct elf_file *elf, int fd, const char *name, pid_t pid,
		      uint32_t kinds, bool joins)
{
	struct batched_file *f = batching__find(&c->batching, pid, elf);
	int err = f ? attach_batched(c, f, fd, name) : 0;

	return err ? err : programs__attach(&c->programs, elf, fd, name, pid, kinds, joins, f);
}

int collector__use_batches(struct collector *c, const char **ret_why)
{
	const struct batches_rings rings = {
		.map = bpf_map__fd(c->programs.skel->maps.rings),
		.n = (unsigned)c->n_rings,
	};
	uint64_t size = c->ring_size;

	if (!c->programs.multi) {
		*ret_why = "this kernel has no links for many uprobes";
		return -ENOTSUP;
	}
	while (size < c->ring_size * c->n_rings && size < LAPS_RING_MAX)
		size *= 2;
	return batches__new(&c->batching.batches, c->order, &rings, size, ret_why);
}

int collector__add_file(struct collector *c, pid_t pid, const struct elf_file *elf, int fd, uint64_t bias,
			bool is_program)
{
	const struct memory_file file = { elf, fd };
	struct batched_file *f;
	int err;

	if (!c->batching.batches || fd < 0)
		return 0;
	err = batching__add(&c->batching, pid, &file, bias, is_program, &f);
	/* Without it, no library is batched; that is said when there is one. */
	if (!err && f && f->is_loader && !f->role && attach_batched(c, f, fd, "the loader"))
		log_verbose("cannot attach to the loader of process %d", pid);
	return err;
}

uint64_t collector__limit(struct collector *c, uint64_t memory)
{
	if (!c->batching.batches)
		return 0;
	unpack__limit(batches__unpack(c->batching.batches), memory / BATCHES_SHARE);
	return memory / BATCHES_SHARE;
}

uint64_t collector__refused(const struct collector *c)
{
	const struct unpack *u = c->batching.batches ? batches__unpack(c->batching.batches) : NULL;
	uint64_t sum = 0;

	for (int i = 0; u && i < EVENT_PROBES; i++)
		sum += u->refused[i];
	return sum;
}

void collector__forget_object(struct collector *c, uint32_t pid, uint64_t address)
{
	struct {
		uint64_t address;
		uint32_t tgid, generation;
	} key = { address, pid, c->programs.skel->bss->generation };
	struct rec_tracee tracee;

	/* Of several processes each has its own; one that is gone has no objects. */
	if (!bpf_map_lookup_elem(bpf_map__fd(c->programs.skel->maps.tracees), &pid, &tracee))
		key.generation = tracee.generation;
	bpf_map_delete_elem(bpf_map__fd(c->programs.skel->maps.objects), &key);
	batching__forget(&c->batching, pid, address);
}

int collector__nudge(struct collector *c, const struct elf_file *elf, int fd, pid_t pid, uint32_t kinds)
{
	return programs__nudge(&c->programs, elf, fd, pid, kinds, batching__find(&c->batching, pid, elf));
}

size_t collector__detach_dead(struct collector *c, pid_t pid)
{
	size_t n = attachments__drop_dead(&c->programs.attachments, pid);

	if (n)
		batching__detached(&c->batching, pid);
	return n;
}

bool collector__detach_file(struct collector *c, const struct elf_file *elf)
{
	if (c->batching.batches)
		return false;
	attachments__drop_file(&c->programs.attachments, elf);
	return true;
}

int collector__detach_kinds(struct collector *c, uint32_t kinds)
{
	if (!c->programs.multi)
		return -ENOTSUP;
	attachments__drop_kinds(&c->programs.attachments, kinds);
	return 0;
}

void collector__wait_detached(struct collector *c)
{
	attachments__wait(&c->programs.attachments);
}

bool collector__has_detached(struct collector *c)
{
	return attachments__have_gone(&c->programs.attachments);
}

void collector__set_epoch(struct collector *c, uint32_t epoch, uint32_t slices_epoch)
{
	c->programs.skel->bss->epoch = epoch;
	/* Who asks for the time next asks after this. */
	__atomic_store_n(&c->programs.skel->bss->slices_epoch, slices_epoch, __ATOMIC_SEQ_CST);
}

void collector__set_verdict(struct collector *c, const struct verdict_key *key, const struct verdict *v, uint32_t epoch)
{
	struct rec_verdict_key k = {
		.cls = key->cls, .name_hash = key->name_hash, .tgid = key->pid, .generation = key->generation
	};
	struct rec_verdict verdict = { .allowed = v->allowed, .epoch = epoch, .trigger = (rec_u32)v->trigger };

	if (bpf_map_update_elem(bpf_map__fd(c->programs.skel->maps.verdicts), &k, &verdict, BPF_ANY))
		log_verbose("a verdict of the filter is not in the kernel: %s", strerror(errno));
}

/* Records would only wait for those of a ring that is behind; where they are they lie as well. */
static bool can_wait(const struct collector *c, size_t i)
{
	return order__bytes(c->order) >= collector__ring_bytes(c) && !frontier__is_behind(&c->frontier, i);
}

static bool batches_can_wait(const struct collector *c)
{
	return order__bytes(c->order) >= collector__ring_bytes(c) &&
	       batches__safe_until(c->batching.batches) > c->safe_until;
}

static int read_ring(struct collector *c, size_t i, uint64_t now)
{
	struct ring *ring = &c->rings[i];
	bool ask = !can_wait(c, i);
	int n;

	frontier__aim(&c->frontier, i, __atomic_load_n(ring->produced, __ATOMIC_ACQUIRE), now);
	ring->taken = 0;
	n = ask ? ring_buffer__consume(ring->reader) : 0;
	if (n < 0 && n != -EAGAIN)
		return n;
	frontier__reach(&c->frontier, i, *ring->consumed, ask);
	c->has_more |= n == -EAGAIN;
	return 0;
}

int collector__read(struct collector *c)
{
	uint64_t now;
	int err = 0;

	if (c->batching.batches && !batches_can_wait(c))
		err = batches__read(c->batching.batches);
	now = collector__now();
	c->has_more = false;
	for (size_t i = 0; !err && i < c->n_rings; i++)
		err = read_ring(c, i, now);
	if (err)
		return err;
	c->safe_until = batching__safe_until(&c->batching, frontier__until(&c->frontier, now));
	return 0;
}

bool collector__has_more(const struct collector *c)
{
	return c->has_more;
}

int collector__pass(struct collector *c, collect_cb cb, void *ctx)
{
	/* To look through all that waits takes long: not again for nothing. */
	if (c->passed == c->safe_until)
		return 0;
	c->passed = c->safe_until;
	return batching__drain(&c->batching, c->order, c->safe_until, cb, ctx);
}

uint64_t collector__passed_until(const struct collector *c)
{
	return c->safe_until;
}

/* Bytes of all rings since they were made. */
static uint64_t produced(const struct collector *c)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < c->n_rings; i++)
		sum += __atomic_load_n(c->rings[i].produced, __ATOMIC_ACQUIRE);
	return sum;
}

static uint64_t consumed(const struct collector *c)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < c->n_rings; i++)
		sum += *c->rings[i].consumed;
	return sum;
}

/* What was written until now, also if somebody is in the midst of it. */
static int read_last_batches(struct collector *c, collect_cb cb, void *ctx)
{
	uint64_t end = collector__now();
	int err = 0;

	while (!err && batches__safe_until(c->batching.batches) < end + STOP_MARGIN_NS &&
	       collector__now() < end + STOP_NS) {
		err = collector__read(c);
		if (!err)
			err = collector__pass(c, cb, ctx);
		usleep(1000);
	}
	if (!err && batches__safe_until(c->batching.batches) < end + STOP_MARGIN_NS)
		log_warn("the last batches did not come in time: what happened just before the end may be missing");
	return err;
}

/* The kernel has counted its records when they came; ours count when they are passed on, or here. */
static int count_rest(struct collector *c)
{
	if (!c->batching.batches)
		return 0;
	batches__unpack(c->batching.batches)->only_counts = true;
	return batching__drain(&c->batching, c->order, UINT64_MAX, NULL, NULL);
}

static int end_batches(struct collector *c, collect_cb cb, void *ctx)
{
	int err = read_last_batches(c, cb, ctx), failed = 0;

	if (err == -ECANCELED)
		failed = count_rest(c);
	if (err == -ECANCELED && !failed)
		failed = read_last_batches(c, NULL, NULL);
	batches__close(c->batching.batches);
	return failed ? failed : err;
}

void collector__halt(struct collector *c)
{
	c->programs.skel->bss->stopped = true;
	if (c->batching.batches)
		batches__end(c->batching.batches);
}

int collector__stop(struct collector *c, collect_cb cb, void *ctx)
{
	uint64_t until = collector__now() + FRONTIER_PATIENCE, before = 0, read;
	int err = 0, failed, quiet = 0;

	if (c->batching.batches)
		err = end_batches(c, cb, ctx);
	/* The kernel takes its time for that: it has it while we read. */
	attachments__drop_all(&c->programs.attachments);
	/* A program that is running now may still be about to reserve: look until nothing comes any more. */
	while (!err && quiet < 10 && collector__now() < until) {
		err = collector__read(c);
		if (!err)
			err = collector__pass(c, cb, ctx);
		read = consumed(c);
		quiet = read == produced(c) ? quiet + 1 : 0;
		if (read != before)
			until = collector__now() + FRONTIER_PATIENCE;
		else
			usleep(1000);
		before = read;
	}
	if (!err)
		err = batching__drain(&c->batching, c->order, UINT64_MAX, cb, ctx);
	failed = err == -ECANCELED ? count_rest(c) : 0;
	return failed ? failed : err;
}

int collector__counts(const struct collector *c, enum probe probe, struct collect_counts *ret)
{
	struct rec_counts *all = calloc((size_t)c->n_cpus, sizeof(*all));
	struct collect_counts sum = { 0 };
	uint32_t key = probe;
	int err;

	if (!all)
		return -ENOMEM;
	err = bpf_map_lookup_elem(bpf_map__fd(c->programs.skel->maps.counts), &key, all);
	for (int i = 0; !err && i < c->n_cpus; i++) {
		sum.seen += all[i].seen;
		sum.filtered += all[i].filtered;
		sum.lost += all[i].lost;
		sum.invalid += all[i].invalid;
		sum.truncated += all[i].truncated;
		sum.unreadable += all[i].unreadable;
	}
	free(all);
	if (!err && c->batching.batches)
		batches__count(c->batching.batches, probe, &sum);
	if (!err)
		*ret = sum;
	return err;
}

size_t collector__ring_bytes(const struct collector *c)
{
	return c->n_rings * c->ring_size;
}

size_t collector__ring_size(const struct collector *c)
{
	return c->ring_size;
}

void collector__free(struct collector *c)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);

	if (!c)
		return;
	programs__free(&c->programs);
	batching__clear(&c->batching);
	for (size_t i = 0; c->rings && i < c->n_rings; i++) {
		ring_buffer__free(c->rings[i].reader);
		if (c->rings[i].consumed)
			munmap((void *)c->rings[i].consumed, page);
		if (c->rings[i].produced)
			munmap((void *)c->rings[i].produced, page);
		if (c->rings[i].fd >= 0)
			close(c->rings[i].fd);
	}
	free(c->rings);
	frontier__clear(&c->frontier);
	order__free(c->order);
	free(c);
}
