// SPDX-License-Identifier: BSD-2-Clause
/* merging: see merging.h. */
#include "merging.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "answer.h"
#include "common/log.h"
#include "merge/merge.h"
#include "metadata.h"
#include "opts_files.h"
#include "outputs.h"

#define FILES_NAMED 40 /* in the metadata, for which a file's head has limited room */

struct merging {
	struct merge_input *inputs;
	size_t n;
	struct trace_start start;
	struct merge *merge;
	struct sinks sinks;
	struct json metadata;
};

/* ---- What the result says about itself ---- */

static void put_text(struct json *j, const char *text)
{
	size_t size = strlen(text);

	json__string(j, text, size < 64 ? size : 64);
}

/* {"file":"a.json","host":"web1","boot_id":"...","pids_from":0,"begins_us":0.000,"lost":0} */
static void put_file(struct json *j, const struct merge_input *input)
{
	const char *slash = strrchr(input->path, '/');

	json__object(j);
	JSON__KEY(j, "file");
	put_text(j, slash ? slash + 1 : input->path);
	JSON__KEY(j, "host");
	put_text(j, input->start.host.name);
	JSON__KEY(j, "boot_id");
	put_text(j, input->start.host.boot_id);
	JSON__KEY(j, "pids_from");
	json__uint(j, (uint64_t)input->space * MERGE_PIDS);
	JSON__KEY(j, "begins_us");
	json__us(j, input->shift);
	JSON__KEY(j, "lost");
	json__uint(j, input->result.lost);
	json__object_end(j);
}

static void put_files(struct json *j, const struct merging *m)
{
	JSON__KEY(j, "files_merged");
	json__uint(j, m->n);
	JSON__KEY(j, "merged");
	json__list(j);
	for (size_t i = 0; i < m->n && i < FILES_NAMED; i++)
		put_file(j, &m->inputs[i]);
	json__list_end(j);
}

static void put_counts(struct json *j, const struct merging *m)
{
	uint64_t sum, forgotten = 0;

	JSON__KEY(j, "events");
	json__object(j);
	for (int k = 0; k < MERGE_COUNTS; k++) {
		sum = 0;
		for (size_t i = 0; i < m->n; i++)
			sum += m->inputs[i].counts[k];
		json__key(j, merge_counts[k], strlen(merge_counts[k]));
		json__uint(j, sum);
	}
	json__object_end(j);
	for (size_t i = 0; i < m->n; i++)
		forgotten += m->inputs[i].result.forgotten;
	JSON__KEY(j, "forgotten");
	json__uint(j, forgotten);
}

static uint64_t end_of(const struct merging *m)
{
	uint64_t end = 0;

	for (size_t i = 0; i < m->n; i++)
		if (m->inputs[i].shift + m->inputs[i].result.end > end)
			end = m->inputs[i].shift + m->inputs[i].result.end;
	return end;
}

static bool are_whole(const struct merging *m)
{
	for (size_t i = 0; i < m->n; i++)
		if (m->inputs[i].error || !m->inputs[i].result.is_whole)
			return false;
	return true;
}

/* Nothing, if one of them is not whole: nobody knows then what there was. */
static void describe(struct merging *m)
{
	const struct report times = { .start = m->start.monotonic,
				      .end = m->start.monotonic + end_of(m),
				      .start_wall = m->start.wall,
				      .start_boot = m->start.boot,
				      .host = m->start.host,
				      .why = "merged" };
	struct json *j = &m->metadata;

	if (!are_whole(m))
		return;
	json__object(j);
	metadata__put_tool(j);
	put_files(j, m);
	metadata__put_times(j, &times);
	put_counts(j, m);
	json__object_end(j);
}

/* ---- What is told ---- */

static const char *output_of(const struct opts *o)
{
	return o->outputs[0].path;
}

static enum exit_code explain(const struct merge_input *input)
{
	if (input->error != -EXDEV)
		return answer__explain(input->path, &input->result, input->error ? input->error : -EINVAL);
	log_error("%s is of several machines, as are the others: merge the files that it was made of", input->path);
	return EXIT_INPUT;
}

/* Before there is any output. */
static enum exit_code explain_beginning(const struct merging *m, int err)
{
	enum exit_code code = EXIT_TRACED, found;

