// SPDX-License-Identifier: BSD-2-Clause
/* attachments: see attachments.h. */
#define _GNU_SOURCE
#include "attachments.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "../common/log.h"
#include "detach.h"

int attachments__add(struct attachments *a, const struct attachment *one)
{
	struct attachment *more = realloc(a->all, (a->n + 1) * sizeof(*more));

	if (!more)
		return -ENOMEM;
	a->all = more;
	more[a->n++] = *one;
	return 0;
}

/* The descriptor is the attachment. What libbpf has besides, it has for attaching. */
static int take_fd(struct attachment *a)
{
	int fd = a->fd;

	if (!a->link)
		return fd;
	fd = bpf_link__fd(a->link);
	bpf_link__disconnect(a->link);
	bpf_link__destroy(a->link);
	return fd;
}

void attachments__wait(struct attachments *a)
{
	if (a->detaching)
		pthread_join(a->thread, NULL);
	a->detaching = false;
}

static void detach(struct attachments *a)
{
	pid_t child = a->n_leaving ? detach__all(a->leaving, a->n_leaving, a->sleeping) : 0;

	if (child && *a->sleeping)
		log_warn("a thread of the target sleeps in a probe until memory comes that it reports; process %d "
			 "waits for that in our place. See --no-page-faults",
			 child);
	else if (child)
		log_warn("the kernel has not let go of the probes yet; process %d waits for that in our place", child);
	free(a->leaving);
	a->leaving = NULL;
	a->n_leaving = 0;
}

static void *run(void *a)
{
	detach(a);
	return NULL;
}

/* All but the first ones, which are on their way from here on. */
static void take_out(struct attachments *a, size_t first)
{
	attachments__wait(a);
	a->leaving = calloc(a->n - first + 1, sizeof(*a->leaving));
	for (size_t i = first; a->leaving && i < a->n; i++)
		a->leaving[a->n_leaving++] = take_fd(&a->all[i]);
	/* Without memory for it the end of this process detaches them. */
	a->n = first;
}

/* Those for which `leaves` says so come last. Returns how many stay. */
static size_t sort(struct attachments *a, bool (*leaves)(const struct attachment *one, const void *arg),
		   const void *arg)
{
	size_t kept = 0;

	for (size_t i = 0; i < a->n; i++) {
		struct attachment one = a->all[i];

		if (leaves(&one, arg))
			continue;
		a->all[i] = a->all[kept];
		a->all[kept++] = one;
	}
	return kept;
}

static bool is_of_file(const struct attachment *one, const void *elf)
{
	return one->elf == elf;
}

static bool is_of_kinds(const struct attachment *one, const void *kinds)
{
	return one->kinds && !(one->kinds & ~*(const uint32_t *)kinds);
}

void attachments__drop_from(struct attachments *a, size_t first)
{
	take_out(a, first);
	detach(a);
}

void attachments__drop_file(struct attachments *a, const struct elf_file *elf)
{
	attachments__drop_from(a, sort(a, is_of_file, elf));
}

static void drop_in_thread(struct attachments *a, size_t first)
{
	take_out(a, first);
	a->detaching = !pthread_create(&a->thread, NULL, run, a);
	if (!a->detaching)
		detach(a);
}

void attachments__drop_kinds(struct attachments *a, uint32_t kinds)
{
	drop_in_thread(a, sort(a, is_of_kinds, &kinds));
}

void attachments__drop_all(struct attachments *a)
{
	drop_in_thread(a, 0);
}

bool attachments__have_gone(struct attachments *a)
{
	if (a->detaching && !pthread_tryjoin_np(a->thread, NULL))
		a->detaching = false;
	return !a->detaching;
}

/* The link's process; -1: this kernel (before 6.8) does not tell. */
static pid_t process_of(int link)
{
	/* The beginning of struct bpf_link_info, as it is for links of many uprobes. */
	struct {
		uint32_t type, id, program, pad;
		uint64_t path, offsets, semaphores, cookies; /* where to put these: nowhere */
		uint32_t path_size, count, flags, pid;
	} info = { 0 };
	uint32_t size = sizeof(info);

	if (bpf_obj_get_info_by_fd(link, &info, &size) || size < sizeof(info))
		return -1;
	return (pid_t)info.pid;
}

size_t attachments__drop_dead(struct attachments *a, pid_t pid)
{
	size_t kept = 0, n = a->n;

	for (size_t i = 0; i < n; i++) {
		struct attachment *one = &a->all[i];

		if (one->link || one->pid != pid || process_of(one->fd) != 0)
			a->all[kept++] = *one;
		else
			close(one->fd);
	}
	a->n = kept;
	return n - kept;
}

void attachments__clear(struct attachments *a)
{
	attachments__drop_from(a, 0);
	free(a->all);
	a->all = NULL;
}
