/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * notify: tells the service manager that started us how far we are, as sd_notify(3) does: a datagram to the socket that
 * $NOTIFY_SOCKET names.
 */
#ifndef VIZTRACE_NOTIFY_H
#define VIZTRACE_NOTIFY_H

/* As "READY=1". 0: it is told, or nobody wants to know; -errno. */
int notify__send(const char *state);

#endif
