/* SPDX-License-Identifier: BSD-2-Clause */
/* stream: the bytes of a file, packed by gzip or not, as they are asked for. zlib tells which it is, and unpacks it. */
#ifndef VIZTRACE_STREAM_H
#define VIZTRACE_STREAM_H

#include <stdbool.h>
#include <stddef.h>

#define STREAM_MAX (64u << 20) /* bytes that are wanted at once: a line, a packet */

struct stream {
	char *data;      /* from `at` to `size` there is what has been read and not used yet, */
	size_t at, size; /* and room for one byte more */
	bool ended;      /* there is nothing beyond that */
	bool is_cut;     /* by then: what is packed ends in the middle */

	size_t room;
	struct gzFile_s *file;
};

/* `fd` is closed by stream__free() if 0 is returned; else -errno. */
int stream__new(struct stream **ret, int fd);
void stream__free(struct stream *s);

/* Some more bytes; what is unused may move to another place. 0; -errno: they cannot be read; -EILSEQ: they are packed,
 * but not as gzip does that; -E2BIG: there are more than STREAM_MAX already. */
int stream__more(struct stream *s);

#endif
