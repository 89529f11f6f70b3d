// SPDX-License-Identifier: BSD-2-Clause
/* target: see target.h. */
#define _GNU_SOURCE
#include "target.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "log.h"

#define START_TRIES 20
#define START_WAIT_US 25000

struct mapping {
	uint64_t start, end, offset, dev, ino;
	bool executable;
	const char *path;
};

/* "7f3c9000-7f3ca000 r-xp 00001000 fe:00 1234   /usr/bin/app"; false for what is not a file's. */
static bool parse_mapping(char *line, struct mapping *ret)
{
	unsigned major, minor;
	char perms[5];
	int path = 0;

	if (sscanf(line, "%" SCNx64 "-%" SCNx64 " %4s %" SCNx64 " %x:%x %" SCNu64 " %n", &ret->start, &ret->end,
		   perms, &ret->offset, &major, &minor, &ret->ino, &path) < 7)
		return false;
	ret->dev = makedev(major, minor);
	ret->executable = perms[2] == 'x';
	line[strcspn(line, "\n")] = 0;
	ret->path = line + path;
	return ret->ino != 0 && ret->path[0] == '/';
}

static int open_mapping(pid_t pid, const struct mapping *m)
{
	char path[PATH_MAX + 64];
	struct stat st;
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/map_files/%" PRIx64 "-%" PRIx64, pid, m->start, m->end);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd >= 0)
		return fd;
	/* map_files wants CAP_CHECKPOINT_RESTORE or CAP_SYS_ADMIN. A path may mean another file by now. */
	snprintf(path, sizeof(path), "/proc/%d/root%s", pid, m->path);
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (fd >= 0 && (fstat(fd, &st) || !S_ISREG(st.st_mode) || st.st_ino != m->ino)) {
		close(fd);
		errno = ESTALE;
		return -1;
	}
	return fd;
}

static bool known(const struct target *t, const struct mapping *m)
{
	for (size_t i = 0; i < t->n_files; i++)
		if (t->files[i].dev == m->dev && t->files[i].ino == m->ino)
			return true;
	return false;
}

/* Takes `fd` in any case. */
static int add_file(struct target *t, const struct mapping *m, int fd)
{
	struct target_file f = { .fd = fd, .dev = m->dev, .ino = m->ino }, *bigger;
	int err = elf_file__read(&f.elf, fd);

	t->n_looked_at++;
	if (err == -ENOMEM)
		goto err_close;
	if (err || (!f.elf.n_probes && !f.elf.n_classes)) {
		err = 0;
		goto err_free;
	}
	err = -ENOMEM;
	f.bias = m->start - m->offset - f.elf.load_address;
	f.path = strdup(m->path);
	bigger = f.path ? realloc(t->files, (t->n_files + 1) * sizeof(f)) : NULL;
	if (!bigger)
		goto err_free;
	t->files = bigger;
	t->files[t->n_files++] = f;
	return 0;
err_free:
	free(f.path);
	elf_file__free(&f.elf);
err_close:
	close(fd);
	return err;
}

static int read_mappings(struct target *t)
{
	char path[64], *line = NULL;
	size_t size = 0;
	FILE *maps;
	int err = 0;

	snprintf(path, sizeof(path), "/proc/%d/maps", t->pid);
	maps = fopen(path, "re");
	if (!maps)
		return errno == ENOENT ? -ESRCH : -errno;
	while (!err && getline(&line, &size, maps) > 0) {
		struct mapping m;
		int fd;

		if (!parse_mapping(line, &m) || !m.executable || known(t, &m))
			continue;
		fd = open_mapping(t->pid, &m);
		if (fd >= 0)
			err = add_file(t, &m, fd);
	}
	if (ferror(maps))
		err = -errno;
	free(line);
	fclose(maps);
	return err;
}

/* The process that `pid` belongs to; 0 if there is none. */
static pid_t leader_of(pid_t pid)
{
	char path[64], line[256];
	pid_t leader = 0;
	FILE *status;

	snprintf(path, sizeof(path), "/proc/%d/status", pid);
	status = fopen(path, "re");
	if (!status)
		return 0;
	while (fgets(line, sizeof(line), status))
		if (sscanf(line, "Tgid: %d", &leader) == 1)
			break;
	fclose(status);
	return leader;
}

static void read_names(struct target *t)
{
	char path[64], link[PATH_MAX];
	FILE *comm;
	ssize_t n;

	snprintf(path, sizeof(path), "/proc/%d/comm", t->pid);
	comm = fopen(path, "re");
	if (comm) {
		if (fgets(t->comm, sizeof(t->comm), comm))
			t->comm[strcspn(t->comm, "\n")] = 0;
		fclose(comm);
	}
	snprintf(path, sizeof(path), "/proc/%d/exe", t->pid);
	n = readlink(path, link, sizeof(link) - 1);
	link[n > 0 ? n : 0] = 0;
	t->exe = strdup(link);
}

int target__open(struct target **ret, pid_t pid, pid_t *ret_leader)
{
	struct target *t;
	pid_t leader = leader_of(pid);
	int err;

	if (!leader)
		return -ESRCH;
	if (leader != pid) {
		*ret_leader = leader;
		return -EINVAL;
	}
	t = calloc(1, sizeof(*t));
	if (!t)
		return -ENOMEM;
	t->pid = pid;
	t->pidfd = (int)syscall(SYS_pidfd_open, pid, 0);
	if (t->pidfd < 0) {
		err = -errno;
		goto err_free;
	}
	read_names(t);
	err = t->exe ? read_mappings(t) : -ENOMEM;
	if (err)
		goto err_free;
	*ret = t;
	return 0;
err_free:
	target__free(t);
	return err;
}

size_t target__count_probes(const struct target *t)
{
	size_t n = 0;

	for (size_t i = 0; i < t->n_files; i++)
		n += t->files[i].elf.n_probes;
	return n;
}

enum exit_code target__open_or_explain(struct target **ret, pid_t pid)
{
	pid_t leader = 0;
	struct target *t = NULL;
	int err, tries = 0;

	/* `app & viztrace-bpf -p $!` may find the shell still, or the app without its libraries. */
	do {
		if (tries)
			usleep(START_WAIT_US);
		target__free(t);
		t = NULL;
		err = target__open(&t, pid, &leader);
	} while (!err && !target__count_probes(t) && ++tries < START_TRIES);

	switch (err) {
	case 0: break;
	case -ESRCH: log_error("there is no process %d; see ps -e", pid); return EXIT_NO_PROCESS;
	case -EINVAL: log_error("%d is a thread of process %d; use -p %d", pid, leader, leader); return EXIT_NO_PROCESS;
	case -EACCES:
	case -EPERM: log_error("no permission to look at process %d; use sudo", pid); return EXIT_PERMISSION;
	default: log_error("cannot look at process %d: %s", pid, strerror(-err)); return EXIT_INTERNAL;
	}
	if (!target__count_probes(t)) {
		log_error("process %d (%s) has no viz probes in %zu mapped files; build it with viztrace.h and "
			  "VIZ_PROBE_* macros, without VIZ_PROBE_DISABLE",
			  pid, t->comm, t->n_looked_at);
		target__free(t);
		return EXIT_NO_PROBES;
	}
	*ret = t;
	return EXIT_TRACED;
}

void target__free(struct target *t)
{
	if (!t)
		return;
	for (size_t i = 0; i < t->n_files; i++) {
		elf_file__free(&t->files[i].elf);
		free(t->files[i].path);
		close(t->files[i].fd);
	}
	free(t->files);
	free(t->exe);
	if (t->pidfd >= 0)
		close(t->pidfd);
	free(t);
}
