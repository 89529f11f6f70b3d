/* SPDX-License-Identifier: BSD-2-Clause */
/* What a pattern matches, and the file that patterns come from. */
#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/patterns.h"

static struct patterns patterns;
static struct rules rules;

static void tidy(void)
{
	patterns__clear(&patterns);
	rules__clear(&rules);
}

TestSuite(patterns, .fini = tidy);
TestSuite(rules, .fini = tidy);

static bool matches(const char *pattern, const char *name)
{
	patterns__clear(&patterns);
	cr_assert_eq(patterns__add(&patterns, pattern), 0);
	return patterns__match(&patterns, name);
}

#define YES(pattern, name) cr_assert(matches(pattern, name), "%s should match %s", pattern, name)
#define NO(pattern, name) cr_assert_not(matches(pattern, name), "%s should not match %s", pattern, name)

Test(patterns, are_those_of_a_shell)
{
	YES("load", "load");
	NO("load", "loads");
	NO("load", "Load");
	YES("l*d", "load");
	YES("l*d", "ld");
	YES("*", "");
	YES("*", "anything at all");
	YES("l??d", "load");
	NO("l???d", "load");
	YES("[lr]oad", "road");
	YES("[a-m]oad", "load");
	NO("[!l]oad", "load");
	YES("[[:digit:]]*", "7up");
	YES("\\*", "*");
	NO("\\*", "x");
	YES("a[b", "a[b"); /* no set without its end */
}

Test(patterns, wildcards_match_dots_and_slashes)
{
	YES("*", "a.b.c");
	YES("a*c", "a.b.c");
	YES("a?b", "a.b");
	YES("a[.]b", "a.b");
	YES("a*b", "a/x/b");
	YES("*", ".hidden");
	YES("?hidden", ".hidden");
}

Test(patterns, empty_pattern_matches_the_empty_name_only)
{
	YES("", "");
	NO("", "a");
}

static bool matches_attribute(const char *pattern, const char *name, const char *tag, const char *attribute)
{
	patterns__clear(&patterns);
	cr_assert_eq(patterns__add(&patterns, pattern), 0);
	return patterns__match_attribute(&patterns, name, tag, attribute);
}

#define ATTR_YES(pattern, ...) cr_assert(matches_attribute(pattern, __VA_ARGS__), "%s", pattern)
#define ATTR_NO(pattern, ...) cr_assert_not(matches_attribute(pattern, __VA_ARGS__), "%s", pattern)

Test(patterns, object_stands_for_all_its_attributes)
{
	ATTR_YES("db", "db", "pool", "load");
	ATTR_YES("d*", "db", "pool", "load");
	ATTR_NO("dbx", "db", "pool", "load");
}

Test(patterns, tag_stands_for_the_attributes_of_all_its_objects)
{
	ATTR_YES("pool", "db", "pool", "load");
	ATTR_YES("pool.load", "db", "pool", "load");
	ATTR_NO("pool.idle", "db", "pool", "load");
}

Test(patterns, attribute_goes_with_its_object)
{
	ATTR_YES("db.load", "db", "pool", "load");
	ATTR_YES("*.load", "db", "pool", "load");
	ATTR_YES("db.*", "db", "pool", "load");
	ATTR_NO("load", "db", "pool", "load");
	ATTR_NO("db.idle", "db", "pool", "load");
	ATTR_NO("db.", "db", "pool", "load");
	ATTR_NO(".load", "db", "pool", "load");
	/* Not the name of one with the attribute of the other. */
	ATTR_NO("db.pool.load", "db", "pool", "load");
}

Test(patterns, names_have_dots_and_spaces)
{
	ATTR_YES("db pool.load", "db pool", "pool", "load");
	ATTR_YES("db p*", "db pool", "pool", "load");
	ATTR_YES("a.b", "a.b", "t", "c");
	ATTR_YES("a.b.c", "a.b", "t", "c");
	ATTR_YES("a.b.c", "a", "t", "b.c");
	ATTR_NO("a.c", "a.b", "t", "c");
}

Test(patterns, private_attribute_matches_by_its_object_only)
{
	ATTR_YES("db", "db", "pool", "");
	ATTR_NO("db._secret", "db", "pool", "");
	ATTR_NO("*.load", "db", "pool", "");
}

Test(patterns, name_too_long_to_join_matches_by_itself)
{
	char name[2000];

	memset(name, 'x', sizeof(name) - 1);
	name[sizeof(name) - 1] = 0;
	ATTR_YES("x*", name, "tag", "load");
	ATTR_NO("*.load", name, "t", "other");
	ATTR_YES("tag.load", name, "tag", "load");
}

