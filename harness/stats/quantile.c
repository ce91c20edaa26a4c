/* quantile.c: quantiles, and the robust spread that is built on them. */
#include "harness/base/mem.h"
#include "harness/stats/stats.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

double stats_quantile_sorted(const double *sorted, size_t count, double p)
{
    if (count == 0 || !(p >= 0 && p <= 1))
        return NAN;
    double position = p * (double)(count - 1);
    size_t below = (size_t)position;
    if (below + 1 >= count)
        return sorted[count - 1];
    double weight = position - (double)below;
    return sorted[below] + weight * (sorted[below + 1] - sorted[below]);
}

double stats_quantile(const double *values, size_t count, double p)
{
    if (count == 0)
        return NAN;
    double *sorted = mem_array(count, sizeof *sorted);
    memcpy(sorted, values, count * sizeof *sorted);
    stats_sort(sorted, count);
    double quantile = stats_quantile_sorted(sorted, count, p);
    free(sorted);
    return quantile;
}

double stats_median(const double *values, size_t count)
{
    return stats_quantile(values, count, 0.5);
}

double stats_mad(const double *values, size_t count)
{
    if (count == 0)
        return NAN;
    double median = stats_median(values, count);
    double *deviations = mem_array(count, sizeof *deviations);
    for (size_t i = 0; i < count; i++)
        deviations[i] = fabs(values[i] - median);
    double mad = stats_median(deviations, count);
    free(deviations);
    return mad;
}

double stats_robust_sd(const double *values, size_t count)
{
    /* 1 / Phi^-1(3/4) */
    return count < 2 ? NAN : 1.482602218505602 * stats_mad(values, count);
}
