// SPDX-License-Identifier: BSD-2-Clause
/* doctor: see doctor.h. */
#define _GNU_SOURCE
#include "doctor.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "collect/collect.h"
#include "collect/rings.h"
#include "common/escape.h"
#include "common/log.h"
#include "collect/machine.h"
#include "attach/explain.h"
#include "attach/held.h"
#include "attach/target.h"
#include "collect/trial.h"
#include "attach/watch.h"

#ifndef CAP_PERFMON
#define CAP_PERFMON 38
#define CAP_BPF 39
#endif

struct doctor {
	const struct opts *opts;
	uint64_t caps; /* effective */
	struct binaries binaries;
	struct collector *collector;
};

#define CAP(name) (1ull << CAP_##name)

/* ---- what is said ---- */

static void say(const char *what, const char *end, const char *format, va_list args)
{
	escape__print(stdout, "%-11s ", what);
	escape__vprint(stdout, format, args);
	escape__print_line(stdout, "%s", end);
}

static LOG_FORMAT(2) void healthy(const char *what, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	say(what, ": ok", format, args);
	va_end(args);
}

static LOG_FORMAT(2) void ill(const char *what, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	say(what, "", format, args);
	va_end(args);
}

static LOG_FORMAT(2) enum exit_code mend(enum exit_code code, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	say("         ->", "", format, args);
	va_end(args);
	return code;
}

/* ---- what stops it ---- */

static enum exit_code mend_caps(const struct doctor *d, uint64_t wanted)
{
	static const struct {
		int cap;
		const char *name;
	} caps[] = {
		{ CAP_BPF, "BPF" },
		{ CAP_PERFMON, "PERFMON" },
		{ CAP_SYS_ADMIN, "SYS_ADMIN" },
		{ CAP_SYS_PTRACE, "SYS_PTRACE" },
	};
	bool sudo = geteuid() != 0;
	char flags[128] = "";

	for (size_t i = 0; i < sizeof(caps) / sizeof(*caps); i++) {
		if (!((wanted & ~d->caps) >> caps[i].cap & 1))
			continue;
		snprintf(flags + strlen(flags), sizeof(flags) - strlen(flags), "--cap-add=%s ", caps[i].name);
		if (!machine__may_gain_cap(caps[i].cap))
			sudo = false;
	}
	if (sudo)
		return mend(EXIT_PERMISSION, "sudo viztrace-bpf");
	return mend(EXIT_PERMISSION, "docker run %s(podman too; CapabilityBoundingSet= of a systemd service)", flags);
}

/* A call that did not get to the kernel, with `sysctl` there if the kernel has such a call. */
static enum exit_code filtered(const char *what, const char *call, int err, const char *sysctl, const char *config)
{
	if (err == -ENOSYS && access(sysctl, F_OK)) {
		ill(what, "this kernel has no %s()", call);
		return mend(EXIT_KERNEL, "a kernel with %s=y", config);
	}
	if (err == -ECANCELED) {
		ill(what, "a seccomp filter kills whoever calls %s()", call);
		return mend(EXIT_PERMISSION, "SystemCallFilter=bpf perf_event_open in the systemd service");
	}
	if (machine__has_seccomp_filter()) {
		ill(what, "a seccomp filter forbids %s() (%s), in spite of the capabilities", call, strerror(-err));
		return mend(EXIT_PERMISSION, "docker run --security-opt seccomp=unconfined (podman too)");
	}
	ill(what, "a security module forbids %s() (%s)", call, strerror(-err));
	return mend(EXIT_PERMISSION, "a rule in that module: see /sys/kernel/security/lsm");
}

/* The kernel itself refuses, though we have the capabilities. */
static enum exit_code refused(const char *what, const char *thing, int err)
{
	struct rlimit locked;

	if (!machine__is_linux(5, 11) && getrlimit(RLIMIT_MEMLOCK, &locked) == 0 && locked.rlim_cur != RLIM_INFINITY) {
		ill(what, "%s: there may be only %llu KiB of locked memory", thing,
		    (unsigned long long)locked.rlim_cur >> 10);
		return mend(EXIT_PERMISSION, "ulimit -l unlimited (docker run --ulimit memlock=-1)");
	}
	ill(what, "%s: a security module forbids it (%s)", thing, strerror(-err));
	return mend(EXIT_PERMISSION, "a rule in that module: see /sys/kernel/security/lsm");
}

