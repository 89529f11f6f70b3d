// SPDX-License-Identifier: BSD-2-Clause
/* help: see help.h. */
#include "help.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static const char options[] =
	"  -p, --pid PID          a process to trace; it has VIZ_PROBE_* macros (viztrace.h)\n"
	"  -f, --follow           also what it forks and executes\n"
	"  -x, --program FILE     every process that runs this program, now or later\n"
	"  -- COMMAND             start it and trace it from its first probe on\n"
	"      --user USER        who runs the command (default: who called sudo)\n"
	"  -o, --output FILE      where it goes (default: viztrace-PID.json; -: stdout; *.gz: packed; none)\n"
	"      --format FORMAT    of the -o that follows, else of the last: chrome, perfetto (.pftrace), its\n"
	"                         own, or rows (.ndjson) for a database (default: by FILE's end, else chrome)\n"
	"      --report[=json]    at the end, tables of counters, methods and objects on stdout; or JSON\n"
	"      --check EXPR       exit status 10 if this is not so at the end, as 'p99(parse) < 5ms'\n"
	"      --checks FILE      such lines; # begins a comment\n"
	"      --keep TIME        write nothing; keep the last 10s (or 200M, or both) in memory, for dumps\n"
	"      --dump-to DIR      where these go, on SIGUSR1 and ctl --dump (default: where it runs)\n"
	"      --when EXPR        dump by itself when that is so, as 'queue.depth > 9', 'slice(parse) > 5ms',\n"
	"                         'conn.state == \"broken\"', 'silent(heartbeat) > 2s', 'instant(oom)',\n"
	"                         'signal', 'exit', or what --check takes; any number of times\n"
	"      --after TIME       such a dump goes on for so long, as 5s (default: it ends there)\n"
	"      --at-most N        so many dumps of each (default: 10)\n"
	"      --again-after TIME   the next one of the same no sooner than that, as 1m (default: 10s)\n"
	"      --split TIME       dump all, in pieces of so long, as 1m, that load each by itself\n"
	"      --max-files N      so many of these stay (default: all); with --max-size: that large\n"
	"      --on-dump COMMAND  for sh, as who called sudo, after each one: $1 is its file\n"
	"  -d, --duration SECONDS stop after this time (default: until Ctrl-C or the targets' end)\n"
	"      --start-at TIME    begin when the time of day divides by this, as /10s: on all hosts alike\n"
	"      --max-size SIZE    stop when the trace has this size, as 200M; with --max-files: go on\n"
	"      --min-duration TIME   leave out slices that are shorter, as 10us or 1ms\n"
	"      --every N          of each object show only each N-th report, and the last one\n"
	"      --rate N           of each object show at most N reports a second, and the last one\n"
	"      --max-depth N      leave out slices inside of N others (default: 4096)\n"
	"      --ring-size SIZE   memory between kernel and tool for each CPU (default: 8M to 32M)\n"
	"      --no-page-faults   memory that nobody has touched yet is shown as unreadable\n"
	"      --memory SIZE      for what the targets invent, besides the rings (default: 256M)\n"
	"      --probe-site SITE  auto, nop1, nop5 or nop10 (default: auto, what this kernel is fast at)\n"
	"      --open             show the trace in a browser when it is whole\n"
	"      --collect WAY      trap, batch (many events for one trap) or auto (default, trap so far)\n"
	"      --fail-on-loss     exit status 8 if events were lost\n"
	"      --no-wait          refuse a process without probes (default: wait until it loads some)\n"
	"      --config FILE      such options, one a line, no dashes; SIGHUP: filters and --when anew\n"
	"  -q, --quiet            say nothing but errors and warnings\n"
	"  -v, --verbose          say what is done\n"
	"  -h, --help             this; with a command, what is about that\n"
	"      --version          the version\n";

static const char filters[] =
	"filters (patterns as in a shell: object or object.attribute; each may be given many times):\n"
	"      --include PAT      only what matches\n"
	"      --exclude PAT      not what matches; this wins over --include\n"
	"      --include-all      also what the app itself excludes (it may have its reasons)\n"
	"      --methods PAT, --no-methods   only slices with such names; none\n"
	"      --trigger-on-change PAT, --no-trigger-on-change PAT   whatever the app says, for whole objects\n"
	"      --on-change        leave out reports in which nothing has changed\n"
	"      --filters FILE     such lines, without the dashes; # begins a comment\n";

