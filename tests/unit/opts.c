/* SPDX-License-Identifier: BSD-2-Clause */
/* The command line in; what it means, or one line that names what is wrong with it, out. */
#include <criterion/criterion.h>
#include <criterion/redirect.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "collect/rings.h"
#include "opts.h"

static struct opts opts;
static char error[512];

static void tidy(void)
{
	opts__clear(&opts);
}

TestSuite(opts, .fini = tidy);

static int parse_words(char **words)
{
	char *argv[64] = { "viztrace-bpf" };
	int argc = 1;

	while (words[argc - 1]) {
		argv[argc] = words[argc - 1];
		argc++;
	}
	opts__clear(&opts);
	error[0] = 0;
	return opts__parse(&opts, argc, argv, error, sizeof(error));
}

#define PARSE(...) parse_words((char *[]){ __VA_ARGS__, NULL })
#define ACCEPT(...) cr_assert_eq(PARSE(__VA_ARGS__), 0, "%s", error)
/* All of it in the message, which is one line. */
#define REJECT(message, ...) \
	do { \
		int err = PARSE(__VA_ARGS__); \
\
		cr_assert_eq(err, -EINVAL, "%d", err); \
		cr_assert(strstr(error, message), "'%s' is not in '%s'", message, error); \
		cr_assert_not(strchr(error, '\n'), "%s", error); \
	} while (0)

Test(opts, pid_alone_traces_with_defaults)
{
	ACCEPT("-p", "12");
	cr_assert_eq(opts.command, COMMAND_TRACE);
	cr_assert_eq(opts.pids[0], 12);
	cr_assert_eq(opts.n_outputs, 1);
	cr_assert_null(opts.outputs[0].path);
	cr_assert_eq(opts.outputs[0].format, &format_chrome);
	cr_assert_null(opts.file);
	cr_assert_eq(opts.duration, 0);
	cr_assert_eq(opts.ring_size, 0);
	cr_assert_eq(opts.max_size, 0);
	cr_assert_eq(opts.max_depth, 0);
	cr_assert_eq(opts.site, SITE_AUTO);
	cr_assert(rules__are_empty(&opts.rules));
	cr_assert_not(opts.quiet || opts.verbose || opts.fail_on_loss || opts.clear || opts.show);
}

Test(opts, command_is_not_the_value_that_an_option_lacks)
{
	REJECT("--exclude needs a value", "ctl", "-p1", "--exclude");
	REJECT("-p needs a value", "list", "-p");
}

Test(opts, each_option_is_taken)
{
	ACCEPT("--pid=7", "--output", "x.json", "--duration", "0.5", "--max-size=3M", "--ring-size", "128k",
	       "--max-depth=7", "--min-duration", "1.5us", "--probe-site", "nop5", "--no-page-faults", "--fail-on-loss",
	       "--quiet", "--verbose", "--include", "a", "--exclude=b", "--methods", "c", "--trigger-on-change", "d",
	       "--no-trigger-on-change", "e", "--include-all", "--no-methods", "--on-change");
	cr_assert_eq(opts.pids[0], 7);
	cr_assert_str_eq(opts.outputs[0].path, "x.json");
	cr_assert_eq(opts.duration, 0.5);
	cr_assert_eq(opts.max_size, 3u << 20);
	cr_assert_eq(opts.max_depth, 7);
	cr_assert_eq(opts.min_duration, 1500);
	cr_assert_eq(opts.ring_size, 128u << 10);
	cr_assert_eq(opts.site, SITE_NOP5);
	cr_assert(opts.no_faults && opts.fail_on_loss && opts.quiet && opts.verbose);
	cr_assert(opts.rules.include_all && opts.rules.no_methods && opts.rules.on_change);
	for (int i = 0; i < RULE_LISTS; i++) {
		cr_assert_eq(opts.rules.lists[i].n, 1);
		cr_assert_eq(strlen(opts.rules.lists[i].list[0].text), 1);
	}
	cr_assert_str_eq(opts.rules.lists[RULE_INCLUDE].list[0].text, "a");
	cr_assert_str_eq(opts.rules.lists[RULE_EXCLUDE].list[0].text, "b");
	cr_assert_str_eq(opts.rules.lists[RULE_METHODS].list[0].text, "c");
	cr_assert_str_eq(opts.rules.lists[RULE_TRIGGER].list[0].text, "d");
	cr_assert_str_eq(opts.rules.lists[RULE_NO_TRIGGER].list[0].text, "e");
}

