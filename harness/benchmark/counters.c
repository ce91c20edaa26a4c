/* counters.c: named numbers of a run, kept sorted by name, and the short form people read. */
#include "harness/benchmark/internal.h"
#include "harness/base/mem.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Where name is, or where it belongs. */
static size_t position(const struct benchmark_counters *counters, const char *name)
{
    size_t lo = 0, hi = counters->count;
    while (lo < hi) {
        size_t middle = (lo + hi) / 2;
        if (strcmp(counters->items[middle].name, name) < 0)
            lo = middle + 1;
        else
            hi = middle;
    }
    return lo;
}

const struct benchmark_counter *benchmark_counters_find(const struct benchmark_counters *counters, const char *name)
{
    size_t at = position(counters, name);
    if (at < counters->count && strcmp(counters->items[at].name, name) == 0)
        return &counters->items[at];
    return NULL;
}

struct benchmark_counter *benchmark_counters_at(struct benchmark_counters *counters, const char *name)
{
    size_t at = position(counters, name);
    if (at < counters->count && strcmp(counters->items[at].name, name) == 0)
        return &counters->items[at];
    MEM_GROW(counters->items, counters->count, counters->capacity);
    memmove(&counters->items[at + 1], &counters->items[at], (counters->count - at) * sizeof *counters->items);
    counters->count++;
    counters->items[at] = (struct benchmark_counter){ .name = mem_strdup(name), .base = 1000 };
    return &counters->items[at];
}

bool benchmark_counters_is_key(const char *name)
{
    static const char *const keys[] = { "name",
                                        "family_index",
                                        "per_family_instance_index",
                                        "run_name",
                                        "run_type",
                                        "repetitions",
                                        "repetition_index",
                                        "threads",
                                        "aggregate_name",
                                        "aggregate_unit",
                                        "error_occurred",
                                        "error_message",
                                        "skipped",
                                        "skip_message",
                                        "iterations",
                                        "real_time",
                                        "cpu_time",
                                        "time_unit",
                                        "label",
                                        "allocs_per_iter",
                                        "max_bytes_used",
                                        "total_allocated_bytes",
                                        "net_heap_growth" };
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++)
        if (strcmp(name, keys[i]) == 0)
            return true;
    return str_starts(name, "prony_");
}

void benchmark_counters_copy(struct benchmark_counters *to, const struct benchmark_counters *from)
{
    *to = (struct benchmark_counters){ 0 };
    if (!from->count)
        return;
    to->items = mem_array(from->count, sizeof *to->items);
    to->count = to->capacity = from->count;
    for (size_t i = 0; i < from->count; i++) {
        to->items[i] = from->items[i];
        to->items[i].name = mem_strdup(from->items[i].name);
    }
}

void benchmark_counters_finish(struct benchmark_counters *counters, int64_t iterations, double seconds, int threads)
{
    double thread_seconds = seconds / threads;
    for (size_t i = 0; i < counters->count; i++) {
        struct benchmark_counter *counter = &counters->items[i];
        if (counter->flags & BENCHMARK_COUNTER_RATE)
            counter->value /= thread_seconds;
        if (counter->flags & BENCHMARK_COUNTER_AVG_THREADS)
            counter->value /= threads;
        if (counter->flags & BENCHMARK_COUNTER_ITERATION_INVARIANT)
            counter->value *= (double)iterations;
        if (counter->flags & BENCHMARK_COUNTER_AVG_ITERATIONS)
            counter->value /= (double)iterations;
        if (counter->flags & BENCHMARK_COUNTER_INVERT)
            counter->value = 1 / counter->value;
    }
}

bool benchmark_counters_same_names(const struct benchmark_counters *a, const struct benchmark_counters *b)
{
    if (a->count != b->count)
        return false;
    for (size_t i = 0; i < a->count; i++)
        if (strcmp(a->items[i].name, b->items[i].name) != 0)
            return false;
    return true;
}

void benchmark_counters_release(struct benchmark_counters *counters)
{
    for (size_t i = 0; i < counters->count; i++)
        free(counters->items[i].name);
    free(counters->items);
    *counters = (struct benchmark_counters){ 0 };
}

char *benchmark_counters_human(char *buffer, size_t size, double value, int base)
{
    static const char large[] = "kMGTPEZY", small[] = "munpfazy";
    double magnitude = fabs(value), one_k = base;
    int exponent = 0; /* steps of base; above 0 large, below 0 small */

    if (isfinite(value) && magnitude > one_k - 1) {
        while (magnitude > one_k - 1 && exponent < 8) {
            magnitude /= one_k;
            exponent++;
        }
        if (magnitude > one_k - 1)
            exponent = 0; /* beyond Y: the plain number */
    } else if (magnitude < 0.01 && magnitude > 0) {
        while (magnitude < 1 && exponent > -8) {
            magnitude *= one_k;
            exponent--;
        }
        if (magnitude < 1)
            exponent = 0;
    }
    if (exponent == 0) {
        snprintf(buffer, size, "%g", value);
    } else {
        char unit = exponent > 0 ? large[exponent - 1] : small[-exponent - 1];
        if (base == 1024 && exponent == 1)
            unit = 'K'; /* Ki, but k */
        snprintf(buffer, size, "%g%c%s", copysign(magnitude, value), unit, base == 1024 && exponent > 0 ? "i" : "");
    }
    return buffer;
}
