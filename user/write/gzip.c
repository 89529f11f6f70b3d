/* SPDX-License-Identifier: BSD-2-Clause */
#include "gzip.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>

#define PENDING_MAX (8u << 20) /* bytes that wait to be compressed */
#define PIECE (64u << 10)      /* of compressed bytes */
#define HEADER_SIZE 10
#define STORED_SIZE 5 /* before the bytes of a block that is stored as it is */

struct bytes {
	char *data;
	size_t size, room;
};

struct gzip {
	int fd;
	size_t head_size;
	pthread_t thread;
	bool has_thread;
	pthread_mutex_t lock;
	pthread_cond_t changed;
	struct bytes pending; /* these four under the lock */
	bool working, over;
	int error;
	uint64_t whole; /* bytes of the file up to the last flush */

	/* The thread's. */
	struct bytes working_on;
	z_stream stream;
	unsigned char piece[PIECE];
	size_t skip;     /* bytes of the head that are still to come */
	uint64_t length; /* of what is behind the head, and its checksum, up to the last flush */
	uLong crc;
};

static int write_all(int fd, const void *data, size_t size)
{
	const char *from = data;

	while (size) {
		ssize_t n = write(fd, from, size);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n ? -errno : -EIO;
		from += n;
		size -= (size_t)n;
	}
	return 0;
}

/* Little endian, as all numbers of the format. */
static void put_number(unsigned char *to, uint32_t n, int bytes)
{
	for (int i = 0; i < bytes; i++)
		to[i] = (unsigned char)(n >> 8 * i);
}

/* What stands before a block of bytes that are stored as they are. */
static void put_stored(unsigned char *to, size_t size, bool last)
{
	to[0] = last;
	put_number(to + 1, (uint32_t)size, 2);
	put_number(to + 3, ~(uint32_t)size, 2);
}

/* The header, and the head as it is now. */
static int write_beginning(struct gzip *g, const char *head)
{
	unsigned char begin[HEADER_SIZE + STORED_SIZE] = { 0x1f, 0x8b,
							   Z_DEFLATED, [8] = 4 /* fast */, [9] = 3 /* Unix */ };
	size_t size = HEADER_SIZE;
	int err;

	if (g->head_size) {
		put_stored(begin + HEADER_SIZE, g->head_size, false);
		size += STORED_SIZE;
	}
	err = write_all(g->fd, begin, size);
	if (!err)
		err = write_all(g->fd, head, g->head_size);
	if (!err)
		g->whole = size + g->head_size;
	return err;
}

/* All of it is in the file when this returns, and can be unpacked. */
static int compress_all(struct gzip *g, const char *data, size_t size)
{
	uint64_t written = 0;
	int err = 0;

	g->stream.next_in = (unsigned char *)data;
	g->stream.avail_in = (uInt)size;
	do {
		size_t n;

		g->stream.next_out = g->piece;
		g->stream.avail_out = PIECE;
		deflate(&g->stream, Z_SYNC_FLUSH);
		n = PIECE - g->stream.avail_out;
		err = write_all(g->fd, g->piece, n);
		written += n;
	} while (!err && !g->stream.avail_out);
	if (err)
		return err;
	g->crc = crc32(g->crc, (const unsigned char *)data, (uInt)size);
	g->length += size;
	pthread_mutex_lock(&g->lock);
	g->whole += written;
	pthread_mutex_unlock(&g->lock);
	return 0;
}

/* What is behind the last flush goes. */
static void cut(struct gzip *g)
{
	if (ftruncate(g->fd, (off_t)g->whole) == 0)
		lseek(g->fd, (off_t)g->whole, SEEK_SET);
}

static int take(struct gzip *g, const char *data, size_t size)
{
	int err = 0;

	/* The head comes first, in one piece. */
	if (g->skip) {
		if (size < g->skip)
			return -EINVAL;
		err = write_beginning(g, data);
		data += g->skip;
		size -= g->skip;
		g->skip = 0;
	} else if (!g->whole) {
		err = write_beginning(g, data);
	}
	if (!err && size)
		err = compress_all(g, data, size);
	if (err)
		cut(g);
	return err;
}

static void *work(void *gzip)
{
	struct gzip *g = gzip;

	pthread_mutex_lock(&g->lock);
	for (;;) {
		struct bytes swap = g->pending;
		int err = g->error;

		if (!swap.size && g->over)
			break;
		if (!swap.size) {
			pthread_cond_wait(&g->changed, &g->lock);
			continue;
		}
		g->pending = g->working_on;
		g->pending.size = 0;
		g->working_on = swap;
		pthread_cond_broadcast(&g->changed);
		pthread_mutex_unlock(&g->lock);
		if (!err)
			err = take(g, g->working_on.data, g->working_on.size);
		pthread_mutex_lock(&g->lock);
		g->error = err;
	}
	pthread_mutex_unlock(&g->lock);
	return NULL;
}

