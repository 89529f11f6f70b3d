// SPDX-License-Identifier: BSD-2-Clause
/* maps: see maps.h. */
#include "maps.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
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

/* "7f3c9000-7f3ca000 r-xp 00001000 fe:00 1234   /usr/bin/app" */
static bool parse(char *line, struct mapping *ret)
{
	unsigned major, minor;
	char perms[5];
	int path = 0;

	if (sscanf(line, "%" SCNx64 "-%" SCNx64 " %4s %" SCNx64 " %x:%x %" SCNu64 " %n", &ret->start, &ret->end, perms,
		   &ret->offset, &major, &minor, &ret->ino, &path) < 7)
		return false;
	ret->dev = makedev(major, minor);
	ret->writable = perms[1] == 'w';
	ret->executable = perms[2] == 'x';
	ret->shared = perms[3] == 's';
	line[strcspn(line, "\n")] = 0;
	ret->path = line + path;
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
