/* stats.h: statistics as pure functions on arrays of doubles. No I/O, no state, no errors.
 *
 * A value that does not exist (quantile of nothing, sd of one value) is NaN, never 0. Inputs must be finite unless a
 * function says otherwise. Every function leaves its input alone unless it is called sort. Units are those of the
 * input. The unit of analysis is the caller's choice; for timings it is the process (docs/METHOD.md). */
#ifndef PRONY_STATS_STATS_H
#define PRONY_STATS_STATS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* ---- moments (moments.c) ---- */

double stats_mean(const double *values, size_t count);
double stats_sd(const double *values, size_t count); /* n - 1 in the denominator; NaN below 2 values */
double stats_cv(const double *values, size_t count); /* sd / |mean|; NaN for mean 0 */
/* exp(mean(log)): the right mean of ratios (Fleming, Wallace 1986). NaN if a value is <= 0. */
double stats_geometric_mean(const double *values, size_t count);

/* ---- order (sort.c, quantile.c) ---- */

void stats_sort(double *values, size_t count);
/* The value that would stand at index rank (< count) if they were sorted. Reorders: no larger one stands before it, no
 * smaller one behind it. */
double stats_select(double *values, size_t count, size_t rank);
/* Quantile p in [0, 1] of values in ascending order by definition 7 of Hyndman, Fan 1996 (that of R and NumPy):
 * linear between order statistics, at position p (n - 1). */
double stats_quantile_sorted(const double *sorted, size_t count, double p);
double stats_quantile(const double *values, size_t count, double p);
double stats_median(const double *values, size_t count);
/* Median absolute deviation from the median, unscaled. */
double stats_mad(const double *values, size_t count);
/* 1.4826 MAD: estimates the sd of a normal distribution and ignores up to half of wild values (Hampel 1974). */
double stats_robust_sd(const double *values, size_t count);

/* ---- intervals (interval.c) ---- */

/* [low, high] holds the parameter with probability `coverage`, which is what was reached, not what was asked for. */
struct stats_interval {
    double low, high;
    double coverage; /* 0..1; 0 = there is no interval and low, high are NaN */
};

/* Distribution-free interval of the median: the order statistics x(k), x(n+1-k) with the largest k whose exact
 * coverage 1 - 2 P(Bin(n, 1/2) < k) is at least confidence (Thompson 1936; Hahn, Meeker 1991, 5.2). Below six values
 * 95 % cannot be reached: then the answer is the whole range with the coverage that it has (n = 5: 0.9375), so compare
 * coverage with what you asked for. No interval below two values. */
struct stats_interval stats_median_interval(const double *values, size_t count, double confidence);
struct stats_interval stats_median_interval_sorted(const double *sorted, size_t count, double confidence);

/* ---- two samples (rank.c) ---- */

struct stats_mann_whitney {
    double u;         /* number of pairs with x < y, ties count 1/2 */
    double p;         /* two-sided */
    double p_minimum; /* the smallest p that sizes and ties allow: 2 / C(n+m, n) without ties */
    bool exact;       /* from the exact distribution given the ties; else normal with continuity and tie correction */
};
/* Wilcoxon rank-sum / Mann-Whitney U test (Mann, Whitney 1947). Exact, ties included, up to 60 values together. NaN p
 * if a side is empty. */
struct stats_mann_whitney stats_mann_whitney(const double *x, size_t x_count, const double *y, size_t y_count);

struct stats_shift {
    double estimate; /* median of all y[j] - x[i] (Hodges, Lehmann 1963) */
    struct stats_interval interval;
};
/* Shift from x to y. The interval takes its ranks from the distribution of U (Moses; Lehmann 1975), exact up to 60
 * values together; as with the median, too few values give all there is and the coverage that it has. */
struct stats_shift stats_shift(const double *x, size_t x_count, const double *y, size_t y_count, double confidence);

