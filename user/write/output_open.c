/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * See output_open.h. What is at the path decides:
 *
 *	nothing, a regular file         a new file, which is renamed over it when there is something in it
 *	a link to such, or to nothing   the same: the link goes, what it led to stays
 *	a device, a pipe                opened as it is, unless it is a pipe that a stranger put into a folder for all
 *	a link to such                  followed if root or the user made it (/dev/stdout)
 *	a directory, a link to one      -EISDIR
 */
#define _GNU_SOURCE 1 /* O_PATH */
#include "output_open.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "identity.h"
#include "output_place.h"
#include "trusted.h"

/* ---- a file ---- */

/* What is known of a descriptor that was opened. */
static int take_fd(struct output_file *ret, int fd)
{
	const int flags = fcntl(fd, F_GETFL);
	struct stat st;
	off_t offset;
	int err;

	if (flags < 0 || fstat(fd, &st) < 0 || (flags & O_ACCMODE) == O_RDONLY) {
		err = flags >= 0 && (flags & O_ACCMODE) == O_RDONLY ? -EBADF : -errno;
		close(fd);
		return err;
	}
	*ret = (struct output_file){ .fd = fd, .is_pipe = S_ISFIFO(st.st_mode) };
	if (!S_ISREG(st.st_mode) || (flags & O_APPEND))
		return 0;
	offset = lseek(fd, 0, SEEK_CUR);
	if (offset < 0)
		return 0;
	ret->start = (uint64_t)offset;
	/* Nothing behind it that belongs to somebody else. */
	ret->can_cut = offset >= st.st_size;
	return 0;
}

static int take_copy(struct output_file *ret, int fd)
{
	int copy = fcntl(fd, F_DUPFD_CLOEXEC, 3);

	return copy < 0 ? -errno : take_fd(ret, copy);
}

static bool is_same_file(const struct stat *a, const struct stat *b)
{
	return a->st_dev == b->st_dev && a->st_ino == b->st_ino;
}

/* What is wanted, and with whose rights. */
struct request {
	struct caller owner;
	enum output_kind kind;
	bool as_root; /* in a second try: a new file, which then becomes the owner's */
};

/* The path in two: a descriptor of the directory, opened once so that it cannot become another one, and
 * the name in it. */
static int open_directory(const char *path, const struct request *r, const char **ret_name)
{
	const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;
	char *directory;
	int fd;

	*ret_name = name;
	if (!*path)
		return -ENOENT;
	if (!*name || !strcmp(name, ".") || !strcmp(name, ".."))
		return -EISDIR;
	directory = slash ? strndup(path, slash == path ? 1 : (size_t)(slash - path)) : strdup(".");
	if (!directory)
		return -ENOMEM;
	if (r->as_root) {
		fd = trusted__open_folder(directory, r->owner);
	} else {
		fd = open(directory, O_PATH | O_DIRECTORY | O_CLOEXEC);
		fd = fd < 0 ? -errno : fd;
	}
	free(directory);
	return fd;
}

/* A new file, without a name for now. */
static int create(struct output_file *ret, int directory, const char *name, const struct request *r)
{
	struct output_place *place;
	int fd, err = output_place__new(&place, &fd, directory, name);

	if (err)
		return err;
	if (r->as_root && fchown(fd, r->owner.uid, r->owner.gid) < 0) {
		err = -errno;
		close(fd);
	} else {
		err = take_fd(ret, fd);
	}
	if (err)
		output_place__free(place);
	else
		ret->place = place;
	return err;
}

/* ---- what is there ---- */

/* A file or link that is there, to be replaced. */
static int replace(struct output_file *ret, int directory, const char *name, const struct stat *st,
		   const struct request *r)
{
	struct stat folder;

	/* The kernel would say so, but when it is too late for the second try. */
	if (fstat(directory, &folder))
		return -errno;
	if (geteuid() != 0 && (folder.st_mode & S_ISVTX) && st->st_uid != geteuid() && folder.st_uid != geteuid())
		return -EPERM;
	return create(ret, directory, name, r);
}

