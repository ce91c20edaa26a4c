/* multiple.h: many tests at once, and one test looked at many times. Pure functions, as stats.h. */
#ifndef PRONY_STATS_MULTIPLE_H
#define PRONY_STATS_MULTIPLE_H

#include "harness/stats/stats.h"

/* q[i]: the smallest false discovery rate at which test i is believed (Benjamini, Hochberg 1995, step-up, monotone).
 * NaN p are no tests and give NaN. */
void stats_q_values(const double *p, size_t count, double *q);

/* How much of alpha look 0.. of look_count may spend: what alpha (t^2) grows by, t = (look + 1) / look_count (Lan,
 * DeMets 1983; this function: Kim, DeMets 1987). Later looks, which see more, get more. A test that rejects where p of
 * a look is at most its share errs with probability alpha at most, however the looks depend on one another and whenever
 * one stops: the shares add up to alpha, and the probability of a union is never more than the sum (Boole). */
double stats_look_alpha(double alpha, int look, int look_count);
/* Looks 0..look were taken: a p that may be read as if there had been one look only: the smallest of p[k] alpha /
 * stats_look_alpha(k), at most 1. NaN p are looks that were not taken; NaN if none was. */
double stats_look_p(const double *p, int look, int look_count, double alpha);

/* Exact band in which the number of hits of `count` independent trials with that probability lies with at least that
 * confidence (Clopper, Pearson 1934, is its inverse). */
struct stats_band {
    size_t low, high;
};
struct stats_band stats_binomial_band(size_t count, double probability, double confidence);
/* Clopper-Pearson interval of a proportion. */
struct stats_interval stats_binomial_interval(size_t hits, size_t count, double confidence);

#endif
