/* SPDX-License-Identifier: BSD-2-Clause */
/* Snapshots: attributes by class, and classes that are not as they should be. */
#include <criterion/criterion.h>
#include <errno.h>

#include "decode_fixtures.h"

TestSuite(decode, .init = setup, .fini = tidy);

/* ---- Snapshots ---- */

Test(decode, counter_snapshot_has_all_public_attributes)
{
	struct pool p = pool();
	struct event e;

	introduce_pool();
	pool_record(&p);
	cr_assert_eq(feed(&e), 0);
	cr_assert_str_eq(show(&e), "SNAPSHOT by 2 at 7000 counter pool {open=-3, idle=4u, load=0.25, on=true}");
	cr_assert_eq(e.mask, 0xf);
	cr_assert_eq(e.cls, CLS);
	cr_assert_eq(e.ts, TS);
	cr_assert_eq(e.pid, PID);
	cr_assert_eq(e.tid, TID);
	cr_assert_str_eq(e.comm, "worker");
}

Test(decode, log_is_told_from_set)
{
	struct pool p = pool();

	introduce_pool();
	pool_record(&p);
	snapshot_of(&record)->probe = PROBE_LOG;
	EXPECT("SNAPSHOT by 3 at 7000 counter pool {open=-3, idle=4u, load=0.25, on=true}");
}

Test(decode, object_snapshot_has_every_type)
{
	struct account a = account();

	introduce_account();
	account_record(&a);
	EXPECT(ACCOUNT);
	cr_assert_eq(decoder__stats(decoder)->truncated, 1);
	cr_assert_eq(decoder__stats(decoder)->unreadable, 1);
}

Test(decode, texts_may_come_in_any_order)
{
	const struct text_entry texts[] = {
		{ WORD(extra), REC_TEXT_OK, "{\"k\":1}" }, { WORD(tags) + 2, REC_TEXT_UNREADABLE, NULL },
		{ WORD(lim.why), REC_TEXT_OK, "" },        { WORD(tags), REC_TEXT_TRUNCATED, "lon" },
		{ WORD(owner), REC_TEXT_OK, "grace" },
	};
	struct account a = account();

	introduce_account();
	snapshot_record(&record, OBJ, CLS, &a, sizeof(a));
	add_texts(&record, texts, COUNT(texts));
	EXPECT(ACCOUNT);
}

static void masked(uint64_t include, uint64_t exclude, const char *wanted, uint64_t mask)
{
	struct pool p = pool();
	struct event e;

	p.viz.base.include = include;
	p.viz.base.exclude = exclude;
	pool_record(&p);
	cr_assert_eq(feed(&e), 0);
	cr_assert_eq(e.mask, mask);
	show_values(&page, e.values, e.n_values);
	cr_assert_str_eq(text(), wanted);
}

Test(decode, include_is_a_whitelist_exclude_a_blacklist_and_include_wins)
{
	introduce_pool();
	masked(0x1, 0, "{open=-3}", 0x1);
	masked(0, 0x1, "{idle=4u, load=0.25, on=true}", 0xe);
	masked(0x3, 0x1, "{open=-3, idle=4u}", 0x3);
	masked(0, ~(uint64_t)0, "{}", 0);
}

Test(decode, private_attributes_are_never_reported)
{
	introduce_pool();
	masked(0x10, 0, "{}", 0);
	masked(0x11, 0, "{open=-3}", 0x1);
}

Test(decode, mask_bits_beyond_the_class_are_ignored)
{
	introduce_pool();
	masked(0xffffffffffffffe2, 0, "{idle=4u}", 0x2);
	masked(0xffffffffffffffe0, 0, "{}", 0);
}

Test(decode, inherited_attributes_lose_their_prefix)
{
	struct viz_attr attrs[] = { ATTR(pool, open, VIZ_TYPE_I64), ATTR(pool, idle, VIZ_TYPE_U32),
				    ATTR(pool, _waiters, VIZ_TYPE_I32) };
	struct pool p = pool();
	struct descriptor d;

	strcpy(attrs[0].name, "viz.viz.open");
	strcpy(attrs[1].name, "viz._idle");
	strcpy(attrs[2].name, "vizier");
	d = descriptor(VIZ_KIND_COUNTER, "pool", 1, sizeof(p), attrs, COUNT(attrs));
	introduce(CLS, &d);
	pool_record(&p);
	EXPECT("SNAPSHOT by 2 at 7000 counter pool {open=-3, vizier=9}");
}

