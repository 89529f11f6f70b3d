// SPDX-License-Identifier: BSD-2-Clause
/* lines: see lines.h. */
#include "lines.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#define PIECE (256u << 10) /* bytes that are asked for at a time */

struct lines {
	gzFile file;
	char *data; /* from `at` to `size` there is what has been read and not returned yet */
	size_t at, size, room;
	uint64_t number;
	bool ended, is_cut;
};

int lines__new(struct lines **ret, int fd)
{
	struct lines *l = calloc(1, sizeof(*l));

	if (!l)
		return -ENOMEM;
	l->file = gzdopen(fd, "rb");
	if (!l->file) {
		free(l);
		return -ENOMEM;
	}
	gzbuffer(l->file, PIECE);
	*ret = l;
	return 0;
}

void lines__free(struct lines *l)
{
	if (!l)
		return;
	gzclose(l->file);
	free(l->data);
	free(l);
}

/* Room for another piece, and a NUL. */
static int make_room(struct lines *l)
{
	size_t room = l->room ? l->room : 2 * PIECE;
	char *more;

	if (l->at) {
		memmove(l->data, l->data + l->at, l->size - l->at);
		l->size -= l->at;
		l->at = 0;
	}
	if (l->size > LINES_MAX)
		return -E2BIG;
	while (room < l->size + PIECE + 1)
		room *= 2;
	if (room == l->room)
		return 0;
	more = realloc(l->data, room);
	if (!more)
		return -ENOMEM;
	l->data = more;
	l->room = room;
	return 0;
}

static int read_more(struct lines *l)
{
	int err = make_room(l), n, state = 0;

	if (err)
		return err;
	errno = 0;
	n = gzread(l->file, l->data + l->size, PIECE);
	if (n > 0)
		l->size += (size_t)n;
	else
		l->ended = true;
	gzerror(l->file, &state);
	/* The end of what is packed is not there: what was unpacked until then is right. */
	if (n <= 0 && state == Z_BUF_ERROR)
		l->is_cut = true;
	else if (n < 0)
		return state == Z_ERRNO && errno ? -errno : state == Z_MEM_ERROR ? -ENOMEM : -EILSEQ;
	return 0;
}

int lines__next(struct lines *l, char **ret, size_t *ret_size)
{
	size_t searched = 0;
	char *end = NULL;
	int err;

	for (;;) {
		if (l->size - l->at > searched)
			end = memchr(l->data + l->at + searched, '\n', l->size - l->at - searched);
		if (end || l->ended)
			break;
		searched = l->size - l->at;
		err = read_more(l);
		if (err)
			return err;
	}
	if (!end && l->at == l->size)
		return 0;
	*ret = l->data + l->at;
	*ret_size = end ? (size_t)(end - *ret) : l->size - l->at;
	(*ret)[*ret_size] = 0;
	l->at += *ret_size + (end != NULL);
	l->number++;
	return 1;
}

uint64_t lines__number(const struct lines *l)
{
	return l->number;
}

bool lines__are_cut(const struct lines *l)
{
	return l->is_cut;
}