static const char json[] = "      --json             of report and check: as JSON, for programs\n";

static const char exit_status[] =
	"exit status: 0 traced, 1 internal error, 2 usage, 3 no permission, 4 no such process,\n"
	"             5 no probes, 6 output failed, 7 the kernel lacks something, 8 events lost,\n"
	"             9 a probe would do harm (valgrind, qemu, rr, ...), 10 a --check did not hold,\n"
	"             11 no trace to read;\n"
	"             a command's own (128 + N: signal N), 126 it cannot be executed, 127 not found\n";

static const struct {
	const char *name, *synopsis, *about;
	const char *options; /* its own, or NULL */
	const char *more;    /* options that it shares, or NULL */
} commands[] = {
	{ "list", "list [-p PID | FILE]",
	  "  list                   what can be traced in a process or a file; else, which processes can be\n", NULL,
	  NULL },
	{ "ctl", "ctl -p PID [--clear] [--show] [--dump[=NAME]] [filters]",
	  "  ctl                    change the filters of a running trace\n",
	  "      --clear            drop those that are in force; without it, add to them\n"
	  "      --show             tell those that are in force then\n"
	  "      --dump[=NAME]      write what --keep keeps, and say the file (NAME is in it)\n",
	  filters },
	{ "doctor", "doctor [-p PID]",
	  "  doctor                 can one trace here; if not, what stops it and what mends that\n", NULL, NULL },
	{ "top", "top -p PID [--once] [options]",
	  "  top                    what runs now, renewed each second; -x and -- COMMAND alike\n",
	  "      --once             one table after a second (or -d) instead, for scripts\n", NULL },
	{ "report", "report [--json] FILE",
	  "  report                 the tables of --report, of a trace that was written before (.json, .gz)\n", json,
	  NULL },
	{ "check", "check [--json] FILE EXPR...",
	  "  check                  what --check says, of a trace that was written before\n", NULL, json },
	{ "convert", "convert [--format FORMAT] FILE NEW",
	  "  convert                a trace that was written before into the other format, or packed (.gz)\n", NULL,
	  NULL },
	{ "merge", "merge FILE... -o ALL [--offset FILE=+5ms]",
	  "  merge                  several traces on one timeline, by their clocks; hosts are kept apart\n",
	  "      --offset FILE=TIME     FILE is so much later than its clock says, as a.json=+5ms\n", NULL },
	{ "schema", "schema", "  schema                 the tables of ClickHouse for --format rows\n", NULL, NULL },
	{ "open", "open FILE", "  open                   show a trace in a browser\n", NULL, NULL },
	{ "help", "help [COMMAND]", "  help                   this, or what is about a command\n", NULL, NULL },
};
#define COMMANDS (sizeof(commands) / sizeof(commands[0]))

static void print_all(void)
{
	fputs("viztrace-bpf: show a running program's counters, objects and methods on a timeline\n"
	      "\n"
	      "usage: viztrace-bpf -p PID [-o FILE] [-d SECONDS] [options]\n"
	      "       viztrace-bpf [options] -- COMMAND [ARGUMENTS]\n"
	      "       viztrace-bpf -x PROGRAM [options]\n",
	      stdout);
	for (size_t i = 0; i < COMMANDS; i++)
		printf("       viztrace-bpf %s\n", commands[i].synopsis);
	printf("\n%s\n%s\ncommands:\n", options, filters);
	for (size_t i = 0; i < COMMANDS; i++)
		printf("%s%s", commands[i].about, commands[i].options ? commands[i].options : "");
	printf("\n"
	       "Open the trace in https://ui.perfetto.dev or chrome://tracing. More: man viztrace-bpf\n"
	       "\n%s",
	       exit_status);
}

int help__print(const char *command)
{
	if (!command) {
		print_all();
		return 0;
	}
	for (size_t i = 0; i < COMMANDS; i++) {
		if (strcmp(commands[i].name, command))
			continue;
		printf("usage: viztrace-bpf %s\n\n%s", commands[i].synopsis, commands[i].about);
		if (commands[i].options)
			fputs(commands[i].options, stdout);
		if (commands[i].more)
			printf("\n%s", commands[i].more);
		return 0;
	}
	return -EINVAL;
}
