// SPDX-License-Identifier: BSD-2-Clause
/* control: see control.h. A packet is options as in argv, each with its NUL. */
#define _GNU_SOURCE
#include "control.h"

#include <dirent.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#define PACKET_MAX 65536
#define PATIENCE_SECONDS 10
#define PEERS 8
#define PIECE 16384 /* of an answer: several of them fit into what a socket holds */
#define FOLDER "/run"
#define NAME "viztrace-bpf.%d.sock"

struct control {
	int listener;
	int poll_fd;      /* epoll: the listener and the peers */
	int peers[PEERS]; /* that have not sent anything yet, the oldest first */
	int n_peers;
	struct sockaddr_un address;
};

static void name_socket(struct sockaddr_un *a, pid_t pid)
{
	memset(a, 0, sizeof(*a));
	a->sun_family = AF_UNIX;
	snprintf(a->sun_path, sizeof(a->sun_path), FOLDER "/" NAME, pid);
}

static int connect_to(const struct sockaddr_un *a)
{
	struct timeval patience = { .tv_sec = PATIENCE_SECONDS };
	int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return -errno;
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience));
	if (connect(fd, (const struct sockaddr *)a, sizeof(*a))) {
		int err = -errno;

		close(fd);
		return err;
	}
	return fd;
}

static int watch(struct control *c, int fd)
{
	struct epoll_event e = { .events = EPOLLIN, .data.fd = fd };

	return epoll_ctl(c->poll_fd, EPOLL_CTL_ADD, fd, &e);
}

/* Does nobody listen any more? The second number is of a tool that was about to (see listen_at()). */
static bool is_left_over(const char *name)
{
	struct sockaddr_un address;
	char whole[64];
	int target, tool, end = 0, fd;

	if (sscanf(name, NAME ".%d%n", &target, &tool, &end) == 2 && !name[end] && end)
		return kill(tool, 0) && errno == ESRCH;
	if (sscanf(name, "viztrace-bpf.%d", &target) != 1)
		return false;
	snprintf(whole, sizeof(whole), NAME, target);
	if (strcmp(name, whole))
		return false;
	name_socket(&address, target);
	fd = connect_to(&address);
	if (fd >= 0)
		close(fd);
	return fd == -ECONNREFUSED;
}

/* Sockets of tools that were killed. */
static void sweep(void)
{
	DIR *folder = opendir(FOLDER);
	struct dirent *entry;

	while (folder && (entry = readdir(folder)))
		if (!strncmp(entry->d_name, "viztrace-bpf.", 13) && is_left_over(entry->d_name))
			unlinkat(dirfd(folder), entry->d_name, 0);
	if (folder)
		closedir(folder);
}

/* Under another name until somebody listens: so who is refused there is sure that nobody will. */
static int listen_at(int fd, const struct sockaddr_un *address)
{
	struct sockaddr_un early = *address;
	size_t size = strlen(early.sun_path);
	mode_t mask;
	int err;

	snprintf(early.sun_path + size, sizeof(early.sun_path) - size, ".%d", getpid());
	unlink(early.sun_path);
	mask = umask(0177);
	err = bind(fd, (const struct sockaddr *)&early, sizeof(early)) ? -errno : 0;
	umask(mask);
	if (err)
		return err;
	if (!listen(fd, PEERS) && !rename(early.sun_path, address->sun_path))
		return 0;
	err = -errno;
	unlink(early.sun_path);
	return err;
}

int control__open(struct control **ret, pid_t pid)
{
	struct control *c = calloc(1, sizeof(*c));
	int err, peer;

	if (!c)
		return -ENOMEM;
	name_socket(&c->address, pid);
	peer = connect_to(&c->address);
	if (peer >= 0) {
		close(peer);
		free(c);
		return -EADDRINUSE;
	}
	sweep();
	c->poll_fd = epoll_create1(EPOLL_CLOEXEC);
	c->listener = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	err = c->poll_fd < 0 || c->listener < 0 ? -errno : listen_at(c->listener, &c->address);
	if (!err && watch(c, c->listener))
		err = -errno;
	if (!err) {
		*ret = c;
		return 0;
	}
	if (c->listener >= 0)
		close(c->listener);
	if (c->poll_fd >= 0)
		close(c->poll_fd);
	free(c);
	return err;
}

