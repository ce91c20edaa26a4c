/* profiler.c: a profiler manager: called around the loop of one more run, which is not measured: the place to switch a
 * profiler on and off.
 *
 * $ ./profiler --benchmark_min_time=3x
 * profiler on
 * profiler off
 * BM_work ... 3
 */
#include <prony/benchmark.h>

static void on(void *context)
{
    fprintf(context, "profiler on\n");
}

static void off(void *context)
{
    fprintf(context, "profiler off\n");
}

static void BM_work(struct benchmark_state *state)
{
    while (benchmark_state_keep_running(state))
        benchmark_clobber_memory();
}
BENCHMARK(BM_work);

int main(int argc, char **argv)
{
    struct benchmark_profiler_manager manager = { on, off, stdout };
    benchmark_register_profiler_manager(&manager);
    return benchmark_main(argc, argv);
}
