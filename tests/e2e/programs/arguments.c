// SPDX-License-Identifier: BSD-2-Clause
/*
 * Slices and instants with arguments: arguments MODE
 *   plain    of each type, in each macro; results
 *   strings  of any length, in memory of any kind
 *   names    long ones, and some that are alike
 *   garbage  where they are not what they are said to be
 *   jump     results of functions that are left by longjmp, recursion
 *   many     20,000 of them, as fast as it goes
 */
#define _GNU_SOURCE
#include "viztrace.h"
#include "step.h"

#include <setjmp.h>
#include <stdbool.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum mood { CALM, ANGRY };
struct narrow { unsigned low : 3; int high : 5; };

static int twice(int n, const char *path)
{
	VIZ_PROBE_METHOD(n, path);
	return VIZ_PROBE_RETURN(2 * n);
}

static const char *name_of(int n)
{
	VIZ_PROBE_METHOD(n);
	return VIZ_PROBE_RETURN(n ? "some" : NULL);
}

static void plain(void)
{
	struct narrow narrow = { 7, -3 };

	twice(21, "a/b");
	name_of(1);
	name_of(0);
	{
		VIZ_PROBE_SCOPE("scope", VIZ_ARG("bytes", 4096), VIZ_ARG("share", 0.25), VIZ_ARG("last", (bool)1));
	}
	VIZ_PROBE_ENTER("load", VIZ_ARG("n", 1));
	VIZ_PROBE_EXIT("load", VIZ_ARG("n", 2), VIZ_ARG("rest", 3));
	VIZ_PROBE_INSTANT("all", VIZ_ARG("i8", (signed char)-1), VIZ_ARG("u64", UINT64_MAX), VIZ_ARG("f32", 1.5f),
			  VIZ_ARG("mood", (enum mood)ANGRY), VIZ_ARG("where", (void *)0x7000), VIZ_ARG("no", (void *)0),
			  narrow.low, narrow.high);
	VIZ_PROBE_INSTANT("none");
}

/* At the end of a page, behind which there is none. */
static char *at_the_end(const char *text)
{
	char *page = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (page == MAP_FAILED || mprotect(page + 4096, 4096, PROT_NONE))
		exit(2);
	return strcpy(page + 4096 - strlen(text) - 1, text);
}

/* In a page of a file that nobody has looked at yet. */
static const char *untouched(const char *text)
{
	int fd = memfd_create("text", 0);
	const char *page;

	if (fd < 0 || ftruncate(fd, 4096) || pwrite(fd, text, strlen(text), 0) < 0)
		exit(2);
	page = mmap(NULL, 4096, PROT_READ, MAP_PRIVATE, fd, 0);
	if (page == MAP_FAILED)
		exit(2);
	close(fd);
	return page;
}

static void strings(void)
{
	char text[700];

	memset(text, 'x', sizeof(text));
	for (size_t n = 0; n < sizeof(text); n += n < 60 || n > 70 ? 23 : 1) {
		text[n] = 0;
		VIZ_PROBE_INSTANT("length", VIZ_ARG("n", n), VIZ_ARG("text", text), VIZ_ARG("again", text));
		text[n] = 'x';
	}
	VIZ_PROBE_INSTANT("odd", VIZ_ARG("end", at_the_end("at the end")), VIZ_ARG("untouched", untouched("not looked at")),
			  VIZ_ARG("null", (char *)NULL), VIZ_ARG("utf8", "gr\xc3\xbc\xc3\x9f"), VIZ_ARG("control", "a\nb\x01"));
}

#define TEN(x) x x x x x x x x x x
#define LONG(x) x TEN(TEN("n"))

static void names(void)
{
	VIZ_PROBE_INSTANT("long", VIZ_ARG(LONG("a"), 1), VIZ_ARG(LONG("b"), 2), VIZ_ARG(LONG("c"), 3), VIZ_ARG(LONG("d"), 4),
			  VIZ_ARG(LONG("e"), 5), VIZ_ARG(LONG("f"), 6), VIZ_ARG(LONG("g"), 7), VIZ_ARG(LONG("h"), 8));
	VIZ_PROBE_ENTER("alike", VIZ_ARG("n", 1), VIZ_ARG("n", 2), VIZ_ARG("n (end)", 3));
	VIZ_PROBE_EXIT("alike", VIZ_ARG("n", 4), VIZ_ARG("n", 5));
}

static void garbage(void)
{
	uint64_t words[9] = { 0 };

	VIZ_PROBE_INSTANT("unreadable", VIZ_ARG("bad", (const char *)16), VIZ_ARG("good", "good"));
	viz__probe_enter("no words", NULL, VIZ_SLICE_ARGS, "\na", (const uint64_t *)16);
	viz__probe_exit("no words", NULL, VIZ_SLICE_ARGS, (const char *)16, NULL);
	words[0] = 15ull << 32 | UINT32_MAX;
	viz__probe_instant("many words", "\na", words, VIZ_CHECK ^ (uintptr_t)"\na" ^ (uintptr_t)words);
	viz__probe_enter("many words", NULL, UINT32_MAX, "\na", words);
	viz__probe_exit("many words", NULL, UINT32_MAX & ~8u, "\na", words);
	/* As the registers are where a program knows of no arguments. */
	viz__probe_instant("none", "\na", words, 7);
	viz__probe_instant("none", (const char *)16, (const uint64_t *)24, 32);
}

static jmp_buf back;

static int deep(int n)
{
	VIZ_PROBE_METHOD(n);
	if (n < 3)
		return VIZ_PROBE_RETURN(deep(n + 1));
	longjmp(back, 1);
}

static int fib(int n)
{
	VIZ_PROBE_METHOD(n);
	return VIZ_PROBE_RETURN(n < 2 ? n : fib(n - 1) + fib(n - 2));
}

/* So that its frames are below those of what comes next. */
static __attribute__((noinline)) void below(void)
{
	volatile char room[4096];

	room[0] = 0;
	if (!setjmp(back))
		deep(room[0]);
}

static void jump(void)
{
	below();
	fib(5);
	VIZ_PROBE_RETURN(7);
}

static void many(void)
{
	for (int i = 0; i < 10000; i++) {
		VIZ_PROBE_SCOPE("scope", i, VIZ_ARG("half", i / 2.0));
		VIZ_PROBE_INSTANT("instant", VIZ_ARG("n", -i));
	}
}

int main(int argc, char **argv)
{
	static const struct { const char *name; void (*run)(void); } modes[] = {
		{ "plain", plain }, { "strings", strings }, { "names", names }, { "garbage", garbage }, { "jump", jump }, { "many", many },
	};

	step("ready");
	for (size_t i = 0; argc > 1 && i < sizeof(modes) / sizeof(modes[0]); i++)
		if (!strcmp(argv[1], modes[i].name))
			modes[i].run();
	return 0;
}
