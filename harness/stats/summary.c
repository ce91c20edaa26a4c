/* summary.c: everything a table shows of one series. */
#include "harness/base/mem.h"
#include "harness/stats/stats.h"
#include <math.h>
#include <stdlib.h>

struct stats_summary stats_summarize(const double *values, size_t count, double confidence)
{
    struct stats_summary summary = { 0 };
    double *sorted = mem_array(count ? count : 1, sizeof *sorted);
    for (size_t i = 0; i < count; i++)
        if (isfinite(values[i]))
            sorted[summary.count++] = values[i];
    size_t n = summary.count;
    stats_sort(sorted, n);
    summary.minimum = n ? sorted[0] : NAN;
    summary.maximum = n ? sorted[n - 1] : NAN;
    summary.mean = stats_mean(sorted, n);
    summary.sd = stats_sd(sorted, n);
    summary.cv = stats_cv(sorted, n);
    summary.median = stats_quantile_sorted(sorted, n, 0.5);
    summary.q25 = stats_quantile_sorted(sorted, n, 0.25);
    summary.q75 = stats_quantile_sorted(sorted, n, 0.75);
    summary.mad = stats_mad(sorted, n);
    summary.robust_sd = stats_robust_sd(sorted, n);
    summary.interval = stats_median_interval_sorted(sorted, n, confidence);
    summary.outliers = stats_mark_outliers(sorted, n, 3.5, NULL);
    free(sorted);
    return summary;
}
