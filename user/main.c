// SPDX-License-Identifier: BSD-2-Clause
/* main: wires the stages together. */
#define _DEFAULT_SOURCE
#include <errno.h>
#include <signal.h>
#include <stddef.h>
#include <string.h>
#include <time.h>

#include "answer.h"
#include "convert.h"
#include "ctl.h"
#include "doctor.h"
#include "list.h"
#include "common/descriptors.h"
#include "common/log.h"
#include "merging.h"
#include "opts.h"
#include "schema.h"
#include "session.h"
#include "show.h"
#include "starting.h"

#define SECOND_MS 500 /* a second signal comes no sooner */

static struct session_signals signals;

/* The second one ends us the hard way, should the first one be stuck behind a slow output. But timeout(1) sends its own
 * twice, to us and to our group: that is one. */
static void on_signal(int number)
{
	static struct timespec first;
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	if (!signals.stop) {
		first = now;
		signals.stop = number;
	} else if ((now.tv_sec - first.tv_sec) * 1000 + (now.tv_nsec - first.tv_nsec) / 1000000 >= SECOND_MS) {
		signal(number, SIG_DFL);
		raise(number);
	}
}

static void on_dump(int number)
{
	(void)number;
	signals.dump = 1;
}

static void on_reload(int number)
{
	(void)number;
	signals.reload = 1;
}

static void handle_signals(const struct opts *o)
{
	struct sigaction end = { .sa_handler = on_signal };
	struct sigaction reload = { .sa_handler = on_reload };
	struct sigaction ignore = { .sa_handler = SIG_IGN };

	sigaction(SIGINT, &end, NULL);
	sigaction(SIGTERM, &end, NULL);
	/* Whoever looks at `top` has hung up with that. */
	sigaction(SIGHUP, o->config.path && o->command == COMMAND_TRACE ? &reload : &end, NULL);
	if (opts__keep(o))
		sigaction(SIGUSR1, &(struct sigaction){ .sa_handler = on_dump }, NULL);
	sigaction(SIGPIPE, &ignore, NULL);
	sigaction(SIGXFSZ, &ignore, NULL); /* the write says it, too */
}

/* Each line by itself: a line break in what is printed is shown as such. */
static void tell_lines(char *text)
{
	for (char *line; (line = strsep(&text, "\n"));)
		log_error("%s", line);
}

int main(int argc, char **argv)
{
	enum exit_code code = EXIT_INTERNAL;
	char error[1024];
	struct opts o;
	int answered;

	descriptors__hold_standard();
	descriptors__raise_limit();
	answered = opts__parse(&o, argc, argv, error, sizeof(error));
	if (answered > 0)
		return EXIT_TRACED;
	if (answered < 0) {
		if (answered == -EBADMSG)
			tell_lines(error);
		else
			log_error("%s", error);
		return EXIT_USAGE;
	}
	log_level = o.quiet ? LOG_QUIET : o.verbose ? LOG_VERBOSE : LOG_NORMAL;
	switch (o.command) {
	case COMMAND_LIST: code = list__run(&o); break;
	case COMMAND_CTL: code = ctl__run(&o); break;
	case COMMAND_DOCTOR: code = doctor__run(&o); break;
	case COMMAND_OPEN: code = show__run(&o); break;
	case COMMAND_REPORT:
	case COMMAND_CHECK: code = answer__tell_of_file(&o); break;
	case COMMAND_CONVERT: code = convert__run(&o); break;
	case COMMAND_SCHEMA: code = schema__print(); break;
	case COMMAND_MERGE: code = merging__run(&o); break;
	default: /* COMMAND_TRACE, COMMAND_TOP */
		handle_signals(&o);
		if (o.start_at)
			starting__wait(o.start_at, &signals.stop);
		code = session__run(&o, argc, argv, &signals);
		break;
	}
	opts__clear(&o);
	return (int)code;
}