Test(opts, shortest_slice_is_a_time_with_a_unit)
{
	ACCEPT("-p", "1", "--min-duration", "1s");
	cr_assert_eq(opts.min_duration, 1000000000);
	ACCEPT("-p", "1", "--min-duration", "20ms");
	cr_assert_eq(opts.min_duration, 20000000);
	ACCEPT("-p", "1", "--min-duration", "7ns");
	cr_assert_eq(opts.min_duration, 7);
	REJECT("--min-duration takes a time up to 1s, as 10us or 1.5ms, not '10'", "-p", "1", "--min-duration", "10");
	REJECT("not '2s'", "-p", "1", "--min-duration", "2s");
	REJECT("not '-1us'", "-p", "1", "--min-duration", "-1us");
	REJECT("not 'us'", "-p", "1", "--min-duration", "us");
	REJECT("not 'nanms'", "-p", "1", "--min-duration", "nanms");
	REJECT("not '1 ms'", "-p", "1", "--min-duration", "1 ms");
}

Test(opts, depth_is_a_number)
{
	ACCEPT("-p", "1", "--every", "100");
	cr_assert_eq(opts.every, 100);
	REJECT("--every takes a number from 2 to 1000000000, not '1'", "-p", "1", "--every", "1");
	REJECT("not '-5'", "-p", "1", "--every", "-5");
	REJECT("not '5x'", "-p", "1", "--every", "5x");
	ACCEPT("-p", "1", "--rate", "100");
	cr_assert_eq(opts.period, 10000000);
	ACCEPT("-p", "1", "--rate", "0.5/s");
	cr_assert_eq(opts.period, 2000000000);
	REJECT("--rate takes a number a second, from 0.001 to 1000000, as 100 or 0.5/s, not '0'", "-p", "1", "--rate",
	       "0");
	REJECT("not '5/m'", "-p", "1", "--rate", "5/m");
	REJECT("--every or --rate, not both", "-p", "1", "--rate", "5", "--every", "5");
	ACCEPT("-p", "1", "--max-depth", "200000");
	REJECT("--max-depth takes a number from 1 to 200000, not '0'", "-p", "1", "--max-depth", "0");
	REJECT("not '200001'", "-p", "1", "--max-depth", "200001");
	REJECT("not '-1'", "-p", "1", "--max-depth", "-1");
	REJECT("not '5x'", "-p", "1", "--max-depth", "5x");
	REJECT("not ''", "-p", "1", "--max-depth", "");
}

Test(opts, short_options_stand_together)
{
	ACCEPT("-qvp7", "-o-", "-d1e2");
	cr_assert(opts.quiet && opts.verbose);
	cr_assert_eq(opts.pids[0], 7);
	cr_assert_str_eq(opts.outputs[0].path, "-");
	cr_assert_eq(opts.duration, 100);
}

Test(opts, last_of_two_wins_and_patterns_add_up)
{
	ACCEPT("-p", "1", "-d", "1", "-d", "2", "--include", "a", "--include", "b", "--include", "a");
	cr_assert_eq(opts.duration, 2);
	cr_assert_eq(opts.rules.lists[RULE_INCLUDE].n, 2);
}

Test(opts, several_outputs_each_in_a_format)
{
	ACCEPT("-p", "1", "-o", "a.json", "-o", "-", "--output=b");
	cr_assert_eq(opts.n_outputs, 3);
	cr_assert_str_eq(opts.outputs[0].path, "a.json");
	cr_assert_str_eq(opts.outputs[1].path, "-");
	cr_assert_str_eq(opts.outputs[2].path, "b");
	for (int i = 0; i < 3; i++)
		cr_assert_eq(opts.outputs[i].format, &format_chrome);
	REJECT("-o a is given twice", "-p1", "-o", "a", "-o", "b", "-o", "a");
	REJECT("-o may be given 4 times at most", "-p1", "-oa", "-ob", "-oc", "-od", "-oe");
}

