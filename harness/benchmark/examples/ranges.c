/* ranges.c: arguments that grow: by powers of a multiplier, or by steps.
 *
 * $ ./ranges --benchmark_list_tests
 * BM_powers/8
 * BM_powers/64
 * BM_powers/512
 * BM_powers/1000
 * BM_doubling/1
 * BM_doubling/2
 * BM_doubling/4
 * BM_doubling/6
 * BM_steps/10
 * BM_steps/15
 * BM_steps/20
 * BM_square/1/3
 * BM_square/8/3
 * BM_square/1/4
 * BM_square/8/4
 */
#include <prony/benchmark.h>

static void walk(struct benchmark_state *state)
{
    int64_t end = benchmark_state_range(state, 0);
    while (benchmark_state_keep_running(state))
        for (int64_t i = 0; i < end; i++)
            benchmark_do_not_optimize(i);
}
#define BM_powers   walk
#define BM_doubling walk
#define BM_steps    walk
#define BM_square   walk

BENCHMARK_WITH(BM_powers, benchmark_range(family, 8, 1000));
BENCHMARK_WITH(BM_doubling, benchmark_range_multiplier(family, 2); benchmark_range(family, 1, 6));
BENCHMARK_WITH(BM_steps, benchmark_dense_range(family, 10, 20, 5));
BENCHMARK_WITH(BM_square, benchmark_ranges(family, (const int64_t[][2]){ { 1, 8 }, { 3, 4 } }, 2));

BENCHMARK_MAIN();
