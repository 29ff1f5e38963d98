/* The tracepoint that the row lttng-ust calls: two numbers, as record2-precise. */

#undef LTTNG_UST_TRACEPOINT_PROVIDER
#define LTTNG_UST_TRACEPOINT_PROVIDER tbuf_bench

#undef LTTNG_UST_TRACEPOINT_INCLUDE
#define LTTNG_UST_TRACEPOINT_INCLUDE "./tbuf_bench_tp.h"

#if !defined(TBUF_BENCH_TP_H) || defined(LTTNG_UST_TRACEPOINT_HEADER_MULTI_READ)
#define TBUF_BENCH_TP_H

#include <stdint.h>
#include <lttng/tracepoint.h>

LTTNG_UST_TRACEPOINT_EVENT(
    tbuf_bench, pair,
    LTTNG_UST_TP_ARGS(uint32_t, a, uint32_t, b),
    LTTNG_UST_TP_FIELDS(
        lttng_ust_field_integer(uint32_t, a, a)
        lttng_ust_field_integer(uint32_t, b, b)))

#endif

#include <lttng/tracepoint-event.h>
