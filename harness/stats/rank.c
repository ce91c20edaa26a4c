/* rank.c: Mann-Whitney test and Hodges-Lehmann shift.
 *
 * Both stand on one distribution: that of the rank sum of x when every choice of n of the N pooled values is equally
 * likely, in doubles, which hold C(60, 30) = 1.2e17 with a relative error far below any p that matters. Without ties
 * the numbers of choices with a given U are the coefficients of a Gaussian binomial (Mann, Whitney 1947), which is made
 * factor by factor. With ties midranks are doubled, so that they are whole numbers, and choices with a given sum are
 * counted by dynamic programming over the pooled values (Streitberg, Roehmel 1986): thirty times slower. */
#include "harness/base/mem.h"
#include "harness/stats/stats.h"
#include "harness/stats/gamma.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { EXACT_LIMIT = 60 };

/* Probabilities of the doubled rank sums of x. */
struct rank_distribution {
    double *probability; /* [sum], sum <= maximum */
    size_t maximum;
};

static struct rank_distribution rank_distribution(const size_t *doubled_ranks, size_t total, size_t chosen)
{
    struct rank_distribution distribution = { NULL, 0 };
    for (size_t i = 0; i < total; i++)
        distribution.maximum += doubled_ranks[i];
    size_t width = distribution.maximum + 1;
    double *ways = mem_array((chosen + 1) * width, sizeof *ways);
    ways[0] = 1;
    for (size_t i = 0; i < total; i++) {
        size_t rank = doubled_ranks[i];
        for (size_t c = chosen < i + 1 ? chosen : i + 1; c >= 1; c--)
            for (size_t sum = width; sum-- > rank;)
                ways[c * width + sum] += ways[(c - 1) * width + sum - rank];
    }
    double all = 0;
    for (size_t sum = 0; sum < width; sum++)
        all += ways[chosen * width + sum];
    distribution.probability = mem_array(width, sizeof *distribution.probability);
    for (size_t sum = 0; sum < width; sum++)
        distribution.probability[sum] = ways[chosen * width + sum] / all;
    free(ways);
    return distribution;
}

/* P(U = u), u = 0..pairs / 2, without ties; the rest mirrors it. Freed by the caller. */
static double *u_distribution(size_t x_count, size_t y_count)
{
    size_t half = x_count * y_count / 2;
    double *ways = mem_array(half + 1, sizeof *ways);
    double all = 1;
    ways[0] = 1;
    /* Times (1 - q^(m + i)) / (1 - q^i). A coefficient depends on lower ones only, so small tails stay exact. */
    for (size_t i = 1; i <= x_count; i++) {
        for (size_t u = half + 1; u-- > y_count + i;)
            ways[u] -= ways[u - y_count - i];
        for (size_t u = i; u <= half; u++)
            ways[u] += ways[u - i];
        all *= (double)(y_count + i) / (double)i;
    }
    for (size_t u = 0; u <= half; u++)
        ways[u] /= all;
    return ways;
}

struct pooled {
    double value;
    bool from_x;
};

static int compare_pooled(const void *a, const void *b)
{
    double x = ((const struct pooled *)a)->value, y = ((const struct pooled *)b)->value;
    return (x > y) - (x < y);
}

/* Doubled midranks of the pooled values in ascending order; the doubled rank sum of x; sum of t^3 - t over ties. */
static size_t rank_pooled(const double *x, size_t x_count, const double *y, size_t y_count, size_t *doubled_ranks,
                          double *tie_term)
{
    size_t total = x_count + y_count, x_sum = 0;
    struct pooled *pool = mem_array(total, sizeof *pool);
    for (size_t i = 0; i < total; i++)
        pool[i] = i < x_count ? (struct pooled){ x[i], true } : (struct pooled){ y[i - x_count], false };
    qsort(pool, total, sizeof *pool, compare_pooled);
    *tie_term = 0;
    for (size_t first = 0, end; first < total; first = end) {
        for (end = first + 1; end < total && pool[end].value == pool[first].value;)
            end++;
        double tied = (double)(end - first);
        *tie_term += tied * tied * tied - tied;
        for (size_t i = first; i < end; i++) {
            doubled_ranks[i] = first + 1 + end; /* twice the mean of ranks first + 1 .. end */
            x_sum += pool[i].from_x ? doubled_ranks[i] : 0;
        }
    }
    free(pool);
    return x_sum;
}

/* Two-sided: twice the smaller tail, at most 1. */
static void exact_p(struct stats_mann_whitney *test, const struct rank_distribution *distribution, size_t x_sum)
{
    double lower = 0, upper = 0, first = 0, last = 0;
    for (size_t sum = 0; sum <= distribution->maximum; sum++) {
        double probability = distribution->probability[sum];
        lower += sum <= x_sum ? probability : 0;
        upper += sum >= x_sum ? probability : 0;
        first = first > 0 ? first : probability;
        last = probability > 0 ? probability : last;
    }
    test->exact = true;
    test->p = fmin(1, 2 * fmin(lower, upper));
    test->p_minimum = fmin(1, 2 * fmin(first, last));
}

