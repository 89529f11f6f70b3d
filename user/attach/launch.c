// SPDX-License-Identifier: BSD-2-Clause
/* launch: see launch.h. */
#define _GNU_SOURCE
#include "launch.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/ptrace.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "../collect/machine.h"
#include "loading.h"
#include "spawn.h"

#define SYSCALL_STOP (SIGTRAP | 0x80) /* PTRACE_O_TRACESYSGOOD */
#define BACKSTOP_MS 1000              /* a clone without an exit signal may end without SIGCHLD */
#define PATIENCE_NS 10000000000u      /* that the caller may take: attaching to much, on a machine that is busy */

enum image_state { IMAGE_RUNS, IMAGE_WAITS, IMAGE_SHOWN, IMAGE_SEEN };

/* A process between its exec and the end of its loader. Others need no book-keeping. */
struct image {
	struct image *next;
	pid_t pid;
	enum image_state state;
	bool exec;  /* that stop, not one after a mapping */
	bool loads; /* `loading` is valid, its system calls stop */
	bool found;
	struct loading loading;
	uint64_t since; /* ns, CLOCK_MONOTONIC: that it waits; that it does not */
	char *path;     /* once it does not: what it runs, as far as is known */
};

struct launch {
	struct spawn *spawn;
	pid_t pid;
	bool follow, started;

	/* the thread */
	pthread_t thread;
	bool has_thread, had_blocked; /* SIGCHLD, in the caller */
	int signals, wake, notify;    /* signalfd; eventfds to the thread and from it */
	sem_t born;
	int err; /* of its birth, in `error` words */
	char *error;
	size_t size;

	pthread_mutex_t lock; /* of what follows */
	struct image *images; /* oldest first */
	struct image *left;   /* those that waited for too long and run, the same */
	bool stop, ended;
	bool deaf; /* the caller let somebody wait for too long, and has not asked since */
	int status;
};

static void signal_event(int fd)
{
	const uint64_t one = 1;

	(void)!write(fd, &one, sizeof(one));
}

static void drain(int fd)
{
	char data[4096];

	while (read(fd, data, sizeof(data)) > 0)
		;
}

/* ---- images ---- */

static struct image *find_image(struct launch *l, pid_t pid)
{
	struct image *i = l->images;

	while (i && i->pid != pid)
		i = i->next;
	return i;
}

static void append_image(struct image **list, struct image *i)
{
	while (*list)
		list = &(*list)->next;
	i->next = NULL;
	*list = i;
}

static struct image *add_image(struct launch *l, pid_t pid)
{
	struct image *i = calloc(1, sizeof(*i));

	if (i) {
		i->pid = pid;
		append_image(&l->images, i);
	}
	return i;
}

/* Out of its list. */
static void take_image(struct image **list, struct image *i)
{
	while (*list != i)
		list = &(*list)->next;
	*list = i->next;
}

static void free_image(struct image *i)
{
	free(i->path);
	free(i);
}

static void drop_image(struct launch *l, pid_t pid)
{
	struct image *i = find_image(l, pid);

	if (!i)
		return;
	take_image(&l->images, i);
	free_image(i);
}

/* ---- the thread ---- */

/* If it was killed meanwhile this fails, and its end is reported next. */
static void resume(const struct image *i, pid_t pid, int sig)
{
	ptrace(i && i->loads ? PTRACE_SYSCALL : PTRACE_CONT, pid, NULL, (void *)(intptr_t)sig);
}

static void show(struct launch *l, struct image *i, bool exec)
{
	i->exec = exec;
	i->since = machine__kernel_time(CLOCK_MONOTONIC);
	i->state = IMAGE_WAITS;
	signal_event(l->notify);
}

/* All is mapped that will be before its own code runs. */
static void let_run(struct launch *l, struct image *i)
{
	pid_t pid = i->pid;

	ptrace(i->found && !l->follow ? PTRACE_DETACH : PTRACE_CONT, pid, NULL, NULL);
	drop_image(l, pid);
}

static void on_exec(struct launch *l, pid_t pid)
{
	struct image *i;

	drop_image(l, pid); /* of what it was before */
	i = add_image(l, pid);
	if (!i) {
		resume(NULL, pid, 0);
		return;
	}
	i->loads = loading__begin(&i->loading, pid);
	show(l, i, true);
}

static void on_seen(struct launch *l, struct image *i)
{
	i->state = IMAGE_RUNS;
	if (!i->loads || (i->loading.own && i->found))
		let_run(l, i);
	else
		resume(i, i->pid, 0);
}

static void on_syscall(struct launch *l, struct image *i, pid_t pid)
{
	switch (i ? loading__step(&i->loading, pid) : LOADING_GOES_ON) {
	case LOADING_GOES_ON: resume(i, pid, 0); break;
	case LOADING_MAPPED: show(l, i, false); break;
	case LOADING_DONE: let_run(l, i); break;
	}
}

