// SPDX-License-Identifier: BSD-2-Clause
/* What somebody types or sends: a packet of ctl's socket, which is options as in argv, each with its NUL; the same as a
 * command line; and each as a pattern for a name. */
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "control.h"
#include "opts.h"

#define ARGS 64
#define CHECK(x) \
	do { \
		if (!(x)) \
			abort(); \
	} while (0)

static void feed_control(const char *packet, size_t size)
{
	struct control_request r;
	char *text;
	int err = control_request__parse(&r, packet, size);

	CHECK(!err || err == -EINVAL);
	if (err)
		return;
	text = control__describe(&r.rules);
	CHECK(text && r.text);
	free(text);
	control_request__clear(&r);
}

/* Its words, of which it has a copy. */
static int split(char *copy, size_t size, char *argv[ARGS + 1])
{
	int n = 0;

	argv[n++] = (char *)"viztrace-bpf";
	for (size_t at = 0; at < size && n < ARGS; at += strlen(copy + at) + 1)
		argv[n++] = copy + at;
	argv[n] = NULL;
	return n;
}

static void feed_options(int argc, char **argv)
{
	char error[256];
	struct opts o;

	/* What is asked for is printed, and a file of filters is read: neither is for here. */
	for (int i = 1; i < argc; i++)
		if (strchr(argv[i], 'h') || strstr(argv[i], "--v") || strstr(argv[i], "--fil"))
			return;
	if (!opts__parse(&o, argc, argv, error, sizeof(error)))
		opts__clear(&o);
}

static void feed_patterns(int argc, char **argv)
{
	struct patterns p = { 0 };

	for (int i = 1; i < argc && i < 8; i++) {
		CHECK(!patterns__add(&p, argv[i]));
		for (int k = 1; k < argc && k < 8; k++) {
			patterns__match(&p, argv[k]);
			patterns__match_attribute(&p, argv[k], argv[i], argv[argc - 1]);
		}
	}
	patterns__clear(&p);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *copy = malloc(size + 1), *argv[ARGS + 1];
	int argc;

	CHECK(copy);
	memcpy(copy, data, size);
	copy[size] = 0;
	feed_control(copy, size);
	argc = split(copy, size, argv);
	feed_patterns(argc, argv);
	feed_options(argc, argv);
	free(copy);
	return 0;
}
