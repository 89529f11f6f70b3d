/* SPDX-License-Identifier: BSD-2-Clause */
/* What is behind pointers: the classes that say so, and snapshots with what was found there. */
#include <criterion/criterion.h>

#include "decode_fixtures.h"

TestSuite(followed, .init = setup, .fini = tidy);

struct handle {
	struct viz_object viz;
	const void *of;
};

/* Attributes of what `of` points to: an int32, an int16[2], a char[4], a char *. */
static struct descriptor handle_class(void)
{
	const struct viz_path path = { .n = 1, .hops = { 4 } };
	const size_t at = offsetof(struct handle, of);
	struct viz_attr attrs[] = { attr("of.n", VIZ_TYPE_I32, at, 4), list_attr("of.list", VIZ_TYPE_I16, at, 2, 2),
				    attr("of.text", VIZ_TYPE_STR, at, 4), attr("of.name", VIZ_TYPE_STRP, at, 8) };

	for (size_t i = 0; i < COUNT(attrs); i++) {
		attrs[i].type |= VIZ_TYPE_FOLLOWED;
		memcpy(attrs[i].dict, &path, sizeof(path));
	}
	return descriptor(VIZ_KIND_OBJECT, "handle", 1, sizeof(struct handle), attrs, COUNT(attrs));
}

static void introduce_handle(void)
{
	struct descriptor d = handle_class();

	introduce(CLS, &d);
}

static struct rec_text *entry(unsigned i)
{
	return (struct rec_text *)(void *)(record.bytes + snapshot_of(&record)->texts + i * sizeof(struct rec_text));
}

static void handle_record(const void *of, const struct text_entry *texts, size_t n)
{
	struct handle h = { .of = of };

	snapshot_record(&record, OBJ, CLS, &h, sizeof(h));
	if (n)
		add_texts(&record, texts, n);
}

Test(followed, values_are_found_by_their_attribute)
{
	const struct text_entry texts[] = { { REC_FOLLOWED | 3, REC_TEXT_OK, "ann" },
					    { REC_FOLLOWED | 1, REC_TEXT_OK, "\1\1\2\2" },
					    { REC_FOLLOWED | 2, REC_TEXT_OK, "abcd" },
					    { REC_FOLLOWED | 0, REC_TEXT_OK, "\1\1\1\1" } };

	introduce_handle();
	handle_record(&record, texts, COUNT(texts));
	for (unsigned i = 1; i < COUNT(texts); i++)
		entry(i)->size = 4; /* bytes as they are, without a NUL */
	EXPECT("SNAPSHOT by 2 at 7000 handle {of.n=16843009, of.list=[257, 514], of.text=\"abcd\", of.name=\"ann\"}");
	cr_assert_eq(decoder__stats(decoder)->unreadable, 0);
}

Test(followed, null_is_null_and_what_was_not_there_is_unreadable)
{
	const struct text_entry texts[] = { { REC_FOLLOWED | 0, REC_TEXT_NULL, NULL },
					    { REC_FOLLOWED | 1, REC_TEXT_UNREADABLE, NULL },
					    { REC_FOLLOWED | 2, REC_TEXT_OK, "ab" } };

	introduce_handle();
	handle_record(&record, texts, COUNT(texts)); /* and not a word of the last one */
	EXPECT("SNAPSHOT by 2 at 7000 handle {of.n=null, of.list=?, of.text=\"ab\", of.name=?}");
	cr_assert_eq(decoder__stats(decoder)->unreadable, 2);
	handle_record(NULL, NULL, 0);
	EXPECT("SNAPSHOT by 2 at 7000 handle {of.n=null, of.list=null, of.text=null, of.name=null}");
	cr_assert_eq(decoder__stats(decoder)->unreadable, 2);
}

