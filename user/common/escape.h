/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * escape: whatever a target, a file or a user has put into a text, out to where a terminal may be. All that this tool
 * prints goes through here (tests/rules.py), but for the trace itself.
 *
 *   "\033[2J"     \x1b[2J      C0 and DEL; a line ends where we say so, and nowhere else
 *   "\302\233m"   \xc2\x9bm    C1, which some terminals take for an escape, too
 *   "\377"        \xff         no UTF-8
 *   "é \\"        é \          all else stays as it is
 */
#ifndef VIZTRACE_ESCAPE_H
#define VIZTRACE_ESCAPE_H

#include <stdarg.h>
#include <stdio.h>

void escape__put(FILE *to, const char *text, size_t size);

/* As printf, but nothing of the result can command a terminal. */
void escape__vprint(FILE *to, const char *format, va_list args);
void escape__print(FILE *to, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* The same, and the line ends. */
void escape__print_line(FILE *to, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif
