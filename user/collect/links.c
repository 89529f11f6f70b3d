// SPDX-License-Identifier: BSD-2-Clause
/* links: see links.h. */
#define _GNU_SOURCE
#include "links.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <linux/bpf.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Part of bpf(BPF_LINK_CREATE)'s arguments since Linux 6.6: not in the headers of those who build us on an older
 * system. */
struct multi_args {
	uint32_t program, target, type, flags;
	uint64_t path, offsets, semaphores, cookies; /* addresses of a string and of u64[count] */
	uint32_t count, multi_flags, pid, pad;
};

int links__create_multi(int program, const char *path, const uint64_t *offsets, const uint64_t *semaphores,
			const uint64_t *cookies, uint32_t count, pid_t pid)
{
	struct multi_args args = {
		.program = (uint32_t)program,
		.type = LINKS_UPROBE_MULTI,
		.path = (uintptr_t)path,
		.offsets = (uintptr_t)offsets,
		.semaphores = (uintptr_t)semaphores,
		.cookies = (uintptr_t)cookies,
		.count = count,
		.pid = (uint32_t)pid,
	};
	int fd = (int)syscall(SYS_bpf, BPF_LINK_CREATE, &args, sizeof(args));

	return fd < 0 ? -errno : fd;
}

/* A program that is loaded to see what it can be attached with; -errno. */
int links__load_nothing(int attach_type)
{
	LIBBPF_OPTS(bpf_prog_load_opts, opts, .expected_attach_type = (enum bpf_attach_type)attach_type);
	const struct bpf_insn nothing[] = {
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0 },
		{ .code = BPF_JMP | BPF_EXIT },
	};

	return bpf_prog_load(BPF_PROG_TYPE_KPROBE, "nothing", "GPL", nothing, 2, &opts);
}

/* Are there links for perf events, which hand a cookie to the program? Nothing gets attached: there
 * is no such event. */
bool links__have_perf(void)
{
	int program = links__load_nothing(0);
	bool works;

	if (program < 0)
		return false;
	works = bpf_link_create(program, -1, BPF_PERF_EVENT, NULL) < 0 && errno == EBADF;
	close(program);
	return works;
}

/*
 * Are there links for many sites, and does their PID mean a process? It was a thread from 6.6 to 6.9; the change that
 * mended that also refuses a negative one by itself, before it looks for such a process. Nothing gets attached: a
 * directory has no code.
 */
bool links__have_multi(void)
{
	const uint64_t offset = 0;
	int program = links__load_nothing(LINKS_UPROBE_MULTI);
	bool works;

	if (program < 0)
		return false;
	works = links__create_multi(program, "/", &offset, NULL, NULL, 1, 0) == -EBADF &&
		links__create_multi(program, "/", &offset, NULL, NULL, 1, -1) == -EINVAL;
	close(program);
	return works;
}
