// SPDX-License-Identifier: BSD-2-Clause
/* view: see view.h. Keys; lines are in view_draw.c. */
#include "view.h"

#include <stdlib.h>
#include <string.h>
#include <wchar.h>

void view__init(struct view *v, bool utf8)
{
	*v = (struct view){ .utf8 = utf8 };
	v->order[SECTION_COUNTERS].by = section__n_columns(SECTION_COUNTERS); /* by name */
}

static void select_row(struct view *v, const struct rows *r, size_t at)
{
	size_t n = r->n[v->focus];

	if (!n)
		return;
	v->at[v->focus] = at < n ? at : n - 1;
	v->selected[v->focus] = r->list[v->focus][v->at[v->focus]].name;
}

static void move(struct view *v, const struct rows *r, unsigned key)
{
	size_t at = v->at[v->focus], page = v->page ? v->page : 1;

	switch (key) {
	case VIEW_KEY_UP: at -= at > 0; break;
	case VIEW_KEY_DOWN: at++; break;
	case VIEW_KEY_PAGE_UP: at -= at < page ? at : page; break;
	case VIEW_KEY_PAGE_DOWN: at += page; break;
	case VIEW_KEY_HOME: at = 0; break;
	default: at = SIZE_MAX; break;
	}
	select_row(v, r, at);
}

/* The next table that has rows, if any has. */
static void change_table(struct view *v, const struct rows *r, int step)
{
	for (int i = 1; i < SECTIONS; i++) {
		enum section next = (enum section)(((int)v->focus + SECTIONS + i * step) % SECTIONS);

		if (r->n[next]) {
			v->focus = next;
			return;
		}
	}
}

static void sort_by(struct view *v, int step)
{
	unsigned n = section__n_columns(v->focus) + 1;
	struct order *o = &v->order[v->focus];

	o->by = (o->by + n + (unsigned)step) % n;
	o->reversed = false;
}

/* While a line is typed all keys are its. */
static enum view_action type(struct view *v, unsigned key)
{
	size_t size = strlen(v->typed);
	mbstate_t state = { 0 };
	char bytes[8 * sizeof(wchar_t)];
	size_t n;

	if (key == VIEW_KEY_ENTER || key == VIEW_KEY_ESCAPE) {
		v->typing = false;
		return key == VIEW_KEY_ENTER ? VIEW_FILTER : VIEW_DRAW;
	}
	if (key == VIEW_KEY_BACKSPACE) {
		while (size && ((unsigned char)v->typed[size - 1] & 0xc0) == 0x80)
			size--;
		v->typed[size ? size - 1 : 0] = 0;
		return VIEW_DRAW;
	}
	if (key < ' ' || key == 0x7f || key >= 0x110000)
		return VIEW_NOTHING;
	n = wcrtomb(bytes, (wchar_t)key, &state);
	if (n == SIZE_MAX || size + n >= sizeof(v->typed))
		return VIEW_NOTHING;
	memcpy(v->typed + size, bytes, n);
	v->typed[size + n] = 0;
	return VIEW_DRAW;
}

enum view_action view__key(struct view *v, const struct rows *r, unsigned key)
{
	if (v->typing)
		return type(v, key);
	if (v->help) { /* any key leaves it */
		v->help = false;
		return key == 'q' || key == VIEW_KEY_QUIT ? VIEW_QUIT : VIEW_DRAW;
	}
	switch (key) {
	case 'q':
	case VIEW_KEY_QUIT: return VIEW_QUIT;
	case '?':
	case 'h':
	case VIEW_KEY_HELP: v->help = true; break;
	case 'p':
	case 'Z':
	case ' ': v->paused = !v->paused; break;
	case '/':
	case 'f':
	case VIEW_KEY_FILTER:
		v->typing = true;
		v->typed[0] = 0;
		break;
	case '>':
	case 's':
	case VIEW_KEY_RIGHT:
	case VIEW_KEY_SORT: sort_by(v, 1); break;
	case '<':
	case VIEW_KEY_LEFT: sort_by(v, -1); break;
	case 'I':
	case 'r': v->order[v->focus].reversed = !v->order[v->focus].reversed; break;
	case '\t':
	case VIEW_KEY_NEXT: change_table(v, r, 1); break;
	case VIEW_KEY_PREVIOUS: change_table(v, r, -1); break;
	case VIEW_KEY_UP:
	case VIEW_KEY_DOWN:
	case VIEW_KEY_PAGE_UP:
	case VIEW_KEY_PAGE_DOWN:
	case VIEW_KEY_HOME:
	case VIEW_KEY_END: move(v, r, key); break;
	case 'k': move(v, r, VIEW_KEY_UP); break;
	case 'j': move(v, r, VIEW_KEY_DOWN); break;
	default: return VIEW_NOTHING;
	}
	return VIEW_DRAW;
}
