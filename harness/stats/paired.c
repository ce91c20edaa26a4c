/* paired.c: see paired.h. */
#include "harness/stats/paired.h"
#include "harness/base/mem.h"
#include "harness/stats/gamma.h"
#include "harness/stats/shape.h"
#include "harness/stats/sign_flip.h"
#include "harness/stats/special.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { EXACT_RANK_LIMIT = 50, WALSH_LIMIT = 400 };

/* P(W = s), s = 0..limit, of the signed-rank statistic W of count values without ties (Wilcoxon 1945): each rank counts
 * or does not, all choices equally likely. */
static double *signed_rank_distribution(size_t count, size_t limit)
{
    double *probability = mem_array(limit + 1, sizeof *probability);
    probability[0] = ldexp(1, -(int)count);
    for (size_t rank = 1; rank <= count; rank++)
        for (size_t sum = limit + 1; sum-- > rank;)
            probability[sum] += probability[sum - rank];
    return probability;
}

/* The largest k >= 1 with P(W < k) <= (1 - confidence) / 2, and the coverage 1 - 2 P(W < k) of the interval between the
 * k-th smallest and the k-th largest Walsh average. */
static size_t walsh_rank(size_t count, double confidence, double *coverage)
{
    double n = (double)count, tail_limit = (1 - confidence) / 2;
    size_t averages = count * (count + 1) / 2, k = 1;
    if (count > EXACT_RANK_LIMIT) {
        double mean = n * (n + 1) / 4, sd = sqrt(n * (n + 1) * (2 * n + 1) / 24);
        double rank = floor(mean + 0.5 - stats_normal_quantile(1 - tail_limit) * sd);
        k = rank > 1 ? (size_t)rank : 1;
        *coverage = 1 - erfc((mean - ((double)k - 0.5)) / (sd * sqrt(2)));
        return k;
    }
    double *probability = signed_rank_distribution(count, averages / 2), tail = probability[0];
    for (; k + 1 <= (averages + 1) / 2 && tail + probability[k] <= tail_limit; k++)
        tail += probability[k];
    *coverage = fmax(0, 1 - 2 * tail);
    free(probability);
    return k;
}

/* How many Walsh averages of values in ascending order are at most `limit`. */
static size_t count_walsh(const double *sorted, size_t count, double limit)
{
    size_t at_most = 0, end = count;
    for (size_t i = 0; i < count && end > i; i++) {
        while (end > i && sorted[i] + (sorted[end - 1] - sorted[i]) / 2 > limit)
            end--;
        at_most += end > i ? end - i : 0;
    }
    return at_most;
}

/* The k-th smallest Walsh average (k from 1), by bisection: so many values have too many averages to be written down.
 */
static double select_walsh(const double *sorted, size_t count, size_t k)
{
    double low = sorted[0], high = sorted[count - 1];
    if (count_walsh(sorted, count, low) >= k)
        return low;
    for (;;) {
        double middle = low + (high - low) / 2;
        if (middle <= low || middle >= high)
            return high;
        *(count_walsh(sorted, count, middle) >= k ? &high : &low) = middle;
    }
}

static void estimate_many(struct stats_paired *paired, const double *sorted, double confidence)
{
    size_t count = paired->count, total = count * (count + 1) / 2, k;
    double coverage;
    k = walsh_rank(count, confidence, &coverage);
    double median = select_walsh(sorted, count, (total + 1) / 2);
    double above = total % 2 ? median : select_walsh(sorted, count, total / 2 + 1);
    paired->estimate = median + (above - median) / 2;
    paired->interval =
        (struct stats_interval){ select_walsh(sorted, count, k), select_walsh(sorted, count, total + 1 - k), coverage };
}

/* Estimate and interval are order statistics of the Walsh averages (x[i] + x[j]) / 2, i <= j. */
static void estimate(struct stats_paired *paired, const double *sorted, double confidence)
{
    size_t count = paired->count, total = count * (count + 1) / 2, used = 0;
    double *averages = mem_array(total, sizeof *averages), coverage;
    for (size_t i = 0; i < count; i++)
        for (size_t j = i; j < count; j++)
            averages[used++] = sorted[i] + (sorted[j] - sorted[i]) / 2;
    size_t k = walsh_rank(count, confidence, &coverage), middle = (total - 1) / 2;
    /* Each selection leaves what is larger behind it, so that the next one has less to look at. */
    double low = stats_select(averages, total, k - 1);
    double median = stats_select(averages + k - 1, total - k + 1, middle - (k - 1));
    double above = total % 2 ? median : stats_select(averages + middle, total - middle, 1);
    double high = stats_select(averages + middle, total - middle, total - k - middle);
    paired->estimate = median + (above - median) / 2;
    if (coverage > 0)
        paired->interval = (struct stats_interval){ low, high, coverage };
    free(averages);
}

