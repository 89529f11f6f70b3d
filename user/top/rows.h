/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * rows: the figures of a moment as tables: which rows there are, in which order, and what is in their cells. Knows no
 * terminal. A copy: while it is looked at the figures may change.
 */
#ifndef VIZTRACE_ROWS_H
#define VIZTRACE_ROWS_H

#include <stdio.h>

#include "../common/human.h"
#include "../common/patterns.h"
#include "live.h"

enum section { SECTION_COUNTERS, SECTION_METHODS, SECTION_OBJECTS, SECTIONS };

enum column_kind { COLUMN_VALUE, COLUMN_RATE, COLUMN_TIME, COLUMN_COUNT };

#define COLUMNS_MAX 6
#define ROW_LEVELS 8 /* of a spark line; 0: nothing was there yet */

struct column {
	const char *title;
	enum column_kind kind;
	unsigned width;
	unsigned rank; /* of two the larger one goes first where there is no room */
};

/* As many as have a title; the name comes behind them, and can be sorted by, too. */
extern const struct column section_columns[SECTIONS][COLUMNS_MAX + 1];
extern const char *const section_names[SECTIONS];

unsigned section__n_columns(enum section section);

struct row {
	const char *name; /* which is the row: it is the same one as long as this is; lives as long as live */
	uint32_t pid;     /* of a counter */
	size_t number;    /* of an object: its place in live.objects */
	double figures[COLUMNS_MAX];      /* of each column */
	struct value values[COLUMNS_MAX]; /* and those of COLUMN_VALUE with all digits */
	unsigned char minute[LIVE_TICKS]; /* of a counter: levels, the latest last */
};

/* All zeros is an empty one. */
struct rows {
	struct row *list[SECTIONS];
	size_t n[SECTIONS], room[SECTIONS];
	bool several; /* processes have counters */
};

/* Sorted by a column; n_columns: by name. Figures are the largest first, names from a to z, or the other way. */
struct order {
	unsigned by;
	bool reversed;
};

/* What is there now, in those orders. `rules`: what they let nobody see is left out, unless it has reported since
 * live__mark(); NULL: all. 0 or -ENOMEM. */
int rows__build(struct rows *r, const struct live *l, struct rules *rules, const struct order order[SECTIONS]);
void rows__sort(struct rows *r, enum section section, struct order order);
void rows__clear(struct rows *r);

/* What is in a cell; it fits into the column's width unless a value does not. */
const char *row__cell(const struct row *row, enum section section, unsigned column, char text[HUMAN_TEXT]);

/* `cells` levels that stand for the minute: each the highest one of its part. */
void row__spark(const struct row *row, unsigned cells, unsigned char *ret);

#endif
