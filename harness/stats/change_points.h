/* change_points.h: where a history took a step. Pure functions, as stats.h. Method and sources: docs/METHOD.md. */
#ifndef PRONY_STATS_CHANGE_POINTS_H
#define PRONY_STATS_CHANGE_POINTS_H

#include "harness/stats/stats.h"

struct stats_change_options {
    double floor;           /* 0.01: a step of log(value) that is certainly smaller does not count */
    double p_limit;         /* 1e-4: most p, of up to 100 values; of more it grows with their number, up to 3 times */
    double separation;      /* 0.3: least |2 AUC - 1| */
    size_t minimum_segment; /* 3 */
    double leap; /* 6: jumps of so many sd of the differences need no deflation; 0 or INFINITY: none are looked for */
};
extern const struct stats_change_options stats_change_defaults;

struct stats_change {
    size_t index;      /* of the first value after the step */
    double effect;     /* log(median after / median before) of the two segments */
    double error;      /* standard error of effect, with autocorrelation */
    double p;          /* deflated by autocorrelation, but not of a leap (docs/METHOD.md) */
    double separation; /* |2 AUC - 1| */
};
/* Steps of a series of positive values, in ascending order of index. changes has room for count of them. Returns how
 * many there are; 0 where a value is not positive or there are too few. noise (may be NULL) gets the robust sd of
 * log(value) around its own segments: the noise without the steps. */
size_t stats_change_points(const double *values, size_t count, const struct stats_change_options *options,
                           struct stats_change *changes, double *noise);

#endif
