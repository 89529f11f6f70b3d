// SPDX-License-Identifier: BSD-2-Clause
/* Lines of what is looked at; see view.h. Names are escaped by live, so that what is here are characters. */
#define _GNU_SOURCE
#include "view.h"

#include <inttypes.h>
#include <limits.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>

#define NAME_MIN 14  /* columns that a name has at least, where there are as many */
#define NAME_GOOD 20 /* and before there is a spark line */
#define SPARK_MIN 8
#define STATE_LINES 2

/* ---- text in columns ---- */

/* The next character and its columns. Bytes, 1 at least; 0: the end. */
static size_t next_character(const char *text, int *ret_columns)
{
	size_t n, size = strnlen(text, MB_LEN_MAX);
	mbstate_t state = { 0 };
	wchar_t c;

	if (!size)
		return 0;
	n = mbrtowc(&c, text, size, &state);
	if (n > size) { /* none in this locale */
		*ret_columns = -1;
		return 1;
	}
	*ret_columns = wcwidth(c);
	return n;
}

static unsigned columns_of(const char *text)
{
	unsigned all = 0;
	int columns;

	for (size_t n; (n = next_character(text, &columns)); text += n)
		all += columns < 0 ? 1 : (unsigned)columns;
	return all;
}

unsigned view__fit(FILE *to, const char *text, unsigned width, bool utf8)
{
	bool cut = columns_of(text) > width;
	unsigned all = 0;
	int columns;

	if (!width)
		return 0;
	for (size_t n; (n = next_character(text, &columns)); text += n) {
		unsigned more = columns < 0 ? 1 : (unsigned)columns;

		if (all + more > width - cut)
			break;
		if (columns < 0)
			fputc('?', to);
		else
			fwrite(text, 1, n, to);
		all += more;
	}
	if (cut)
		fputs(utf8 ? "\u2026" : "~", to);
	return all + cut;
}

/* ---- lines ---- */

static void add_line(struct view_lines *l, enum view_style style, char *text)
{
	struct view_line *more;

	if (text && l->n == l->room) {
		more = realloc(l->list, (l->room ? 2 * l->room : 64) * sizeof(*more));
		if (more) {
			l->list = more;
			l->room = l->room ? 2 * l->room : 64;
		}
	}
	if (!text || l->n == l->room) {
		free(text);
		return;
	}
	l->list[l->n++] = (struct view_line){ text, style };
}

/* What was printed to `to`, cut to the width; 0: it is not. */
static char *cut(char *text, unsigned width, bool utf8)
{
	char *fitting = NULL;
	size_t size;
	FILE *to;

	if (!text || !width || columns_of(text) <= width)
		return text;
	to = open_memstream(&fitting, &size);
	if (to) {
		view__fit(to, text, width, utf8);
		fclose(to);
	}
	free(text);
	return fitting;
}

static void put(struct view_lines *l, enum view_style style, unsigned width, bool utf8, const char *format, ...)
	__attribute__((format(printf, 5, 6)));
static void put(struct view_lines *l, enum view_style style, unsigned width, bool utf8, const char *format, ...)
{
	char *text;
	va_list args;

	va_start(args, format);
	if (vasprintf(&text, format, args) >= 0)
		add_line(l, style, cut(text, width, utf8));
	va_end(args);
}

void view_lines__clear(struct view_lines *l)
{
	for (size_t i = 0; i < l->n; i++)
		free(l->list[i].text);
	free(l->list);
	*l = (struct view_lines){ 0 };
}

/* ---- tables ---- */

/* Which columns there is room for. */
struct layout {
	unsigned width; /* of the screen; 0: no screen */
	bool shown[COLUMNS_MAX];
	unsigned n, spark; /* columns of figures; of the spark line, 0: none */
	bool utf8, several;
};

static struct layout lay_out(enum section section, unsigned width, bool utf8, bool several)
{
	struct layout out = { .width = width, .utf8 = utf8, .several = several };
	const struct column *c = section_columns[section];
	unsigned used = 0;

