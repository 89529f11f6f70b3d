// SPDX-License-Identifier: BSD-2-Clause
/* guard: see guard.h. */
#define _GNU_SOURCE
#include "guard.h"

#include <dirent.h>
#include <errno.h>
#include <linux/capability.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../common/descriptors.h"
#include "remote.h"

#define NAME "viztrace-guard"
#define LOOK_US 10000u
#define MANY 1024  /* semaphores, of which some may be nobody's any more */
#define LOOKS 500u /* until the kernel has taken its traps out; those that stay are somebody else's */

struct guard {
	int fd; /* to the guard, that sees its end */
	pid_t pid;
};

/* ---- In the guard ---- */

/* The memory of a process: by its first thread, or, if that has left, by another one. */
static bool open_process(struct remote *ret, pid_t pid)
{
	struct dirent *entry;
	bool found = false;
	char path[64];
	DIR *tasks;

	snprintf(path, sizeof(path), "/proc/%d/task", pid);
	tasks = opendir(path);
	while (tasks && !found && (entry = readdir(tasks))) {
		pid_t task = atoi(entry->d_name);

		found = task > 0 && !remote__open(ret, task);
	}
	if (tasks)
		closedir(tasks);
	return found;
}

/* Of one process. */
struct place {
	struct remote memory;
	struct mapping *maps; /* with names; their paths are "", or NULL if no file is behind them */
	size_t n;
};

static void leave(struct place *p)
{
	remote__close(&p->memory);
	free(p->maps);
}

static bool enter(struct place *ret, pid_t pid)
{
	struct place p = { .n = 0 };
	struct mapping m;

	if (!open_process(&p.memory, pid))
		return false;
	while (maps__next(&p.memory.maps, &m)) {
		struct mapping *more = mapping__is_file(&m) ? realloc(p.maps, (p.n + 1) * sizeof(m)) : NULL;

		if (!more)
			continue;
		p.maps = more;
		m.path = mapping__is_of_a_file(&m) ? "" : NULL;
		more[p.n++] = m;
	}
	if (p.n)
		*ret = p;
	else
		leave(&p);
	return p.n != 0;
}

static const struct mapping *mapping_at(const struct place *p, uint64_t address)
{
	for (size_t i = 0; i < p->n; i++)
		if (address >= p->maps[i].start && address < p->maps[i].end)
			return &p->maps[i];
	return NULL;
}

/* The file's code, and where that has its data: the file's, or memory that it was moved to. */
static bool has(const struct place *p, const struct guarded *s)
{
	const struct mapping *code = mapping_at(p, s->nop), *data = mapping_at(p, s->semaphore);

	return code && code->dev == s->dev && code->ino == s->ino &&
	       (!data || (!data->path && data->writable) ||
		(data->dev == s->dev && data->ino == s->ino &&
		 data->offset + (s->semaphore - data->start) == s->offset));
}

/* Is there something else than the program's own code? */
static bool is_trapped(const struct remote *memory, const struct guarded *s)
{
	unsigned char code[sizeof(s->code)];

	return remote__read(memory, s->nop, code, s->code_size) && memcmp(code, s->code, s->code_size) != 0;
}

/*
 * The kernel looks at what it lowers: it takes no trap out where that is 0 already. So this is for when the trap has
 * gone, or stays for good.
 */
static void lower(struct place *p, pid_t pid, const struct guarded *s)
{
	const struct mapping *data = mapping_at(p, s->semaphore);
	struct remote_word w = { .address = s->semaphore };
	uint16_t to = 0;

	if (!has(p, s))
		return;
	if (data)
		w = remote__word(data, s->semaphore);
	if (!remote__read(&p->memory, w.address, &w.value, sizeof(w.value)) || !w.value)
		return;
	if (is_trapped(&p->memory, s)) {
		if (!s->may_be_shared || pid != s->pid)
			return;
		to = (uint16_t)(w.value - 1);
	}
	/* Nobody hears of what goes wrong any more. */
	(void)remote__set(&p->memory, &w, to);
}

static void lower_in(pid_t pid, struct guarded *all, size_t n, void *ctx)
{
	struct place p;

	(void)ctx;
	if (!enter(&p, pid))
		return;
	for (size_t i = 0; i < n; i++)
		lower(&p, pid, &all[i]);
	leave(&p);
}

static bool any_is_trapped(const struct guarded *all, size_t n)
{
	bool any = false;

	for (size_t i = 0; i < n && !any; i++) {
		struct remote memory;

		if (!open_process(&memory, all[i].pid))
			continue;
		any = is_trapped(&memory, &all[i]);
		remote__close(&memory);
	}
	return any;
}

typedef void (*process_cb)(pid_t pid, struct guarded *all, size_t n, void *ctx);

