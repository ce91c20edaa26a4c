/* complexity.c: fits time = c * g(n) over the cases of a family.
 *
 * $ ./complexity --benchmark_dry_run
 * BM_linear/manual_time_BigO 42.00 N ... N
 * BM_linear/manual_time_RMS 0 % ...
 * BM_any/manual_time_BigO 3.00 N^2 ...
 * BM_own/manual_time_BigO 5.00 f(N) ...
 */
#include <prony/benchmark.h>

/* Simulated work, so that the fit is exact. */
static void run(struct benchmark_state *state, double seconds)
{
    while (benchmark_state_keep_running(state))
        benchmark_state_set_iteration_time(state, seconds);
    benchmark_state_set_complexity_n(state, benchmark_state_range(state, 0));
}

static void set(struct benchmark *family)
{
    benchmark_range(family, 8, 4096);
    benchmark_use_manual_time(family);
}

static void BM_linear(struct benchmark_state *state)
{
    run(state, 42e-9 * (double)benchmark_state_range(state, 0));
}
BENCHMARK_WITH(BM_linear, benchmark_apply(family, set); benchmark_complexity(family, BENCHMARK_O_N));

static void BM_any(struct benchmark_state *state)
{
    double n = (double)benchmark_state_range(state, 0);
    run(state, 3e-9 * n * n);
}
BENCHMARK_WITH(BM_any, benchmark_apply(family, set); benchmark_complexity(family, BENCHMARK_O_AUTO));

static double half(int64_t n)
{
    return (double)n / 2;
}

static void BM_own(struct benchmark_state *state)
{
    run(state, 5e-9 * half(benchmark_state_range(state, 0)));
}
BENCHMARK_WITH(BM_own, benchmark_apply(family, set); benchmark_complexity_with(family, half));

BENCHMARK_MAIN();
