/* SPDX-License-Identifier: BSD-2-Clause */
/* perfetto_attributes: what a trace says about itself, as JSON, in; attributes of the trace out. */
#ifndef VIZTRACE_PERFETTO_ATTRIBUTES_H
#define VIZTRACE_PERFETTO_ATTRIBUTES_H

#include "perfetto_packets.h"

/* 0 or -errno: -EINVAL if it is no object of JSON. */
int perfetto_attributes__write(struct perfetto_packets *packets, const char *metadata, size_t size);

#endif