static void each_process(struct guarded *all, size_t n, process_cb cb, void *ctx)
{
	DIR *proc = opendir("/proc");
	struct dirent *entry;

	while (proc && (entry = readdir(proc))) {
		pid_t pid = atoi(entry->d_name);

		if (pid > 0)
			cb(pid, all, n, ctx);
	}
	if (proc)
		closedir(proc);
}

static void lower_all(struct guarded *all, size_t n)
{
	for (unsigned i = 0; i < LOOKS && any_is_trapped(all, n); i++)
		usleep(LOOK_US);
	each_process(all, n, lower_in, NULL);
}

static void find_in(pid_t pid, struct guarded *all, size_t n, void *found)
{
	struct place p;

	if (!enter(&p, pid))
		return;
	for (size_t i = 0; i < n; i++)
		((bool *)found)[i] |= has(&p, &all[i]);
	leave(&p);
}

/* Of processes that have ended, and left none that were forked by them. How many are still there. */
static size_t drop_nobodys(struct guarded *all, size_t n)
{
	bool *found = calloc(n, sizeof(*found));
	size_t kept = 0;

	if (!found)
		return n;
	each_process(all, n, find_in, found);
	for (size_t i = 0; i < n; i++)
		if (found[i])
			all[kept++] = all[i];
	free(found);
	return kept;
}

/* Nothing of the tool's that is open stays so; nothing that ends the tool ends this. */
static void stand_apart(int fd)
{
	static const int signals[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGPIPE, SIGTSTP, SIGUSR1, SIGUSR2 };
	const uint32_t kept = 1u << CAP_SYS_PTRACE | 1u << CAP_DAC_OVERRIDE | 1u << CAP_DAC_READ_SEARCH;
	struct __user_cap_header_struct version = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct caps[_LINUX_CAPABILITY_U32S_3];

	for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++)
		signal(signals[i], SIG_IGN);
	prctl(PR_SET_NAME, NAME);
	setsid();
	(void)!chdir("/");
	descriptors__close_all(0, fd);
	prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	if (syscall(SYS_capget, &version, caps))
		return;
	caps[0].effective = caps[0].permitted &= kept;
	caps[1].effective = caps[1].permitted = 0;
	caps[0].inheritable = caps[1].inheritable = 0;
	syscall(SYS_capset, &version, caps);
}

static bool is_known(const struct guarded *all, size_t n, const struct guarded *s)
{
	for (size_t i = 0; i < n; i++)
		if (all[i].semaphore == s->semaphore && all[i].pid == s->pid && all[i].nop == s->nop &&
		    all[i].ino == s->ino && all[i].dev == s->dev)
			return true;
	return false;
}

/* Until there is nobody to hear of more from; who ends in order ends this, too. */
static void guard(int fd)
{
	struct guarded *all = NULL, *more, next;
	const char ready = 0;
	size_t n = 0, many = MANY;
	ssize_t got;

	stand_apart(fd);
	(void)!send(fd, &ready, sizeof(ready), MSG_NOSIGNAL);
	for (;;) {
		got = recv(fd, &next, sizeof(next), 0);
		if (got < 0 && errno == EINTR)
			continue;
		if (got != sizeof(next))
			break;
		if (is_known(all, n, &next))
			continue;
		if (n == many) {
			n = drop_nobodys(all, n);
			many = n + MANY > 2 * n ? n + MANY : 2 * n;
		}
		more = realloc(all, (n + 1) * sizeof(next));
		if (!more)
			continue;
		all = more;
		all[n++] = next;
	}
	lower_all(all, n);
	_exit(0);
}

/* ---- In the tool ---- */

static int start(struct guard **ret)
{
	/* A guard that is stopped stops nobody: nor is it waited for when it is told something. */
	const struct timeval patience = { .tv_sec = 1 };
	struct guard *g = calloc(1, sizeof(*g));
	int fds[2], err;
	char ready;

	if (!g)
		return -ENOMEM;
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fds)) {
		err = -errno;
		goto err_free;
	}
	g->pid = fork();
	if (!g->pid)
		guard(fds[1]);
	err = g->pid < 0 ? -errno : 0;
	close(fds[1]);
	g->fd = fds[0];
	setsockopt(g->fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	if (!err) {
		/* Until then what ends our process group ends it, too. */
		(void)!recv(g->fd, &ready, sizeof(ready), 0);
		*ret = g;
		return 0;
	}
	close(g->fd);
err_free:
	free(g);
	return err;
}

int guard__add(struct guard **g, const struct guarded *semaphore)
{
	int err = *g ? 0 : start(g);

	if (err)
		return err;
	return send((*g)->fd, semaphore, sizeof(*semaphore), MSG_NOSIGNAL | MSG_DONTWAIT) < 0 ? -errno : 0;
}

void guard__free(struct guard *g)
{
	if (!g)
		return;
	kill(g->pid, SIGKILL);
	while (waitpid(g->pid, NULL, 0) < 0 && errno == EINTR)
		;
	close(g->fd);
	free(g);
}