/* Exact two-sided sign test; pairs without a difference say nothing and do not count. */
static double sign_test(const double *differences, size_t count)
{
    size_t above = 0, below = 0;
    for (size_t i = 0; i < count; i++) {
        above += differences[i] > 0;
        below += differences[i] < 0;
    }
    size_t n = above + below, fewer = above < below ? above : below;
    return n == 0 ? 1 : fmin(1, 2 * stats_incomplete_beta(0.5, (double)(n - fewer), (double)fewer + 1));
}

static double smallest_p(size_t count)
{
    return fmin(1, ldexp(1, 1 - (int)(count < 1000 ? count : 1000)));
}

struct stats_paired stats_paired(const double *differences, size_t count, double confidence, uint64_t seed)
{
    struct stats_interval none = { NAN, NAN, 0 };
    struct stats_paired paired = { .count = count,
                                   .estimate = NAN,
                                   .interval = none,
                                   .p = NAN,
                                   .p_minimum = NAN,
                                   .sign_p = NAN,
                                   .sign_interval = none };
    if (count == 0)
        return paired;
    double *sorted = mem_array(count, sizeof *sorted);
    memcpy(sorted, differences, count * sizeof *sorted);
    stats_sort(sorted, count);
    if (count <= WALSH_LIMIT)
        estimate(&paired, sorted, confidence);
    else
        estimate_many(&paired, sorted, confidence);
    paired.p = stats_sign_flip_p(sorted, count, seed, &paired.exact);
    paired.p_minimum = smallest_p(count);
    paired.sign_p = sign_test(sorted, count);
    paired.sign_interval = stats_median_interval_sorted(sorted, count, confidence);
    paired.skewed = stats_is_skewed(sorted, count);
    paired.bimodal = stats_is_bimodal(sorted, count);
    free(sorted);
    return paired;
}

/* Robust sd, or the usual one where more than half of the values are equal. */
static double spread(const double *values, size_t count)
{
    double sd = stats_robust_sd(values, count);
    return sd > 0 ? sd : stats_sd(values, count);
}

/* That of the t test, times what trimming, the robust sd of few values, and a p that comes in steps cost: fitted to the
 * simulated power of stats_paired for 6 to 50 normal differences and alpha 0.003 to 0.05, within 5 %. */
double stats_paired_detectable(const double *differences, size_t count, double alpha, double power)
{
    if (count < 2 || smallest_p(count) > alpha)
        return INFINITY;
    double n = (double)count, degrees = n - 1;
    double quantiles = stats_t_quantile(1 - alpha / 2, degrees) + stats_t_quantile(power, degrees);
    double cost = 1.04 * (1 + 1.2 / n) * (1 + 0.47 * pow(smallest_p(count) / alpha, 1.5));
    return cost * quantiles * spread(differences, count) / sqrt(n);
}

double stats_shift_detectable(const double *x, size_t x_count, const double *y, size_t y_count, double alpha,
                              double power)
{
    double n = (double)x_count, m = (double)y_count;
    if (x_count < 2 || y_count < 2)
        return INFINITY;
    double p_minimum = 2 * exp(stats_log_gamma(n + 1) + stats_log_gamma(m + 1) - stats_log_gamma(n + m + 1));
    if (p_minimum > alpha)
        return INFINITY;
    double x_sd = spread(x, x_count), y_sd = spread(y, y_count), degrees = n + m - 2;
    double quantiles = stats_t_quantile(1 - alpha / 2, degrees) + stats_t_quantile(power, degrees);
    /* The efficiency of Mann-Whitney against t is 3 / pi for normal values (Lehmann 1975). */
    return quantiles * sqrt((x_sd * x_sd / n + y_sd * y_sd / m) * M_PI / 3);
}
