/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * view: what somebody looks at: keys in, lines of text out. Which of the three tables has the keys, its order, the row
 * that is selected, what is being typed. Knows no terminal: a screen (screen.h) draws the lines, or they are printed.
 *
 *	viztrace-bpf top  process 4711 (jobserver)  12.0 s  1,234 events/s  lost 0
 *	       last changes/s        min        max  minute    counters (12)
 *	          7      31.0          0         18  ▂▃▅█▆▃▂▁  queue.depth
 *	    calls/s       mean        p99   open  methods (4)
 *	       30.0   1.234 ms   9.876 ms      3  execute
 *	      alive    made/s destroyed/s  objects (5)
 *	          1       0.0         0.0  worker-1 state (worker)
 *	worker-1 state (worker): busy: true, job: "resize"
 *	? help  / filter  <> sort  p pause  q quit
 */
#ifndef VIZTRACE_VIEW_H
#define VIZTRACE_VIEW_H

#include "rows.h"

#define VIEW_TYPED 256
#define VIEW_MESSAGE 256

/* Keys that are no characters. */
enum view_key {
	VIEW_KEY_UP = 0x200000,
	VIEW_KEY_DOWN,
	VIEW_KEY_PAGE_UP,
	VIEW_KEY_PAGE_DOWN,
	VIEW_KEY_HOME,
	VIEW_KEY_END,
	VIEW_KEY_LEFT,
	VIEW_KEY_RIGHT,
	VIEW_KEY_NEXT, /* of the tables */
	VIEW_KEY_PREVIOUS,
	VIEW_KEY_ENTER,
	VIEW_KEY_ESCAPE,
	VIEW_KEY_BACKSPACE,
	VIEW_KEY_HELP,
	VIEW_KEY_FILTER,
	VIEW_KEY_SORT,
	VIEW_KEY_QUIT,
};

/* What the caller has to do. */
enum view_action { VIEW_NOTHING, VIEW_DRAW, VIEW_FILTER, VIEW_QUIT };

enum view_style { STYLE_PLAIN, STYLE_TITLE, STYLE_HEAD, STYLE_HEAD_FOCUSED, STYLE_SELECTED, STYLE_NOTE };

struct view_line {
	char *text;
	enum view_style style;
};

/* All zeros is an empty one. */
struct view_lines {
	struct view_line *list;
	size_t n, room;
};

/* What is known of the run besides. */
struct view_books {
	const char *what; /* is traced */
	double seconds;
	double rate; /* events a second */
	uint64_t lost;
};

/* All zeros, and view__init(). */
struct view {
	bool utf8; /* what shows it can show that */
	enum section focus;
	struct order order[SECTIONS];
	const char *selected[SECTIONS]; /* a row's name; NULL: the first one */
	size_t at[SECTIONS];            /* its place */
	size_t first[SECTIONS];         /* that is shown */
	size_t page;                    /* rows of the table that has the keys */
	bool paused, help;
	bool typing;
	char typed[VIEW_TYPED];     /* the line of VIEW_FILTER */
	char filter[VIEW_MESSAGE];  /* in force, as it is shown; "" */
	char message[VIEW_MESSAGE]; /* the last one; "" */
};

void view__init(struct view *v, bool utf8);

/* A character (Unicode), or an enum view_key. */
enum view_action view__key(struct view *v, const struct rows *r, unsigned key);

/* What of `width` by `height` is shown. Without memory lines are missing. */
void view__draw(struct view *v, const struct rows *r, const struct live *l, const struct view_books *books,
		unsigned width, unsigned height, struct view_lines *ret);

/* All of the tables, for who has no screen. */
void view__tables(const struct view *v, const struct rows *r, const struct view_books *books, struct view_lines *ret);

void view_lines__clear(struct view_lines *l);

/* ---- for the tests ---- */

/* Rows for each of three tables that want so many. Those that want less than their share leave it to the others. */
void view__share(const size_t wanted[SECTIONS], size_t available, size_t ret[SECTIONS]);

/* `text` in `width` columns of a terminal (or less), cut with a mark; what has no width there is a `?`. Returns how
 * many it takes. */
unsigned view__fit(FILE *to, const char *text, unsigned width, bool utf8);

#endif
