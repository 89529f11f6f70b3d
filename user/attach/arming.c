// SPDX-License-Identifier: BSD-2-Clause
/* arming: see arming.h. */
#define _GNU_SOURCE
#include "arming.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../common/log.h"
#include "maps.h"

/* What counts of a process's mappings: those that are executable, all of files that have probes, and what such a
 * file's data may have been moved to. */
struct place {
	struct mapping m;
	const struct binary *binary; /* NULL: not one of those */
	bool is_others;              /* a file's that is none of those */
};

#define PLACES 64   /* there is room for at a time */
#define OWN_MAX 256 /* mappings of a file that are looked at: nobody needs more, but who wants to keep us busy */

struct look {
	const struct target *target;
	struct place *places;
	size_t n;
	size_t *own; /* places of the file that is being looked at; room for n */
	size_t n_own;
	struct remote memory;
	bool debugged;
	struct arming found;
};

static const struct binary *binary_of(const struct target *t, const struct mapping *m)
{
	for (size_t i = 0; i < t->n_files; i++)
		if (t->files[i].map_dev == m->dev && t->files[i].map_ino == m->ino && m->ino)
			return t->files[i].binary;
	return NULL;
}

static int read_places(struct look *l)
{
	struct maps *maps = &l->memory.maps;
	struct place p;

	while (maps__next(maps, &p.m)) {
		struct place *more = l->places;

		p.binary = binary_of(l->target, &p.m);
		p.is_others = !p.binary && mapping__is_of_a_file(&p.m);
		p.m.path = NULL;
		if (!p.binary && !p.m.executable && !p.m.writable)
			continue;
		if (l->n % PLACES == 0)
			more = realloc(more, (l->n + PLACES) * sizeof(p));
		if (!more)
			return -ENOMEM;
		l->places = more;
		more[l->n++] = p;
	}
	return maps->err ? maps->err : maps->n ? 0 : -ESRCH;
}

/* They come in the order of their addresses. */
static const struct place *place_at(const struct look *l, uint64_t address)
{
	size_t from = 0, to = l->n;

	while (from < to) {
		size_t middle = from + (to - from) / 2;

		if (address < l->places[middle].m.start)
			to = middle;
		else if (address >= l->places[middle].m.end)
			from = middle + 1;
		else
			return &l->places[middle];
	}
	return NULL;
}

/* Is it that byte of the file which is at `address`? */
static bool shows(const struct place *p, const struct binary *b, uint64_t address, uint64_t offset)
{
	return p && p->binary == b && address - p->m.start + p->m.offset == offset;
}

/* Where a mapping of the file that is the process's own shows that byte of it; 0: it does not. */
static uint64_t address_in(const struct place *p, const struct binary *b, uint64_t offset)
{
	const struct mapping *m = &p->m;
	bool is_in = p->binary == b && !m->shared && offset >= m->offset && offset - m->offset < m->end - m->start;

	return is_in ? m->start + (offset - m->offset) : 0;
}

static bool read_word(const struct look *l, const struct place *p, uint64_t address, struct remote_word *ret)
{
	struct remote_word w = remote__word(&p->m, address);

	if (!remote__read(&l->memory, address, &w.value, sizeof(w.value)))
		return false;
	*ret = w;
	return true;
}

/* The kernel takes the lowest mapping that could be it for the one with the semaphore. */
static void find_counter(const struct look *l, struct armed *a)
{
	for (size_t i = 0; i < l->n_own && !a->counter.address; i++) {
		const struct place *p = &l->places[l->own[i]];
		uint64_t at = p->m.writable ? address_in(p, a->binary, a->probe->semaphore) : 0;

		if (at && !read_word(l, p, at, &a->counter))
			return;
	}
}