/* Put there by somebody else, into a folder for all, to have it opened (fs.protected_fifos is for new files alone). */
static bool is_planted(int directory, const struct stat *st, struct caller owner)
{
	struct stat folder;

	if (st->st_uid == 0 || st->st_uid == owner.uid || st->st_uid == geteuid())
		return false;
	return fstat(directory, &folder) ||
	       ((folder.st_mode & S_ISVTX) && (folder.st_mode & (S_IWGRP | S_IWOTH)) && st->st_uid != folder.st_uid);
}

/* A device or a pipe: see output_open__waits_for_reader(). */
static int open_special(struct output_file *ret, int directory, const char *name, const struct request *r, bool follow)
{
	struct stat st;
	int fd, err = 0;

	if (r->kind != OUTPUT_ANY)
		return -EEXIST;
	if (r->as_root)
		return -EACCES;
	if (fstatat(directory, name, &st, follow ? 0 : AT_SYMLINK_NOFOLLOW))
		return -errno;
	if (S_ISFIFO(st.st_mode) && !follow && is_planted(directory, &st, r->owner))
		return -EACCES;
	fd = openat(directory, name, O_WRONLY | O_CLOEXEC | O_NOCTTY | (follow ? 0 : O_NOFOLLOW));
	if (fd < 0)
		return -errno;
	if (fstat(fd, &st) < 0)
		err = -errno;
	else if (S_ISREG(st.st_mode))
		/* It was none a moment ago: somebody plays games. */
		err = -EEXIST;
	if (err) {
		close(fd);
		return err;
	}
	return take_fd(ret, fd);
}

/* A link. Followed only to what is no regular file, and only if its maker may do what we are about to. */
static int open_link(struct output_file *ret, int directory, const char *name, const struct stat *link,
		     const struct request *r)
{
	struct stat st, std;

	if (fstatat(directory, name, &st, 0) < 0)
		return errno == ENOENT || errno == ELOOP ? replace(ret, directory, name, link, r) : -errno;
	if (S_ISDIR(st.st_mode))
		return -EISDIR;
	if (r->kind != OUTPUT_ANY || (link->st_uid != 0 && link->st_uid != r->owner.uid && link->st_uid != geteuid()))
		return replace(ret, directory, name, link, r);
	/* /dev/stdout and its like lead to what we have already, and may be a file. */
	for (int fd = STDOUT_FILENO; fd <= STDERR_FILENO; fd++) {
		if (fstat(fd, &std) == 0 && is_same_file(&st, &std))
			return take_copy(ret, fd);
	}
	if (S_ISREG(st.st_mode))
		return replace(ret, directory, name, link, r);
	return open_special(ret, directory, name, r, true);
}

static int open_in(struct output_file *ret, int directory, const char *name, const struct request *r)
{
	struct stat st;

	if (fstatat(directory, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return errno == ENOENT ? create(ret, directory, name, r) : -errno;
	if (S_ISDIR(st.st_mode))
		return -EISDIR;
	if (S_ISLNK(st.st_mode))
		return open_link(ret, directory, name, &st, r);
	if (S_ISREG(st.st_mode))
		return replace(ret, directory, name, &st, r);
	return open_special(ret, directory, name, r, false);
}

/* With the rights that this process has now. */
static int open_path(struct output_file *ret, const char *path, const struct request *r)
{
	const char *name;
	int directory = open_directory(path, r, &name), err;

	if (directory < 0)
		return directory;
	err = open_in(ret, directory, name, r);
	close(directory);
	return err;
}

bool output_open__waits_for_reader(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && S_ISFIFO(st.st_mode);
}

int output_open__path(struct output_file *ret, const char *path, enum output_kind kind, struct caller owner)
{
	struct request r = { .owner = owner, .kind = kind };
	struct identity was;
	bool changed;
	int err;

	if (!strcmp(path, "-"))
		return take_copy(ret, STDOUT_FILENO);
	err = identity__become(&was, owner);
	if (err)
		return err;
	changed = was.changed;
	err = open_path(ret, path, &r);
	identity__back(&was);
	if (!err && ret->place && changed)
		output_place__as(ret->place, owner);
	/* A folder of root's alone that the user named on purpose, or a file of root's from an earlier run
	 * in /tmp. Only for a new file: a device that the user has no right to stays closed. */
	r.as_root = true;
	if (changed && (err == -EACCES || err == -EPERM))
		err = open_path(ret, path, &r);
	return err;
}