Test(decode, inherited_attribute_of_the_same_name_keeps_its_prefix)
{
	struct viz_attr attrs[] = { ATTR(pool, open, VIZ_TYPE_I64), ATTR(pool, idle, VIZ_TYPE_U32) };
	struct pool p = pool();
	struct descriptor d;

	strcpy(attrs[0].name, "viz.open");
	strcpy(attrs[1].name, "open");
	d = descriptor(VIZ_KIND_COUNTER, "pool", 1, sizeof(p), attrs, COUNT(attrs));
	introduce(CLS, &d);
	pool_record(&p);
	EXPECT("SNAPSHOT by 2 at 7000 counter pool {viz.open=-3, open=4u}");
}

Test(decode, base_may_lie_inside_of_the_span)
{
	struct {
		int64_t before;
		struct viz_base base;
		int64_t after;
	} o = { .before = 5, .base = { .exclude = 2 }, .after = 6 };
	struct viz_attr attrs[] = { attr("before", VIZ_TYPE_I64, 0, 8), attr("hidden", VIZ_TYPE_I64, 0, 8),
				    attr("after", VIZ_TYPE_I64, sizeof(struct viz_base), 8) };
	struct descriptor d;

	attrs[0].offset = attrs[1].offset = -8;
	d = descriptor(VIZ_KIND_COUNTER, "c", 1, sizeof(o), attrs, COUNT(attrs));
	d.head.span_offset = -8;
	introduce(CLS, &d);
	snapshot_record(&record, OBJ, CLS, &o, sizeof(o));
	snapshot_of(&record)->span_offset = -8;
	EXPECT("SNAPSHOT by 2 at 7000 counter c {before=5, after=6}");
}

Test(decode, record_may_be_smaller_than_the_room_it_came_in)
{
	struct pool p = pool();
	struct event e;

	introduce_pool();
	pool_record(&p);
	cr_assert_eq(feed_sized(&record, record.size + 24, &e), 0);
}

Test(decode, attributes_beyond_what_was_read_are_unreadable)
{
	struct pool p = pool();

	introduce_pool();
	pool_record(&p);
	snapshot_of(&record)->span_read = offsetof(struct pool, load) + 7;
	EXPECT("SNAPSHOT by 2 at 7000 counter pool {open=-3, idle=4u, load=?, on=?}");
	cr_assert_eq(decoder__stats(decoder)->unreadable, 2);
}

Test(decode, attributes_outside_of_the_records_span_are_unreadable)
{
	struct {
		struct viz_base base;
	} o = { 0 };

	introduce_pool();
	snapshot_record(&record, OBJ, CLS, &o, sizeof(o));
	EXPECT("SNAPSHOT by 2 at 7000 counter pool {open=?, idle=?, load=?, on=?}");
}

Test(decode, parts_of_lists_dicts_and_texts_may_be_unreadable)
{
	struct account a = account();

	introduce_account();
	account_record(&a);
	snapshot_of(&record)->span_read = offsetof(struct account, rates) + 4;
	EXPECT("SNAPSHOT by 2 at 7000 account {i8=-1, u8=255u, i16=-300, u16=65535u, i32=-2147483648, "
	       "u32=4294967295u, i64=-9223372036854775808, u64=18446744073709551615u, f32=0.5, text=\"ada\", "
	       "owner=\"grace\", rates=[1.0, ?], tags=[?, ?, ?], rows=[?, ?], lim={soft=?, hard=?, why=?}, "
	       "json=?, extra=?}");
	snapshot_of(&record)->span_read = offsetof(struct account, text) + 4; /* with the NUL */
	EXPECT("SNAPSHOT by 2 at 7000 account {i8=-1, u8=255u, i16=-300, u16=65535u, i32=-2147483648, "
	       "u32=4294967295u, i64=-9223372036854775808, u64=18446744073709551615u, f32=0.5, text=\"ada\", "
	       "owner=?, rates=[?, ?], tags=[?, ?, ?], rows=[?, ?], lim={soft=?, hard=?, why=?}, json=?, "
	       "extra=?}");
	snapshot_of(&record)->span_read = offsetof(struct account, text) + 2; /* without it */
	EXPECT("SNAPSHOT by 2 at 7000 account {i8=-1, u8=255u, i16=-300, u16=65535u, i32=-2147483648, "
	       "u32=4294967295u, i64=-9223372036854775808, u64=18446744073709551615u, f32=0.5, text=\"ad\"~, "
	       "owner=?, rates=[?, ?], tags=[?, ?, ?], rows=[?, ?], lim={soft=?, hard=?, why=?}, json=?, "
	       "extra=?}");
}

