// SPDX-License-Identifier: BSD-2-Clause
/*
 * spawn: see spawn.h. Child and parent talk over a socket, in words of an int: the child's "I am who I should be" (0)
 * or errno, the parent's "go on", the child's errno if exec failed. The exec itself closes the child's end.
 */
#define _GNU_SOURCE
#include "spawn.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../common/caller.h"
#include "../common/descriptors.h"

#define OWN_VARIABLES 4

struct spawn {
	char *const *argv;
	bool other; /* user than we are */
	uid_t uid;
	gid_t gid;
	gid_t *groups;
	int n_groups;
	char *own[OWN_VARIABLES]; /* HOME=... and such, of that user */
	char **env;               /* NULL: ours as it is */
	int ours, theirs;         /* ends of the socket */
	bool apart;               /* from our terminal */
};

static void say(int fd, int word)
{
	while (send(fd, &word, sizeof(word), MSG_NOSIGNAL) < 0 && errno == EINTR)
		;
}

/* False: the other end is closed. */
static bool hear(int fd, int *ret)
{
	ssize_t n;

	do
		n = recv(fd, ret, sizeof(*ret), MSG_WAITALL);
	while (n < 0 && errno == EINTR);
	return n == (ssize_t)sizeof(*ret);
}

/* ---- who ---- */

static const struct passwd *find_user(const char *user)
{
	const struct passwd *pw = getpwnam(user);
	unsigned long uid;
	char *end;

	if (pw || !isdigit((unsigned char)user[0]))
		return pw;
	errno = 0;
	uid = strtoul(user, &end, 10);
	return *end || errno || uid >= UINT32_MAX ? NULL : getpwuid((uid_t)uid);
}

static int set_groups(struct spawn *s, const char *name)
{
	int n = 32;

	s->n_groups = 1;
	s->groups = malloc(sizeof(*s->groups));
	if (!s->groups)
		return -ENOMEM;
	s->groups[0] = s->gid;
	for (int had = 0; name && n > had;) {
		gid_t *groups = realloc(s->groups, (size_t)n * sizeof(*groups));

		if (!groups)
			return -ENOMEM;
		s->groups = groups;
		had = n;
		s->n_groups = getgrouplist(name, s->gid, groups, &n);
		if (s->n_groups >= 0)
			return 0;
	}
	return name ? -EINVAL : 0;
}

static bool begins_with(const char *text, const char *start)
{
	return !strncmp(text, start, strlen(start));
}

/* What is about the terminal and its user's language, and no secret of whoever we are. */
static bool is_harmless(const char *variable)
{
	static const char *const names[] = {
		"PATH=", "TERM=", "COLORTERM=", "LANG=", "LANGUAGE=", "LC_", "TZ=",
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (begins_with(variable, names[i]))
			return true;
	return false;
}

/* `all`: what we have was that user's before sudo; else it is root's own, and little of it is passed on. */
static int set_variables(struct spawn *s, const struct passwd *pw, bool all)
{
	static const char *const names[OWN_VARIABLES] = { "HOME=", "USER=", "LOGNAME=", "SHELL=" };
	const char *values[OWN_VARIABLES] = { pw->pw_dir, pw->pw_name, pw->pw_name, pw->pw_shell };
	size_t n = 0, at = 0;

	while (environ[n])
		n++;
	s->env = calloc(n + OWN_VARIABLES + 1, sizeof(*s->env));
	if (!s->env)
		return -ENOMEM;
	for (int i = 0; i < OWN_VARIABLES; i++) {
		if (asprintf(&s->own[i], "%s%s", names[i], values[i]) < 0) {
			s->own[i] = NULL;
			return -ENOMEM;
		}
		s->env[at++] = s->own[i];
	}
	for (size_t i = 0; i < n; i++) {
		bool own = false;

		for (int j = 0; j < OWN_VARIABLES; j++)
			own |= begins_with(environ[i], names[j]);
		if (!own && (all || is_harmless(environ[i])))
			s->env[at++] = environ[i];
	}
	return 0;
}

static int choose_user(struct spawn *s, const char *user)
{
	struct caller owner = caller__from_env();
	const struct passwd *pw;
	int err = 0;

	if (user) {
		pw = find_user(user);
		if (!pw)
			return -ENOENT;
		owner = (struct caller){ pw->pw_uid, pw->pw_gid };
	} else {
		pw = getpwuid(owner.uid); /* sudo's caller may be unknown here, but has numbers */
	}
	if (owner.uid == geteuid() && !(user && owner.uid == 0))
		return 0; /* root by name gets root's groups and variables, too */
	s->other = true;
	s->uid = owner.uid;
	s->gid = owner.gid;
	if (pw)
		err = set_variables(s, pw, !user || owner.uid == geteuid());
	return err ? err : set_groups(s, pw ? s->own[1] + strlen("USER=") : NULL);
}

int spawn__new(struct spawn **ret, char *const *argv, const char *user, char *error, size_t size)
{
	struct spawn *s = calloc(1, sizeof(*s));
	int fds[2], err;

	if (!s) {
		snprintf(error, size, "out of memory");
		return -ENOMEM;
	}
	s->argv = argv;
	s->ours = s->theirs = -1;
	err = choose_user(s, user);
	if (!err && socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds))
		err = -errno;
	if (err) {
		if (err == -ENOENT)
			snprintf(error, size, "there is no user %s", user);
		else
			snprintf(error, size, "cannot prepare a child: %s", strerror(-err));
		spawn__free(s);
		return err;
	}
	s->ours = fds[0];
	s->theirs = fds[1];
	*ret = s;
	return 0;
}

