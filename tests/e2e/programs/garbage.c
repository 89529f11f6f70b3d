// SPDX-License-Identifier: BSD-2-Clause
/*
 * Objects in memory that is bad in every way, traced: garbage MODE. Says "ready", waits, misbehaves, says "survived".
 */
#define _GNU_SOURCE
#include "viztrace.h"
#include "step.h"

#include <float.h>
#include <limits.h>
#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/mman.h>
#include <unistd.h>

#define PAGE 4096

static char *map(size_t pages, int fd)
{
	void *p = mmap(NULL, pages * PAGE, PROT_READ | PROT_WRITE, fd < 0 ? MAP_PRIVATE | MAP_ANONYMOUS : MAP_SHARED, fd, 0);

	if (p == MAP_FAILED)
		exit(98);
	return p;
}

/* Pages that keep what is in them but that nobody has touched: in the file's cache, not in the page table. */
static char *map_shared(size_t pages)
{
	int fd = memfd_create("garbage", 0);
	char *p;

	if (fd < 0 || ftruncate(fd, (off_t)(pages * PAGE)))
		exit(97);
	p = map(pages, fd);
	close(fd);
	return p;
}

static void make_cold(char *p, size_t pages)
{
	if (madvise(p, pages * PAGE, MADV_DONTNEED))
		exit(96);
}

static char *unmapped(void)
{
	char *p = map(1, -1);

	munmap(p, PAGE);
	return p;
}

/* A page of .rodata that nothing else is on. */
static const char cold_rodata[3 * PAGE] __attribute__((aligned(PAGE))) = { [PAGE] = 'c', 'o', 'l', 'd', ' ', 'r', 'o', 0 };

/* ---- strings ---- */

struct strings {
	struct viz_object viz;
	const char *null, *dangling, *kernel, *low, *noncanonical, *empty, *fresh, *cold, *rodata, *across, *into_nothing;
	int n;
};
VIZ_PROBE_OBJECT(strings, null, dangling, kernel, low, noncanonical, empty, fresh, cold, rodata, across, into_nothing, n);

static struct strings strings;

static void run_strings(void)
{
	char *cold = map_shared(1), *across = map_shared(2), *end = map(2, -1);

	strings.kernel = (const char *)0xffff888000000000;
	strings.low = (const char *)1;
	strings.noncanonical = (const char *)0x4141414141414141;
	strings.empty = "";
	strings.fresh = map(1, -1);
	strcpy(cold, "cold text");
	strings.cold = cold;
	strings.rodata = cold_rodata + PAGE;
	strcpy(across + PAGE - 6, "across pages");
	strings.across = across + PAGE - 6;
	memcpy(end + PAGE - 4, "tail", 4); /* without NUL, and the next page is not there */
	munmap(end + PAGE, PAGE);
	strings.into_nothing = end + PAGE - 4;
	strings.dangling = unmapped(); /* last, or its place is taken again */
	VIZ_PROBE_INIT(&strings, strings, NULL);
	for (int i = 1; i <= 3; i++) {
		make_cold(cold, 1);
		make_cold(across, 2);
		make_cold((char *)(uintptr_t)cold_rodata + PAGE, 1);
		VIZ_PROBE_SET(&strings, n, i);
	}
	/* Only the second page is cold. */
	make_cold(across + PAGE, 1);
	*(volatile char *)across;
	VIZ_PROBE_SET(&strings, n, 4);
	VIZ_PROBE_DESTROY(&strings);
}

/* ---- long ---- */

struct longs {
	struct viz_object viz;
	const char *s300, *s4094, *s4096, *s5000, *s100000;
	int n;
};
VIZ_PROBE_OBJECT(longs, s300, s4094, s4096, s5000, s100000, n);

struct many {
	struct viz_object viz;
	const char *s[32];
};
VIZ_PROBE_OBJECT(many, s);

static struct longs longs;
static struct many many;

static char *text_of(size_t size)
{
	char *p = malloc(size + 1);

	for (size_t i = 0; i < size; i++)
		p[i] = (char)('a' + i % 26);
	p[size] = 0;
	return p;
}

static void run_long(void)
{
	longs.s300 = text_of(300);
	VIZ_PROBE_INIT(&longs, longs, NULL);
	VIZ_PROBE_LOG(&longs);
	longs.s300 = NULL;
	longs.s4094 = text_of(4094);
	VIZ_PROBE_LOG(&longs);
	longs.s4094 = NULL;
	longs.s4096 = text_of(4096);
	VIZ_PROBE_LOG(&longs);
	longs.s4096 = NULL;
	longs.s5000 = text_of(5000);
	VIZ_PROBE_LOG(&longs);
	longs.s100000 = text_of(100000);
	VIZ_PROBE_LOG(&longs);
	VIZ_PROBE_INIT(&many, many, NULL);
	for (int i = 0; i < 32; i++)
		many.s[i] = text_of(100);
	VIZ_PROBE_LOG(&many);
}

