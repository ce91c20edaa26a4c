/* spans.c: where the time of an iteration went, told by the benchmark itself.
 *
 * $ ./spans --benchmark_format=json --benchmark_min_time=100x
 * "name": "BM_copy_and_clear",
 * "prony_spans": {"operations": [
 * {"operation": "copy", "calls": 1, "time_ns": ..., "bytes": 131072, "flops": 0},
 * {"operation": "clear", "calls": 1, "time_ns": ..., "bytes": 65536, "flops": 0}]}...
 */
#include <prony/benchmark.h>
#include <string.h>
#include <time.h>

static double now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return 1e9 * (double)now.tv_sec + (double)now.tv_nsec;
}

static void BM_copy_and_clear(struct benchmark_state *state)
{
    static char from[65536], to[65536];
    double copy_ns = 0, clear_ns = 0;
    while (benchmark_state_keep_running(state)) {
        double start_ns = now_ns();
        memcpy(to, from, sizeof to);
        benchmark_do_not_optimize(to);
        double middle_ns = now_ns();
        memset(to, 0, sizeof to);
        benchmark_do_not_optimize(to);
        copy_ns += middle_ns - start_ns;
        clear_ns += now_ns() - middle_ns;
    }
    double calls = (double)benchmark_state_iterations(state);
    struct benchmark_span copy = { "copy", -1, calls, copy_ns, 2.0 * sizeof to * calls, 0, NULL };
    struct benchmark_span clear = { "clear", -1, calls, clear_ns, 1.0 * sizeof to * calls, 0, NULL };
    benchmark_state_add_span(state, &copy);
    benchmark_state_add_span(state, &clear);
}
BENCHMARK(BM_copy_and_clear);

BENCHMARK_MAIN();