Test(opts, a_format_is_of_the_output_behind_it_or_else_of_the_last)
{
	ACCEPT("-p", "1", "--format", "chrome");
	cr_assert_eq(opts.n_outputs, 1);
	cr_assert_null(opts.outputs[0].path);
	ACCEPT("-p", "1", "--format", "chrome", "-o", "x");
	cr_assert_eq(opts.n_outputs, 1);
	cr_assert_str_eq(opts.outputs[0].path, "x");
	ACCEPT("-p", "1", "-o", "x", "--format", "chrome");
	cr_assert_eq(opts.n_outputs, 1);
	cr_assert_str_eq(opts.outputs[0].path, "x");
	ACCEPT("-p", "1", "-o", "x", "--format", "chrome", "-o", "y");
	cr_assert_eq(opts.n_outputs, 2);
	cr_assert_str_eq(opts.outputs[1].path, "y");
	REJECT("--format is one of: chrome, perfetto, rows; not 'xml'", "-p1", "--format", "xml");
	REJECT("--format is given twice for one -o", "-p1", "--format", "chrome", "--format", "chrome");
	REJECT("--format is given twice for one -o", "-p1", "--format", "chrome", "-o", "x", "--format", "chrome");
}

Test(opts, a_report_has_a_form)
{
	ACCEPT("-p", "1");
	cr_assert_eq(opts.report, REPORT_NONE);
	cr_assert_not(opts.no_output);
	ACCEPT("-p", "1", "--report");
	cr_assert_eq(opts.report, REPORT_TEXT);
	cr_assert_eq(opts.n_outputs, 1);
	ACCEPT("-p", "1", "--report=text", "-o", "x", "-o", "y");
	cr_assert_eq(opts.report, REPORT_TEXT);
	cr_assert_eq(opts.n_outputs, 2);
	ACCEPT("-p", "1", "-onone", "--report=json");
	cr_assert_eq(opts.report, REPORT_JSON);
	cr_assert(opts.no_output);
	cr_assert_eq(opts.n_outputs, 0);
	cr_assert_null(opts.outputs[0].path);
	REJECT("--report is --report=text or --report=json, not 'JSON'", "-p1", "--report=JSON");
	REJECT("-o none keeps nothing", "-p1", "-o", "none");
	REJECT("-o none goes with no other -o", "-p1", "-o", "x", "-o", "none", "--report");
	REJECT("--report goes to stdout", "-p1", "-o", "x", "-o", "-", "--report");
	REJECT("--report is for tracing, not for doctor", "doctor", "--report");
}

Test(opts, several_processes_each_once)
{
	ACCEPT("-p", "1", "-p2", "--pid=3", "-p", "2", "-f");
	cr_assert_eq(opts.n_pids, 3);
	cr_assert_eq(opts.pids[0], 1);
	cr_assert_eq(opts.pids[1], 2);
	cr_assert_eq(opts.pids[2], 3);
	cr_assert(opts.follow);
}

Test(opts, all_behind_two_dashes_is_the_commands)
{
	char *words[] = {
		"viztrace-bpf", "-f", "--user", "nobody", "-o", "a", "--", "prog", "-o", "b", "--", "-p", NULL
	};

	cr_assert_eq(opts__parse(&opts, 12, words, error, sizeof(error)), 0, "%s", error);
	cr_assert_eq(opts.command, COMMAND_TRACE);
	cr_assert_str_eq(opts.outputs[0].path, "a");
	cr_assert_str_eq(opts.user, "nobody");
	cr_assert_str_eq(opts.argv[0], "prog");
	cr_assert_str_eq(opts.argv[4], "-p");
	cr_assert_null(opts.argv[5]);
	REJECT("which command?", "--");
	REJECT("a command to run comes after --", "prog", "-o", "b");
}

