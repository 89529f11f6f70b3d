/* SPDX-License-Identifier: BSD-2-Clause */
#undef LTTNG_UST_TRACEPOINT_PROVIDER
#define LTTNG_UST_TRACEPOINT_PROVIDER vizbench
#undef LTTNG_UST_TRACEPOINT_INCLUDE
#define LTTNG_UST_TRACEPOINT_INCLUDE "./lttng_events.h"

#if !defined(BENCH_LTTNG_EVENTS_H) || defined(LTTNG_UST_TRACEPOINT_HEADER_MULTI_READ)
#define BENCH_LTTNG_EVENTS_H
#include <lttng/tracepoint.h>
#include <stdint.h>

#define BENCH_FIELD(i) lttng_ust_field_integer(int64_t, a##i, a[i])
#define BENCH_FIELDS4(i, j, k, l) BENCH_FIELD(i) BENCH_FIELD(j) BENCH_FIELD(k) BENCH_FIELD(l)

/* clang-format off */
LTTNG_UST_TRACEPOINT_EVENT(vizbench, counter1, LTTNG_UST_TP_ARGS(const int64_t *, a),
	LTTNG_UST_TP_FIELDS(BENCH_FIELD(0)))
LTTNG_UST_TRACEPOINT_EVENT(vizbench, counter4, LTTNG_UST_TP_ARGS(const int64_t *, a),
	LTTNG_UST_TP_FIELDS(BENCH_FIELDS4(0, 1, 2, 3)))
LTTNG_UST_TRACEPOINT_EVENT(vizbench, counter8, LTTNG_UST_TP_ARGS(const int64_t *, a),
	LTTNG_UST_TP_FIELDS(BENCH_FIELDS4(0, 1, 2, 3) BENCH_FIELDS4(4, 5, 6, 7)))
LTTNG_UST_TRACEPOINT_EVENT(vizbench, counter32, LTTNG_UST_TP_ARGS(const int64_t *, a),
	LTTNG_UST_TP_FIELDS(BENCH_FIELDS4(0, 1, 2, 3) BENCH_FIELDS4(4, 5, 6, 7) BENCH_FIELDS4(8, 9, 10, 11)
		BENCH_FIELDS4(12, 13, 14, 15) BENCH_FIELDS4(16, 17, 18, 19) BENCH_FIELDS4(20, 21, 22, 23)
		BENCH_FIELDS4(24, 25, 26, 27) BENCH_FIELDS4(28, 29, 30, 31)))
LTTNG_UST_TRACEPOINT_EVENT(vizbench, object,
	LTTNG_UST_TP_ARGS(int64_t, n, const char *, owner, const char *, state),
	LTTNG_UST_TP_FIELDS(lttng_ust_field_integer(int64_t, n, n) lttng_ust_field_string(owner, owner)
		lttng_ust_field_string(state, state)))
LTTNG_UST_TRACEPOINT_EVENT(vizbench, enter, LTTNG_UST_TP_ARGS(const char *, name),
	LTTNG_UST_TP_FIELDS(lttng_ust_field_string(name, name)))
LTTNG_UST_TRACEPOINT_EVENT(vizbench, enter_args, LTTNG_UST_TP_ARGS(const char *, name, int64_t, i, double, share),
	LTTNG_UST_TP_FIELDS(lttng_ust_field_string(name, name) lttng_ust_field_integer(int64_t, i, i)
		lttng_ust_field_float(double, share, share)))
LTTNG_UST_TRACEPOINT_EVENT(vizbench, exit, LTTNG_UST_TP_ARGS(const char *, name),
	LTTNG_UST_TP_FIELDS(lttng_ust_field_string(name, name)))
/* clang-format on */
#endif

#include <lttng/tracepoint-event.h>
