// SPDX-License-Identifier: BSD-2-Clause
/* recorder: see recorder.h. One dump is written at a time; others wait, and what they are to hold is kept for them. */
#define _GNU_SOURCE
#include "recorder.h"

#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "collect/collect.h"
#include "common/human.h"
#include "common/log.h"
#include "control.h"

#define WAITING_MAX 8

#define PIECE "split" /* the cause of one */
/* Bytes of a file for each that is kept of it: more are not believed, as a state that is larger than a file may be
 * would make ever shorter ones. */
#define RATIO_MOST 32

struct wanted {
	char cause[DUMP_CAUSE];
	uint64_t since, at;
	uint64_t from; /* of a piece: where it begins; 0: it is none */
	uint64_t kept; /* of a piece: bytes that it took before it was written */
	int peer;      /* -1: nobody waits */
};

/* --split: what was written last, and what comes next. */
struct pieces {
	uint64_t from, until;
	char **paths; /* of the last --max-files, the oldest first */
	size_t n;
	uint64_t failed;
	uint64_t added; /* of kept_stats, when the last one was cut */
	double ratio;   /* bytes of the last one's file, for each that was kept of it; 0: not known yet */
};

struct recorder {
	struct recorder_options o;
	struct kept *kept;
	struct model *old;
	struct budgets budgets; /* of the old model */
	uint64_t lost[EVENT_PROBES], unkept[EVENT_PROBES];
	struct wanted waiting[WAITING_MAX + 1]; /* the first one is next; one more than that at the end */
	size_t n_waiting;
	pid_t writer; /* 0: none */
	int writer_fd;
	struct wanted writing; /* what it is at */
	char *path;
	uint64_t number;
	uint64_t dumps, failed;
	struct pieces pieces;
};

static bool in_pieces(const struct recorder *r)
{
	return r->o.opts->split || r->o.opts->split_bytes;
}

/* What is not in a piece yet. */
static uint64_t needed_from(const struct recorder *r)
{
	uint64_t from = in_pieces(r) ? r->pieces.from : UINT64_MAX;

	for (size_t i = 0; i < r->n_waiting; i++)
		if (r->waiting[i].from && r->waiting[i].from < from)
			from = r->waiting[i].from;
	return from;
}

static int on_dropped(void *ctx, const struct event *e)
{
	struct recorder *r = ctx;

	if (e->ts >= needed_from(r)) {
		if (event__is_probes(e))
			r->unkept[e->probe]++;
		else if (e->kind == EVENT_LOST)
			r->lost[e->probe] -= e->id; /* to be told again */
	}
	return model__feed(r->old, e);
}

/* ns; 0: as long as there is room. */
static uint64_t time_kept(const struct opts *o)
{
	uint64_t time = o->keep_time ? o->keep_time + o->after : 0;

	return o->split > time ? o->split : time;
}

int recorder__new(struct recorder **ret, const struct recorder_options *o)
{
	struct recorder *r = calloc(1, sizeof(*r));
	int err = r ? model__new(&r->old, &model_unheard, NULL, o->start) : -ENOMEM;

	if (err) {
		free(r);
		return err;
	}
	r->o = *o;
	r->writer_fd = -1;
	r->pieces.from = o->start;
	r->pieces.until = o->opts->split ? o->start + o->opts->split : UINT64_MAX;
	r->budgets.objects.limit = r->budgets.kept.limit = o->opts->memory / 2;
	model__remember(r->old);
	model__set_budgets(r->old, &r->budgets);
	if (o->opts->max_depth)
		model__limit_depth(r->old, o->opts->max_depth);
	err = model__process_name(r->old, (uint32_t)o->pid, o->comm);
	if (!err)
		err = kept__new(&r->kept, o->opts->keep_bytes, time_kept(o->opts), on_dropped, r);
	if (err)
		recorder__free(r);
	else
		*ret = r;
	return err;
}

