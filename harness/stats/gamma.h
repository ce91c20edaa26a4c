/* gamma.h: log Gamma(x) for x > 0 without the global signgam that lgamma() writes, so that statistics stay pure.
 * Private to harness/stats. */
#ifndef PRONY_STATS_GAMMA_H
#define PRONY_STATS_GAMMA_H

#include <math.h>

static inline double stats_log_gamma(double x)
{
    int sign;
    return lgamma_r(x, &sign);
}

#endif
