// SPDX-License-Identifier: BSD-2-Clause
/* What records.c and trace.c begin with: seeds RECORDS TRACES. An object's life and a counter's, under each of its
 * flags; a file and what goes through a pipe, with an event of each kind. */
#include <stdio.h>
#include <stdlib.h>

#include "../unit/records.h"

#define CLS 0x4000u
#define DICT 0x5000u
#define OBJ 0x7000u
#define DICT_LINE 7

struct limits {
	int32_t soft, hard;
};

struct box {
	struct viz_base base;
	int64_t own;
	char text[8];
	const char *owner;
	double load;
	int32_t list[3];
	const char *json;
	struct limits limits;
	float half;
	_Bool on;
};

#define FLAGS 5 /* of records.c */
#define WORD(member) (offsetof(struct box, member) / 8)

static FILE *begin(const char *folder, const char *name, int flags)
{
	char path[4096];
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s-%d", folder, name, flags);
	file = fopen(path, "w");
	if (!file) {
		perror(path);
		exit(1);
	}
	fputc(flags, file);
	return file;
}

static void put(FILE *file, struct record *r)
{
	uint16_t size = (uint16_t)r->size;

	head_of(r)->ts = 10; /* since the record before */
	fwrite(&size, sizeof(size), 1, file);
	fwrite(r->bytes, size, 1, file);
}

static struct descriptor limits_class(void)
{
	struct viz_attr attrs[] = { ATTR(limits, soft, VIZ_TYPE_I32), ATTR(limits, hard, VIZ_TYPE_I32) };

	return descriptor(VIZ_KIND_DICT, "limits", DICT_LINE, sizeof(struct limits), attrs, COUNT(attrs));
}

static struct descriptor object_class(void)
{
	struct viz_attr attrs[] = {
		ATTR(box, own, VIZ_TYPE_I64),
		ATTR(box, text, VIZ_TYPE_STR),
		ATTR(box, owner, VIZ_TYPE_STRP),
		ATTR(box, load, VIZ_TYPE_F64),
		list_attr("list", VIZ_TYPE_I32, offsetof(struct box, list), 4, 3),
		ATTR(box, json, VIZ_TYPE_JSONP),
		dict_attr("limits", "limits", DICT_LINE, offsetof(struct box, limits), sizeof(struct limits)),
		ATTR(box, half, VIZ_TYPE_F32),
		ATTR(box, on, VIZ_TYPE_BOOL),
	};
	struct descriptor d = descriptor(VIZ_KIND_OBJECT, "box", 1, sizeof(struct box), attrs, COUNT(attrs));

	d.head.strings[WORD(owner) / 64] |= 1ull << WORD(owner) % 64;
	d.head.strings[WORD(json) / 64] |= 1ull << WORD(json) % 64;
	return d;
}

static struct descriptor counter_class(void)
{
	struct viz_attr attrs[] = { ATTR(box, own, VIZ_TYPE_I64), ATTR(box, load, VIZ_TYPE_F64) };

	return descriptor(VIZ_KIND_COUNTER, "gauge", 2, sizeof(struct box), attrs, COUNT(attrs));
}

static void life(const char *folder, const char *name, int flags, const struct descriptor *d)
{
	static const struct text_entry texts[] = {
		{ WORD(owner), REC_TEXT_OK, "grace" },
		{ WORD(json), REC_TEXT_OK, "{\"k\": [1, \"\\u00e4\"]}" },
	};
	static const char *const given[ARGS_TEXTS] = { "load", "\nbytes\npath", NULL, "a/b" };
	static const char *const returned[ARGS_TEXTS] = { "load", "\nreturn\nbytes" };
	static const uint64_t words[1 + ARGS_MAX] = { 2ull << 32 | VIZ_TYPE_I64 << 4 | VIZ_TYPE_STRP, 4096, 16 };
	struct descriptor limits = limits_class();
	struct box box = { .base.cls = (const void *)(uintptr_t)CLS, .text = "abc", .list = { 1, 2, 3 }, .on = 1 };
	FILE *file = begin(folder, name, flags);
	static struct record r;

	box.base.check = VIZ_CHECK ^ OBJ ^ CLS;
	class_record(&r, DICT, &limits);
	put(file, &r);
	class_record(&r, CLS, d);
	put(file, &r);
	object_record(&r, REC_INIT, OBJ, CLS, "the box");
	put(file, &r);
	object_record(&r, REC_OBJECT, OBJ + 0x100, CLS, NULL);
	put(file, &r);
	slice_record(&r, REC_ENTER, "int ns::run<int>(const char *)", 0x7ffd0000, VIZ_SLICE_SCOPED);
	put(file, &r);
	for (int i = 0; i < 3; i++) {
		box.own = i;
		box.load = i * 0.1;
		snapshot_record(&r, OBJ, CLS, &box, sizeof(box));
		if (d->head.kind == VIZ_KIND_OBJECT)
			add_texts(&r, texts, COUNT(texts));
		put(file, &r);
	}
	value_record(&r, "queue", "depth", VIZ_TYPE_I64, 3);
	put(file, &r);
	slice_record(&r, REC_INSTANT, "mark", 0, 0);
	put(file, &r);
	args_record(&r, REC_ENTER, given, words);
	put(file, &r);
	args_record(&r, REC_EXIT, returned, words);
	((struct rec_slice *)(void *)r.bytes)->flags |= VIZ_SLICE_RESULT;
	put(file, &r);
	args_record(&r, REC_EXIT, given, words);
	put(file, &r);
	slice_record(&r, REC_ASYNC, "request", 7, VIZ_ASYNC_BEGIN);
	put(file, &r);
	slice_record(&r, REC_ASYNC, "flow", 7, VIZ_ASYNC_OUT);
	put(file, &r);
	slice_record(&r, REC_ASYNC, "request", 7, VIZ_ASYNC_END);
	put(file, &r);
	slice_record(&r, REC_EXIT, "int ns::run<int>(const char *)", 0x7ffd0000, VIZ_SLICE_SCOPED);
	put(file, &r);
	destroy_record(&r, OBJ);
	put(file, &r);
	fclose(file);
}

