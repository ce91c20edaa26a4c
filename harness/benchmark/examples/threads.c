/* threads.c: the function runs on several threads at once; all start and end the loop together. Counters are summed
 * over the threads; the time is what one thread saw.
 *
 * $ ./threads --benchmark_min_time=1000x
 * BM_count/real_time/threads:1 ... counted=1k
 * BM_count/real_time/threads:2 ... counted=2k
 * BM_count/real_time/threads:4 ... counted=4k
 */
#include <prony/benchmark.h>
#include <stdatomic.h>

static atomic_long total;

static void BM_count(struct benchmark_state *state)
{
    long count = 0;
    if (benchmark_state_thread_index(state) == 0)
        atomic_store(&total, 0); /* before the loop: the others wait for this thread there */
    while (benchmark_state_keep_running(state)) {
        atomic_fetch_add(&total, 1);
        count++;
    }
    benchmark_state_set_counter(state, "counted", (double)count, BENCHMARK_COUNTER_PLAIN);
}
BENCHMARK_WITH(BM_count, benchmark_thread_range(family, 1, 4); benchmark_use_real_time(family));

BENCHMARK_MAIN();
