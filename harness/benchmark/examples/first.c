/* first.c: the smallest benchmark. The library chooses how many iterations are enough.
 *
 * $ ./first
 * Benchmark ... Time ... CPU ... Iterations
 * BM_copy ... ns ... ns ...
 */
#include <prony/benchmark.h>
#include <string.h>

static void BM_copy(struct benchmark_state *state)
{
    static const char from[4096];
    char to[4096];
    while (benchmark_state_keep_running(state)) {
        memcpy(to, from, sizeof to);
        benchmark_do_not_optimize(to); /* without it the compiler may delete the copy: nobody reads it */
    }
}
BENCHMARK(BM_copy);

BENCHMARK_MAIN();
