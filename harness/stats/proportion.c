/* proportion.c: whether two proportions differ, and what to believe of many such tests. */
#include "harness/stats/gamma.h"
#include "harness/stats/stats.h"
#include <math.h>
#include <stdlib.h>

/* Below this expected count the normal approximation is not trusted. Cochran's 5 (1954) is for the 5 % level; among
 * many tests far smaller p decide, and there it called twice as many changes as it may (proportion_test.c). */
#define EXPECTED_MIN 50.0
/* Probabilities that are equal but for rounding count as equal. */
#define TIE 1e-7

/* log of the probability of x hits on the first side, given the margins: the hypergeometric distribution. */
static double log_probability(double x, double n1, double n2, double hits)
{
    return stats_log_gamma(n1 + 1) - stats_log_gamma(x + 1) - stats_log_gamma(n1 - x + 1) + stats_log_gamma(n2 + 1) -
           stats_log_gamma(hits - x + 1) - stats_log_gamma(n2 - hits + x + 1) - stats_log_gamma(n1 + n2 + 1) +
           stats_log_gamma(hits + 1) + stats_log_gamma(n1 + n2 - hits + 1);
}

/* Fisher's exact test, two-sided: all tables that are no likelier than the one seen. */
static double fisher(double k1, double n1, double k2, double n2)
{
    double hits = k1 + k2, seen = log_probability(k1, n1, n2, hits), sum = 0;
    for (double x = fmax(0, hits - n2); x <= fmin(hits, n1); x++) {
        double log_p = log_probability(x, n1, n2, hits);
        if (log_p <= seen + TIE)
            sum += exp(log_p);
    }
    return fmin(1, sum);
}

struct stats_proportions stats_proportions(uint64_t hits1, uint64_t count1, uint64_t hits2, uint64_t count2)
{
    double k1 = (double)hits1, n1 = (double)count1, k2 = (double)hits2, n2 = (double)count2;
    if (!count1 || !count2 || hits1 > count1 || hits2 > count2)
        return (struct stats_proportions){ .difference = NAN, .p = NAN };
    struct stats_proportions result = { .difference = k2 / n2 - k1 / n1, .p = 1 };
    double pooled = (k1 + k2) / (n1 + n2), rarer = fmin(pooled, 1 - pooled);
    if (rarer == 0)
        return result; /* all or nothing on both sides */
    if (rarer * fmin(n1, n2) < EXPECTED_MIN) {
        result.exact = true;
        /* The rarer outcome has few tables to sum over. */
        result.p = pooled <= 0.5 ? fisher(k1, n1, k2, n2) : fisher(n1 - k1, n1, n2 - k2, n2);
        return result;
    }
    double z = result.difference / sqrt(pooled * (1 - pooled) * (1 / n1 + 1 / n2));
    result.p = erfc(fabs(z) / sqrt(2));
    return result;
}

struct ranked {
    double p;
    size_t index;
};

static int compare(const void *a, const void *b)
{
    double left = ((const struct ranked *)a)->p, right = ((const struct ranked *)b)->p;
    return left < right ? -1 : left > right;
}

size_t stats_benjamini_hochberg(const double *p, size_t count, double rate, bool *rejected)
{
    struct ranked *list = calloc(count ? count : 1, sizeof *list);
    size_t tests = 0, last = 0;
    for (size_t i = 0; i < count; i++)
        rejected[i] = false;
    if (!list)
        return 0; /* nothing is claimed */
    for (size_t i = 0; i < count; i++)
        if (!isnan(p[i]))
            list[tests++] = (struct ranked){ p[i], i };
    qsort(list, tests, sizeof *list, compare);
    for (size_t i = 0; i < tests; i++)
        if (list[i].p <= rate * (double)(i + 1) / (double)tests)
            last = i + 1;
    for (size_t i = 0; i < last; i++)
        rejected[list[i].index] = true;
    free(list);
    return last;
}
