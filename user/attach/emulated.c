// SPDX-License-Identifier: BSD-2-Clause
/* emulated: see emulated.h. */
#define _GNU_SOURCE
#include "emulated.h"

#include <dirent.h>
#include <fnmatch.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "maps.h"
#include "remote.h"

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

	snprintf(path, sizeof(path), "/proc/%d/exe", pid);
	return binary__is_at(b, path) > 0;
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

/* Where the kernel says which file it is, its number on the device is not enough: there are other devices. */
static bool is_of(pid_t pid, const struct mapping *m, const struct binary *b)
{
	char path[96];

	if (!mapping__is_file(m) || m->ino != b->ino)
		return false;
	snprintf(path, sizeof(path), "/proc/%d/map_files/%" PRIx64 "-%" PRIx64, pid, m->start, m->end);
	return binary__is_at(b, path) != 0;
}

/* Write what the file has at `offset` into that place of a mapping, if something else is there now. */
static bool restore(struct remote *r, const struct mapping *m, uint64_t offset, const void *wanted, size_t size)
{
	uint64_t at = m->start + (offset - m->offset);
	unsigned char now[SITE_OWN_CODE_SIZE];
	struct remote_word place;

	if (!size || offset < m->offset || offset + size > m->offset + (m->end - m->start))
		return false;
	if (!remote__read(r, at, now, size) || !memcmp(now, wanted, size))
		return false;
	place = remote__word(m, at);
	return !remote__replace(r, &place, now, wanted, size);
}

static bool restore_all(struct remote *r, const struct mapping *m, const struct elf_file *elf)
{
	static const uint16_t low;
	bool done = false;

	for (size_t i = 0; i < elf->n_probes; i++) {
		const struct elf_probe *p = &elf->probes[i];

		if (m->writable)
			done |= restore(r, m, p->semaphore, &low, sizeof(low));
		else
			done |= restore(r, m, p->offset, p->code, p->code_size);
	}
	return done;
}

bool emulated__disarm(pid_t pid, const struct binary *b)
{
	struct mapping m;
	struct remote r;
	struct maps maps;
	bool done = false;

	if (remote__open(&r, pid))
		return false;
	if (!maps__open(&maps, pid)) {
		while (maps__next(&maps, &m))
			if (!m.shared && is_of(pid, &m, b))
				done |= restore_all(&r, &m, &b->elf);
		maps__close(&maps);
	}
	remote__close(&r);
	return done;
}
