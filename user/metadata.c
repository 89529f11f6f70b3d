// SPDX-License-Identifier: BSD-2-Clause
/* metadata: see metadata.h. */
#include "metadata.h"

#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>
#include <time.h>

#define COMMAND_MAX 2048

static void string(struct json *j, const char *s)
{
	json__string(j, s, strlen(s));
}

/* How many bytes of `s` take no more than `room` in JSON, where some of them are escaped or replaced; *ret_taken: how
 * much they take at most. */
static size_t fitting(const char *s, size_t room, size_t *ret_taken)
{
	size_t n, taken = 0;

	for (n = 0; s[n]; n++) {
		unsigned char c = (unsigned char)s[n];
		size_t more = c < 0x20 || c == 0x7f ? 6 : c == '"' || c == '\\' ? 2 : c < 0x80 ? 1 : 3;

		if (taken + more > room)
			break;
		taken += more;
	}
	*ret_taken = taken;
	return n;
}

static void string_within(struct json *j, const char *s, size_t room)
{
	size_t taken;

	json__string(j, s, fitting(s, room, &taken));
}

static void command_line(struct json *j, int argc, char **argv)
{
	size_t room = COMMAND_MAX, taken;

	json__list(j);
	for (int i = 0; i < argc; i++) {
		size_t size = fitting(argv[i], room, &taken);

		if (argv[i][size] || taken + 3 > room) {
			string(j, "...");
			break;
		}
		json__string(j, argv[i], size);
		room -= taken + 3; /* and quotes, and a comma */
	}
	json__list_end(j);
}

/* {"seen":5,"written":5,"filtered":0,"lost":0,"truncated":0,"unreadable":0} */
static void counts(struct json *j, const struct report_counts *c)
{
	json__object(j);
	JSON__KEY(j, "seen");
	json__uint(j, c->seen);
	JSON__KEY(j, "written");
	json__uint(j, c->written);
	JSON__KEY(j, "filtered");
	json__uint(j, c->filtered);
	JSON__KEY(j, "lost");
	json__uint(j, c->lost);
	JSON__KEY(j, "truncated");
	json__uint(j, c->truncated);
	JSON__KEY(j, "unreadable");
	json__uint(j, c->unreadable);
	json__object_end(j);
}

static void wall_time(struct json *j, uint64_t ns)
{
	time_t seconds = (time_t)(ns / 1000000000u);
	char text[64], out[96];
	struct tm tm;

	gmtime_r(&seconds, &tm);
	strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%S", &tm);
	snprintf(out, sizeof(out), "%s.%09uZ", text, (unsigned)(ns % 1000000000u));
	string(j, out);
}

static void files(struct json *j, const struct metadata_sources *of)
{
	json__list(j);
	for (size_t i = 0; i < of->n_files; i++) {
		const struct binary *b = of->files[i];

		if (b->refused)
			continue;
		json__object(j);
		JSON__KEY(j, "path");
		string_within(j, b->path, 256);
		JSON__KEY(j, "build_id");
		string(j, b->elf.build_id);
		JSON__KEY(j, "probes");
		json__uint(j, b->elf.n_probes);
		json__object_end(j);
	}
	json__list_end(j);
}

/* [{"path":"/usr/lib/libx.so","errno":22}] */
static void files_not_attached(struct json *j, const struct metadata_sources *of)
{
	json__list(j);
	for (size_t i = 0, left = METADATA_REFUSED; left && i < of->n_files; i++) {
		const struct binary *b = of->files[i];

		if (!b->refused)
			continue;
		json__object(j);
		JSON__KEY(j, "path");
		string_within(j, b->path, 256);
		JSON__KEY(j, "errno");
		json__int(j, -b->refused);
		json__object_end(j);
		left--;
	}
	json__list_end(j);
}

/* Members "pid", "container_pid" where it has another number in its own PID namespace, "executable". */
static void process(struct json *j, const struct process_description *p, size_t room)
{
	JSON__KEY(j, "pid");
	json__int(j, p->pid);
	if (p->container_pid) {
		JSON__KEY(j, "container_pid");
		json__int(j, p->container_pid);
	}
	JSON__KEY(j, "executable");
	string_within(j, p->exe ? p->exe : "", room);
}

/* The first ones; how many there were is in "processes". */
static void process_list(struct json *j, const struct metadata_sources *of)
{
	json__list(j);
	for (size_t i = 0; i < of->n_processes; i++) {
		json__object(j);
		process(j, &of->processes[i], 192);
		JSON__KEY(j, "name");
		string(j, of->processes[i].comm);
		json__object_end(j);
	}
	json__list_end(j);
}

/* [{"pid":7,"file":"libx.so","probes":["set","log"],"cause":"copied code"}] */
static void silent_list(struct json *j, const struct metadata_sources *of)
{
	json__list(j);
	for (size_t i = 0; i < of->n_silent && i < METADATA_SILENT; i++) {
		const struct processes_silent *s = &of->silent[i];
		const char *slash = strrchr(s->binary->path, '/');

		json__object(j);
		JSON__KEY(j, "pid");
		json__int(j, s->pid);
		JSON__KEY(j, "file");
		string_within(j, slash ? slash + 1 : s->binary->path, 64);
		JSON__KEY(j, "probes");
		json__list(j);
		for (int k = 0; k < EVENT_PROBES; k++)
			if (s->kinds >> k & 1)
				string(j, probe_names[k]);
		json__list_end(j);
		JSON__KEY(j, "cause");
		string(j, arming__word(s->state));
		json__object_end(j);
	}
	json__list_end(j);
}

