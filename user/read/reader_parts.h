/* SPDX-License-Identifier: BSD-2-Clause */
/* reader_parts: what the readers of the formats have in common. Nobody else includes this. */
#ifndef VIZTRACE_READER_PARTS_H
#define VIZTRACE_READER_PARTS_H

#include "reader.h"
#include "stream.h"
#include "values.h"

#define READER_SUMMARY "viztrace summary" /* the instant that has the metadata */

/* Both read `from` to its end and fill `ret`, which is all zeros; see reader__read(). */
int reader_chrome__read(struct stream *from, const struct reader_sink *sink, struct reader_result *ret);
int reader_perfetto__read(struct stream *from, const struct reader_sink *sink, struct reader_result *ret);

/* The metadata, as values, into `ret` and to the sink. -EINVAL: this is not what our tool writes there. */
int reader__on_metadata(const struct reader_sink *sink, const struct value *values, size_t n,
			struct reader_result *ret);

/* us, as a file has them, in ns. False: this is no time. */
bool reader__ns_of(double us, uint64_t *ret);

#endif