int gzip__new(struct gzip **ret, int fd, size_t head_size)
{
	struct gzip *g = calloc(1, sizeof(*g));
	sigset_t all, before;
	int err;

	if (!g)
		return -ENOMEM;
	g->fd = fd;
	g->head_size = g->skip = head_size;
	g->crc = crc32(0, NULL, 0);
	/* Raw: header and trailer are ours, and nothing refers to the head. */
	if (deflateInit2(&g->stream, Z_BEST_SPEED, Z_DEFLATED, -MAX_WBITS, MAX_MEM_LEVEL, Z_DEFAULT_STRATEGY) != Z_OK) {
		free(g);
		return -ENOMEM;
	}
	pthread_mutex_init(&g->lock, NULL);
	pthread_cond_init(&g->changed, NULL);
	/* Signals are for the thread that waits for them. */
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	err = pthread_create(&g->thread, NULL, work, g);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (err) {
		gzip__free(g);
		return -err;
	}
	g->has_thread = true;
	*ret = g;
	return 0;
}

void gzip__without_head(struct gzip *g)
{
	pthread_mutex_lock(&g->lock);
	g->head_size = g->skip = 0;
	pthread_mutex_unlock(&g->lock);
}

static int append(struct bytes *to, const char *data, size_t size)
{
	if (to->room - to->size < size) {
		size_t room = to->size + size;
		char *more = realloc(to->data, room);

		if (!more)
			return -ENOMEM;
		to->data = more;
		to->room = room;
	}
	memcpy(to->data + to->size, data, size);
	to->size += size;
	return 0;
}

int gzip__put(struct gzip *g, const char *data, size_t size)
{
	int err;

	pthread_mutex_lock(&g->lock);
	while (!g->error && g->pending.size && g->pending.size + size > PENDING_MAX)
		pthread_cond_wait(&g->changed, &g->lock);
	err = g->error;
	if (!err)
		err = g->error = append(&g->pending, data, size);
	pthread_cond_broadcast(&g->changed);
	pthread_mutex_unlock(&g->lock);
	return err;
}

static void stop(struct gzip *g)
{
	if (!g->has_thread)
		return;
	pthread_mutex_lock(&g->lock);
	g->over = true;
	pthread_cond_broadcast(&g->changed);
	pthread_mutex_unlock(&g->lock);
	pthread_join(g->thread, NULL);
	g->has_thread = false;
}

/* The tail as it is, and the trailer. */
static int write_end(struct gzip *g, const char *head, const char *tail, size_t tail_size)
{
	unsigned char end[STORED_SIZE], trailer[8];
	uLong crc = crc32(g->crc, (const unsigned char *)tail, (uInt)tail_size);
	uint64_t length = g->length + tail_size;
	int err;

	if (head)
		crc = crc32_combine(crc32(crc32(0, NULL, 0), (const unsigned char *)head, (uInt)g->head_size), crc,
				    (off_t)length);
	length += g->head_size;
	put_stored(end, tail_size, true);
	put_number(trailer, (uint32_t)crc, 4);
	put_number(trailer + 4, (uint32_t)length, 4);
	err = write_all(g->fd, end, sizeof(end));
	if (!err)
		err = write_all(g->fd, tail, tail_size);
	if (!err)
		err = write_all(g->fd, trailer, sizeof(trailer));
	if (err)
		return err;
	g->whole += sizeof(end) + tail_size + sizeof(trailer);
	return 0;
}

int gzip__finish(struct gzip *g, const char *head, const char *tail, size_t tail_size)
{
	int err;

	stop(g);
	if (!g->whole && !g->error)
		g->error = g->skip ? -EINVAL : write_beginning(g, "");
	if (!g->whole)
		return g->error;
	err = write_end(g, head, tail, tail_size);
	if (!err && head && pwrite(g->fd, head, g->head_size, HEADER_SIZE + STORED_SIZE) != (ssize_t)g->head_size)
		err = -EIO;
	if (err)
		cut(g);
	return g->error ? g->error : err;
}

uint64_t gzip__size(struct gzip *g)
{
	uint64_t size;

	pthread_mutex_lock(&g->lock);
	size = g->whole;
	pthread_mutex_unlock(&g->lock);
	return size;
}

void gzip__free(struct gzip *g)
{
	if (!g)
		return;
	stop(g);
	deflateEnd(&g->stream);
	pthread_mutex_destroy(&g->lock);
	pthread_cond_destroy(&g->changed);
	free(g->pending.data);
	free(g->working_on.data);
	free(g);
}