void control__free(struct control *c)
{
	if (!c)
		return;
	unlink(c->address.sun_path);
	for (int i = 0; i < c->n_peers; i++)
		close(c->peers[i]);
	close(c->listener);
	close(c->poll_fd);
	free(c);
}

int control__fd(const struct control *c)
{
	return c->poll_fd;
}

static bool may_ask(int peer)
{
	struct ucred who;
	socklen_t size = sizeof(who);

	return !getsockopt(peer, SOL_SOCKET, SO_PEERCRED, &who, &size) && (who.uid == 0 || who.uid == geteuid());
}

/* Its value is always there. */
static int take_dump(struct control_request *r, const char *packet, size_t size, size_t *at)
{
	if (*at >= size || r->dump)
		return -EINVAL;
	r->dump = strdup(packet + *at);
	*at += strlen(packet + *at) + 1;
	return r->dump ? 0 : -ENOMEM;
}

/* One option of a packet, from *at on. 0 or -errno. */
static int parse_option(struct control_request *r, const char *packet, size_t size, size_t *at, FILE *text)
{
	const char *option = packet + *at, *value = NULL;
	int err = 0;

	*at += strlen(option) + 1;
	if (!strcmp(option, "--clear"))
		r->clear = true;
	else if (!strcmp(option, "--show"))
		r->show = true;
	else if (!strcmp(option, "--dump"))
		return take_dump(r, packet, size, at);
	else
		err = rules__set(&r->rules, option, NULL);
	if (err == -EINVAL && *at < size) {
		value = packet + *at;
		*at += strlen(value) + 1;
		err = rules__set(&r->rules, option, value);
	}
	if (!err)
		fprintf(text, "%s%s%s%s", ftell(text) ? " " : "", option, value ? " " : "", value ? value : "");
	return err;
}

int control_request__parse(struct control_request *ret, const char *packet, size_t size)
{
	struct control_request r = { 0 };
	size_t at = 0, length;
	FILE *text;
	int err = 0;

	if (!size || packet[size - 1])
		return -EINVAL;
	text = open_memstream(&r.text, &length);
	if (!text)
		return -ENOMEM;
	while (!err && at < size)
		err = parse_option(&r, packet, size, &at, text);
	if (fclose(text) && !err)
		err = -ENOMEM;
	if (err)
		control_request__clear(&r);
	else
		*ret = r;
	return err;
}

void control_request__clear(struct control_request *r)
{
	rules__clear(&r->rules);
	free(r->text);
	free(r->dump);
	r->text = r->dump = NULL;
}

static void release(struct control *c, int i)
{
	epoll_ctl(c->poll_fd, EPOLL_CTL_DEL, c->peers[i], NULL);
	memmove(&c->peers[i], &c->peers[i + 1], (size_t)(--c->n_peers - i) * sizeof(c->peers[0]));
}

