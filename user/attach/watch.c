// SPDX-License-Identifier: BSD-2-Clause
/* watch: see watch.h. */
#include "watch.h"

#include <errno.h>
#include <linux/perf_event.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "../collect/machine.h"

#define RING_BYTES (128u << 10) /* of each CPU; a power of two */
#define RECORD_MAX 65536
#define WATCH_NAME_MAX 256 /* of a longer path the beginning */

struct cpu {
	int fd;
	struct perf_event_mmap_page *page; /* RING_BYTES behind it */
};

struct watch {
	struct cpu *cpus;
	size_t n_cpus;
	int epoll;
	size_t page_size;
	char record[RECORD_MAX + 1]; /* the one that is looked at: in the ring it may be in two pieces */
	struct seen *seen;           /* of all CPUs, to be sorted; between two readings what was too young to be told */
	size_t n_seen, room;
	int young; /* eventfd: there is something of that kind */
};

struct seen {
	struct watch_event event;
	char name[WATCH_NAME_MAX];
};

/* What sample_type adds to the end of each record. */
struct sample_id {
	uint32_t pid, tid;
	uint64_t ts;
};

static int open_cpu(struct watch *w, int cpu, struct cpu *ret)
{
	struct perf_event_attr attr = {
		.type = PERF_TYPE_SOFTWARE,
		.size = sizeof(attr),
		.config = PERF_COUNT_SW_DUMMY,
		.sample_type = PERF_SAMPLE_TID | PERF_SAMPLE_TIME,
		.sample_id_all = 1,
		.mmap = 1,
		.comm = 1,
		.comm_exec = 1,
		.task = 1,
		.use_clockid = 1,
		.clockid = CLOCK_MONOTONIC,
		.watermark = 1, /* wakeup_events counts samples only */
		.wakeup_watermark = 1,
	};
	struct epoll_event on = { .events = EPOLLIN };
	void *page;

	ret->fd = (int)syscall(SYS_perf_event_open, &attr, -1, cpu, -1, PERF_FLAG_FD_CLOEXEC);
	if (ret->fd < 0)
		return -errno;
	page = mmap(NULL, w->page_size + RING_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED, ret->fd, 0);
	if (page == MAP_FAILED || epoll_ctl(w->epoll, EPOLL_CTL_ADD, ret->fd, &on)) {
		int err = -errno;

		if (page != MAP_FAILED)
			munmap(page, w->page_size + RING_BYTES);
		close(ret->fd);
		return err;
	}
	ret->page = page;
	return 0;
}

int watch__new(struct watch **ret)
{
	long n_cpus = sysconf(_SC_NPROCESSORS_CONF);
	struct watch *w = calloc(1, sizeof(*w));
	struct epoll_event on = { .events = EPOLLIN };
	int err = -ENOMEM;

	if (!w)
		return -ENOMEM;
	w->page_size = (size_t)sysconf(_SC_PAGESIZE);
	w->epoll = epoll_create1(EPOLL_CLOEXEC);
	w->young = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (w->epoll < 0 || w->young < 0 || epoll_ctl(w->epoll, EPOLL_CTL_ADD, w->young, &on)) {
		err = -errno;
		goto err_free;
	}
	w->cpus = calloc((size_t)n_cpus, sizeof(*w->cpus));
	if (!w->cpus)
		goto err_free;
	for (int i = 0; i < n_cpus; i++) {
		err = open_cpu(w, i, &w->cpus[w->n_cpus]);
		if (!err)
			w->n_cpus++;
		else if (err != -ENODEV) /* a CPU that is off */
			goto err_free;
	}
	*ret = w;
	return 0;
err_free:
	watch__free(w);
	return err;
}

void watch__free(struct watch *w)
{
	if (!w)
		return;
	for (size_t i = 0; i < w->n_cpus; i++) {
		munmap(w->cpus[i].page, w->page_size + RING_BYTES);
		close(w->cpus[i].fd);
	}
	free(w->cpus);
	free(w->seen);
	if (w->epoll >= 0)
		close(w->epoll);
	if (w->young >= 0)
		close(w->young);
	free(w);
}

int watch__fd(const struct watch *w)
{
	return w->epoll;
}

static void copy_out(const struct watch *w, const struct cpu *c, uint64_t at, void *to, size_t size)
{
	const char *ring = (const char *)c->page + w->page_size;
	size_t from = at & (RING_BYTES - 1), first = RING_BYTES - from;

	if (first > size)
		first = size;
	memcpy(to, ring + from, first);
	memcpy((char *)to + first, ring, size - first);
}