static void one_string(uint64_t pointer, const struct text_entry *texts, size_t n, const char *wanted)
{
	struct {
		struct viz_base base;
		uint64_t s;
	} o = { .s = pointer };
	struct viz_attr a = attr("s", VIZ_TYPE_STRP, sizeof(struct viz_base), 8);
	struct descriptor d = descriptor(VIZ_KIND_OBJECT, "o", 1, sizeof(o), &a, 1);
	struct event e;

	introduce(CLS, &d);
	snapshot_record(&record, OBJ, CLS, &o, sizeof(o));
	add_texts(&record, texts, n);
	cr_assert_eq(feed(&e), 0);
	show_values(&page, e.values, e.n_values);
	cr_assert_str_eq(text(), wanted);
}

Test(decode, string_without_its_text_is_null_or_unreadable)
{
	const struct text_entry other[] = { { 0, REC_TEXT_OK, "other" } };

	one_string(0, NULL, 0, "{s=null}");
	one_string(1, NULL, 0, "{s=?}");
	one_string(0, other, 1, "{s=null}");
	one_string(1, other, 1, "{s=?}");
	cr_assert_eq(decoder__stats(decoder)->unreadable, 2);
}

Test(decode, char_is_a_number_and_bool_is_zero_or_not)
{
	struct {
		struct viz_base base;
		uint8_t c, b;
	} o = { .c = 'A', .b = 0x80 };
	struct viz_attr attrs[] = { attr("c", VIZ_TYPE_I8, sizeof(struct viz_base), 1),
				    attr("b", VIZ_TYPE_BOOL, sizeof(struct viz_base) + 1, 1) };
	struct descriptor d = descriptor(VIZ_KIND_COUNTER, "o", 1, sizeof(o), attrs, 2);

	introduce(CLS, &d);
	snapshot_record(&record, OBJ, CLS, &o, sizeof(o));
	EXPECT("SNAPSHOT by 2 at 7000 counter o {c=65, b=true}");
}

Test(decode, rejects_snapshot_that_contradicts_itself)
{
	struct pool p = pool();

	introduce_pool();
	pool_record(&p);
	expect_rejected_sized(sizeof(struct rec_snapshot) - 1, PROBE_SET, __LINE__);
	expect_rejected_sized(record.size - 1, PROBE_SET, __LINE__);
	pool_record(&p);
	snapshot_of(&record)->probe = PROBE_LOG;
	snapshot_of(&record)->span_read++;
	EXPECT_REJECTED(PROBE_LOG);
	pool_record(&p);
	snapshot_of(&record)->span_size = sizeof(p) - 8; /* less than was read of it */
	EXPECT_REJECTED(PROBE_SET);
	pool_record(&p);
	snapshot_of(&record)->span_read = UINT32_MAX;
	snapshot_of(&record)->span_size = UINT32_MAX;
	EXPECT_REJECTED(PROBE_SET);
	pool_record(&p);
	snapshot_of(&record)->span_read = snapshot_of(&record)->span_size = (uint32_t)sizeof(p) + 1;
	EXPECT_REJECTED(PROBE_SET);
	pool_record(&p);
	snapshot_of(&record)->probe = PROBE_ENTER;
	EXPECT_REJECTED(PROBE_SET);
	pool_record(&p);
	snapshot_of(&record)->head.size = sizeof(struct rec_snapshot) - 1;
	EXPECT_REJECTED(PROBE_SET);
}

