/* SPDX-License-Identifier: BSD-2-Clause */
/* exit_code: what the program ends with. A stage that explains an error itself returns the one that fits. */
#ifndef VIZTRACE_EXIT_CODE_H
#define VIZTRACE_EXIT_CODE_H

/* The program's exit status. Append-only: scripts rely on it. */
enum exit_code {
	EXIT_TRACED = 0,
	EXIT_INTERNAL = 1,
	EXIT_USAGE = 2,
	EXIT_PERMISSION = 3,
	EXIT_NO_PROCESS = 4,
	EXIT_NO_PROBES = 5,
	EXIT_OUTPUT = 6,
	EXIT_KERNEL = 7,
	EXIT_LOST = 8,
	EXIT_HARM = 9,
	EXIT_CHECK = 10,
	EXIT_INPUT = 11,
	/* Of a command to run, as a shell does; its own status is passed on. */
	EXIT_NOT_EXECUTABLE = 126,
	EXIT_NOT_FOUND = 127,
};

#endif
