/* SPDX-License-Identifier: BSD-2-Clause */
/* perfetto_values: debug annotations in, values out. The way back from perfetto_args. */
#ifndef VIZTRACE_PERFETTO_VALUES_H
#define VIZTRACE_PERFETTO_VALUES_H

#include "perfetto_sequence.h"
#include "values.h"

/* One annotation with all in it, at the end of `ret`; its texts are those of the packet, or in `ret`. *ret_address: it
 * is one, and no value. 0; -EINVAL: we write no such one; -ENOMEM. */
int perfetto_values__read(struct values *ret, const struct perfetto_sequence *s, struct wire message,
			  bool *ret_address);

#endif
