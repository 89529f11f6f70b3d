// SPDX-License-Identifier: BSD-2-Clause
/* Numbers of which their program says more: what their values are called, and their units. */
#include <criterion/criterion.h>

#include "decode_fixtures.h"

TestSuite(noted, .init = setup, .fini = tidy);

#define NAMES 0x403000u
#define MORE_NAMES 0x403800u
#define LINE 7

struct conn {
	struct viz_object viz;
	uint32_t state;
	int8_t was[2];
	uint64_t size;
	double load;
};

struct names {
	struct viz_class head;
	char list[VIZ_ATTRS_MAX][VIZ_NAME_MAX + 1];
};

static struct viz_attr noted(struct viz_attr a, unsigned flags, unsigned line, const char *tag)
{
	a.flags |= (uint8_t)flags;
	a.line = line;
	strncpy(a.dict, tag, VIZ_NAME_MAX);
	return a;
}

static struct descriptor conn_class(void)
{
	struct viz_attr was = list_attr("was", VIZ_TYPE_I8, offsetof(struct conn, was), 1, 2);
	struct viz_attr attrs[] = { noted(ATTR(conn, state, VIZ_TYPE_U32), VIZ_ATTR_ENUM, LINE, ""),
				    noted(was, VIZ_ATTR_ENUM, LINE, "state"),
				    noted(ATTR(conn, size, VIZ_TYPE_U64), VIZ_ATTR_UNIT, LINE, ""),
				    noted(ATTR(conn, load, VIZ_TYPE_F64), VIZ_ATTR_UNIT, 0, "%") };

	return descriptor(VIZ_KIND_OBJECT, "conn", LINE, sizeof(struct conn), attrs, COUNT(attrs));
}

/* `of`: an attribute of the class with that tag, or "". */
static struct names names_of(const char *tag, const char *of, unsigned line, const char *const *list, size_t n)
{
	struct names names = { .head = { .magic = VIZ_CLASS_MAGIC,
					 .version = VIZ_ABI_VERSION,
					 .kind = VIZ_KIND_NAMES,
					 .n_attrs = (uint8_t)(n + 1),
					 .line = line } };

	names.head.size = (uint32_t)(sizeof(names.head) + (n + 1) * sizeof(names.list[0]));
	strncpy(names.head.tag, tag, VIZ_NAME_MAX);
	strncpy(names.list[0], of, sizeof(names.list[0]));
	for (size_t i = 0; i < n; i++)
		strncpy(names.list[i + 1], list[i], sizeof(names.list[0]));
	return names;
}

static int offer(uint64_t address, const struct names *names)
{
	return decoder__add_class(decoder, PID, address, names, names->head.size);
}

static void offer_states(uint64_t address, unsigned line)
{
	static const char *const states[] = { "idle", "", "busy" };
	const struct names of_state = names_of("conn", "state", line, states, COUNT(states)),
			   shared = names_of("state", "", line, states, COUNT(states));

	cr_assert_eq(offer(address, &of_state), 0);
	cr_assert_eq(offer(address + 0x400, &shared), 0);
}

static void conn_record(uint32_t state)
{
	const struct conn c = { .state = state, .was = { 2, -1 }, .size = 3, .load = 0.5 };

	snapshot_record(&record, OBJ, CLS, &c, sizeof(c));
}

static void introduce_conn(void)
{
	struct descriptor d = conn_class();

	introduce(CLS, &d);
}

Test(noted, values_have_names_and_numbers_units)
{
	static const char *const unit[] = { "bytes" };
	const struct names names = names_of("conn", "size", LINE, unit, 1);

	introduce_conn();
	conn_record(0);
	EXPECT("SNAPSHOT by 2 at 7000 conn {state=0u, was=[2, -1], size=3u, load=0.5 %}");
	offer_states(NAMES, LINE);
	cr_assert_eq(offer(MORE_NAMES, &names), 0);
	EXPECT("SNAPSHOT by 2 at 7000 conn {state=\"idle\", was=[\"busy\", -1], size=3u bytes, load=0.5 %}");
	conn_record(1);
	EXPECT("SNAPSHOT by 2 at 7000 conn {state=1u, was=[\"busy\", -1], size=3u bytes, load=0.5 %}");
	conn_record(3);
	EXPECT("SNAPSHOT by 2 at 7000 conn {state=3u, was=[\"busy\", -1], size=3u bytes, load=0.5 %}");
}

