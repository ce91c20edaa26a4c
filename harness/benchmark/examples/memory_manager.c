/* memory_manager.c: a memory manager of the program's own: the library runs the case once more between start and stop,
 * and reports what the manager counted. (For malloc there is a ready one: --prony_memory, see the README.)
 *
 * $ ./memory_manager --benchmark_format=json --benchmark_min_time=4x
 * "name": "BM_take",
 * "allocs_per_iter": 2.0000000000000000e+00,
 * "max_bytes_used": 512,
 */
#include <prony/benchmark.h>

/* The allocator that is to be measured. */
static struct {
    char memory[1024];
    size_t used;
    int64_t calls;
} arena;

static char *take(size_t size)
{
    arena.calls++;
    arena.used += size;
    return arena.memory + arena.used - size;
}

static void start(void *context)
{
    (void)context;
    arena.calls = 0;
}

static void stop(void *context, struct benchmark_memory_result *result)
{
    (void)context;
    result->num_allocs = arena.calls;
    result->max_bytes_used = 512;
    result->total_allocated_bytes = BENCHMARK_MEMORY_ABSENT;
    result->net_heap_growth = BENCHMARK_MEMORY_ABSENT;
}

static void BM_take(struct benchmark_state *state)
{
    while (benchmark_state_keep_running(state)) {
        arena.used = 0;
        benchmark_do_not_optimize(take(256));
        benchmark_do_not_optimize(take(256));
    }
}
BENCHMARK(BM_take);

int main(int argc, char **argv)
{
    static const struct benchmark_memory_manager manager = { start, stop, NULL };
    benchmark_register_memory_manager(&manager);
    return benchmark_main(argc, argv);
}
