/* SPDX-License-Identifier: BSD-2-Clause */
/* The records that are no snapshots, and any bytes at all. */
#include <criterion/criterion.h>
#include <errno.h>

#include "decode_fixtures.h"

TestSuite(decode_records, .init = setup, .fini = tidy);

/* ---- The other records ---- */

Test(decode_records, init_and_found_carry_class_and_name)
{
	introduce_pool();
	object_record(&record, REC_INIT, OBJ, CLS, "db pool");
	EXPECT("INIT by 0 at 7000 counter pool \"db pool\"");
	object_record(&record, REC_INIT, OBJ, CLS, NULL);
	EXPECT("INIT by 0 at 7000 counter pool");
	object_record(&record, REC_OBJECT, OBJ, CLS, "db pool");
	EXPECT("FOUND at 7000 counter pool \"db pool\"");
	head_of(&record)->flags = REC_NEW;
	EXPECT("FOUND at 7000 counter pool \"db pool\" new");
}

Test(decode_records, object_carries_the_keys_of_its_class_but_no_private_ones)
{
	struct event e;

	introduce_pool();
	object_record(&record, REC_INIT, OBJ, CLS, "db pool");
	cr_assert_eq(feed(&e), 0);
	cr_assert_eq(e.n_keys, 5);
	cr_assert_str_eq(e.keys[0], "open");
	cr_assert_str_eq(e.keys[3], "on");
	cr_assert_str_eq(e.keys[4], "");
}

Test(decode_records, unreadable_object_name_says_so)
{
	introduce_pool();
	object_record(&record, REC_INIT, OBJ, CLS, NULL);
	head_of(&record)->flags = REC_UNREADABLE;
	EXPECT("INIT by 0 at 7000 counter pool \"<unreadable>\"");
	cr_assert_eq(decoder__stats(decoder)->unreadable, 1);
}

Test(decode_records, cut_names_say_so)
{
	introduce_pool();
	object_record(&record, REC_INIT, OBJ, CLS, "db po");
	head_of(&record)->flags = REC_TRUNCATED;
	EXPECT("INIT by 0 at 7000 counter pool \"db po...\"");
	slice_record(&record, REC_ENTER, "par", 0, 0);
	head_of(&record)->flags = REC_TRUNCATED;
	EXPECT("ENTER by 4 \"par...\"");
	value_record(&record, "longer", "x", VIZ_TYPE_I64, 1);
	head_of(&record)->flags = REC_TRUNCATED;
	EXPECT("VALUE by 6 \"longer...\" {x=1}");
	value_record(&record, "x", "longer", VIZ_TYPE_I64, 1);
	head_of(&record)->flags = REC_TRUNCATED;
	EXPECT("VALUE by 6 \"x\" {longer...=1}");
	value_record(&record, "ab", "cd", VIZ_TYPE_I64, 1);
	head_of(&record)->flags = REC_TRUNCATED;
	EXPECT("VALUE by 6 \"ab...\" {cd...=1}");
	cr_assert_eq(decoder__stats(decoder)->truncated, 5);
}

Test(decode_records, names_are_cut_between_characters)
{
	slice_record(&record, REC_ENTER, "par\xc3", 0, 0);
	head_of(&record)->flags = REC_TRUNCATED;
	EXPECT("ENTER by 4 \"par...\"");
	slice_record(&record, REC_ENTER, "\xf0\x9f\x98", 0, 0);
	head_of(&record)->flags = REC_TRUNCATED;
	EXPECT("ENTER by 4 \"...\"");
	slice_record(&record, REC_ENTER, "par\xc3\xa4", 0, 0);
	head_of(&record)->flags = REC_TRUNCATED;
	EXPECT("ENTER by 4 \"par\xc3\xa4...\"");
}

Test(decode_records, destroy_carries_the_address)
{
	destroy_record(&record, OBJ);
	EXPECT("DESTROY by 1 at 7000");
}

