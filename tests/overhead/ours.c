/* ours.c: what libbenchmark itself costs. The same registrations as upstream.cpp; scripts/bench-library alternates the
 * two. The environment variable OVERHEAD_COUNT registers so many copies of an empty benchmark instead. */
#include "harness/benchmark/benchmark.h"

#include <stdio.h>
#include <stdlib.h>

static void BM_empty(struct benchmark_state *state)
{
    while (benchmark_state_keep_running(state)) {}
}

static void BM_empty_loop(struct benchmark_state *state)
{
    BENCHMARK_LOOP(state)
    {
    }
}

static void BM_batch(struct benchmark_state *state)
{
    while (benchmark_state_keep_running_batch(state, 1000))
        for (int i = 0; i < 1000; i++)
            benchmark_clobber_memory();
}

static void BM_pause(struct benchmark_state *state)
{
    while (benchmark_state_keep_running(state)) {
        benchmark_state_pause_timing(state);
        benchmark_state_resume_timing(state);
    }
}

static void register_some(void)
{
    benchmark_register("BM_empty", BM_empty, NULL);
    benchmark_register("BM_empty_loop", BM_empty_loop, NULL);
    benchmark_register("BM_batch", BM_batch, NULL);
    benchmark_use_real_time(benchmark_register("BM_pause", BM_pause, NULL));
    benchmark_threads(benchmark_iterations(benchmark_register("BM_once", BM_empty, NULL), 1), 1);
    benchmark_threads(benchmark_iterations(benchmark_register("BM_once", BM_empty, NULL), 1), 2);
    benchmark_threads(benchmark_iterations(benchmark_register("BM_once", BM_empty, NULL), 1), 8);
}

int main(int argc, char **argv)
{
    const char *count = getenv("OVERHEAD_COUNT");
    for (int i = 0; count && i < atoi(count); i++) {
        char name[32];
        snprintf(name, sizeof name, "BM_%d", i);
        benchmark_register(name, BM_empty, NULL);
    }
    if (!count)
        register_some();
    return benchmark_main(argc, argv);
}