/* At how many of its sites: each is counted for itself. -1: it cannot be read. */
static int traps_at(const struct look *l, const struct elf_probe *p, uint64_t nop)
{
	const size_t edges[] = { 0, site__offset(SITE_NOP5), site__offset(SITE_NOP10), site__own_offset(),
				 SITE_OWN_CODE_SIZE };
	unsigned char code[sizeof(p->code)];
	int n = 0;

	if (!remote__read(&l->memory, nop, code, p->code_size))
		return -1;
	for (size_t i = 0; i + 1 < sizeof(edges) / sizeof(edges[0]); i++) {
		size_t from = edges[i], to = edges[i + 1] < p->code_size ? edges[i + 1] : p->code_size;

		n += from < to && memcmp(code + from, p->code + from, to - from);
	}
	return n;
}

/* Its own, where it may be executed and where it may not. */
static void count_traps(const struct look *l, struct armed *a)
{
	for (size_t i = 0; i < l->n_own; i++) {
		uint64_t nop = address_in(&l->places[l->own[i]], a->binary, a->probe->offset);
		int here = nop ? traps_at(l, a->probe, nop) : 0;

		if (here <= 0)
			continue;
		a->is_many |= a->traps != 0;
		a->traps += (uint16_t)here;
	}
}

/* Of all probes that have one semaphore. */
struct sharing {
	uint64_t semaphore;
	size_t sites; /* that have traps */
	uint16_t traps;
};

static int compare_sharing(const void *a, const void *b)
{
	const struct sharing *x = a, *y = b;

	return x->semaphore < y->semaphore ? -1 : x->semaphore > y->semaphore;
}

/* Several objects in one file may each have brought a stub (ThinLTO, ld -r), and share the semaphores. `of`: room for
 * n. */
static void add_traps(struct armed *all, size_t n, struct sharing *of)
{
	size_t kinds = 0;

	for (size_t i = 0; i < n; i++)
		of[i] = (struct sharing){ all[i].probe->semaphore, all[i].traps != 0, all[i].traps };
	qsort(of, n, sizeof(*of), compare_sharing);
	for (size_t i = 0; i < n; i++) {
		if (!kinds || of[kinds - 1].semaphore != of[i].semaphore) {
			of[kinds++] = of[i];
			continue;
		}
		of[kinds - 1].sites += of[i].sites;
		of[kinds - 1].traps += of[i].traps;
	}
	for (size_t i = 0; i < n; i++) {
		const struct sharing key = { .semaphore = all[i].probe->semaphore },
				     *s = bsearch(&key, of, kinds, sizeof(*of), compare_sharing);

		all[i].is_many |= all[i].traps && s->sites > 1;
		all[i].traps = s->traps;
	}
}

static enum arming_state judge(const struct look *l, struct armed *a, uint64_t semaphore, const struct place *text)
{
	const struct place *data = place_at(l, semaphore);
	int traps = traps_at(l, a->probe, a->nop);

	/* Its data may have been moved to other memory, as for large pages: the code finds its semaphore there. */
	if (!shows(data, a->binary, semaphore, a->probe->semaphore) &&
	    !(data && !data->binary && !data->is_others && data->m.writable))
		return ARMING_UNMAPPED;
	if (traps < 0 || !read_word(l, data, semaphore, &a->semaphore))
		return ARMING_UNMAPPED;
	find_counter(l, a);
	count_traps(l, a);
	if (!shows(text, a->binary, a->nop, a->probe->offset))
		return ARMING_COPIED;
	if (traps && a->semaphore.value)
		return ARMING_ON;
	if (traps)
		return l->debugged ? ARMING_DEBUGGED : ARMING_LOW;
	if (text->m.writable)
		return ARMING_WRITABLE;
	return a->semaphore.value ? ARMING_STUCK : ARMING_OFF;
}

