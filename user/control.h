/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * control: changes to a running trace, by `viztrace-bpf ctl`. One Unix socket for each traced process, for root (or
 * whoever runs the tool) alone; one packet there, some back. Knows rules and sockets.
 */
#ifndef VIZTRACE_CONTROL_H
#define VIZTRACE_CONTROL_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "common/patterns.h"

struct control;

struct control_request {
	bool clear, show;
	char *dump;         /* write what is kept, for that cause; "": none is said; NULL: do not */
	struct rules rules; /* to be added to what is in force, or to nothing with `clear` */
	char *text;         /* the request as it would be on a command line; not to be sent */
};

/* A packet: options as in argv, each with its NUL. 0, -ENOMEM, or -EINVAL: it is no request. */
int control_request__parse(struct control_request *ret, const char *packet, size_t size);
void control_request__clear(struct control_request *r);

/* 0 or -errno: -EADDRINUSE if another tool listens for this process already. */
int control__open(struct control **ret, pid_t pid);
void control__free(struct control *c);
int control__fd(const struct control *c); /* readable: a request is there */

/* 0 and *ret, which the caller clears, and *ret_peer for the answer; -EAGAIN: none after all,
 * or a refused one. */
int control__receive(struct control *c, struct control_request *ret, int *ret_peer);
void control__answer(int peer, const char *text);

/* The other end: send it, get the answer, to be freed. 0; -ECONNREFUSED or -ENOENT: nobody traces `pid`; -ECONNRESET:
 * it listens to root only, or ended; -E2BIG, -EMSGSIZE: the request, the answer is larger than a socket takes; else
 * -errno. */
int control__send(pid_t pid, const struct control_request *request, char **ret_answer);

/* As on a command line: "--exclude pool.load --no-methods". To be freed; NULL: no memory. */
char *control__describe(const struct rules *r);

#endif