Test(followed, nothing_is_read_beyond_the_bytes_that_are_there)
{
	const struct text_entry texts[] = { { REC_FOLLOWED | 1, REC_TEXT_OK, "ab" },
					    { REC_FOLLOWED | 0, REC_TEXT_OK, "ab" } };

	introduce_handle();
	handle_record(NULL, texts, COUNT(texts));
	entry(0)->size = entry(1)->size = 2;
	EXPECT("SNAPSHOT by 2 at 7000 handle {of.n=?, of.list=[25185, ?], of.text=null, of.name=null}");
}

Test(followed, pointer_outside_of_the_record_is_refused)
{
	const struct text_entry texts[] = { { REC_FOLLOWED | 0, REC_TEXT_OK, "abc" } };

	introduce_handle();
	handle_record(NULL, texts, COUNT(texts));
	entry(0)->size++;
	EXPECT_REJECTED(PROBE_SET);
	entry(0)->size = UINT32_MAX;
	EXPECT_REJECTED(PROBE_SET);
}

#define BAD_CLASS(change) \
	do { \
		struct descriptor d = handle_class(); \
		change; \
		class_record(&record, CLS, &d); \
		EXPECT_REJECTED(-1); \
	} while (0)

Test(followed, rejects_class_with_a_bad_path)
{
	BAD_CLASS(d.head.version = 1);
	BAD_CLASS(d.head.version = VIZ_ABI_VERSION + 1);
	BAD_CLASS(d.attrs[0].dict[0] = 0);
	BAD_CLASS(d.attrs[0].dict[0] = VIZ_HOPS_MAX + 1);
	BAD_CLASS(d.attrs[0].dict[3] = 1);
	BAD_CLASS(d.attrs[0].type = VIZ_TYPE_FOLLOWED);
	BAD_CLASS(d.attrs[0].type = VIZ_TYPE_FOLLOWED | VIZ_TYPE_DICT);
	BAD_CLASS(d.attrs[0].type = VIZ_TYPE_FOLLOWED | (VIZ_TYPE_DICT + 1));
	BAD_CLASS(d.attrs[0].offset += 4); /* the pointer would end behind the span */
	BAD_CLASS(d.attrs[1].count = VIZ_SPAN_MAX / 2 + 1);
	BAD_CLASS(d.attrs[3].flags = VIZ_ATTR_LIST);
	introduce_handle();
}

/* A dict is a part of another struct: nobody would follow from there. */
Test(followed, not_in_a_dict)
{
	BAD_CLASS(d.head.kind = VIZ_KIND_DICT;
		  d.attrs[0].offset = d.attrs[1].offset = d.attrs[2].offset = d.attrs[3].offset = 0);
}

/* What only a later tool understands is told from what is damaged. */
Test(followed, class_of_a_later_version_says_so)
{
	struct descriptor d = handle_class();

	d.head.version = VIZ_ABI_VERSION + 1;
	cr_assert_eq(decoder__add_class(decoder, PID, CLS, &d, d.head.size), -EPROTO);
	d.head.magic++;
	cr_assert_eq(decoder__add_class(decoder, PID, CLS, &d, d.head.size), -EINVAL);
}

struct self_told {
	struct viz_object viz;
	uint64_t vector[2], view[2];
	int32_t maybe;
	bool there;
};

/* An int16[up to 3] from here to there; a string that says its size first; an int32 or none. */
static struct descriptor self_told_class(void)
{
	const struct viz_path vector = { .n = 1, .range = VIZ_RANGE_END }, view = { .n = 1, .range = VIZ_RANGE_SIZED };
	struct viz_attr attrs[] = { list_attr("vector", VIZ_TYPE_I16, offsetof(struct self_told, vector), 2, 3),
				    attr("view", VIZ_TYPE_STR, offsetof(struct self_told, view), 100),
				    ATTR(self_told, maybe, VIZ_TYPE_I32) };

	attrs[0].type |= VIZ_TYPE_FOLLOWED;
	attrs[1].type |= VIZ_TYPE_FOLLOWED;
	attrs[2].flags = VIZ_ATTR_OPTIONAL;
	memcpy(attrs[0].dict, &vector, sizeof(vector));
	memcpy(attrs[1].dict, &view, sizeof(view));
	return descriptor(VIZ_KIND_OBJECT, "self_told", 1, sizeof(struct self_told), attrs, COUNT(attrs));
}

