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

static int compare_doubles(const void *left, const void *right)
{
    double a = *(const double *)left, b = *(const double *)right;
    return (a > b) - (a < b);
}

double benchmark_aggregates_median(const double *samples, size_t count)
{
    if (count < 3)
        return benchmark_aggregates_mean(samples, count);
    double *sorted = mem_array(count, sizeof *sorted);
    memcpy(sorted, samples, count * sizeof *sorted);
    qsort(sorted, count, sizeof *sorted, compare_doubles);
    double median = sorted[count / 2];
    if (count % 2 == 0)
        median = (median + sorted[count / 2 - 1]) / 2;
    free(sorted);
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

/* The succeeded runs as columns. */
struct columns {
    const struct benchmark_run **runs;
    size_t count;
    double *samples; /* scratch, count long */
};

static void aggregate_counters(struct benchmark_run *aggregate, const struct columns *columns,
                               benchmark_statistic *compute)
{
    for (size_t r = 0; r < columns->count; r++) {
        const struct benchmark_counters *counters = &columns->runs[r]->counters;
        for (size_t c = 0; c < counters->count; c++) {
            const struct benchmark_counter *first = &counters->items[c];
            if (benchmark_counters_find(&aggregate->counters, first->name))
                continue;
            size_t count = 0; /* a repetition may lack the counter */
            for (size_t i = 0; i < columns->count; i++) {
                const struct benchmark_counter *counter =
                    benchmark_counters_find(&columns->runs[i]->counters, first->name);
                if (counter)
                    columns->samples[count++] = counter->value;
            }
            struct benchmark_counter *result = benchmark_counters_at(&aggregate->counters, first->name);
            result->value = compute(columns->samples, count);
            result->flags = first->flags;
            result->base = first->base;
        }
    }
}

/* Samples are whole repetitions; the reporters divide by iterations = count, so times are rescaled to fit. */
static struct benchmark_run aggregate(const struct columns *columns, const struct benchmark_named_statistic *statistic)
{
    const struct benchmark_run *first = columns->runs[0];
    struct benchmark_run result = {
        .run_name = first->run_name,
        .family_index = first->family_index,
        .instance_index = first->instance_index,
        .repetitions = first->repetitions,
        .repetition_index = -1,
        .threads = first->threads,
        .aggregate_name = statistic->name,
        .aggregate_unit = statistic->unit,
        .iterations = (int64_t)columns->count,
        .unit = first->unit,
        .value_stride = 1,
    };
    bool same_label = true;
    for (size_t i = 1; i < columns->count; i++)
        same_label = same_label && str_equal(first->label, columns->runs[i]->label);
    if (same_label && first->label)
        result.label = mem_strdup(first->label);

    double rescale = 1;
    if (statistic->unit == BENCHMARK_STATISTIC_TIME)
        rescale = (double)columns->count / (double)first->iterations;
    for (size_t i = 0; i < columns->count; i++)
        columns->samples[i] = columns->runs[i]->real_seconds;
    result.real_seconds = statistic->compute(columns->samples, columns->count) * rescale;
    for (size_t i = 0; i < columns->count; i++)
        columns->samples[i] = columns->runs[i]->cpu_seconds;
    result.cpu_seconds = statistic->compute(columns->samples, columns->count) * rescale;
    aggregate_counters(&result, columns, statistic->compute);
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
    struct columns columns = { .runs = mem_array(count ? count : 1, sizeof(struct benchmark_run *)) };
    for (size_t i = 0; i < count; i++)
        if (!runs[i].skipped)
            columns.runs[columns.count++] = &runs[i];

    if (columns.count >= 2) {
        columns.samples = mem_array(columns.count, sizeof *columns.samples);
        for (size_t i = 0; i < standard_count + family->statistic_count; i++) {
            MEM_GROW(aggregates->items, aggregates->count, aggregates->capacity);
            aggregates->items[aggregates->count++] =
                aggregate(&columns, i < standard_count ? &standard[i] : &family->statistics[i - standard_count]);
        }
        free(columns.samples);
    }
    free(columns.runs);
}
