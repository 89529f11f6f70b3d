// SPDX-License-Identifier: BSD-2-Clause
/* machine: see machine.h. */
#include "machine.h"

#include <linux/capability.h>
#include <linux/magic.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <sys/vfs.h>
#include <unistd.h>

/* The inodes of the initial namespaces, on every kernel since 3.8. */
#define INITIAL_USERNS 0xEFFFFFFDu
#define INITIAL_PIDNS 0xEFFFFFFCu

static bool is_mounted(const char *path, long magic)
{
	struct statfs fs;

	return statfs(path, &fs) == 0 && (long)fs.f_type == magic;
}

bool machine__has_proc(void)
{
	return is_mounted("/proc", PROC_SUPER_MAGIC);
}

bool machine__has_sysfs(void)
{
	return is_mounted("/sys", SYSFS_MAGIC);
}

static bool in_child_namespace(const char *path, ino_t initial)
{
	struct stat st;

	return stat(path, &st) == 0 && st.st_ino != initial;
}

bool machine__in_user_namespace(void)
{
	return in_child_namespace("/proc/self/ns/user", INITIAL_USERNS);
}

struct machine_pidns machine__pid_namespace(void)
{
	struct stat st;

	if (stat("/proc/self/ns/pid", &st) || st.st_ino == INITIAL_PIDNS)
		return (struct machine_pidns){ 0 };
	return (struct machine_pidns){ st.st_dev, st.st_ino };
}

bool machine__in_pid_namespace(void)
{
	return machine__pid_namespace().ino != 0;
}

struct offsets {
	int64_t monotonic, boottime; /* ns */
};

/* The file is about the namespace of our children, which is ours unless we have just asked for another one. */
static struct offsets read_offsets(void)
{
	struct offsets found = { 0 };
	long long seconds, ns;
	struct stat own, children;
	char clock[16];
	FILE *file;

	if (stat("/proc/self/ns/time", &own) || stat("/proc/self/ns/time_for_children", &children) ||
	    own.st_ino != children.st_ino)
		return found;
	file = fopen("/proc/self/timens_offsets", "re");
	while (file && fscanf(file, "%15s %lld %lld", clock, &seconds, &ns) == 3)
		*(clock[0] == 'm' ? &found.monotonic : &found.boottime) = seconds * 1000000000 + ns;
	if (file)
		fclose(file);
	return found;
}

uint64_t machine__kernel_time(clockid_t clock)
{
	static struct offsets offsets;
	static bool known;
	struct timespec ts;
	int64_t ns;

	if (!known)
		offsets = read_offsets();
	known = true;
	clock_gettime(clock, &ts);
	ns = (int64_t)ts.tv_sec * 1000000000 + ts.tv_nsec;
	return (uint64_t)(ns - (clock == CLOCK_MONOTONIC ? offsets.monotonic :
				clock == CLOCK_BOOTTIME  ? offsets.boottime :
							   0));
}

uint64_t machine__effective_caps(void)
{
	struct __user_cap_header_struct head = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[2] = { { 0 } };

	syscall(SYS_capget, &head, data);
	return (uint64_t)data[1].effective << 32 | data[0].effective;
}

bool machine__may_gain_cap(int cap)
{
	return prctl(PR_CAPBSET_READ, cap, 0, 0, 0) == 1 && prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 0;
}

bool machine__has_seccomp_filter(void)
{
	return prctl(PR_GET_SECCOMP, 0, 0, 0, 0) > 0;
}

bool machine__is_linux(unsigned major, unsigned minor)
{
	unsigned is_major = 0, is_minor = 0;
	struct utsname u;

	return uname(&u) == 0 && sscanf(u.release, "%u.%u", &is_major, &is_minor) == 2 &&
	       (is_major > major || (is_major == major && is_minor >= minor));
}
