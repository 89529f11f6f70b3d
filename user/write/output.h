/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * output: the file that a trace goes to. Knows nothing of a format but where an event ends.
 *
 * A regular file begins, unless the format has no use for that, with a head of OUTPUT_HEAD bytes that is filled in at
 * the end; until then it holds what makes an unfinished file loadable. What is on disk always ends on a whole event,
 * also when this process is killed while it writes: spaces between events see to that. It is not at its path before the
 * first events are in it, and until then what was there stays. Exceptions, when a SIGKILL ends all processes of a
 * container or control group at once: in the middle of an event of over 4096 bytes, between the tail and the head of
 * output__finish(), and while the file takes its path; and on file systems without O_TMPFILE, where a file that was
 * begun and not yet named may be left. A pipe can end in the middle of an event of over PIPE_BUF bytes.
 *
 * A file whose name ends in .gz is compressed (gzip.h). Unpacked it is the same; after a SIGKILL it holds what was
 * flushed before, and perhaps a part of what was being written then.
 */
#ifndef VIZTRACE_OUTPUT_H
#define VIZTRACE_OUTPUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "../common/caller.h"

#define OUTPUT_HEAD 16384

struct output;

/* How to take what is at the path. */
enum output_kind {
	OUTPUT_ANY,   /* a device or a pipe is opened as it is */
	OUTPUT_FILE,  /* only for a file; a path that nobody has named is not to lead anywhere else */
	OUTPUT_WHOLE, /* the same, and it takes its path when it is finished, and not before */
};

/* Make the file `path` ("-": stdout), owned by `owner` and opened with that user's rights. It has no name until it is
 * flushed, and is then renamed to `path`: a link that somebody placed there is replaced, not followed. 0 or -errno;
 * -EEXIST: there is something that is no file. */
int output__open(struct output **ret, const char *path, enum output_kind kind, struct caller owner);

/* Can the head be filled in later? Not on a pipe. */
bool output__has_head(const struct output *o);

/* Before anything is written: there is no head, and between events are no spaces but what `fill` makes: any number of
 * bytes from OUTPUT_FILL_MIN to 4096 on that mean nothing. */
#define OUTPUT_FILL_MIN 8
void output__without_head(struct output *o, void (*fill)(char *to, size_t size));

/* Append. Buffered; 0 or -errno of the first failed write, and the same from then on. */
int output__write(struct output *o, const void *data, size_t size);

/* All that was written up to here may be on disk by itself: a whole event has ended. */
void output__mark(struct output *o);

/* Write out what is buffered up to the last mark. The first time that there is something, the file takes its path. */
int output__flush(struct output *o);

/* Put the tail after the last whole event, then the head (padded with spaces to OUTPUT_HEAD) in the beginning. If there
 * is no room for the tail, the file is cut back to the last whole event and stays as it was made to be loadable. */
int output__finish(struct output *o, const char *head, size_t head_size, const char *tail, size_t tail_size);

uint64_t output__size(const struct output *o); /* bytes, buffered ones included, before they are compressed */
uint64_t output__size_on_disk(const struct output *o);
void output__free(struct output *o);

#endif
