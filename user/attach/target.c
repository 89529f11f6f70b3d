// SPDX-License-Identifier: BSD-2-Clause
/* target: see target.h. */
#define _GNU_SOURCE
#include "target.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "../common/log.h"
#include "../common/regular.h"
#include "explain.h"
#include "maps.h"

#define START_TRIES 20
#define START_WAIT_US 25000
#define PF_EXITING 0x4u /* of the flags of a task; no header for programs has them */

/* A descriptor or -errno. */
static int open_mapping(pid_t task, const struct mapping *m)
{
	char path[64];
	struct stat st;
	int root, fd;

	snprintf(path, sizeof(path), "/proc/%d/map_files/%" PRIx64 "-%" PRIx64, task, m->start, m->end);
	fd = regular__open(path);
	if (fd >= 0)
		return fd;
	/* map_files wants CAP_CHECKPOINT_RESTORE or CAP_SYS_ADMIN. A path may mean another file by now. */
	snprintf(path, sizeof(path), "/proc/%d/root", task);
	root = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (root < 0)
		return -errno;
	fd = regular__open_in(root, m->path);
	close(root);
	if (fd >= 0 && (fstat(fd, &st) || st.st_ino != m->ino)) {
		close(fd);
		return -ESTALE;
	}
	return fd;
}

static bool is_known(struct target *t, const struct mapping *m)
{
	for (size_t i = 0; i < t->n_files; i++) {
		struct target_file *f = &t->files[i];
		uint64_t bias = m->start - m->offset - f->binary->elf.load_address;

		if (f->map_dev != m->dev || f->map_ino != m->ino)
			continue;
		f->n_codes++;
		/* Loaded again it may be elsewhere; its first mapping decides. */
		if (!f->is_mapped) {
			f->is_new |= bias != f->bias;
			f->bias = bias;
			f->is_mapped = true;
		}
		return true;
	}
	return false;
}

/*
 * Does it run a program that is not its own? An emulator does, or an instrumenter; a loader that was called by name is
 * no program itself, and libraries are none.
 */
static void see_program(struct target *t, const struct binary *b, const struct stat *exe)
{
	const char *slash = strrchr(t->exe, '/');

	if (!b->elf.is_program)
		return;
	if (b->dev == exe->st_dev && b->ino == exe->st_ino)
		t->runs_own = true;
	else
		t->runs_other = true;
	if (t->runs_own && t->runs_other && !*t->emulator)
		snprintf(t->emulator, sizeof(t->emulator), "%s", slash ? slash + 1 : t->exe);
}

static int add_file(struct target *t, struct binaries *binaries, const struct mapping *m, int fd,
		    const struct stat *exe)
{
	struct target_file f = { .map_dev = m->dev,
				 .map_ino = m->ino,
				 .is_mapped = true,
				 .is_new = true,
				 .n_codes = 1 },
			   *bigger;
	int err = binaries__get(binaries, fd, m->path, &f.binary);

	t->n_looked_at++;
	if (!err)
		see_program(t, f.binary, exe);
	if (err == -ENOMEM)
		return err;
	t->n_vanished += err != 0;
	if (err || !binary__is_kept(f.binary))
		return 0;
	f.bias = m->start - m->offset - f.binary->elf.load_address;
	bigger = realloc(t->files, (t->n_files + 1) * sizeof(f));
	if (!bigger)
		return -ENOMEM;
	t->files = bigger;
	t->files[t->n_files++] = f;
	return 0;
}

struct status {
	pid_t leader; /* the process that it belongs to */
	pid_t parent;
	pid_t tracer; /* its thread; 0: none */
	char state;
	pid_t innermost; /* its number in its own PID namespace; 0: that is ours */
};

