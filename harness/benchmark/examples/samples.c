/* samples.c: not only the mean: the library times single iterations (or equal batches of short ones) and reports the
 * distribution in the JSON: min, p50, p90, p99, max.
 *
 * $ ./samples --benchmark_format=json --benchmark_min_time=100x
 * "name": "BM_sometimes_slow",
 * "prony_samples": ...
 */
#include <prony/benchmark.h>

static void BM_sometimes_slow(struct benchmark_state *state)
{
    int call = 0;
    while (benchmark_state_keep_running(state)) {
        int64_t work = ++call % 10 ? 100 : 10000;
        for (int64_t i = 0; i < work; i++)
            benchmark_do_not_optimize(i);
    }
}
BENCHMARK_WITH(BM_sometimes_slow, benchmark_samples(family, 100));

BENCHMARK_MAIN();