Test(opts, a_trace_has_one_kind_of_target)
{
	ACCEPT("-x", "/usr/bin/app");
	cr_assert_str_eq(opts.program, "/usr/bin/app");
	REJECT("either -p, or -x, or a command", "-p1", "-x", "app");
	REJECT("either -p, or -x, or a command", "-p1", "--", "app");
	REJECT("either -p, or -x, or a command", "-x", "app", "--", "app");
	REJECT("--user is for a command", "-p1", "--user", "nobody");
	REJECT("-x needs the name of a file", "-x", "");
	REJECT("are for tracing, not for list", "list", "-p1", "-f");
	REJECT("are for tracing, not for ctl", "ctl", "-p1", "--show", "--", "app");
	REJECT("list takes -p PID, or a FILE, or neither", "list", "-p1", "-p2");
	REJECT("ctl for which traced process?", "ctl", "-p1", "-p2", "--show");
}

Test(opts, every_site_has_its_name)
{
	for (int i = 0; i < SITES; i++) {
		ACCEPT("-p1", "--probe-site", (char *)site_names[i]);
		cr_assert_eq((int)opts.site, i);
	}
	REJECT("--probe-site is auto, nop1, nop5 or nop10, not 'nop7'", "-p1", "--probe-site", "nop7");
	REJECT("not ''", "-p1", "--probe-site", "");
}

Test(opts, every_way_to_collect_has_its_name)
{
	ACCEPT("-p1");
	cr_assert_eq(opts.collect, COLLECT_AUTO);
	ACCEPT("-p1", "--collect", "batch");
	cr_assert_eq(opts.collect, COLLECT_BATCH);
	ACCEPT("-p1", "--collect", "trap");
	cr_assert_eq(opts.collect, COLLECT_TRAP);
	REJECT("--collect is auto, batch or trap, not 'lap'", "-p1", "--collect", "lap");
}

Test(opts, pid_is_a_positive_number)
{
	static const char *const bad[] = { "",    "0", "-1", "x", "12x", "1.5", "2147483648", "99999999999999999999",
					   "0x1f" };

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		REJECT("-p takes the number of a process", "-p", (char *)bad[i]);
		cr_assert(strstr(error, bad[i]), "%s", error);
	}
	ACCEPT("-p", "2147483647");
}

Test(opts, duration_is_finite_and_positive)
{
	static const char *const bad[] = { "", "0", "-1", "nan", "inf", "1s", "1e10", "-0.0", "five" };

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		REJECT("-d takes seconds", "-p1", "-d", (char *)bad[i]);
		cr_assert(strstr(error, bad[i]), "%s", error);
	}
	ACCEPT("-p1", "-d", "1e9");
	ACCEPT("-p1", "-d", ".001");
}

Test(opts, size_has_units)
{
	static const struct {
		const char *text;
		uint64_t size;
	} good[] = { { "1", 1 },
		     { "64k", 65536 },
		     { "64K", 65536 },
		     { "8M", 8 << 20 },
		     { "8m", 8 << 20 },
		     { "2G", 2ull << 30 },
		     { "2g", 2ull << 30 },
		     { "18446744073709551615", UINT64_MAX },
		     { "17179869183G", 17179869183ull << 30 } };
	static const char *const bad[] = { "",
					   "0",
					   "0M",
					   "-1",
					   " 1",
					   "+1",
					   "k",
					   "1T",
					   "1kB",
					   "1 k",
					   "1.5M",
					   "M1",
					   "18446744073709551616",
					   "17179869184G",
					   "0x10" };

	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		ACCEPT("-p1", "--max-size", (char *)good[i].text);
		cr_assert_eq(opts.max_size, good[i].size, "%s", good[i].text);
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		REJECT("--max-size takes a size as 64k, 8M or 1G", "-p1", "--max-size", (char *)bad[i]);
		cr_assert(strstr(error, bad[i]), "%s", error);
	}
}