/* Of process or thread `pid`; false if there is none. */
static bool read_status(pid_t pid, struct status *ret)
{
	char path[64], line[512];
	struct status found = { 0 };
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/status", pid);
	file = fopen(path, "re");
	if (!file)
		return false;
	while (fgets(line, sizeof(line), file)) {
		sscanf(line, "Tgid: %d", &found.leader);
		sscanf(line, "PPid: %d", &found.parent);
		sscanf(line, "TracerPid: %d", &found.tracer);
		sscanf(line, "State: %c", &found.state);
		/* "NSpid:	4711	7": from our namespace inwards. */
		if (!strncmp(line, "NSpid:", 6)) {
			char *last = strrchr(line, '\t');

			if (last && last > strchr(line, '\t'))
				found.innermost = atoi(last);
		}
	}
	fclose(file);
	*ret = found;
	return found.leader != 0;
}

pid_t target__parent_of(pid_t pid)
{
	struct status status;

	return read_status(pid, &status) ? status.parent : 0;
}

/* /proc/PID/stat, "PID (NAME) S ...": the name may have parentheses of its own. False: it is gone. */
static bool read_stat(pid_t task, char *line, int size)
{
	char path[64];
	FILE *file;

	*line = 0;
	snprintf(path, sizeof(path), "/proc/%d/stat", task);
	file = fopen(path, "re");
	if (!file)
		return false;
	if (!fgets(line, size, file))
		*line = 0;
	fclose(file);
	return true;
}

/* The 20th word behind the name. */
uint64_t target__start_of(pid_t pid)
{
	char line[512];
	const char *at = read_stat(pid, line, sizeof(line)) ? strrchr(line, ')') : NULL;

	for (int i = 0; i < 20 && at; i++)
		at = strchr(at + 1, ' ');
	return at ? strtoull(at + 1, NULL, 10) : 0;
}

void target__read_comm(pid_t pid, char comm[17])
{
	char path[64];
	FILE *file;

	comm[0] = 0;
	snprintf(path, sizeof(path), "/proc/%d/comm", pid);
	file = fopen(path, "re");
	if (!file)
		return;
	if (fgets(comm, 17, file))
		comm[strcspn(comm, "\n")] = 0;
	fclose(file);
}

/* Its memory is gone, though it may take its time to close its files: until then it seems to run. */
static bool is_leaving(pid_t task)
{
	const char *after_name;
	unsigned flags = 0;
	char line[512];

	if (!read_stat(task, line, sizeof(line)))
		return true;
	after_name = strrchr(line, ')');
	/* ") state parent group session terminal its_group flags" */
	return after_name && sscanf(after_name, ") %*c %*d %*d %*d %*d %*d %u", &flags) == 1 && flags & PF_EXITING;
}

static bool is_living(pid_t task, const struct status *status)
{
	return !strchr("ZX", status->state) && !is_leaving(task);
}

/* A thread of it that has not ended; the first one, if it can be. 0: none. */
static pid_t living_task(pid_t pid)
{
	struct status status;
	struct dirent *entry;
	pid_t found = 0;
	char path[64];
	DIR *tasks;

	if (read_status(pid, &status) && is_living(pid, &status))
		return pid;
	snprintf(path, sizeof(path), "/proc/%d/task", pid);
	tasks = opendir(path);
	while (tasks && !found && (entry = readdir(tasks))) {
		pid_t task = atoi(entry->d_name);

		if (task > 0 && read_status(task, &status) && status.leader == pid && is_living(task, &status))
			found = task;
	}
	if (tasks)
		closedir(tasks);
	return found;
}

bool target__runs(pid_t pid)
{
	return living_task(pid) != 0;
}

bool target__is_zombie(pid_t pid)
{
	struct status status;

	return read_status(pid, &status) && !living_task(pid);
}

bool target__is_debugged(const struct target *t)
{
	struct status status, tracer;

	return read_status(t->task, &status) && status.tracer &&
	       !(read_status(status.tracer, &tracer) && tracer.leader == getpid());
}

int target__open_mapping(const struct target *t, const struct mapping *m)
{
	return open_mapping(t->task, m);
}