void recorder__free(struct recorder *r)
{
	if (!r)
		return;
	for (size_t i = 0; i < r->pieces.n; i++)
		free(r->pieces.paths[i]);
	free(r->pieces.paths);
	kept__free(r->kept);
	model__free(r->old);
	free(r->path);
	free(r);
}

void recorder__reloaded(struct recorder *r)
{
	kept__set_time(r->kept, time_kept(r->o.opts));
}

int recorder__add(struct recorder *r, const struct event *e)
{
	int err = r ? kept__add(r->kept, e) : 0;

	if (err != -ENOMEM)
		return err;
	if (event__is_probes(e))
		r->unkept[e->probe]++;
	return 0;
}

void recorder__lose(struct recorder *r, struct collector *c, uint64_t now)
{
	struct collect_counts counts;

	for (int i = 0; r && i < EVENT_PROBES; i++) {
		struct event e = { .kind = EVENT_LOST, .probe = (enum probe)i, .ts = now };

		if (collector__counts(c, e.probe, &counts))
			continue;
		/* Of a lap that got lost a part may turn out to have come before. */
		if (counts.lost + r->unkept[i] <= r->lost[i])
			continue;
		e.id = counts.lost + r->unkept[i] - r->lost[i];
		if (!recorder__add(r, &e))
			r->lost[i] += e.id; /* not what there is: what was told may just have been dropped */
	}
}

/* What is in a name of a file, of what somebody has written. */
static void take_cause(char ret[DUMP_CAUSE], const char *cause)
{
	snprintf(ret, DUMP_CAUSE, "%s", cause);
	for (char *c = ret; *c; c++)
		if ((unsigned char)*c < 0x20 || *c == 0x7f)
			*c = '?';
}

static void add(struct recorder *r, const struct wanted *one)
{
	struct wanted *w = &r->waiting[r->n_waiting++];

	/* Others may go on for a while yet. */
	for (; w > r->waiting && w[-1].at > one->at; w--)
		*w = w[-1];
	*w = *one;
}

int recorder__want(struct recorder *r, const char *cause, uint64_t since, uint64_t at, int peer)
{
	struct wanted w = { .since = since, .at = at, .peer = peer };

	if (r->n_waiting >= WAITING_MAX)
		return -EBUSY;
	take_cause(w.cause, cause);
	add(r, &w);
	return 0;
}

/* Of what is in no piece yet. */
static uint64_t bytes_of_next(const struct recorder *r)
{
	struct kept_stats stats;

	kept__stats(r->kept, &stats);
	return stats.added - r->pieces.added;
}

/* All that is in no piece yet, up to then, is one. */
static void cut(struct recorder *r, uint64_t at)
{
	struct wanted w = { .cause = PIECE, .from = r->pieces.from, .since = at, .at = at, .peer = -1 };

	if (at < w.from)
		return;
	w.kept = bytes_of_next(r);
	add(r, &w);
	r->pieces.from = at + 1;
	r->pieces.added += w.kept;
}

/* Would its file be as large as one may be? The first one is to tell how large they get: no others before that. */
static bool is_file_full(const struct recorder *r)
{
	const double most = (double)r->o.opts->split_bytes, bytes = (double)bytes_of_next(r);

	if (most == 0)
		return false;
	if (r->pieces.ratio == 0)
		return !r->writer && !r->n_waiting && bytes * RATIO_MOST > most;
	return bytes * r->pieces.ratio > most;
}

/* Or do they take half of the room, as the other half is for what comes meanwhile? */
static bool are_enough(const struct recorder *r)
{
	return is_file_full(r) || kept__bytes_since(r->kept, r->pieces.from) > r->o.opts->keep_bytes / 2;
}

/* Of a piece with little in it the file is mostly what there was before. */
static void learn_ratio(struct recorder *r, uint64_t kept, uint64_t bytes)
{
	if (kept < r->o.opts->split_bytes / RATIO_MOST / 2)
		return;
	r->pieces.ratio = (double)bytes / (double)kept;
	if (r->pieces.ratio > RATIO_MOST)
		r->pieces.ratio = RATIO_MOST;
}

