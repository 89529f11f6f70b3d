// SPDX-License-Identifier: BSD-2-Clause
/* maps: see maps.h. */
#include "maps.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/sysmacros.h>
#include <unistd.h>

/* Of Linux 6.11 and later; older headers do not have it. */
struct query {
	uint64_t size, flags, address;
	uint64_t start, end, permissions, page_size, offset, ino;
	uint32_t major, minor, name_size, build_id_size;
	uint64_t name, build_id;
};
#define QUERY _IOWR('f', 17, struct query)
#define IS_WRITABLE 2u
#define IS_EXECUTABLE 4u
#define IS_SHARED 8u

int maps__open(struct maps *ret, pid_t task)
{
	char path[64];

	*ret = (struct maps){ 0 };
	snprintf(path, sizeof(path), "/proc/%d/maps", task);
	ret->file = fopen(path, "re");
	return ret->file ? 0 : errno == ENOENT ? -ESRCH : -errno;
}

static bool number(char **at, int base, char end, uint64_t *ret)
{
	char *begin = *at;

	*ret = strtoull(begin, at, base);
	return *at > begin && *(*at)++ == end;
}

/* "7f3c9000-7f3ca000 r-xp 00001000 fe:00 1234   /usr/bin/app". There may be 60,000 of them each second. */
static bool parse(char *line, struct mapping *ret)
{
	uint64_t major, minor;
	char *at = line, *perms;

	if (!number(&at, 16, '-', &ret->start) || !number(&at, 16, ' ', &ret->end))
		return false;
	perms = at;
	at += strcspn(at, " \n");
	if (at - perms != 4 || *at++ != ' ' || !number(&at, 16, ' ', &ret->offset) || !number(&at, 16, ':', &major) ||
	    !number(&at, 16, ' ', &minor) || !number(&at, 10, ' ', &ret->ino))
		return false;
	ret->dev = makedev((unsigned)major, (unsigned)minor);
	ret->writable = perms[1] == 'w';
	ret->executable = perms[2] == 'x';
	ret->shared = perms[3] == 's';
	at += strspn(at, " ");
	at[strcspn(at, "\n")] = 0;
	ret->path = at;
	return true;
}

bool maps__next(struct maps *m, struct mapping *ret)
{
	errno = 0;
	while (getline(&m->line, &m->size, m->file) > 0) {
		m->n++;
		if (parse(m->line, ret))
			return true;
	}
	if (ferror(m->file))
		m->err = errno ? -errno : -EIO;
	return false;
}

static bool query(struct maps *m, uint64_t address, struct mapping *ret)
{
	struct query q = { .size = sizeof(q), .address = address };

	if (ioctl(fileno(m->file), QUERY, &q)) {
		m->has_no_query = errno != ENOENT && errno != ESRCH;
		return false;
	}
	*ret = (struct mapping){
		.start = q.start,
		.end = q.end,
		.offset = q.offset,
		.dev = makedev(q.major, q.minor),
		.ino = q.ino,
		.writable = q.permissions & IS_WRITABLE,
		.executable = q.permissions & IS_EXECUTABLE,
		.shared = q.permissions & IS_SHARED,
		.path = "",
	};
	return true;
}

/* Anew: what the stream has read it may give again. */
static bool search(struct maps *m, uint64_t address, struct mapping *ret)
{
	int fd = fcntl(fileno(m->file), F_DUPFD_CLOEXEC, 0);
	struct maps fresh = { .file = fd >= 0 && !lseek(fd, 0, SEEK_SET) ? fdopen(fd, "r") : NULL };
	struct mapping found;
	bool is_there = false;

	if (!fresh.file) {
		if (fd >= 0)
			close(fd);
		return false;
	}
	while (!is_there && maps__next(&fresh, &found))
		is_there = address >= found.start && address < found.end;
	maps__close(&fresh);
	found.path = "";
	if (is_there)
		*ret = found;
	return is_there;
}

bool maps__at(struct maps *m, uint64_t address, struct mapping *ret)
{
	if (!m->has_no_query && query(m, address, ret))
		return true;
	return m->has_no_query && search(m, address, ret);
}

int maps__close(struct maps *m)
{
	free(m->line);
	fclose(m->file);
	return m->err;
}
