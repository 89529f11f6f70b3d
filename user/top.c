// SPDX-License-Identifier: BSD-2-Clause
/* top: see top.h. */
#define _GNU_SOURCE
#include "top.h"

#include <errno.h>
#include <langinfo.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/escape.h"
#include "common/log.h"
#include "top/screen.h"
#include "top/view.h"

#define SECOND 1000000000ull
#define NOW_AND_THEN (10 * SECOND) /* a table, where there is no screen */
#define MESSAGE_SECONDS 10         /* for which the last one is shown */
#define SAID_MAX (64 << 10)        /* bytes of messages that are kept for the end */

struct top {
	const struct opts *opts;
	struct live *live;
	struct view view;
	struct rows rows;
	struct view_books books;
	char *what;
	struct rules rules; /* in force, once somebody has changed them: what they hide is not shown */
	bool changed;
	bool unsettled; /* the last change was so lately that events of before it are still on their way */
	bool has_screen;
	uint64_t start, ticked, events; /* at the last tick */
	uint64_t interval;
	uint64_t message_until;
	char *said; /* lines */
	size_t said_size;
	bool said_all;
};

bool top__draws(const struct opts *o)
{
	return o->command == COMMAND_TOP && !o->once && isatty(STDIN_FILENO) && isatty(STDOUT_FILENO);
}

/* The user's; where nobody has chosen one, as often under sudo, one that has all characters. */
static bool choose_locale(void)
{
	const char *chosen = setlocale(LC_CTYPE, "");

	if ((!chosen || !strcmp(chosen, "C")) && !getenv("LC_ALL") && !getenv("LC_CTYPE") && !getenv("LANG"))
		setlocale(LC_CTYPE, "C.UTF-8");
	return !strcmp(nl_langinfo(CODESET), "UTF-8");
}

/* While there is a screen: the last message is on it, and all come at the end. */
static void on_message(void *ctx, const char *line)
{
	struct top *t = ctx;
	size_t size = strlen(line) + 1;
	char *more;

	snprintf(t->view.message, sizeof(t->view.message), "%s", line);
	t->message_until = t->ticked + MESSAGE_SECONDS * SECOND;
	more = t->said_size + size <= SAID_MAX ? realloc(t->said, t->said_size + size) : NULL;
	t->said_all &= more != NULL;
	if (!more)
		return;
	t->said = more;
	memcpy(t->said + t->said_size, line, size);
	t->said_size += size;
}

static enum exit_code no_memory(struct top *t)
{
	free(t);
	log_error("there is nothing to look at: %s", strerror(ENOMEM));
	return EXIT_INTERNAL;
}

enum exit_code top__open(struct top **ret, const struct opts *o, struct live *live, const char *what, uint64_t start)
{
	struct top *t = live ? calloc(1, sizeof(*t)) : NULL;
	FILE *to;
	size_t size;

	if (!t)
		return no_memory(t);
	t->opts = o;
	t->live = live;
	t->start = t->ticked = start;
	t->said_all = true;
	to = open_memstream(&t->what, &size);
	if (to) {
		escape__print(to, "%s", what);
		fclose(to);
	}
	if (!t->what)
		return no_memory(t);
	view__init(&t->view, choose_locale());
	t->has_screen = top__draws(o) && !screen__open();
	if (top__draws(o) && !t->has_screen)
		log_warn("this terminal (TERM=%s) has no screen: tables instead", getenv("TERM") ? getenv("TERM") : "");
	if (t->has_screen)
		log_divert(on_message, t);
	t->interval = t->has_screen ? SECOND : o->once ? UINT64_MAX : NOW_AND_THEN;
	*ret = t;
	return EXIT_TRACED;
}

int top__fd(const struct top *t)
{
	return t && t->has_screen ? STDIN_FILENO : -1;
}

/* ---- what is shown ---- */

static void draw(struct top *t)
{
	struct view_lines lines = { 0 };
	unsigned width, height;

	screen__size(&width, &height);
	view__draw(&t->view, &t->rows, t->live, &t->books, width, height, &lines);
	screen__draw(&lines, t->view.typing);
	view_lines__clear(&lines);
}

static void print(struct top *t)
{
	struct view_lines lines = { 0 };

	view__tables(&t->view, &t->rows, &t->books, &lines);
	for (size_t i = 0; i < lines.n; i++)
		escape__print_line(stdout, "%s", lines.list[i].text);
	if (!t->opts->once)
		escape__print_line(stdout, "%s", "");
	fflush(stdout);
	view_lines__clear(&lines);
}

static void tick(struct top *t, const struct top_books *books)
{
	double seconds = (double)(books->now - t->ticked) / (double)SECOND;

	if (live__tick(t->live, seconds))
		log_verbose("a picture is not whole: %s", strerror(ENOMEM));
	if (t->unsettled)
		live__mark(t->live);
	t->unsettled = false;
	t->books = (struct view_books){
		.what = t->what,
		.seconds = (double)(books->now - t->start) / (double)SECOND,
		.rate = (double)(books->events - t->events) / seconds,
		.lost = books->lost,
	};
	t->ticked = books->now;
	t->events = books->events;
	if (books->now >= t->message_until)
		t->view.message[0] = 0;
	if (!t->view.paused && rows__build(&t->rows, t->live, t->changed ? &t->rules : NULL, t->view.order))
		log_verbose("a picture is not whole: %s", strerror(ENOMEM));
}

