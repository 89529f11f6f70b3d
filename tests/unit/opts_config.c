/* SPDX-License-Identifier: BSD-2-Clause */
/* The file of --config in; what it means together with the command line, or the line that is wrong, out. */
#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "opts.h"
#include "opts_config.h"

static struct opts opts;
static char error[1024], path[] = "config-XXXXXX";

static void set_up(void)
{
	int fd = mkstemp(path);

	cr_assert_geq(fd, 0);
	close(fd);
}

static void tidy(void)
{
	opts__clear(&opts);
	unlink(path);
}

TestSuite(opts_config, .init = set_up, .fini = tidy);

static void put(const char *text, size_t size)
{
	FILE *file = fopen(path, "w");

	cr_assert(file);
	cr_assert_eq(fwrite(text, 1, size, file), size);
	cr_assert_eq(fclose(file), 0);
}

/* The text of the file, and then the rest of the command line. */
static int parse_all(char **words)
{
	static char *argv[16]; /* stays: a command's words are in it */
	int argc = 3;

	argv[0] = "viztrace-bpf";
	argv[1] = "--config";
	argv[2] = path;
	put(words[0], strlen(words[0]));
	while (*++words)
		argv[argc++] = *words;
	argv[argc] = NULL;
	opts__clear(&opts);
	error[0] = 0;
	return opts__parse(&opts, argc, argv, error, sizeof(error));
}

#define PARSE(...) parse_all((char *[]){ __VA_ARGS__, NULL })
#define ACCEPT(...) cr_assert_eq(PARSE(__VA_ARGS__), 0, "%s", error)

static void reject(char *text, unsigned line, const char *part)
{
	char place[64];

	snprintf(place, sizeof(place), "%s:%u: ", path, line);
	cr_expect_neq(PARSE(text), 0, "%s", text);
	cr_expect_eq(strncmp(error, place, strlen(place)), 0, "%s", error);
	cr_expect(strstr(error, part), "'%s' is not in '%s'", part, error);
}

Test(opts_config, value_behind_spaces_or_an_equals_sign)
{
	ACCEPT("# c\n\n  pid = 12\t\nkeep 10s\nmemory=8M\n\tdump-to\t=\t.\nfollow\non-dump = a = 'b' # c\nmax-depth = 5");
	cr_assert_eq(opts.pids[0], 12);
	cr_assert_eq(opts.keep_time, 10000000000);
	cr_assert_eq(opts.memory, 8u << 20);
	cr_assert_str_eq(opts.dump_to, ".");
	cr_assert_str_eq(opts.on_dump, "a = 'b' # c", "as it is, up to the end");
	cr_assert(opts.follow);
	cr_assert_eq(opts.max_depth, 5, "without a line's end");
	ACCEPT("pid 1\ninclude ==x\nreport = json\noutput none");
	cr_assert_str_eq(opts.rules.lists[RULE_INCLUDE].list[0].text, "=x");
	cr_assert_eq(opts.report, REPORT_JSON);
	ACCEPT("", "-p", "3");
	cr_assert_eq(opts.pids[0], 3);
}

Test(opts_config, expressions_need_no_quotes)
{
	ACCEPT("pid 1\nkeep 1s\nwhen = conn.state == \"broken\"\nwhen queue.depth >= 5\ncheck = p99(parse) < 5ms");
	cr_assert_eq(opts.triggers.n, 2);
	cr_assert_str_eq(opts.triggers.list[0].text, "conn.state == \"broken\"");
	cr_assert_eq(opts.checks.n, 1);
	reject("pid 1\nkeep 1s\nwhen = 'exit'", 3, "leave out the quotes");
}