	out.n = section__n_columns(section);
	for (unsigned rank = 0; rank < out.n; rank++) {
		for (unsigned i = 0; i < out.n; i++) {
			if (c[i].rank != rank || (width && used + c[i].width + 1 + NAME_MIN > width))
				continue;
			out.shown[i] = true;
			used += c[i].width + 1;
		}
	}
	/* What is left is for the minute and the name. */
	if (section == SECTION_COUNTERS && width > used + NAME_GOOD + 2)
		out.spark = (width - used) / 2 < width - used - NAME_GOOD - 2 ? (width - used) / 2 :
										width - used - NAME_GOOD - 2;
	if (out.spark > LIVE_TICKS)
		out.spark = LIVE_TICKS;
	if (out.spark < SPARK_MIN)
		out.spark = 0;
	return out;
}

static void put_spark(FILE *to, const struct row *row, const struct layout *l)
{
	static const char *const blocks[] = { " ",      "\u2581", "\u2582", "\u2583", "\u2584",
					      "\u2585", "\u2586", "\u2587", "\u2588" };
	static const char ascii[] = " _.-:=+*#";
	unsigned char levels[LIVE_TICKS];

	row__spark(row, l->spark, levels);
	for (unsigned i = 0; i < l->spark; i++) {
		if (l->utf8)
			fputs(blocks[levels[i]], to);
		else
			fputc(ascii[levels[i]], to);
	}
	fputs("  ", to);
}

static unsigned width_of(const struct layout *l, enum section section)
{
	unsigned used = l->spark ? l->spark + 2 : 0;

	for (unsigned i = 0; i < l->n; i++)
		used += l->shown[i] ? section_columns[section][i].width + 1 : 0;
	return used + 1;
}

static char *row_line(const struct row *row, enum section section, const struct layout *l)
{
	unsigned used = width_of(l, section);
	char text[HUMAN_TEXT], *line = NULL, process[16] = "";
	size_t size;
	FILE *to = open_memstream(&line, &size);

	if (!to)
		return NULL;
	for (unsigned i = 0; i < l->n; i++)
		if (l->shown[i])
			fprintf(to, "%*s ", (int)section_columns[section][i].width, row__cell(row, section, i, text));
	fputc(' ', to);
	if (l->spark)
		put_spark(to, row, l);
	if (section == SECTION_COUNTERS && l->several)
		snprintf(process, sizeof(process), " (%" PRIu32 ")", row->pid);
	if (!l->width)
		fprintf(to, "%s%s", row->name, process);
	else if (l->width > used + strlen(process)) {
		view__fit(to, row->name, l->width - used - (unsigned)strlen(process), l->utf8);
		fputs(process, to);
	}
	fclose(to);
	return cut(line, l->width, l->utf8);
}

/* The column by which the rows are sorted has a mark. */
static char *head_line(const struct view *v, const struct rows *r, enum section section, const struct layout *l)
{
	const struct order *o = &v->order[section];
	const char *marks[] = { v->utf8 ? "\u25bc" : "v", v->utf8 ? "\u25b2" : "^" }, *mark;
	char *line = NULL;
	size_t size;
	FILE *to = open_memstream(&line, &size);

	if (!to)
		return NULL;
	for (unsigned i = 0; i < l->n; i++) {
		const struct column *c = &section_columns[section][i];
		unsigned marked = l->width && o->by == i;

		if (l->shown[i])
			fprintf(to, "%*s%s%s ", (int)(c->width - strlen(c->title) - marked), "",
				marked ? marks[o->reversed] : "", c->title);
	}
	fputc(' ', to);
	if (l->spark)
		fprintf(to, "%-*s  ", (int)l->spark, "minute");
	/* Names go the other way round. */
	mark = l->width && o->by == l->n ? marks[!o->reversed] : "";
	fprintf(to, "%s%s (%zu)", mark, section_names[section], r->n[section]);
	fclose(to);
	return cut(line, l->width, l->utf8);
}

void view__share(const size_t wanted[SECTIONS], size_t available, size_t ret[SECTIONS])
{
	size_t left = available, open = SECTIONS;
	bool done[SECTIONS] = { false };

	for (int pass = 0; pass < SECTIONS; pass++) {
		for (int i = 0; i < SECTIONS; i++) {
			/* Rounded up for the first ones, so that nothing is left over in the end. */
			size_t share = open ? (left + open - 1) / open : 0;
			bool fits = wanted[i] <= left / (open ? open : 1);

			if (done[i] || (!fits && pass < SECTIONS - 1))
				continue;
			ret[i] = wanted[i] < share ? wanted[i] : share;
			left -= ret[i];
			open--;
			done[i] = true;
		}
	}
}