static bool stops_a_job(int sig)
{
	return sig == SIGSTOP || sig == SIGTSTP || sig == SIGTTIN || sig == SIGTTOU;
}

/* The caller may hang, in a pipe that nobody reads: that is no reason for a command to. It is still shown, later. */
static void leave(struct launch *l, struct image *i)
{
	char path[64], program[PATH_MAX];
	ssize_t n;

	snprintf(path, sizeof(path), "/proc/%d/exe", i->pid);
	n = readlink(path, program, sizeof(program) - 1);
	if (n > 0)
		i->path = strndup(program, (size_t)n);
	take_image(&l->images, i);
	append_image(&l->left, i);
	i->since = machine__kernel_time(CLOCK_MONOTONIC);
	ptrace(PTRACE_CONT, i->pid, NULL, NULL);
}

static void leave_those_that_waited(struct launch *l)
{
	uint64_t until = machine__kernel_time(CLOCK_MONOTONIC) - PATIENCE_NS;
	struct image *next;

	pthread_mutex_lock(&l->lock);
	for (struct image *i = l->images; i; i = next) {
		next = i->next;
		if (i->state != IMAGE_WAITS && i->state != IMAGE_SHOWN)
			continue;
		l->deaf |= i->since < until;
		if (l->deaf)
			leave(l, i);
	}
	pthread_mutex_unlock(&l->lock);
}

static void on_status(struct launch *l, pid_t pid, int status)
{
	struct image *i = find_image(l, pid);
	int event = status >> 16;

	if (!WIFSTOPPED(status)) {
		drop_image(l, pid);
		if (pid == l->pid) {
			l->ended = true;
			l->status = status;
			signal_event(l->notify);
		}
	} else if (event == PTRACE_EVENT_EXEC) {
		on_exec(l, pid);
	} else if (event == PTRACE_EVENT_STOP && stops_a_job(WSTOPSIG(status))) {
		ptrace(PTRACE_LISTEN, pid, NULL, NULL);
	} else if (WSTOPSIG(status) == SYSCALL_STOP) {
		on_syscall(l, i, pid);
	} else {
		/* A signal, to be delivered; or the birth of a child, on its side or on its parent's. */
		resume(i, pid, event ? 0 : WSTOPSIG(status));
	}
}

static bool handle_seen(struct launch *l)
{
	struct image *next;
	bool stop;

	pthread_mutex_lock(&l->lock);
	for (struct image *i = l->images; i; i = next) {
		next = i->next;
		if (i->state == IMAGE_SEEN)
			on_seen(l, i);
	}
	stop = l->stop;
	pthread_mutex_unlock(&l->lock);
	return !stop;
}

/* Only what this thread forked or traces: other children of the tool are not its business. */
static void handle_statuses(struct launch *l)
{
	int status;
	pid_t pid;

	while ((pid = waitpid(-1, &status, __WALL | __WNOTHREAD | WNOHANG)) > 0) {
		pthread_mutex_lock(&l->lock);
		on_status(l, pid, status);
		pthread_mutex_unlock(&l->lock);
	}
}

static int give_birth(struct launch *l)
{
	long options = PTRACE_O_TRACEEXEC | PTRACE_O_TRACESYSGOOD;
	int err = spawn__fork(l->spawn, &l->pid, l->error, l->size);

	if (err)
		return err;
	if (l->follow)
		options |= PTRACE_O_TRACEFORK | PTRACE_O_TRACEVFORK | PTRACE_O_TRACECLONE;
	if (!ptrace(PTRACE_SEIZE, l->pid, NULL, (void *)options))
		return 0;
	err = -errno;
	snprintf(l->error, l->size, "cannot trace a child with ptrace: %s", strerror(-err));
	return err;
}

/* When it ends the kernel detaches from all that it traced, and leaves each with the signal it was about to get. */
static void *run(void *arg)
{
	struct launch *l = arg;
	struct pollfd fds[] = { { .fd = l->signals, .events = POLLIN }, { .fd = l->wake, .events = POLLIN } };

	l->err = give_birth(l);
	sem_post(&l->born);
	while (handle_seen(l)) {
		handle_statuses(l);
		leave_those_that_waited(l);
		poll(fds, 2, BACKSTOP_MS);
		drain(l->signals);
		drain(l->wake);
	}
	return NULL;
}

static int start_thread(struct launch *l)
{
	sigset_t all, before;
	int err;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	err = -pthread_create(&l->thread, NULL, run, l);
	l->has_thread = !err;
	l->had_blocked = sigismember(&before, SIGCHLD);
	sigaddset(&before, SIGCHLD);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return err;
}

/* ---- the caller ---- */

