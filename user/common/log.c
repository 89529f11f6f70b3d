// SPDX-License-Identifier: BSD-2-Clause
/* log: see log.h. */
#define _GNU_SOURCE
#include "log.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <syslog.h>
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

/* Does the journal read what goes to stderr? The variable is there also for who has redirected that since. */
static bool is_journal(void)
{
	static int known = -1;
	const char *stream = getenv("JOURNAL_STREAM");
	char ours[64];
	struct stat st;

	if (known >= 0)
		return known;
	known = 0;
	if (stream && !fstat(STDERR_FILENO, &st)) {
		snprintf(ours, sizeof(ours), "%ju:%ju", (uintmax_t)st.st_dev, (uintmax_t)st.st_ino);
		known = !strcmp(stream, ours);
	}
	return known;
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

/* `level`: as syslog(3) numbers them, which sd-daemon(3) has before a line. */
static void say(int level, const char *prefix, const char *format, va_list args)
{
	if (divert) {
		say_elsewhere(prefix, format, args);
		return;
	}
	if (status_shown)
		fputs("\r\033[K", stderr);
	status_shown = false;
	if (is_journal())
		fprintf(stderr, "<%d>", level);
	fputs(prefix, stderr);
	escape__vprint(stderr, format, args);
	fputc('\n', stderr);
}

#define DEFINE(name, shown, level, prefix) \
	void name(const char *format, ...) \
	{ \
		va_list args; \
		if (!(shown)) \
			return; \
		va_start(args, format); \
		say(level, prefix, format, args); \
		va_end(args); \
	}

DEFINE(log_error, true, LOG_ERR, "viztrace-bpf: ")
DEFINE(log_warn, true, LOG_WARNING, "viztrace-bpf: warning: ")
DEFINE(log_info, log_level >= LOG_NORMAL, LOG_INFO, "")
DEFINE(log_verbose, log_level >= LOG_VERBOSE, LOG_DEBUG, "")

void log_status(const char *line)
{
	if (divert || log_level < LOG_NORMAL || !isatty(STDERR_FILENO))
		return;
	fprintf(stderr, line ? "\r\033[K%s" : "\r\033[K", line);
	fflush(stderr);
	status_shown = line != NULL;
}