Test(patterns, each_that_matches_is_known_for_it)
{
	static const char *const texts[] = { "a*", "ab", "b", "*b" };

	for (size_t i = 0; i < 4; i++)
		cr_assert_eq(patterns__add(&patterns, texts[i]), 0);
	cr_assert(patterns__match(&patterns, "ab"));
	cr_assert(patterns.list[0].matched && patterns.list[1].matched && patterns.list[3].matched);
	cr_assert_not(patterns.list[2].matched);
	cr_assert_not(patterns__match(&patterns, "c"));
	cr_assert(patterns.list[0].matched, "for good");
	cr_assert(patterns__match_attribute(&patterns, "b", "t", "x"));
	cr_assert(patterns.list[2].matched);
}

Test(patterns, the_same_twice_is_once)
{
	cr_assert_eq(patterns__add(&patterns, "a"), 0);
	cr_assert_eq(patterns__add(&patterns, "a"), 0);
	cr_assert_eq(patterns__add(&patterns, "A"), 0);
	cr_assert_eq(patterns.n, 2);
}

Test(patterns, empty_list_matches_nothing)
{
	cr_assert_not(patterns__match(&patterns, "a"));
	cr_assert_not(patterns__match_attribute(&patterns, "a", "b", "c"));
}

Test(patterns, copy_keeps_what_was_matched)
{
	struct patterns copy = { 0 };

	cr_assert_eq(patterns__add(&patterns, "a"), 0);
	cr_assert_eq(patterns__add(&patterns, "b"), 0);
	patterns__match(&patterns, "b");
	cr_assert_eq(patterns__add(&copy, "a"), 0);
	cr_assert_eq(patterns__copy(&copy, &patterns), 0);
	cr_assert_eq(copy.n, 2);
	cr_assert_not(copy.list[0].matched);
	cr_assert(copy.list[1].matched);
	cr_assert_neq(copy.list[1].text, patterns.list[1].text);
	patterns__clear(&copy);
	cr_assert_eq(copy.n, 0);
	cr_assert_null(copy.list);
}

Test(rules, all_zeros_are_empty)
{
	cr_assert(rules__are_empty(&rules));
	for (int i = 0; i < RULE_LISTS; i++) {
		cr_assert_eq(rules__set(&rules, rule_options[i], "x"), 0);
		cr_assert_not(rules__are_empty(&rules), "%s", rule_options[i]);
		rules__clear(&rules);
		cr_assert(rules__are_empty(&rules));
	}
}

Test(rules, each_switch_counts)
{
	static const char *const switches[] = { "--include-all", "--no-methods", "--on-change" };

	for (size_t i = 0; i < 3; i++) {
		cr_assert_eq(rules__set(&rules, switches[i], NULL), 0);
		cr_assert_not(rules__are_empty(&rules), "%s", switches[i]);
		cr_assert_eq(rules__set(&rules, switches[i], "x"), -EINVAL);
		rules__clear(&rules);
	}
}

Test(rules, option_that_is_none_is_refused)
{
	cr_assert_eq(rules__set(&rules, "--nonsense", NULL), -EINVAL);
	cr_assert_eq(rules__set(&rules, "--nonsense", "x"), -EINVAL);
	cr_assert_eq(rules__set(&rules, "include", "x"), -EINVAL);
	cr_assert_eq(rules__set(&rules, "--include", NULL), -EINVAL);
	cr_assert_eq(rules__set(&rules, "--include", ""), -EINVAL);
	cr_assert(rules__are_empty(&rules));
}

Test(rules, copy_is_whole)
{
	struct rules copy;

	for (int i = 0; i < RULE_LISTS; i++)
		cr_assert_eq(rules__set(&rules, rule_options[i], "x"), 0);
	rules.include_all = rules.no_methods = rules.on_change = true;
	cr_assert_eq(rules__copy(&copy, &rules), 0);
	rules__clear(&rules);
	for (int i = 0; i < RULE_LISTS; i++)
		cr_assert_str_eq(copy.lists[i].list[0].text, "x");
	cr_assert(copy.include_all && copy.no_methods && copy.on_change);
	rules__clear(&copy);
}

/* What a file does; the number of its lines, or of the bad one. */
static int read_text(const char *text, size_t size, unsigned *ret_line)
{
	char path[] = "/tmp/viztrace-rules-XXXXXX";
	int fd = mkstemp(path), err;

	cr_assert_geq(fd, 0);
	cr_assert_eq(write(fd, text, size), (ssize_t)size);
	close(fd);
	err = rules__read_file(&rules, path, ret_line);
	unlink(path);
	return err;
}

