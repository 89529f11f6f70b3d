// SPDX-License-Identifier: BSD-2-Clause
/* programs: see programs.h. */
#define _GNU_SOURCE
#include "programs.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "../../bpf/record.h"
#include "../common/log.h"
#include "links.h"
#include "machine.h"

_Static_assert((int)EVENT_PROBES == (int)PROBE_COUNT, "probes are numbered alike");
_Static_assert((int)EVENT_PROBE_SET == (int)PROBE_SET && (int)EVENT_PROBE_INSTANT == (int)PROBE_INSTANT, "and named");

static int on_libbpf(enum libbpf_print_level level, const char *format, va_list args)
{
	char *text, *rest, *line; /* the verifier's log may be long */

	if (level == LIBBPF_DEBUG || log_level < LOG_VERBOSE || vasprintf(&text, format, args) < 0)
		return 0;
	for (rest = text; (line = strsep(&rest, "\n"));)
		if (*line)
			log_verbose("%s", line);
	free(text);
	return 0;
}

/*
 * Where programs may not read the kernel's memory (lockdown in its mode "confidentiality") libbpf takes the kernel for
 * one of before 5.5 and puts older helpers for those that read the target's, which are forbidden there: take that back.
 */
static int keep_helpers(struct bpf_program *prog, struct bpf_prog_load_opts *opts, long cookie)
{
	size_t n = bpf_program__insn_cnt(prog);
	struct bpf_insn *code = calloc(n, sizeof(*code));
	int err;

	(void)opts;
	(void)cookie;
	if (!code)
		return -ENOMEM;
	memcpy(code, bpf_program__insns(prog), n * sizeof(*code));
	for (size_t i = 0; i < n; i++)
		if (code[i].code == (BPF_JMP | BPF_CALL) && !code[i].src_reg)
			code[i].imm = code[i].imm == BPF_FUNC_probe_read     ? BPF_FUNC_probe_read_user :
				      code[i].imm == BPF_FUNC_probe_read_str ? BPF_FUNC_probe_read_user_str :
									       code[i].imm;
	err = bpf_program__set_insns(prog, code, n);
	free(code);
	return err;
}

static int try_load(struct programs *p, unsigned n_rings, bool several, bool no_faults)
{
	struct machine_pidns ns = machine__pid_namespace();
	struct bpf_program *prog;
	int err;

	p->skel = viztrace_bpf__open();
	if (!p->skel)
		return -errno;
	p->skel->rodata->cfg_fault_in = p->sleepable && !no_faults;
	p->skel->rodata->cfg_rings = n_rings;
	p->skel->rodata->cfg_several = several;
	p->skel->rodata->cfg_pidns_dev = ns.dev;
	p->skel->rodata->cfg_pidns_ino = ns.ino;
	/* Its memory is taken at once. */
	if (!several)
		bpf_map__set_max_entries(p->skel->maps.tracees, 1);
	bpf_object__for_each_program(prog, p->skel->obj) {
		bpf_program__set_autoload(prog, p->one == !strcmp(bpf_program__name(prog), "on_probe"));
		/* Not by the section's name, which libbpf would insist on. */
		if (p->sleepable)
			bpf_program__set_flags(prog, BPF_F_SLEEPABLE);
		if (p->multi)
			bpf_program__set_expected_attach_type(prog, (enum bpf_attach_type)LINKS_UPROBE_MULTI);
	}
	err = viztrace_bpf__load(p->skel);
	if (err) {
		viztrace_bpf__destroy(p->skel);
		p->skel = NULL;
		return err;
	}
	p->attachments.sleeping = &p->skel->bss->sleeping;
	return 0;
}

