/* process_time.c: which clock counts. By default the CPU time of the benchmark's thread; with process_cpu_time that of
 * all threads of the process (work that the function hands to others); with real_time the wall clock decides how many
 * iterations are enough, and rates refer to it.
 *
 * $ ./process_time --benchmark_list_tests
 * BM_work
 * BM_work/process_time
 * BM_work/real_time
 * BM_work/process_time/real_time
 */
#include <prony/benchmark.h>

static void BM_work(struct benchmark_state *state)
{
    while (benchmark_state_keep_running(state))
        benchmark_clobber_memory();
}
BENCHMARK(BM_work);
BENCHMARK_WITH(BM_work, benchmark_measure_process_cpu_time(family));
BENCHMARK_WITH(BM_work, benchmark_use_real_time(family));
BENCHMARK_WITH(BM_work, benchmark_measure_process_cpu_time(family); benchmark_use_real_time(family));

BENCHMARK_MAIN();
