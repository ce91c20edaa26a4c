/* memory.c: the ready memory manager, --prony_memory, and the peak resident set of a case.
 *
 * The manager counts by harness/probe/probe_allocations.h, if the program is linked with the counting malloc. */
#include "harness/benchmark/internal.h"
#include "harness/probe/probe_allocations.h"
#include "harness/probe/probe_memory.h"

static void start(void *context)
{
    (void)context;
    probe_allocations_open_window();
}

static void stop(void *context, struct benchmark_memory_result *result)
{
    struct probe_allocations_window window;
    (void)context;
    probe_allocations_close_window(&window);
    *result = (struct benchmark_memory_result){ .num_allocs = (int64_t)window.count,
                                                .max_bytes_used = window.peak_bytes,
                                                .total_allocated_bytes = (int64_t)window.block_bytes,
                                                .net_heap_growth = window.growth_bytes };
}

const struct benchmark_memory_manager *benchmark_malloc_manager(void)
{
    static const struct benchmark_memory_manager manager = { .start = start, .stop = stop };
    return probe_allocations_available() ? &manager : NULL;
}

void benchmark_memory_prepare(struct benchmark_registry *registry)
{
    if (!registry->flags.memory || registry->flags.list_tests || registry->memory_manager)
        return;
    const struct benchmark_memory_manager *manager = benchmark_malloc_manager();
    if (manager)
        benchmark_register_memory_manager(manager);
    else
        fprintf(stderr, "--prony_memory: %s\n", probe_allocations_problem());
}

bool benchmark_memory_begin_case(const struct benchmark_flags *flags)
{
    return flags->memory && probe_memory_reset_peak(NULL) == 0;
}

void benchmark_memory_read_peak(struct benchmark_run *run)
{
    struct probe_memory memory;
    run->has_peak_rss = probe_memory_read(&memory, NULL) == 0;
    if (run->has_peak_rss)
        run->peak_rss_bytes = (double)memory.peak_bytes;
}
