/* multiple.h: many tests at once, and one test looked at many times. Pure functions, as stats.h. */
#ifndef PRONY_STATS_MULTIPLE_H
#define PRONY_STATS_MULTIPLE_H

#include "harness/stats/stats.h"

/* q[i]: the smallest false discovery rate at which test i is believed (Benjamini, Hochberg 1995, step-up, monotone).
 * NaN p are no tests and give NaN. */
void stats_q_values(const double *p, size_t count, double *q);

/* How much of alpha may be spent at look 0.. of look_count, so that all looks together spend alpha at most. */
double stats_look_alpha(double alpha, int look, int look_count);
/* A p that may be read as if there had been one look only: the smallest of p[k] alpha / stats_look_alpha(k), at most 1.
 * NaN p are looks that were not taken. */
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