#define BOOKS "{\"tool\":\"viztrace-bpf\",\"end_us\":5000.001,\"events\":{\"seen\":9,\"lost\":1}}"
#define FIRST \
	"{\"ph\":\"M\",\"cat\":\"__metadata\",\"pid\":1,\"tid\":1,\"name\":\"process_sort_index\",\"args\":{\"sort_index\":0}}"
#define EVENT(phase, more) ",\n{\"ph\":\"" phase "\",\"cat\":\"object\",\"pid\":1,\"tid\":2,\"ts\":10.500," more "}"
#define OBJECT "\"id\":\"0x10\",\"scope\":\"pool\",\"name\":\"a\""

static const char events[] = FIRST EVENT("C", "\"name\":\"n\",\"id\":\"b\",\"args\":{\"x\":1,\"y\":2.5e-1}")
	EVENT("C", "\"viz\":\"closing\",\"name\":\"n\",\"args\":{\"x\":0}") EVENT("N", OBJECT)
		EVENT("O", OBJECT ",\"args\":{\"snapshot\":{\"x\":18446744073709551615}}") EVENT("B", "\"name\":\"f\"")
			EVENT("E", "\"name\":\"f\"") EVENT("i", "\"s\":\"t\",\"name\":\"i\",\"args\":{\"x\":1e999}")
				EVENT("b",
				      "\"id2\":{\"local\":\"o:0\"},\"name\":\"f\",\"args\":{\"viz\":\"open before\"}")
					EVENT("e", "\"id2\":{\"local\":\"o:0\"},\"name\":\"f\"") EVENT("D", OBJECT);

/* What can be written in the other format, too. */
#define BAND "\"id2\":{\"local\":\"0x10:pool:1\"},\"name\":\"a\""
static const char states[] = FIRST EVENT("N", OBJECT) EVENT("b", BAND ",\"args\":{}")
	EVENT("O", OBJECT ",\"args\":{\"snapshot\":{\"x\":null,\"l\":[1,\"s\",{}],\"id_\":{\"t\":true}}}")
		EVENT("e", BAND) EVENT("b",
				       BAND ",\"args\":{\"x\":\"null\",\"l\":[1,\"s\",\"{}\"],\"id\":{\"t\":true}}")
			EVENT("e", BAND) EVENT("D", OBJECT)
				EVENT("C", "\"name\":\"n\",\"id\":\"b\",\"args\":{\"x\":1,\"y\":2.5e-1,\"z\":0}")
					EVENT("C", "\"name\":\"n\",\"id\":\"b\",\"args\":{\"x\":0,\"y\":0.0,\"z\":3}")
						EVENT("B", "\"name\":\"f\",\"args\":{\"n\":1}")
							EVENT("E", "\"name\":\"f\",\"args\":{\"return\":\"x\"}")
								EVENT("i",
								      "\"s\":\"t\",\"name\":\"i\",\"args\":{\"x\":1}");

static void make_file(const char *folder, const char *name, const char *of)
{
	FILE *file = begin(folder, name, 0);

	rewind(file);
	fprintf(file, "{\"displayTimeUnit\":\"ns\",\"metadata\":%s,\"traceEvents\":[\n%s\n]}", BOOKS, of);
	fclose(file);
}

static void make_traces(const char *folder)
{
	FILE *file;

	make_file(folder, "file", events);
	make_file(folder, "states", states);
	file = begin(folder, "pipe", 0);
	rewind(file);
	fprintf(file,
		"[%s,\n{\"ph\":\"i\",\"pid\":1,\"tid\":1,\"ts\":11.000,\"s\":\"g\",\"name\":\"viztrace summary\",\"args\":%s}\n]",
		events, BOOKS);
	fclose(file);
}

int main(int argc, char **argv)
{
	struct descriptor object = object_class(), counter = counter_class();

	if (argc != 3) {
		fprintf(stderr, "usage: seeds RECORDS TRACES\n");
		return 2;
	}
	for (int flag = 0; flag < FLAGS; flag++) {
		life(argv[1], "object", 1 << flag, &object);
		life(argv[1], "counter", 1 << flag, &counter);
	}
	make_traces(argv[2]);
	return 0;
}
