// SPDX-License-Identifier: BSD-2-Clause
/* log: see log.h. */
#include "log.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <unistd.h>

#include "escape.h"

enum log_level log_level = LOG_NORMAL;
static bool status_shown;

static void say(const char *prefix, const char *format, va_list args)
{
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
	if (log_level < LOG_NORMAL || !isatty(STDERR_FILENO))
		return;
	fprintf(stderr, line ? "\r\033[K%s" : "\r\033[K", line);
	fflush(stderr);
	status_shown = line != NULL;
}