static enum exit_code unknown(const char *what, const char *thing, int err)
{
	ill(what, "%s: %s", thing, strerror(-err));
	return mend(EXIT_KERNEL, "not known to the doctor; viztrace-bpf -v -p PID says more");
}

/* ---- the stages, each of which needs the one before ---- */

static enum exit_code check_kernel(struct doctor *d)
{
	struct utsname u = { 0 };

	(void)d;
	uname(&u);
	if (!machine__has_proc()) {
		ill("kernel", "Linux %s, but /proc is not mounted", u.release);
		return mend(EXIT_KERNEL, "mount -t proc proc /proc");
	}
	if (!machine__has_sysfs()) {
		ill("kernel", "Linux %s, but /sys is not mounted", u.release);
		return mend(EXIT_KERNEL, "mount -t sysfs -o ro sysfs /sys (docker run -v /sys:/sys:ro)");
	}
	healthy("kernel", "Linux %s with /proc and /sys", u.release);
	return EXIT_TRACED;
}

/* Where perf events attach, it is CAP_SYS_ADMIN that they want, on all kernels but those of before the middle of 2025;
 * and it stands for CAP_BPF and CAP_PERFMON, too. */
static enum exit_code check_permission(struct doctor *d)
{
	bool ptrace, bpf, perfmon;
	char user[32] = "root";

	if (geteuid())
		snprintf(user, sizeof(user), "user %u", geteuid());
	/* Whoever is root there has them all, and none that counts. */
	if (machine__in_user_namespace()) {
		ill("permission", "%s of a user namespace only, where no capability is good for eBPF", user);
		return mend(EXIT_PERMISSION, "sudo outside of it (sudo podman run, docker run --userns=host)");
	}
	d->caps = machine__effective_caps();
	ptrace = d->caps & CAP(SYS_PTRACE);
	bpf = d->caps & (CAP(SYS_ADMIN) | CAP(BPF));
	perfmon = d->caps & (CAP(SYS_ADMIN) | CAP(PERFMON));
	if (!bpf || !perfmon) {
		ill("permission", "%s without %s", user,
		    bpf     ? "CAP_PERFMON" :
		    perfmon ? "CAP_BPF" :
			      "CAP_BPF and CAP_PERFMON");
		return mend_caps(d, CAP(SYS_PTRACE) |
					    (machine__is_linux(6, 10) ? CAP(BPF) | CAP(PERFMON) : CAP(SYS_ADMIN)));
	}
	healthy("permission", "%s with %s%s", user, d->caps & CAP(SYS_ADMIN) ? "CAP_SYS_ADMIN" : "CAP_BPF, CAP_PERFMON",
		ptrace ? ", CAP_SYS_PTRACE" : "; without CAP_SYS_PTRACE only for processes of that user");
	return EXIT_TRACED;
}

static enum exit_code check_programs(struct doctor *d)
{
	struct collect_options options = { .ring_size = d->opts->ring_size };
	const char *missing = "";
	int err = collector__new(&d->collector, &options, &missing);

	if (!err)
		return EXIT_TRACED;
	if (err == -EPERM)
		return refused("eBPF", "maps and programs", err);
	if (err != -ENOTSUP && err != -E2BIG)
		return unknown("eBPF", "maps and programs", err);
	/* Is it the rings' size? */
	options.ring_size = RING_SIZE_MIN;
	err = collector__new(&d->collector, &options, &missing);
	if (!err) {
		ill("eBPF", "there is not enough memory for the ring buffers");
		return mend(EXIT_KERNEL, "--ring-size %uk, or a higher limit of memory for this container",
			    RING_SIZE_MIN >> 10);
	}
	ill("eBPF", "this kernel does not give us %s", missing);
	return mend(EXIT_KERNEL, "viztrace-bpf -v doctor tells the kernel's reasons");
}

static enum exit_code check_ebpf(struct doctor *d)
{
	/* As libbpf does where maps are paid from it; without the right to, it stays as it is. */
	struct rlimit unlimited = { RLIM_INFINITY, RLIM_INFINITY };
	enum exit_code code;
	int err = trial__reach_bpf();