/* The same without ties, from u, which is whole then. */
static void exact_u_p(struct stats_mann_whitney *test, size_t x_count, size_t y_count)
{
    double *probability = u_distribution(x_count, y_count), tail = 0;
    size_t pairs = x_count * y_count, u = (size_t)test->u, smaller = u < pairs - u ? u : pairs - u;
    for (size_t i = 0; i <= smaller; i++)
        tail += probability[i];
    test->exact = true;
    test->p = fmin(1, 2 * tail);
    test->p_minimum = fmin(1, 2 * probability[0]);
    free(probability);
}

struct stats_mann_whitney stats_mann_whitney(const double *x, size_t x_count, const double *y, size_t y_count)
{
    struct stats_mann_whitney test = { .u = NAN, .p = NAN, .p_minimum = NAN };
    if (x_count == 0 || y_count == 0)
        return test;
    size_t total = x_count + y_count;
    double n = (double)x_count, m = (double)y_count, tie_term;
    size_t *doubled_ranks = mem_array(total, sizeof *doubled_ranks);
    size_t x_sum = rank_pooled(x, x_count, y, y_count, doubled_ranks, &tie_term);
    test.u = n * m + n * (n + 1) / 2 - (double)x_sum / 2;
    if (total <= EXACT_LIMIT && tie_term == 0) {
        exact_u_p(&test, x_count, y_count);
    } else if (total <= EXACT_LIMIT) {
        struct rank_distribution distribution = rank_distribution(doubled_ranks, total, x_count);
        exact_p(&test, &distribution, x_sum);
        free(distribution.probability);
    } else {
        double size = n + m;
        double variance = n * m / 12 * (size + 1 - tie_term / (size * (size - 1)));
        double distance = fmax(0, fabs(test.u - n * m / 2) - 0.5);
        test.p = variance > 0 ? erfc(distance / sqrt(2 * variance)) : 1;
        test.p_minimum = 2 * exp(stats_log_gamma(n + 1) + stats_log_gamma(m + 1) - stats_log_gamma(size + 1));
    }
    free(doubled_ranks);
    return test;
}

/* The largest k >= 1 with P(U < k) <= (1 - confidence) / 2, and the coverage 1 - 2 P(U < k) of the interval between
 * the k-th smallest and the k-th largest difference. */
static size_t shift_rank(size_t x_count, size_t y_count, double confidence, double *coverage)
{
    size_t total = x_count + y_count, pairs = x_count * y_count, k = 1;
    double tail_limit = (1 - confidence) / 2;
    if (total > EXACT_LIMIT) {
        double mean = (double)pairs / 2, sd = sqrt((double)pairs * (double)(total + 1) / 12);
        /* P(U < k) ~ Phi((k - 1/2 - mean) / sd) */
        while (k < pairs / 2 && 0.5 * erfc((mean - ((double)k + 0.5)) / (sd * sqrt(2))) <= tail_limit)
            k++;
        *coverage = 1 - erfc((mean - ((double)k - 0.5)) / (sd * sqrt(2)));
        return k;
    }
    double *probability = u_distribution(x_count, y_count), tail = probability[0];
    while (k + 1 <= (pairs + 1) / 2 && tail + probability[k] <= tail_limit)
        tail += probability[k++];
    *coverage = fmax(0, 1 - 2 * tail);
    free(probability);
    return k;
}

struct stats_shift stats_shift(const double *x, size_t x_count, const double *y, size_t y_count, double confidence)
{
    struct stats_shift shift = { NAN, { NAN, NAN, 0 } };
    size_t pairs = x_count * y_count;
    if (pairs == 0)
        return shift;
    double *differences = mem_array(pairs, sizeof *differences);
    for (size_t i = 0; i < x_count; i++)
        for (size_t j = 0; j < y_count; j++)
            differences[i * y_count + j] = y[j] - x[i];
    double coverage;
    size_t k = shift_rank(x_count, y_count, confidence, &coverage), middle = (pairs - 1) / 2;
    double low = stats_select(differences, pairs, k - 1);
    double median = stats_select(differences + k - 1, pairs - k + 1, middle - (k - 1));
    double above = pairs % 2 ? median : stats_select(differences + middle, pairs - middle, 1);
    double high = stats_select(differences + middle, pairs - middle, pairs - k - middle);
    shift.estimate = median + (above - median) / 2;
    if (coverage > 0)
        shift.interval = (struct stats_interval){ low, high, coverage };
    free(differences);
    return shift;
}

double stats_walsh_median(const double *values, size_t count)
{
    size_t pairs = count * (count + 1) / 2, used = 0;
    if (pairs == 0)
        return NAN;
    double *averages = mem_array(pairs, sizeof *averages);
    for (size_t i = 0; i < count; i++)
        for (size_t j = i; j < count; j++)
            averages[used++] = values[i] + (values[j] - values[i]) / 2;
    double low = stats_select(averages, used, (used - 1) / 2);
    double median = used % 2 ? low : low + (stats_select(averages, used, used / 2) - low) / 2;
    free(averages);
    return median;
}