int programs__load(struct programs *p, unsigned n_rings, bool several, bool no_faults)
{
	static const struct {
		bool one, multi, sleepable;
		const char *without;
	} ways[] = {
		{ true, true, true, "links for many uprobes" },
		{ true, false, true, "sleepable uprobe programs with attach cookies" },
		{ false, false, true, "sleepable uprobe programs: pages that nobody touched stay unreadable" },
		{ true, false, false, "attach cookies: one program for each probe" },
		{ false, false, false, "eBPF programs on uprobes" },
	};
	LIBBPF_OPTS(libbpf_prog_handler_opts, handler, .prog_prepare_load_fn = keep_helpers);
	bool multi, one;
	int err = -ENOTSUP;

	libbpf_set_print(on_libbpf);
	libbpf_register_prog_handler("uprobe", BPF_PROG_TYPE_KPROBE, 0, &handler);
	multi = links__have_multi();
	one = multi || links__have_perf();
	for (size_t i = 0; i < sizeof(ways) / sizeof(*ways); i++) {
		if ((!ways[i].multi || multi) && (!ways[i].one || one)) {
			p->one = ways[i].one;
			p->multi = ways[i].multi;
			p->sleepable = ways[i].sleepable;
			err = try_load(p, n_rings, several, no_faults);
			/* -EACCES is the verifier's, not about permission. */
			if (!err || err == -EPERM || err == -EMFILE || err == -ENFILE)
				return err;
		}
		log_verbose("no %s", ways[i].without);
	}
	return err;
}

int programs__follow_forks(struct programs *p)
{
	struct follow_bpf *f = follow_bpf__open();
	int err;

	if (!f)
		return -errno;
	f->rodata->cfg_pidns_ino = p->skel->rodata->cfg_pidns_ino;
	err = bpf_map__reuse_fd(f->maps.tracees, bpf_map__fd(p->skel->maps.tracees));
	if (!err)
		err = follow_bpf__load(f);
	if (!err)
		err = follow_bpf__attach(f);
	if (err) {
		follow_bpf__destroy(f);
		return err == -EPERM ? err : -ENOTSUP;
	}
	p->follow = f;
	return 0;
}

int programs__watch_ends(struct programs *p)
{
	struct ends_bpf *e;
	int err;

	if (p->ends)
		return 0;
	e = ends_bpf__open();
	if (!e)
		return -errno;
	e->rodata->cfg_pidns_ino = p->skel->rodata->cfg_pidns_ino;
	err = ends_bpf__load(e);
	if (!err)
		err = ends_bpf__attach(e);
	if (err) {
		ends_bpf__destroy(e);
		return err == -EPERM ? err : -ENOTSUP;
	}
	p->ends = e;
	return 0;
}

int programs__signal_of(const struct programs *p, pid_t pid, uint64_t since)
{
	int deaths = p->ends ? bpf_map__fd(p->ends->maps.deaths) : -1;
	uint32_t key = (uint32_t)pid;
	struct rec_death death;

	if (deaths < 0 || bpf_map_lookup_elem(deaths, &key, &death) || death.ts < since)
		return 0;
	bpf_map_delete_elem(deaths, &key);
	return (int)death.signal;
}

static struct bpf_program *program_for(const struct programs *p, enum probe probe)
{
	const struct {
		enum probe probe;
		struct bpf_program *program;
	} programs[] = {
		{ EVENT_PROBE_INIT, p->skel->progs.on_init },   { EVENT_PROBE_DESTROY, p->skel->progs.on_destroy },
		{ EVENT_PROBE_SET, p->skel->progs.on_set },     { EVENT_PROBE_LOG, p->skel->progs.on_log },
		{ EVENT_PROBE_ENTER, p->skel->progs.on_enter }, { EVENT_PROBE_EXIT, p->skel->progs.on_exit },
		{ EVENT_PROBE_VALUE, p->skel->progs.on_value }, { EVENT_PROBE_INSTANT, p->skel->progs.on_instant },
		{ EVENT_PROBE_QUIET, p->skel->progs.on_quiet }, { EVENT_PROBE_ASYNC, p->skel->progs.on_async },
	};

	for (size_t i = 0; !p->one && i < sizeof(programs) / sizeof(*programs); i++)
		if (programs[i].probe == probe)
			return programs[i].program;
	return p->skel->progs.on_probe;
}

/* ---- Attaching ---- */

/* Sites of one file. */
struct places {
	const struct elf_file *elf;
	int fd;
	pid_t pid;
	uint32_t count;
	uint64_t offsets[EVENT_PROBES], semaphores[EVENT_PROBES], cookies[EVENT_PROBES];
	enum probe probes[EVENT_PROBES];
	enum site sites[EVENT_PROBES];
	const char *name;
};

