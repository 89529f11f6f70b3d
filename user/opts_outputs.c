// SPDX-License-Identifier: BSD-2-Clause
/* opts_outputs: see opts_outputs.h. */
#include "opts_outputs.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define FAIL(...) return snprintf(error, size, __VA_ARGS__), -EINVAL

int opts_outputs__add(struct opts *o, const char *path, char *error, size_t size)
{
	const struct opts_output *last = o->n_outputs ? &o->outputs[o->n_outputs - 1] : NULL;

	if (!*path)
		FAIL("-o needs the name of a file");
	if (!strcmp(path, "none")) {
		o->no_output = true;
		return 0;
	}
	for (size_t i = 0; i < o->n_outputs; i++)
		if (o->outputs[i].path && !strcmp(o->outputs[i].path, path))
			FAIL("-o %s is given twice", path);
	if (last && !last->path) {
		o->outputs[o->n_outputs - 1].path = path;
		return 0;
	}
	if (o->n_outputs == OUTPUTS_MAX)
		FAIL("-o may be given %d times at most", OUTPUTS_MAX);
	o->outputs[o->n_outputs++].path = path;
	return 0;
}

int opts_outputs__format(struct opts *o, const char *name, char *error, size_t size)
{
	const struct format *format = format__named(name);
	char names[128] = "";

	for (size_t i = 0; formats[i]; i++)
		snprintf(names + strlen(names), sizeof(names) - strlen(names), "%s%s", i ? ", " : "", formats[i]->name);
	if (!format)
		FAIL("--format is one of: %s; not '%s'", names, name);
	if (o->n_outputs && !o->outputs[o->n_outputs - 1].path)
		FAIL("--format is given twice for one -o");
	if (o->n_outputs == OUTPUTS_MAX)
		FAIL("-o may be given %d times at most", OUTPUTS_MAX);
	o->outputs[o->n_outputs++].format = format;
	return 0;
}

void opts_outputs__override(struct opts *o, bool output, bool format)
{
	size_t n = 0;

	o->no_output &= !output;
	for (size_t i = 0; i < o->n_outputs; i++) {
		struct opts_output out = o->outputs[i];

		if (format)
			out.format = NULL;
		/* --format alone is of what comes. */
		if (out.path ? !output : out.format != NULL)
			o->outputs[n++] = out;
	}
	o->n_outputs = n;
}

int opts_outputs__settle(struct opts *o, char *error, size_t size)
{
	struct opts_output *last;

	if (o->no_output && o->n_outputs)
		FAIL("-o none goes with no other -o and no --format; a file of that name is ./none");
	/* What is looked at need not be written. */
	o->no_output |= o->command == COMMAND_TOP && !o->n_outputs;
	if (o->no_output)
		return 0;
	last = o->n_outputs ? &o->outputs[o->n_outputs - 1] : &o->outputs[o->n_outputs++];
	/* --format behind the last -o. */
	if (!last->path && o->n_outputs > 1) {
		if (last[-1].format)
			FAIL("--format is given twice for one -o");
		last[-1].format = last->format;
		*last = (struct opts_output){ 0 };
		o->n_outputs--;
	}
	for (size_t i = 0; i < o->n_outputs; i++) {
		struct opts_output *out = &o->outputs[i];

		if (!out->format && out->path)
			out->format = format__of_path(out->path);
		if (!out->format)
			out->format = formats[0];
	}
	return 0;
}

bool opts_outputs__go_to_a_file(const struct opts *o)
{
	for (size_t i = 0; i < o->n_outputs; i++)
		if (o->outputs[i].format->viewers && (!o->outputs[i].path || strcmp(o->outputs[i].path, "-") != 0))
			return true;
	return false;
}