Test(opts, ring_size_is_rounded_up_to_a_power_of_two)
{
	ACCEPT("-p1", "--ring-size", "65536");
	cr_assert_eq(opts.ring_size, 65536);
	ACCEPT("-p1", "--ring-size", "65537");
	cr_assert_eq(opts.ring_size, 131072);
	ACCEPT("-p1", "--ring-size", "5M");
	cr_assert_eq(opts.ring_size, 8u << 20);
	ACCEPT("-p1", "--ring-size", "1G");
	cr_assert_eq(opts.ring_size, 1u << 30);
	REJECT("--ring-size is between 64k and 1G, not '65535'", "-p1", "--ring-size", "65535");
	REJECT("--ring-size is between 64k and 1G, not '1025M'", "-p1", "--ring-size", "1025M");
	REJECT("--ring-size takes a size", "-p1", "--ring-size", "big");
}

Test(opts, filter_without_pattern_names_the_option)
{
	REJECT("--include takes a pattern", "-p1", "--include", "");
	REJECT("--no-trigger-on-change takes a pattern", "-p1", "--no-trigger-on-change=");
	REJECT("--exclude needs a value", "-p1", "--exclude");
}

Test(opts, switch_takes_no_value)
{
	REJECT("--no-methods", "-p1", "--no-methods=x");
}

Test(opts, pattern_may_begin_with_dashes)
{
	ACCEPT("-p1", "--exclude", "--exclude");
	cr_assert_str_eq(opts.rules.lists[RULE_EXCLUDE].list[0].text, "--exclude");
}

Test(opts, filters_come_from_a_file_too)
{
	char path[] = "/tmp/viztrace-opts-XXXXXX", wanted[128];
	FILE *file = fdopen(mkstemp(path), "w");

	fputs("a\nexclude b\n\nexclude\tc d\n", file);
	fclose(file);
	ACCEPT("-p1", "--filters", path, "--exclude", "e");
	cr_assert_eq(opts.rules.lists[RULE_INCLUDE].n, 1);
	cr_assert_eq(opts.rules.lists[RULE_EXCLUDE].n, 3);
	cr_assert_str_eq(opts.rules.lists[RULE_EXCLUDE].list[1].text, "c d");

	file = fopen(path, "w");
	fputs("a\n\nexclued b\n", file);
	fclose(file);
	snprintf(wanted, sizeof(wanted), "%s, line 3:", path);
	REJECT(wanted, "-p1", "--filters", path);
	unlink(path);
	snprintf(wanted, sizeof(wanted), "cannot read %s: No such file or directory", path);
	REJECT(wanted, "-p1", "--filters", path);
	REJECT("cannot read /: Is a directory", "-p1", "--filters", "/");
}

Test(opts, unknown_option_is_named)
{
	REJECT("unknown option '--frobnicate'", "--frobnicate", "-p", "1");
	REJECT("unknown option '--frobnicate=3'", "--frobnicate=3");
	REJECT("unknown option '-y'", "-y");
}

Test(opts, missing_value_is_named)
{
	REJECT("-p needs a value", "-p");
	REJECT("--output needs a value", "-p1", "--output");
	REJECT("-qd needs a value", "-qd");
}

Test(opts, process_is_needed)
{
	REJECT("which process? -p PID", "-q");
	REJECT("'foo' is not understood", "foo");
	REJECT("'123' is not understood", "-p", "1", "123");
	REJECT("-o needs the name of a file", "-p1", "-o", "");
}

Test(opts, list_takes_a_process_or_a_file)
{
	ACCEPT("list", "-p", "5");
	cr_assert_eq(opts.command, COMMAND_LIST);
	cr_assert_eq(opts.pids[0], 5);
	cr_assert_null(opts.file);
	ACCEPT("list", "./app");
	cr_assert_str_eq(opts.file, "./app");
	ACCEPT("-v", "list", "--", "-odd");
	cr_assert_str_eq(opts.file, "-odd");
	ACCEPT("list", "list");
	cr_assert_str_eq(opts.file, "list");
	ACCEPT("list");
	cr_assert_eq(opts.n_pids, 0);
	cr_assert_null(opts.file);
	REJECT("list takes -p PID, or a FILE, or neither", "list", "-p", "5", "app");
	REJECT("'b' is not understood", "list", "a", "b");
}

