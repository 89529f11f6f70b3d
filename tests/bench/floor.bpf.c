// SPDX-License-Identifier: BSD-2-Clause
/*
 * What nobody can go below: nothing at all, and one small record, at the same probes as the tool.
 * And what a plain libbpf program does at probes of sys/sdt.h.
 */
#include <linux/bpf.h>
#include <linux/ptrace.h>
#include <stdbool.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>
#include <bpf/usdt.bpf.h>

char LICENSE[] SEC("license") = "Dual BSD/GPL";

struct record {
	__u64 ts, id, args[3];
};

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 8 << 20);
} ring SEC(".maps");

__u64 lost;

/* No wake-ups: the reader looks by itself, which is the cheapest there is. */
static __always_inline int put(__u64 a, __u64 b, __u64 c)
{
	struct record *r = bpf_ringbuf_reserve(&ring, sizeof(*r), 0);

	if (!r) {
		__sync_fetch_and_add(&lost, 1);
		return 0;
	}
	r->ts = bpf_ktime_get_ns();
	r->id = bpf_get_current_pid_tgid();
	r->args[0] = a;
	r->args[1] = b;
	r->args[2] = c;
	bpf_ringbuf_submit(r, BPF_RB_NO_WAKEUP);
	return 0;
}

SEC("uprobe")
int empty(struct pt_regs *ctx)
{
	return 0;
}

SEC("uprobe")
int record(struct pt_regs *ctx)
{
	return put(PT_REGS_PARM1(ctx), PT_REGS_PARM2(ctx), PT_REGS_PARM3(ctx));
}

SEC("usdt")
int usdt_bare(struct pt_regs *ctx)
{
	return put(0, 0, 0);
}

/* With the arguments, that libbpf looks up for each of them. */
SEC("usdt")
int usdt_args(struct pt_regs *ctx)
{
	long a = 0, b = 0, c = 0;

	bpf_usdt_arg(ctx, 0, &a);
	bpf_usdt_arg(ctx, 1, &b);
	bpf_usdt_arg(ctx, 2, &c);
	return put(a, b, c);
}