Test(decode_records, slices_carry_name_frame_and_flags)
{
	slice_record(&record, REC_ENTER, "f", 0x9000, VIZ_SLICE_SCOPED);
	EXPECT("ENTER by 4 \"f\" frame 9000 scoped");
	slice_record(&record, REC_EXIT, "void f()", 0x9000, VIZ_SLICE_SCOPED | VIZ_SLICE_PRETTY);
	EXPECT("EXIT by 5 \"void f()\" frame 9000 scoped pretty");
	slice_record(&record, REC_ENTER, "load", 0x9000, 0);
	EXPECT("ENTER by 4 \"load\" frame 9000");
	slice_record(&record, REC_INSTANT, "reloaded", 0, 0);
	EXPECT("INSTANT by 7 \"reloaded\"");
	slice_record(&record, REC_ENTER, NULL, 0x9000, 0);
	EXPECT("ENTER by 4 frame 9000");
	cr_assert_eq(decoder__stats(decoder)->unreadable, 1);
}

Test(decode_records, scopes_tell_where_they_begin)
{
	slice_record(&record, REC_ENTER, "f", 0x9000, VIZ_SLICE_SCOPED | 0xbeefu << 16);
	EXPECT("ENTER by 4 \"f\" frame 9000 scoped site beef");
	slice_record(&record, REC_ENTER, "f", 0x9000, 0xbeefu << 16);
	EXPECT("ENTER by 4 \"f\" frame 9000");
	slice_record(&record, REC_EXIT, "f", 0x9000, VIZ_SLICE_SCOPED | 0xbeefu << 16);
	EXPECT("EXIT by 5 \"f\" frame 9000 scoped");
}

Test(decode_records, steps_of_what_is_of_no_thread_carry_an_id)
{
	slice_record(&record, REC_ASYNC, "request", 0x7f00, VIZ_ASYNC_BEGIN | VIZ_ASYNC_POINTER);
	EXPECT("ASYNC by 9 \"request\" step 1 at 7f00");
	slice_record(&record, REC_ASYNC, "flow", 7, VIZ_ASYNC_IN);
	EXPECT("ASYNC by 9 \"flow\" step 4 of 7");
	slice_record(&record, REC_ASYNC, "request", 7, 0);
	EXPECT_REJECTED(PROBE_ASYNC);
	slice_record(&record, REC_ASYNC, "request", 7, VIZ_ASYNC_IN + 1);
	EXPECT_REJECTED(PROBE_ASYNC);
}

Test(decode_records, values_carry_their_type)
{
	double d = -0.5;
	uint64_t bits;

	memcpy(&bits, &d, sizeof(bits));
	value_record(&record, "queue", "depth", VIZ_TYPE_I64, (uint64_t)-3);
	EXPECT("VALUE by 6 \"queue\" {depth=-3}");
	value_record(&record, "queue", "depth", VIZ_TYPE_U64, UINT64_MAX);
	EXPECT("VALUE by 6 \"queue\" {depth=18446744073709551615u}");
	value_record(&record, "queue", "depth", VIZ_TYPE_F64, bits);
	EXPECT("VALUE by 6 \"queue\" {depth=-0.5}");
	value_record(&record, NULL, NULL, VIZ_TYPE_I64, 1);
	EXPECT("VALUE by 6 {<unreadable>=1}");
	cr_assert_eq(decoder__stats(decoder)->unreadable, 2);
}

Test(decode_records, comm_always_ends)
{
	struct event e;

	destroy_record(&record, OBJ);
	memset(head_of(&record)->comm, 'x', sizeof(head_of(&record)->comm));
	cr_assert_eq(feed(&e), 0);
	cr_assert_str_eq(e.comm, "xxxxxxxxxxxxxxx");
}

