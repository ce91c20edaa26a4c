/* interval.c: the distribution-free confidence interval of a median. */
#include "harness/base/mem.h"
#include "harness/stats/stats.h"
#include "harness/stats/gamma.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

struct stats_interval stats_median_interval_sorted(const double *sorted, size_t count, double confidence)
{
    struct stats_interval interval = { NAN, NAN, 0 };
    if (count < 2)
        return interval;
    /* tail = P(Bin(n, 1/2) < k), grown term by term in logarithms so that large n does not underflow. */
    double n = (double)count, log_half = n * log(0.5);
    double tail = exp(log_half);
    size_t k = 1;
    while (k + 1 <= count / 2) {
        double next = tail + exp(stats_log_gamma(n + 1) - stats_log_gamma((double)k + 1) -
                                 stats_log_gamma(n - (double)k + 1) + log_half);
        if (1 - 2 * next < confidence)
            break;
        tail = next;
        k++;
    }
    interval.low = sorted[k - 1];
    interval.high = sorted[count - k];
    interval.coverage = 1 - 2 * tail;
    return interval;
}

struct stats_interval stats_median_interval(const double *values, size_t count, double confidence)
{
    if (count < 2)
        return stats_median_interval_sorted(values, count, confidence);
    double *sorted = mem_array(count, sizeof *sorted);
    memcpy(sorted, values, count * sizeof *sorted);
    stats_sort(sorted, count);
    struct stats_interval interval = stats_median_interval_sorted(sorted, count, confidence);
    free(sorted);
    return interval;
}