Test(opts, ctl_takes_a_process_and_a_change)
{
	ACCEPT("ctl", "-p", "5", "--exclude", "a");
	cr_assert_eq(opts.command, COMMAND_CTL);
	cr_assert_eq(opts.rules.lists[RULE_EXCLUDE].n, 1);
	ACCEPT("ctl", "-p", "5", "--clear", "--show", "--no-methods");
	cr_assert(opts.clear && opts.show && opts.rules.no_methods);
	ACCEPT("-p5", "--clear", "ctl");
	cr_assert_eq(opts.command, COMMAND_CTL);
	REJECT("ctl for which traced process? -p PID", "ctl", "--clear");
	REJECT("ctl needs something to change, or --show", "ctl", "-p5");
	REJECT("'x' is not understood", "ctl", "-p5", "--show", "x");
}

Test(opts, doctor_takes_processes_or_nothing)
{
	ACCEPT("doctor");
	cr_assert_eq(opts.command, COMMAND_DOCTOR);
	cr_assert_eq(opts.n_pids, 0);
	ACCEPT("doctor", "-p", "5", "--ring-size", "64k", "-v");
	cr_assert_eq(opts.command, COMMAND_DOCTOR);
	cr_assert_eq(opts.n_pids, 1);
	cr_assert_eq(opts.pids[0], 5);
	cr_assert_eq(opts.ring_size, RING_SIZE_MIN);
	ACCEPT("-p5", "doctor");
	cr_assert_eq(opts.command, COMMAND_DOCTOR);
	REJECT("'x' is not understood", "doctor", "x");
	REJECT("not for doctor", "doctor", "-p5", "-f");
}

Test(opts, top_traces_and_writes_no_file_unless_asked_to)
{
	ACCEPT("top", "-p", "5", "-f", "--include", "a");
	cr_assert_eq(opts.command, COMMAND_TOP);
	cr_assert(opts.no_output && opts.follow && !opts.once);
	cr_assert_eq(opts.n_outputs, 0);
	ACCEPT("top", "-x", "app", "-o", "t.pftrace");
	cr_assert(!opts.no_output);
	cr_assert_str_eq(opts.outputs[0].format->name, "perfetto");
	ACCEPT("top", "--once", "--", "app");
	cr_assert(opts.once);
	cr_assert_float_eq(opts.duration, 1, 1e-9);
	ACCEPT("top", "-p5", "-d", "3", "--once", "--report");
	cr_assert_float_eq(opts.duration, 3, 1e-9);
	ACCEPT("top", "-p5");
	cr_assert_float_eq(opts.duration, 0, 1e-9);
	REJECT("which process? -p PID", "top");
	REJECT("top goes to stdout", "top", "-p5", "-o", "-");
	REJECT("--once goes with top", "-p5", "--once");
	REJECT("either -p, or -x", "top", "-p5", "--", "app");
	REJECT("--open is for a trace that goes to a file", "top", "-p5", "--open");
	REJECT("'x' is not understood", "top", "-p5", "x");
}

Test(opts, clear_and_show_go_with_ctl_only)
{
	REJECT("--clear and --show go with ctl", "-p5", "--clear");
	REJECT("--clear and --show go with ctl", "-p5", "--show");
}

Test(opts, failure_leaves_the_result_alone)
{
	struct opts before;

	ACCEPT("-p", "5", "-o", "x");
	before = opts;
	char *argv[] = { "viztrace-bpf", "-p", "6", "--exclude", "a", "-d", "never", NULL };
	cr_assert_eq(opts__parse(&opts, 7, argv, error, sizeof(error)), -EINVAL);
	cr_assert_eq(opts.n_pids, before.n_pids);
	cr_assert_eq(opts.rules.lists[RULE_EXCLUDE].n, 0);
}

Test(opts, short_room_for_the_error_is_enough)
{
	char *argv[] = { "viztrace-bpf", "-p", "nonsense", NULL }, little[8];

	cr_assert_eq(opts__parse(&opts, 3, argv, little, sizeof(little)), -EINVAL);
	cr_assert_eq(strlen(little), 7);
}

