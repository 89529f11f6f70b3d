/* SPDX-License-Identifier: BSD-2-Clause */
/* help: what --help and `help COMMAND` say. The manual (man/viztrace-bpf.1) says the same, which tests/manual.py holds.
 */
#ifndef VIZTRACE_HELP_H
#define VIZTRACE_HELP_H

/* All of it (NULL), or what is about a command; to stdout. 0, or -EINVAL: there is no such command. */
int help__print(const char *command);

#endif