int launch__new(struct launch **ret, const struct launch_options *o, char *error, size_t size)
{
	struct launch *l = calloc(1, sizeof(*l));
	struct sigaction action;
	sigset_t child;
	int err;

	if (!l) {
		snprintf(error, size, "out of memory");
		return -ENOMEM;
	}
	l->follow = o->follow;
	l->error = error;
	l->size = size;
	l->had_blocked = true;
	l->signals = l->wake = l->notify = -1;
	pthread_mutex_init(&l->lock, NULL);
	sem_init(&l->born, 0, 0);
	err = spawn__new(&l->spawn, o->argv, o->user, error, size);
	if (err)
		goto err_out;
	if (o->apart)
		spawn__leave_terminal(l->spawn);
	if (!sigaction(SIGCHLD, NULL, &action) && action.sa_handler == SIG_IGN)
		signal(SIGCHLD, SIG_DFL); /* or there would be no status to collect */
	sigemptyset(&child);
	sigaddset(&child, SIGCHLD);
	l->signals = signalfd(-1, &child, SFD_CLOEXEC | SFD_NONBLOCK);
	l->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	l->notify = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	err = l->signals < 0 || l->wake < 0 || l->notify < 0 ? -errno : start_thread(l);
	if (err) {
		snprintf(error, size, "cannot prepare to trace a child: %s", strerror(-err));
		goto err_out;
	}
	while (sem_wait(&l->born))
		; /* interrupted */
	err = l->err;
	if (err)
		goto err_out;
	*ret = l;
	return 0;
err_out:
	launch__free(l);
	return err;
}

void launch__free(struct launch *l)
{
	struct image *i;
	sigset_t child;

	if (!l)
		return;
	if (l->has_thread) {
		pthread_mutex_lock(&l->lock);
		l->stop = true;
		pthread_mutex_unlock(&l->lock);
		signal_event(l->wake);
		pthread_join(l->thread, NULL);
	}
	if (l->pid && !l->ended) {
		/* Never the command: it exits by itself, but for someone's SIGSTOP. */
		if (!l->started)
			kill(l->pid, SIGKILL);
		while (waitpid(l->pid, NULL, __WALL | (l->started ? WNOHANG : 0)) < 0 && errno == EINTR)
			;
	}
	while (l->images)
		drop_image(l, l->images->pid);
	while ((i = l->left)) {
		take_image(&l->left, i);
		free_image(i);
	}
	if (l->signals >= 0)
		close(l->signals);
	if (l->wake >= 0)
		close(l->wake);
	if (l->notify >= 0)
		close(l->notify);
	if (!l->had_blocked) {
		sigemptyset(&child);
		sigaddset(&child, SIGCHLD);
		pthread_sigmask(SIG_UNBLOCK, &child, NULL);
	}
	sem_destroy(&l->born);
	pthread_mutex_destroy(&l->lock);
	spawn__free(l->spawn);
	free(l);
}

pid_t launch__pid(const struct launch *l)
{
	return l->pid;
}

int launch__start(struct launch *l)
{
	int err = spawn__go(l->spawn);

	l->started = !err;
	return err;
}

int launch__fd(const struct launch *l)
{
	return l->notify;
}

bool launch__next(struct launch *l, struct launch_stop *ret)
{
	struct image *i;
	bool is_left, found;

	pthread_mutex_lock(&l->lock);
	l->deaf = false;
	is_left = l->left;
	for (i = is_left ? l->left : l->images; i && !is_left && i->state != IMAGE_WAITS; i = i->next)
		;
	found = i;
	if (found)
		*ret = (struct launch_stop){ .pid = i->pid, .exec = i->exec };
	else
		drain(l->notify);
	if (is_left) {
		ret->left = i->since;
		snprintf(ret->path, sizeof(ret->path), "%s", i->path ? i->path : "");
		take_image(&l->left, i);
		free_image(i);
	} else if (found) {
		i->state = IMAGE_SHOWN;
	}
	pthread_mutex_unlock(&l->lock);
	return found;
}

void launch__go_on(struct launch *l, pid_t pid, bool found)
{
	struct image *i;

	pthread_mutex_lock(&l->lock);
	i = find_image(l, pid);
	if (i && i->state == IMAGE_SHOWN) {
		i->found |= found;
		i->state = IMAGE_SEEN;
	}
	pthread_mutex_unlock(&l->lock);
	signal_event(l->wake);
}

bool launch__is_loading(struct launch *l, pid_t pid)
{
	bool loading;

	pthread_mutex_lock(&l->lock);
	loading = find_image(l, pid);
	pthread_mutex_unlock(&l->lock);
	return loading;
}

bool launch__ended(struct launch *l, int *ret)
{
	bool ended;

	pthread_mutex_lock(&l->lock);
	ended = l->ended;
	if (ended)
		*ret = l->status;
	pthread_mutex_unlock(&l->lock);
	return ended;
}
