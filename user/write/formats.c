// SPDX-License-Identifier: BSD-2-Clause
/* formats: see formats.h. */
#include "formats.h"

#include <string.h>

const struct format *const formats[] = { &format_chrome, &format_perfetto, &format_rows, NULL };

const struct format *format__named(const char *name)
{
	for (size_t i = 0; formats[i]; i++)
		if (!strcmp(formats[i]->name, name))
			return formats[i];
	return NULL;
}

/* "a.json", and "a.json.gz": packing is for the output. */
const struct format *format__of_path(const char *path)
{
	static const char packed[] = ".gz";
	size_t size = strlen(path), end = strlen(packed);

	if (size > end && !strcmp(path + size - end, packed))
		size -= end;
	for (size_t i = 0; formats[i]; i++) {
		end = strlen(formats[i]->suffix);
		if (size > end && !strncmp(path + size - end, formats[i]->suffix, end))
			return formats[i];
	}
	return NULL;
}
