// SPDX-License-Identifier: BSD-2-Clause
/* opts_config: see opts_config.h. */
#define _GNU_SOURCE
#include "opts_config.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/caller.h"
#include "common/regular.h"

#define SPACE " \t"
#define PATH_SHOWN 300 /* bytes of a path in a message */

#define FAIL(...) return snprintf(error, size, __VA_ARGS__), -EINVAL

/* They are about a command, or end the program. */
static const char *const command_line_only[] = { "help", "version", "clear", "show", "dump", "json", "once", "offset" };

/* What a reload takes from the file. */
static const char *const renewed[] = {
	"include", "exclude",           "include-all", "methods", "no-methods", "on-change",  "no-trigger-on-change",
	"filters", "trigger-on-change", "when",        "after",   "at-most",    "again-after"
};

static bool is_one_of(const char *const *names, size_t n, const char *name, size_t size)
{
	for (size_t i = 0; i < n; i++)
		if (strlen(names[i]) == size && !memcmp(names[i], name, size))
			return true;
	return false;
}

#define IS_ONE_OF(names, name, size) is_one_of(names, sizeof(names) / sizeof(*(names)), name, size)

/* Who may write it says what root does, and what it runs (--on-dump). */
static bool is_trusted(const struct stat *st)
{
	const struct caller who = caller__from_env();
	/* One with the user's number is the user's alone. */
	const bool is_group_known = st->st_gid == 0 || (st->st_gid == who.gid && who.gid == who.uid);

	return geteuid() != 0 || ((st->st_uid == 0 || st->st_uid == who.uid) && !(st->st_mode & S_IWOTH) &&
				  (!(st->st_mode & S_IWGRP) || is_group_known));
}

/* Up to `room` bytes of it. */
static ssize_t read_all(int fd, char *text, size_t room)
{
	size_t n = 0;
	ssize_t got = 1;

	while (got > 0 && n < room) {
		got = read(fd, text + n, room - n);
		if (got > 0)
			n += (size_t)got;
	}
	return got < 0 ? -errno : (ssize_t)n;
}

static int load(const char *path, char *text, size_t *ret_size, char *error, size_t size)
{
	int fd = regular__open(path);
	ssize_t n = fd;
	struct stat st = { 0 };
	bool trusted = false;

	if (fd >= 0) {
		trusted = !fstat(fd, &st) && is_trusted(&st);
		n = trusted ? read_all(fd, text, CONFIG_MAX + 1) : 0;
		close(fd);
	}
	if (n == -ENXIO)
		FAIL("--config takes a file to read, which %.*s is not", PATH_SHOWN, path);
	if (n < 0)
		FAIL("--config: cannot read %.*s: %s", PATH_SHOWN, path, strerror((int)-n));
	if (!trusted)
		FAIL("--config: %.*s can be written by others than root and who called, and root would do what it "
		     "says; see chown(1) and chmod(1)",
		     PATH_SHOWN, path);
	if (n > (ssize_t)CONFIG_MAX)
		FAIL("--config: %.*s is longer than %u KB", PATH_SHOWN, path, CONFIG_MAX >> 10);
	*ret_size = (size_t)n;
	return 0;
}

void opts_config__explain(const struct opts_config *c, size_t i, const char *what, char *error, size_t size)
{
	char *copy = strdup(what);

	snprintf(error, size, "%.*s:%u: %s", PATH_SHOWN, c->path, c->lines[i], copy ? copy : "out of memory");
	free(copy);
}

/* "--NAME" or "--NAME=VALUE". 0 or -ENOMEM. */
static int add(struct opts_config *c, unsigned line, const char *name, int name_size, const char *value)
{
	char **words = realloc(c->words, (c->n + 1) * sizeof(*words));
	unsigned *lines = words ? realloc(c->lines, (c->n + 1) * sizeof(*lines)) : NULL;

	if (words)
		c->words = words;
	if (!lines)
		return -ENOMEM;
	c->lines = lines;
	if (asprintf(&words[c->n], *value ? "--%.*s=%s" : "--%.*s%s", name_size, name, value) < 0)
		return -ENOMEM;
	lines[c->n++] = line;
	return 0;
}

static const struct option *find(const struct option *options, const char *name, size_t size)
{
	for (; options->name; options++)
		if (strlen(options->name) == size && !memcmp(options->name, name, size))
			return options;
	return NULL;
}

static char *trim(char *text)
{
	char *end = text + strlen(text);

	while (end > text && strchr(SPACE, end[-1]))
		end--;
	*end = 0;
	return text + strspn(text, SPACE);
}

