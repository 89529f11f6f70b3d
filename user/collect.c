// SPDX-License-Identifier: BSD-2-Clause
/* collect: see collect.h. */
#define _GNU_SOURCE
#include "collect.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "../bpf/record.h"
#include "log.h"
#include "order.h"
#include "viztrace.skel.h"

/* The inode of the initial PID namespace, on every kernel since 3.8. */
#define INITIAL_PIDNS 0xEFFFFFFCu

struct ring {
	int fd;
	struct ring_buffer *reader;
	/* Positions in bytes since the ring was made, as the kernel maps them. */
	const volatile unsigned long *consumed, *produced;
	size_t taken; /* in this poll */
	struct collector *owner;
};

struct collector {
	struct viztrace_bpf *skel;
	struct ring *rings;
	size_t n_rings;
	uint64_t ring_size;
	struct bpf_link **links;
	size_t n_links;
	struct order *order;
	uint64_t safe_until; /* no record older than this can come any more */
	int n_cpus;
	uint32_t attached; /* kinds of probes */
	enum site site;
	struct bpf_link *trials[SITES]; /* on our own stub */
};

static const char *const program_names[EVENT_PROBES] = {
	[EVENT_PROBE_INIT] = "on_init",   [EVENT_PROBE_DESTROY] = "on_destroy", [EVENT_PROBE_SET] = "on_set",
	[EVENT_PROBE_LOG] = "on_log",     [EVENT_PROBE_ENTER] = "on_enter",     [EVENT_PROBE_EXIT] = "on_exit",
	[EVENT_PROBE_VALUE] = "on_value", [EVENT_PROBE_INSTANT] = "on_instant",
	[EVENT_PROBE_QUIET] = "on_quiet",
};

_Static_assert((int)EVENT_PROBES == (int)PROBE_COUNT, "probes are numbered alike");
_Static_assert((int)TRIGGER_ON == (int)REC_TRIGGER_ON && (int)TRIGGER_OFF == (int)REC_TRIGGER_OFF, "triggers");
_Static_assert((int)EVENT_PROBE_SET == (int)PROBE_SET && (int)EVENT_PROBE_INSTANT == (int)PROBE_INSTANT, "and named");

uint64_t collector__now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
}

static int on_libbpf(enum libbpf_print_level level, const char *format, va_list args)
{
	char *text; /* the verifier's log may be long */

	if (level == LIBBPF_DEBUG || log_level < LOG_VERBOSE || vasprintf(&text, format, args) < 0)
		return 0;
	log_verbose("%s", text);
	free(text);
	return 0;
}