/* Whoever connects. false: nobody can, now. */
static bool take_in(struct control *c)
{
	int peer = accept4(c->listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

	if (peer < 0)
		return false;
	if (!may_ask(peer) || watch(c, peer)) {
		close(peer);
		return true;
	}
	if (c->n_peers == PEERS) {
		int oldest = c->peers[0];

		release(c, 0);
		close(oldest);
	}
	c->peers[c->n_peers++] = peer;
	return true;
}

/* What it sent is a request: *ret. If not, it gets its answer. */
static int hear(int peer, struct control_request *ret)
{
	char *packet = malloc(PACKET_MAX);
	ssize_t n = packet ? recv(peer, packet, PACKET_MAX, 0) : -1;
	int err = n <= 0 ? -EAGAIN : control_request__parse(ret, packet, (size_t)n);

	free(packet);
	if (err == -EAGAIN)
		close(peer);
	else if (err)
		control__answer(peer, "error: the request is not understood");
	return err ? -EAGAIN : 0;
}

int control__receive(struct control *c, struct control_request *ret, int *ret_peer)
{
	struct epoll_event e;

	/* Nobody is waited for, since the trace goes on meanwhile. */
	while (epoll_wait(c->poll_fd, &e, 1, 0) == 1) {
		int i = 0;

		if (e.data.fd == c->listener) {
			if (!take_in(c))
				break;
			continue;
		}
		while (c->peers[i] != e.data.fd)
			i++;
		release(c, i);
		if (!hear(e.data.fd, ret)) {
			*ret_peer = e.data.fd;
			return 0;
		}
	}
	return -EAGAIN;
}

/* The last piece ends with the NUL. */
void control__answer(int peer, const char *text)
{
	size_t left = strlen(text) + 1;

	while (left) {
		size_t size = left < PIECE ? left : PIECE;

		if (send(peer, text, size, MSG_NOSIGNAL | MSG_DONTWAIT) != (ssize_t)size)
			break;
		text += size;
		left -= size;
	}
	close(peer);
}

/* All pieces, or -errno: -ECONNRESET if there is none, -EMSGSIZE if the last one is missing. */
static int receive_answer(int fd, char **ret)
{
	char piece[PIECE], *answer = NULL;
	size_t size;
	FILE *whole = open_memstream(&answer, &size);
	ssize_t n;
	int err;

	if (!whole)
		return -ENOMEM;
	while ((n = recv(fd, piece, sizeof(piece), 0)) > 0 && fwrite(piece, (size_t)n, 1, whole) == 1 && piece[n - 1])
		;
	err = n < 0 ? -errno : 0;
	if (fclose(whole) && !err)
		err = -ENOMEM;
	if (!err && (!size || answer[size - 1]))
		err = size ? -EMSGSIZE : -ECONNRESET;
	if (err)
		free(answer);
	else
		*ret = answer;
	return err;
}

static size_t put(char *packet, size_t at, const char *text)
{
	size_t size = strlen(text) + 1;

	if (at + size <= PACKET_MAX)
		memcpy(packet + at, text, size);
	return at + size;
}

int control__send(pid_t pid, const struct control_request *request, char **ret_answer)
{
	const struct rules *r = &request->rules;
	char *packet = malloc(PACKET_MAX);
	struct sockaddr_un address;
	size_t at = 0;
	ssize_t n;
	int fd, err;

	if (!packet)
		return -ENOMEM;
	if (request->clear)
		at = put(packet, at, "--clear");
	if (request->show)
		at = put(packet, at, "--show");
	if (request->dump) {
		at = put(packet, at, "--dump");
		at = put(packet, at, request->dump);
	}
	for (int i = 0; i < RULE_LISTS; i++) {
		for (size_t j = 0; j < r->lists[i].n; j++) {
			at = put(packet, at, rule_options[i]);
			at = put(packet, at, r->lists[i].list[j].text);
		}
	}
	if (r->include_all)
		at = put(packet, at, "--include-all");
	if (r->no_methods)
		at = put(packet, at, "--no-methods");
	if (r->on_change)
		at = put(packet, at, "--on-change");
	name_socket(&address, pid);
	fd = at > PACKET_MAX ? -E2BIG : connect_to(&address);
	if (fd < 0) {
		free(packet);
		return fd;
	}
	/* As long as it takes to write that. */
	if (request->dump)
		setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &(struct timeval){ 0 }, sizeof(struct timeval));
	n = send(fd, packet, at, MSG_NOSIGNAL);
	err = n < 0 ? -errno : receive_answer(fd, ret_answer);
	free(packet);
	close(fd);
	/* Closed without an answer: it takes nothing from us, or it has just ended. */
	return err == -EPIPE ? -ECONNRESET : err;
}

char *control__describe(const struct rules *r)
{
	const struct {
		bool on;
		const char *option;
	} switches[] = {
		{ r->include_all, "--include-all" },
		{ r->no_methods, "--no-methods" },
		{ r->on_change, "--on-change" },
	};
	char *text = NULL;
	size_t size;
	FILE *to = open_memstream(&text, &size);

	if (!to)
		return NULL;
	for (int i = 0; i < RULE_LISTS; i++)
		for (size_t j = 0; j < r->lists[i].n; j++)
			fprintf(to, "%s%s %s", ftell(to) ? " " : "", rule_options[i], r->lists[i].list[j].text);
	for (size_t i = 0; i < sizeof(switches) / sizeof(*switches); i++)
		if (switches[i].on)
			fprintf(to, "%s%s", ftell(to) ? " " : "", switches[i].option);
	if (fclose(to)) {
		free(text);
		return NULL;
	}
	return text;
}
