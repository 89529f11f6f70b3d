// SPDX-License-Identifier: BSD-2-Clause
/* opts: see opts.h. Parsing is libc's getopt_long; here are only the meanings. */
#include "opts.h"

#include <errno.h>
#include <getopt.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "help.h"
#include "opts_answers.h"
#include "opts_config.h"
#include "opts_files.h"
#include "opts_keep.h"
#include "opts_outputs.h"
#include "opts_values.h"

enum {
	OPT_RING_SIZE = 256,
	OPT_MAX_SIZE,
	OPT_MEMORY,
	OPT_NO_PAGE_FAULTS,
	OPT_MAX_DEPTH,
	OPT_MIN_DURATION,
	OPT_EVERY,
	OPT_RATE,
	OPT_PROBE_SITE,
	OPT_COLLECT,
	OPT_FILTERS,
	OPT_CLEAR,
	OPT_SHOW,
	OPT_RULE,
	OPT_RULE_VALUE,
	OPT_FAIL_ON_LOSS,
	OPT_NO_WAIT,
	OPT_USER,
	OPT_FORMAT,
	OPT_OPEN,
	OPT_REPORT,
	OPT_CHECK,
	OPT_CHECKS,
	OPT_JSON,
	OPT_ONCE,
	OPT_OFFSET,
	OPT_START_AT,
	OPT_KEEP,
	OPT_DUMP_TO,
	OPT_ON_DUMP,
	OPT_DUMP,
	OPT_WHEN,
	OPT_AFTER,
	OPT_AT_MOST,
	OPT_AGAIN_AFTER,
	OPT_SPLIT,
	OPT_MAX_FILES,
	OPT_CONFIG,
	OPT_VERSION
};

static const struct option options[] = {
	{ "pid", required_argument, NULL, 'p' },
	{ "follow", no_argument, NULL, 'f' },
	{ "program", required_argument, NULL, 'x' },
	{ "user", required_argument, NULL, OPT_USER },
	{ "output", required_argument, NULL, 'o' },
	{ "format", required_argument, NULL, OPT_FORMAT },
	{ "report", optional_argument, NULL, OPT_REPORT },
	{ "check", required_argument, NULL, OPT_CHECK },
	{ "checks", required_argument, NULL, OPT_CHECKS },
	{ "json", no_argument, NULL, OPT_JSON },
	{ "once", no_argument, NULL, OPT_ONCE },
	{ "offset", required_argument, NULL, OPT_OFFSET },
	{ "start-at", required_argument, NULL, OPT_START_AT },
	{ "keep", required_argument, NULL, OPT_KEEP },
	{ "dump-to", required_argument, NULL, OPT_DUMP_TO },
	{ "on-dump", required_argument, NULL, OPT_ON_DUMP },
	{ "dump", optional_argument, NULL, OPT_DUMP },
	{ "when", required_argument, NULL, OPT_WHEN },
	{ "after", required_argument, NULL, OPT_AFTER },
	{ "at-most", required_argument, NULL, OPT_AT_MOST },
	{ "again-after", required_argument, NULL, OPT_AGAIN_AFTER },
	{ "split", required_argument, NULL, OPT_SPLIT },
	{ "max-files", required_argument, NULL, OPT_MAX_FILES },
	{ "config", required_argument, NULL, OPT_CONFIG },
	{ "duration", required_argument, NULL, 'd' },
	{ "quiet", no_argument, NULL, 'q' },
	{ "verbose", no_argument, NULL, 'v' },
	{ "ring-size", required_argument, NULL, OPT_RING_SIZE },
	{ "no-page-faults", no_argument, NULL, OPT_NO_PAGE_FAULTS },
	{ "max-size", required_argument, NULL, OPT_MAX_SIZE },
	{ "max-depth", required_argument, NULL, OPT_MAX_DEPTH },
	{ "min-duration", required_argument, NULL, OPT_MIN_DURATION },
	{ "every", required_argument, NULL, OPT_EVERY },
	{ "rate", required_argument, NULL, OPT_RATE },
	{ "memory", required_argument, NULL, OPT_MEMORY },
	{ "probe-site", required_argument, NULL, OPT_PROBE_SITE },
	{ "collect", required_argument, NULL, OPT_COLLECT },
	{ "include", required_argument, NULL, OPT_RULE },
	{ "exclude", required_argument, NULL, OPT_RULE },
	{ "methods", required_argument, NULL, OPT_RULE },
	{ "trigger-on-change", required_argument, NULL, OPT_RULE },
	{ "no-trigger-on-change", required_argument, NULL, OPT_RULE },
	{ "include-all", no_argument, NULL, OPT_RULE },
	{ "no-methods", no_argument, NULL, OPT_RULE },
	{ "on-change", no_argument, NULL, OPT_RULE },
	{ "filters", required_argument, NULL, OPT_FILTERS },
	{ "clear", no_argument, NULL, OPT_CLEAR },
	{ "show", no_argument, NULL, OPT_SHOW },
	{ "fail-on-loss", no_argument, NULL, OPT_FAIL_ON_LOSS },
	{ "open", no_argument, NULL, OPT_OPEN },
	{ "no-wait", no_argument, NULL, OPT_NO_WAIT },
	{ "help", no_argument, NULL, 'h' },
	{ "version", no_argument, NULL, OPT_VERSION },
	{ NULL, 0, NULL, 0 },
};

