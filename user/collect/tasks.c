// SPDX-License-Identifier: BSD-2-Clause
/* tasks: see tasks.h. */
#define _GNU_SOURCE
#include "tasks.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "../../bpf/record.h"
#include "../common/log.h"
#include "batch.skel.h"

static int add(struct known *k, const struct rec_thread *rec)
{
	int err = known__set_comm(k, rec->head.tgid, rec->head.tid, rec->head.ts, rec->head.comm);

	return err ? err : known__set_thread(k, rec->head.tgid, rec->thread, rec->head.tid);
}

int tasks__list(struct batch_bpf *skel, struct known *k, pid_t pid)
{
	int link = bpf_link_create(bpf_program__fd(skel->progs.on_task), 0, BPF_TRACE_ITER, NULL), iter, err = 0;
	struct rec_thread rec[64];
	bool forbidden = false;
	ssize_t n;

	if (link < 0)
		return -errno;
	iter = bpf_iter_create(link);
	if (iter < 0)
		err = -errno;
	while (!err && (n = read(iter, rec, sizeof(rec))) > 0)
		for (size_t i = 0; !err && i < (size_t)n / sizeof(*rec); i++) {
			forbidden |= rec[i].head.tgid == (uint32_t)pid && rec[i].head.flags & REC_NO_CLOCK;
			err = add(k, &rec[i]);
		}
	if (iter >= 0)
		close(iter);
	close(link);
	return !err && forbidden ? -EACCES : err;
}

/* The kernel's flags of our own thread. */
static uint64_t own_flags(struct batch_bpf *skel, struct known *k)
{
	skel->bss->asked_flags = 0;
	return tasks__list(skel, k, 0) ? 0 : skel->bss->asked_flags;
}

void tasks__find_no_clock(struct batch_bpf *skel, struct known *k)
{
	uint64_t found = UINT64_MAX;
	sigset_t all, before;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	skel->bss->asked = (uint32_t)gettid();
	for (int i = 0; i < 3; i++) {
		uint64_t with, without = own_flags(skel, k);

		prctl(PR_SET_TSC, PR_TSC_SIGSEGV, 0, 0, 0);
		with = own_flags(skel, k);
		prctl(PR_SET_TSC, PR_TSC_ENABLE, 0, 0, 0);
		found &= with & ~without;
	}
	skel->bss->asked = 0;
	skel->bss->no_clock = found;
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (!found)
		log_verbose("whether a process may read the processor's clock cannot be seen");
}