static int look_as(struct target *t, struct binaries *binaries)
{
	struct mapping m;
	struct maps maps;
	struct stat exe = { 0 };
	char path[64];
	int err = maps__open(&maps, t->task), end;

	if (err)
		return err;
	snprintf(path, sizeof(path), "/proc/%d/exe", t->task);
	stat(path, &exe);
	t->exe_dev = exe.st_dev;
	t->exe_ino = exe.st_ino;
	t->n_looked_at = t->n_denied = t->n_vanished = 0;
	for (size_t i = 0; i < t->n_files; i++) {
		t->files[i].is_new = !t->files[i].is_mapped;
		t->files[i].is_mapped = false;
		t->files[i].n_before = t->files[i].n_codes;
		t->files[i].n_codes = 0;
	}
	while (!err && maps__next(&maps, &m)) {
		int fd;

		if (!mapping__is_file(&m))
			continue;
		if (!*t->emulator)
			emulated__by_mapping(m.path, t->emulator);
		if (!m.executable || is_known(t, &m))
			continue;
		fd = open_mapping(t->task, &m);
		if (fd >= 0)
			err = add_file(t, binaries, &m, fd, &exe);
		else if (fd == -EACCES || fd == -EPERM)
			t->n_denied++;
		else
			t->n_vanished++;
	}
	/* Its memory goes before it does, and that may take its time. A kernel thread never had any. */
	if (!err && !maps.n && (t->n_files || *t->exe || !target__runs(t->pid)))
		err = -ESRCH;
	end = maps__close(&maps);
	err = err ? err : end;
	/* Nobody has been told of what was found until then. */
	for (size_t i = 0; err && i < t->n_files; i++) {
		t->files[i].is_mapped = !t->files[i].is_new;
		t->files[i].n_codes = t->files[i].n_before;
	}
	return err;
}

bool target__renew_task(struct target *t)
{
	pid_t task = living_task(t->pid);

	if (!task || task == t->task)
		return false;
	log_verbose("process %d: looked at as its thread %d", t->pid, task);
	t->task = task;
	return true;
}

int target__look(struct target *t, struct binaries *binaries)
{
	int err = look_as(t, binaries);

	return err == -ESRCH && target__renew_task(t) ? look_as(t, binaries) : err;
}

static void read_names(struct target *t)
{
	char path[64], link[PATH_MAX], comm[17], *exe;
	ssize_t n;

	target__read_comm(t->pid, comm);
	if (*comm)
		memcpy(t->comm, comm, sizeof(comm));
	snprintf(path, sizeof(path), "/proc/%d/exe", t->task);
	n = readlink(path, link, sizeof(link) - 1);
	link[n > 0 ? n : 0] = 0;
	if (!emulated__by_program(link, t->emulator))
		t->emulator[0] = 0;
	exe = strdup(link);
	if (exe) {
		free(t->exe);
		t->exe = exe;
	}
}

void target__forget(struct target *t)
{
	for (size_t i = 0; i < t->n_files; i++)
		t->files[i].is_mapped = false;
	t->runs_own = t->runs_other = false;
	t->task = t->pid; /* whoever called exec is the first thread now */
	read_names(t);
}

void target__forget_file(struct target *t, const struct binary *b)
{
	size_t kept = 0;

	for (size_t i = 0; i < t->n_files; i++)
		if (t->files[i].binary != b)
			t->files[kept++] = t->files[i];
	t->n_files = kept;
}

int target__open(struct target **ret, struct binaries *binaries, pid_t pid, pid_t *ret_leader)
{
	struct status status;
	struct target *t;
	int err;

	if (!read_status(pid, &status))
		return -ESRCH;
	if (status.leader != pid) {
		*ret_leader = status.leader;
		return -EINVAL;
	}
	t = calloc(1, sizeof(*t));
	if (!t)
		return -ENOMEM;
	t->pid = pid;
	t->task = living_task(pid);
	if (!t->task)
		t->task = pid;
	t->container_pid = status.innermost;
	t->pidfd = (int)syscall(SYS_pidfd_open, pid, 0);
	if (t->pidfd < 0) {
		err = -errno;
		goto err_free;
	}
	read_names(t);
	err = t->exe ? target__look(t, binaries) : -ENOMEM;
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
		if (t->files[i].is_mapped)
			n += t->files[i].binary->elf.n_probes;
	return n;
}