Test(decode, rejects_snapshot_of_a_class_that_is_unknown_or_a_dict)
{
	struct descriptor l = limits_class();
	struct pool p = pool();

	pool_record(&p);
	EXPECT_REJECTED(PROBE_SET);
	introduce_pool();
	pool_record(&p);
	head_of(&record)->tgid = PID + 1;
	EXPECT_REJECTED(PROBE_SET);
	introduce(CLS, &l);
	pool_record(&p);
	EXPECT_REJECTED(PROBE_SET);
}

Test(decode, rejects_snapshot_without_its_base)
{
	static const int32_t offsets[] = { 8, 1, INT32_MAX, INT32_MIN, -80, -88, -89 };
	struct pool p = pool();
	size_t i;

	introduce_pool();
	pool_record(&p);
	snapshot_of(&record)->span_read = sizeof(struct viz_base) - 1;
	EXPECT_REJECTED(PROBE_SET);
	for (i = 0; i < COUNT(offsets); i++) {
		pool_record(&p);
		snapshot_of(&record)->span_offset = offsets[i];
		EXPECT_REJECTED(PROBE_SET);
	}
}

static struct rec_text *text_of(struct record *r, unsigned i)
{
	return (struct rec_text *)(void *)(r->bytes + snapshot_of(r)->texts + i * sizeof(struct rec_text));
}

Test(decode, rejects_texts_outside_of_the_record)
{
	struct account a = account();
	uint32_t good;
	unsigned i;

	introduce_account();
	account_record(&a);
	snapshot_of(&record)->n_texts = UINT32_MAX;
	EXPECT_REJECTED(PROBE_SET);
	snapshot_of(&record)->n_texts = VIZ_SPAN_MAX / 8;
	EXPECT_REJECTED(PROBE_SET);
	account_record(&a);
	snapshot_of(&record)->texts = (uint32_t)record.size;
	snapshot_of(&record)->n_texts = VIZ_SPAN_MAX / 8 + 1; /* they are there, but too many */
	for (i = 0; i <= VIZ_SPAN_MAX / 8; i++)
		append(&record, &(struct rec_text){ .status = REC_TEXT_NULL }, sizeof(struct rec_text));
	EXPECT_REJECTED(PROBE_SET);
	account_record(&a);
	good = snapshot_of(&record)->texts;
	snapshot_of(&record)->texts = (uint32_t)record.size - 6 * 12 + 1;
	EXPECT_REJECTED(PROBE_SET);
	snapshot_of(&record)->texts = UINT32_MAX;
	EXPECT_REJECTED(PROBE_SET);
	snapshot_of(&record)->texts = (uint32_t)record.size + 1;
	EXPECT_REJECTED(PROBE_SET);

	snapshot_of(&record)->texts = good;
	text_of(&record, 0)->offset = UINT32_MAX;
	EXPECT_REJECTED(PROBE_SET);
	account_record(&a);
	text_of(&record, 0)->offset = (uint32_t)record.size + 1;
	EXPECT_REJECTED(PROBE_SET);
	account_record(&a);
	text_of(&record, 0)->offset = (uint32_t)record.size - 5;
	EXPECT_REJECTED(PROBE_SET);
	account_record(&a);
	text_of(&record, 0)->size = UINT32_MAX;
	EXPECT_REJECTED(PROBE_SET);
	account_record(&a);
	text_of(&record, 0)->size = 0;
	EXPECT_REJECTED(PROBE_SET);
	account_record(&a);
	text_of(&record, 0)->size--; /* does not end with its NUL */
	EXPECT_REJECTED(PROBE_SET);
	account_record(&a);
	text_of(&record, 0)->status = REC_TEXT_NULL + 1;
	EXPECT_REJECTED(PROBE_SET);
	account_record(&a);
	EXPECT(ACCOUNT);
}

Test(decode, silent_write_is_told_from_set_and_says_which_attribute)
{
	struct pool p = pool();
	struct event e;

	introduce_pool();
	pool_record(&p);
	snapshot_of(&record)->probe = PROBE_QUIET;
	snapshot_of(&record)->index = 2;
	cr_assert_eq(feed(&e), 0);
	cr_assert_eq(e.probe, EVENT_PROBE_QUIET);
	cr_assert_eq(e.index, 2);
	snapshot_of(&record)->span_read = 0;
	EXPECT_REJECTED(PROBE_QUIET);
}

