// SPDX-License-Identifier: BSD-2-Clause
/* emulated: see emulated.h. */
#define _GNU_SOURCE
#include "emulated.h"

#include <dirent.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "maps.h"

static bool is_one_of(const char *const *patterns, const char *path, char ret[EMULATOR_MAX])
{
	const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;

	for (; *patterns; patterns++) {
		if (fnmatch(*patterns, name, 0))
			continue;
		snprintf(ret, EMULATOR_MAX, "%s", name);
		ret[strcspn(ret, " ")] = 0; /* " (deleted)" */
		return true;
	}
	return false;
}

bool emulated__by_program(const char *exe, char ret[EMULATOR_MAX])
{
	/* valgrind's tools are called as what they run is: memcheck-amd64-linux. */
	static const char *const patterns[] = {
		"*-amd64-linux*", "*-arm64-linux*", "qemu-x86_64*",    "qemu-aarch64*", "pinbin*",
		"drrun*",         "box64*",         "FEXInterpreter*", "FEXLoader*",    NULL
	};

	return is_one_of(patterns, exe, ret);
}

bool emulated__by_mapping(const char *path, char ret[EMULATOR_MAX])
{
	static const char *const patterns[] = { "libdynamorio.so*", "pinbin*",    "vgpreload_*",
						"librrpreload*",    "librrpage*", NULL };

	return is_one_of(patterns, path, ret);
}

static bool runs_file(pid_t pid, const struct binary *b)
{
	char path[64];
	struct stat st;

	snprintf(path, sizeof(path), "/proc/%d/exe", pid);
	return !stat(path, &st) && st.st_dev == b->dev && st.st_ino == b->ino;
}

/* Of most processes no more is looked at than the name of what they run: there may be thousands. */
static bool may_be_emulated(pid_t pid, const struct binary *b, char ret[EMULATOR_MAX], bool *ret_sure)
{
	char path[64], exe[PATH_MAX];
	ssize_t n;

	snprintf(path, sizeof(path), "/proc/%d/exe", pid);
	n = readlink(path, exe, sizeof(exe) - 1);
	if (n <= 0)
		return false;
	exe[n] = 0;
	*ret_sure = emulated__by_program(exe, ret);
	return *ret_sure || runs_file(pid, b);
}

static bool maps_it(pid_t pid, const struct binary *b, char ret[EMULATOR_MAX], bool sure)
{
	struct mapping m;
	struct maps maps;
	bool found = false;

	if (maps__open(&maps, pid))
		return false;
	while (!(found && sure) && maps__next(&maps, &m)) {
		if (!mapping__is_file(&m))
			continue;
		found |= m.ino == b->ino;
		sure |= emulated__by_mapping(m.path, ret);
	}
	maps__close(&maps);
	return found && sure;
}

pid_t emulated__runs(const struct binary *b, char ret[EMULATOR_MAX])
{
	DIR *proc = opendir("/proc");
	struct dirent *entry;
	pid_t found = 0;
	bool sure;

	while (proc && !found && (entry = readdir(proc))) {
		pid_t pid = atoi(entry->d_name);

		if (pid > 0 && may_be_emulated(pid, b, ret, &sure) && maps_it(pid, b, ret, sure))
			found = pid;
	}
	if (proc)
		closedir(proc);
	return found;
}

/* Write what the file has at `offset` into that place of a mapping, if something else is there now. */
static bool restore(int mem, const struct mapping *m, uint64_t offset, const void *wanted, size_t size)
{
	off_t at = (off_t)(m->start + (offset - m->offset));
	unsigned char now[SITE_OWN_CODE_SIZE];

	if (!size || offset < m->offset || offset + size > m->offset + (m->end - m->start))
		return false;
	if (pread(mem, now, size, at) != (ssize_t)size || !memcmp(now, wanted, size))
		return false;
	return pwrite(mem, wanted, size, at) == (ssize_t)size;
}

bool emulated__disarm(pid_t pid, const struct binary *b)
{
	static const uint16_t low;
	struct mapping m;
	struct maps maps;
	bool done = false;
	char path[64];
	int mem;

	snprintf(path, sizeof(path), "/proc/%d/mem", pid);
	mem = open(path, O_RDWR | O_CLOEXEC);
	if (mem < 0)
		return false;
	if (!maps__open(&maps, pid)) {
		while (maps__next(&maps, &m)) {
			if (!mapping__is_file(&m) || m.shared || m.ino != b->ino)
				continue;
			for (size_t i = 0; i < b->elf.n_probes; i++) {
				const struct elf_probe *p = &b->elf.probes[i];

				if (m.writable)
					done |= restore(mem, &m, p->semaphore, &low, sizeof(low));
				else
					done |= restore(mem, &m, p->offset, p->code, p->code_size);
			}
		}
		maps__close(&maps);
	}
	close(mem);
	return done;
}
