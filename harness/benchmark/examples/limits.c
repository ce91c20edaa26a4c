/* limits.c: how long a case may take: iterations at least and at most, and seconds of wall time for the whole search.
 *
 * $ ./limits --benchmark_min_time=0.01s
 * BM_at_most ... 100
 * BM_at_least/manual_time 20000000 ns ... 20
 * BM_capped/manual_time 0.000 ns ...
 */
#include <prony/benchmark.h>

static void BM_at_most(struct benchmark_state *state)
{
    while (benchmark_state_keep_running(state))
        benchmark_clobber_memory();
}
BENCHMARK_WITH(BM_at_most, benchmark_max_iterations(family, 100));

/* One iteration reaches the minimum time, but one is no average. */
static void BM_at_least(struct benchmark_state *state)
{
    while (benchmark_state_keep_running(state))
        benchmark_state_set_iteration_time(state, 0.02);
}
BENCHMARK_WITH(BM_at_least, benchmark_min_iterations(family, 20); benchmark_use_manual_time(family));

/* The time is simulated and tiny: without the limit the search would go on for minutes. */
static void BM_capped(struct benchmark_state *state)
{
    while (benchmark_state_keep_running(state))
        benchmark_state_set_iteration_time(state, 1e-15);
}
BENCHMARK_WITH(BM_capped, benchmark_max_time(family, 0.05); benchmark_use_manual_time(family));

BENCHMARK_MAIN();