Test(decode, all_public_attributes_can_be_asked_for)
{
	introduce_pool();
	decoder__include_all(decoder, true);
	masked(0x1, 0, "{open=-3, idle=4u, load=0.25, on=true}", 0xf);
	masked(0, 0x1, "{open=-3, idle=4u, load=0.25, on=true}", 0xf);
	decoder__include_all(decoder, false);
	masked(0x1, 0, "{open=-3}", 0x1);
}

/* ---- Classes ---- */

Test(decode, class_sent_again_changes_nothing)
{
	struct pool p = pool();

	introduce_pool();
	introduce_pool();
	pool_record(&p);
	EXPECT("SNAPSHOT by 2 at 7000 counter pool {open=-3, idle=4u, load=0.25, on=true}");
}

Test(decode, other_class_at_the_same_address_replaces_the_old_one)
{
	struct viz_attr a = ATTR(pool, _waiters, VIZ_TYPE_I32);
	struct descriptor d = descriptor(VIZ_KIND_OBJECT, "other", 1, sizeof(struct pool), &a, 1);
	struct pool p = pool();

	introduce_pool();
	pool_record(&p);
	EXPECT("SNAPSHOT by 2 at 7000 counter pool {open=-3, idle=4u, load=0.25, on=true}");
	strcpy(d.attrs[0].name, "waiters");
	introduce(CLS, &d);
	pool_record(&p);
	EXPECT("SNAPSHOT by 2 at 7000 other {waiters=9}");
	introduce_pool();
	pool_record(&p);
	EXPECT("SNAPSHOT by 2 at 7000 counter pool {open=-3, idle=4u, load=0.25, on=true}");
}

Test(decode, classes_of_two_processes_stay_apart)
{
	struct descriptor d = pool_class();
	struct pool p = pool();

	introduce_pool();
	strcpy(d.head.tag, "fool");
	class_record(&record, CLS, &d);
	head_of(&record)->tgid = PID + 1;
	EXPECT("IGNORE");
	pool_record(&p);
	EXPECT("SNAPSHOT by 2 at 7000 counter pool {open=-3, idle=4u, load=0.25, on=true}");
	head_of(&record)->tgid = PID + 1;
	EXPECT("SNAPSHOT by 2 at 7000 counter fool {open=-3, idle=4u, load=0.25, on=true}");
}

/* Refused in a record and as bytes alone; what was there before stays. */
static void expect_bad_class(const struct descriptor *d, int line)
{
	struct pool p = pool();
	struct event e;

	class_record(&record, CLS, d);
	expect_rejected_sized(record.size, -1, line);
	cr_assert(decoder__add_class(decoder, 0, CLS, d, sizeof(*d)) == -EINVAL, "line %d", line);
	pool_record(&p);
	cr_assert(feed(&e) == 0 && !strcmp(e.tag, "pool"), "line %d: the old class is gone", line);
}

#define BAD_CLASS(change) \
	do { \
		struct descriptor d = pool_class(); \
		change; \
		expect_bad_class(&d, __LINE__); \
	} while (0)

static void fill(struct descriptor *d, unsigned n_attrs)
{
	unsigned i;

	for (i = 1; i < n_attrs; i++)
		d->attrs[i] = d->attrs[0];
	d->head.n_attrs = (uint8_t)n_attrs;
	d->head.size = (uint32_t)(sizeof(d->head) + n_attrs * sizeof(d->attrs[0]));
}

Test(decode, takes_as_many_attributes_as_a_class_may_have)
{
	struct descriptor d = pool_class();

	fill(&d, VIZ_ATTRS_MAX);
	introduce(CLS, &d);
}