/* The probes of a file that is loaded with such a bias, if it is. */
static int look_at(struct look *l, const struct binary *b, uint64_t bias)
{
	size_t n = 0, all = b->elf.n_probes + (b->elf.batch.pool != 0);
	struct sharing *of = malloc(all * sizeof(*of));
	struct armed *more = realloc(l->found.all, (l->found.n + all) * sizeof(*more));

	l->found.all = more ? more : l->found.all;
	if (!of || !more) {
		free(of);
		return -ENOMEM;
	}
	for (size_t i = 0; i < all; i++) {
		const struct elf_probe *p = i < b->elf.n_probes ? &b->elf.probes[i] : &b->elf.batch.flush;
		const struct place *text = place_at(l, bias + p->address);
		struct armed a = { .binary = b, .probe = p, .nop = bias + p->address };

		if (!text || !text->m.executable)
			continue;
		a.state = judge(l, &a, bias + p->semaphore_address, text);
		more[l->found.n + n++] = a;
	}
	add_traps(more + l->found.n, n, of);
	l->found.n += n;
	free(of);
	return 0;
}

/* Where a file is loaded, each once. */
struct loads {
	uint64_t biases[ARMING_LOADED_MAX];
	size_t n;
};

/* None is loaded where another one is. */
static int look_once(struct look *l, const struct binary *b, uint64_t bias, struct loads *at)
{
	for (size_t i = 0; i < at->n; i++)
		if (bias == at->biases[i] || bias - at->biases[i] < b->elf.span || at->biases[i] - bias < b->elf.span)
			return 0;
	if (at->n == ARMING_LOADED_MAX)
		return 0;
	at->biases[at->n++] = bias;
	return look_at(l, b, bias);
}

/* Code with a probe, or one's semaphore. */
static bool has_probes(const struct mapping *m, const struct binary *b)
{
	const uint64_t end = m->offset + (m->end - m->start);

	for (size_t i = 0; i < b->elf.n_probes; i++) {
		const struct elf_probe *p = &b->elf.probes[i];

		if ((p->offset >= m->offset && p->offset < end) || (p->semaphore >= m->offset && p->semaphore < end))
			return true;
	}
	return false;
}

/*
 * Where it is loaded: as its code says, or, where that is not the file's any more, its semaphores. It may be loaded
 * several times (dlmopen). The page with the semaphores may be there twice, as the end of what is read-only after
 * relocation too (lld): they are in the last one.
 */
static int look_at_file(struct look *l, const struct binary *b)
{
	const struct elf_probe *first = b->elf.probes;
	struct loads at = { .n = 0 };
	int err = 0;

	l->n_own = 0;
	for (size_t i = 0; i < l->n && l->n_own < OWN_MAX; i++)
		if (l->places[i].binary == b && has_probes(&l->places[i].m, b))
			l->own[l->n_own++] = i;
	if (l->n_own == OWN_MAX)
		log_verbose("process %d maps %s so often that not all of it is looked at", l->target->pid, b->path);
	for (size_t i = 0; !err && i < l->n_own; i++) {
		const struct mapping *m = &l->places[l->own[i]].m;

		if (m->executable)
			err = look_once(l, b, m->start - m->offset - b->elf.load_address, &at);
	}
	for (size_t i = l->n_own; !err && i-- > 0;) {
		const struct mapping *m = &l->places[l->own[i]].m;

		if (!m->executable && first->semaphore >= m->offset &&
		    first->semaphore < m->offset + (m->end - m->start))
			err = look_once(l, b, m->start + (first->semaphore - m->offset) - first->semaphore_address,
					&at);
	}
	return err;
}

int arming__look(struct arming *ret, const struct target *t)
{
	struct look l = { .target = t, .debugged = target__is_debugged(t) };
	int err = remote__open(&l.memory, t->task);

	if (err)
		return err;
	err = read_places(&l);
	l.own = err ? NULL : malloc(l.n * sizeof(*l.own) + 1);
	if (!err && !l.own)
		err = -ENOMEM;
	for (size_t i = 0; !err && i < t->n_files; i++)
		if (t->files[i].is_mapped && t->files[i].binary->elf.n_probes)
			err = look_at_file(&l, t->files[i].binary);
	free(l.places);
	free(l.own);
	l.found.memory = l.memory;
	if (err)
		arming__clear(&l.found);
	else
		*ret = l.found;
	return err;
}

