/* SPDX-License-Identifier: BSD-2-Clause */
#include <criterion/criterion.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "write/jsontext.h"

static const struct jsontext_rules as_is;
static const struct jsontext_rules rename_id = { .rename_id = true };
static const struct jsontext_rules empty_as_text = { .empty_as_text = true };

static struct jsontext_stats stats;

static void expect(const char *text, const struct jsontext_rules *rules, const char *expected)
{
	struct json j;

	json__init(&j);
	memset(&stats, 0, sizeof(stats));
	cr_expect_eq(jsontext__write(&j, text, strlen(text), rules, &stats), 0, "%s", text);
	cr_expect(j.size == strlen(expected) && !memcmp(j.data, expected, j.size), "expected %s\n     got %.*s",
		  expected, (int)j.size, j.data);
	json__free(&j);
}

/* Refused, and no trace of it is left in the text around it. */
static void expect_invalid(const char *text, size_t size)
{
	struct json j;

	json__init(&j);
	memset(&stats, 0, sizeof(stats));
	json__list(&j);
	json__int(&j, 1);
	cr_expect_eq(jsontext__write(&j, text, size, &rename_id, &stats), -EINVAL, "%.*s", (int)size, text);
	json__int(&j, 2);
	json__list_end(&j);
	cr_expect(j.size == 5 && !memcmp(j.data, "[1,2]", 5), "got %.*s", (int)j.size, j.data);
	cr_expect_eq(stats.renamed, 0);
	cr_expect_eq(stats.quoted, 0);
	json__free(&j);
}

#define EXPECT_INVALID(literal) expect_invalid(literal, sizeof(literal) - 1)

Test(jsontext, writes_values_by_our_rules)
{
	expect(" { \"b\" : [ 1 , 2.50, true,false, null ] , \"a\" : \"x\\ny\" } ", &as_is,
	       "{\"b\":[1,2.5,true,false,null],\"a\":\"x\\ny\"}");
	expect("0.00037687560355167916", &as_is, "3.7687560355167916e-4");
	expect("-9223372036854775808", &as_is, "-9223372036854775808");
	expect("1e3", &as_is, "1000.0");
	expect("{}", &as_is, "{}");
	expect("[]", &as_is, "[]");
	expect("\"text\"", &as_is, "\"text\"");
}

Test(jsontext, writes_escaped_characters_raw)
{
	/* An escaped surrogate pair makes Perfetto refuse the file. */
	expect("\"\\ud83d\\ude00 \\u00e9 \\u0041 \\/\"", &as_is, "\"\xf0\x9f\x98\x80 \xc3\xa9 A /\"");
	expect("\"a\\u0000b\"", &as_is,
	       "\"a\xef\xbf\xbd"
	       "b\"");
}

Test(jsontext, refuses_what_is_not_json)
{
	EXPECT_INVALID("");
	EXPECT_INVALID("{");
	EXPECT_INVALID("{\"a\":1,}");
	EXPECT_INVALID("[1 2]");
	EXPECT_INVALID("{'a':1}");
	EXPECT_INVALID("NaN");
	EXPECT_INVALID("[Infinity]");
	EXPECT_INVALID("01");
	EXPECT_INVALID("1 2");
	EXPECT_INVALID("{\"a\":1}garbage");
	EXPECT_INVALID("\"\xff\"");
	EXPECT_INVALID("\"\\ud83d\"");
	EXPECT_INVALID("\"a\nb\"");
	EXPECT_INVALID("{}\0");
}

Test(jsontext, refuses_what_is_too_deep)
{
	char text[2 * JSONTEXT_MAX_DEPTH + 2];

	memset(text, '[', JSONTEXT_MAX_DEPTH);
	memset(text + JSONTEXT_MAX_DEPTH, ']', JSONTEXT_MAX_DEPTH);
	text[2 * JSONTEXT_MAX_DEPTH] = '\0';
	expect(text, &as_is, text);
	memset(text, '[', JSONTEXT_MAX_DEPTH + 1);
	memset(text + JSONTEXT_MAX_DEPTH + 1, ']', JSONTEXT_MAX_DEPTH + 1);
	expect_invalid(text, sizeof(text));
	/* Deep enough to end a parser that recurses without a limit. */
	char *deep = malloc(JSONTEXT_MAX_SIZE);

	memset(deep, '[', JSONTEXT_MAX_SIZE);
	expect_invalid(deep, JSONTEXT_MAX_SIZE);
	free(deep);
}

Test(jsontext, refuses_what_is_too_long)
{
	char *text = malloc(JSONTEXT_MAX_SIZE + 1);

	memset(text, ' ', JSONTEXT_MAX_SIZE + 1);
	text[0] = '1';
	expect_invalid(text, JSONTEXT_MAX_SIZE + 1);
	free(text);
}

Test(jsontext, renames_id_at_any_depth)
{
	expect("{\"id\":1,\"a\":[{\"id\":{\"id\":2}}],\"ids\":3}", &rename_id,
	       "{\"id_\":1,\"a\":[{\"id_\":{\"id_\":2}}],\"ids\":3}");
	cr_expect_eq(stats.renamed, 3);
	expect("{\"id\":1}", &as_is, "{\"id\":1}");
	cr_expect_eq(stats.renamed, 0);
}

Test(jsontext, renames_to_a_key_that_is_free)
{
	expect("{\"id\":1,\"id_\":2,\"id__\":3}", &rename_id, "{\"id___\":1,\"id_\":2,\"id__\":3}");
	cr_expect_eq(stats.renamed, 1);
}

Test(jsontext, writes_what_is_empty_as_text)
{
	expect("{\"a\":null,\"b\":{},\"c\":[],\"d\":[null,[{}]]}", &empty_as_text,
	       "{\"a\":\"null\",\"b\":\"{}\",\"c\":\"[]\",\"d\":[\"null\",[\"{}\"]]}");
	expect("null", &empty_as_text, "\"null\"");
	expect("null", &as_is, "null");
}

Test(jsontext, quotes_numbers_that_are_too_large)
{
	expect("[9223372036854775807,9223372036854775808,18446744073709551615,-9223372036854775809,1e999]", &as_is,
	       "[9223372036854775807,\"9223372036854775808\",\"18446744073709551615\",\"-"
	       "9223372036854775809\","
	       "\"1e999\"]");
	cr_expect_eq(stats.quoted, 4);
	expect("{\"a 99999999999999999999 \\\" \":99999999999999999999,\"b\":1}", &as_is,
	       "{\"a 99999999999999999999 \\\" \":\"99999999999999999999\",\"b\":1}");
	cr_expect_eq(stats.quoted, 1);
	expect("99999999999999999999", &as_is, "\"99999999999999999999\"");
}

Test(jsontext, does_not_make_json_of_large_numbers_in_wrong_places)
{
	EXPECT_INVALID("{99999999999999999999:1}");
	EXPECT_INVALID("{99999999999999999999 :1}");
	EXPECT_INVALID("[099999999999999999999]");
	EXPECT_INVALID("[99999999999999999999 1]");
	EXPECT_INVALID("[99999999999999999999x]");
	EXPECT_INVALID("[99999999999999999999");
	EXPECT_INVALID("[99999999999999999999,\"");
	EXPECT_INVALID("[99999999999999999999,\"\\");
	EXPECT_INVALID("[99999999999999999999--]");
}