/* Process `pid` of some container as we see it, if there is one; rather one with probes. */
static pid_t outside_of(pid_t pid, struct binaries *binaries, bool *ret_has_probes)
{
	DIR *proc = opendir("/proc");
	struct dirent *entry;
	pid_t found = 0;

	*ret_has_probes = false;
	while (proc && !*ret_has_probes && (entry = readdir(proc))) {
		pid_t candidate = atoi(entry->d_name), leader;
		struct status status;
		struct target *t;

		if (candidate <= 0 || !read_status(candidate, &status) || status.innermost != pid)
			continue;
		found = candidate;
		if (target__open(&t, binaries, candidate, &leader))
			continue;
		*ret_has_probes = target__count_probes(t) > 0;
		target__free(t);
	}
	if (proc)
		closedir(proc);
	return found;
}

/* " ...; did you mean -p 4711, which is 7 in its container?", or "". */
static const char *hint(char *text, size_t size, pid_t pid, struct binaries *binaries, bool only_with_probes)
{
	bool has_probes;
	pid_t outside = outside_of(pid, binaries, &has_probes);

	text[0] = 0;
	if (outside && (has_probes || !only_with_probes))
		snprintf(text, size, "; did you mean -p %d, which is process %d inside of its container?", outside,
			 pid);
	return text;
}

enum exit_code target__open_or_explain(struct target **ret, struct binaries *binaries, pid_t pid,
				       enum target_probes probes)
{
	struct explanation why;
	pid_t leader = 0;
	struct target *t = NULL;
	char meant[128];
	int err, tries = 0;

	/* `app & viztrace-bpf -p $!` may find the shell still, or the app without its libraries. */
	do {
		if (tries)
			usleep(START_WAIT_US);
		target__free(t);
		t = NULL;
		err = target__open(&t, binaries, pid, &leader);
	} while (!err && probes != TARGET_WITHOUT_PROBES && !*t->emulator && !target__count_probes(t) &&
		 ++tries < START_TRIES);

	switch (err) {
	case 0: break;
	case -ESRCH:
		hint(meant, sizeof(meant), pid, binaries, false);
		if (target__is_zombie(pid))
			log_error("process %d has ended; its parent has not taken notice yet%s", pid, meant);
		else
			log_error("there is no process %d%s", pid, *meant ? meant : "; see ps -e");
		return EXIT_NO_PROCESS;
	case -EINVAL: log_error("%d is a thread of process %d; use -p %d", pid, leader, leader); return EXIT_NO_PROCESS;
	case -EACCES:
	case -EPERM:
		log_error("no permission to look at process %d; use sudo, or give CAP_SYS_PTRACE", pid);
		return EXIT_PERMISSION;
	default: log_error("cannot look at process %d: %s", pid, strerror(-err)); return EXIT_INTERNAL;
	}
	if (t->n_denied && !target__count_probes(t)) {
		log_error("no permission to read %zu files that process %d (%s) has mapped; use sudo, or give "
			  "CAP_SYS_PTRACE",
			  t->n_denied, pid, t->comm);
		target__free(t);
		return EXIT_PERMISSION;
	}
	if (!explain__target(&why, t, binaries) || (!why.is_final && probes == TARGET_WITHOUT_PROBES)) {
		*ret = t;
		return EXIT_TRACED;
	}
	hint(meant, sizeof(meant), pid, binaries, true);
	if (!why.is_final && probes == TARGET_MAY_LOAD_PROBES && !*meant) {
		log_warn("%s: waiting until it loads some (--no-wait refuses it)", why.what);
		*ret = t;
		return EXIT_TRACED;
	}
	log_error("%s; %s%s", why.what, why.mend, meant);
	target__free(t);
	return why.code;
}

void target__free(struct target *t)
{
	if (!t)
		return;
	free(t->files);
	free(t->exe);
	if (t->pidfd >= 0)
		close(t->pidfd);
	free(t);
}
