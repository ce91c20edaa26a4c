/* view_series.c: metrics of passes other than the timed one. */
#include "harness/base/mem.h"
#include "harness/base/str.h"
#include "reports/view.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Medians of each process first, as everywhere. */
double view_series_median(const struct store_series *series)
{
    double *medians = mem_array(series->count, sizeof *medians), *mine = mem_array(series->count, sizeof *mine);
    bool *done = mem_array(series->count, sizeof *done);
    size_t reduced = 0;
    if (series->count)
        memset(done, 0, series->count * sizeof *done);
    for (size_t i = 0; i < series->count; i++) {
        size_t count = 0;
        for (size_t j = i; j < series->count && !done[i]; j++) {
            if (series->processes && series->processes[j] != series->processes[i])
                continue;
            if (isfinite(series->values[j]))
                mine[count++] = series->values[j];
            done[j] = j > i;
        }
        if (count)
            medians[reduced++] = stats_median(mine, count);
    }
    double median = reduced ? stats_median(medians, reduced) : NAN;
    free(medians);
    free(mine);
    free(done);
    return median;
}

double view_counter(const struct view_case *view_case, const char *name)
{
    for (size_t i = 0; i < view_case->source->metric_count; i++) {
        const struct store_series *series = &view_case->source->metrics[i];
        if (series->pass == STORE_PASS_COUNTERS && str_equal(series->name, name))
            return view_series_median(series);
    }
    return NAN;
}