/* ---- the screen ---- */

static void put_title(const struct view *v, const struct view_books *b, unsigned width, struct view_lines *ret)
{
	put(ret, STYLE_TITLE, width, v->utf8, "%slost %" PRIu64 "  %.0f events/s  %.1f s  %s",
	    v->paused ? "PAUSED  " : "", b->lost, b->rate, b->seconds, b->what);
}

/* The selected row stays selected wherever it is sorted to, and in sight. */
static void follow(struct view *v, const struct rows *r, enum section section, size_t shown)
{
	size_t n = r->n[section], *at = &v->at[section], *first = &v->first[section];

	for (size_t i = 0; i < n && v->selected[section]; i++)
		if (r->list[section][i].name == v->selected[section])
			*at = i;
	if (*at >= n)
		*at = n ? n - 1 : 0;
	if (*first > *at)
		*first = *at;
	if (shown && *at >= *first + shown)
		*first = *at - shown + 1;
	if (*first + shown > n)
		*first = n > shown ? n - shown : 0;
}

static void put_table(struct view *v, const struct rows *r, enum section section, unsigned width, size_t height,
		      struct view_lines *ret)
{
	struct layout l = lay_out(section, width, v->utf8, r->several);
	bool focused = v->focus == section;

	if (!height)
		return;
	add_line(ret, focused ? STYLE_HEAD_FOCUSED : STYLE_HEAD, head_line(v, r, section, &l));
	follow(v, r, section, height - 1);
	if (focused)
		v->page = height - 1;
	for (size_t i = v->first[section]; i < r->n[section] && i < v->first[section] + height - 1; i++)
		add_line(ret, focused && i == v->at[section] ? STYLE_SELECTED : STYLE_PLAIN,
			 row_line(&r->list[section][i], section, &l));
}

/* Of the selected object: what fits into some lines of `width`. */
static void put_state(const struct view *v, const struct rows *r, const struct live *l, unsigned width,
		      struct view_lines *ret)
{
	size_t n = r->n[SECTION_OBJECTS], at = v->at[SECTION_OBJECTS];
	const struct row *row = n ? &r->list[SECTION_OBJECTS][at < n ? at : n - 1] : NULL;
	char *state, *text = NULL;
	const char *left;

	if (!row || v->focus != SECTION_OBJECTS)
		return;
	state = live_state__text(&l->objects[row->number].state);
	if (asprintf(&text, "%s: %s", row->name, state ? state : "no report so far") < 0)
		text = NULL;
	left = text;
	for (int i = 0; i < STATE_LINES && left; i++) {
		size_t bytes = 0, size;
		unsigned used = 0;
		int columns;

		while ((size = next_character(left + bytes, &columns)) && used + (columns > 0 ? columns : 1) <= width) {
			used += columns > 0 ? (unsigned)columns : 1;
			bytes += size;
		}
		if (i + 1 < STATE_LINES) {
			put(ret, STYLE_NOTE, width, v->utf8, "%.*s", (int)bytes, left);
			left += bytes;
		} else {
			put(ret, STYLE_NOTE, width, v->utf8, "%s", left);
		}
	}
	free(state);
	free(text);
}

static void put_help(unsigned width, bool utf8, struct view_lines *ret)
{
	static const char *const lines[] = {
		"",
		"  Tab, Shift-Tab         the next table, the one before",
		"  Up, Down, PgUp, PgDn, Home, End   select a row",
		"  Left, Right, < >, F6   sort by another column",
		"  r, I                   the other way round",
		"  /, f, F4               filter, in the kernel: what is typed is seen, the rest is not",
		"                           pool.*          patterns; of methods in their table, else of objects",
		"                           --exclude pool  filters as of viztrace-bpf ctl",
		"                         an empty line: the filters of the command line again",
		"  p, Space, Z            hold the screen; the figures go on",
		"  q, F10, Ctrl-C         quit",
		"  ?, h, F1               this",
		"",
		"  Rates are those of the last second, mean and percentiles of the last 5 to 10 seconds.",
	};

	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++)
		put(ret, STYLE_PLAIN, width, utf8, "%s", lines[i]);
}

