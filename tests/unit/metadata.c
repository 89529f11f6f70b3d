/* SPDX-License-Identifier: BSD-2-Clause */
/* What a trace says about itself: byte-exact for a fixed report, and never too much for the head of a file. */
#include <criterion/criterion.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>

#include "metadata.h"
#include "write/output.h"

static struct json json;
static struct binary files[METADATA_FILES];
static char app[] = "/usr/bin/app";
static struct process_description processes[PROCESSES_DESCRIBED] = { { .pid = 42, .exe = app } };
static struct metadata_sources sources = { .processes = processes, .n_processes = 1, .n_files = 1 };
static struct report report;

static void setup(void)
{
	json__init(&json);
	files[0] = (struct binary){ .path = app, .elf = { .n_probes = 9, .build_id = "00ff" } };
	for (size_t i = 0; i < METADATA_FILES; i++)
		sources.files[i] = &files[i];
	report = (struct report){
		.total = { .seen = 10, .written = 7, .filtered = 2, .lost = 1, .truncated = 3, .unreadable = 4 },
		.counters = 11,
		.objects = 12,
		.methods = 13,
		.threads = 14,
		.processes = 20,
		.missed = 21,
		.not_finite = 15,
		.invalid_json = 16,
		.unwound = 17,
		.forgotten = 23,
		.too_deep = 19,
		.unread = 22,
		.unmatched = 18,
		.unmatched_async = 24,
		.rejected = 19,
		.start = 5000000000,
		.end = 6234567891,
		.start_wall = 1000000000123456789,
		.start_boot = 7000000000,
		.host = { "web1", "0b00-1d", 4026531836 },
		.why = "interrupted"
	};
	report.probes[EVENT_PROBE_SET] = report.total;
}

static void tidy(void)
{
	json__free(&json);
}

TestSuite(metadata, .init = setup, .fini = tidy);

static void write_all(int argc, char **argv)
{
	metadata__write(&json, &report, &sources, argc, argv);
	cr_assert_eq(json.error, 0);
}

Test(metadata, is_as_documented)
{
	char *argv[] = { "viztrace-bpf", "-p", "42", "--include", "a \"b\"", NULL }, wanted[4096];
	struct utsname u;
	size_t n = 0;

	cr_assert_eq(uname(&u), 0);
	n += (size_t)
		snprintf(wanted, sizeof(wanted),
			 "{\"tool\":\"viztrace-bpf\",\"version\":\"" TOOL_VERSION "\","
			 "\"command\":[\"viztrace-bpf\",\"-p\",\"42\",\"--include\",\"a \\\"b\\\"\"],"
			 "\"kernel\":\"%s %s %s\",\"pid\":42,\"executable\":\"/usr/bin/app\","
			 "\"files\":[{\"path\":\"/usr/bin/app\",\"build_id\":\"00ff\",\"probes\":9}],"
			 "\"files_not_attached\":[],"
			 "\"clock\":\"CLOCK_MONOTONIC\",\"start_clock_ns\":5000000000,\"start_boot_ns\":7000000000,"
			 "\"start_time\":\"2001-09-09T01:46:40.123456789Z\",\"host\":\"web1\",\"boot_id\":\"0b00-1d\","
			 "\"pid_namespace\":4026531836,\"end_us\":1234567.891,"
			 "\"ended\":\"interrupted\",\"events\":{\"seen\":10,\"written\":7,\"filtered\":2,\"lost\":1,"
			 "\"truncated\":3,\"unreadable\":4},\"probes\":{",
			 u.sysname, u.release, u.machine);
	for (int i = 0; i < EVENT_PROBES; i++)
		n += (size_t)snprintf(wanted + n, sizeof(wanted) - n,
				      "%s\"%s\":{\"seen\":%d,\"written\":%d,\"filtered\":%d,"
				      "\"lost\":%d,\"truncated\":%d,\"unreadable\":%d}",
				      i ? "," : "", probe_names[i], i == EVENT_PROBE_SET ? 10 : 0,
				      i == EVENT_PROBE_SET ? 7 : 0, i == EVENT_PROBE_SET ? 2 : 0, i == EVENT_PROBE_SET,
				      i == EVENT_PROBE_SET ? 3 : 0, i == EVENT_PROBE_SET ? 4 : 0);
	snprintf(
		wanted + n, sizeof(wanted) - n,
		"},\"counters\":11,\"objects\":12,\"methods\":13,\"threads\":14,\"processes\":20,\"missed_processes\":21,\"not_finite\":15,\"invalid_json\":16,"
		"\"unwound\":17,\"forgotten\":23,\"too_deep\":19,\"unread\":22,\"unmatched_exits\":18,\"unmatched_async\":24}");
	write_all(5, argv);
	cr_assert_eq(json.size, strlen(wanted), "%.*s", (int)json.size, json.data);
	cr_assert_eq(memcmp(json.data, wanted, json.size), 0, "%.*s\n%s", (int)json.size, json.data, wanted);
}

/* As JSON, and small enough to stand in the head beside what belongs there. */
static json_t *parsed(void)
{
	json_error_t error;
	json_t *root = json_loadb(json.data, json.size, JSON_REJECT_DUPLICATES, &error);

	cr_assert(root, "%s", error.text);
	cr_assert_leq(json.size + 256, OUTPUT_HEAD, "%zu bytes", json.size);
	return root;
}

