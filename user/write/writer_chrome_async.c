/* SPDX-License-Identifier: BSD-2-Clause */
/* Slices of no thread, and arrows; see writer_chrome.h. */
#include "writer_chrome_parts.h"

/* Its beginning is long written over. Viewers let asynchronous slices come in any order, and none is among those of the
 * thread. */
int writer_chrome__slice_before(void *writer, struct where at, uint64_t since, const char *name)
{
	struct writer_chrome *w = writer;
	struct where from = { since, at.pid, at.tid };
	int err = 0;

	for (int end_of = 0; end_of < 2 && !err; end_of++) {
		err = end_of ? BEGIN(w, &at, "e", "method") : BEGIN(w, &from, "b", "method");
		if (err)
			return err;
		JSON__KEY(&w->event, "id2");
		json__object(&w->event);
		JSON__KEY(&w->event, "local");
		json__string_begin(&w->event);
		json__piece(&w->event, "open before:", sizeof("open before:") - 1);
		json__piece_uint(&w->event, w->open_before);
		json__string_end(&w->event);
		json__object_end(&w->event);
		writer_chrome__put_name(w, name);
		if (!end_of)
			JSON__RAW(&w->event, "\"args\":{\"viz\":\"open before\"}");
		err = writer_chrome__end(w);
	}
	w->open_before++;
	return err;
}

/* A plain id would be one of all processes, in both viewers. */
static void put_async(struct writer_chrome *w, const struct trace_async *slice)
{
	struct json *j = &w->event;

	JSON__KEY(j, "id2");
	json__object(j);
	JSON__KEY(j, "local");
	json__string_begin(j);
	json__piece_uint(j, slice->track);
	json__string_end(j);
	json__object_end(j);
	if (slice->again)
		JSON__RAW(j, "\"viz\":\"again\"");
	writer_chrome__put_name(w, slice->name);
}

int writer_chrome__async_begin(void *writer, struct where at, const struct trace_async *slice,
			       const struct value *values, size_t n_values)
{
	struct writer_chrome *w = writer;
	int err = BEGIN(w, &at, "b", "async");

	if (err)
		return err;
	put_async(w, slice);
	writer_chrome__put_values(w, values, n_values);
	return writer_chrome__end(w);
}

int writer_chrome__async_end(void *writer, struct where at, const struct trace_async *slice)
{
	struct writer_chrome *w = writer;
	int err = BEGIN(w, &at, "e", "async");

	if (err)
		return err;
	put_async(w, slice);
	return writer_chrome__end(w);
}

/* Viewers bind the two by category, name and id; chrome://tracing warns of arguments that both have. */
int writer_chrome__flow(void *writer, struct where at, uint64_t serial, bool is_in, const struct value *values,
			size_t n_values)
{
	struct writer_chrome *w = writer;
	struct json *j = &w->event;
	int err = is_in ? BEGIN(w, &at, "f", "flow") : BEGIN(w, &at, "s", "flow");

	if (err)
		return err;
	if (is_in)
		JSON__RAW(j, "\"bp\":\"e\"");
	JSON__KEY(j, "id");
	json__string_begin(j);
	json__piece_hex(j, serial);
	json__string_end(j);
	JSON__RAW(j, "\"name\":\"flow\"");
	writer_chrome__put_values(w, values, n_values);
	return writer_chrome__end(w);
}