Test(decode_records, rejects_short_record)
{
	size_t size;

	introduce_pool();
	for (size = 0; size < sizeof(struct rec_head); size++)
		expect_rejected_sized(size, -1, __LINE__);
	destroy_record(&record, OBJ);
	expect_rejected_sized(record.size - 1, PROBE_DESTROY, __LINE__);
	head_of(&record)->size--;
	EXPECT_REJECTED(PROBE_DESTROY);
	head_of(&record)->size = 0;
	EXPECT_REJECTED(PROBE_DESTROY);
	head_of(&record)->size = sizeof(struct rec_head) - 1;
	EXPECT_REJECTED(PROBE_DESTROY);
	object_record(&record, REC_INIT, OBJ, CLS, NULL);
	head_of(&record)->size--;
	EXPECT_REJECTED(PROBE_INIT);
	object_record(&record, REC_OBJECT, OBJ, CLS, NULL);
	head_of(&record)->size--;
	EXPECT_REJECTED(-1);
	slice_record(&record, REC_ENTER, NULL, 0, 0);
	head_of(&record)->size--;
	EXPECT_REJECTED(PROBE_ENTER);
	slice_record(&record, REC_EXIT, NULL, 0, 0);
	head_of(&record)->size--;
	EXPECT_REJECTED(PROBE_EXIT);
	slice_record(&record, REC_INSTANT, NULL, 0, 0);
	head_of(&record)->size--;
	EXPECT_REJECTED(PROBE_INSTANT);
	value_record(&record, NULL, NULL, VIZ_TYPE_I64, 0);
	head_of(&record)->size--;
	EXPECT_REJECTED(PROBE_VALUE);
}

Test(decode_records, rejects_names_that_do_not_end_or_do_not_fit)
{
	introduce_pool();
	object_record(&record, REC_INIT, OBJ, CLS, "name");
	record.bytes[record.size - 1] = 'x';
	EXPECT_REJECTED(PROBE_INIT);
	object_record(&record, REC_INIT, OBJ, CLS, "name");
	((struct rec_object *)(void *)record.bytes)->name_size++;
	EXPECT_REJECTED(PROBE_INIT);
	((struct rec_object *)(void *)record.bytes)->name_size = UINT32_MAX;
	EXPECT_REJECTED(PROBE_INIT);
	slice_record(&record, REC_ENTER, "name", 0, 0);
	record.bytes[record.size - 1] = 'x';
	EXPECT_REJECTED(PROBE_ENTER);
	slice_record(&record, REC_ENTER, "name", 0, 0);
	((struct rec_slice *)(void *)record.bytes)->name_size = UINT32_MAX;
	EXPECT_REJECTED(PROBE_ENTER);
	value_record(&record, "name", "attr", VIZ_TYPE_I64, 0);
	record.bytes[record.size - 1] = 'x';
	EXPECT_REJECTED(PROBE_VALUE);
	value_record(&record, "name", "attr", VIZ_TYPE_I64, 0);
	record.bytes[record.size - 6] = 'x';
	EXPECT_REJECTED(PROBE_VALUE);
	value_record(&record, "name", "attr", VIZ_TYPE_I64, 0);
	((struct rec_value *)(void *)record.bytes)->attr_size++;
	EXPECT_REJECTED(PROBE_VALUE);
	((struct rec_value *)(void *)record.bytes)->name_size = UINT16_MAX;
	EXPECT_REJECTED(PROBE_VALUE);
}

Test(decode_records, rejects_value_of_another_type)
{
	value_record(&record, "name", "attr", VIZ_TYPE_I32, 0);
	EXPECT_REJECTED(PROBE_VALUE);
}

Test(decode_records, rejects_object_of_an_unknown_class)
{
	struct descriptor l = limits_class();

	object_record(&record, REC_INIT, OBJ, CLS, "name");
	EXPECT_REJECTED(PROBE_INIT);
	object_record(&record, REC_OBJECT, OBJ, CLS, "name");
	EXPECT_REJECTED(-1);
	introduce(CLS, &l);
	object_record(&record, REC_INIT, OBJ, CLS, "name");
	EXPECT_REJECTED(PROBE_INIT);
}

