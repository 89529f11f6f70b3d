/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * log: diagnostics to stderr, a line each, escaped; stdout belongs to the trace. Only the outer stages print. Where the
 * journal reads stderr ($JOURNAL_STREAM) each line says its level.
 */
#ifndef VIZTRACE_LOG_H
#define VIZTRACE_LOG_H

enum log_level { LOG_QUIET, LOG_NORMAL, LOG_VERBOSE };
extern enum log_level log_level;

#define LOG_FORMAT(n) __attribute__((format(printf, n, n + 1)))

void log_error(const char *format, ...) LOG_FORMAT(1);   /* always */
void log_warn(const char *format, ...) LOG_FORMAT(1);    /* always */
void log_info(const char *format, ...) LOG_FORMAT(1);    /* unless -q */
void log_verbose(const char *format, ...) LOG_FORMAT(1); /* with -v */

/* Messages go there instead, escaped, as a line without its end; NULL: to stderr again. */
void log_divert(void (*to)(void *ctx, const char *line), void *ctx);

/* One line that is written over and over, on a terminal only. NULL ends it. */
void log_status(const char *line);

#endif