/* More than all strings of one report may have together. */
static void run_many(void)
{
	VIZ_PROBE_INIT(&many, many, NULL);
	for (int i = 0; i < 32; i++)
		many.s[i] = text_of(4000);
	VIZ_PROBE_LOG(&many);
}

/* ---- text ---- */

struct text {
	struct viz_object viz;
	char full[8], cut[8], empty[4];
	char rows[2][4];
	const char *s;
	int n;
	int id, cat, base_type; /* names that viewers take for themselves */
};
VIZ_PROBE_OBJECT(text, full, cut, empty, rows, s, n, id, cat, base_type);

static struct text text;

static void run_text(void)
{
	static const char *const texts[] = {
		"\xff\xfe", "\xc0\xaf", "\xed\xa0\x80\xed\xb0\x80", "abc\xe2\x82", "\xf4\x90\x80\x80", "\xf0\x9f\x98\x80",
		"\x01\x02\x1f\x7f\b\f\n\r\t\"\\/", "\xef\xbf\xbe\xef\xbf\xbf", "\xe2\x80\xa8", "</script>", "\\u0000", "\xef\xbb\xbf"
	};

	text.id = 1;
	text.cat = 2;
	text.base_type = 3;
	memcpy(text.full, "12345678", 8);
	memcpy(text.cut, "12345\xe2\x82\xac", 8); /* the euro sign whole, no NUL */
	memcpy(text.rows, "abcdef\xf0\x9f", 8);
	VIZ_PROBE_INIT(&text, text, "name \xff \"quoted\" \x01 \xf0\x9f\x98\x80");
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		text.n = (int)i;
		VIZ_PROBE_SET(&text, s, texts[i]);
	}
	VIZ_PROBE_INSTANT("instant \xff \"q\" \n \xf0\x9f\x98\x80");
	VIZ_PROBE_INSTANT("");
	VIZ_PROBE_ENTER("slice \xc3");
	VIZ_PROBE_EXIT("slice \xc3");
	VIZ_PROBE_VALUE("value \x80", "attr \"\\", 1);
	VIZ_PROBE_ENTER("Profile");
	VIZ_PROBE_EXIT("Profile");
}

/* ---- freed, boundary ---- */

struct item {
	struct viz_object viz;
	int number;
	char pad[600];
	int tail;
};
VIZ_PROBE_OBJECT(item, number, pad, tail);

static void run_freed(void)
{
	for (int i = 1; i <= 100; i++) {
		struct item *p = (struct item *)map(1, -1);

		p->number = i;
		p->tail = -i;
		VIZ_PROBE_INIT(p, item, "freed");
		VIZ_PROBE_LOG(p);
		if (i % 2)
			VIZ_PROBE_DESTROY(p);
		munmap(p, PAGE);
	}
}

/* The base is on the first page and `tail` on the second one. */
static struct item *across(char *pages)
{
	return (struct item *)(pages + PAGE - (sizeof(struct viz_object) + 104));
}

static void run_boundary(void)
{
	char *warm = map_shared(2), *gone = map_shared(2);
	struct item *p = across(warm);

	VIZ_PROBE_INIT(p, item, "cold second page");
	p->number = 1;
	p->tail = 11;
	make_cold(warm + PAGE, 1);
	VIZ_PROBE_LOG(p);
	make_cold(warm, 1);
	VIZ_PROBE_LOG(p);
	make_cold(warm, 2);
	VIZ_PROBE_LOG(p);

	p = across(gone);
	VIZ_PROBE_INIT(p, item, "no second page");
	p->number = 2;
	p->tail = 22;
	VIZ_PROBE_LOG(p);
	munmap(gone + PAGE, PAGE);
	VIZ_PROBE_LOG(p);
	VIZ_PROBE_DESTROY(p);
}

/* ---- json ---- */

struct json {
	struct viz_object viz;
	int n;
	const char *j;
};
VIZ_PROBE_OBJECT(json, n, VIZ_JSON(j));

static struct json json;

static char *nested(int depth)
{
	char *p = malloc((size_t)depth * 2 + 1);

	memset(p, '[', (size_t)depth);
	memset(p + depth, ']', (size_t)depth);
	p[2 * depth] = 0;
	return p;
}

