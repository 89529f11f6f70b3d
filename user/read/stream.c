// SPDX-License-Identifier: BSD-2-Clause
/* stream: see stream.h. */
#include "stream.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#define PIECE (256u << 10) /* bytes that are asked for at a time */

int stream__new(struct stream **ret, int fd)
{
	struct stream *s = calloc(1, sizeof(*s));

	if (!s)
		return -ENOMEM;
	s->file = gzdopen(fd, "rb");
	if (!s->file) {
		free(s);
		return -ENOMEM;
	}
	gzbuffer(s->file, PIECE);
	*ret = s;
	return 0;
}

void stream__free(struct stream *s)
{
	if (!s)
		return;
	gzclose(s->file);
	free(s->data);
	free(s);
}

/* Room for another piece, and one byte. */
static int make_room(struct stream *s)
{
	size_t room = s->room ? s->room : 2 * PIECE;
	char *more;

	if (s->at) {
		memmove(s->data, s->data + s->at, s->size - s->at);
		s->size -= s->at;
		s->at = 0;
	}
	if (s->size > STREAM_MAX)
		return -E2BIG;
	while (room < s->size + PIECE + 1)
		room *= 2;
	if (room == s->room)
		return 0;
	more = realloc(s->data, room);
	if (!more)
		return -ENOMEM;
	s->data = more;
	s->room = room;
	return 0;
}

int stream__more(struct stream *s)
{
	int err = make_room(s), n, state = 0;

	if (err)
		return err;
	errno = 0;
	n = gzread(s->file, s->data + s->size, PIECE);
	if (n > 0)
		s->size += (size_t)n;
	else
		s->ended = true;
	gzerror(s->file, &state);
	/* The end of what is packed is not there: what was unpacked until then is right. */
	if (n <= 0 && state == Z_BUF_ERROR)
		s->is_cut = true;
	else if (n < 0)
		return state == Z_ERRNO && errno ? -errno : state == Z_MEM_ERROR ? -ENOMEM : -EILSEQ;
	return 0;
}
