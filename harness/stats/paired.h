/* paired.h: two builds measured in pairs: one difference (of logarithms of times) a pair. Pure functions, as stats.h.
 *
 * The pairs come from randomized blocks in the order ABBA, so a difference is free of everything that changes slowly.
 */
#ifndef PRONY_STATS_PAIRED_H
#define PRONY_STATS_PAIRED_H

#include "harness/stats/stats.h"

struct stats_paired {
    size_t count;
    double estimate;                /* median of the Walsh averages (Hodges, Lehmann 1963) */
    struct stats_interval interval; /* of it, from the signed-rank distribution (Tukey 1949), exact for few pairs */
    double p;                       /* two-sided: sign flips of the 20 % trimmed mean (Fisher 1935; Good 2005) */
    double p_minimum;               /* the smallest p that so many pairs allow: 2 / 2^count */
    bool exact; /* all flips were tried: always up to 14 pairs. Else p is (1 + hits) / (1 + draws) of 1,000 seeded draws
                 * where that is above 0.1, of 10,000 where it is above 0.001 (up to 17 pairs all flips), and below that
                 * of 100,000 (up to 21 pairs all flips) */
    double sign_p;                       /* of the exact sign test, which assumes nothing of the shape */
    struct stats_interval sign_interval; /* of the median */
    bool skewed, bimodal;                /* then the sign test's answer is to be read beside */
};
/* NaN estimate and p where count is 0. seed: of the draws when there are too many flips to try. */
struct stats_paired stats_paired(const double *differences, size_t count, double confidence, uint64_t seed);

/* The smallest shift that a two-sided test at alpha would have found with that power, given the spread seen in these
 * differences (robust sd) and their number; infinite where no p below alpha can be reached. */
double stats_paired_detectable(const double *differences, size_t count, double alpha, double power);
/* The same of two independent samples and the Mann-Whitney test. */
double stats_shift_detectable(const double *x, size_t x_count, const double *y, size_t y_count, double alpha,
                              double power);

#endif