static void run_json(void)
{
	const char *const texts[] = {
		"{\"a\": 1, \"id\": 2, \"b\": {\"id\": \"x\", \"id_\": 3}}", /* 0 */
		"[1, 2.50, -0, 1e3, true, false, null, \"\\u00e9\\ud83d\\ude00\"]", /* 1 */
		"{", "", "  ", "nul", "[1,]", "{\"a\":}", "[NaN]", "[Infinity]", "'x'", "1 2", /* 2 to 11 */
		"\"\\ud800\"", /* 12 */
		"[18446744073709551615, -9223372036854775808, 123456789012345678901234567890, 1e999]", /* 13 */
		"\"a\\u0000b\"", /* 14 */
		"{\"cat\": 1, \"base_type\": 2, \"snapshot\": 3}", /* 15 */
		"{\"a\": 1, \"a\": 2}", /* 16 */
		"\"\xff\"", /* 17 */
		"{}", "[]", "null", "7", "\"text\"", /* 18 to 22 */
		"[0.00037687560355167916, 1.7976931348623157e308, 5e-324]", /* 23 */
	};
	const int n = sizeof(texts) / sizeof(texts[0]);

	VIZ_PROBE_INIT(&json, json, NULL);
	for (json.n = 0; json.n < n; json.n++)
		VIZ_PROBE_SET(&json, j, texts[json.n]);
	VIZ_PROBE_SET(&json, j, nested(20));
	json.n++;
	VIZ_PROBE_SET(&json, j, nested(1500));
	json.n++;
	VIZ_PROBE_SET(&json, j, NULL);
	json.n++;
	VIZ_PROBE_SET(&json, j, unmapped());
}

/* ---- numbers ---- */

struct numbers {
	struct viz_object viz;
	double d;
	float f;
	uint64_t u;
	int64_t i;
	uint8_t u8;
	int8_t i8;
	bool b;
	double list[3];
};
VIZ_PROBE_OBJECT(numbers, d, f, u, i, u8, i8, b, list);

struct meter {
	struct viz_counter viz;
	double d;
	uint64_t u;
	int64_t i;
	bool b;
};
VIZ_PROBE_COUNTER(meter, d, u, i, b);

static struct numbers numbers;
static struct meter meter;

static void run_numbers(void)
{
	const double doubles[] = { 0.1, NAN, INFINITY, -INFINITY, DBL_MAX, DBL_MIN, 5e-324, -0.0, 0.00037687560355167916,
				   1.0 / 3, 1e22, 123456789.123456789, 9007199254740993.0, 1e-7 };

	VIZ_PROBE_INIT(&numbers, numbers, NULL);
	VIZ_PROBE_INIT(&meter, meter, NULL);
	numbers.u8 = 255;
	numbers.i8 = -128;
	numbers.b = meter.b = true;
	for (size_t i = 0; i < sizeof(doubles) / sizeof(doubles[0]); i++) {
		numbers.u = meter.u = i % 2 ? UINT64_MAX : (uint64_t)INT64_MAX + i;
		numbers.i = meter.i = i % 2 ? INT64_MIN : INT64_MAX;
		numbers.f = (float)doubles[i];
		numbers.list[i % 3] = doubles[i];
		VIZ_PROBE_SET(&numbers, d, doubles[i]);
		VIZ_PROBE_SET(&meter, d, doubles[i]);
		VIZ_PROBE_VALUE("single", "d", doubles[i]);
		VIZ_PROBE_VALUE("whole", "u", meter.u);
	}
}

/* ---- names ---- */

static struct meter named[4];

static void make_names(void)
{
	char *gone = map(1, -1);

	strcpy(gone, "gone");
	VIZ_PROBE_INIT(&named[0], meter, gone);
	munmap(gone, PAGE);
	VIZ_PROBE_INIT(&named[1], meter, text_of(2000));
	VIZ_PROBE_INIT(&named[2], meter, "");
	VIZ_PROBE_INIT(&named[3], meter, text_of(510));
}

static void run_names(void)
{
	for (int i = 0; i < 4; i++) {
		VIZ_PROBE_SET(&named[i], i, i);
		VIZ_PROBE_SET(&named[i], i, i + 10);
	}
	VIZ_PROBE_ENTER(text_of(2000));
	VIZ_PROBE_INSTANT(text_of(63));
	VIZ_PROBE_INSTANT(text_of(64));
	VIZ_PROBE_INSTANT(text_of(600));
	VIZ_PROBE_VALUE(text_of(600) + 1, text_of(600), 1);
	VIZ_PROBE_EXIT(text_of(2000));
}

/* ---- stub: calls of the stubs as no macro would do them ---- */

#define UNKNOWN ((void *)0x4141414141414141)

struct forged {
	struct viz_base base;
	char rest[64];
};

static void forge(struct forged *f, const void *cls)
{
	memset(f, 0, sizeof(*f));
	f->base.cls = cls;
	f->base.flags = 3;
	f->base.check = VIZ_CHECK ^ (uintptr_t)&f->base ^ (uintptr_t)cls;
}