static int load(struct collector *c, bool sleepable)
{
	struct bpf_program *prog;
	struct stat ns;
	int err;

	c->skel = viztrace_bpf__open();
	if (!c->skel)
		return -errno;
	c->skel->rodata->cfg_sleepable = sleepable;
	c->skel->rodata->cfg_rings = (unsigned)c->n_rings;
	if (stat("/proc/self/ns/pid", &ns) == 0 && ns.st_ino != INITIAL_PIDNS) {
		c->skel->rodata->cfg_pidns_dev = ns.st_dev;
		c->skel->rodata->cfg_pidns_ino = ns.st_ino;
	}
	/* Not by the section's name, which libbpf would insist on. */
	if (sleepable)
		bpf_object__for_each_program(prog, c->skel->obj)
			bpf_program__set_flags(prog, BPF_F_SLEEPABLE);
	err = viztrace_bpf__load(c->skel);
	if (err) {
		viztrace_bpf__destroy(c->skel);
		c->skel = NULL;
	}
	return err;
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
	ring->taken += size;
	/* A producer may be faster than we are: come back to the other rings after one round of this one. */
	return err ? err : ring->taken > ring->owner->ring_size ? -EAGAIN : 0;
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
	if (bpf_map_update_elem(bpf_map__fd(c->skel->maps.rings), &i, &ring->fd, BPF_ANY))
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

int collector__new(struct collector **ret, uint64_t ring_size, const char **ret_missing)
{
	struct collector *c = calloc(1, sizeof(*c));
	int err;

	if (!c)
		return -ENOMEM;
	libbpf_set_print(on_libbpf);
	c->ring_size = ring_size;
	c->n_cpus = libbpf_num_possible_cpus();
	if (c->n_cpus < 1)
		c->n_cpus = 1;
	c->n_rings = c->n_cpus < RINGS_MAX ? (size_t)c->n_cpus : RINGS_MAX;
	c->rings = calloc(c->n_rings, sizeof(*c->rings));
	err = c->rings ? order__new(&c->order) : -ENOMEM;
	if (err)
		goto err_free;
	for (size_t i = 0; i < c->n_rings; i++)
		c->rings[i].fd = -1;

	err = load(c, true);
	/* -EACCES is the verifier's, not about permission. */
	if (err && err != -EPERM) {
		log_verbose("no sleepable uprobe programs here (%s): pages that nobody touched stay unreadable",
			    strerror(-err));
		err = load(c, false);
	}
	if (err) {
		*ret_missing = "eBPF programs on uprobes with ring buffers (Linux 5.8 or later)";
		err = err == -EPERM ? -EPERM : -ENOTSUP;
		goto err_free;
	}
	for (unsigned i = 0; i < c->n_rings; i++) {
		err = open_ring(c, i);
		if (err) {
			*ret_missing = "memory for BPF ring buffers; try a smaller --ring-size";
			err = err == -EPERM ? err : -ENOTSUP;
			goto err_free;
		}
	}
	*ret = c;
	return 0;
err_free:
	collector__free(c);
	return err;
}

/* The file is named by our own descriptor: right also if its path means another file by now, or none. */
static struct bpf_link *attach_at(struct collector *c, const struct elf_probe *p, int fd, pid_t pid, enum site site)
{
	LIBBPF_OPTS(bpf_uprobe_opts, opts, .ref_ctr_offset = p->semaphore);
	struct bpf_program *prog = bpf_object__find_program_by_name(c->skel->obj, program_names[p->probe]);
	char path[64];

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	return bpf_program__attach_uprobe_opts(prog, pid, path, p->offset + site__offset(site), &opts);
}

enum site_test { SITE_TRAPS, SITE_PATCHED, SITE_KILLS_CHILDREN };

/* Does this kernel patch the site into a call, seen on our own copy of the stub? enum site_test, or -errno if it refuses. */
static int try_site(struct collector *c, const struct elf_probe *own, int fd, enum site site)
{
	struct bpf_link *link = attach_at(c, own, fd, getpid(), site);
	bool patched = false;
	int result = SITE_TRAPS;

	if (!link)
		return -errno;
	/* The kernel patches on a hit; a few more, should it put that off. */
	for (int i = 0; i < 4 && !patched; i++) {
		site__hit();
		patched = site__is_patched(site);
	}
	if (patched)
		result = site__survives_fork() ? SITE_PATCHED : SITE_KILLS_CHILDREN;
	/* To detach takes long on a busy machine: not now. */
	c->trials[site] = link;
	return result;
}

static enum site fastest_site(struct collector *c, const struct elf_probe *own, int fd)
{
	static const enum site candidates[] = { SITE_NOP5, SITE_NOP10 };
	enum site best = SITE_NOP1;

	/* The programs must not count what we do to ourselves. */
	c->skel->bss->stopped = true;
	for (size_t i = 0; i < sizeof(candidates) / sizeof(*candidates); i++) {
		static const char *const meaning[] = {
			[SITE_TRAPS] = "this kernel traps there, as at nop1",
			[SITE_PATCHED] = "this kernel patches it into a call",
			[SITE_KILLS_CHILDREN] = "this kernel patches it into a call that kills children forked meanwhile",
		};
		int result = try_site(c, own, fd, candidates[i]);

		log_verbose("probe site %s: %s", site_names[candidates[i]],
			    result < 0 ? "this kernel refuses it" : meaning[result]);
		if (result == SITE_PATCHED) {
			best = candidates[i];
			break;
		}
	}
	c->skel->bss->stopped = false;
	return best;
}

int collector__choose_site(struct collector *c, enum site wanted)
{
	struct elf_file own;
	int fd, err;

	c->site = wanted == SITE_AUTO ? SITE_NOP1 : wanted;
	if (wanted != SITE_AUTO)
		return 0;
	fd = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	err = elf_file__read(&own, fd);
	if (!err) {
		for (size_t i = 0; i < own.n_probes; i++)
			if (own.probes[i].probe == SITE_OWN_PROBE && own.probes[i].has_sites)
				c->site = fastest_site(c, &own.probes[i], fd);
		elf_file__free(&own);
	}
	close(fd);
	log_verbose("probe site: %s", site_names[c->site]);
	return err;
}

static int attach_probe(struct collector *c, const struct target *t, const struct target_file *f,
			const struct elf_probe *p)
{
	struct bpf_link **links = realloc(c->links, (c->n_links + 1) * sizeof(*links)), *link;
	enum site site = p->has_sites ? c->site : SITE_NOP1;

	if (!links)
		return -ENOMEM;
	c->links = links;
	link = attach_at(c, p, f->fd, t->pid, site);
	if (!link)
		return -errno;
	c->links[c->n_links++] = link;
	log_verbose("attached viz:%s at %s+0x%llx (%s)", probe_names[p->probe], f->path,
		    (unsigned long long)(p->offset + site__offset(site)), site_names[site]);
	return 0;
}

int collector__attach(struct collector *c, const struct target *t, uint32_t kinds)
{
	/* By kind, in the order of enum probe: INIT is there before any report of a new object. */
	for (int probe = 0; probe < EVENT_PROBES; probe++) {
		if (!(kinds & ~c->attached & 1u << probe))
			continue;
		c->attached |= 1u << probe;
		for (size_t i = 0; i < t->n_files; i++) {
			const struct target_file *f = &t->files[i];

			for (size_t j = 0; j < f->elf.n_probes; j++) {
				int err;

				if ((int)f->elf.probes[j].probe != probe)
					continue;
				err = attach_probe(c, t, f, &f->elf.probes[j]);
				if (err)
					return err;
			}
		}
	}
	return 0;
}

void collector__set_epoch(struct collector *c, uint32_t epoch)
{
	c->skel->bss->epoch = epoch;
}

void collector__set_verdict(struct collector *c, const struct verdict_key *key, const struct verdict *v, uint32_t epoch)
{
	struct rec_verdict_key k = { .cls = key->cls, .name_hash = key->name_hash, .tgid = key->pid };
	struct rec_verdict verdict = { .allowed = v->allowed, .epoch = epoch, .trigger = (rec_u32)v->trigger };

	if (bpf_map_update_elem(bpf_map__fd(c->skel->maps.verdicts), &k, &verdict, BPF_ANY))
		log_verbose("a verdict of the filter is not in the kernel: %s", strerror(errno));
}

static int read_rings(struct collector *c)
{
	uint64_t now = collector__now();
	bool caught_up = true;

	for (size_t i = 0; i < c->n_rings; i++) {
		struct ring *ring = &c->rings[i];
		unsigned long goal = __atomic_load_n(ring->produced, __ATOMIC_ACQUIRE);
		int n;

		ring->taken = 0;
		n = ring_buffer__consume(ring->reader);
		if (n < 0 && n != -EAGAIN)
			return n;
		/* Less than the goal: a program that was interrupted has not finished its record yet. */
		if ((long)(*ring->consumed - goal) < 0)
			caught_up = false;
	}
	/* All that was reserved before `now` has been read, and a record gets its time after its place. */
	if (caught_up)
		c->safe_until = now;
	return 0;
}

int collector__poll(struct collector *c, collect_cb cb, void *ctx)
{
	int err = read_rings(c);

	return err ? err : order__drain(c->order, c->safe_until, cb, ctx);
}

uint64_t collector__passed_until(const struct collector *c)
{
	return c->safe_until;
}

static bool rings_empty(const struct collector *c)
{
	for (size_t i = 0; i < c->n_rings; i++)
		if (*c->rings[i].consumed != __atomic_load_n(c->rings[i].produced, __ATOMIC_ACQUIRE))
			return false;
	return true;
}

int collector__stop(struct collector *c, collect_cb cb, void *ctx)
{
	int err = 0, quiet = 0;

	c->skel->bss->stopped = true;
	/* A program that is running now may still be about to reserve: look until nothing comes any more. */
	for (int i = 0; !err && i < 1000 && quiet < 10; i++) {
		err = collector__poll(c, cb, ctx);
		quiet = rings_empty(c) ? quiet + 1 : 0;
		usleep(1000);
	}
	return err ? err : order__drain(c->order, UINT64_MAX, cb, ctx);
}

int collector__counts(struct collector *c, enum probe probe, struct collect_counts *ret)
{
	struct rec_counts *all = calloc((size_t)c->n_cpus, sizeof(*all));
	struct collect_counts sum = { 0 };
	uint32_t key = probe;
	int err;

	if (!all)
		return -ENOMEM;
	err = bpf_map_lookup_elem(bpf_map__fd(c->skel->maps.counts), &key, all);
	for (int i = 0; !err && i < c->n_cpus; i++) {
		sum.seen += all[i].seen;
		sum.filtered += all[i].filtered;
		sum.lost += all[i].lost;
		sum.truncated += all[i].truncated;
		sum.unreadable += all[i].unreadable;
	}
	free(all);
	if (!err)
		*ret = sum;
	return err;
}

size_t collector__attached(const struct collector *c)
{
	return c->n_links;
}

size_t collector__ring_bytes(const struct collector *c)
{
	return c->n_rings * c->ring_size;
}

static void *detach(void *link)
{
	bpf_link__destroy(link);
	return NULL;
}

/* Each waits for the kernel to be done with its probe: let them wait together. */
static void detach_all(struct bpf_link **links, size_t n)
{
	pthread_t *threads = calloc(n ? n : 1, sizeof(*threads));
	size_t started = 0;

	while (threads && started < n && !pthread_create(&threads[started], NULL, detach, links[started]))
		started++;
	for (size_t i = started; i < n; i++)
		bpf_link__destroy(links[i]);
	for (size_t i = 0; i < started; i++)
		pthread_join(threads[i], NULL);
	free(threads);
}

void collector__free(struct collector *c)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);

	if (!c)
		return;
	detach_all(c->links, c->n_links);
	detach_all(c->trials, SITES);
	free(c->links);
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
	viztrace_bpf__destroy(c->skel);
	order__free(c->order);
	free(c);
}
