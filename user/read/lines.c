// SPDX-License-Identifier: BSD-2-Clause
/* lines: see lines.h. */
#include "lines.h"

#include <string.h>

int lines__next(struct lines *l, char **ret, size_t *ret_size)
{
	struct stream *s = l->from;
	size_t searched = 0;
	char *end = NULL;
	int err;

	for (;;) {
		if (s->size - s->at > searched)
			end = memchr(s->data + s->at + searched, '\n', s->size - s->at - searched);
		if (end || s->ended)
			break;
		searched = s->size - s->at;
		err = stream__more(s);
		if (err)
			return err;
	}
	if (!end && s->at == s->size)
		return 0;
	*ret = s->data + s->at;
	*ret_size = end ? (size_t)(end - *ret) : s->size - s->at;
	(*ret)[*ret_size] = 0;
	s->at += *ret_size + (end != NULL);
	l->number++;
	l->is_ended = end != NULL;
	return 1;
}