/* The file is named by our own descriptor: right also if its path means another file by now, or none. */
static int attach(struct attachment *ret, const struct programs *p, const struct places *at, uint32_t i, uint32_t count)
{
	LIBBPF_OPTS(bpf_uprobe_opts, opts, .ref_ctr_offset = at->semaphores[i],
		    .bpf_cookie = p->one ? at->cookies[i] : 0);
	char path[64];

	snprintf(path, sizeof(path), "/proc/self/fd/%d", at->fd);
	*ret = (struct attachment){ .pid = at->pid, .elf = at->elf };
	for (uint32_t k = i; k < i + count; k++)
		ret->kinds |= 1u << at->probes[k];
	if (p->multi) {
		ret->fd = links__create_multi(bpf_program__fd(p->skel->progs.on_probe), path, at->offsets + i,
					      at->semaphores + i, at->cookies + i, count, at->pid);
		return ret->fd < 0 ? ret->fd : 0;
	}
	ret->link = bpf_program__attach_uprobe_opts(program_for(p, at->probes[i]), at->pid ? at->pid : -1, path,
						    at->offsets[i], &opts);
	return ret->link ? 0 : -errno;
}

static int add(struct programs *p, const struct places *at, uint32_t i, uint32_t count)
{
	struct attachment a;
	int err = attach(&a, p, at, i, count);

	if (!err)
		err = attachments__add(&p->attachments, &a);
	if (err)
		return err;
	for (uint32_t k = i; k < i + count; k++)
		log_verbose("attached viz:%s at %s+0x%llx (%s)", probe_names[at->probes[k]], at->name,
			    (unsigned long long)at->offsets[k], site_names[at->sites[k]]);
	return 0;
}

/*
 * The kernel has one semaphore for each place. A uprobe of somebody else that named none forbids ours: then none is
 * named, and who looks whether probes are switched on (switching.h) raises it.
 */
static int add_without_semaphores(struct programs *p, const struct places *at, uint32_t i, uint32_t count)
{
	struct places bare = *at;
	int err = 0;

	for (uint32_t k = i; k < i + count && !err; k++) {
		err = add(p, at, k, 1);
		if (err != -EINVAL)
			continue;
		bare.semaphores[k] = 0;
		err = add(p, &bare, k, 1);
		if (!err)
			log_warn("somebody else's uprobe is on viz:%s of %s, without its semaphore",
				 probe_names[at->probes[k]], at->name);
	}
	return err;
}

/* Without them libbpf asks tracefs, which knows no semaphores at all. */
static bool has_perf_uprobes(void)
{
	return !access("/sys/bus/event_source/devices/uprobe/type", F_OK);
}

static int add_all(struct programs *p, const struct places *at)
{
	uint32_t step = p->multi ? at->count : 1;
	int err = 0;

	for (uint32_t i = 0; i < at->count && !err; i += step) {
		err = add(p, at, i, step);
		if (err == -EINVAL && (p->multi || has_perf_uprobes()))
			err = add_without_semaphores(p, at, i, step);
	}
	return err;
}

int programs__attach_place(struct programs *p, const struct programs_place *at, int fd, const char *name, pid_t pid)
{
	struct attachment a = { .link = NULL, .pid = pid };
	char path[64];

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	a.fd = links__create_multi(at->program, path, &at->offset, at->semaphore ? &at->semaphore : NULL, &at->cookie,
				   1, pid);
	if (a.fd < 0)
		return a.fd;
	log_verbose("attached %s at %s+0x%llx", at->what, name, (unsigned long long)at->offset);
	return attachments__add(&p->attachments, &a);
}

static bool is_batched(enum probe probe)
{
	return probe != EVENT_PROBE_INIT && probe != EVENT_PROBE_DESTROY && probe != EVENT_PROBE_QUIET;
}

#define BIT(probe) (1u << EVENT_PROBE_##probe)

/* What is attached together, and so leaves together when nobody wants it any more. INIT is there before any report of a
 * new object, EXIT is wanted until nothing is open. */
static const uint32_t groups[] = {
	BIT(INIT) | BIT(DESTROY) | BIT(INSTANT),
	BIT(SET) | BIT(LOG) | BIT(VALUE),
	BIT(QUIET),
	BIT(ENTER),
	BIT(EXIT) | BIT(ASYNC),
};
_Static_assert(EVENT_PROBES == 10, "each is in a group");