static void self_told_record(const struct self_told *object, unsigned status, size_t size)
{
	const struct text_entry texts[] = { { REC_FOLLOWED | 0, status, "\1\1\2\2\3\3" },
					    { REC_FOLLOWED | 1, status, "a view" } };
	struct descriptor d = self_told_class();

	introduce(CLS, &d);
	snapshot_record(&record, OBJ, CLS, object, sizeof(*object));
	add_texts(&record, texts, COUNT(texts));
	entry(0)->size = entry(1)->size = (uint32_t)size;
}

Test(followed, ranges_are_as_long_as_what_was_there)
{
	const struct self_told some = {
		.vector = { 0x1000, 0x1006 }, .view = { 6, 0x2000 }, .maybe = 7, .there = true
	};
	const struct self_told none = { .vector = { 0x1000, 0x1000 }, .view = { 0, 0x2000 } };

	self_told_record(&some, REC_TEXT_OK, 4);
	EXPECT("SNAPSHOT by 2 at 7000 self_told {vector=[257, 514], view=\"a vi\", maybe=7}");
	self_told_record(&none, REC_TEXT_NULL, 0);
	EXPECT("SNAPSHOT by 2 at 7000 self_told {vector=[], view=\"\", maybe=null}");
	cr_assert_eq(decoder__stats(decoder)->truncated, 0);
	self_told_record(&some, REC_TEXT_UNREADABLE, 0);
	EXPECT("SNAPSHOT by 2 at 7000 self_told {vector=?, view=?, maybe=7}");
	cr_assert_eq(decoder__stats(decoder)->unreadable, 2);
}

Test(followed, what_is_more_than_a_range_may_hold_is_cut_and_counted)
{
	const struct self_told some = { .vector = { 0x1000, 0x2000 }, .view = { 5000, 0x2000 } };

	self_told_record(&some, REC_TEXT_TRUNCATED, 6);
	EXPECT("SNAPSHOT by 2 at 7000 self_told {vector=[257, 514, 771, \"\"~], view=\"a view\"~, maybe=null}");
	cr_assert_eq(decoder__stats(decoder)->truncated, 2);
	self_told_record(&some, REC_TEXT_TRUNCATED, 0); /* no room was left for either */
	EXPECT("SNAPSHOT by 2 at 7000 self_told {vector=[\"\"~], view=\"\"~, maybe=null}");
}

Test(followed, rejects_class_with_a_bad_range)
{
#define BAD_RANGE(change) \
	do { \
		struct descriptor d = self_told_class(); \
		change; \
		class_record(&record, CLS, &d); \
		EXPECT_REJECTED(-1); \
	} while (0)
	const size_t at = offsetof(struct viz_path, range);

	BAD_RANGE(d.attrs[0].dict[at] = VIZ_RANGE_SIZED + 1);
	BAD_RANGE(d.attrs[0].dict[0] = 2);
	BAD_RANGE(d.attrs[0].dict[4] = 8);
	BAD_RANGE(d.attrs[0].flags = 0; d.attrs[0].count = 1);
	BAD_RANGE(d.attrs[0].count = VIZ_SPAN_MAX);
	BAD_RANGE(d.attrs[1].flags = VIZ_ATTR_LIST);
	BAD_RANGE(d.attrs[1].type = VIZ_TYPE_FOLLOWED | VIZ_TYPE_STRP; d.attrs[1].stride = 8);
	BAD_RANGE(d.attrs[1].offset = sizeof(struct self_told) - 8); /* its second word would end behind the span */
	BAD_RANGE(d.attrs[2].flags |= VIZ_ATTR_LIST);
	BAD_RANGE(d.attrs[2].type = VIZ_TYPE_STR);
	BAD_RANGE(d.attrs[2].offset = sizeof(struct self_told) - 4); /* what says whether there is one, too */
	BAD_RANGE(d.head.version = 2);
}