/* False: nothing that anybody wants to know. */
static bool understand(char *record, size_t size, struct watch_event *ret)
{
	struct perf_event_header head;
	struct sample_id id;
	struct {
		uint32_t pid, ppid, tid, ptid;
	} task; /* PERF_RECORD_FORK, _EXIT, and the beginning (pid, tid) of the others */

	memcpy(&head, record, sizeof(head));
	*ret = (struct watch_event){ .kind = WATCH_MISSED, .name = "" };
	if (head.type == PERF_RECORD_LOST)
		return true;
	if (size < sizeof(head) + sizeof(task) + sizeof(id))
		return false;
	memcpy(&task, record + sizeof(head), sizeof(task));
	memcpy(&id, record + size - sizeof(id), sizeof(id));
	record[size - sizeof(id)] = 0;
	ret->ts = id.ts;
	ret->pid = (pid_t)task.pid;
	switch (head.type) {
	case PERF_RECORD_FORK:
		ret->kind = WATCH_FORKED;
		ret->parent = (pid_t)task.ppid;
		ret->tid = (pid_t)task.tid;
		return task.pid == task.tid;
	case PERF_RECORD_EXIT:
		ret->kind = WATCH_EXITED;
		ret->tid = (pid_t)task.tid;
		return true;
	case PERF_RECORD_COMM: /* pid, tid, name */
		ret->kind = WATCH_EXECED;
		ret->name = record + sizeof(head) + 2 * sizeof(uint32_t);
		return head.misc & PERF_RECORD_MISC_COMM_EXEC;
	case PERF_RECORD_MMAP: /* pid, tid, address, size, offset, name */
		ret->kind = WATCH_MAPPED;
		ret->name = record + sizeof(head) + 2 * sizeof(uint32_t) + 3 * sizeof(uint64_t);
		return ret->name < record + size - sizeof(id) && ret->name[0] == '/';
	}
	return false;
}

static int keep(struct watch *w, const struct watch_event *e)
{
	struct seen *seen;

	if (w->n_seen == w->room) {
		size_t room = w->room ? 2 * w->room : 64;
		struct seen *more = realloc(w->seen, room * sizeof(*more));

		if (!more)
			return -ENOMEM;
		w->seen = more;
		w->room = room;
	}
	seen = &w->seen[w->n_seen++];
	seen->event = *e;
	snprintf(seen->name, sizeof(seen->name), "%s", e->name);
	return 0;
}

static int read_cpu(struct watch *w, struct cpu *c)
{
	uint64_t head = __atomic_load_n(&c->page->data_head, __ATOMIC_ACQUIRE), tail = c->page->data_tail;
	int err = 0;

	while (!err && tail != head) {
		struct perf_event_header h;
		struct watch_event e;

		copy_out(w, c, tail, &h, sizeof(h));
		if (h.size < sizeof(h))
			break;
		copy_out(w, c, tail, w->record, h.size);
		tail += h.size;
		if (understand(w->record, h.size, &e))
			err = keep(w, &e);
	}
	__atomic_store_n(&c->page->data_tail, head, __ATOMIC_RELEASE);
	return err;
}

static int older(const void *a, const void *b)
{
	const struct seen *x = a, *y = b;

	return (x->event.ts > y->event.ts) - (x->event.ts < y->event.ts);
}

/* Events from `first` on are told next time, which is to be at once. */
static void keep_young(struct watch *w, size_t first)
{
	uint64_t n = 1;

	w->n_seen -= first;
	if (w->n_seen && first)
		memmove(w->seen, w->seen + first, w->n_seen * sizeof(*w->seen));
	if (w->n_seen)
		(void)!write(w->young, &n, sizeof(n));
	else
		(void)!read(w->young, &n, sizeof(n));
}

/*
 * One ring is read after the other. A process may be forked on a CPU whose ring has been read, and execute a program
 * on one whose ring is read next: that it has been forked would come later. So what is younger than the beginning of
 * this reading waits for the next one, which finds what came before it.
 */
int watch__read(struct watch *w, int (*cb)(void *ctx, const struct watch_event *e), void *ctx)
{
	uint64_t until = machine__kernel_time(CLOCK_MONOTONIC);
	size_t n;
	int err = 0;

	for (size_t i = 0; !err && i < w->n_cpus; i++)
		err = read_cpu(w, &w->cpus[i]);
	if (w->n_seen)
		qsort(w->seen, w->n_seen, sizeof(*w->seen), older);
	for (n = 0; !err && n < w->n_seen && w->seen[n].event.ts < until; n++) {
		w->seen[n].event.name = w->seen[n].name;
		err = cb(ctx, &w->seen[n].event);
	}
	if (!err)
		keep_young(w, n);
	return err;
}