void metadata__put_tool(struct json *j)
{
	JSON__KEY(j, "tool");
	string(j, "viztrace-bpf");
	JSON__KEY(j, "version");
	string(j, TOOL_VERSION);
}

void metadata__put_times(struct json *j, const struct report *r)
{
	JSON__KEY(j, "clock");
	string(j, "CLOCK_MONOTONIC");
	JSON__KEY(j, "start_clock_ns");
	json__uint(j, r->start);
	JSON__KEY(j, "start_boot_ns");
	json__uint(j, r->start_boot);
	JSON__KEY(j, "start_time");
	wall_time(j, r->start_wall);
	JSON__KEY(j, "host");
	string(j, r->host.name);
	JSON__KEY(j, "boot_id");
	string(j, r->host.boot_id);
	JSON__KEY(j, "pid_namespace");
	json__uint(j, r->host.pid_namespace);
	JSON__KEY(j, "end_us");
	json__us(j, r->end - r->start);
	JSON__KEY(j, "ended");
	string(j, r->why);
}

/* Members: the books. */
static void books(struct json *j, const struct report *r)
{
	JSON__KEY(j, "events");
	counts(j, &r->total);
	JSON__KEY(j, "probes");
	json__object(j);
	for (int i = 0; i < EVENT_PROBES; i++) {
		json__key(j, probe_names[i], strlen(probe_names[i]));
		counts(j, &r->probes[i]);
	}
	json__object_end(j);
	JSON__KEY(j, "counters");
	json__uint(j, r->counters);
	JSON__KEY(j, "objects");
	json__uint(j, r->objects);
	JSON__KEY(j, "methods");
	json__uint(j, r->methods);
	JSON__KEY(j, "threads");
	json__uint(j, r->threads);
	JSON__KEY(j, "processes");
	json__uint(j, r->processes);
	JSON__KEY(j, "missed_processes");
	json__uint(j, r->missed);
	JSON__KEY(j, "not_finite");
	json__uint(j, r->not_finite);
	JSON__KEY(j, "invalid_json");
	json__uint(j, r->invalid_json);
	JSON__KEY(j, "unwound");
	json__uint(j, r->unwound);
	JSON__KEY(j, "forgotten");
	json__uint(j, r->forgotten);
	JSON__KEY(j, "too_deep");
	json__uint(j, r->too_deep);
	JSON__KEY(j, "unread");
	json__uint(j, r->unread);
	JSON__KEY(j, "unmatched_exits");
	json__uint(j, r->unmatched);
	JSON__KEY(j, "unmatched_async");
	json__uint(j, r->unmatched_async);
}

/* Members, of a trace that is the last part of what was seen. */
static void dump(struct json *j, const struct report *r)
{
	JSON__KEY(j, "dump");
	json__object(j);
	JSON__KEY(j, "cause");
	string_within(j, r->cause, 256);
	JSON__KEY(j, "kept_us");
	json__us(j, r->end - r->start);
	JSON__KEY(j, "shortened");
	json__bool(j, r->shortened);
	json__object_end(j);
}

void metadata__find_sources(struct metadata_sources *ret, const struct processes *p)
{
	const struct binary *file = NULL;

	*ret = (struct metadata_sources){ 0 };
	ret->processes = processes__described(p, &ret->n_processes);
	while (ret->n_files < METADATA_FILES && (file = processes__next_file(p, file)))
		ret->files[ret->n_files++] = file;
	ret->silent = processes__silent(p, &ret->n_silent);
	ret->astray = processes__stats(p)->astray;
}

void metadata__write(struct json *j, const struct report *r, const struct metadata_sources *of, int argc, char **argv)
{
	struct utsname u;

	json__object(j);
	metadata__put_tool(j);
	JSON__KEY(j, "command");
	command_line(j, argc, argv);
	if (uname(&u) == 0) {
		char kernel[sizeof(u.sysname) + sizeof(u.release) + sizeof(u.machine) + 3];

		snprintf(kernel, sizeof(kernel), "%s %s %s", u.sysname, u.release, u.machine);
		JSON__KEY(j, "kernel");
		string(j, kernel);
	}
	if (of->n_processes)
		process(j, of->processes, 384);
	if (of->n_processes > 1) {
		JSON__KEY(j, "process_list");
		process_list(j, of);
	}
	JSON__KEY(j, "files");
	files(j, of);
	JSON__KEY(j, "files_not_attached");
	files_not_attached(j, of);
	if (of->n_silent) {
		JSON__KEY(j, "not_switched_on");
		silent_list(j, of);
	}
	if (of->astray) {
		JSON__KEY(j, "changed_astray");
		json__uint(j, of->astray);
	}
	metadata__put_times(j, r);
	if (r->cause)
		dump(j, r);
	books(j, r);
	json__object_end(j);
}
