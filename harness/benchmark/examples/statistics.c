/* statistics.c: aggregates of the repetitions: mean, median, stddev and cv come by themselves, others can be added.
 *
 * $ ./statistics
 * BM_steps/iterations:1/repeats:4/manual_time_mean 2.50 us ...
 * BM_steps/iterations:1/repeats:4/manual_time_median 2.50 us ...
 * BM_steps/iterations:1/repeats:4/manual_time_stddev 1.29 us ...
 * BM_steps/iterations:1/repeats:4/manual_time_cv 51.64 % ...
 * BM_steps/iterations:1/repeats:4/manual_time_max 4.00 us ...
 * BM_steps/iterations:1/repeats:4/manual_time_spread 300.00 % ...
 */
#include <prony/benchmark.h>

static double largest(const double *samples, size_t count)
{
    double max = samples[0];
    for (size_t i = 1; i < count; i++)
        max = samples[i] > max ? samples[i] : max;
    return max;
}

static double spread(const double *samples, size_t count)
{
    double min = samples[0];
    for (size_t i = 1; i < count; i++)
        min = samples[i] < min ? samples[i] : min;
    return min > 0 ? (largest(samples, count) - min) / min : 0;
}

static void BM_steps(struct benchmark_state *state)
{
    static int repetition;
    repetition++;
    while (benchmark_state_keep_running(state))
        benchmark_state_set_iteration_time(state, repetition * 1e-6);
}
BENCHMARK_WITH(BM_steps, benchmark_iterations(family, 1); benchmark_repetitions(family, 4);
               benchmark_use_manual_time(family); benchmark_unit(family, BENCHMARK_MICROSECOND);
               benchmark_report_aggregates_only(family, true);
               benchmark_compute_statistics(family, "max", largest, BENCHMARK_STATISTIC_TIME);
               benchmark_compute_statistics(family, "spread", spread, BENCHMARK_STATISTIC_PERCENTAGE));

BENCHMARK_MAIN();