Test(opts, open_takes_a_file_and_a_trace_that_is_one)
{
	ACCEPT("open", "t.json");
	cr_assert_eq(opts.command, COMMAND_OPEN);
	cr_assert_str_eq(opts.file, "t.json");
	ACCEPT("open", "--", "-odd");
	cr_assert_str_eq(opts.file, "-odd");
	ACCEPT("-p", "1", "--open", "-o", "t.json");
	cr_assert(opts.open);
	REJECT("open takes the FILE", "open");
	REJECT("open takes the FILE", "open", "-p", "1");
	REJECT("--open is for a trace that goes to a file", "-p", "1", "--open", "-o", "-");
	REJECT("--open is for a trace", "list", "--open");
}

Test(opts, help_is_answered_however_it_is_asked_for, .init = cr_redirect_stdout)
{
	cr_assert_eq(PARSE("-h"), 1);
	cr_assert_eq(PARSE("help"), 1);
	cr_assert_eq(PARSE("help", "ctl"), 1);
	cr_assert_eq(PARSE("ctl", "-h"), 1);
	cr_assert_eq(PARSE("-p", "1", "list", "--help"), 1);
	REJECT("there is no command 'nonsense'", "help", "nonsense");
	REJECT("there is no command 'nonsense'", "nonsense", "-h");
}

Test(opts, help_and_version_are_answered_on_stdout, .init = cr_redirect_stdout)
{
	cr_assert_eq(PARSE("--help"), 1);
	cr_assert_eq(PARSE("-p", "1", "--version"), 1);
	fflush(stdout);
	FILE *out = cr_get_redirected_stdout();
	char text[8192];
	size_t n = fread(text, 1, sizeof(text) - 1, out);

	text[n] = 0;
	static const char *const words[] = { "--pid",
					     "--output",
					     "--duration",
					     "--max-size",
					     "--ring-size",
					     "--probe-site",
					     "--fail-on-loss",
					     "--quiet",
					     "--verbose",
					     "--help",
					     "--version",
					     "--include PAT",
					     "--exclude PAT",
					     "--include-all",
					     "--methods PAT",
					     "--no-methods",
					     "--trigger-on-change PAT",
					     "--no-trigger-on-change PAT",
					     "--on-change",
					     "--filters FILE",
					     "--clear",
					     "--show",
					     "list",
					     "ctl",
					     "doctor" };
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		cr_assert(strstr(text, words[i]), "--help does not tell %s", words[i]);
	cr_assert(strstr(text, "\nviztrace-bpf "));
}

