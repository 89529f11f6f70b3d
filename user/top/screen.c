// SPDX-License-Identifier: BSD-2-Clause
/* screen: see screen.h. */
#define _GNU_SOURCE
#define NCURSES_WIDECHAR 1 /* get_wch() */
#include "screen.h"

#include <curses.h>
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#define ESCAPE_MS 25 /* for the rest of a key that begins as Escape does */

static SCREEN *screen;
static bool is_open;

/* Mostly a second signal ends us at once. With it a terminal would stay as it is: while there is a screen it does not.
 */
static void let_a_second_signal_end(bool it_does)
{
	static const int signals[] = { SIGINT, SIGTERM, SIGHUP };
	struct sigaction action;

	for (size_t i = 0; i < sizeof(signals) / sizeof(*signals); i++) {
		if (sigaction(signals[i], NULL, &action) || action.sa_handler == SIG_DFL ||
		    action.sa_handler == SIG_IGN)
			continue;
		action.sa_flags &= ~(int)SA_RESETHAND;
		if (it_does)
			action.sa_flags |= (int)SA_RESETHAND;
		sigaction(signals[i], &action, NULL);
	}
}

void screen__close(void)
{
	if (!is_open)
		return;
	is_open = false;
	endwin();
	let_a_second_signal_end(true);
}

int screen__open(void)
{
	static bool registered;

	if (!isatty(STDIN_FILENO) || !isatty(STDOUT_FILENO))
		return -ENOTTY;
	let_a_second_signal_end(false);
	/* initscr() would end us if it does not know the terminal. */
	screen = newterm(NULL, stdout, stdin);
	if (!screen) {
		let_a_second_signal_end(true);
		return -ENOTTY;
	}
	is_open = true;
	if (!registered)
		registered = !atexit(screen__close);
	set_term(screen);
	cbreak();
	noecho();
	nonl();
	keypad(stdscr, TRUE);
	nodelay(stdscr, TRUE);
	intrflush(stdscr, FALSE);
	set_escdelay(ESCAPE_MS);
	curs_set(0);
	return 0;
}

void screen__size(unsigned *ret_width, unsigned *ret_height)
{
	*ret_width = COLS > 0 ? (unsigned)COLS : 1;
	*ret_height = LINES > 0 ? (unsigned)LINES : 1;
}

static attr_t attributes_of(enum view_style style)
{
	switch (style) {
	case STYLE_TITLE: return A_BOLD;
	case STYLE_HEAD: return A_UNDERLINE;
	case STYLE_HEAD_FOCUSED: return A_UNDERLINE | A_BOLD;
	case STYLE_SELECTED: return A_REVERSE;
	default: return A_NORMAL;
	}
}

void screen__draw(const struct view_lines *lines, bool cursor)
{
	int x = 0;

	erase();
	for (size_t i = 0; i < lines->n && (int)i < LINES; i++) {
		attr_t attributes = attributes_of(lines->list[i].style);

		attrset(attributes);
		mvaddstr((int)i, 0, lines->list[i].text);
		x = getcurx(stdscr);
		/* Bars reach to the end of the line. */
		if (lines->list[i].style == STYLE_SELECTED)
			mvchgat((int)i, 0, -1, attributes, 0, NULL);
	}
	attrset(A_NORMAL);
	if (cursor)
		move((int)lines->n - 1, x);
	curs_set(cursor);
	refresh();
}

unsigned screen__key(bool *ret_resized)
{
	static const struct {
		int key;
		unsigned is;
	} keys[] = {
		{ KEY_UP, VIEW_KEY_UP },
		{ KEY_DOWN, VIEW_KEY_DOWN },
		{ KEY_PPAGE, VIEW_KEY_PAGE_UP },
		{ KEY_NPAGE, VIEW_KEY_PAGE_DOWN },
		{ KEY_HOME, VIEW_KEY_HOME },
		{ KEY_END, VIEW_KEY_END },
		{ KEY_LEFT, VIEW_KEY_LEFT },
		{ KEY_RIGHT, VIEW_KEY_RIGHT },
		{ KEY_BTAB, VIEW_KEY_PREVIOUS },
		{ KEY_ENTER, VIEW_KEY_ENTER },
		{ KEY_BACKSPACE, VIEW_KEY_BACKSPACE },
		{ KEY_F(1), VIEW_KEY_HELP },
		{ KEY_F(4), VIEW_KEY_FILTER },
		{ KEY_F(6), VIEW_KEY_SORT },
		{ KEY_F(10), VIEW_KEY_QUIT },
	};
	wint_t c;
	int is;

	*ret_resized = false;
	for (;;) {
		is = get_wch(&c);
		if (is == ERR)
			return 0;
		if (is == OK)
			break;
		if (c == KEY_RESIZE)
			*ret_resized = true;
		for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
			if ((int)c == keys[i].key)
				return keys[i].is;
	}
	if (c == '\r' || c == '\n')
		return VIEW_KEY_ENTER;
	if (c == 0x1b)
		return VIEW_KEY_ESCAPE;
	if (c == '\b' || c == 0x7f)
		return VIEW_KEY_BACKSPACE;
	return (unsigned)c;
}