#define ONCE_SECONDS 1 /* for which `top --once` looks */

#define FAIL(...) return snprintf(error, size, __VA_ARGS__), -EINVAL

static int parse_pid(struct opts *o, const char *text, char *error, size_t size)
{
	pid_t *more;
	char *end;
	long pid;

	errno = 0;
	pid = strtol(text, &end, 10);
	if (errno || end == text || *end || pid <= 0 || pid > INT_MAX)
		FAIL("-p takes the number of a process, not '%s'", text);
	for (size_t i = 0; i < o->n_pids; i++)
		if (o->pids[i] == pid)
			return 0;
	more = realloc(o->pids, (o->n_pids + 1) * sizeof(*more));
	if (!more)
		FAIL("out of memory");
	o->pids = more;
	more[o->n_pids++] = (pid_t)pid;
	return 0;
}

/* `name` is without its dashes. */
static int parse_rule(struct rules *r, const char *name, const char *value, char *error, size_t size)
{
	char option[64];
	int err;

	snprintf(option, sizeof(option), "--%s", name);
	err = rules__set(r, option, value);
	if (err == -EINVAL)
		FAIL("%s takes a pattern as pool.load or 'worker*', not ''", option);
	return err;
}

static int parse_filters(struct rules *r, const char *path, char *error, size_t size)
{
	unsigned line = 0;
	int err = rules__read_file(r, path, &line);

	if (err == -EINVAL)
		FAIL("%s, line %u: neither a pattern nor a filter; see --help", path, line);
	if (err)
		FAIL("cannot read %s: %s", path, strerror(-err));
	return 0;
}

static const char *const command_names[] = {
	[COMMAND_TRACE] = NULL,      [COMMAND_LIST] = "list",       [COMMAND_CTL] = "ctl",
	[COMMAND_DOCTOR] = "doctor", [COMMAND_OPEN] = "open",       [COMMAND_REPORT] = "report",
	[COMMAND_CHECK] = "check",   [COMMAND_CONVERT] = "convert", [COMMAND_MERGE] = "merge",
	[COMMAND_SCHEMA] = "schema", [COMMAND_TOP] = "top",
};

/* `help`, `help COMMAND`, `COMMAND --help`. */
static int answer_help(char **words, int n, char *error, size_t size)
{
	bool is_word = n && !strcmp(words[0], "help");
	const char *command = is_word ? (n > 1 ? words[1] : NULL) : n ? words[0] : NULL;

	if (help__print(command))
		FAIL("there is no command '%s'; see --help", command);
	return 1;
}

