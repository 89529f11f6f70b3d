// SPDX-License-Identifier: BSD-2-Clause
/* output_place: see output_place.h. */
#define _GNU_SOURCE
#include "output_place.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "identity.h"
#include "unkilled.h"

struct output_place {
	int directory;
	char *name;
	char temporary[64]; /* the name that it has until then, or "" */
	bool as_owner;      /* with the rights of: */
	struct caller owner;
};

void output_place__free(struct output_place *place)
{
	if (!place)
		return;
	if (place->temporary[0])
		unlinkat(place->directory, place->temporary, 0);
	if (place->directory >= 0)
		close(place->directory);
	free(place->name);
	free(place);
}

static int random_name(char *name, size_t size)
{
	uint64_t random[2];

	if (getrandom(random, sizeof(random), 0) != sizeof(random))
		return errno ? -errno : -EIO;
	snprintf(name, size, ".viztrace-%016llx%016llx", (unsigned long long)random[0], (unsigned long long)random[1]);
	return 0;
}

/* Without a name, where the file system can do that; else under one that nobody expects. */
static int open_new(struct output_place *place)
{
	int fd = openat(place->directory, ".", O_TMPFILE | O_WRONLY | O_CLOEXEC, 0600), err;

	if (fd >= 0 || (errno != EOPNOTSUPP && errno != EISDIR))
		return fd < 0 ? -errno : fd;
	err = random_name(place->temporary, sizeof(place->temporary));
	if (err)
		return err;
	fd = openat(place->directory, place->temporary, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd >= 0)
		return fd;
	err = -errno;
	place->temporary[0] = 0;
	return err;
}

int output_place__new(struct output_place **ret, int *ret_fd, int directory, const char *name)
{
	struct output_place *place = calloc(1, sizeof(*place));
	int fd;

	if (!place)
		return -ENOMEM;
	place->name = strdup(name);
	place->directory = fcntl(directory, F_DUPFD_CLOEXEC, 3);
	fd = !place->name ? -ENOMEM : place->directory < 0 ? -errno : open_new(place);
	if (fd < 0) {
		output_place__free(place);
		return fd;
	}
	*ret_fd = fd;
	*ret = place;
	return 0;
}

void output_place__as(struct output_place *place, struct caller owner)
{
	place->as_owner = true;
	place->owner = owner;
}

struct naming {
	struct output_place *place;
	int fd;
};

static int name_file(void *naming)
{
	const struct naming *n = naming;
	struct output_place *place = n->place;
	char path[64];
	int err;

	if (!place->temporary[0]) {
		snprintf(path, sizeof(path), "/proc/self/fd/%d", n->fd);
		if (!linkat(AT_FDCWD, path, place->directory, place->name, AT_SYMLINK_FOLLOW))
			return 0;
		if (errno != EEXIST)
			return -errno;
		err = random_name(place->temporary, sizeof(place->temporary));
		if (!err && linkat(AT_FDCWD, path, place->directory, place->temporary, AT_SYMLINK_FOLLOW))
			err = -errno;
		if (err) {
			place->temporary[0] = 0;
			return err;
		}
	}
	if (renameat(place->directory, place->temporary, place->directory, place->name))
		return -errno;
	place->temporary[0] = 0;
	return 0;
}

int output_place__take(struct output_place *place, int fd, int *ret_replaced)
{
	struct naming naming = { place, fd };
	struct identity was = { 0 };
	int err = place->as_owner ? identity__become(&was, place->owner) : 0, replaced;

	if (err)
		return err;
	replaced = openat(place->directory, place->name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	err = unkilled__call(name_file, &naming);
	identity__back(&was);
	if (!err)
		*ret_replaced = replaced;
	else if (replaced >= 0)
		close(replaced);
	return err;
}
