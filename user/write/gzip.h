/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * gzip: what output would write to a file, compressed, by a thread of its own: that takes longer than to write it. The
 * unpacked file is the same as the one that output writes plainly, its head included, which is only known in the end.
 *
 *	file   | header | stored: the head, as it is | deflate, flushed | deflate, flushed | stored: the tail | crc,
 *size | ^ written over in the end                     ^ cut back to here on a failure
 *
 * After each flush the file can be unpacked up to there: what gzip says of its missing end is no more than that.
 */
#ifndef VIZTRACE_GZIP_H
#define VIZTRACE_GZIP_H

#include <stddef.h>
#include <stdint.h>

struct gzip;

/* `fd` stays the caller's; `head_size`: so many bytes at the beginning, below 64 KiB, are replaced in the end, 0: none.
 * 0 or -errno. */
int gzip__new(struct gzip **ret, int fd, size_t head_size);

/* Before anything is put there: nothing will be replaced. */
void gzip__without_head(struct gzip *g);

/* Whole events. Waits if much of what came before is not compressed yet. 0, or -errno of the first write that failed,
 * and the same from then on: the file ends with what came before that. */
int gzip__put(struct gzip *g, const char *data, size_t size);

/* The end; `head` of the size that was given, or NULL. 0 or -errno, of an earlier write too: the file is whole all the
 * same if there is room for that. */
int gzip__finish(struct gzip *g, const char *head, const char *tail, size_t tail_size);

/* Of the file, so far. */
uint64_t gzip__size(struct gzip *g);

/* Without gzip__finish() the end is missing. Takes NULL. */
void gzip__free(struct gzip *g);

#endif
