/*
 * Threads that call a tracepoint of LTTng-UST for as long as they are told, without a pause. Prints
 * how many calls there were; when the first thread began and the last one ended, in milliseconds since
 * the epoch, which is the clock of the files that the daemon writes; and the CPU time that the program
 * had meanwhile, in milliseconds.
 *
 *   sustained THREADS MILLISECONDS
 */

#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define LTTNG_UST_TRACEPOINT_CREATE_PROBES
#define LTTNG_UST_TRACEPOINT_DEFINE
#include "tbuf_bench_tp.h"

/* As many calls as bench/lib/sustained-writer.mjs makes between two looks at the clock. */
enum { OPS = 4096, THREADS_MAX = 64 };

static double until;

static double now_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_REALTIME, &t);
    return t.tv_sec * 1e3 + t.tv_nsec / 1e6;
}

static double cpu_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return t.tv_sec * 1e3 + t.tv_nsec / 1e6;
}

static void *record(void *calls)
{
    uint64_t done = 0;
    for (; now_ms() < until; done += OPS)
        for (uint32_t i = 0; i < OPS; i++)
            lttng_ust_tracepoint(tbuf_bench, pair, i, i * 2654435761u);
    *(uint64_t *)calls = done;
    return NULL;
}

int main(int argc, char **argv)
{
    int threads = argc > 1 ? atoi(argv[1]) : 0;
    double ms = argc > 2 ? atof(argv[2]) : 0;
    if (threads < 1 || threads > THREADS_MAX || ms <= 0) {
        fprintf(stderr, "usage: sustained THREADS MILLISECONDS\n");
        return 2;
    }
    pthread_t thread[THREADS_MAX];
    uint64_t calls[THREADS_MAX], sum = 0;
    double begin = now_ms(), cpu = cpu_ms();
    until = begin + ms;
    for (int i = 0; i < threads; i++)
        if (pthread_create(&thread[i], NULL, record, &calls[i]))
            return 1;
    for (int i = 0; i < threads; i++) {
        pthread_join(thread[i], NULL);
        sum += calls[i];
    }
    printf("%llu %.3f %.3f %.3f\n", (unsigned long long)sum, begin, now_ms(), cpu_ms() - cpu);
    return 0;
}