Test(decode_records, skips_unknown_kinds_and_counts_them)
{
	struct event e;

	begin_record(&record, 99, sizeof(struct rec_head) + 16);
	cr_assert_eq(feed(&e), -EINVAL);
	begin_record(&record, 0, sizeof(struct rec_head));
	cr_assert_eq(feed(&e), -EINVAL);
	head_of(&record)->size--;
	EXPECT_REJECTED(-1);
	cr_assert_eq(decoder__stats(decoder)->unknown, 2);
	cr_assert_eq(decoder__stats(decoder)->rejected, 1);
}

Test(decode_records, free_takes_nothing)
{
	decoder__free(NULL);
}

/* ---- Anything ---- */

static uint64_t seed = 1;

static uint32_t any(uint32_t below)
{
	seed = seed * 6364136223846793005u + 1442695040888963407u;
	return (uint32_t)(seed >> 33) % below;
}

/* Every byte of the event is there and ends where it says. */
static size_t touch(const struct event *e)
{
	size_t i, sum = strlen(e->comm) + (e->name ? strlen(e->name) : 0) + (e->tag ? strlen(e->tag) : 0);

	if (e->values) {
		show_values(&page, e->values, e->n_values);
		cr_assert_null(strstr(text(), "more nodes"), "%s", page.text);
		for (i = 0; i < e->n_values; i++)
			sum += e->values[i].key ? strlen(e->values[i].key) : 0;
	}
	return sum;
}

static void valid_record(struct record *r, unsigned kind)
{
	struct descriptor a = account_class(), l = limits_class(), p = pool_class();
	struct account account_now = account();
	struct pool pool_now = pool();

	switch (kind) {
	case 0: class_record(r, CLS, &a); break;
	case 1: class_record(r, DICT_CLS, &l); break;
	case 2: class_record(r, CLS + 8, &p); break;
	case 3: object_record(r, REC_INIT, OBJ, CLS, "name"); break;
	case 4: object_record(r, REC_OBJECT, OBJ, CLS, "name"); break;
	case 5: destroy_record(r, OBJ); break;
	case 6: slice_record(r, REC_ENTER, "name", 0x9000, 1); break;
	case 7: value_record(r, "name", "attr", VIZ_TYPE_F64, 1); break;
	case 8: snapshot_record(r, OBJ, CLS + 8, &pool_now, sizeof(pool_now)); break;
	default:
		account_record(&account_now);
		memcpy(r, &record, sizeof(*r));
		break;
	}
}

Test(decode_records, survives_any_bytes, .timeout = 300)
{
	static struct record valid[12], r;
	uint64_t fine = 0, i;
	struct event e;
	unsigned k;

	for (k = 0; k < COUNT(valid); k++)
		valid_record(&valid[k], k);
	for (i = 0; i < 1000000; i++) {
		unsigned flips = any(4);

		/* Now and then the classes are right again, so that snapshots do not all fail for want of
		 * one. */
		if (i % 256 == 0) {
			for (k = 0; k < 3; k++)
				cr_assert_eq(feed_sized(&valid[k], valid[k].size, &e), 0);
		}
		k = any(COUNT(valid));
		r.size = valid[k].size;
		memcpy(r.bytes, valid[k].bytes, r.size);
		while (flips--) {
			uint32_t at = any(4) ? any((uint32_t)r.size) : any(88 < r.size ? 88 : (uint32_t)r.size);

			switch (any(3)) {
			case 0: r.bytes[at] ^= (uint8_t)(1u << any(8)); break;
			case 1: r.bytes[at] = (uint8_t)any(256); break;
			default: r.bytes[at] = (uint8_t)(any(2) ? 0xff : 0); break;
			}
		}
		if (any(8) == 0)
			r.size = any((uint32_t)r.size + 1);
		if (!feed_sized(&r, r.size, &e)) {
			touch(&e);
			fine++;
		}
	}
	/* Neither all refused nor all taken: the bytes reach the inner parts. */
	cr_assert(fine > 300000 && fine < 950000, "%" PRIu64, fine);
}
