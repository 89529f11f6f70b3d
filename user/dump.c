// SPDX-License-Identifier: BSD-2-Clause
/*
 * dump: see dump.h. The child has a copy of the model that is as old as the oldest event that is kept, and of these. It
 * takes the model as far as the beginning of its trace, has it told to the writer, and goes on with the rest.
 *
 * It holds nothing of its parent's: no link to a probe, no socket. Else what we attached to would stay so for as long
 * as it writes, whoever had ended us.
 */
#define _GNU_SOURCE
#include "dump.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "attach/spawn.h"
#include "collect/collect.h"
#include "collect/machine.h"
#include "common/descriptors.h"
#include "common/log.h"
#include "metadata.h"
#include "write/sinks.h"

/* In the child. */
struct writing {
	const struct dump *d;
	struct sinks sinks;
	struct report report;
	bool begun; /* what comes now is in the trace */
	uint64_t lost[EVENT_PROBES];
};

static int begin(struct writing *w)
{
	const struct dump *d = w->d;
	const uint64_t age = collector__now() - d->start;
	struct report *r = &w->report;
	struct trace_start start;
	int err = sinks__add(&w->sinks, d->opts->dump_format, d->path);

	w->begun = true;
	r->start = d->start;
	r->start_wall = machine__kernel_time(CLOCK_REALTIME) - age;
	r->start_boot = machine__kernel_time(CLOCK_BOOTTIME) - age;
	r->end = d->end;
	r->why = "dumped";
	r->cause = d->cause;
	r->shortened = d->shortened;
	host__read(&r->host);
	start = (struct trace_start){ r->start, r->start_boot, r->start_wall, r->host };
	if (err)
		return err;
	w->sinks.list[0].kind = OUTPUT_WHOLE;
	err = sink__open(&w->sinks.list[0], caller__from_env());
	if (!err)
		err = sinks__begin(&w->sinks, &start);
	return err ? err : model__retell(d->old, &sinks_ops, &w->sinks, d->start);
}

static void count(struct writing *w, const struct event *e)
{
	struct report_counts *c = &w->report.probes[e->probe];
	bool truncated = false, unreadable = false;

	for (size_t i = 0; i < e->n_values; i++) {
		truncated |= e->values[i].truncated;
		unreadable |= e->values[i].type == VALUE_UNREADABLE;
	}
	c->truncated += truncated;
	c->unreadable += unreadable;
}

static int tell(void *ctx, const struct event *e)
{
	struct writing *w = ctx;
	int err = 0;

	if (e->ts > w->d->end)
		return 0;
	if (e->ts >= w->d->start && !w->begun)
		err = begin(w);
	if (w->begun && e->kind == EVENT_LOST)
		w->lost[e->probe] += e->id;
	else if (w->begun && e->kind < EVENT_IGNORE)
		count(w, e);
	return err ? err : model__feed(w->d->old, e);
}

/* All of it. A file that is whole but for what there was no room for on the disk is one, too. */
static int write_all(struct writing *w)
{
	const struct dump *d = w->d;
	struct metadata_sources sources;
	struct json metadata;
	int err = kept__each(d->kept, tell, w), failed;

	if (!err && !w->begun)
		err = begin(w);
	if (!err)
		err = model__finish(d->old, d->end);
	if (!w->sinks.n || !w->sinks.list[0].writer)
		return err;
	report__close_part(&w->report, d->old, w->lost);
	json__init(&metadata);
	metadata__find_sources(&sources, d->processes);
	metadata__write(&metadata, &w->report, &sources, d->argc, d->argv);
	failed = metadata.error;
	if (!failed)
		failed = sinks__finish(&w->sinks, metadata.data, metadata.size);
	json__free(&metadata);
	return err ? err : failed;
}

/* As who called us, and never as root for somebody else; it may take as long as it likes. */
static void run_command(const char *command, const char *path)
{
	char shell[] = "/bin/sh", flag[] = "-c", error[256] = "";
	char *argv[] = { shell, flag, (char *)command, shell, (char *)path, NULL };
	struct spawn *s = NULL;
	pid_t pid;
	int err = spawn__new(&s, argv, NULL, error, sizeof(error));

	if (!err)
		spawn__leave_terminal(s);
	if (!err)
		err = spawn__fork(s, &pid, error, sizeof(error));
	if (!err)
		err = spawn__go(s);
	if (err)
		log_error("--on-dump %s: %s", command, *error ? error : strerror(-err));
}

/* Ctrl-C is for all of a terminal; who wants no dump kills its process. */
static void ignore_signals(void)
{
	static const int ignored[] = { SIGINT, SIGTERM, SIGHUP, SIGUSR1 };
	struct sigaction ignore = { .sa_handler = SIG_IGN };

	for (size_t i = 0; i < sizeof(ignored) / sizeof(ignored[0]); i++)
		sigaction(ignored[i], &ignore, NULL);
}

static void restore_signals(void)
{
	static const int ours[] = { SIGINT, SIGTERM, SIGHUP, SIGUSR1, SIGPIPE, SIGXFSZ };
	struct sigaction standard = { .sa_handler = SIG_DFL };

	for (size_t i = 0; i < sizeof(ours) / sizeof(ours[0]); i++)
		sigaction(ours[i], &standard, NULL);
}

static _Noreturn void be_writer(const struct dump *d, int fd)
{
	struct writing w = { .d = d };
	struct dump_result result = { 0 };

	ignore_signals();
	descriptors__close_all(STDERR_FILENO + 1, fd);
	result.err = write_all(&w);
	result.events = w.report.total.written;
	result.lost = w.report.total.lost;
	if (w.sinks.n && w.sinks.list[0].output)
		result.bytes = output__size_on_disk(w.sinks.list[0].output);
	/* The pipe's end says that it is over: whoever is to be told is told before the command runs. */
	if (write(fd, &result, sizeof(result)) != sizeof(result))
		result.err = -EPIPE;
	close(fd);
	if (!result.err && d->opts->on_dump) {
		restore_signals();
		run_command(d->opts->on_dump, d->path);
	}
	_exit(0);
}

int dump__start(const struct dump *d, pid_t *ret_pid, int *ret_fd)
{
	int ends[2], err = 0;
	pid_t pid;

	if (pipe2(ends, O_CLOEXEC))
		return -errno;
	pid = fork();
	if (!pid)
		be_writer(d, ends[1]);
	if (pid < 0)
		err = -errno;
	close(ends[1]);
	if (err) {
		close(ends[0]);
		return err;
	}
	*ret_pid = pid;
	*ret_fd = ends[0];
	return 0;
}

void dump__end(pid_t pid, int fd, struct dump_result *ret)
{
	ssize_t n;

	while ((n = read(fd, ret, sizeof(*ret))) < 0 && errno == EINTR)
		;
	if (n != (ssize_t)sizeof(*ret))
		*ret = (struct dump_result){ .err = -ECHILD };
	close(fd);
	while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
		;
}
