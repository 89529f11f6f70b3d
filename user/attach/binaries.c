// SPDX-License-Identifier: BSD-2-Clause
/* binaries: see binaries.h. */
#include "binaries.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../common/elf_apart.h"
#include "../common/elf_bounds.h"
#include "../common/log.h"

static uint64_t ns(struct timespec t)
{
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

/* A file that is held open keeps its inode, and deleting it changes no more than its status; the inode of
 * another one may be given to a new file. */
static bool is(const struct binary *b, const struct stat *st)
{
	return b->ino == st->st_ino && b->dev == st->st_dev && b->size == (uint64_t)st->st_size &&
	       b->modified == ns(st->st_mtim) && (b->fd >= 0 || b->changed == ns(st->st_ctim));
}

int binary__is_at(const struct binary *b, const char *path)
{
	struct stat st;

	return stat(path, &st) ? -errno : b->ino == st.st_ino && b->dev == st.st_dev;
}

int binaries__get(struct binaries *b, int fd, const char *path, struct binary **ret)
{
	struct binary *binary;
	struct stat st;
	int err;

	if (fstat(fd, &st)) {
		err = -errno;
		close(fd);
		return err;
	}
	for (binary = b->first; binary; binary = binary->next) {
		if (!is(binary, &st))
			continue;
		if (binary->fd < 0 && binary__is_kept(binary))
			binary->fd = fd;
		else
			close(fd);
		*ret = binary;
		return 0;
	}
	if (b->only_known) {
		close(fd);
		return -ENOENT;
	}
	binary = calloc(1, sizeof(*binary));
	if (binary)
		binary->path = strdup(path);
	err = binary && binary->path ? elf_file__read_apart(&binary->elf, fd) : -ENOMEM;
	if (err == -ENOMEM) {
		close(fd);
		if (binary)
			free(binary->path);
		free(binary);
		return -ENOMEM;
	}
	binary->dev = st.st_dev;
	binary->ino = st.st_ino;
	binary->size = (uint64_t)st.st_size;
	binary->modified = ns(st.st_mtim);
	binary->changed = ns(st.st_ctim);
	binary->fd = fd;
	if (err == -E2BIG)
		log_warn("%s is not read: " ELF_TOO_LARGE, path);
	if (err == -ELIBBAD)
		log_warn("%s is not read: " ELF_ENDED_ITS_READER, path);
	if (!binary__is_kept(binary)) {
		close(fd);
		binary->fd = -1;
	}
	if (b->last)
		b->last->next = binary;
	else
		b->first = binary;
	b->last = binary;
	*ret = binary;
	return 0;
}

void binaries__release(struct binary *b)
{
	close(b->fd);
	b->fd = -1;
	b->attached = 0;
}

void binaries__clear(struct binaries *b)
{
	struct binary *binary;

	while ((binary = b->first)) {
		b->first = binary->next;
		elf_file__free(&binary->elf);
		if (binary->fd >= 0)
			close(binary->fd);
		free(binary->path);
		free(binary);
	}
	b->last = NULL;
}
