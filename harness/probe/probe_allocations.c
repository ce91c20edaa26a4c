/* probe_allocations.c: the counting malloc, where the program is linked with one. */
#include "harness/probe/probe_allocations.h"
#include "harness/probe/probe_malloc.h"
#include <stddef.h>

#pragma weak prony_malloc_hooks

const char *probe_allocations_problem(void)
{
    if (&prony_malloc_hooks == NULL)
        return "allocations are not counted: the program is not linked with libprony_benchmark_malloc";
    return prony_malloc_hooks.find_problem();
}

const char *probe_allocations_remedy(void)
{
    return &prony_malloc_hooks == NULL ? "link the program with -lprony_benchmark_malloc" : NULL;
}

bool probe_allocations_available(void)
{
    return probe_allocations_problem() == NULL;
}

void probe_allocations_read(struct probe_allocations *so_far)
{
    *so_far = (struct probe_allocations){ 0 };
    if (&prony_malloc_hooks != NULL)
        prony_malloc_hooks.read(so_far);
}

uint64_t probe_allocations_count(void)
{
    struct probe_allocations so_far;
    probe_allocations_read(&so_far);
    return so_far.count;
}

void probe_allocations_open_window(void)
{
    if (&prony_malloc_hooks != NULL)
        prony_malloc_hooks.open_window();
}

void probe_allocations_read_window(struct probe_allocations_window *window)
{
    *window = (struct probe_allocations_window){ 0 };
    if (&prony_malloc_hooks != NULL)
        prony_malloc_hooks.read_window(window);
}

void probe_allocations_close_window(struct probe_allocations_window *window)
{
    *window = (struct probe_allocations_window){ 0 };
    if (&prony_malloc_hooks != NULL)
        prony_malloc_hooks.close_window(window);
}