void arming__clear(struct arming *a)
{
	free(a->all);
	remote__close(&a->memory);
	*a = (struct arming){ 0 };
}

int arming__set(struct arming *a, const struct remote_word *w, uint16_t value)
{
	uint64_t address = w->address;
	int err = remote__set(&a->memory, w, value);

	if (err == -EXDEV)
		a->astray = address;
	else if (err)
		return err;
	for (size_t i = 0; i < a->n; i++) {
		if (a->all[i].semaphore.address == address)
			a->all[i].semaphore.value = value;
		if (a->all[i].counter.address == address)
			a->all[i].counter.value = value;
	}
	return 0;
}

const char *arming__word(enum arming_state state)
{
	static const char *const words[ARMING_STATES] = {
		[ARMING_ON] = "on",
		[ARMING_OFF] = "no trap",
		[ARMING_LOW] = "not raised",
		[ARMING_STUCK] = "not lowered",
		[ARMING_DEBUGGED] = "debugger",
		[ARMING_COPIED] = "copied code",
		[ARMING_WRITABLE] = "writable code",
		[ARMING_UNMAPPED] = "not in memory",
	};

	return words[state];
}

const char *arming__cause(enum arming_state state)
{
	static const char *const causes[ARMING_STATES] = {
		[ARMING_ON] = "it is switched on",
		[ARMING_OFF] = "the kernel has not put a trap there",
		[ARMING_LOW] = "its semaphore is 0 in spite of a trap, and cannot be written",
		[ARMING_STUCK] = "its semaphore is up, but nobody listens",
		[ARMING_DEBUGGED] = "a debugger holds the process, and the trap there may be its breakpoint",
		[ARMING_COPIED] = "its code was copied to memory that is not the file's, as for huge pages, and the "
				  "kernel attaches to files only",
		[ARMING_WRITABLE] = "its code is writable at the moment, and the kernel attaches to none that is",
		[ARMING_UNMAPPED] = "its semaphore is not in memory",
	};

	return causes[state];
}

const char *arming__name(enum probe probe)
{
	return probe < EVENT_PROBES ? probe_names[probe] : "batch";
}

void arming__name_probes(char *ret, size_t size, const struct binary *b, uint32_t kinds)
{
	const char *slash = strrchr(b->path, '/');
	uint32_t all = 0;
	size_t at = 0;

	for (size_t i = 0; i < b->elf.n_probes; i++)
		all |= 1u << b->elf.probes[i].probe;
	if (!(all & ~kinds))
		at = (size_t)snprintf(ret, size, "the probes");
	for (int i = 0; i <= EVENT_PROBES && at < size && all & ~kinds; i++)
		if (kinds >> i & 1)
			at += (size_t)snprintf(ret + at, size - at, "%sviz:%s", at ? ", " : "",
					       arming__name((enum probe)i));
	if (at < size)
		snprintf(ret + at, size - at, " of %s", slash ? slash + 1 : b->path);
}

void arming__each_group(const struct arming *a, void (*cb)(void *ctx, const struct arming_group *g), void *ctx)
{
	for (size_t i = 0, end; i < a->n; i = end) {
		struct arming_group groups[ARMING_STATES] = { 0 };

		for (end = i; end < a->n && a->all[end].binary == a->all[i].binary; end++) {
			struct arming_group *g = &groups[a->all[end].state];

			if (!armed__is_event(&a->all[end]))
				continue;
			g->kinds |= 1u << a->all[end].probe->probe;
			g->twice |= armed__has_copy(&a->all[end]);
		}
		for (int state = 0; state < ARMING_STATES; state++) {
			groups[state].binary = a->all[i].binary;
			groups[state].state = (enum arming_state)state;
			if (groups[state].kinds)
				cb(ctx, &groups[state]);
		}
	}
}