Test(decode, rejects_class_with_a_bad_head)
{
	introduce_pool();
	BAD_CLASS(d.head.magic++);
	BAD_CLASS(d.head.kind = 0);
	BAD_CLASS(d.head.kind = VIZ_KIND_DICT + 1);
	BAD_CLASS(d.head.n_attrs++);
	BAD_CLASS(d.head.n_attrs--);
	BAD_CLASS(fill(&d, VIZ_ATTRS_MAX + 1));
	BAD_CLASS(d.head.size--);
	BAD_CLASS(d.head.size++);
	BAD_CLASS(d.head.tag[0] = 0);
	BAD_CLASS(d.head.tag[1] = '\n');
	BAD_CLASS(d.head.tag[1] = 0x7f);
	BAD_CLASS(memset(d.head.tag, 'x', sizeof(d.head.tag)));
	BAD_CLASS(d.head.span_size = VIZ_SPAN_MAX + 1);
	BAD_CLASS(d.head.span_size = sizeof(struct viz_base) - 1);
	BAD_CLASS(d.head.span_size = sizeof(struct pool) - 16);
	BAD_CLASS(d.head.span_offset = 8);
	BAD_CLASS(d.head.span_offset = -4);
	BAD_CLASS(d.head.span_offset = INT32_MIN);
	BAD_CLASS(d.head.span_offset = -4096);
	BAD_CLASS(fill(&d, 0); d.head.span_size = sizeof(struct viz_base) - 1);
	BAD_CLASS(fill(&d, 0); d.head.span_offset = -64); /* the base would end behind the span */
}

Test(decode, rejects_class_with_a_bad_attribute)
{
	introduce_pool();
	BAD_CLASS(d.attrs[2].type = VIZ_TYPE_NONE);
	BAD_CLASS(d.attrs[2].type = VIZ_TYPE_DICT + 1);
	BAD_CLASS(d.attrs[2].stride = 4);
	BAD_CLASS(d.attrs[2].count = 2);
	BAD_CLASS(d.attrs[2].count = 0);
	BAD_CLASS(d.attrs[2].offset = -8);
	BAD_CLASS(d.attrs[2].offset = INT32_MIN);
	BAD_CLASS(d.attrs[2].offset = INT32_MAX);
	BAD_CLASS(d.attrs[2].offset = sizeof(struct pool) - 7);
	BAD_CLASS(d.attrs[2].name[0] = 0);
	BAD_CLASS(d.attrs[2].name[1] = 1);
	BAD_CLASS(strcpy(d.attrs[2].name, "viz."));
	BAD_CLASS(memset(d.attrs[2].name, 'x', sizeof(d.attrs[2].name)));
	BAD_CLASS(d.attrs[2].flags = VIZ_ATTR_LIST); /* in a counter */
	BAD_CLASS(d.attrs[2].type = VIZ_TYPE_STR);
	BAD_CLASS(d.head.kind = VIZ_KIND_OBJECT; d.attrs[2].type = VIZ_TYPE_STRP; d.attrs[2].stride = 4);
	BAD_CLASS(d.head.kind = VIZ_KIND_OBJECT; d.attrs[2].type = VIZ_TYPE_STR; d.attrs[2].stride = 0);
	BAD_CLASS(d.head.kind = VIZ_KIND_OBJECT; d.attrs[2].type = VIZ_TYPE_STR; d.attrs[2].stride = UINT32_MAX);
	BAD_CLASS(d.head.kind = VIZ_KIND_OBJECT; d.attrs[2].type = VIZ_TYPE_DICT);
	BAD_CLASS(d.head.kind = VIZ_KIND_OBJECT; d.attrs[2].type = VIZ_TYPE_DICT;
		  memset(d.attrs[2].dict, 'x', sizeof(d.attrs[2].dict)));
	BAD_CLASS(d.head.kind = VIZ_KIND_OBJECT; d.attrs[2].flags = VIZ_ATTR_LIST; d.attrs[2].count = UINT16_MAX);
	BAD_CLASS(d.head.kind = VIZ_KIND_OBJECT; d.attrs[2].flags = VIZ_ATTR_LIST; d.attrs[2].type = VIZ_TYPE_STR;
		  d.attrs[2].stride = VIZ_SPAN_MAX; d.attrs[2].count = UINT16_MAX);
	BAD_CLASS(d.head.kind = VIZ_KIND_DICT; d.head.span_offset = -8);
}

