/* pause.c: work between the iterations that is not to be timed.
 *
 * $ ./pause --benchmark_min_time=20x --benchmark_time_unit=ms
 * BM_sort ... 20
 * left out: yes
 */
#include <prony/benchmark.h>
#include <stdlib.h>
#include <time.h>

static int compare(const void *a, const void *b)
{
    int x = *(const int *)a, y = *(const int *)b;
    return (x > y) - (x < y);
}

static double timed_seconds;

static void BM_sort(struct benchmark_state *state)
{
    int values[1000];
    unsigned seed = 1;
    while (benchmark_state_keep_running(state)) {
        {
            BENCHMARK_SCOPED_PAUSE(state); /* the same as the two calls of pause_timing and resume_timing */
            for (int i = 0; i < 1000; i++)
                values[i] = (int)((seed = seed * 1103515245u + 12345u) >> 8);
        }
        benchmark_state_pause_timing(state);
        nanosleep(&(struct timespec){ .tv_nsec = 5000000 }, NULL); /* 5 ms, to show that it does not count */
        benchmark_state_resume_timing(state);
        qsort(values, 1000, sizeof *values, compare);
        benchmark_do_not_optimize(values);
    }
    timed_seconds = benchmark_state_cpu_seconds(state) + benchmark_state_real_seconds(state);
}
BENCHMARK(BM_sort);

int main(int argc, char **argv)
{
    int status = benchmark_main(argc, argv);
    printf("left out: %s\n", timed_seconds < 20 * 0.005 ? "yes" : "no");
    return status;
}
