// SPDX-License-Identifier: BSD-2-Clause
/* log: see log.h. */
#define _GNU_SOURCE
#include "log.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "escape.h"

enum log_level log_level = LOG_NORMAL;
static bool status_shown;
static void (*divert)(void *ctx, const char *line);
static void *divert_ctx;

void log_divert(void (*to)(void *ctx, const char *line), void *ctx)
{
	divert = to;
	divert_ctx = ctx;
}

static void say_elsewhere(const char *prefix, const char *format, va_list args)
{
	char *line = NULL;
	size_t size;
	FILE *to = open_memstream(&line, &size);

	if (!to)
		return;
	fputs(prefix, to);
	escape__vprint(to, format, args);
	if (!fclose(to))
		divert(divert_ctx, line);
	free(line);
}

static void say(const char *prefix, const char *format, va_list args)
{
	if (divert) {
		say_elsewhere(prefix, format, args);
		return;
	}
	if (status_shown)
		fputs("\r\033[K", stderr);
	status_shown = false;
	fputs(prefix, stderr);
	escape__vprint(stderr, format, args);
	fputc('\n', stderr);
}

#define DEFINE(name, shown, prefix) \
	void name(const char *format, ...) \
	{ \
		va_list args; \
		if (!(shown)) \
			return; \
		va_start(args, format); \
		say(prefix, format, args); \
		va_end(args); \
	}

DEFINE(log_error, true, "viztrace-bpf: ")
DEFINE(log_warn, true, "viztrace-bpf: warning: ")
DEFINE(log_info, log_level >= LOG_NORMAL, "")
DEFINE(log_verbose, log_level >= LOG_VERBOSE, "")

void log_status(const char *line)
{
	if (divert || log_level < LOG_NORMAL || !isatty(STDERR_FILENO))
		return;
	fprintf(stderr, line ? "\r\033[K%s" : "\r\033[K", line);
	fflush(stderr);
	status_shown = line != NULL;
}
