// SPDX-License-Identifier: BSD-2-Clause
/* trial: see trial.h. */
#include "trial.h"

#include <errno.h>
#include <linux/bpf.h>
#include <stdint.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

/* Make it and let go of it. */
static int bpf(unsigned command, union bpf_attr *attr)
{
	int fd = (int)syscall(SYS_bpf, command, attr, sizeof(*attr));

	if (fd < 0)
		return -errno;
	close(fd);
	return 0;
}

/* In a child: a filter may kill who calls. */
static int reach(long number, long a, long b, long c, long d, long e)
{
	struct rlimit no_core = { 0 };
	pid_t child = fork();
	int status;

	if (child < 0)
		return -errno;
	if (!child) {
		setrlimit(RLIMIT_CORE, &no_core);
		_exit(syscall(number, a, b, c, d, e) < 0 ? errno : 0);
	}
	while (waitpid(child, &status, 0) < 0)
		if (errno != EINTR)
			return -errno;
	if (!WIFEXITED(status))
		return -ECANCELED;
	return WEXITSTATUS(status) == EINVAL ? 0 : -WEXITSTATUS(status);
}

int trial__reach_bpf(void)
{
	union bpf_attr attr = { 0 };

	return reach(SYS_bpf, 0x7fffffff, (long)&attr, sizeof(attr), 0, 0);
}

int trial__reach_perf_event_open(void)
{
	return reach(SYS_perf_event_open, 0, 0, -1, -1, -1L);
}

int trial__make_ring(void)
{
	union bpf_attr attr = { .map_type = BPF_MAP_TYPE_RINGBUF, .max_entries = (unsigned)sysconf(_SC_PAGESIZE) };

	return bpf(BPF_MAP_CREATE, &attr);
}

int trial__load_program(void)
{
	const struct bpf_insn nothing[] = {
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0 },
		{ .code = BPF_JMP | BPF_EXIT },
	};
	union bpf_attr attr = {
		.prog_type = BPF_PROG_TYPE_KPROBE,
		.insns = (uintptr_t)nothing,
		.insn_cnt = sizeof(nothing) / sizeof(*nothing),
		.license = (uintptr_t) "Dual BSD/GPL",
	};

	return bpf(BPF_PROG_LOAD, &attr);
}
