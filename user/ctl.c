// SPDX-License-Identifier: BSD-2-Clause
/* ctl: see ctl.h. */
#include "ctl.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "control.h"
#include "common/escape.h"
#include "common/log.h"

enum exit_code ctl__run(const struct opts *o)
{
	struct control_request request = {
		.clear = o->clear, .show = o->show, .dump = (char *)o->dump, .rules = o->rules
	};
	enum exit_code code = EXIT_TRACED;
	char *answer = NULL;
	int err = control__send(o->pids[0], &request, &answer);

	if (err == -ECONNRESET && geteuid())
		err = -EPERM;
	switch (err) {
	case 0: break;
	case -ECONNRESET: log_error("the trace of process %d has just ended", o->pids[0]); return EXIT_NO_PROCESS;
	case -ENOENT:
	case -ECONNREFUSED:
		log_error("no viztrace-bpf traces process %d; start one with -p %d", o->pids[0], o->pids[0]);
		return EXIT_NO_PROCESS;
	case -EACCES:
	case -EPERM:
		log_error("no permission to change the trace of process %d; use sudo", o->pids[0]);
		return EXIT_PERMISSION;
	default:
		log_error("cannot reach the tool that traces process %d: %s", o->pids[0], strerror(-err));
		return EXIT_INTERNAL;
	}
	if (!strncmp(answer, "error: ", 7)) {
		log_error("%s", answer + 7);
		code = EXIT_USAGE;
	} else if (o->show || o->dump || log_level >= LOG_VERBOSE) {
		escape__print_line(stdout, "%s", answer);
	}
	free(answer);
	return code;
}
