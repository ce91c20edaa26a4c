/* manual_time.c: the program says how long an iteration took: work on a GPU, on another machine, or in a simulation.
 *
 * $ ./manual_time --benchmark_dry_run
 * BM_device/manual_time 1500 us ... us 1
 */
#include <prony/benchmark.h>

static double run_on_device(void)
{
    return 0.0015; /* seconds, by the device's own clock */
}

static void BM_device(struct benchmark_state *state)
{
    while (benchmark_state_keep_running(state))
        benchmark_state_set_iteration_time(state, run_on_device());
}
BENCHMARK_WITH(BM_device, benchmark_use_manual_time(family); benchmark_unit(family, BENCHMARK_MICROSECOND));

BENCHMARK_MAIN();