static int hand_on(struct programs *p, struct places *at, int (*cb)(struct programs *p, const struct places *at))
{
	int err = at->count ? cb(p, at) : 0;

	at->count = 0;
	return err;
}

static int each_place(struct programs *p, struct places *at, const struct elf_file *elf, enum probe probe, bool joins,
		      bool batched, int (*cb)(struct programs *p, const struct places *at))
{
	int err = 0;

	for (size_t i = 0; !err && i < elf->n_probes; i++) {
		const struct elf_probe *e = &elf->probes[i];
		enum site site = e->has_sites ? p->site : SITE_NOP1;

		if (e->probe != probe)
			continue;
		at->sites[at->count] = site;
		at->offsets[at->count] = e->offset + site__offset(site);
		/* The program compares who is there with who takes its batches. */
		if (batched && is_batched(probe))
			at->offsets[at->count] = e->offset + site__own_offset();
		at->semaphores[at->count] = e->semaphore;
		at->cookies[at->count] = (uint64_t)probe | (joins ? COOKIE_JOINS : 0);
		at->probes[at->count++] = probe;
		/* Several objects linked with -r, or ThinLTO, may each have brought stubs. */
		if (at->count == EVENT_PROBES)
			err = hand_on(p, at, cb);
	}
	return err;
}

/* Hand the places of these kinds to `cb`, as many of a group at a time as fit. */
static int each_places(struct programs *p, struct places *at, const struct elf_file *elf, uint32_t kinds, bool joins,
		       bool batched, int (*cb)(struct programs *p, const struct places *at))
{
	int err = 0;

	for (size_t g = 0; !err && g < sizeof(groups) / sizeof(*groups); g++) {
		for (int probe = 0; !err && probe < EVENT_PROBES; probe++)
			if (kinds & groups[g] & 1u << probe)
				err = each_place(p, at, elf, (enum probe)probe, joins, batched, cb);
		if (!err)
			err = hand_on(p, at, cb);
	}
	return err;
}

int programs__attach(struct programs *p, const struct elf_file *elf, int fd, const char *name, pid_t pid,
		     uint32_t kinds, bool joins, bool batched)
{
	struct places at = { .elf = elf, .fd = fd, .pid = pid, .name = name };
	size_t before = p->attachments.n;
	int err = each_places(p, &at, elf, kinds, joins, batched, add_all);

	if (err)
		attachments__drop_from(&p->attachments, before);
	return err;
}

/* ---- What became of it ---- */

/* Whoever comes newly to a place has the kernel put traps into all memory that is without; ours stay when he goes. */
static int come_and_go(struct programs *p, const struct places *at)
{
	char path[64];
	int fd;

	snprintf(path, sizeof(path), "/proc/self/fd/%d", at->fd);
	fd = links__create_multi(p->nothing, path, at->offsets, at->semaphores, at->cookies, at->count, at->pid);
	if (fd < 0)
		return fd;
	close(fd);
	return 0;
}

int programs__nudge(struct programs *p, const struct elf_file *elf, int fd, pid_t pid, uint32_t kinds, bool batched)
{
	struct places at = { .fd = fd, .pid = pid };
	int err;

	if (!p->multi)
		return -ENOTSUP;
	p->nothing = links__load_nothing(LINKS_UPROBE_MULTI);
	if (p->nothing < 0)
		return p->nothing;
	err = each_places(p, &at, elf, kinds, false, batched, come_and_go);
	if (!err && batched) {
		at.offsets[0] = elf->batch.flush.offset;
		at.semaphores[0] = elf->batch.flush.semaphore;
		at.count = 1;
		err = come_and_go(p, &at);
	}
	close(p->nothing);
	return err;
}

/* ---- Which site ---- */

enum site_test { SITE_TRAPS, SITE_PATCHED, SITE_KILLS_CHILDREN };

struct trial {
	const struct programs *p;
	const struct elf_probe *own;
	int fd;
	enum site site;
	struct attachment attachment;
	int result; /* enum site_test, or -errno if the kernel refuses it */
};

