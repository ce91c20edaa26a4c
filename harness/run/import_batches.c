/* import_batches.c: many measurements of one process as the repetitions that comparisons want. Neighbours are alike
 * (the clock, the caches, what else ran), so single ones are not independent; means or medians of a few long batches
 * nearly are (Schmeiser, "Batch size effects in the analysis of simulation output", 1982: 10 to 30 of them). */
#include "harness/run/import_internal.h"
#include <stdlib.h>
#include <string.h>

enum { BATCH_LIMIT = 20 };

static int compare_values(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double find_median(struct arena *arena, const double *values, size_t count)
{
    double *sorted = arena_array(arena, count, sizeof *sorted);
    memcpy(sorted, values, count * sizeof *sorted);
    qsort(sorted, count, sizeof *sorted, compare_values);
    return (sorted[(count - 1) / 2] + sorted[count / 2]) / 2;
}

size_t import_split(struct import_document *document, struct import_run *run)
{
    struct store_sample whole = run->samples[run->sample_count - 1];
    size_t batches = whole.value_count < BATCH_LIMIT ? whole.value_count : BATCH_LIMIT;
    if (batches < 2)
        return 1;
    run->sample_count--;
    for (size_t i = 0; i < batches; i++) {
        size_t first = whole.value_count * i / batches, end = whole.value_count * (i + 1) / batches;
        struct store_sample *sample = import_add_sample(document, run, whole.suite, whole.name);
        sample->round = sample->process = sample->repetition = (int)i;
        sample->values_ns = whole.values_ns + first;
        sample->value_count = end - first;
        sample->real_time_ns = find_median(document->arena, sample->values_ns, sample->value_count);
        sample->iterations = (int64_t)((double)whole.iterations * (double)(end - first) / (double)whole.value_count);
        sample->label = whole.label;
    }
    struct store_sample *first = &run->samples[run->sample_count - batches];
    first->metrics = whole.metrics;
    first->metric_count = whole.metric_count;
    return batches;
}
