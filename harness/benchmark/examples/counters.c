/* counters.c: numbers beside the time: rates, averages, shares. Manual time makes them exact here: 4 iterations of 0.5
 * s.
 *
 * $ ./counters
 * BM_count/iterations:4/manual_time ... average=25 bytes_per_second=512Ki/s each=12 inverted=2us rate=500k/s total=100
 *
 * $ ./counters --benchmark_counters_tabular
 * Benchmark ... average bytes_per_second each inverted rate total
 */
#include <prony/benchmark.h>

static void BM_count(struct benchmark_state *state)
{
    while (benchmark_state_keep_running(state))
        benchmark_state_set_iteration_time(state, 0.5);
    benchmark_state_set_counter(state, "total", 100, BENCHMARK_COUNTER_PLAIN);
    benchmark_state_set_counter(state, "rate", 1e6, BENCHMARK_COUNTER_RATE);              /* a second */
    benchmark_state_set_counter(state, "average", 100, BENCHMARK_COUNTER_AVG_ITERATIONS); /* an iteration */
    benchmark_state_set_counter(state, "each", 3, BENCHMARK_COUNTER_ITERATION_INVARIANT); /* times iterations */
    benchmark_state_set_counter(state, "inverted", 1e6, BENCHMARK_COUNTER_RATE | BENCHMARK_COUNTER_INVERT);
    benchmark_state_set_bytes_processed(state, benchmark_state_iterations(state) * (256 << 10));
}
BENCHMARK_WITH(BM_count, benchmark_iterations(family, 4); benchmark_use_manual_time(family));

BENCHMARK_MAIN();
