/* arguments.c: the value lists of Range and DenseRange. Pure functions; nothing overflows at the ends of int64. */
#include "harness/benchmark/internal.h"
#include "harness/base/mem.h"

static void append(struct benchmark_values *values, int64_t value)
{
    MEM_GROW(values->items, values->count, values->capacity);
    values->items[values->count++] = value;
}

/* Powers of multiplier p with lo < p < hi, for 0 <= lo. */
static void append_powers(struct benchmark_values *values, int64_t lo, int64_t hi, int64_t multiplier)
{
    for (int64_t power = 1; power < hi; power *= multiplier) {
        if (power > lo)
            append(values, power);
        if (power > INT64_MAX / multiplier)
            break;
    }
}

/* Negated powers -p with lo < -p < hi, for hi <= 0, from the largest magnitude down. */
static void append_negated_powers(struct benchmark_values *values, int64_t lo, int64_t hi, int64_t multiplier)
{
    size_t first = values->count;
    /* INT64_MIN has no positive counterpart, but no power of 2 or more multiplier steps between it and -INT64_MAX. */
    append_powers(values, -hi, lo == INT64_MIN ? INT64_MAX : -lo, multiplier);
    for (size_t i = first, j = values->count; i < j; i++) {
        j--;
        int64_t swapped = values->items[i];
        values->items[i] = -values->items[j];
        if (i != j)
            values->items[j] = -swapped;
    }
}

void benchmark_arguments_range(struct benchmark_values *values, int64_t lo, int64_t hi, int64_t multiplier)
{
    append(values, lo);
    if (lo == hi)
        return;
    if (lo < INT64_MAX && lo + 1 == hi) {
        append(values, hi);
        return;
    }
    if (lo < 0)
        append_negated_powers(values, lo, hi < 0 ? hi : 0, multiplier);
    if (lo < 0 && hi >= 0)
        append(values, 0);
    if (hi > 0)
        append_powers(values, lo > 0 ? lo : 0, hi, multiplier);
    if (values->items[values->count - 1] != hi)
        append(values, hi);
}

void benchmark_arguments_dense(struct benchmark_values *values, int64_t lo, int64_t hi, int64_t step)
{
    for (int64_t value = lo;; value += step) {
        append(values, value);
        if ((uint64_t)hi - (uint64_t)value < (uint64_t)step)
            break;
    }
}

static struct benchmark_list as_list(const struct benchmark_values *values)
{
    return (struct benchmark_list){ values->items, values->count };
}

struct benchmark_list benchmark_create_range(int64_t lo, int64_t hi, int64_t multiplier)
{
    struct benchmark_values values = { 0 };
    if (lo <= hi && multiplier >= 2)
        benchmark_arguments_range(&values, lo, hi, multiplier);
    return as_list(&values);
}

struct benchmark_list benchmark_create_dense_range(int64_t lo, int64_t hi, int64_t step)
{
    struct benchmark_values values = { 0 };
    if (lo <= hi && step >= 1 && ((uint64_t)hi - (uint64_t)lo) / (uint64_t)step < BENCHMARK_ARGUMENTS_LIMIT)
        benchmark_arguments_dense(&values, lo, hi, step);
    return as_list(&values);
}