Test(decode, rejects_short_class)
{
	struct descriptor d = pool_class();

	cr_assert_eq(decoder__add_class(decoder, 0, 0, &d, sizeof(d.head) - 1), -EINVAL);
	cr_assert_eq(decoder__add_class(decoder, 0, 0, &d, 0), -EINVAL);
	cr_assert_eq(decoder__add_class(decoder, 0, 0, &d, d.head.size - 1), -EINVAL);
	cr_assert_eq(decoder__add_class(decoder, 0, 0, &d, d.head.size), 0);
	class_record(&record, CLS, &d);
	expect_rejected_sized(sizeof(struct rec_class) - 1, -1, __LINE__);
	head_of(&record)->size = sizeof(struct rec_class);
	EXPECT_REJECTED(-1);
}

Test(decode, memory_for_classes_is_bounded)
{
	struct descriptor d = pool_class();
	uint64_t i;
	int err = 0;

	for (i = 0; i < 100000 && !err; i++)
		err = decoder__add_class(decoder, PID, i, &d, sizeof(d));
	cr_assert_eq(err, -ENOSPC);
	strcpy(d.head.tag, "again");
	cr_assert_eq(decoder__add_class(decoder, PID, 0, &d, sizeof(d)), 0);
}

/* ---- Dicts ---- */

static const char *limits_in(struct record *r)
{
	const char *lim;
	struct event e;

	cr_assert_eq(feed_sized(r, r->size, &e), 0);
	lim = strstr(show(&e), "lim=");
	*strstr(page.text, ", json=") = 0;
	return lim;
}

Test(decode, unknown_dict_is_unreadable)
{
	struct descriptor a = account_class();
	struct account o = account();

	introduce(CLS, &a);
	account_record(&o);
	cr_assert_str_eq(limits_in(&record), "lim=?");
	cr_assert_eq(decoder__stats(decoder)->unreadable, 2);
}

Test(decode, dict_that_becomes_known_later_is_found)
{
	struct descriptor a = account_class(), l = limits_class();
	struct account o = account();

	introduce(CLS, &a);
	account_record(&o);
	cr_assert_str_eq(limits_in(&record), "lim=?");
	cr_assert_eq(decoder__add_class(decoder, 0, 5, &l, sizeof(l)), 0);
	cr_assert_str_eq(limits_in(&record), "lim={soft=1, hard=2, why=\"\"}");
}

Test(decode, dict_needs_its_tag_its_line_its_kind_and_room)
{
	struct descriptor a = account_class(), l = limits_class();
	struct account o = account();

	introduce(CLS, &a);
	l.head.line++;
	cr_assert_eq(decoder__add_class(decoder, PID, 1280, &l, sizeof(l)), 0);
	l = limits_class();
	l.head.tag[0]++;
	cr_assert_eq(decoder__add_class(decoder, PID, 1281, &l, sizeof(l)), 0);
	l = limits_class();
	l.head.span_size += 8;
	cr_assert_eq(decoder__add_class(decoder, PID, 1282, &l, sizeof(l)), 0);
	a.head.line = LIMITS_LINE;
	strcpy(a.head.tag, "limits");
	cr_assert_eq(decoder__add_class(decoder, PID, 1283, &a, sizeof(a)), 0);
	account_record(&o);
	cr_assert_str_eq(limits_in(&record), "lim=?");
}

static void add_dict(uint32_t pid, uint64_t address, const char *first_key)
{
	struct descriptor l = limits_class();

	strcpy(l.attrs[0].name, first_key);
	l.head.n_attrs = 1;
	l.head.size = sizeof(l.head) + sizeof(struct viz_attr);
	cr_assert_eq(decoder__add_class(decoder, pid, address, &l, sizeof(l)), 0);
}

Test(decode, dict_of_the_same_process_then_of_none_and_the_nearest_is_taken)
{
	struct descriptor a = account_class();
	struct account o = account();

	introduce(CLS, &a);
	account_record(&o);
	add_dict(PID + 1, CLS + 1, "other");
	cr_assert_str_eq(limits_in(&record), "lim={other=1}");
	add_dict(0, CLS - 1000, "none");
	cr_assert_str_eq(limits_in(&record), "lim={none=1}");
	add_dict(PID, CLS + 800, "far");
	cr_assert_str_eq(limits_in(&record), "lim={far=1}");
	add_dict(PID, CLS - 700, "near");
	cr_assert_str_eq(limits_in(&record), "lim={near=1}");
	add_dict(PID, CLS + 900, "farther");
	cr_assert_str_eq(limits_in(&record), "lim={near=1}");
	add_dict(PID, CLS - 700, "changed");
	cr_assert_str_eq(limits_in(&record), "lim={changed=1}");
}