Test(opts, keep_takes_a_time_and_a_size)
{
	static const char *const bad[] = {
		"", "0", "10", "0s", "-1s", "10x", "s", "1k", "20000h", "nan", "5 s", "1Ms"
	};

	ACCEPT("-p1", "--keep", "10s");
	cr_assert_eq(opts.keep_time, 10000000000);
	cr_assert_eq(opts.keep_bytes, KEEP_BYTES);
	cr_assert(opts.no_output);
	cr_assert_eq(opts.n_outputs, 0);
	cr_assert_str_eq(opts.dump_format->name, "chrome");
	ACCEPT("-p1", "--keep", "200M", "--format", "perfetto", "--dump-to", "/tmp", "--on-dump", "true");
	cr_assert_eq(opts.keep_time, 0);
	cr_assert_eq(opts.keep_bytes, 200 << 20);
	cr_assert_str_eq(opts.dump_format->name, "perfetto");
	cr_assert_str_eq(opts.dump_to, "/tmp");
	cr_assert_str_eq(opts.on_dump, "true");
	ACCEPT("-p1", "--keep", "1.5m", "--keep", "2m", "--keep", "5M"); /* of each the last one */
	cr_assert_eq(opts.keep_time, 120000000000);
	cr_assert_eq(opts.keep_bytes, 5 << 20);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		REJECT("--keep ", "-p1", "--keep", (char *)bad[i]);
	REJECT("it goes without -o", "-p1", "--keep", "10s", "-o", "x.json");
	REJECT("--keep is for tracing, not for top", "top", "-p1", "--keep", "10s");
	REJECT("the size is --keep's", "-p1", "--keep", "10s", "--max-size", "10M");
	REJECT("a folder that is there, not '/nowhere'", "-p1", "--keep", "10s", "--dump-to", "/nowhere");
	REJECT("--dump-to goes with --keep", "-p1", "--dump-to", "/tmp");
	REJECT("--on-dump goes with --keep", "-p1", "--on-dump", "true");
	ACCEPT("-p1", "--keep", "10s", "--when", "exit", "--when", "a.b > 1", "--after", "5s", "--at-most", "3",
	       "--again-after", "1m");
	cr_assert_eq(opts.triggers.n, 2);
	cr_assert_eq(opts.after, 5000000000);
	cr_assert_eq(opts.triggers.at_most, 3);
	cr_assert_eq(opts.triggers.again_after, 60000000000);
	ACCEPT("-p1", "--keep", "10s", "--when", "exit");
	cr_assert_eq(opts.triggers.at_most, AT_MOST);
	cr_assert_eq(opts.triggers.again_after, AGAIN_AFTER);
	REJECT("--when goes with --keep", "-p1", "--when", "exit");
	REJECT("--after goes with --when", "-p1", "--keep", "10s", "--after", "5s");
	REJECT("--at-most goes with --when", "-p1", "--keep", "10s", "--at-most", "5");
	REJECT("--again-after goes with --when", "-p1", "--keep", "10s", "--again-after", "5s");
	REJECT("--at-most takes a number", "-p1", "--keep", "10s", "--when", "exit", "--at-most", "0");
	REJECT("--after takes a time", "-p1", "--keep", "10s", "--when", "exit", "--after", "5");
	ACCEPT("-p1", "--split", "1m", "--max-files", "60", "--dump-to", "/tmp");
	cr_assert_eq(opts.split, 60000000000);
	cr_assert_eq(opts.max_files, 60);
	cr_assert_eq(opts.keep_time, 60000000000);
	cr_assert_eq(opts.keep_bytes, KEEP_BYTES);
	cr_assert(opts.no_output);
	ACCEPT("-p1", "--split", "1m", "--keep", "10s", "--keep", "200M");
	cr_assert_eq(opts.keep_time, 10000000000);
	cr_assert_eq(opts.keep_bytes, 200 << 20);
	cr_assert_eq(opts.max_files, 0);
	REJECT("--split is 100ms at least", "-p1", "--split", "50ms");
	REJECT("--split takes a time", "-p1", "--split", "200M");
	ACCEPT("-p1", "--max-size", "100M", "--max-files", "5");
	cr_assert_eq(opts.split, 0);
	cr_assert_eq(opts.split_bytes, 100u << 20);
	cr_assert_eq(opts.max_size, 0);
	ACCEPT("-p1", "--split", "1m", "--max-size", "100M", "--max-files", "5");
	cr_assert_eq(opts.split_bytes, 100u << 20);
	REJECT("--max-size with --max-files is 1M at least", "-p1", "--max-size", "100k", "--max-files", "5");
	REJECT("--max-files is for tracing, not for top", "top", "-p1", "--max-size", "1M", "--max-files", "5");
	REJECT("it goes without -o", "-p1", "--max-size", "1M", "--max-files", "5", "-o", "x.json");
	REJECT("--max-files goes with --split", "-p1", "--keep", "10s", "--max-files", "5");
	REJECT("--max-files takes a number", "-p1", "--split", "1m", "--max-files", "0");
	REJECT("--split is for tracing, not for top", "top", "-p1", "--split", "1m");
	REJECT("it goes without -o", "-p1", "--split", "1m", "-o", "x.json");
	REJECT("--dump goes with ctl", "-p1", "--dump");
	ACCEPT("ctl", "-p1", "--dump");
	cr_assert_str_eq(opts.dump, "");
	ACCEPT("ctl", "-p1", "--dump=slow");
	cr_assert_str_eq(opts.dump, "slow");
}
