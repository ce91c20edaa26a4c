/* fixtures.c: data that every thread builds before each run of the function, and takes down after it, untimed.
 *
 * $ ./fixtures --benchmark_dry_run
 * vector/BM_sum/1000 ... sum=499.5k
 */
#include <prony/benchmark.h>
#include <stdlib.h>

static void set_up(struct benchmark_state *state)
{
    int64_t count = benchmark_state_range(state, 0);
    double *values = malloc((size_t)count * sizeof *values);
    if (!values) {
        benchmark_state_skip_with_error(state, "no memory for %lld values", (long long)count);
        return;
    }
    for (int64_t i = 0; i < count; i++)
        values[i] = (double)i;
    benchmark_state_set_fixture(state, values);
}

static void tear_down(struct benchmark_state *state)
{
    free(benchmark_state_fixture(state));
}

static const struct benchmark_fixture vector = { "vector", set_up, tear_down };

static void BM_sum(struct benchmark_state *state)
{
    const double *values = benchmark_state_fixture(state);
    double sum = 0;
    while (benchmark_state_keep_running(state)) {
        sum = 0;
        for (int64_t i = 0; i < benchmark_state_range(state, 0); i++)
            sum += values[i];
        benchmark_do_not_optimize(sum);
    }
    benchmark_state_set_counter(state, "sum", sum, BENCHMARK_COUNTER_PLAIN);
}
BENCHMARK_FIXTURE_WITH(vector, BM_sum, benchmark_arg(family, 1000));

BENCHMARK_MAIN();