Test(decode, private_attributes_of_dicts_are_left_out)
{
	struct descriptor a = account_class(), l = limits_class();
	struct account o = account();

	strcpy(l.attrs[1].name, "_hard");
	introduce(CLS, &a);
	introduce(DICT_CLS, &l);
	account_record(&o);
	cr_assert_str_eq(limits_in(&record), "lim={soft=1, why=\"\"}");
}

/* A dict that holds itself. */
static void introduce_loop(unsigned n_attrs)
{
	struct viz_attr attrs[VIZ_ATTRS_MAX];
	struct descriptor d;
	unsigned i;

	for (i = 0; i < n_attrs; i++) {
		attrs[i] = dict_attr("d", "loop", 5, 0, 64);
		attrs[i].name[0] = (char)('0' + i);
	}
	d = descriptor(VIZ_KIND_DICT, "loop", 5, 64, attrs, n_attrs);
	introduce(DICT_CLS, &d);
	attrs[0].offset = sizeof(struct viz_base);
	d = descriptor(VIZ_KIND_OBJECT, "o", 1, sizeof(struct viz_base) + 64, attrs, 1);
	introduce(CLS, &d);
}

static const char zeros[sizeof(struct viz_base) + 64];

Test(decode, dicts_inside_of_dicts_end_at_a_depth)
{
	introduce_loop(1);
	snapshot_record(&record, OBJ, CLS, zeros, sizeof(zeros));
	EXPECT("SNAPSHOT by 2 at 7000 o {0={0={0={0={0={0={0={0={0=?}}}}}}}}}");
}

Test(decode, descriptor_that_explodes_is_one_unreadable_value)
{
	introduce_loop(VIZ_ATTRS_MAX);
	snapshot_record(&record, OBJ, CLS, zeros, sizeof(zeros));
	EXPECT("SNAPSHOT by 2 at 7000 o {0=?}");
	EXPECT("SNAPSHOT by 2 at 7000 o {0=?}");
}

Test(decode, largest_list_fits)
{
	static char object[VIZ_SPAN_MAX];
	struct viz_attr a = list_attr("v", VIZ_TYPE_U8, sizeof(struct viz_base), 1,
				      VIZ_SPAN_MAX - sizeof(struct viz_base));
	struct descriptor d = descriptor(VIZ_KIND_OBJECT, "o", 1, sizeof(object), &a, 1);
	struct event e;

	introduce(CLS, &d);
	snapshot_record(&record, OBJ, CLS, object, sizeof(object));
	cr_assert_eq(feed(&e), 0);
	cr_assert_eq(e.n_values, 1 + a.count);
	cr_assert_eq(e.values[0].n_children, a.count);
	cr_assert_eq(e.values[a.count].type, VALUE_UINT);
}

/* Attributes that are all the same memory: twice as much is shown as there is, and no more. */
Test(decode, what_overlaps_is_shown_twice_at_most)
{
	static char object[1024];
	struct viz_attr attrs[8];
	struct descriptor d;
	struct event e;
	size_t unreadable = 0;

	for (size_t i = 0; i < 8; i++) {
		char name[8];

		snprintf(name, sizeof(name), "v%zu", i);
		attrs[i] = list_attr(name, VIZ_TYPE_U8, sizeof(struct viz_base), 1,
				     sizeof(object) - sizeof(struct viz_base));
	}
	d = descriptor(VIZ_KIND_OBJECT, "o", 1, sizeof(object), attrs, 8);
	introduce(CLS, &d);
	snapshot_record(&record, OBJ, CLS, object, sizeof(object));
	cr_assert_eq(feed(&e), 0);
	cr_assert_leq(e.n_values, 2 * sizeof(object) + 8);
	for (size_t i = 0; i < e.n_values; i++)
		unreadable += e.values[i].type == VALUE_UNREADABLE;
	cr_assert_eq(unreadable, 6);
}
