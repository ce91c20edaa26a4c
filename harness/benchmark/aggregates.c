/* aggregates.c: mean, median, stddev and cv over the repetitions of a case, as Google Benchmark defines them. */
#include "harness/benchmark/internal.h"
#include "harness/base/mem.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

double benchmark_aggregates_mean(const double *samples, size_t count)
{
    double sum = 0;
    for (size_t i = 0; i < count; i++)
        sum += samples[i];
    return count ? sum * (1.0 / (double)count) : 0;
}

/* Moves the value of rank k to values[k], smaller ones before it and larger ones behind (Hoare's selection, with the
 * median of three as the pivot). NaNs stay where they are. */
static void select_rank(double *values, size_t count, size_t k)
{
    size_t lo = 0, hi = count - 1;
    while (lo < hi) {
        double a = values[lo], b = values[lo + (hi - lo) / 2], c = values[hi];
        double pivot = fmax(fmin(a, b), fmin(fmax(a, b), c));
        size_t i = lo, j = hi;
        while (i <= j) {
            while (values[i] < pivot)
                i++;
            while (values[j] > pivot)
                j--;
            if (i > j)
                break;
            double swapped = values[i];
            values[i++] = values[j];
            values[j] = swapped;
            if (j == 0)
                break;
            j--;
        }
        if (k <= j)
            hi = j;
        else if (k >= i)
            lo = i;
        else
            return;
    }
}

double benchmark_aggregates_median(const double *samples, size_t count)
{
    if (count < 3)
        return benchmark_aggregates_mean(samples, count);
    double few[128], *values = count <= sizeof few / sizeof few[0] ? few : mem_array(count, sizeof *values);
    memcpy(values, samples, count * sizeof *values);
    size_t half = count / 2;
    select_rank(values, count, half);
    double median = values[half];
    if (count % 2 == 0) {
        double below = values[0];
        for (size_t i = 1; i < half; i++)
            below = values[i] > below ? values[i] : below;
        median = (median + below) / 2;
    }
    if (values != few)
        free(values);
    return median;
}

/* Two passes, since the difference of squares cancels when the spread is small against the mean. */
double benchmark_aggregates_stddev(const double *samples, size_t count)
{
    if (count < 2)
        return 0;
    double mean = benchmark_aggregates_mean(samples, count), squares = 0;
    for (size_t i = 0; i < count; i++)
        squares += (samples[i] - mean) * (samples[i] - mean);
    return sqrt(squares / (double)(count - 1));
}

double benchmark_aggregates_cv(const double *samples, size_t count)
{
    double mean = benchmark_aggregates_mean(samples, count);
    return count < 2 || fpclassify(mean) == FP_ZERO ? 0 : benchmark_aggregates_stddev(samples, count) / mean;
}

/* ---- the succeeded runs as columns, gathered once for all statistics ---- */

struct column {
    const struct benchmark_counter *first; /* name, flags and base */
    double *samples;
    size_t count; /* a repetition may lack the counter */
};

struct columns {
    const struct benchmark_run *first;
    size_t count; /* of runs */
    double *real, *cpu;
    struct column *counters;
    size_t counter_count, counter_capacity;
    bool same_label;
};

/* The column of a counter that is number hint of its run: in most families all runs have the same counters. */
static struct column *find_column(struct columns *columns, const struct benchmark_counter *counter, size_t hint)
{
    if (hint < columns->counter_count && strcmp(columns->counters[hint].first->name, counter->name) == 0)
        return &columns->counters[hint];
    for (size_t i = 0; i < columns->counter_count; i++)
        if (strcmp(columns->counters[i].first->name, counter->name) == 0)
            return &columns->counters[i];
    MEM_GROW(columns->counters, columns->counter_count, columns->counter_capacity);
    struct column *column = &columns->counters[columns->counter_count++];
    *column = (struct column){ counter, NULL, 0 };
    return column;
}

static void gather(struct columns *columns, const struct benchmark_run *runs, size_t count)
{
    *columns = (struct columns){ .real = mem_array(count + 1, sizeof(double)),
                                 .cpu = mem_array(count + 1, sizeof(double)),
                                 .same_label = true };
    for (size_t i = 0; i < count; i++) {
        const struct benchmark_run *run = &runs[i];
        if (run->skipped)
            continue;
        if (!columns->first)
            columns->first = run;
        columns->same_label = columns->same_label && str_equal(columns->first->label, run->label);
        columns->real[columns->count] = run->real_seconds;
        columns->cpu[columns->count++] = run->cpu_seconds;
        for (size_t c = 0; c < run->counters.count; c++) {
            struct column *column = find_column(columns, &run->counters.items[c], c);
            if (!column->samples)
                column->samples = mem_array(count, sizeof *column->samples);
            column->samples[column->count++] = run->counters.items[c].value;
        }
    }
}

static void release_columns(struct columns *columns)
{
    for (size_t i = 0; i < columns->counter_count; i++)
        free(columns->counters[i].samples);
    free(columns->counters);
    free(columns->real);
    free(columns->cpu);
}

/* Samples are whole repetitions; the reporters divide by iterations = count, so times are rescaled to fit. */
static struct benchmark_run aggregate(const struct columns *columns, const struct benchmark_named_statistic *statistic)
{
    const struct benchmark_run *first = columns->first;
    double rescale = 1;
    if (statistic->unit == BENCHMARK_STATISTIC_TIME)
        rescale = (double)columns->count / (double)first->iterations;
    struct benchmark_run result = {
        .run_name = first->run_name,
        .family_index = first->family_index,
        .instance_index = first->instance_index,
        .repetitions = first->repetitions,
        .repetition_index = -1,
        .threads = first->threads,
        .aggregate_name = statistic->name,
        .aggregate_unit = statistic->unit,
        .label = columns->same_label && first->label ? mem_strdup(first->label) : NULL,
        .iterations = (int64_t)columns->count,
        .real_seconds = statistic->compute(columns->real, columns->count) * rescale,
        .cpu_seconds = statistic->compute(columns->cpu, columns->count) * rescale,
        .unit = first->unit,
        .value_stride = 1,
    };
    for (size_t i = 0; i < columns->counter_count; i++) {
        const struct column *column = &columns->counters[i];
        struct benchmark_counter *counter = benchmark_counters_at(&result.counters, column->first->name);
        counter->value = statistic->compute(column->samples, column->count);
        counter->flags = column->first->flags;
        counter->base = column->first->base;
    }
    return result;
}

void benchmark_aggregates_compute(struct benchmark_runs *aggregates, const struct benchmark *family,
                                  const struct benchmark_run *runs, size_t count)
{
    const struct benchmark_named_statistic standard[] = {
        { "mean", benchmark_aggregates_mean, BENCHMARK_STATISTIC_TIME },
        { "median", benchmark_aggregates_median, BENCHMARK_STATISTIC_TIME },
        { "stddev", benchmark_aggregates_stddev, BENCHMARK_STATISTIC_TIME },
        { "cv", benchmark_aggregates_cv, BENCHMARK_STATISTIC_PERCENTAGE },
    };
    size_t standard_count = sizeof standard / sizeof standard[0];
    struct columns columns;
    gather(&columns, runs, count);
    if (columns.count >= 2) {
        for (size_t i = 0; i < standard_count + family->statistic_count; i++) {
            MEM_GROW(aggregates->items, aggregates->count, aggregates->capacity);
            aggregates->items[aggregates->count++] =
                aggregate(&columns, i < standard_count ? &standard[i] : &family->statistics[i - standard_count]);
        }
    }
    release_columns(&columns);
}
