/* recent_step.h: whether the newest values of a series left the level of those before. Pure functions, as stats.h.
 *
 * change_points.h finds steps anywhere in a series and wants much evidence; this looks at the end only, where a nightly
 * gate must speak after a few values. */
#ifndef PRONY_STATS_RECENT_STEP_H
#define PRONY_STATS_RECENT_STEP_H

#include "harness/stats/stats.h"

struct stats_recent_step {
    size_t count;                   /* newest values that are compared with all before; at least 1 */
    bool apart;                     /* all of them lie beyond all before but one in ten, which may be outliers, and half
                                     * the effect away at least */
    double effect;                  /* difference of the medians */
    struct stats_interval interval; /* of it, 95 % */
    double noise;                   /* spread of a single value of the level before */
    double p; /* two-sided: Student's t with the spread of the level before, widened by its autocorrelation, times the
               * number of lengths that were tried (Bonferroni) */
};
/* logs: any numbers whose differences are effects. longest: newest values at most. The answer is the length with the
 * smallest p of those that are apart, from `confirmed` on if there is one, else below; if none is apart the newest
 * value alone. NaN effect below 4 values. */
struct stats_recent_step stats_recent_step(const double *logs, size_t count, size_t longest, size_t confirmed);
/* The same for that length, wherever the values lie. */
struct stats_recent_step stats_recent_step_of(const double *logs, size_t count, size_t newest);

#endif
