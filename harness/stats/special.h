/* special.h: special functions that the C library lacks. Private to harness/stats. */
#ifndef PRONY_STATS_SPECIAL_H
#define PRONY_STATS_SPECIAL_H

/* z with P(Z <= z) = p for a standard normal Z; 0 < p < 1. Relative error below 1e-12. */
double stats_normal_quantile(double p);
/* The same of Student's t with that many degrees of freedom (>= 1); relative error below 2 % from 5 degrees on and
 * p <= 0.99 (Cornish, Fisher 1937, as in Abramowitz, Stegun 26.7.5). */
double stats_t_quantile(double p, double degrees);
/* Regularized incomplete beta function I_x(a, b), a, b > 0, 0 <= x <= 1, by its continued fraction (DLMF 8.17.22). */
double stats_incomplete_beta(double x, double a, double b);

#endif
