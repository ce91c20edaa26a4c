/* templates.c: the counterpart of a C++ template: a macro defines the function for each type, BENCHMARK_TEMPLATE
 * registers name_type as name<type>.
 *
 * $ ./templates --benchmark_dry_run
 * BM_sum<float> ... bytes=4
 * BM_sum<double> ... bytes=8
 */
#include <prony/benchmark.h>

#define DEFINE_SUM(type)                                                                    \
    static void BM_sum_##type(struct benchmark_state *state)                                \
    {                                                                                       \
        static const type values[256] = { 1 };                                              \
        while (benchmark_state_keep_running(state)) {                                       \
            type sum = 0;                                                                   \
            for (int i = 0; i < 256; i++)                                                   \
                sum += values[i];                                                           \
            benchmark_do_not_optimize(sum);                                                 \
        }                                                                                   \
        benchmark_state_set_counter(state, "bytes", sizeof(type), BENCHMARK_COUNTER_PLAIN); \
    }

DEFINE_SUM(float)
DEFINE_SUM(double)
BENCHMARK_TEMPLATE(BM_sum, float);
BENCHMARK_TEMPLATE(BM_sum, double);

BENCHMARK_MAIN();
