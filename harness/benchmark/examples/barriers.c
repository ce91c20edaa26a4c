/* barriers.c: what keeps the compiler from deleting or moving the work.
 *
 * $ ./barriers --benchmark_dry_run
 * BM_result ...
 * BM_memory ...
 * BM_input ...
 */
#include <prony/benchmark.h>
#include <math.h>
#include <stdlib.h>

/* The result counts as used. */
static void BM_result(struct benchmark_state *state)
{
    char text[] = "12345";
    while (benchmark_state_keep_running(state))
        benchmark_do_not_optimize(strtol(text, NULL, 10));
}
BENCHMARK(BM_result);

/* What was written to memory counts as read. */
static void BM_memory(struct benchmark_state *state)
{
    int *values = calloc(64, sizeof *values);
    while (values && benchmark_state_keep_running(state)) {
        values[0]++;
        benchmark_clobber_memory();
    }
    free(values);
}
BENCHMARK(BM_memory);

/* The input counts as changed, so the root cannot be computed once, before the loop. */
static void BM_input(struct benchmark_state *state)
{
    double value = 2;
    BENCHMARK_LOOP(state) /* as keep_running, with the count in a register: for the shortest bodies */
    {
        benchmark_make_opaque(value);
        benchmark_do_not_optimize(sqrt(value));
    }
}
BENCHMARK(BM_input);

BENCHMARK_MAIN();