	if (err)
		return filtered("eBPF", "bpf", err, "/proc/sys/kernel/unprivileged_bpf_disabled", "CONFIG_BPF_SYSCALL");
	if (!machine__is_linux(5, 11))
		setrlimit(RLIMIT_MEMLOCK, &unlimited);
	err = trial__make_ring();
	if (err == -EPERM || err == -EACCES)
		return refused("eBPF", "a ring buffer", err);
	if (err == -EINVAL) {
		ill("eBPF", "this kernel has no ring buffers");
		return mend(EXIT_KERNEL, "Linux 5.8 or later");
	}
	if (err)
		return unknown("eBPF", "a ring buffer", err);
	err = trial__load_program();
	if (err == -EPERM || err == -EACCES)
		return refused("eBPF", "a program for uprobes", err);
	if (err == -EINVAL) {
		ill("eBPF", "this kernel has no programs for uprobes");
		return mend(EXIT_KERNEL, "a kernel with CONFIG_BPF_EVENTS=y");
	}
	if (err)
		return unknown("eBPF", "a program for uprobes", err);
	code = check_programs(d);
	if (!code)
		healthy("eBPF", "programs load, %zu MiB of ring buffers%s", collector__ring_bytes(d->collector) >> 20,
			collector__follow_forks(d->collector) ? "; -f does not work (no BTF, or lockdown)" : "");
	return code;
}

/* Attach to our own stub, as the tool attaches to a target's, for hits by `pid`. */
static int attach(struct doctor *d, pid_t pid)
{
	int fd = open("/proc/self/exe", O_RDONLY | O_CLOEXEC), err;
	struct binary *own;

	if (fd < 0)
		return -errno;
	err = binaries__get(&d->binaries, fd, "/proc/self/exe", &own);
	return err ? err :
		     collector__attach(d->collector, &own->elf, own->fd, own->path, pid, 1u << SITE_OWN_PROBE, false);
}

static enum exit_code try_probe(struct doctor *d, const char *what, pid_t pid)
{
	bool perf = collector__needs_perf_events(d->collector);
	int err = attach(d, pid);

	if (!err)
		return EXIT_TRACED;
	if (perf && access("/sys/bus/event_source/devices/uprobe/type", F_OK)) {
		ill(what, "this kernel has neither links for many uprobes nor uprobes for perf events");
		return mend(EXIT_KERNEL, "a kernel with CONFIG_UPROBE_EVENTS=y");
	}
	if (err != -EACCES && err != -EPERM)
		return unknown(what, "a uprobe", err);
	if (!perf || d->caps & CAP(SYS_ADMIN))
		return refused(what, "a uprobe", err);
	/* Also with a perf_event_paranoid above 2, which Debian and Ubuntu have added. */
	ill(what, "this kernel wants CAP_SYS_ADMIN for uprobes");
	return mend_caps(d, CAP(SYS_ADMIN));
}

static int on_record(void *ctx, const void *record, size_t size)
{
	(void)record;
	(void)size;
	++*(unsigned *)ctx;
	return 0;
}

/* Run through our own stub. -ENODATA: no record came; -EFAULT: one came, but the program could not read our memory. */
static int be_hit(struct doctor *d)
{
	struct collect_counts counts;
	unsigned records = 0;
	int err;

	site__hit();
	err = collector__read(d->collector);
	if (!err)
		err = collector__pass(d->collector, on_record, &records);
	if (!err)
		err = collector__counts(d->collector, SITE_OWN_PROBE, &counts);
	return err ? err : !records ? -ENODATA : counts.unreadable ? -EFAULT : 0;
}

static enum exit_code check_uprobes(struct doctor *d)
{
	int err = trial__reach_perf_event_open();
	struct watch *watch = NULL;
	enum exit_code code;

	/* Who does not need them to attach looks with them for new libraries, if that is not deadly. */
	if (err && (collector__needs_perf_events(d->collector) || err == -ECANCELED))
		return filtered("uprobes", "perf_event_open", err, "/proc/sys/kernel/perf_event_paranoid",
				"CONFIG_PERF_EVENTS");
	code = try_probe(d, "uprobes", getpid());
	if (code)
		return code;
	err = be_hit(d);
	if (err)
		return unknown("uprobes", "one was hit, but its record is not right", err);
	healthy("uprobes", "one on this very program was hit, and its record came%s",
		watch__new(&watch) ? "; new libraries are found late (no perf events)" : "");
	watch__free(watch);
	if (log_level >= LOG_VERBOSE)
		collector__choose_site(d->collector, SITE_AUTO);
	return EXIT_TRACED;
}

/* One can trace without. */
static enum exit_code check_batches(struct doctor *d)
{
	const char *why = "";
	int err = collector__use_batches(d->collector, &why);