static bool is_quoted(const char *value)
{
	size_t n = strlen(value);

	return n >= 2 && *value == '\'' && strchr(value + 1, '\'') == value + n - 1;
}

/* `text` is one, without spaces around it. */
static int take_line(struct opts_config *c, unsigned number, const char *text, const struct option *options,
		     char *error, size_t size)
{
	size_t n = strcspn(text, SPACE "=");
	const struct option *option = find(options, text, n);
	const char *value = text + n + strspn(text + n, SPACE);
	bool has_value = *value;

	value += *value == '=';
	value += strspn(value, SPACE);
	if (*text == '-')
		FAIL("a word is without its dashes here, not '%.*s'", (int)n, text);
	if (n == strlen("config") && !memcmp(text, "config", n))
		FAIL("a file names no other one: 'config' is for the command line");
	if (IS_ONE_OF(command_line_only, text, n))
		FAIL("'%.*s' is for the command line, not for a file", (int)n, text);
	if (!option)
		FAIL("unknown word '%.*s'; a line is a long option of --help without its dashes, and its value", (int)n,
		     text);
	if (option->has_arg == no_argument && has_value)
		FAIL("'%s' takes no value: the word alone says it", option->name);
	if (option->has_arg == required_argument && !*value)
		FAIL("'%s' needs a value", option->name);
	if (is_quoted(value))
		FAIL("the value of '%s' is taken as it is: leave out the quotes around it", option->name);
	if (add(c, number, text, (int)n, value))
		FAIL("out of memory");
	return 0;
}

/* One with its end cut off. */
static int read_line(struct opts_config *c, unsigned number, char *line, size_t length, const struct option *options,
		     char *error, size_t size)
{
	const char *text;

	if (length > CONFIG_LINE_MAX)
		FAIL("the line is longer than %u bytes", CONFIG_LINE_MAX);
	if (strlen(line) != length)
		FAIL("there is a NUL byte in the line; this is no text");
	if (length && line[length - 1] == '\r')
		FAIL("the line ends in CR and LF, as on Windows; see dos2unix(1)");
	text = trim(line);
	return *text && *text != '#' ? take_line(c, number, text, options, error, size) : 0;
}

int opts_config__read(struct opts_config *c, const struct option *options, char *error, size_t size)
{
	char *text = malloc(CONFIG_MAX + 2), *line, *end, what[512];
	size_t n = 0;
	unsigned number = 0;
	int err = 0;

	if (!text)
		FAIL("out of memory");
	err = load(c->path, text, &n, error, size);
	text[n] = 0;
	for (line = text; !err && line < text + n; line = end + 1) {
		end = memchr(line, '\n', (size_t)(text + n - line));
		if (!end)
			end = text + n;
		*end = 0;
		err = read_line(c, ++number, line, (size_t)(end - line), options, what, sizeof(what));
		if (err)
			snprintf(error, size, "%.*s:%u: %s", PATH_SHOWN, c->path, number, what);
	}
	free(text);
	return err;
}

void opts_config__clear(struct opts_config *c)
{
	for (size_t i = 0; i < c->n; i++)
		free(c->words[i]);
	free(c->words);
	free(c->lines);
	*c = (struct opts_config){ 0 };
}

static size_t count(const struct opts_config *c, const char *word)
{
	size_t n = 0;

	for (size_t i = 0; i < c->n; i++)
		n += !strcmp(c->words[i], word);
	return n;
}

/* To "keep, memory", unless it is there. */
static void add_name(char *names, size_t size, const char *name, size_t name_size)
{
	size_t used = strlen(names), n;

	for (const char *at = names; *at; at += n + strspn(at + n, ", ")) {
		n = strcspn(at, ",");
		if (n == name_size && !memcmp(at, name, n))
			return;
	}
	snprintf(names + used, size - used, "%s%.*s", used ? ", " : "", (int)name_size, name);
}

static void add_differing(const struct opts_config *a, const struct opts_config *b, char *names, size_t size)
{
	for (size_t i = 0; i < a->n; i++) {
		const char *name = a->words[i] + strlen("--");
		size_t n = strcspn(name, "=");

		if (!IS_ONE_OF(renewed, name, n) && count(a, a->words[i]) != count(b, a->words[i]))
			add_name(names, size, name, n);
	}
}

bool opts_config__differ(const struct opts_config *a, const struct opts_config *b, char *names, size_t size)
{
	*names = 0;
	add_differing(a, b, names, size);
	add_differing(b, a, names, size);
	return *names;
}
