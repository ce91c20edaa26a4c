/* step.c: the rank test of a step: exact where a side is short, else normal with ties; then deflated. */
#include "harness/stats/step.h"
#include "harness/base/mem.h"
#include "harness/stats/gamma.h"
#include <math.h>
#include <stdlib.h>

enum { EXACT_MOST = 12 }; /* if a side has so many values or fewer, the distribution of U is counted */

/* P(U <= u) for sizes n, m without ties: the ways are the coefficients of the Gaussian binomial (Mann, Whitney 1947),
 * of which those up to u are made. */
static double rank_tail(size_t n, size_t m, size_t u)
{
    double *ways = mem_array(u + 1, sizeof *ways), tail = 0;
    ways[0] = 1;
    for (size_t i = 1; i <= n; i++) {
        for (size_t k = u + 1; k-- > m + i;)
            ways[k] -= ways[k - m - i];
        for (size_t k = i; k <= u; k++)
            ways[k] += ways[k - i];
    }
    for (size_t k = 0; k <= u; k++)
        tail += ways[k];
    free(ways);
    double log_all =
        stats_log_gamma((double)(n + m + 1)) - stats_log_gamma((double)n + 1) - stats_log_gamma((double)m + 1);
    return tail * exp(-log_all);
}

/* Number of pairs with before < after, ties count 1/2; both sorted. Sum of t^3 - t over ties. */
static double rank_pairs(const double *before, size_t n, const double *after, size_t m, double *tie_term)
{
    double pairs = 0;
    *tie_term = 0;
    for (size_t i = 0, j = 0; i < n || j < m;) {
        double value = i < n && (j >= m || before[i] <= after[j]) ? before[i] : after[j];
        size_t i0 = i, j0 = j;
        while (i < n && before[i] <= value)
            i++;
        while (j < m && after[j] <= value)
            j++;
        double in_before = (double)(i - i0), in_after = (double)(j - j0), tied = in_before + in_after;
        pairs += in_after * ((double)i0 + in_before / 2);
        *tie_term += tied * tied * tied - tied;
    }
    return pairs;
}

/* log p of the two-sided rank test, and |2 AUC - 1|. */
static double rank_log_p(const double *before, size_t n, const double *after, size_t m, double *separation)
{
    double tie_term, size = (double)(n + m), pairs = (double)n * (double)m;
    double u = rank_pairs(before, n, after, m, &tie_term);
    *separation = fabs(2 * u / pairs - 1);
    u = fmin(u, pairs - u);
    size_t smaller = n < m ? n : m, larger = n < m ? m : n;
    if (smaller <= EXACT_MOST) {
        double p = 2 * rank_tail(smaller, larger, (size_t)ceil(u));
        return p < 1 ? log(p) : 0;
    }
    double variance = pairs / 12 * (size + 1 - tie_term / (size * (size - 1)));
    double z = variance > 0 ? fmax(0, pairs / 2 - u - 0.5) / sqrt(variance) : 0;
    return log(erfc(z / sqrt(2)));
}

/* z of a two-sided p, by Newton on log erfc. */
static double z_of_log_p(double log_p)
{
    if (!(log_p < 0))
        return 0;
    log_p = fmax(log_p, -600);
    double z = sqrt(-2 * log_p);
    for (int i = 0; i < 20; i++) {
        double tail = erfc(z / sqrt(2));
        double slope = -sqrt(2 / acos(-1)) * exp(-z * z / 2) / tail;
        double next = fmax(z - (log(tail) - log_p) / slope, z / 2);
        if (fabs(next - z) < 1e-9)
            break;
        z = next;
    }
    return z;
}

/* Variance of a mean of n values of a first-order process, over that of independent ones. */
static double inflation_of_mean(double rho, size_t count)
{
    double n = (double)count;
    return (1 + rho) / (1 - rho) - 2 * rho * (1 - pow(rho, n)) / (n * (1 - rho) * (1 - rho));
}

struct stats_step stats_step(const double *before, size_t n, const double *after, size_t m, double rho)
{
    struct stats_step step;
    double n_part = inflation_of_mean(rho, n) / (double)n, m_part = inflation_of_mean(rho, m) / (double)m;
    double inflation = (n_part + m_part) / (1 / (double)n + 1 / (double)m);
    double z = z_of_log_p(rank_log_p(before, n, after, m, &step.separation)) / sqrt(inflation);
    step.p = erfc(z / sqrt(2));
    step.error = sqrt(n_part + m_part);
    return step;
}
