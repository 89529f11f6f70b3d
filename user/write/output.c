/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * See output.h: writing, and what is left in the file when that fails. How the file comes to be is in
 * output_open.c.
 *
 *	file   | head | events ...        | whole                  (cut back to here on a failure)
 *	buffer                            | events ... | marks[]   | unmarked |
 *
 * SIGKILL ends a write() too, after some of its pages. So that there is a whole event before each of these
 * places, an event that would lie on two pages begins on the second one, after spaces:
 *
 *	file   | {...},{...},{...}     |,{...},{...},{...},{...} |,{...
 *	       ^ 4096 n                ^ 4096 (n + 1)
 *
 * What cannot be done so is written by write_unkilled(). The file gets its name when the first events are in it: until
 *then what was there before stays.
 */
#include "output.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "gzip.h"
#include "output_open.h"
#include "output_place.h"
#include "unkilled.h"

#define BUFFER_SIZE (256 * 1024)
#define MAX_MARKS 8192      /* in one buffer: as many events as it holds if they are short ones */
#define PLENTY (1ull << 30) /* bytes that are free on the disk */
#define PAGE 4096           /* where a write() can be cut: at multiples of this, on kernels with larger pages too */

struct output {
	int fd;
	int error;    /* the first one, for good */
	bool can_cut; /* a regular file of which the end is ours */
	bool has_head;
	bool is_pipe;
	bool late;                           /* it takes its path in the end */
	bool has_long;                       /* an event in the buffer is longer than a page */
	struct output_place *place;          /* which it gets when there is something in it; NULL: it is there */
	struct gzip *gzip;                   /* it is compressed: this writes it, and sees to its end */
	int replaced;                        /* see release_replaced(); -1: nothing */
	void (*fill)(char *to, size_t size); /* what is put between events; NULL: spaces */
	uint64_t start;                      /* where in the file our first byte is */
	uint64_t whole;                      /* bytes of whole events that are in the file */
	char *buffer;
	size_t used, capacity;
	uint32_t n_marks;
	size_t marks[MAX_MARKS]; /* ends of events in the buffer, rising */
};

static int wait_writable(int fd)
{
	struct pollfd p = { .fd = fd, .events = POLLOUT };

	return poll(&p, 1, -1) < 0 && errno != EINTR ? -errno : 0;
}

/* All of it, or an error; *ret_written tells in both cases. */
static int write_all(int fd, const char *data, size_t size, size_t *ret_written)
{
	size_t written = 0;
	ssize_t n;
	int err = 0;

	while (written < size && !err) {
		n = write(fd, data + written, size - written);
		if (n > 0)
			written += (size_t)n;
		else if (n == 0)
			err = -EIO;
		else if (errno == EAGAIN || errno == EWOULDBLOCK)
			/* Somebody else who has the pipe made it so. */
			err = wait_writable(fd);
		else if (errno != EINTR)
			err = -errno;
	}
	*ret_written = written;
	return err;
}

static int write_all_at(int fd, const char *data, size_t size, uint64_t offset)
{
	ssize_t n;

	while (size) {
		n = pwrite(fd, data, size, (off_t)offset);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n ? -errno : -EIO;
		data += n;
		offset += (uint64_t)n;
		size -= (size_t)n;
	}
	return 0;
}

/* What is after the last whole event goes. If that fails as well the file ends in half an event, and the
 * caller knows of the first error; nothing must be written behind it. */
static void cut(struct output *o)
{
	const off_t end = (off_t)(o->start + o->whole);

	if (o->can_cut && !o->gzip)
		o->can_cut = ftruncate(o->fd, end) == 0 && lseek(o->fd, end, SEEK_SET) == end;
}

static size_t last_mark(const struct output *o)
{
	return o->n_marks ? o->marks[o->n_marks - 1] : 0;
}

/* A pipe takes up to PIPE_BUF bytes at once or not at all, so as many whole events as that at a time. */
static int write_to_pipe(const struct output *o, size_t *ret_written)
{
	size_t piece, end, written = 0;
	int err = 0;

	for (uint32_t i = 0; i < o->n_marks && !err; i++) {
		end = o->marks[i];
		while (i + 1 < o->n_marks && o->marks[i + 1] - written <= PIPE_BUF)
			end = o->marks[++i];
		err = write_all(o->fd, o->buffer + written, end - written, &piece);
		written += piece;
	}
	*ret_written = written;
	return err;
}

/* As if called, see unkilled.h; what was written by who was ended nevertheless goes, as after any failure. */
static int write_unkilled(struct output *o, int (*writer)(void *), void *arg)
{
	int err = unkilled__call(writer, arg);

	if (err == -EINTR)
		cut(o);
	return err;
}

/* Write out the buffer up to the last mark, and keep what comes after it. */
static int write_buffer(void *output)
{
	struct output *o = output;
	const size_t size = last_mark(o);
	size_t written, whole = 0;

	written = 0;
	if (o->gzip)
		o->error = gzip__put(o->gzip, o->buffer, size);
	else if (o->is_pipe)
		o->error = write_to_pipe(o, &written);
	else
		o->error = write_all(o->fd, o->buffer, size, &written);
	if (o->error) {
		for (uint32_t i = 0; i < o->n_marks && o->marks[i] <= written; i++)
			whole = o->marks[i];
		o->whole += whole;
		o->used = 0;
		o->n_marks = 0;
		cut(o);
		return o->error;
	}
	o->whole += size;
	o->used -= size;
	o->n_marks = 0;
	o->has_long = false;
	memmove(o->buffer, o->buffer + size, o->used);
	return 0;
}

/*
 * The file that this one replaces. To take back the room of a large one is work for the kernel, 0.4 s for 1.5 GB, and
 * while it does that nobody empties the rings. So that is done in the end, unless the room is needed.
 */
static void release_replaced(struct output *o)
{
	if (o->replaced >= 0)
		close(o->replaced);
	o->replaced = -1;
}

static bool has_plenty_of_room(const struct output *o)
{
	struct statvfs fs;

	return fstatvfs(o->fd, &fs) == 0 && (uint64_t)fs.f_bavail * fs.f_frsize >= PLENTY;
}

/* From here on the file is at its path, and what was there is not. */
static int publish(struct output *o)
{
	int err = o->place ? output_place__take(o->place, o->fd, &o->replaced) : 0;

	output_place__free(o->place);
	o->place = NULL;
	return err;
}

static int flush(struct output *o)
{
	if (o->error || !o->n_marks)
		return o->error;
	if (o->replaced >= 0 && !has_plenty_of_room(o))
		release_replaced(o);
	if (!o->has_long || !o->can_cut || o->gzip)
		write_buffer(o);
	else
		o->error = write_unkilled(o, write_buffer, o);
	if (o->whole && !o->late) {
		int err = publish(o);

		o->error = o->error ? o->error : err;
	}
	return o->error;
}

static int make_room(struct output *o, size_t size)
{
	size_t capacity = o->capacity;
	char *buffer;
	int err = flush(o);

	if (err)
		return err;
	/* An event longer than the buffer. */
	while (capacity - o->used < size) {
		if (capacity > SIZE_MAX / 2)
			return -ENOMEM;
		capacity *= 2;
	}
	if (capacity == o->capacity)
		return 0;
	buffer = realloc(o->buffer, capacity);
	if (!buffer)
		return -ENOMEM;
	o->buffer = buffer;
	o->capacity = capacity;
	return 0;
}

bool output__has_head(const struct output *o)
{
	return o->has_head;
}

void output__without_head(struct output *o, void (*fill)(char *to, size_t size))
{
	o->has_head = false;
	o->fill = fill;
	if (o->gzip)
		gzip__without_head(o->gzip);
}

int output__write(struct output *o, const void *data, size_t size)
{
	if (o->error)
		return o->error;
	if (o->capacity - o->used < size) {
		o->error = make_room(o, size);
		if (o->error)
			return o->error;
	}
	memcpy(o->buffer + o->used, data, size);
	o->used += size;
	return 0;
}

/* Put what means nothing before the latest event, which is in the end of the buffer. */
static int pad(struct output *o, size_t size)
{
	char *event;

	if (o->capacity - o->used < size) {
		o->error = make_room(o, size);
		if (o->error)
			return o->error;
	}
	event = o->buffer + last_mark(o);
	memmove(event + size, event, o->used - last_mark(o));
	if (o->fill)
		o->fill(event, size);
	else
		memset(event, ' ', size);
	o->used += size;
	return 0;
}

/* May the event begin where the one before it ended, with `left` bytes to the end of the page? */
static bool fits(const struct output *o, size_t size, size_t left)
{
	/* What it would leave has to be filled some time; on a page of its own it would leave no less. */
	return size <= left && !(o->fill && left < PAGE && size < left && left - size < OUTPUT_FILL_MIN);
}

void output__mark(struct output *o)
{
	const size_t size = o->used - last_mark(o);
	size_t left; /* on the page where the event begins */
	bool too_few;

	if (o->error || !size)
		return;
	if (o->n_marks == MAX_MARKS && flush(o))
		return;
	left = PAGE - (o->start + o->whole + last_mark(o)) % PAGE;
	too_few = o->fill && left < OUTPUT_FILL_MIN;
	if (size > PAGE || (size > left && too_few))
		o->has_long = true;
	else if (!fits(o, size, left) && !o->is_pipe && !too_few && pad(o, left))
		return;
	o->marks[o->n_marks++] = o->used;
}

int output__flush(struct output *o)
{
	return flush(o);
}

struct ending {
	struct output *o;
	const char *head, *tail;
	size_t head_size, tail_size;
};

/* The tail, then the head. Whatever fails, the file is left as it was or whole. */
static int write_ending(void *ending)
{
	const struct ending *e = ending;
	struct output *o = e->o;
	char *padded;
	size_t written;
	int err;

	err = write_all(o->fd, e->tail, e->tail_size, &written);
	if (err || !o->has_head) {
		if (err)
			cut(o);
		return err;
	}
	padded = malloc(OUTPUT_HEAD);
	if (padded) {
		memset(padded, ' ', OUTPUT_HEAD);
		memcpy(padded, e->head, e->head_size);
		err = write_all_at(o->fd, padded, OUTPUT_HEAD, o->start);
		free(padded);
	} else {
		err = -ENOMEM;
	}
	if (err)
		cut(o);
	return err;
}

static int finish_gzip(struct output *o, const char *head, size_t head_size, const char *tail, size_t tail_size)
{
	char *padded = NULL;
	int err;

	if (o->has_head) {
		padded = malloc(OUTPUT_HEAD);
		if (!padded)
			return -ENOMEM;
		memset(padded, ' ', OUTPUT_HEAD);
		memcpy(padded, head, head_size);
	}
	err = gzip__finish(o->gzip, padded, tail, tail_size);
	free(padded);
	return err;
}

int output__finish(struct output *o, const char *head, size_t head_size, const char *tail, size_t tail_size)
{
	struct ending ending = { o, head, tail, head_size, tail_size };
	int err;

	if (o->has_head && head_size > OUTPUT_HEAD)
		return -E2BIG;
	if (o->fd < 0)
		return o->error;
	flush(o);
	/* What does not fit is lost, but cutting made room for the few bytes that complete the file.
	 * Without the head there is nothing to complete: that is so if not even the first event fitted. */
	err = o->error;
	if (o->gzip)
		err = finish_gzip(o, head, head_size, tail, tail_size);
	else if (!err || (o->can_cut && o->whole >= (o->has_head ? OUTPUT_HEAD : 1)))
		err = o->has_head ? write_unkilled(o, write_ending, &ending) : write_ending(&ending);
	/* Also what is whole but for its end, unless it has no beginning. */
	if (!err)
		err = publish(o);
	if (!o->error)
		o->error = err;
	/* Some file systems tell only now that they had no room. */
	if (close(o->fd) < 0 && errno != EINTR && !o->error)
		o->error = -errno;
	o->fd = -1;
	return o->error;
}

uint64_t output__size(const struct output *o)
{
	return o->whole + o->used;
}

uint64_t output__size_on_disk(const struct output *o)
{
	return o->gzip ? gzip__size(o->gzip) : output__size(o);
}

static bool is_to_be_compressed(const char *path)
{
	const size_t size = strlen(path);

	return size > 3 && !strcmp(path + size - 3, ".gz");
}

int output__open(struct output **ret, const char *path, enum output_kind kind, struct caller owner)
{
	struct output *o = calloc(1, sizeof(*o));
	struct output_file file;
	int err;

	if (!o)
		return -ENOMEM;
	o->fd = -1;
	o->replaced = -1;
	o->capacity = BUFFER_SIZE;
	o->buffer = malloc(o->capacity);
	err = o->buffer ? output_open__path(&file, path, kind, owner) : -ENOMEM;
	if (err) {
		output__free(o);
		return err;
	}
	o->fd = file.fd;
	o->place = file.place;
	o->start = file.start;
	o->can_cut = file.can_cut;
	o->late = kind == OUTPUT_WHOLE;
	o->is_pipe = file.is_pipe;
	/* The head is overwritten in the end, with what is before it left alone. */
	o->has_head = file.can_cut && file.start == 0;
	if (is_to_be_compressed(path)) {
		err = gzip__new(&o->gzip, o->fd, o->has_head ? OUTPUT_HEAD : 0);
		if (err) {
			output__free(o);
			return err;
		}
	}
	*ret = o;
	return 0;
}

void output__free(struct output *o)
{
	if (!o)
		return;
	if (o->fd >= 0)
		flush(o);
	gzip__free(o->gzip);
	if (o->fd >= 0)
		close(o->fd);
	release_replaced(o);
	output_place__free(o->place);
	free(o->buffer);
	free(o);
}