static void expect_list(enum rule_list list, const char *joined)
{
	const struct patterns *p = &rules.lists[list];
	char text[1024] = "";

	for (size_t i = 0; i < p->n; i++) {
		strcat(text, i ? "|" : "");
		strcat(text, p->list[i].text);
	}
	cr_assert_str_eq(text, joined, "%s", rule_options[list]);
}

#define READ(text, line) \
	({ \
		unsigned at = 0; \
		int err = read_text(text, sizeof(text) - 1, &at); \
		cr_assert_eq(at, (unsigned)(line), "line %u", at); \
		err; \
	})

Test(rules, file_has_an_option_on_each_line)
{
	cr_assert_eq(
		READ("include a.b\nexclude c*\nmethods m\ntrigger-on-change t\nno-trigger-on-change n\ninclude-all\n"
		     "no-methods\non-change\n",
		     8),
		0);
	expect_list(RULE_INCLUDE, "a.b");
	expect_list(RULE_EXCLUDE, "c*");
	expect_list(RULE_METHODS, "m");
	expect_list(RULE_TRIGGER, "t");
	expect_list(RULE_NO_TRIGGER, "n");
	cr_assert(rules.include_all && rules.no_methods && rules.on_change);
}

Test(rules, pattern_alone_is_included)
{
	cr_assert_eq(READ("pool.*\n*\n[ab]\n", 3), 0);
	expect_list(RULE_INCLUDE, "pool.*|*|[ab]");
}

Test(rules, blanks_and_comments_are_left_out)
{
	cr_assert_eq(READ("# all\n\n   \t\n  # indented\n \texclude \t a b \t\n#\n", 6), 0);
	expect_list(RULE_EXCLUDE, "a b");
	expect_list(RULE_INCLUDE, "");
}

Test(rules, hash_within_a_pattern_is_part_of_it)
{
	cr_assert_eq(READ("exclude worker #1\nqueue#2\n", 2), 0);
	expect_list(RULE_EXCLUDE, "worker #1");
	expect_list(RULE_INCLUDE, "queue#2");
}

Test(rules, lines_of_windows_are_lines)
{
	cr_assert_eq(READ("exclude a\r\n\r\nb\r\nno-methods\r\n# c\r\n", 5), 0);
	expect_list(RULE_EXCLUDE, "a");
	expect_list(RULE_INCLUDE, "b");
	cr_assert(rules.no_methods);
}

Test(rules, last_line_needs_no_end)
{
	cr_assert_eq(READ("a\nexclude b", 2), 0);
	expect_list(RULE_INCLUDE, "a");
	expect_list(RULE_EXCLUDE, "b");
}

Test(rules, empty_file_is_no_rule)
{
	cr_assert_eq(READ("", 0), 0);
	cr_assert(rules__are_empty(&rules));
}

Test(rules, bad_line_is_numbered)
{
	cr_assert_eq(READ("a\n# b\nexclued c\nd\n", 3), -EINVAL);
	cr_assert_eq(READ("no-methods x\n", 1), -EINVAL);
	cr_assert_eq(READ("\n\ninclude\n", 3), -EINVAL, "an option without its pattern");
	cr_assert_eq(READ("two words\n", 1), -EINVAL);
	cr_assert_eq(READ("--exclude x\n", 1), -EINVAL);
}

Test(rules, pattern_may_be_called_like_nothing_we_know)
{
	cr_assert_eq(READ("filters\nclear\npid\n", 3), 0);
	expect_list(RULE_INCLUDE, "filters|clear|pid");
}

Test(rules, long_lines_are_read_whole)
{
	static char text[100010];
	unsigned line;

	memset(text, 'x', 100000);
	text[100000] = '\n';
	cr_assert_eq(read_text(text, 100001, &line), 0);
	cr_assert_eq(strlen(rules.lists[RULE_INCLUDE].list[0].text), 100000);
}

Test(rules, nul_bytes_do_no_harm)
{
	unsigned line;

	cr_assert_eq(read_text("a\0b\nc\n", 6, &line), 0);
	cr_assert_eq(read_text("\0\n", 2, &line), 0);
}

Test(rules, file_that_is_not_there_is_an_error)
{
	unsigned line = 0;

	cr_assert_eq(rules__read_file(&rules, "/nonexistent", &line), -ENOENT);
	cr_assert_eq(rules__read_file(&rules, "/tmp", &line), -EISDIR);
}
