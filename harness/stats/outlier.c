/* outlier.c: marks values that do not belong to the bulk. */
#include "harness/stats/stats.h"
#include <math.h>

size_t stats_mark_outliers(const double *values, size_t count, double threshold, bool *marks)
{
    double median = stats_median(values, count), scale = stats_robust_sd(values, count);
    if (count >= 2 && scale == 0) {
        double sum = 0;
        for (size_t i = 0; i < count; i++)
            sum += fabs(values[i] - median);
        scale = 1.2533141373155001 * sum / (double)count; /* sqrt(pi / 2) */
    }
    size_t marked = 0;
    for (size_t i = 0; i < count; i++) {
        bool mark = scale > 0 && fabs(values[i] - median) > threshold * scale;
        marked += mark;
        if (marks)
            marks[i] = mark;
    }
    return marked;
}