/* When it is time, or when there are enough. Where too many wait already they are cut later. */
static void cut_pieces(struct recorder *r, uint64_t passed)
{
	for (; r->n_waiting < WAITING_MAX && r->pieces.until < passed; r->pieces.until += r->o.opts->split)
		cut(r, r->pieces.until);
	if (r->n_waiting < WAITING_MAX && are_enough(r))
		cut(r, passed - 1);
}

/* A piece is there: of those before it, --max-files less one stay. */
static void remember(struct recorder *r, const char *path)
{
	struct pieces *p = &r->pieces;
	char **more, *copy;

	if (!r->o.opts->max_files)
		return;
	if (p->n == r->o.opts->max_files) {
		if (unlink(p->paths[0]) && errno != ENOENT)
			log_warn("--max-files: %s cannot be removed: %s", p->paths[0], strerror(errno));
		free(p->paths[0]);
		memmove(p->paths, p->paths + 1, --p->n * sizeof(*p->paths));
	}
	more = realloc(p->paths, (p->n + 1) * sizeof(*more));
	copy = strdup(path);
	if (more)
		p->paths = more;
	if (more && copy)
		p->paths[p->n++] = copy;
	else
		free(copy);
}

int recorder__fd(const struct recorder *r)
{
	return r ? r->writer_fd : -1;
}

/* DIR/viztrace-PID-20261128T191530.123Z-CAUSE.json, and a number if there are two of one millisecond. NULL: no memory.
 */
static char *name_file(struct recorder *r, const char *cause)
{
	const struct opts *o = r->o.opts;
	char time[32], word[DUMP_CAUSE], *path;
	struct timespec now;
	struct tm tm;
	size_t n = 0;

	clock_gettime(CLOCK_REALTIME, &now);
	gmtime_r(&now.tv_sec, &tm);
	strftime(time, sizeof(time), "%Y%m%dT%H%M%S", &tm);
	for (; *cause; cause++) {
		bool plain = strchr("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._", *cause);

		if (plain)
			word[n++] = *cause;
		else if (n && word[n - 1] != '-')
			word[n++] = '-';
	}
	while (n && word[n - 1] == '-')
		n--;
	word[n] = 0;
	if (asprintf(&path, "%s/viztrace-%d-%s.%03ldZ-%" PRIu64 "%s%s%s", o->dump_to ? o->dump_to : ".", r->o.pid, time,
		     now.tv_nsec / 1000000, ++r->number, n ? "-" : "", word, o->dump_format->suffix) < 0)
		return NULL;
	return path;
}

static void tell_peer(struct wanted *w, const char *text)
{
	if (w->peer >= 0)
		control__answer(w->peer, text);
	w->peer = -1;
}

static void tell_failure(struct recorder *r, struct wanted *w, int err)
{
	char text[512];

	r->failed++;
	r->pieces.failed += w->from != 0;
	snprintf(text, sizeof(text), "error: the dump %s cannot be written: %s", r->path ? r->path : "",
		 err == -ECHILD ? "its process was killed" : strerror(-err));
	log_error("%s", text + strlen("error: "));
	tell_peer(w, text);
}

/* Its beginning: as early as wanted, if all of that is there. */
static void set_window(struct recorder *r, const struct wanted *w, struct dump *d)
{
	const uint64_t time = r->o.opts->keep_time;
	struct kept_stats stats;

	kept__stats(r->kept, &stats);
	d->end = w->at;
	d->start = r->o.start;
	if (time && w->since > d->start + time)
		d->start = w->since - time;
	if (w->from)
		d->start = w->from;
	if (stats.room_ts >= d->start) {
		d->shortened = time || w->from;
		d->start = stats.room_ts < d->end ? stats.room_ts + 1 : d->end;
	}
	if (d->start > d->end)
		d->start = d->end;
}

