// SPDX-License-Identifier: BSD-2-Clause
/* memory: see memory.h. */
#define _GNU_SOURCE
#include "memory.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

#define PAGE 4096u

uint32_t memory__file(struct memory *m, const struct elf_file *elf, int fd)
{
	struct memory_file *files;

	for (size_t i = 0; i < m->n_files; i++)
		if (m->files[i].elf == elf && m->files[i].fd == fd)
			return (uint32_t)i + 1;
	files = realloc(m->files, (m->n_files + 1) * sizeof(*files));
	if (!files)
		return 0;
	m->files = files;
	files[m->n_files++] = (struct memory_file){ .elf = elf, .fd = fd };
	return (uint32_t)m->n_files;
}

const struct memory_file *memory__get_file(const struct memory *m, uint32_t number)
{
	return number && number <= m->n_files ? &m->files[number - 1] : NULL;
}

static bool is_over(const struct memory_part *p, const struct elf_file *elf, uint64_t bias)
{
	for (size_t i = 0; i < elf->n_constants; i++)
		if (p->address < elf->constants[i].address + bias + elf->constants[i].size &&
		    elf->constants[i].address + bias < p->address + p->size)
			return true;
	return false;
}

/* Records of the generation before may still be on their way. In this one others are where the file is now. */
static void drop_old(struct memory *m, const struct memory_of *of, const struct elf_file *elf, uint64_t bias)
{
	size_t n = 0;

	for (size_t i = 0; i < m->n_parts; i++) {
		const struct memory_part *p = &m->parts[i];

		if (p->pid != of->pid ||
		    (p->generation == of->generation ? !is_over(p, elf, bias) : of->generation - p->generation <= 1))
			m->parts[n++] = *p;
	}
	m->n_parts = n;
}

int memory__add_file(struct memory *m, const struct memory_of *of, const struct elf_file *elf, int fd, uint64_t bias)
{
	struct memory_part *parts;
	size_t n;

	drop_old(m, of, elf, bias);
	n = m->n_parts + elf->n_constants;
	parts = realloc(m->parts, (n ? n : 1) * sizeof(*parts));
	if (!parts)
		return -ENOMEM;
	m->parts = parts;
	for (size_t i = 0; i < elf->n_constants; i++)
		parts[m->n_parts++] = (struct memory_part){
			.address = elf->constants[i].address + bias,
			.size = elf->constants[i].size,
			.offset = elf->constants[i].offset,
			.pid = of->pid,
			.generation = of->generation,
			.fd = fd,
		};
	return 0;
}

void memory__forget(struct memory *m, pid_t pid)
{
	size_t n = 0;

	for (size_t i = 0; i < m->n_parts; i++)
		if (m->parts[i].pid != pid)
			m->parts[n++] = m->parts[i];
	m->n_parts = n;
}

int memory__read(pid_t pid, uint64_t address, void *ret, size_t size)
{
	struct iovec to = { ret, size }, from = { (void *)(uintptr_t)address, size };
	ssize_t n = process_vm_readv(pid, &to, 1, &from, 1, 0);

	return n < 0 ? -errno : (size_t)n < size ? -EFAULT : 0;
}

static bool own_part(const struct memory *m, const struct memory_of *of, uint64_t address, struct memory_part *ret)
{
	const struct memory_file *f = memory__get_file(m, of->file);

	for (size_t i = 0; f && i < f->elf->n_constants; i++) {
		const struct elf_constant *c = &f->elf->constants[i];

		if (address - of->bias - c->address >= c->size)
			continue;
		*ret = (struct memory_part){
			.address = c->address + of->bias, .size = c->size, .offset = c->offset, .fd = f->fd
		};
		return true;
	}
	return false;
}

static const struct memory_part *part_of(const struct memory *m, const struct memory_of *of, uint64_t address,
					 struct memory_part *own)
{
	if (own_part(m, of, address, own))
		return own;
	for (size_t i = 0; i < m->n_parts; i++) {
		const struct memory_part *p = &m->parts[i];

		if (p->pid == of->pid && p->generation == of->generation && address - p->address < p->size)
			return p;
	}
	return NULL;
}

bool memory__is_constant(const struct memory *m, const struct memory_of *of, uint64_t address)
{
	struct memory_part own;

	return part_of(m, of, address, &own) != NULL;
}

/* Up to MEMORY_STRING_MAX bytes, as far as they are there. */
static size_t read_some(pid_t pid, uint64_t address, char *to)
{
	size_t first = PAGE - address % PAGE;

	if (first > MEMORY_STRING_MAX)
		first = MEMORY_STRING_MAX;
	if (memory__read(pid, address, to, first))
		return 0;
	if (first == MEMORY_STRING_MAX || memchr(to, 0, first) ||
	    memory__read(pid, address + first, to + first, MEMORY_STRING_MAX - first))
		return first;
	return MEMORY_STRING_MAX;
}

void memory__string(const struct memory *m, const struct memory_of *of, uint64_t address, struct memory_string *ret)
{
	struct memory_part own;
	const struct memory_part *p = part_of(m, of, address, &own);
	size_t there = 0;
	const char *nul;

	if (p) {
		uint64_t at = address - p->address, left = p->size - at;
		ssize_t n = pread(p->fd, ret->text, left < MEMORY_STRING_MAX ? left : MEMORY_STRING_MAX,
				  (off_t)(p->offset + at));

		there = n > 0 ? (size_t)n : 0;
	} else if (of->is_there) {
		there = read_some(of->pid, address, ret->text);
	}
	nul = memchr(ret->text, 0, there);
	ret->truncated = there && !nul;
	if (ret->truncated)
		ret->text[there - 1] = 0;
	ret->size = (uint16_t)(nul ? (size_t)(nul - ret->text) + 1 : there);
}

/* As short as it may be. */
static struct memory_string *keep(const struct memory_string *s)
{
	size_t size = offsetof(struct memory_string, text) + s->size;
	struct memory_string *kept = malloc(size);

	if (kept)
		memcpy(kept, s, size);
	return kept;
}

int memory__constant(struct memory *m, const struct memory_of *of, uint64_t address, const struct memory_string **ret)
{
	uint64_t process = (uint64_t)of->generation << 32 | (uint32_t)of->pid, at = address;
	struct memory_string s, *kept;
	const struct memory_string *old;
	struct memory_part own;

	/* In a file it is the same for all processes, wherever they have it. */
	if (own_part(m, of, address, &own)) {
		process = 1ull << 63 | of->file;
		at = address - of->bias;
	}
	*ret = table__get(&m->constants, process, at);
	if (*ret)
		return 0;
	if (memory__is_full(m))
		return -ENOBUFS;
	old = table__get(&m->old_constants, process, at);
	if (!old) {
		memory__string(m, of, address, &s);
		old = &s;
	}
	kept = keep(old);
	if (!kept || table__put(&m->constants, process, at, kept)) {
		free(kept);
		return -ENOMEM;
	}
	budget__take(&m->budget, budget__entry(offsetof(struct memory_string, text) + old->size));
	*ret = kept;
	return 0;
}

bool memory__is_full(const struct memory *m)
{
	return budget__is_spent(&m->budget);
}

void memory__age(struct memory *m)
{
	table__free(&m->old_constants);
	m->old_constants = m->constants;
	m->constants = (struct table){ 0 };
	m->budget.used = 0;
}

void memory__clear(struct memory *m)
{
	table__free(&m->constants);
	table__free(&m->old_constants);
	free(m->parts);
	m->parts = NULL;
	m->n_parts = 0;
	free(m->files);
	m->files = NULL;
	m->n_files = 0;
}