/* Nearer ones are those of another class, another attribute, another line. */
Test(noted, names_are_those_of_the_declaration)
{
	static const char *const others[] = { "other" };
	const struct names of_others[] = { names_of("job", "state", LINE, others, 1),
					   names_of("conn", "was", LINE, others, 1),
					   names_of("conn", "", LINE, others, 1),
					   names_of("conn", "state", LINE + 1, others, 1) };

	introduce_conn();
	for (unsigned i = 0; i < COUNT(of_others); i++)
		cr_assert_eq(offer(CLS + 0x40 * (i + 1), &of_others[i]), 0);
	conn_record(0);
	EXPECT("SNAPSHOT by 2 at 7000 conn {state=0u, was=[2, -1], size=3u, load=0.5 %}");
	offer_states(NAMES, LINE);
	EXPECT("SNAPSHOT by 2 at 7000 conn {state=\"idle\", was=[\"busy\", -1], size=3u, load=0.5 %}");
}

/* As two files may have the same class. */
Test(noted, of_the_same_names_the_nearest_are_taken)
{
	static const char *const others[] = { "other" };
	const struct names names = names_of("conn", "state", LINE, others, 1);

	introduce_conn();
	offer_states(NAMES, LINE);
	cr_assert_eq(offer(CLS + 0x10, &names), 0);
	conn_record(0);
	EXPECT("SNAPSHOT by 2 at 7000 conn {state=\"other\", was=[\"busy\", -1], size=3u, load=0.5 %}");
}

Test(noted, a_list_of_names_is_no_class_of_objects)
{
	offer_states(CLS, LINE);
	conn_record(0);
	EXPECT_REJECTED(PROBE_SET);
	object_record(&record, REC_INIT, OBJ, CLS, "c");
	EXPECT_REJECTED(PROBE_INIT);
}

Test(noted, what_is_no_list_of_names_is_refused)
{
	static const char *const two[] = { "a", "b" };
	const struct names good = names_of("conn", "state", LINE, two, 2);
	struct names bad = good;

	bad.head.n_attrs = 4;
	cr_expect_eq(offer(NAMES, &bad), -EINVAL);
	bad = good;
	bad.head.n_attrs = 0;
	bad.head.size = sizeof(bad.head);
	cr_expect_eq(offer(NAMES, &bad), -EINVAL);
	bad = good;
	bad.list[2][0] = '\n';
	cr_expect_eq(offer(NAMES, &bad), -EINVAL);
	bad = good;
	bad.head.version = 3;
	cr_expect_eq(offer(NAMES, &bad), -EINVAL);
	cr_expect_eq(decoder__add_class(decoder, PID, NAMES, &good, good.head.size - 1), -EINVAL);
	cr_expect_eq(offer(NAMES, &good), 0);
}

/* C takes a text of as many characters as there are bytes without its NUL. */
Test(noted, a_name_without_an_end_is_cut)
{
	static const char *const two[] = { "0123456789012345678901234567890123456789", "b" };
	const struct names names = names_of("conn", "state", LINE, two, 2);

	introduce_conn();
	cr_assert_eq(offer(NAMES, &names), 0);
	conn_record(0);
	EXPECT("SNAPSHOT by 2 at 7000 conn {state=\"012345678901234567890123456789012345678\", was=[2, -1], size=3u, load=0.5 %}");
	conn_record(UINT32_MAX);
	EXPECT("SNAPSHOT by 2 at 7000 conn {state=4294967295u, was=[2, -1], size=3u, load=0.5 %}");
}

/* As who knows of no notes takes them. */
Test(noted, notes_of_what_is_no_number_are_nothing)
{
	struct viz_attr attrs[] = { noted(attr("text", VIZ_TYPE_STR, sizeof(struct viz_object), 4), VIZ_ATTR_UNIT, 0,
					  "m") };
	struct descriptor d = descriptor(VIZ_KIND_OBJECT, "t", 1, sizeof(struct viz_object) + 8, attrs, 1);
	const struct {
		struct viz_object viz;
		char text[8];
	} object = { .text = "abc" };

	introduce(CLS, &d);
	snapshot_record(&record, OBJ, CLS, &object, sizeof(object));
	EXPECT("SNAPSHOT by 2 at 7000 t {text=\"abc\"}");
	d.attrs[0] = noted(attr("n", VIZ_TYPE_I32, sizeof(struct viz_object), 4), VIZ_ATTR_UNIT, 0, "\n");
	introduce(CLS, &d);
	snapshot_record(&record, OBJ, CLS, &(struct {
		struct viz_object viz;
		int n, m;
	}){ .n = 1 },
			sizeof(object));
	EXPECT("SNAPSHOT by 2 at 7000 t {n=1}");
}