/* Those of the flight recorder. */
static int take_keep_option(struct opts *o, int c, char *error, size_t size)
{
	switch (c) {
	case OPT_KEEP: return opts_keep__add(o, optarg, error, size);
	case OPT_DUMP_TO: o->dump_to = optarg; break;
	case OPT_ON_DUMP: o->on_dump = optarg; break;
	case OPT_DUMP: o->dump = optarg ? optarg : ""; break;
	case OPT_WHEN: return opts_keep__when(o, optarg, error, size);
	case OPT_AFTER: return opts_keep__time(&o->after, "--after", optarg, error, size);
	case OPT_AT_MOST: return opts_keep__number(&o->triggers.at_most, "--at-most", optarg, error, size);
	case OPT_SPLIT: return opts_keep__time(&o->split, "--split", optarg, error, size);
	case OPT_MAX_FILES: return opts_keep__number(&o->max_files, "--max-files", optarg, error, size);
	case OPT_AGAIN_AFTER: return opts_keep__time(&o->triggers.again_after, "--again-after", optarg, error, size);
	default: FAIL("unknown option; see --help");
	}
	return 0;
}

static int next_option(int argc, char **argv, int *ret_which)
{
	return getopt_long(argc, argv, ":p:fx:o:d:qvh", options, ret_which);
}

/* All words that begin with a dash. 1: --version was answered. */
static int parse_options(struct opts *o, int argc, char **argv, bool *ret_help, char *error, size_t size)
{
	int c, which = 0, err = 0;

	optind = 0;
	while ((c = next_option(argc, argv, &which)) != -1) {
		switch (c) {
		case 'p': err = parse_pid(o, optarg, error, size); break;
		case 'f': o->follow = true; break;
		case 'x': o->program = optarg; break;
		case OPT_USER: o->user = optarg; break;
		case 'o': err = opts_outputs__add(o, optarg, error, size); break;
		case OPT_FORMAT: err = opts_outputs__format(o, optarg, error, size); break;
		case 'd': err = opts_values__duration(&o->duration, optarg, error, size); break;
		case 'q': o->quiet = true; break;
		case 'v': o->verbose = true; break;
		case OPT_RING_SIZE: err = opts_values__ring_size(&o->ring_size, optarg, error, size); break;
		case OPT_MAX_SIZE: err = opts_values__size(&o->max_size, "--max-size", optarg, error, size); break;
		case OPT_MIN_DURATION: err = opts_values__min_duration(&o->min_duration, optarg, error, size); break;
		case OPT_EVERY: err = opts_values__every(&o->every, optarg, error, size); break;
		case OPT_RATE: err = opts_values__rate(&o->period, optarg, error, size); break;
		case OPT_MAX_DEPTH: err = opts_values__depth(&o->max_depth, optarg, error, size); break;
		case OPT_MEMORY: err = opts_values__memory(&o->memory, optarg, error, size); break;
		case OPT_NO_PAGE_FAULTS: o->no_faults = true; break;
		case OPT_PROBE_SITE: err = opts_values__site(&o->site, optarg, error, size); break;
		case OPT_COLLECT: err = opts_values__collect(&o->collect, optarg, error, size); break;
		case OPT_RULE: err = parse_rule(&o->rules, options[which].name, optarg, error, size); break;
		case OPT_FILTERS: err = parse_filters(&o->rules, optarg, error, size); break;
		case OPT_CLEAR: o->clear = true; break;
		case OPT_SHOW: o->show = true; break;
		case OPT_FAIL_ON_LOSS: o->fail_on_loss = true; break;
		case OPT_REPORT: err = opts_answers__form(o, optarg, error, size); break;
		case OPT_CHECK: err = opts_answers__check(o, optarg, error, size); break;
		case OPT_CHECKS: err = opts_answers__checks(o, optarg, error, size); break;
		case OPT_JSON: o->json = true; break;
		case OPT_ONCE: o->once = true; break;
		case OPT_START_AT: err = opts_values__start_at(&o->start_at, optarg, error, size); break;
		case OPT_OFFSET: err = opts_files__add_offset(o, optarg, error, size); break;
		case OPT_OPEN: o->open = true; break;
		case OPT_NO_WAIT: o->no_wait = true; break;
		case OPT_CONFIG: break; /* read by now */
		case 'h': *ret_help = true; break;
		case OPT_VERSION: puts("viztrace-bpf " TOOL_VERSION); return 1;
		case ':': FAIL("%s needs a value; see --help", argv[optind - 1]);
		case '?': FAIL("unknown option '%s'; see --help", argv[optind - 1]);
		default: err = take_keep_option(o, c, error, size); break;
		}
		if (err)
			return err;
	}
	return 0;
}