	if (!err)
		healthy("batches", "--collect batch spares most events their trap");
	else
		ill("batches", "each event is a trap here: %s", err == -ENOTSUP ? why : strerror(-err));
	return EXIT_TRACED;
}

static enum exit_code no_process(const struct doctor *d, pid_t pid)
{
	if (target__is_zombie(pid)) {
		ill("process", "%d has ended; its parent has not taken notice yet", pid);
		return mend(EXIT_NO_PROCESS, "ps -e");
	}
	if (kill(pid, 0) == 0 || errno != ESRCH) {
		ill("process", "%d is there, but /proc hides it (hidepid) from who is without CAP_SYS_PTRACE", pid);
		return mend_caps(d, CAP(SYS_PTRACE));
	}
	if (machine__in_pid_namespace()) {
		ill("process", "there is no %d in this PID namespace", pid);
		return mend(EXIT_NO_PROCESS, "docker run --pid=host, or the number that it has in here");
	}
	ill("process", "there is no %d", pid);
	return mend(EXIT_NO_PROCESS, "ps -e");
}

static enum exit_code not_ours(struct doctor *d, pid_t pid, int err)
{
	if (d->caps & CAP(SYS_PTRACE))
		return refused("process", "to look at it", err);
	ill("process", "%d is of another user or has other rights, and we are without CAP_SYS_PTRACE", pid);
	return mend_caps(d, CAP(SYS_PTRACE));
}

static void name_finding(void *ctx, const struct binary *b, const char *text)
{
	(void)ctx;
	(void)b;
	ill("process", "%s", text);
}

static enum exit_code check_probes(struct doctor *d, const struct target *t)
{
	struct explanation why;
	char held[HELD_TEXT];
	size_t n;

	if (explain__target(&why, t, &d->binaries)) {
		ill("process", "%s", why.what);
		return mend(why.code, "%s%s", why.mend,
			    why.is_final ? "" : "; if it loads them later, -p waits for that");
	}
	if (held__by(t->pid, held))
		ill("process", "%d %s: until then there is nothing to see", t->pid, held);
	if (t->task != t->pid)
		ill("process", "%d's first thread has left; it is traced as one of all that run its files", t->pid);
	n = explain__probes(t, name_finding, NULL);
	if (!n)
		return mend(EXIT_NO_PROBES, "wait until that is over, or run the program without it");
	escape__print_line(stdout, "%-11s %d (%s) has %zu probes: sudo viztrace-bpf -p %d", "ready", t->pid, t->comm, n,
			   t->pid);
	return EXIT_TRACED;
}

static enum exit_code check_process(struct doctor *d, pid_t pid)
{
	pid_t leader = 0;
	enum exit_code code;
	struct target *t;
	int err = target__open(&t, &d->binaries, pid, &leader);

	switch (err) {
	case 0: break;
	case -ESRCH: return no_process(d, pid);
	case -EINVAL:
		ill("process", "%d is a thread of process %d", pid, leader);
		return mend(EXIT_NO_PROCESS, "-p %d", leader);
	case -EACCES:
	case -EPERM: return not_ours(d, pid, err);
	default: return unknown("process", "to look at it", err);
	}
	if (t->n_denied && !target__count_probes(t))
		code = not_ours(d, pid, -EACCES); /* newer kernels let us see the mappings, but none of the files */
	else
		code = try_probe(d, "process", pid);
	if (!code)
		code = check_probes(d, t);
	target__free(t);
	return code;
}

static enum exit_code check_ready(struct doctor *d)
{
	enum exit_code code = EXIT_TRACED;

	for (size_t i = 0; !code && i < d->opts->n_pids; i++)
		code = check_process(d, d->opts->pids[i]);
	if (!d->opts->n_pids)
		escape__print_line(stdout, "%-11s sudo viztrace-bpf -p PID", "ready");
	return code;
}

enum exit_code doctor__run(const struct opts *o)
{
	static enum exit_code (*const stages[])(struct doctor *) = {
		check_kernel, check_permission, check_ebpf, check_uprobes, check_batches, check_ready,
	};
	struct doctor d = { .opts = o };
	enum exit_code code = EXIT_TRACED;

	for (size_t i = 0; !code && i < sizeof(stages) / sizeof(*stages); i++)
		code = stages[i](&d);
	collector__free(d.collector);
	binaries__clear(&d.binaries);
	return code;
}
