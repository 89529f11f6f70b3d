// SPDX-License-Identifier: BSD-2-Clause
/* control: see control.h. A packet is options as in argv, each with its NUL. */
#define _GNU_SOURCE
#include "control.h"

#include <errno.h>
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
	snprintf(a->sun_path, sizeof(a->sun_path), "/run/viztrace-bpf.%d.sock", pid);
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

int control__open(struct control **ret, pid_t pid)
{
	struct control *c = calloc(1, sizeof(*c));
	mode_t mask;
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
	c->poll_fd = epoll_create1(EPOLL_CLOEXEC);
	c->listener = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (c->poll_fd < 0 || c->listener < 0)
		goto err_out;
	unlink(c->address.sun_path); /* of a tool that was killed */
	mask = umask(0177);
	err = bind(c->listener, (const struct sockaddr *)&c->address, sizeof(c->address));
	umask(mask);
	if (err || listen(c->listener, PEERS) || watch(c, c->listener))
		goto err_out;
	*ret = c;
	return 0;
err_out:
	err = -errno;
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

/* Options with values, as rules__set takes them. */
static int parse(struct control_request *ret, char *packet, size_t size)
{
	size_t at = 0, text = 0;

	if (!size || packet[size - 1])
		return -EINVAL;
	while (at < size) {
		const char *option = packet + at, *value = NULL;
		int err = 0;

		at += strlen(option) + 1;
		if (!strcmp(option, "--clear"))
			ret->clear = true;
		else if (!strcmp(option, "--show"))
			ret->show = true;
		else
			err = rules__set(&ret->rules, option, NULL);
		if (err == -EINVAL && at < size) {
			value = packet + at;
			at += strlen(value) + 1;
			err = rules__set(&ret->rules, option, value);
		}
		if (err)
			return err;
		if (text < sizeof(ret->text))
			text += (size_t)snprintf(ret->text + text, sizeof(ret->text) - text, "%s%s%s%s",
						 text ? " " : "", option, value ? " " : "", value ? value : "");
	}
	return 0;
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
	struct control_request request = { 0 };
	char *packet = malloc(PACKET_MAX);
	ssize_t n = packet ? recv(peer, packet, PACKET_MAX, 0) : -1;
	int err = n <= 0 ? -EAGAIN : parse(&request, packet, (size_t)n);

	free(packet);
	if (!err) {
		*ret = request;
		return 0;
	}
	if (err == -EAGAIN)
		close(peer);
	else
		control__answer(peer, "error: the request is not understood");
	rules__clear(&request.rules);
	return -EAGAIN;
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

void control__answer(int peer, const char *text)
{
	(void)!send(peer, text, strlen(text) + 1, MSG_NOSIGNAL | MSG_DONTWAIT);
	close(peer);
}

static size_t put(char *packet, size_t at, const char *text)
{
	size_t size = strlen(text) + 1;

	if (at + size <= PACKET_MAX)
		memcpy(packet + at, text, size);
	return at + size;
}

int control__send(pid_t pid, const struct control_request *request, char *ret_answer, size_t size)
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
	n = send(fd, packet, at, MSG_NOSIGNAL);
	if (n >= 0)
		n = recv(fd, ret_answer, size - 1, 0);
	free(packet);
	/* Closed without an answer: it takes nothing from us, or it has just ended. */
	err = n > 0 ? 0 : n == 0 || errno == EPIPE ? -ECONNRESET : -errno;
	close(fd);
	if (!err)
		ret_answer[n] = 0;
	return err;
}

void control__describe(const struct rules *r, char *text, size_t size)
{
	size_t at = 0;

	text[0] = 0;
	for (int i = 0; i < RULE_LISTS; i++)
		for (size_t j = 0; j < r->lists[i].n && at < size; j++)
			at += (size_t)snprintf(text + at, size - at, "%s%s %s", at ? " " : "", rule_options[i],
					       r->lists[i].list[j].text);
	if (r->include_all && at < size)
		at += (size_t)snprintf(text + at, size - at, "%s--include-all", at ? " " : "");
	if (r->no_methods && at < size)
		at += (size_t)snprintf(text + at, size - at, "%s--no-methods", at ? " " : "");
	if (r->on_change && at < size)
		snprintf(text + at, size - at, "%s--on-change", at ? " " : "");
}
