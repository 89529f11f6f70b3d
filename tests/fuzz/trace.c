// SPDX-License-Identifier: BSD-2-Clause
/* The file of a trace, as whoever may have changed it: what is told of it goes into figures, as `report` does. */
#define _GNU_SOURCE
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "answers/stats.h"
#include "read/reader.h"

#define CHECK(x) \
	do { \
		if (!(x)) \
			abort(); \
	} while (0)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	int fd = memfd_create("trace", MFD_CLOEXEC), err;
	struct reader_sink sink = { .ops = &stats_ops };
	struct reader_result result;
	struct stats *stats;

	CHECK(fd >= 0 && write(fd, data, size) == (ssize_t)size && !lseek(fd, 0, SEEK_SET));
	CHECK(!stats__new(&stats));
	sink.writer = stats;
	err = reader__read(fd, &sink, &result);
	CHECK(!err || err == -EINVAL || err == -EILSEQ);
	CHECK((err == -EINVAL) == (result.wrong != NULL));
	stats__close(stats);
	for (size_t i = 0; i < stats->n_methods; i++)
		for (unsigned percent = 1; percent <= 100; percent++)
			CHECK(histogram__percentile(&stats->methods[i]->durations, percent) <=
			      stats->methods[i]->durations.max);
	stats__free(stats);
	return 0;
}
