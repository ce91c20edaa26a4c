/* step.h: whether values after a point differ from those before, in a series that is correlated with itself. Private to
 * harness/stats. */
#ifndef PRONY_STATS_STEP_H
#define PRONY_STATS_STEP_H

#include <stddef.h>

struct stats_step {
    double p;          /* two-sided rank test (Mann, Whitney 1947), its z divided by the inflation of the error */
    double separation; /* |2 AUC - 1| */
    double error;      /* of the difference of two means, for sd 1 */
};
/* before and after in ascending order, both not empty. rho in [0, 1): of a first-order process; the variance of the
 * mean of n of its values is (1 + rho) / (1 - rho) / n, less for few (Bartlett 1946; Bayley, Hammersley 1946). */
struct stats_step stats_step(const double *before, size_t n, const double *after, size_t m, double rho);

#endif