static void start_next(struct recorder *r)
{
	struct wanted *w = &r->writing;
	struct dump d = { .opts = r->o.opts, .kept = r->kept, .old = r->old, .processes = r->o.processes };
	int err;

	*w = r->waiting[0];
	memmove(r->waiting, r->waiting + 1, --r->n_waiting * sizeof(*w));
	free(r->path);
	r->path = name_file(r, w->cause);
	d.path = r->path;
	d.cause = w->cause;
	d.argc = r->o.argc;
	d.argv = r->o.argv;
	set_window(r, w, &d);
	err = r->path ? dump__start(&d, &r->writer, &r->writer_fd) : -ENOMEM;
	if (err)
		tell_failure(r, w, err);
	else if (d.shortened)
		log_warn("%s: --keep has room for the last %.3f s only", r->path, (double)(d.end - d.start) / 1e9);
}

static void end_writer(struct recorder *r)
{
	struct dump_result result;
	char size[HUMAN_TEXT];

	dump__end(r->writer, r->writer_fd, &result);
	r->writer = 0;
	r->writer_fd = -1;
	if (result.err) {
		tell_failure(r, &r->writing, result.err);
		return;
	}
	r->dumps++;
	if (r->writing.from)
		remember(r, r->path);
	if (r->writing.kept && r->o.opts->split_bytes)
		learn_ratio(r, r->writing.kept, result.bytes);
	log_info("dumped %s: %s, %" PRIu64 " events, lost %" PRIu64 " (%s)", r->path, human__size(size, result.bytes),
		 result.events, result.lost, r->writing.cause);
	tell_peer(&r->writing, r->path);
}

static bool has_ended(const struct recorder *r)
{
	struct pollfd p = { .fd = r->writer_fd, .events = POLLIN };

	return poll(&p, 1, 0) > 0;
}

int recorder__tend(struct recorder *r, uint64_t passed)
{
	if (!r)
		return 0;
	if (r->writer && has_ended(r))
		end_writer(r);
	if (in_pieces(r))
		cut_pieces(r, passed);
	while (!r->writer && r->n_waiting && r->waiting[0].at < passed)
		start_next(r);
	/* What those that wait are to hold does not grow old. */
	return kept__expire(r->kept, r->n_waiting && r->waiting[0].at < passed ? r->waiting[0].at : passed);
}

void recorder__finish(struct recorder *r, uint64_t end)
{
	if (r && in_pieces(r)) {
		cut_pieces(r, end);
		cut(r, end);
	}
	while (r && (r->writer || r->n_waiting)) {
		if (r->writer)
			end_writer(r);
		if (!r->n_waiting)
			continue;
		if (r->waiting[0].at > end)
			r->waiting[0].at = end;
		start_next(r);
	}
}

uint64_t recorder__unkept(const struct recorder *r)
{
	uint64_t n = 0;

	for (int i = 0; r && i < EVENT_PROBES; i++)
		n += r->unkept[i];
	return n;
}

bool recorder__lacks_pieces(const struct recorder *r)
{
	return r && r->pieces.failed;
}

uint64_t recorder__bytes(const struct recorder *r)
{
	struct kept_stats stats;

	kept__stats(r->kept, &stats);
	return stats.bytes;
}

void recorder__tell(const struct recorder *r)
{
	char bytes[HUMAN_TEXT], bound[HUMAN_TEXT];
	struct kept_stats stats;

	if (!r)
		return;
	kept__stats(r->kept, &stats);
	log_info("  kept %" PRIu64 " events in %s, %.1f bytes each, of %s; %" PRIu64 " dumps", stats.events,
		 human__size(bytes, stats.bytes), stats.events ? (double)stats.bytes / (double)stats.events : 0,
		 human__size(bound, r->o.opts->keep_bytes), r->dumps);
	if (recorder__unkept(r))
		log_warn("%" PRIu64 " events were lost, as --keep had no room for them until they were written",
			 recorder__unkept(r));
	if (!r->dumps && !r->failed)
		log_info("  nothing was dumped: SIGUSR1 and `viztrace-bpf ctl --dump` do that while it runs");
}