void spawn__leave_terminal(struct spawn *s)
{
	s->apart = true;
}

void spawn__free(struct spawn *s)
{
	if (!s)
		return;
	if (s->ours >= 0)
		close(s->ours);
	if (s->theirs >= 0)
		close(s->theirs);
	for (int i = 0; i < OWN_VARIABLES; i++)
		free(s->own[i]);
	free(s->env);
	free(s->groups);
	free(s);
}

/* ---- the child ---- */

/* As from a shell: what the caller ignores stays ignored (nohup), but for what we ignore for our own sake. */
static void reset_signals(void)
{
	struct sigaction action;
	sigset_t none;

	for (int i = 1; i < NSIG; i++)
		if (!sigaction(i, NULL, &action) &&
		    (action.sa_handler != SIG_IGN || i == SIGPIPE || i == SIGXFSZ || i == SIGCHLD))
			signal(i, SIG_DFL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

static int become(const struct spawn *s)
{
	if (s->other && (setgroups((size_t)s->n_groups, s->groups) || setresgid(s->gid, s->gid, s->gid) ||
			 setresuid(s->uid, s->uid, s->uid)))
		return errno;
	return 0;
}

static void leave_terminal(void)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	for (int fd = STDIN_FILENO; null >= 0 && fd <= STDERR_FILENO; fd++)
		if (isatty(fd))
			dup2(null, fd);
}

static _Noreturn void be_child(const struct spawn *s)
{
	int word;

	reset_signals();
	descriptors__restore_limit();
	close(s->ours);
	if (s->apart)
		leave_terminal();
	word = become(s);
	say(s->theirs, word);
	if (!word && hear(s->theirs, &word)) {
		if (s->env)
			environ = s->env;
		execvp(s->argv[0], s->argv);
		say(s->theirs, errno);
	}
	_exit(127);
}

int spawn__fork(struct spawn *s, pid_t *ret, char *error, size_t size)
{
	pid_t pid = fork();
	int word;

	if (pid < 0) {
		word = errno;
		snprintf(error, size, "cannot fork: %s", strerror(word));
		return -word;
	}
	if (!pid)
		be_child(s);
	close(s->theirs);
	s->theirs = -1;
	if (!hear(s->ours, &word))
		word = ECHILD; /* killed that early */
	if (word) {
		snprintf(error, size, "cannot become user %u: %s", (unsigned int)s->uid, strerror(word));
		while (waitpid(pid, NULL, __WALL) < 0 && errno == EINTR)
			;
		return -word;
	}
	*ret = pid;
	return 0;
}

int spawn__go(struct spawn *s)
{
	int word;

	say(s->ours, 0);
	return hear(s->ours, &word) ? -word : 0;
}