static void *attach_trial(void *arg)
{
	struct trial *t = arg;
	struct places at = {
		.fd = t->fd,
		.pid = getpid(),
		.count = 1,
		.offsets = { t->own->offset + site__offset(t->site) },
		.semaphores = { t->own->semaphore },
		.cookies = { (uint64_t)t->own->probe },
		.probes = { t->own->probe },
	};

	t->result = attach(&t->attachment, t->p, &at, 0, 1);
	return NULL;
}

/* Does this kernel patch the site into a call, seen on our own copy of the stub? */
static int hit_trial(const struct trial *t)
{
	bool patched = false;

	/* The kernel patches on a hit; a few more, should it put that off. */
	for (int i = 0; i < 4 && !patched; i++) {
		site__hit();
		patched = site__is_patched(t->site);
	}
	if (!patched)
		return SITE_TRAPS;
	return site__survives_fork() ? SITE_PATCHED : SITE_KILLS_CHILDREN;
}

/* Of those that are wanted: SITE_AUTO, or one that the user insists on. */
static enum site try_sites(struct programs *p, const struct elf_probe *own, int fd, enum site wanted)
{
	static const char *const meaning[] = {
		[SITE_TRAPS] = "this kernel traps there, as at nop1",
		[SITE_PATCHED] = "this kernel patches it into a call",
		[SITE_KILLS_CHILDREN] = "this kernel patches it into a call that kills children forked meanwhile",
	};
	struct trial trials[] = {
		{ .p = p, .own = own, .fd = fd, .site = SITE_NOP5 },
		{ .p = p, .own = own, .fd = fd, .site = SITE_NOP10 },
	};
	const size_t n = sizeof(trials) / sizeof(*trials);
	enum site best = SITE_NOP1;
	pthread_t threads[n];
	bool started[n], tried[n];

	/* The programs must not count what we do to ourselves. A refusal takes the kernel some time: all at once. */
	p->skel->bss->stopped = true;
	for (size_t i = 0; i < n; i++) {
		tried[i] = wanted == SITE_AUTO || wanted == trials[i].site;
		started[i] = tried[i] && !pthread_create(&threads[i], NULL, attach_trial, &trials[i]);
		if (tried[i] && !started[i])
			attach_trial(&trials[i]);
	}
	for (size_t i = 0; i < n; i++)
		if (started[i])
			pthread_join(threads[i], NULL);
	for (size_t i = 0; i < n; i++) {
		struct trial *t = &trials[i];

		if (!tried[i])
			continue;
		if (!t->result) {
			/* To detach takes long on a busy machine: not now. */
			attachments__add(&p->attachments, &t->attachment);
			t->result = hit_trial(t);
		}
		log_verbose("probe site %s: %s", site_names[t->site],
			    t->result < 0 ? "this kernel refuses it" : meaning[t->result]);
		if (t->result == SITE_PATCHED)
			best = t->site;
		if (t->result == SITE_KILLS_CHILDREN && wanted == t->site)
			log_warn(
				"--probe-site %s: on this kernel children die that the target forks while it is traced; with "
				"--probe-site auto they live",
				site_names[wanted]);
	}
	p->skel->bss->stopped = false;
	return wanted == SITE_AUTO ? best : wanted;
}

int programs__choose_site(struct programs *p, enum site wanted)
{
	struct elf_file own;
	int fd, err;

	p->site = wanted == SITE_AUTO ? SITE_NOP1 : wanted;
	if (wanted == SITE_NOP1)
		return 0;
	fd = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	err = elf_file__read(&own, fd);
	if (!err) {
		for (size_t i = 0; i < own.n_probes; i++)
			if (own.probes[i].probe == SITE_OWN_PROBE && own.probes[i].has_sites)
				p->site = try_sites(p, &own.probes[i], fd, wanted);
		elf_file__free(&own);
	}
	close(fd);
	log_verbose("probe site: %s", site_names[p->site]);
	return err;
}

/* ---- The end ---- */

void programs__free(struct programs *p)
{
	attachments__clear(&p->attachments);
	follow_bpf__destroy(p->follow);
	ends_bpf__destroy(p->ends);
	viztrace_bpf__destroy(p->skel);
}
