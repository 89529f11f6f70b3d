// SPDX-License-Identifier: BSD-2-Clause
/*
 * elf_apart: see elf_apart.h. What comes back is the struct, its probes, classes and constants, one after the other as
 * they are in memory, and then the bytes of the classes; a class has the place of its bytes among these instead of a
 * pointer.
 */
#include "elf_apart.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "apart.h"
#include "elf_bounds.h"

static int put(int fd, const void *from, size_t size)
{
	const char *at = from;

	while (size) {
		ssize_t n = write(fd, at, size);

		if (n <= 0)
			return n < 0 ? -errno : -EIO;
		at += n;
		size -= (size_t)n;
	}
	return 0;
}

static int get(int fd, void *to, size_t size)
{
	char *at = to;

	while (size) {
		ssize_t n = read(fd, at, size);

		if (n <= 0)
			return -ELIBBAD;
		at += n;
		size -= (size_t)n;
	}
	return 0;
}

static size_t data_size(const struct elf_file *f)
{
	size_t size = 0;

	for (size_t i = 0; i < f->n_classes; i++) {
		size_t end = (size_t)((const char *)f->classes[i].bytes - (const char *)f->data) + f->classes[i].size;

		size = end > size ? end : size;
	}
	return size;
}

static int send(void *ctx, int out)
{
	struct elf_file f;
	int err = elf_file__read(&f, *(int *)ctx);
	size_t size;

	if (err)
		return err;
	size = data_size(&f);
	for (size_t i = 0; i < f.n_classes; i++)
		f.classes[i].bytes = (void *)((const char *)f.classes[i].bytes - (const char *)f.data);
	err = put(out, &f, sizeof(f));
	if (!err)
		err = put(out, f.probes, f.n_probes * sizeof(*f.probes));
	if (!err)
		err = put(out, f.classes, f.n_classes * sizeof(*f.classes));
	if (!err)
		err = put(out, f.constants, f.n_constants * sizeof(*f.constants));
	if (!err)
		err = put(out, &size, sizeof(size));
	return err ? err : put(out, f.data, size);
}

/* *ret is NULL for none. */
static int get_list(int fd, void *ret, size_t n, size_t max, size_t size)
{
	void **list = ret;
	int err;

	*list = NULL;
	if (n > max)
		return -ELIBBAD;
	if (!n)
		return 0;
	*list = malloc(n * size);
	err = *list ? get(fd, *list, n * size) : -ENOMEM;
	return err;
}

/* A bool of somebody else's may be neither. */
static void settle(bool *b)
{
	unsigned char byte;

	memcpy(&byte, b, 1);
	*b = byte & 1;
}

/* Of events, and the one that is none. */
static int check_probe(struct elf_probe *p, bool is_event)
{
	if (((unsigned int)p->probe < EVENT_PROBES) != is_event)
		return -ELIBBAD;
	settle(&p->has_sites);
	settle(&p->has_own);
	p->args[sizeof(p->args) - 1] = 0;
	return p->code_size <= sizeof(p->code) ? 0 : -ELIBBAD;
}

static int check_class(const struct elf_file *f, struct elf_class *c, size_t size)
{
	uintptr_t at = (uintptr_t)c->bytes;

	settle(&c->repeated);
	if (at > size || c->size > size - at)
		return -ELIBBAD;
	c->bytes = (const char *)f->data + at;
	return 0;
}

static int check(struct elf_file *f, size_t size)
{
	int err = 0;

	settle(&f->is_program);
	settle(&f->is_stripped);
	f->build_id[sizeof(f->build_id) - 1] = 0;
	for (int i = 0; i < ELF_EXAMPLES; i++)
		f->inline_nop5[i][ELF_EXAMPLE_SIZE - 1] = 0;
	if (f->batch.pool)
		err = check_probe(&f->batch.flush, false);
	for (size_t i = 0; i < f->n_probes && !err; i++)
		err = check_probe(&f->probes[i], true);
	for (size_t i = 0; i < f->n_classes && !err; i++)
		err = check_class(f, &f->classes[i], size);
	return err;
}

static int receive(struct elf_file *ret, int fd)
{
	struct elf_file f;
	size_t size = 0;
	int err = get(fd, &f, sizeof(f));

	if (err)
		return err;
	f.probes = NULL;
	f.classes = NULL;
	f.constants = NULL;
	f.data = NULL;
	err = get_list(fd, &f.probes, f.n_probes, ELF_PROBES_MAX, sizeof(*f.probes));
	if (!err)
		err = get_list(fd, &f.classes, f.n_classes, ELF_CLASSES_MAX, sizeof(*f.classes));
	if (!err)
		err = get_list(fd, &f.constants, f.n_constants, ELF_SEGMENTS_MAX, sizeof(*f.constants));
	if (!err)
		err = get(fd, &size, sizeof(size));
	if (!err)
		err = get_list(fd, &f.data, size, ELF_SEARCHED_MAX, 1);
	if (!err)
		err = check(&f, size);
	if (err)
		elf_file__free(&f);
	else
		*ret = f;
	return err;
}

int elf_file__read_apart(struct elf_file *ret, int fd)
{
	int out, err = apart__call(send, &fd, &out);

	if (err == -EAGAIN)
		return elf_file__read(ret, fd);
	if (err)
		return err;
	err = receive(ret, out);
	close(out);
	return err;
}