/* Of the command line, what has to be known before its file is read. */
struct ahead {
	const char *config;
	bool target, output, format; /* it says which */
};

static int look_at_each(struct ahead *ret, int argc, char **argv, char *error, size_t size)
{
	int c;

	optind = 0;
	while ((c = next_option(argc, argv, NULL)) != -1) {
		if (c == OPT_CONFIG && ret->config)
			FAIL("--config is given twice");
		if (c == OPT_CONFIG)
			ret->config = optarg;
		ret->target |= c == 'p' || c == 'x';
		ret->output |= c == 'o';
		ret->format |= c == OPT_FORMAT;
		/* Neither needs a file that may not be there. */
		if (c == 'h' || c == OPT_VERSION) {
			ret->config = NULL;
			return 0;
		}
	}
	return 0;
}

/* In a copy: getopt moves the words, so that an option that lacks its value would take a command for it later. */
static int look_ahead(struct ahead *ret, int argc, char **argv, char *error, size_t size)
{
	char **copy = calloc((size_t)argc + 1, sizeof(*copy));
	int err;

	if (!copy)
		FAIL("out of memory");
	memcpy(copy, argv, (size_t)argc * sizeof(*copy));
	err = look_at_each(ret, argc, copy, error, size);
	free(copy);
	return err;
}

static void forget_targets(struct opts *o)
{
	free(o->pids);
	o->pids = NULL;
	o->n_pids = 0;
	o->program = NULL;
}

/* By the same parser as the command line, a word at a time, so that what is wrong has a line. */
static int parse_config(struct opts *o, const struct ahead *ahead, char *error, size_t size)
{
	char name[] = "viztrace-bpf";
	bool help;
	int err;

	o->config.path = ahead->config;
	err = opts_config__read(&o->config, options, error, size);
	for (size_t i = 0; !err && i < o->config.n; i++) {
		char *argv[] = { name, o->config.words[i], NULL };

		err = parse_options(o, 2, argv, &help, error, size);
		if (err)
			opts_config__explain(&o->config, i, error, error, size);
	}
	if (ahead->target || o->argv)
		forget_targets(o);
	opts_outputs__override(o, ahead->output, ahead->format);
	return err;
}

static int parse_ctl(struct opts *o, char *error, size_t size)
{
	o->command = COMMAND_CTL;
	if (o->n_pids != 1)
		FAIL("ctl for which traced process? -p PID; see --help");
	if (!o->clear && !o->show && !o->dump && rules__are_empty(&o->rules))
		FAIL("ctl needs something to change, or --show, or --dump; see --help");
	return 0;
}

static int no_process(char *error, size_t size)
{
	FAIL("which process? -p PID; see --help");
}

static bool has_process(const struct opts *o)
{
	return o->n_pids || o->program || o->argv;
}

static int parse_top(struct opts *o, char *error, size_t size)
{
	o->command = COMMAND_TOP;
	if (o->once && !(o->duration > 0))
		o->duration = ONCE_SECONDS;
	return has_process(o) ? 0 : no_process(error, size);
}

/* Of a command that takes no files, and of none. */
static int parse_others(struct opts *o, int argc, const char *word, char *error, size_t size)
{
	if (!strcmp(word, "ctl"))
		return parse_ctl(o, error, size);
	if (!strcmp(word, "top"))
		return parse_top(o, error, size);
	if (!strcmp(word, "doctor"))
		o->command = COMMAND_DOCTOR;
	else if (!strcmp(word, "schema"))
		o->command = COMMAND_SCHEMA;
	else if (o->clear || o->show)
		FAIL("--clear and --show go with ctl; see --help");
	else if (optind == argc && !has_process(o))
		return no_process(error, size);
	return 0;
}