/* Median of the Walsh averages (x[i] + x[j]) / 2, i <= j: the one-sample Hodges-Lehmann estimate of the centre. */
double stats_walsh_median(const double *values, size_t count);

/* ---- courses (trend.c): y over x, in ascending order of x ---- */

/* Median of the slopes of all pairs of points (Theil 1950, Sen 1968): unmoved by up to 29 % of wild values. NaN unless
 * two x differ. */
double stats_theil_sen(const double *x, const double *y, size_t count);
/* One-sided p of "no rising trend" (Mann 1945, Kendall 1975), normal with continuity and tie correction: fair from 8
 * values on. 1 if all are equal, NaN below 3. */
double stats_rising_p(const double *values, size_t count);

/* What a course of memory over operations says. */
enum stats_growth_verdict {
    STATS_STEADY,   /* it stayed where it began */
    STATS_SETTLING, /* it rose and then stayed, as where a cache fills */
    STATS_GROWING   /* it still rises: a leak, or a cache without a bound */
};
enum { STATS_GROWTH_LEAST_COUNT = 16 };
/* Bytes that a growth of the second half, and a rise since the beginning, must have to count: of the live heap, which
 * is known to the byte, and of the resident set, which comes in pages and by chance. */
#define STATS_HEAP_LEAST_GROWTH     128.0
#define STATS_HEAP_LEAST_RISE       4096.0
#define STATS_RESIDENT_LEAST_GROWTH 262144.0
#define STATS_RESIDENT_LEAST_RISE   262144.0
struct stats_growth {
    enum stats_growth_verdict verdict;
    double slope; /* Theil-Sen of the second half, per operation; NaN below STATS_GROWTH_LEAST_COUNT points */
};
/* The rule: only the second half of the points tells whether it grows: its Theil-Sen slope times its length is
 * least_growth or more, both of its own halves rise as well (one step is not growth), and it has a rising trend at
 * p < 0.01. Otherwise it settles if the median of the second half is least_rise or more above the first point. */
struct stats_growth stats_judge_growth(const double *operations, const double *values, size_t count,
                                       double least_growth, double least_rise);
const char *stats_growth_name(enum stats_growth_verdict verdict); /* "steady" */

/* ---- outliers (outlier.c) ---- */

/* marks[i] = |modified z| > threshold with z = (x - median) / (1.4826 MAD), or / (1.2533 mean absolute deviation)
 * where more than half of the values are equal (Iglewicz, Hoaglin 1993, who advise 3.5). Returns the number of marks.
 * marks may be NULL. Marked values are for showing; nothing here ever drops one. */
size_t stats_mark_outliers(const double *values, size_t count, double threshold, bool *marks);

/* ---- shares of counts (proportion.c) ---- */

struct stats_proportions {
    double difference; /* hits2 / count2 - hits1 / count1 */
    double p;          /* two-sided */
    bool exact;        /* Fisher's exact test (Fisher 1935), else the z test with the pooled proportion */
};
/* Whether two proportions of independent counts differ. Exact where an expected count is below 50. NaN if
 * a side is empty or has more hits than counts. */
struct stats_proportions stats_proportions(uint64_t hits1, uint64_t count1, uint64_t hits2, uint64_t count2);

/* Which of many tests to believe so that of those believed at most `rate` are false in expectation (Benjamini,
 * Hochberg 1995); holds for independent and for positively dependent tests (Benjamini, Yekutieli 2001). NaN p are no
 * tests. Returns how many are rejected. */
size_t stats_benjamini_hochberg(const double *p, size_t count, double rate, bool *rejected);

/* ---- all at once (summary.c) ---- */

struct stats_summary {
    size_t count; /* finite values; the others are ignored */
    double minimum, maximum, mean, sd, cv;
    double median, q25, q75, mad, robust_sd;
    struct stats_interval interval; /* of the median */
    size_t outliers;                /* beyond a modified z of 3.5 */
};
struct stats_summary stats_summarize(const double *values, size_t count, double confidence);

#endif