static size_t words_of(json_t *root)
{
	size_t n = json_array_size(json_object_get(root, "command"));

	cr_assert_str_eq(json_string_value(json_array_get(json_object_get(root, "command"), n - 1)), "...");
	return n;
}

static void worst_counts(void)
{
	static const struct report_counts most = { INT64_MAX, INT64_MAX, INT64_MAX, INT64_MAX, INT64_MAX, INT64_MAX };

	report.total = most;
	for (int i = 0; i < EVENT_PROBES; i++)
		report.probes[i] = most;
}

Test(metadata, long_command_line_is_cut)
{
	char *argv[2000];
	json_t *root;

	worst_counts();
	for (int i = 0; i < 2000; i++)
		argv[i] = i % 2 ? "pattern.number" : "--exclude";
	write_all(2000, argv);
	root = parsed();
	cr_assert_gt(words_of(root), 50);
	json_decref(root);
}

Test(metadata, long_word_is_cut)
{
	char *word = malloc(100001), *argv[] = { "viztrace-bpf", "--exclude", word };
	json_t *root;

	memset(word, 'x', 100000);
	word[100000] = 0;
	write_all(3, argv);
	root = parsed();
	cr_assert_eq(words_of(root), 3);
	json_decref(root);
	free(word);
}

Test(metadata, many_empty_words_are_cut)
{
	static char *argv[20000];
	json_t *root;

	for (int i = 0; i < 20000; i++)
		argv[i] = "";
	write_all(20000, argv);
	root = parsed();
	words_of(root);
	json_decref(root);
}

Test(metadata, words_that_grow_when_escaped_are_cut)
{
	static char word[2049];
	char *argv[] = { "viztrace-bpf", "--exclude", word, word };
	json_t *root;

	worst_counts();
	memset(word, '\001', 2000);
	write_all(4, argv);
	root = parsed();
	json_decref(root);
}

Test(metadata, bytes_that_are_no_text_become_some)
{
	char *argv[] = { "viztrace-bpf", "\xff\xfe", "\n\t" };
	json_t *root;

	processes[0].exe = (char[]){ "/tmp/\xff" };
	write_all(3, argv);
	root = parsed();
	json_decref(root);
}

Test(metadata, many_files_and_long_paths_are_cut)
{
	static char path[5000];
	json_t *root;

	worst_counts();
	memset(path, 'p', sizeof(path) - 1);
	for (size_t i = 0; i < METADATA_FILES; i++)
		files[i] = (struct binary){ .path = path, .elf = { .n_probes = 9 } };
	memset(files[0].elf.build_id, 'a', 40);
	sources.n_files = METADATA_FILES;
	sources.n_processes = PROCESSES_DESCRIBED;
	for (size_t i = 0; i < PROCESSES_DESCRIBED; i++)
		processes[i] = (struct process_description){ .pid = 4194303, .container_pid = 4194303, .exe = path };
	write_all(1, (char *[]){ "viztrace-bpf" });
	root = parsed();
	cr_assert_gt(json_array_size(json_object_get(root, "files")), 1);
	json_decref(root);
}

Test(metadata, what_was_not_switched_on_is_named)
{
	static struct processes_silent silent = { .pid = 42,
						  .binary = &files[0],
						  .kinds = 1u << EVENT_PROBE_SET | 1u << EVENT_PROBE_LOG,
						  .state = ARMING_COPIED };
	json_t *root, *first;

	sources.silent = &silent;
	sources.n_silent = 1;
	write_all(1, (char *[]){ "viztrace-bpf" });
	root = parsed();
	first = json_array_get(json_object_get(root, "not_switched_on"), 0);
	cr_assert_eq(json_integer_value(json_object_get(first, "pid")), 42);
	cr_assert_str_eq(json_string_value(json_object_get(first, "file")), "app");
	cr_assert_str_eq(json_string_value(json_object_get(first, "cause")), "copied code");
	cr_assert_str_eq(json_string_value(json_array_get(json_object_get(first, "probes"), 1)), "log");
	json_decref(root);
}

Test(metadata, everything_long_at_once_fits)
{
	static char path[5000], word[1025];
	static struct processes_silent silent[PROCESSES_SILENT];
	char *argv[] = { "viztrace-bpf", word, word, word };
	json_t *root;

	worst_counts();
	memset(path, '"', sizeof(path) - 1);
	memset(word, '\002', sizeof(word) - 1);
	for (size_t i = 0; i < METADATA_FILES; i++)
		files[i] = (struct binary){ .path = path, .elf = { .n_probes = 9 } };
	sources.n_files = METADATA_FILES;
	sources.n_processes = PROCESSES_DESCRIBED;
	for (size_t i = 0; i < PROCESSES_DESCRIBED; i++)
		processes[i] = (struct process_description){ .pid = 4194303, .container_pid = 4194303, .exe = path };
	for (size_t i = 0; i < PROCESSES_SILENT; i++)
		silent[i] = (struct processes_silent){
			.pid = 4194303, .binary = &files[0], .kinds = (1u << EVENT_PROBES) - 1, .state = ARMING_WRITABLE
		};
	sources.silent = silent;
	sources.n_silent = PROCESSES_SILENT;
	sources.astray = INT64_MAX;
	write_all(4, argv);
	root = parsed();
	json_decref(root);
}
