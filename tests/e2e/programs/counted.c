/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Linked into every program and library of the tests: counts each time that the code finds its semaphore up and goes to
 * a stub, for all processes of a test together. harness.py has its calls of the stubs come here, and compares with what
 * was seen.
 */
#undef viz__probe_init
#undef viz__probe_destroy
#undef viz__probe_set
#undef viz__probe_log
#undef viz__probe_enter
#undef viz__probe_exit
#undef viz__probe_value
#undef viz__probe_instant
#undef viz__probe_quiet
#undef viz__probe_async

#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "viztrace.h"

#ifndef VIZ_PROBE_DISABLE

enum { INIT, DESTROY, SET, LOG, ENTER, EXIT, VALUE, INSTANT, QUIET, ASYNC, KINDS }; /* as in user/common/event.h */

static uint64_t *counts; /* of KINDS, shared by all */

static __attribute__((constructor(101))) void begin(void)
{
	const char *path = getenv("VIZTRACE_TEST_COUNTS");
	int fd = path ? open(path, O_RDWR | O_CLOEXEC) : -1;
	void *map = fd < 0 ? MAP_FAILED : mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

	if (fd >= 0)
		close(fd);
	if (map != MAP_FAILED)
		counts = (uint64_t *)map;
}

static inline void count(int kind)
{
	if (counts)
		__atomic_fetch_add(&counts[kind], 1, __ATOMIC_RELAXED);
}

#define COUNTED(name, kind, parameters, arguments) \
	void counted_##name parameters VIZ__HIDDEN; \
	void counted_##name parameters \
	{ \
		count(kind); \
		viz__probe_##name arguments; \
	}

#ifdef __cplusplus
extern "C" {
#endif
COUNTED(init, INIT, (const void *obj, const struct viz_class *cls, const char *name), (obj, cls, name))
COUNTED(destroy, DESTROY, (const void *obj), (obj))
COUNTED(set, SET, (const void *obj, uint32_t index, uint64_t bits, const char *attr), (obj, index, bits, attr))
COUNTED(log, LOG, (const void *obj, uint32_t why), (obj, why))
#ifdef VIZ_ARGS_MAX
#define SLICE (const char *name, const void *frame, uint32_t flags, const char *args, const uint64_t *words)
COUNTED(enter, ENTER, SLICE, (name, frame, flags, args, words))
COUNTED(exit, EXIT, SLICE, (name, frame, flags, args, words))
COUNTED(instant, INSTANT, (const char *name, const char *args, const uint64_t *words, uint64_t check),
	(name, args, words, check))
#else /* of version1 */
COUNTED(enter, ENTER, (const char *name, const void *frame, uint32_t flags), (name, frame, flags))
COUNTED(exit, EXIT, (const char *name, const void *frame, uint32_t flags), (name, frame, flags))
COUNTED(instant, INSTANT, (const char *name), (name))
#endif
COUNTED(value, VALUE, (const char *name, const char *attr, uint64_t bits, uint32_t type), (name, attr, bits, type))
COUNTED(quiet, QUIET, (const void *obj, uint32_t index, uint64_t bits, const char *attr), (obj, index, bits, attr))
#ifdef VIZ_PROBE_BEGIN /* not in the first version of the header */
COUNTED(async, ASYNC, (const char *name, uint64_t id, uint32_t what), (name, id, what))
#endif
#ifdef __cplusplus
}
#endif

#endif
