/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A library with a pool of batches of its own: numbered writes, as those of batches.c. Built with -DOTHER it is another
 * one, with other classes and names at the same places.
 */
#define _GNU_SOURCE
#include <stdint.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "viztrace.h"

void plugin_write(int64_t stream, long n, volatile uint64_t *progress);

#ifdef OTHER
struct stream { struct viz_counter viz; int64_t check, version, thread, number, stream; };
VIZ_PROBE_COUNTER(stream, check, version, thread, number, stream);
#else
struct stream { struct viz_counter viz; int64_t number, stream, thread, check; };
VIZ_PROBE_COUNTER(stream, number, stream, thread, check);
#endif

void plugin_write(int64_t stream, long n, volatile uint64_t *progress)
{
	struct stream s;

	memset(&s, 0, sizeof(s));
#ifdef OTHER
	s.version = 2;
#endif
	VIZ_PROBE_INIT(&s, stream, "stream");
	s.stream = stream;
	s.thread = syscall(SYS_gettid);
	for (int64_t i = 0; i < n; i++) {
		s.check = i * 7919 ^ stream;
		if (progress)
			progress[0] = (uint64_t)i + 1;
		VIZ_PROBE_SET(&s, number, i);
		if (progress)
			progress[1] = (uint64_t)i + 1;
	}
#ifdef OTHER
	VIZ_PROBE_INSTANT("other's");
#else
	VIZ_PROBE_INSTANT("plugin's");
#endif
}
