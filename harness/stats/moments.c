/* moments.c: mean, spread and geometric mean. */
#include "harness/stats/stats.h"
#include <math.h>

double stats_mean(const double *values, size_t count)
{
    if (count == 0)
        return NAN;
    /* Two passes: the second takes back the rounding of the first. */
    double sum = 0;
    for (size_t i = 0; i < count; i++)
        sum += values[i];
    double mean = sum / (double)count, rest = 0;
    for (size_t i = 0; i < count; i++)
        rest += values[i] - mean;
    return mean + rest / (double)count;
}

double stats_sd(const double *values, size_t count)
{
    if (count < 2)
        return NAN;
    double mean = stats_mean(values, count), squares = 0;
    for (size_t i = 0; i < count; i++)
        squares += (values[i] - mean) * (values[i] - mean);
    return sqrt(squares / (double)(count - 1));
}

double stats_cv(const double *values, size_t count)
{
    double mean = stats_mean(values, count);
    return mean == 0 ? NAN : stats_sd(values, count) / fabs(mean);
}

double stats_geometric_mean(const double *values, size_t count)
{
    if (count == 0)
        return NAN;
    double sum = 0;
    for (size_t i = 0; i < count; i++) {
        if (!(values[i] > 0))
            return NAN;
        sum += log(values[i]);
    }
    return exp(sum / (double)count);
}
