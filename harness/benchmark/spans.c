/* spans.c: where the time of the iterations went, as the benchmark tells it: totals of each operation and layer. */
#include "harness/base/mem.h"
#include "harness/benchmark/internal.h"
#include <stdlib.h>
#include <string.h>

static struct benchmark_span *find(const struct benchmark_spans *spans, const char *operation, int layer)
{
    for (size_t i = 0; i < spans->count; i++) {
        if (spans->items[i].layer == layer && strcmp(spans->items[i].operation, operation) == 0)
            return &spans->items[i];
    }
    return NULL;
}

static void add(struct benchmark_spans *spans, const struct benchmark_span *span)
{
    struct benchmark_span *known = find(spans, span->operation, span->layer);
    if (known) {
        known->calls += span->calls;
        known->time_ns += span->time_ns;
        known->bytes += span->bytes;
        known->flops += span->flops;
        return;
    }
    MEM_GROW(spans->items, spans->count, spans->capacity);
    known = &spans->items[spans->count++];
    *known = *span;
    known->operation = mem_strdup(span->operation);
    known->kernels = span->kernels && *span->kernels ? mem_strdup(span->kernels) : NULL;
    if (known->layer < 0)
        known->layer = -1;
}

void benchmark_state_add_span(struct benchmark_state *state, const struct benchmark_span *span)
{
    add(&state->measurement->spans, span);
}

void benchmark_spans_append(struct benchmark_spans *to, const struct benchmark_spans *from)
{
    for (size_t i = 0; i < from->count; i++)
        add(to, &from->items[i]);
}

void benchmark_spans_release(struct benchmark_span *items, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        free((char *)(uintptr_t)items[i].operation);
        free((char *)(uintptr_t)items[i].kernels);
    }
    free(items);
}
