// SPDX-License-Identifier: BSD-2-Clause
/* The file of a trace, as whoever may have changed it: what is told of it goes into figures, as `report` does, and into
 * the other format, as `convert` does. */
#define _GNU_SOURCE
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "answers/stats.h"
#include "read/reader.h"
#include "write/formats.h"

#define CHECK(x) \
	do { \
		if (!(x)) \
			abort(); \
	} while (0)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int descriptor_of(const uint8_t *data, size_t size)
{
	int fd = memfd_create("trace", MFD_CLOEXEC);

	CHECK(fd >= 0 && write(fd, data, size) == (ssize_t)size && !lseek(fd, 0, SEEK_SET));
	return fd;
}

static int begin(void *sinks, uint64_t monotonic, uint64_t boot, uint64_t wall)
{
	const struct trace_start start = { monotonic, boot, wall };

	return sinks__begin(sinks, &start);
}

static void convert(const uint8_t *data, size_t size)
{
	struct sinks sinks = { 0 };
	const struct reader_sink sink = {
		.ops = &sinks_ops, .writer = &sinks, .whole = true, .ctx = &sinks, .begins = begin
	};
	const struct format *to = size && data[0] == '\n' ? &format_chrome : &format_perfetto;
	struct reader_result result;
	int err;

	CHECK(!sinks__add(&sinks, to, "/dev/null"));
	CHECK(!sink__open(&sinks.list[0], (struct caller){ geteuid(), getegid() }));
	err = reader__read(descriptor_of(data, size), &sink, &result);
	CHECK(!err || err == -EINVAL || err == -EILSEQ || err == -E2BIG);
	if (sinks.list[0].writer && !sinks__failed(&sinks))
		CHECK(!sinks__finish(&sinks, NULL, 0));
	sinks__free(&sinks);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	int err;
	struct reader_sink sink = { .ops = &stats_ops };
	struct reader_result result;
	struct stats *stats;

	CHECK(!stats__new(&stats));
	sink.writer = stats;
	err = reader__read(descriptor_of(data, size), &sink, &result);
	CHECK(!err || err == -EINVAL || err == -EILSEQ || err == -E2BIG);
	CHECK((err == -EINVAL) == (result.wrong != NULL));
	stats__close(stats);
	for (size_t i = 0; i < stats->n_methods; i++)
		for (unsigned percent = 1; percent <= 100; percent++)
			CHECK(histogram__percentile(&stats->methods[i]->durations, percent) <=
			      stats->methods[i]->durations.max);
	stats__free(stats);
	convert(data, size);
	return 0;
}
