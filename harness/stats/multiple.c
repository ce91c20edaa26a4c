/* multiple.c: see multiple.h. */
#include "harness/stats/multiple.h"
#include "harness/base/mem.h"
#include "harness/stats/gamma.h"
#include "harness/stats/special.h"
#include <math.h>
#include <stdlib.h>

struct ranked {
    double p;
    size_t index;
};

static int compare_ranked(const void *a, const void *b)
{
    const struct ranked *x = a, *y = b;
    return x->p != y->p ? (x->p > y->p) - (x->p < y->p) : (x->index > y->index) - (x->index < y->index);
}

void stats_q_values(const double *p, size_t count, double *q)
{
    struct ranked *ranked = mem_array(count, sizeof *ranked);
    size_t tests = 0;
    for (size_t i = 0; i < count; i++) {
        if (isnan(p[i]))
            q[i] = NAN;
        else
            ranked[tests++] = (struct ranked){ p[i], i };
    }
    qsort(ranked, tests, sizeof *ranked, compare_ranked);
    double smallest = 1;
    for (size_t rank = tests; rank > 0; rank--) {
        smallest = fmin(smallest, ranked[rank - 1].p * (double)tests / (double)rank);
        q[ranked[rank - 1].index] = smallest;
    }
    free(ranked);
}

double stats_look_alpha(double alpha, int look, int look_count)
{
    if (look_count <= 1)
        return alpha;
    if (look < 0 || look >= look_count)
        return 0;
    return alpha * (2.0 * look + 1) / ((double)look_count * look_count);
}

double stats_look_p(const double *p, int look, int look_count, double alpha)
{
    double smallest = NAN;
    for (int k = 0; k <= look; k++) {
        double spent = stats_look_alpha(alpha, k, look_count);
        if (!isnan(p[k]) && spent > 0)
            smallest = fmin(smallest, fmin(1, p[k] * alpha / spent)); /* fmin ignores the NaN at the start */
    }
    return smallest;
}

struct stats_band stats_binomial_band(size_t count, double probability, double confidence)
{
    double n = (double)count, tail_limit = (1 - confidence) / 2;
    if (!(probability > 0) || count == 0)
        return (struct stats_band){ 0, 0 };
    if (!(probability < 1))
        return (struct stats_band){ count, count };
    /* low: the most with P(X < low) <= limit; high: the fewest with P(X > high) <= limit. */
    struct stats_band band = { 0, count };
    double below = 0, log_odds = log(probability) - log1p(-probability), log_term = n * log1p(-probability);
    bool low_found = false;
    for (size_t k = 0; k <= count; k++) {
        double up_to = below + exp(log_term);
        if (!low_found && up_to > tail_limit) {
            band.low = k;
            low_found = true;
        }
        if (up_to >= 1 - tail_limit) {
            band.high = k;
            break;
        }
        below = up_to;
        log_term += log((n - (double)k) / ((double)k + 1)) + log_odds;
    }
    return band;
}

/* x with I_x(a, b) = p, by bisection: the function rises. */
static double beta_quantile(double p, double a, double b)
{
    double low = 0, high = 1;
    for (int i = 0; i < 100 && high - low > 1e-15 * high; i++) {
        double middle = (low + high) / 2;
        if (stats_incomplete_beta(middle, a, b) < p)
            low = middle;
        else
            high = middle;
    }
    return (low + high) / 2;
}

struct stats_interval stats_binomial_interval(size_t hits, size_t count, double confidence)
{
    if (count == 0 || hits > count)
        return (struct stats_interval){ NAN, NAN, 0 };
    double k = (double)hits, n = (double)count, tail = (1 - confidence) / 2;
    double low = hits == 0 ? 0 : beta_quantile(tail, k, n - k + 1);
    double high = hits == count ? 1 : beta_quantile(1 - tail, k + 1, n - k);
    return (struct stats_interval){ low, high, confidence };
}
