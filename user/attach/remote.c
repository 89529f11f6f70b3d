// SPDX-License-Identifier: BSD-2-Clause
/* remote: see remote.h. */
#include "remote.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* Where its stack, program and loader begin: none of it stays when it executes another program. */
#define AUXV_SIZE 512

static ssize_t read_auxv(pid_t task, char to[AUXV_SIZE])
{
	char path[64];
	ssize_t n;
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/auxv", task);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return errno == ENOENT ? -ESRCH : -errno;
	n = read(fd, to, AUXV_SIZE);
	close(fd);
	return n > 0 ? n : -ESRCH;
}

static int open_mem(pid_t task)
{
	char path[64];
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/mem", task);
	fd = open(path, O_RDWR | O_CLOEXEC);
	/* Who may only read is told so when it comes to that. */
	if (fd < 0 && errno == EACCES)
		fd = open(path, O_RDONLY | O_CLOEXEC);
	return fd >= 0 ? fd : errno == ENOENT ? -ESRCH : -errno;
}

int remote__open(struct remote *ret, pid_t task)
{
	char before[AUXV_SIZE], after[AUXV_SIZE];
	ssize_t n = read_auxv(task, before);
	struct remote r;
	int err;

	if (n < 0)
		return (int)n;
	r.mem = open_mem(task);
	if (r.mem < 0)
		return r.mem;
	err = maps__open(&r.maps, task);
	if (err) {
		close(r.mem);
		return err;
	}
	/* Are both of one memory? */
	if (read_auxv(task, after) != n || memcmp(before, after, (size_t)n)) {
		remote__close(&r);
		return -ESRCH;
	}
	*ret = r;
	return 0;
}

void remote__close(struct remote *r)
{
	close(r->mem);
	maps__close(&r->maps);
}

bool remote__read(const struct remote *r, uint64_t address, void *to, size_t size)
{
	return pread(r->mem, to, size, (off_t)address) == (ssize_t)size;
}

struct remote_word remote__word(const struct mapping *m, uint64_t address)
{
	struct remote_word w = { .address = address, .dev = m->dev, .ino = m->ino };

	w.offset = m->ino ? address - m->start + m->offset : 0;
	return w;
}

static bool is_there(struct remote *r, const struct remote_word *w)
{
	struct remote_word now;
	struct mapping m;

	if (!maps__at(&r->maps, w->address, &m))
		return false;
	now = remote__word(&m, w->address);
	return now.dev == w->dev && now.ino == w->ino && now.offset == w->offset;
}

int remote__replace(struct remote *r, const struct remote_word *at, const void *old, const void *wanted, size_t size)
{
	unsigned char now[REMOTE_MOST];
	ssize_t n;

	if (size > sizeof(now) || !remote__read(r, at->address, now, size))
		return -ESRCH;
	/* The mapping last: what is between that and the writing is all that can go wrong. */
	if (memcmp(now, old, size) != 0 || !is_there(r, at))
		return -ESTALE;
	n = pwrite(r->mem, wanted, size, (off_t)at->address);
	if (n != (ssize_t)size)
		return n < 0 ? -errno : -ESRCH;
	return is_there(r, at) ? 0 : -EXDEV;
}

int remote__set(struct remote *r, const struct remote_word *w, uint16_t value)
{
	return remote__replace(r, w, &w->value, &value, sizeof(value));
}
