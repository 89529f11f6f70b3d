/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * See output_open.h. What is at the path decides:
 *
 *	nothing, a regular file         a new file, renamed over it
 *	a link to such, or to nothing   the same: the link goes, what it led to stays
 *	a device, a pipe                opened as it is
 *	a link to such                  followed if root or the user made it (/dev/stdout)
 *	a directory, a link to one      -EISDIR
 */
#define _GNU_SOURCE 1 /* O_PATH */
#include "output_open.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../common/log.h"

/* ---- another user's rights for a while ---- */

struct identity {
	bool changed;
	gid_t gid;
	gid_t *groups;
	int n_groups;
};

/* Once root again the rest cannot fail; if it does, this process must not go on with rights that nobody
 * chose. */
static void become_root(struct identity *was)
{
	if (was->changed && (seteuid(0) || setegid(was->gid) || setgroups((size_t)was->n_groups, was->groups))) {
		log_error("cannot get root's rights back: %s", strerror(errno));
		abort();
	}
	free(was->groups);
	*was = (struct identity){ 0 };
}

static int set_groups_of(struct caller owner)
{
	struct passwd *pw = getpwuid(owner.uid);
	int err = pw ? initgroups(pw->pw_name, owner.gid) : setgroups(1, &owner.gid);

	return err ? -errno : 0;
}

/* File system rights of `owner` until become_root(). Nothing happens if this is not root, or the owner is. */
static int become_owner(struct identity *ret_was, struct caller owner)
{
	int err;

	*ret_was = (struct identity){ 0 };
	if (geteuid() != 0 || owner.uid == 0)
		return 0;
	ret_was->gid = getegid();
	ret_was->n_groups = getgroups(0, NULL);
	if (ret_was->n_groups < 0)
		return -errno;
	ret_was->groups = calloc((size_t)ret_was->n_groups + 1, sizeof(gid_t));
	if (!ret_was->groups)
		return -ENOMEM;
	ret_was->n_groups = getgroups(ret_was->n_groups, ret_was->groups);
	if (ret_was->n_groups < 0) {
		err = -errno;
		free(ret_was->groups);
		*ret_was = (struct identity){ 0 };
		return err;
	}
	ret_was->changed = true;
	err = set_groups_of(owner);
	if (!err && (setegid(owner.gid) || seteuid(owner.uid)))
		err = -errno;
	if (err)
		become_root(ret_was);
	return err;
}

/* ---- a file ---- */

/* What is known of a descriptor that was opened. */
static int take_fd(struct output_file *ret, int fd)
{
	const int flags = fcntl(fd, F_GETFL);
	struct stat st;
	off_t offset;
	int err;

	if (flags < 0 || fstat(fd, &st) < 0) {
		err = -errno;
		close(fd);
		return err;
	}
	*ret = (struct output_file){ .fd = fd, .is_pipe = S_ISFIFO(st.st_mode), .replaced = -1 };
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

/* The path in two: a descriptor of the directory, opened once so that it cannot become another one, and
 * the name in it. */
static int open_directory(const char *path, const char **ret_name)
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
	fd = open(directory, O_PATH | O_DIRECTORY | O_CLOEXEC);
	free(directory);
	return fd < 0 ? -errno : fd;
}

static int random_name(char *name, size_t size)
{
	uint64_t random[2];

	if (getrandom(random, sizeof(random), 0) != sizeof(random))
		return errno ? -errno : -EIO;
	snprintf(name, size, ".viztrace-%016llx%016llx", (unsigned long long)random[0], (unsigned long long)random[1]);
	return 0;
}

/* A new file under a name that nobody expects, then renamed: there is no moment at which a link could be
 * followed. */
static int create(struct output_file *ret, int directory, const char *name, const struct caller *give_to)
{
	char temporary[64];
	int err, fd, replaced;

	err = random_name(temporary, sizeof(temporary));
	if (err)
		return err;
	fd = openat(directory, temporary, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0644);
	if (fd < 0)
		return -errno;
	replaced = openat(directory, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	if ((give_to && fchown(fd, give_to->uid, give_to->gid) < 0) ||
	    renameat(directory, temporary, directory, name) < 0) {
		err = -errno;
		unlinkat(directory, temporary, 0);
		close(fd);
	} else {
		err = take_fd(ret, fd);
	}
	if (!err)
		ret->replaced = replaced;
	else if (replaced >= 0)
		close(replaced);
	return err;
}

/* A device or a pipe: see output_open__waits_for_reader(). */
static int open_special(struct output_file *ret, int directory, const char *name, bool follow)
{
	int fd = openat(directory, name, O_WRONLY | O_CLOEXEC | O_NOCTTY | (follow ? 0 : O_NOFOLLOW));
	struct stat st;
	int err = 0;

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
		     struct caller owner, const struct caller *give_to)
{
	struct stat st, std;

	if (fstatat(directory, name, &st, 0) < 0)
		return errno == ENOENT || errno == ELOOP ? create(ret, directory, name, give_to) : -errno;
	if (S_ISDIR(st.st_mode))
		return -EISDIR;
	if (link->st_uid != 0 && link->st_uid != owner.uid && link->st_uid != geteuid())
		return create(ret, directory, name, give_to);
	/* /dev/stdout and its like lead to what we have already, and may be a file. */
	for (int fd = STDOUT_FILENO; fd <= STDERR_FILENO; fd++) {
		if (fstat(fd, &std) == 0 && is_same_file(&st, &std))
			return take_copy(ret, fd);
	}
	if (S_ISREG(st.st_mode))
		return create(ret, directory, name, give_to);
	return give_to ? -EACCES : open_special(ret, directory, name, true);
}

static int open_in(struct output_file *ret, int directory, const char *name, struct caller owner,
		   const struct caller *give_to)
{
	struct stat st;

	if (fstatat(directory, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return errno == ENOENT ? create(ret, directory, name, give_to) : -errno;
	if (S_ISDIR(st.st_mode))
		return -EISDIR;
	if (S_ISLNK(st.st_mode))
		return open_link(ret, directory, name, &st, owner, give_to);
	if (S_ISREG(st.st_mode))
		return create(ret, directory, name, give_to);
	return give_to ? -EACCES : open_special(ret, directory, name, false);
}

/* With the rights that this process has now; a new file becomes *give_to's if that is not NULL. */
static int open_path(struct output_file *ret, const char *path, struct caller owner, const struct caller *give_to)
{
	const char *name;
	int directory = open_directory(path, &name), err;

	if (directory < 0)
		return directory;
	err = open_in(ret, directory, name, owner, give_to);
	close(directory);
	return err;
}

bool output_open__waits_for_reader(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && S_ISFIFO(st.st_mode);
}

int output_open__path(struct output_file *ret, const char *path, struct caller owner)
{
	struct identity was;
	bool changed;
	int err;

	if (!strcmp(path, "-"))
		return take_copy(ret, STDOUT_FILENO);
	err = become_owner(&was, owner);
	if (err)
		return err;
	changed = was.changed;
	err = open_path(ret, path, owner, NULL);
	become_root(&was);
	/* A folder of root's alone that the user named on purpose, or a file of root's from an earlier run
	 * in /tmp. Only for a new file: a device that the user has no right to stays closed. */
	if (changed && (err == -EACCES || err == -EPERM))
		err = open_path(ret, path, owner, &owner);
	return err;
}
