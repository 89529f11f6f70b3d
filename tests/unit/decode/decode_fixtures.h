/* SPDX-License-Identifier: BSD-2-Clause */
/* A decoder for each test, what it says as text, and the classes and objects that its records are about. */
#ifndef VIZTRACE_TEST_DECODE_FIXTURES_H
#define VIZTRACE_TEST_DECODE_FIXTURES_H

#include <criterion/criterion.h>
#include <errno.h>

#include "decode/decode.h"
#include "../records.h"
#include "../show.h"

#define CLS 0x401000u
#define DICT_CLS 0x402000u
#define OBJ 0x7000u

static struct decoder *decoder;
static struct record record;
static struct page page;
static void *copy;

static inline void setup(void)
{
	cr_assert_eq(decoder__new(&decoder), 0);
}

static inline void tidy(void)
{
	decoder__free(decoder);
	free(page.text);
	free(copy);
}

/* From a copy of just that size: who reads beyond it is caught. */
static inline int feed_sized(const struct record *r, size_t size, struct event *ret)
{
	free(copy);
	copy = malloc(size ? size : 1);
	memcpy(copy, r->bytes, size);
	return decoder__feed(decoder, copy, size, ret);
}

static inline int feed(struct event *ret)
{
	return feed_sized(&record, record.size, ret);
}

static inline const char *text(void)
{
	print(&page, "%s", "");
	page.size = 0;
	return page.text;
}

/* KIND probe: the fields that this kind has */
static inline const char *show(const struct event *e)
{
	static const char *const kinds[] = { "FOUND", "INIT",  "DESTROY", "SNAPSHOT", "ENTER",
					     "EXIT",  "VALUE", "INSTANT", "ASYNC",    "IGNORE" };

	print(&page, "%s", kinds[e->kind]);
	if (e->kind != EVENT_FOUND && e->kind != EVENT_IGNORE)
		print(&page, " by %d", e->probe);
	if (e->address)
		print(&page, " at %" PRIx64, e->address);
	if (e->tag)
		print(&page, " %s%s", e->is_counter ? "counter " : "", e->tag);
	if (e->name)
		print(&page, " \"%s\"", e->name);
	if (e->is_new)
		print(&page, " new");
	if (e->kind == EVENT_ASYNC)
		print(&page, " step %d %s%" PRIx64, e->step, e->id_is_pointer ? "at " : "of ", e->id);
	if (e->frame)
		print(&page, " frame %" PRIx64, e->frame);
	print(&page, "%s%s", e->scoped ? " scoped" : "", e->pretty ? " pretty" : "");
	if (e->site)
		print(&page, " site %x", e->site);
	if (e->values) {
		print(&page, " ");
		show_values(&page, e->values, e->n_values);
	}
	return text();
}

#define EXPECT(wanted) \
	do { \
		struct event got; \
		cr_assert_eq(feed(&got), 0); \
		cr_assert_str_eq(show(&got), wanted); \
	} while (0)

/* Refused and counted, and the event is untouched. */
static inline void expect_rejected_sized(size_t size, int probe, int line)
{
	const struct decode_stats *s = decoder__stats(decoder);
	uint64_t rejected = s->rejected, of_probe = probe >= 0 ? s->rejected_by_probe[probe] : 0;
	struct event e, before;

	memset(&e, 0x5a, sizeof(e));
	memcpy(&before, &e, sizeof(e));
	cr_assert(feed_sized(&record, size, &e) == -EINVAL, "line %d: not refused", line);
	cr_assert(!memcmp(&e, &before, sizeof(e)), "line %d: event touched", line);
	cr_assert(s->rejected == rejected + 1, "line %d: not counted", line);
	if (probe >= 0)
		cr_assert(s->rejected_by_probe[probe] == of_probe + 1, "line %d: not counted by probe", line);
}
#define EXPECT_REJECTED(probe) expect_rejected_sized(record.size, probe, __LINE__)

/* ---- Classes and objects that the tests use ---- */

struct pool {
	struct viz_counter viz;
	int64_t open;
	uint32_t idle;
	double load;
	bool on;
	int _waiters;
};

static inline struct descriptor pool_class(void)
{
	struct viz_attr attrs[] = { ATTR(pool, open, VIZ_TYPE_I64), ATTR(pool, idle, VIZ_TYPE_U32),
				    ATTR(pool, load, VIZ_TYPE_F64), ATTR(pool, on, VIZ_TYPE_BOOL),
				    ATTR(pool, _waiters, VIZ_TYPE_I32) };

	return descriptor(VIZ_KIND_COUNTER, "pool", 10, sizeof(struct pool), attrs, COUNT(attrs));
}

static inline struct pool pool(void)
{
	return (struct pool){ .open = -3, .idle = 4, .load = 0.25, .on = true, ._waiters = 9 };
}

static inline void introduce(uint64_t address, const struct descriptor *d)
{
	struct event e;

	class_record(&record, address, d);
	cr_assert_eq(feed(&e), 0);
	cr_assert_eq(e.kind, EVENT_IGNORE);
}