	for (size_t i = 0; i < m->n; i++) {
		const struct merge_input *input = &m->inputs[i];

		if (!input->began) {
			found = explain(input);
			code = code ? code : found;
		} else if (err == -ENODATA && !input->has_clock && !input->offset) {
			log_error("%s does not say when it began; --offset '%s=+5ms' places it, after the beginning of "
				  "the first file that does",
				  input->path, input->path);
			code = EXIT_INPUT;
		}
	}
	if (err == -E2BIG) {
		log_error("these are traces of more than %d machines or containers, which is the most that can be kept "
			  "apart",
			  MERGE_SPACES_MAX);
		return EXIT_INPUT;
	}
	if (!code)
		log_error("cannot merge: %s", strerror(-err));
	return code ? code : EXIT_INTERNAL;
}

static enum exit_code tell_inputs(const struct merging *m, const struct opts *o)
{
	enum exit_code code = EXIT_TRACED;

	for (size_t i = 0; i < m->n; i++) {
		const struct merge_input *input = &m->inputs[i];

		if (input->error) {
			code = explain(input);
			log_warn("what comes before that is in %s, and all of the other files", output_of(o));
		} else if (!input->result.is_whole) {
			log_warn("%s has no end: who wrote it was killed; what is there is in %s", input->path,
				 output_of(o));
		} else if (input->result.is_cut) {
			log_warn("the end of %s is missing; what is there is in %s", input->path, output_of(o));
		}
	}
	return code;
}

static void tell_places(const struct merging *m)
{
	unsigned spaces = merge__spaces(m->merge);

	for (size_t i = 0; i < m->n; i++)
		log_verbose("%s: host %s, begins at %" PRIu64 ".%03u us, PIDs from %u on", m->inputs[i].path,
			    m->inputs[i].start.host.name, m->inputs[i].shift / 1000,
			    (unsigned)(m->inputs[i].shift % 1000), m->inputs[i].space * MERGE_PIDS);
	if (spaces > 1)
		log_info("processes of %u machines or containers are kept apart: %u is PID 1234 of the %s", spaces,
			 (spaces - 1) * MERGE_PIDS + 1234, spaces == 2 ? "second" : "last");
}

/* ---- The work ---- */

static enum exit_code merge(struct merging *m, const struct opts *o)
{
	const struct merge_output to = { .ops = &sinks_ops, .writer = &m->sinks };
	enum exit_code code;
	int err = merge__begin(&m->merge, m->inputs, m->n, &m->start);

	if (err)
		return explain_beginning(m, err);
	tell_places(m);
	err = sinks__begin(&m->sinks, &m->start);
	if (!err)
		err = merge__run(m->merge, &to);
	code = err ? EXIT_OUTPUT : tell_inputs(m, o);
	describe(m);
	if (!err && sinks__finish(&m->sinks, m->metadata.data, m->metadata.size))
		code = EXIT_OUTPUT;
	outputs__tell_failures(&m->sinks);
	return code;
}

static void close_inputs(struct merging *m)
{
	for (size_t i = 0; i < m->n; i++)
		close(m->inputs[i].fd);
}

static enum exit_code open_inputs(struct merging *m, const struct opts *o)
{
	for (m->n = 0; m->n < o->n_files; m->n++) {
		int fd = answer__open(o->files[m->n]);

		if (fd < 0) {
			close_inputs(m);
			return answer__explain(o->files[m->n], &(struct reader_result){ 0 }, fd);
		}
		m->inputs[m->n] = (struct merge_input){
			.path = o->files[m->n],
			.fd = fd,
			.offset = opts_files__offset(o, o->files[m->n]),
		};
	}
	return EXIT_TRACED;
}

enum exit_code merging__run(const struct opts *o)
{
	struct merging m = { .inputs = calloc(o->n_files, sizeof(*m.inputs)) };
	enum exit_code code;

	json__init(&m.metadata);
	code = m.inputs ? open_inputs(&m, o) : EXIT_INTERNAL;
	if (code) {
		free(m.inputs);
		return code;
	}
	code = outputs__name(&m.sinks, o, 0);
	if (code == EXIT_TRACED)
		code = outputs__open(&m.sinks, true);
	if (code == EXIT_TRACED)
		code = outputs__open(&m.sinks, false);
	if (code == EXIT_TRACED)
		code = merge(&m, o);
	else
		close_inputs(&m);
	merge__free(m.merge);
	sinks__free(&m.sinks);
	json__free(&m.metadata);
	free(m.inputs);
	return code;
}
