/* shape.c: see shape.h. */
#include "harness/stats/shape.h"
#include "harness/stats/stats.h"
#include <math.h>

bool stats_is_skewed(const double *sorted, size_t count)
{
    if (count < STATS_SHAPE_LEAST_COUNT)
        return false;
    double median = stats_quantile_sorted(sorted, count, 0.5), n = (double)count, deviations = 0, sum = 0;
    for (size_t i = 0; i < count; i++) {
        deviations += fabs(sorted[i] - median);
        sum += sorted[i] - median;
    }
    /* sqrt(n) (mean - median) / spread has the variance pi/2 - 1 for normal values. */
    double spread = sqrt(M_PI / 2) * deviations / n;
    return spread > 0 && fabs(sum / n) * sqrt(n) > 2.5758 * sqrt(M_PI / 2 - 1) * spread;
}

bool stats_is_bimodal(const double *sorted, size_t count)
{
    if (count < STATS_SHAPE_LEAST_COUNT)
        return false;
    double n = (double)count, centre = sorted[count / 2], sum = 0, squares = 0, low_sum = 0, low_squares = 0, most = 0;
    for (size_t i = 0; i < count; i++) {
        double x = sorted[i] - centre;
        sum += x;
        squares += x * x;
    }
    size_t least = (count + 4) / 5;
    for (size_t cut = 1; cut + least <= count; cut++) {
        double x = sorted[cut - 1] - centre, k = (double)cut;
        low_sum += x;
        low_squares += x * x;
        if (cut < least)
            continue;
        double low = low_sum / k, high = (sum - low_sum) / (n - k);
        double variance = low_squares / k - low * low + (squares - low_squares) / (n - k) - high * high;
        double distance = high - low;
        /* Two groups without any spread are as far apart as can be. */
        double noise = 1e-12 * squares / n;
        if (distance > 0)
            most = fmax(most, distance * sqrt(2 / fmax(variance, noise)));
    }
    /* 2 sqrt(3) is D of the halves of a uniform distribution; the rest was fitted to simulated 99 % quantiles. */
    return most > 2 * sqrt(3) + 21 / pow(n, 0.7);
}
