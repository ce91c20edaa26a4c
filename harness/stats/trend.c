/* trend.c: slopes that wild values do not bend, whether there is a trend at all, and what a course of memory says. */
#include "harness/base/mem.h"
#include "harness/stats/stats.h"
#include <math.h>
#include <stdlib.h>

double stats_theil_sen(const double *x, const double *y, size_t count)
{
    size_t slope_count = 0;
    if (count < 2)
        return NAN;
    double *slopes = mem_array(count * (count - 1) / 2, sizeof *slopes);
    for (size_t i = 0; i < count; i++)
        for (size_t k = i + 1; k < count; k++)
            if (x[k] != x[i])
                slopes[slope_count++] = (y[k] - y[i]) / (x[k] - x[i]);
    double slope = stats_median(slopes, slope_count);
    free(slopes);
    return slope;
}

/* Sum over the groups of equal values of t (t - 1) (2 t + 5). */
static double tie_term(const double *values, size_t count)
{
    double sum = 0;
    double *sorted = mem_array(count, sizeof *sorted);
    for (size_t i = 0; i < count; i++)
        sorted[i] = values[i];
    stats_sort(sorted, count);
    for (size_t i = 0, end; i < count; i = end) {
        for (end = i + 1; end < count && sorted[end] == sorted[i];)
            end++;
        double t = (double)(end - i);
        sum += t * (t - 1) * (2 * t + 5);
    }
    free(sorted);
    return sum;
}

double stats_rising_p(const double *values, size_t count)
{
    double n = (double)count, s = 0;
    if (count < 3)
        return NAN;
    for (size_t i = 0; i < count; i++)
        for (size_t k = i + 1; k < count; k++)
            s += (values[k] > values[i]) - (values[k] < values[i]);
    double variance = (n * (n - 1) * (2 * n + 5) - tie_term(values, count)) / 18;
    if (!(variance > 0))
        return 1;
    return 0.5 * erfc((s - 1) / sqrt(2 * variance));
}

struct stats_growth stats_judge_growth(const double *operations, const double *values, size_t count,
                                       double least_growth, double least_rise)
{
    struct stats_growth growth = { .verdict = STATS_STEADY, .slope = NAN };
    if (count < STATS_GROWTH_LEAST_COUNT)
        return growth;
    size_t half = count / 2, rest = count - half, quarter = rest / 2;
    const double *x = operations + half, *y = values + half;
    growth.slope = stats_theil_sen(x, y, rest);
    double rise = growth.slope * (x[rest - 1] - x[0]);
    bool is_rising_twice =
        stats_theil_sen(x, y, quarter) > 0 && stats_theil_sen(x + quarter, y + quarter, rest - quarter) > 0;
    if (rise >= least_growth && is_rising_twice && stats_rising_p(y, rest) < 0.01)
        growth.verdict = STATS_GROWING;
    else if (stats_median(y, rest) - values[0] >= least_rise)
        growth.verdict = STATS_SETTLING;
    return growth;
}

const char *stats_growth_name(enum stats_growth_verdict verdict)
{
    static const char *const names[] = { "steady", "settling", "growing" };
    return names[verdict];
}