static void run_stub(void)
{
	static struct forged f;
	const void *const bad[] = { NULL, (void *)8, UNKNOWN, (void *)0xffff888000000000, unmapped(), &f, cold_rodata,
				    (void *)(uintptr_t)UINT64_MAX };

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		viz__probe_set(bad[i], 0, 0, NULL);
		viz__probe_set(bad[i], UINT32_MAX, UINT64_MAX, bad[i]);
		viz__probe_log(bad[i], 77);
		viz__probe_destroy(bad[i]);
		viz__probe_init(bad[i], bad[i], bad[i]);
		viz__probe_init(&f, bad[i], NULL);
		viz__probe_set(&f, 0, 0, NULL);
		viz__probe_destroy(&f);
		viz__probe_enter(bad[i], bad[i], UINT32_MAX, bad[i], bad[i]);
		viz__probe_exit(bad[i], bad[i], UINT32_MAX, bad[i], bad[i]);
		viz__probe_exit(bad[i], bad[i], 0, bad[i], bad[i]);
		viz__probe_value(bad[i], bad[i], UINT64_MAX, 99);
		viz__probe_value("v", bad[i], 1, VIZ_TYPE_I64);
		viz__probe_value(bad[i], "v", 1, VIZ_TYPE_I64);
		viz__probe_value("v", "v", 1, (uint32_t)i + 10);
		viz__probe_instant(bad[i], NULL, NULL, 0);
		viz__probe_instant(bad[i], bad[i], bad[i], VIZ_CHECK);
		forge(&f, bad[i]);
		viz__probe_set(&f, 0, 0, NULL);
		viz__probe_log(&f, 0);
		viz__probe_destroy(&f);
	}
	VIZ_PROBE_INIT(&meter, meter, NULL);
	VIZ_PROBE_SET(&meter, i, 5);
}

/* ---- classes: descriptors that lie ---- */

static uint64_t dice = 88172645463325252;

static uint32_t draw(uint32_t below)
{
	dice ^= dice << 13;
	dice ^= dice >> 7;
	dice ^= dice << 17;
	return (uint32_t)(dice >> 11) % below;
}

static void run_classes(void)
{
	enum { SIZE = sizeof(struct viz_class) + 4 * sizeof(struct viz_attr), TURNS = 1500 };
	struct { struct viz_class head; struct viz_attr attrs[4]; } *classes = calloc(TURNS, SIZE);
	struct forged *objects = calloc(TURNS, sizeof(*objects));

	for (int i = 0; i < TURNS; i++) {
		memcpy(&classes[i], i % 2 ? (const void *)&viz__class_meter : (const void *)&viz__class_json,
		       i % 2 ? viz__class_meter.head.size : viz__class_json.head.size);
		for (uint32_t n = draw(12); n; n--)
			((unsigned char *)&classes[i])[draw(8) ? draw(SIZE) : 4 + draw(24)] = (unsigned char)draw(256);
		if (!draw(4))
			memset(classes[i].head.strings, draw(256), 64);
		if (!draw(8))
			memset(classes[i].head.tag, 'x', sizeof(classes[i].head.tag));
		if (!draw(8))
			memset(classes[i].attrs[draw(4)].name, 'y', 40);
		forge(&objects[i], &classes[i]);
		for (size_t b = 0; b < sizeof(objects[i].rest); b++)
			objects[i].rest[b] = (char)draw(256);
		viz__probe_init(&objects[i], &classes[i].head, "forged");
		viz__probe_set(&objects[i], draw(70), 0, NULL);
		viz__probe_log(&objects[i], 0);
		if (draw(2))
			viz__probe_destroy(&objects[i]);
	}
	VIZ_PROBE_INIT(&meter, meter, NULL);
	VIZ_PROBE_SET(&meter, i, 5);
}

int main(int argc, char **argv)
{
	static const struct { const char *name; void (*make)(void), (*run)(void); } modes[] = {
		{ "strings", NULL, run_strings }, { "long", NULL, run_long }, { "many", NULL, run_many }, { "text", NULL, run_text },
		{ "freed", NULL, run_freed }, { "boundary", NULL, run_boundary }, { "json", NULL, run_json },
		{ "numbers", NULL, run_numbers }, { "names", make_names, run_names }, { "stub", NULL, run_stub },
		{ "classes", NULL, run_classes },
	};

	for (size_t i = 0; i < sizeof(modes) / sizeof(modes[0]); i++) {
		if (argc < 2 || strcmp(argv[1], modes[i].name))
			continue;
		if (modes[i].make)
			modes[i].make();
		step("ready");
		modes[i].run();
		puts("survived");
		return 0;
	}
	return 2;
}