/* ---- what is typed ---- */

/* Words, each with its NUL, as in a packet of `ctl`. Bytes. */
static size_t split(const char *line, char *ret)
{
	size_t n = 0;

	for (; *line; line++) {
		if (*line != ' ')
			ret[n++] = *line;
		if (*line != ' ' && (line[1] == ' ' || !line[1]))
			ret[n++] = 0;
	}
	return n;
}

/* Patterns instead of those in force, of methods or of all else; nothing: as the command line said. */
static int replace_patterns(const struct top *t, const char *words, size_t size, struct rules *rules)
{
	enum rule_list which = t->view.focus == SECTION_METHODS ? RULE_METHODS : RULE_INCLUDE;
	int err = rules__copy(rules, size && t->changed ? &t->rules : &t->opts->rules);

	if (size)
		patterns__clear(&rules->lists[which]);
	for (size_t at = 0; !err && at < size; at += strlen(words + at) + 1)
		err = patterns__add(&rules->lists[which], words + at);
	if (size && which == RULE_METHODS)
		rules->no_methods = false;
	return err;
}

/* 0, or -errno: -EINVAL if that is no filter. */
static int make_request(const struct top *t, struct control_request *ret)
{
	char words[VIEW_TYPED * 2], *described;
	size_t size = split(t->view.typed, words);
	int err;

	if (size && words[0] == '-')
		return control_request__parse(ret, words, size);
	*ret = (struct control_request){ .clear = true };
	err = replace_patterns(t, words, size, &ret->rules);
	described = err ? NULL : control__describe(&ret->rules);
	if (!described || asprintf(&ret->text, "--clear%s%s", *described ? " " : "", described) < 0) {
		ret->text = NULL;
		err = -ENOMEM;
	}
	free(described);
	if (err)
		control_request__clear(ret);
	return err;
}

void top__filtered(struct top *t, const struct rules *rules)
{
	char *described;

	if (!t)
		return;
	rules__clear(&t->rules);
	t->changed = !rules__copy(&t->rules, rules);
	live__mark(t->live);
	t->unsettled = true;
	described = control__describe(rules);
	t->view.filter[0] = 0;
	if (described) {
		FILE *to = fmemopen(t->view.filter, sizeof(t->view.filter), "w");

		if (to) {
			escape__print(to, "%.200s", described);
			fclose(to);
		}
	}
	free(described);
}

void top__refused(struct top *t, int err)
{
	if (err)
		log_error("the filters are what they were: %s", strerror(-err));
	if (t->has_screen)
		draw(t);
}

/* ---- now and then ---- */

/* All keys that are there. */
static enum top_wish read_keys(struct top *t, struct control_request *ret)
{
	bool any = false, resized;
	unsigned key;

	do {
		key = screen__key(&resized);
		any |= resized;
		switch (key ? view__key(&t->view, &t->rows, key) : VIEW_NOTHING) {
		case VIEW_QUIT: return TOP_END;
		case VIEW_DRAW: any = true; break;
		case VIEW_FILTER:
			if (!make_request(t, ret))
				return TOP_CHANGE;
			log_error("'%s' is no filter; ? says what is", t->view.typed);
			any = true;
			break;
		default: break;
		}
	} while (key);
	if (any && !t->view.paused)
		rows__sort(&t->rows, t->view.focus, t->view.order[t->view.focus]);
	if (any)
		draw(t);
	return TOP_GO_ON;
}

enum top_wish top__update(struct top *t, const struct top_books *books, struct control_request *ret)
{
	enum top_wish wish = TOP_GO_ON;

	if (books->now - t->ticked >= t->interval) {
		tick(t, books);
		if (t->has_screen)
			draw(t);
		else
			print(t);
		/* Who reads that has gone. */
		if (!t->has_screen && ferror(stdout))
			return TOP_END;
	}
	if (t->has_screen)
		wish = read_keys(t, ret);
	return wish;
}

void top__close(struct top *t, const struct top_books *books)
{
	if (!t)
		return;
	if (!t->has_screen) {
		/* Of less than that no rate can be told. */
		if (t->opts->once || books->now - t->ticked >= SECOND) {
			tick(t, books);
			print(t);
		}
		return;
	}
	t->has_screen = false;
	screen__close();
	log_divert(NULL, NULL);
	for (size_t at = 0; at < t->said_size; at += strlen(t->said + at) + 1)
		escape__print_line(stderr, "%s", t->said + at);
	if (!t->said_all)
		log_warn("there were more messages than are kept");
}

void top__free(struct top *t)
{
	if (!t)
		return;
	rows__clear(&t->rows);
	rules__clear(&t->rules);
	free(t->what);
	free(t->said);
	free(t);
}