static void put_bottom(const struct view *v, unsigned width, struct view_lines *ret)
{
	const char *what = v->focus == SECTION_METHODS ? "methods" : "objects";
	unsigned before = (unsigned)strlen("filter : ") + (unsigned)strlen(what), all = columns_of(v->typed);
	const char *typed = v->typed;
	int columns;

	if (!v->typing) {
		put(ret, STYLE_TITLE, width, v->utf8, "? help  / filter  <> sort  Tab table  p pause  q quit");
		return;
	}
	/* Of a long line its end is what is being typed. */
	for (size_t n; width > before && all >= width - before && (n = next_character(typed, &columns)); typed += n)
		all -= columns < 0 ? 1 : (unsigned)columns;
	put(ret, STYLE_TITLE, width, v->utf8, "filter %s: %s", what, typed);
}

/* The tables, in `height` lines. */
static void put_tables(struct view *v, const struct rows *r, unsigned width, size_t height, struct view_lines *ret)
{
	size_t wanted[SECTIONS], share[SECTIONS], all = 0;

	for (int i = 0; i < SECTIONS; i++) {
		wanted[i] = r->n[i] ? r->n[i] + 1 : 0;
		all += r->n[i];
	}
	/* Who has the keys has something to select. */
	for (int i = 0; all && !r->n[v->focus] && i < SECTIONS; i++)
		if (r->n[i])
			v->focus = (enum section)i;
	view__share(wanted, height, share);
	for (int i = 0; i < SECTIONS; i++)
		put_table(v, r, (enum section)i, width, share[i], ret);
	if (!all && height)
		put(ret, STYLE_PLAIN, width, v->utf8, "nothing has reported so far");
}

/* Exactly `height` lines from `from` on, of which nobody knows how many there are. */
static void fill(struct view_lines *l, size_t from, size_t height)
{
	size_t before;

	while (l->n > from + height)
		free(l->list[--l->n].text);
	do {
		before = l->n;
		if (l->n < from + height)
			put(l, STYLE_PLAIN, 0, false, "%s", "");
	} while (l->n != before);
}

void view__draw(struct view *v, const struct rows *r, const struct live *l, const struct view_books *books,
		unsigned width, unsigned height, struct view_lines *ret)
{
	struct view_lines state = { 0 };
	size_t above, below;

	put_title(v, books, width, ret);
	if (*v->filter)
		put(ret, STYLE_NOTE, width, v->utf8, "filter: %s", v->filter);
	if (*v->message)
		put(ret, STYLE_NOTE, width, v->utf8, "%s", v->message);
	above = ret->n;
	/* The rows first: which object is selected may change with them. */
	below = v->focus == SECTION_OBJECTS && !v->help && height > above + 3 * STATE_LINES ? STATE_LINES : 0;
	if (v->help)
		put_help(width, v->utf8, ret);
	else
		put_tables(v, r, width, height > above + below + 1 ? height - above - below - 1 : 0, ret);
	fill(ret, above, height > above + below + 1 ? height - above - below - 1 : 0);
	if (below) {
		put_state(v, r, l, width, &state);
		fill(&state, 0, below);
		for (size_t i = 0; i < state.n; i++)
			add_line(ret, STYLE_NOTE, state.list[i].text);
		free(state.list);
	}
	put_bottom(v, width, ret);
	/* Of a screen with less lines than that the last one is what somebody types. */
	while (ret->n > height && ret->n > 1) {
		free(ret->list[0].text);
		memmove(ret->list, ret->list + 1, --ret->n * sizeof(*ret->list));
	}
}

void view__tables(const struct view *v, const struct rows *r, const struct view_books *books, struct view_lines *ret)
{
	bool none = true;

	put_title(v, books, 0, ret);
	for (int i = 0; i < SECTIONS; i++) {
		struct layout l = lay_out((enum section)i, 0, v->utf8, r->several);

		if (!r->n[i])
			continue;
		none = false;
		put(ret, STYLE_PLAIN, 0, v->utf8, "%s", "");
		add_line(ret, STYLE_HEAD, head_line(v, r, (enum section)i, &l));
		for (size_t k = 0; k < r->n[i]; k++)
			add_line(ret, STYLE_PLAIN, row_line(&r->list[i][k], (enum section)i, &l));
	}
	if (none)
		put(ret, STYLE_PLAIN, 0, v->utf8, "nothing has reported so far");
}
