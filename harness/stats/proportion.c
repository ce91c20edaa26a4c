/* proportion.c: whether two proportions differ, and what to believe of many such tests. */
#include "harness/stats/stats.h"
#include <math.h>
#include <stdlib.h>

/* Below this expected count the normal approximation is not trusted. Cochran's 5 (1954) is for the 5 % level; among
 * many tests far smaller p decide, and there it called twice as many changes as it may (proportion_test.c). */
#define EXPECTED_MIN 50.0
/* Probabilities that are equal but for rounding count as equal. */
#define TIE 1e-7

/* Adds up the tables with more hits on the first side than k1, each relative to the likelihood of the one seen: all of
 * them, and those that are no likelier. The ratio of neighbours of the hypergeometric distribution needs no factorials.
 */
static void add_tail(double k1, double n1, double n2, double hits, double *all, double *extreme)
{
    double relative = 1, last = fmin(hits, n1);
    for (double x = k1; x < last; x++) {
        relative *= (n1 - x) * (hits - x) / ((x + 1) * (n2 - hits + x + 1));
        *all += relative;
        *extreme += relative <= 1 + TIE ? relative : 0;
    }
}

/* Fisher's exact test, two-sided: the share of all tables that are no likelier than the one seen. */
static double fisher(double k1, double n1, double k2, double n2)
{
    double all = 1, extreme = 1;
    add_tail(k1, n1, n2, k1 + k2, &all, &extreme);
    add_tail(k2, n2, n1, k1 + k2, &all, &extreme); /* fewer hits on the first side are more on the second */
    return extreme / all;
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