/* The first word that does not, and what belongs to it. */
static int parse_command(struct opts *o, int argc, char **argv, char *error, size_t size)
{
	const char *word = optind < argc ? argv[optind] : "";
	int err;

	for (int i = COMMAND_TRACE + 1; i < COMMANDS; i++) {
		if (strcmp(word, command_names[i]))
			continue;
		if (o->config.path && i != COMMAND_TOP)
			FAIL("--config is for tracing, not for %s; see --help", word);
		optind++;
	}
	err = opts_files__parse(o, argc, argv, word, error, size);
	if (err == -ENOENT)
		err = parse_others(o, argc, word, error, size);
	if (!err && optind < argc)
		FAIL("'%s' is not understood; a command to run comes after --; see --help", argv[optind]);
	return err;
}

static int check(struct opts *o, char *error, size_t size)
{
	if (!opts__trace(o) && (o->follow || o->program || o->argv))
		FAIL("-f, -x and a command are for tracing, not for %s; see --help", command_names[o->command]);
	if (!!o->n_pids + !!o->program + !!o->argv > 1)
		FAIL("either -p, or -x, or a command; see --help");
	if (o->user && !o->argv)
		FAIL("--user is for a command to run; see --help");
	if (o->every && o->period)
		FAIL("--every or --rate, not both");
	if (o->dump && o->command != COMMAND_CTL)
		FAIL("--dump goes with ctl; see --help");
	if (o->once && o->command != COMMAND_TOP)
		FAIL("--once goes with top; see --help");
	if (o->start_at && !opts__trace(o))
		FAIL("--start-at is for tracing, not for %s; see --help", command_names[o->command]);
	if (o->n_offsets && o->command != COMMAND_MERGE)
		FAIL("--offset goes with merge; see --help");
	if (o->open && (!opts__trace(o) || !opts_outputs__go_to_a_file(o)))
		FAIL("--open is for a trace that goes to a file; see --help");
	if (o->program && !*o->program)
		FAIL("-x needs the name of a file");
	return opts_answers__are_right(o, command_names[o->command], error, size);
}

static int parse(struct opts *o, int argc, char **argv, char *error, size_t size)
{
	struct ahead ahead = { 0 };
	bool help = false;
	int err = look_ahead(&ahead, argc, argv, error, size);

	if (!err && ahead.config)
		err = parse_config(o, &ahead, error, size);
	if (!err)
		err = parse_options(o, argc, argv, &help, error, size);
	if (err)
		return err;
	if (help || (optind < argc && !strcmp(argv[optind], "help")))
		return answer_help(argv + optind, argc - optind, error, size);
	err = parse_command(o, argc, argv, error, size);
	if (!err)
		err = opts_keep__settle(o, command_names[o->command], error, size);
	if (!err)
		err = opts_outputs__settle(o, error, size);
	return err ? err : check(o, error, size);
}

static int parse_no_command(char *error, size_t size)
{
	FAIL("which command? it comes after --; see --help");
}

int opts__parse(struct opts *ret, int argc, char **argv, char *error, size_t size)
{
	struct opts o = { .memory = MEMORY };
	int err, n;

	/* All that follows is another program's. */
	for (n = 1; n < argc && strcmp(argv[n], "--"); n++)
		;
	if (n + 1 < argc)
		o.argv = argv + n + 1;
	err = n == argc - 1 ? parse_no_command(error, size) : parse(&o, n, argv, error, size);

	if (err)
		opts__clear(&o);
	else
		*ret = o;
	return err;
}

void opts__clear(struct opts *o)
{
	rules__clear(&o->rules);
	checks__clear(&o->checks);
	triggers__clear(&o->triggers);
	free(o->offsets);
	o->offsets = NULL;
	o->n_offsets = 0;
	forget_targets(o);
	opts_config__clear(&o->config);
}
