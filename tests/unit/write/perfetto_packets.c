// SPDX-License-Identifier: BSD-2-Clause
/* Whole packets and nothing else in the file, wherever its pages end and whenever the writer is killed. */
#include <criterion/criterion.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include "write/perfetto_counters.h"
#include "write/perfetto_packets.h"
#include "output_files.h"

#define PAGE 4096

TestSuite(perfetto_packets, .init = set_up, .fini = tear_down, .timeout = 120);

/* The number at *at, which moves behind it; UINT64_MAX: the text ends before that. */
static uint64_t varint(const char *text, size_t size, size_t *at)
{
	uint64_t value = 0;

	for (int shift = 0; *at < size && shift < 64; shift += 7) {
		unsigned char byte = (unsigned char)text[(*at)++];

		value |= (uint64_t)(byte & 0x7f) << shift;
		if (byte < 0x80)
			return value;
	}
	return UINT64_MAX;
}

/* The size of the packet at `at` with what is before its bytes; 0: there is no whole one. */
static size_t packet_at(const char *text, size_t size, size_t at)
{
	size_t end = at + 1;
	uint64_t length;

	if (text[at] != (TRACE_PACKET << 3 | 2))
		return 0;
	length = varint(text, size, &end);
	return length && length != UINT64_MAX && length <= size - end ? end + length - at : 0;
}

Test(perfetto_packets, fill_any_room_with_one_packet)
{
	for (size_t size = OUTPUT_FILL_MIN; size <= PAGE; size++) {
		char *room = malloc(size);
		size_t at = 1, field;

		perfetto_packets__fill(room, size);
		cr_assert_eq(packet_at(room, size, 0), size, "of %zu bytes", size);
		varint(room, size, &at);
		while (at < size) {
			field = varint(room, size, &at);
			cr_assert_eq(field, PACKET_SEQUENCE << 3, "of %zu bytes", size);
			cr_assert_eq(varint(room, size, &at), 1, "of %zu bytes", size);
		}
		free(room);
	}
}

static struct perfetto_packets open_packets(void)
{
	struct perfetto_packets p = { .out = open_output(path) };

	output__without_head(p.out, perfetto_packets__fill);
	return p;
}

static int write_packet(struct perfetto_packets *p, size_t size)
{
	static char text[3 * PAGE];

	proto__bytes(perfetto_packets__begin(p, 1), 77, text, size);
	return perfetto_packets__end(p);
}

/* How many there are in the file. None lies on two pages, unless it has to or there was no room for anything to fill
 * the page with, and nothing is left over. */
static long count_packets(void)
{
	size_t size, at = 0, next;
	char *text = slurp(path, &size);
	long n = 0;

	for (; at < size; at += next, n++) {
		next = packet_at(text, size, at);
		cr_assert(next, "no whole packet at %zu of %zu", at, size);
		cr_assert(next > PAGE || at / PAGE == (at + next - 1) / PAGE || at % PAGE > PAGE - OUTPUT_FILL_MIN,
			  "%zu bytes at %zu lie on two pages", next, at);
	}
	free(text);
	return n;
}

/* Whatever is left on a page: the first packet sees to that. */
Test(perfetto_packets, never_lie_on_two_pages)
{
	for (size_t left = 0; left < 40; left++) {
		struct perfetto_packets p = open_packets();

		cr_assert_eq(write_packet(&p, PAGE - 20 - left), 0);
		for (size_t i = 0; i < 300; i++)
			cr_assert_eq(write_packet(&p, i * 37 % 97), 0);
		cr_assert_eq(output__finish(p.out, NULL, 0, "", 0), 0);
		cr_expect_geq(count_packets(), 301);
		output__free(p.out);
		proto__free(&p.fields);
	}
}

static void flood(size_t longest)
{
	const struct rlimit most = { 1 << 30, 1 << 30 };
	struct perfetto_packets p;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	setrlimit(RLIMIT_FSIZE, &most);
	alarm(20);
	p = open_packets();
	for (size_t i = 0; !write_packet(&p, i * 379 % longest); i++)
		;
	_exit(1);
}

static void expect_whole_packets(size_t longest)
{
	long n, most = 0;
	int status;

	for (useconds_t i = 0; i < 40; i++) {
		pid_t child;

		unlink(path);
		prctl(PR_SET_CHILD_SUBREAPER, 1);
		child = fork();
		if (!child)
			flood(longest);
		if (i % 2) /* the processor may be elsewhere for longer than we sleep */
			await_size(64 << 10);
		usleep(2000 + 1371 * i % 20000);
		kill(child, SIGKILL);
		cr_expect_eq(waitpid(child, &status, 0), child);
		cr_expect(WIFSIGNALED(status), "it ended by itself");
		while (waitpid(-1, NULL, 0) > 0)
			;
		n = access(path, F_OK) ? 0 : count_packets();
		most = n > most ? n : most;
	}
	cr_expect_gt(most, 5, "nothing was written");
}

Test(perfetto_packets, are_whole_when_the_writer_is_killed)
{
	expect_whole_packets(200);
}

Test(perfetto_packets, are_whole_when_they_are_longer_than_a_page)
{
	expect_whole_packets(2 * PAGE);
}

/* Counters come and go in the millions: who was not used for long is forgotten, and is a new track when it is back. */
Test(perfetto_packets, counters_are_not_kept_for_ever)
{
	struct perfetto_packets p = open_packets();
	struct perfetto_counters c = { 0 };
	const struct value values[] = { { .key = "a", .type = VALUE_INT, .i = 1 }, { .key = "b", .type = VALUE_INT } };
	struct trace_counter counter = { .name = "counter" };
	uint64_t tracks;

	for (; counter.serial < 100000; counter.serial++)
		cr_assert_eq(perfetto_counters__put(&c, &p, (struct where){ .ts = 1 }, 9, &counter, values, 2, false),
			     0);
	cr_expect_leq(c.known.used, 2 * PERFETTO_COUNTERS_KEPT);
	tracks = c.tracks;
	counter.serial--;
	cr_assert_eq(perfetto_counters__put(&c, &p, (struct where){ .ts = 1 }, 9, &counter, values + 1, 1, false), 0);
	cr_expect_eq(c.tracks, tracks);
	counter.serial = 0;
	cr_assert_eq(perfetto_counters__put(&c, &p, (struct where){ .ts = 1 }, 9, &counter, values + 1, 1, false), 0);
	cr_expect_eq(c.tracks, tracks + 2);
	perfetto_counters__free(&c);
	output__free(p.out);
	proto__free(&p.fields);
}