static inline void introduce_pool(void)
{
	struct descriptor d = pool_class();

	introduce(CLS, &d);
}

static inline struct rec_snapshot *snapshot_of(struct record *r)
{
	return (struct rec_snapshot *)(void *)r->bytes;
}

static inline void pool_record(const struct pool *p)
{
	snapshot_record(&record, OBJ, CLS, p, sizeof(*p));
}

struct limits {
	int soft, hard;
	const char *why;
};

struct account {
	struct viz_object viz;
	int8_t i8;
	uint8_t u8;
	int16_t i16;
	uint16_t u16;
	int32_t i32;
	uint32_t u32;
	int64_t i64;
	uint64_t u64;
	float f32;
	char text[8];
	const char *owner;
	float rates[2];
	const char *tags[3];
	char rows[2][4];
	struct limits lim;
	char json[8];
	const char *extra;
};

#define LIMITS_LINE 77u

static inline struct descriptor limits_class(void)
{
	struct viz_attr attrs[] = { ATTR(limits, soft, VIZ_TYPE_I32), ATTR(limits, hard, VIZ_TYPE_I32),
				    ATTR(limits, why, VIZ_TYPE_STRP) };

	return descriptor(VIZ_KIND_DICT, "limits", LIMITS_LINE, sizeof(struct limits), attrs, COUNT(attrs));
}

static inline struct descriptor account_class(void)
{
	struct viz_attr attrs[] = {
		ATTR(account, i8, VIZ_TYPE_I8),
		ATTR(account, u8, VIZ_TYPE_U8),
		ATTR(account, i16, VIZ_TYPE_I16),
		ATTR(account, u16, VIZ_TYPE_U16),
		ATTR(account, i32, VIZ_TYPE_I32),
		ATTR(account, u32, VIZ_TYPE_U32),
		ATTR(account, i64, VIZ_TYPE_I64),
		ATTR(account, u64, VIZ_TYPE_U64),
		ATTR(account, f32, VIZ_TYPE_F32),
		ATTR(account, text, VIZ_TYPE_STR),
		ATTR(account, owner, VIZ_TYPE_STRP),
		list_attr("rates", VIZ_TYPE_F32, offsetof(struct account, rates), 4, 2),
		list_attr("tags", VIZ_TYPE_STRP, offsetof(struct account, tags), 8, 3),
		list_attr("rows", VIZ_TYPE_STR, offsetof(struct account, rows), 4, 2),
		dict_attr("lim", "limits", LIMITS_LINE, offsetof(struct account, lim), sizeof(struct limits)),
		ATTR(account, json, VIZ_TYPE_JSON),
		ATTR(account, extra, VIZ_TYPE_JSONP),
	};

	return descriptor(VIZ_KIND_OBJECT, "account", 20, sizeof(struct account), attrs, COUNT(attrs));
}

static inline struct account account(void)
{
	return (struct account){
		.i8 = -1,
		.u8 = 255,
		.i16 = -300,
		.u16 = 65535,
		.i32 = INT32_MIN,
		.u32 = UINT32_MAX,
		.i64 = INT64_MIN,
		.u64 = UINT64_MAX,
		.f32 = 0.5f,
		.text = "ada",
		.owner = (const char *)0x1111,
		.rates = { 1, 2.5f },
		.tags = { (const char *)0x2222, NULL, (const char *)0x3333 },
		.rows = { "ab", { 'w', 'x', 'y', 'z' } },
		.lim = { 1, 2, (const char *)0x4444 },
		.json = "[1]",
		.extra = (const char *)0x5555,
	};
}

#define WORD(member) ((unsigned)offsetof(struct account, member) / 8)

static inline void account_record(const struct account *a)
{
	const struct text_entry texts[] = {
		{ WORD(owner), REC_TEXT_OK, "grace" },   { WORD(tags), REC_TEXT_TRUNCATED, "lon" },
		{ WORD(tags) + 1, REC_TEXT_NULL, NULL }, { WORD(tags) + 2, REC_TEXT_UNREADABLE, NULL },
		{ WORD(lim.why), REC_TEXT_OK, "" },      { WORD(extra), REC_TEXT_OK, "{\"k\":1}" },
	};

	snapshot_record(&record, OBJ, CLS, a, sizeof(*a));
	add_texts(&record, texts, COUNT(texts));
}

static inline void introduce_account(void)
{
	struct descriptor a = account_class(), l = limits_class();

	introduce(CLS, &a);
	introduce(DICT_CLS, &l);
}

#define ACCOUNT \
	"SNAPSHOT by 2 at 7000 account {i8=-1, u8=255u, i16=-300, u16=65535u, i32=-2147483648, " \
	"u32=4294967295u, i64=-9223372036854775808, u64=18446744073709551615u, f32=0.5, text=\"ada\", " \
	"owner=\"grace\", rates=[1.0, 2.5], tags=[\"lon\"~, null, ?], rows=[\"ab\", \"wxyz\"], " \
	"lim={soft=1, hard=2, why=\"\"}, json=json\"[1]\", extra=json\"{\"k\":1}\"}"

#endif