Test(opts_config, command_line_wins_or_adds)
{
	ACCEPT("pid 1\npid 2\nmemory 8M\nexclude a\nkeep 5s\nwhen exit", "--memory=16M", "--exclude", "b", "--when",
	       "signal", "-p3", "--keep", "30M");
	cr_assert_eq(opts.n_pids, 1);
	cr_assert_eq(opts.pids[0], 3);
	cr_assert_eq(opts.memory, 16u << 20);
	cr_assert_eq(opts.rules.lists[RULE_EXCLUDE].n, 2);
	cr_assert_eq(opts.triggers.n, 2);
	cr_assert_eq(opts.keep_time, 5000000000);
	cr_assert_eq(opts.keep_bytes, 30u << 20);
	ACCEPT("program = /bin/x\nuser = u", "--", "true");
	cr_assert_null(opts.program);
	cr_assert_str_eq(opts.argv[0], "true");
	ACCEPT("pid 1", "-x", "y");
	cr_assert_eq(opts.n_pids, 0);
}

Test(opts_config, outputs_of_the_command_line_replace_those_of_the_file)
{
	ACCEPT("pid 1\noutput a.json\noutput b.json", "-o", "c.pftrace");
	cr_assert_eq(opts.n_outputs, 1);
	cr_assert_str_eq(opts.outputs[0].path, "c.pftrace");
	cr_assert_eq(opts.outputs[0].format, &format_perfetto);
	ACCEPT("pid 1\noutput none\nreport", "-o", "c.json");
	cr_assert_not(opts.no_output);
	ACCEPT("pid 1\noutput a.json\nformat = perfetto", "--format", "rows");
	cr_assert_eq(opts.n_outputs, 1);
	cr_assert_str_eq(opts.outputs[0].path, "a.json");
	cr_assert_eq(opts.outputs[0].format, &format_rows);
	ACCEPT("pid 1\nformat = perfetto", "-o", "c");
	cr_assert_eq(opts.outputs[0].format, &format_perfetto);
	ACCEPT("pid 1\nformat = perfetto\nkeep 1s", "--format", "rows");
	cr_assert_eq(opts.dump_format, &format_rows);
}

Test(opts_config, what_is_wrong_has_its_line)
{
	char line[6000] = "keep 1s\n";

	reject("pid 1\n\nfoo", 3, "unknown word 'foo'");
	reject("mem 8M", 1, "unknown word 'mem'");
	reject("= x", 1, "unknown word ''");
	reject("#\nmemory", 2, "'memory' needs a value");
	reject("quiet yes", 1, "'quiet' takes no value");
	reject("quiet =", 1, "'quiet' takes no value");
	reject("-p 1", 1, "without its dashes here, not '-p'");
	reject("config x", 1, "names no other one");
	reject("version", 1, "is for the command line");
	reject("pid 1\nmemory = 8", 2, "--memory is 4M at least");
	reject("pid 1\r\nkeep 1s\r\n", 1, "CR and LF");
	memset(line + strlen("keep 1s\n"), '#', 5000);
	reject(line, 2, "longer than 4096 bytes");
	put("pid 1\nkeep\0 1s", 14);
	cr_assert_neq(opts__parse(&opts, 3, (char *[]){ "viztrace-bpf", "--config", path, NULL }, error, sizeof(error)),
		      0);
	cr_assert(strstr(error, ":2: there is a NUL byte"), "%s", error);
}

Test(opts_config, what_takes_a_restart)
{
	static char *a_words[] = { "--pid=1", "--keep=1s", "--exclude=a", "--follow", "--check=x", "--check=y" };
	static char *b_words[] = { "--pid=1", "--keep=2s", "--keep=3M", "--when=exit", "--check=x", "--memory=8M" };
	const struct opts_config a = { .words = a_words, .n = 6 }, b = { .words = b_words, .n = 6 };
	char names[64];

	cr_assert(opts_config__differ(&a, &b, names, sizeof(names)));
	cr_assert_str_eq(names, "keep, follow, check, memory");
	cr_assert_not(opts_config__differ(&b, &b, names, sizeof(names)));
	cr_assert(opts_config__differ(&a, &b, names, 6), "cut off");
}
