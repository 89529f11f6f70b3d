// SPDX-License-Identifier: BSD-2-Clause
/* Run a command as if the kernel had no such system call, or forbade it: without CALL ERRNO|kill COMMAND ARGS...
 * CALL is bpf, link (bpf that makes a link: what is left is how the oldest kernels do it) or perf_event_open; kill: who
 * makes it is killed. The kernel's own filter for system calls does it. */
#include <errno.h>
#include <linux/bpf.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	bool link = argc > 3 && !strcmp(argv[1], "link");
	unsigned call = link || (argc > 3 && !strcmp(argv[1], "bpf")) ? SYS_bpf : SYS_perf_event_open;
	unsigned action = argc > 3 && !strcmp(argv[2], "kill") ? SECCOMP_RET_KILL_PROCESS :
			  SECCOMP_RET_ERRNO | (argc > 3 ? (unsigned)atoi(argv[2]) : ENOSYS);
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, call, 0, 3),
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, args[0])),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, BPF_LINK_CREATE, 0, link),
		BPF_STMT(BPF_RET | BPF_K, action),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog program = { sizeof(code) / sizeof(*code), code };

	if (argc < 4) {
		fprintf(stderr, "usage: without CALL ERRNO|kill COMMAND ARGS...\n");
		return 100;
	}
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) || prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program)) {
		perror("without: seccomp");
		return 101;
	}
	execvp(argv[3], argv + 3);
	perror(argv[3]);
	return 102;
}
