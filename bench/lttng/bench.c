/*
 * Calls a tracepoint of LTTng-UST in batches, as bench/lib/batch-row.mjs does with those of tbuf, and
 * prints how many calls there were, the nanoseconds per call in the median batch, and in the mean.
 *
 *   bench BATCHES
 */

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define LTTNG_UST_TRACEPOINT_CREATE_PROBES
#define LTTNG_UST_TRACEPOINT_DEFINE
#include "tbuf_bench_tp.h"

enum { OPS = 8192, WARM_BATCHES = 16, PAUSE_NS = 3000000 };

static double now_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * 1e9 + t.tv_nsec;
}

static int ascending(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double batch(void)
{
    double begin = now_ns();
    for (uint32_t i = 0; i < OPS; i++)
        lttng_ust_tracepoint(tbuf_bench, pair, i, i * 2654435761u);
    double ns = (now_ns() - begin) / OPS;
    /* Not timed: the consumer daemon takes what is full, so that nothing is discarded. */
    struct timespec pause = { 0, PAUSE_NS };
    nanosleep(&pause, NULL);
    return ns;
}

int main(int argc, char **argv)
{
    int batches = argc > 1 ? atoi(argv[1]) : 0;
    if (batches < 1) {
        fprintf(stderr, "usage: bench BATCHES\n");
        return 2;
    }
    double *ns = malloc(batches * sizeof *ns), sum = 0;
    for (int i = 0; i < WARM_BATCHES; i++)
        batch();
    for (int i = 0; i < batches; i++)
        sum += ns[i] = batch();
    qsort(ns, batches, sizeof *ns, ascending);
    printf("%d %.3f %.3f\n", (batches + WARM_BATCHES) * OPS, ns[batches / 2], sum / batches);
    return 0;
}
