/* special.c: see special.h. */
#include "harness/stats/special.h"
#include "harness/stats/gamma.h"
#include <math.h>

double stats_normal_quantile(double p)
{
    double tail = fmin(p, 1 - p);
    /* A start that is good to 0.003 (Abramowitz, Stegun 26.2.22), then Newton's steps on log of the tail, in which the
     * normal tail is nearly a parabola. */
    double t = sqrt(-2 * log(tail));
    double z = t - (2.30753 + 0.27061 * t) / (1 + 0.99229 * t + 0.04481 * t * t);
    for (int i = 0; i < 4; i++) {
        double above = 0.5 * erfc(z / sqrt(2)), density = exp(-z * z / 2) / sqrt(2 * M_PI);
        z += log(above / tail) * above / density;
    }
    return p < 0.5 ? -z : z;
}

double stats_t_quantile(double p, double degrees)
{
    double z = stats_normal_quantile(p), z2 = z * z, n = degrees;
    double first = z * (z2 + 1) / 4, second = z * (5 * z2 * z2 + 16 * z2 + 3) / 96;
    double third = z * (3 * z2 * z2 * z2 + 19 * z2 * z2 + 17 * z2 - 15) / 384;
    return z + first / n + second / (n * n) + third / (n * n * n);
}

/* Lentz's evaluation of the continued fraction; converges fast for x below (a + 1) / (a + b + 2). */
static double beta_fraction(double x, double a, double b)
{
    const double tiny = 1e-300;
    double c = 1, d = 1 - (a + b) * x / (a + 1);
    d = 1 / (fabs(d) < tiny ? tiny : d);
    double fraction = d;
    for (int m = 1; m < 10000; m++) {
        double k = m, even = k * (b - k) * x / ((a + 2 * k - 1) * (a + 2 * k));
        double odd = -(a + k) * (a + b + k) * x / ((a + 2 * k) * (a + 2 * k + 1));
        d = 1 + even * d;
        c = 1 + even / c;
        d = 1 / (fabs(d) < tiny ? tiny : d);
        fraction *= d * c;
        d = 1 + odd * d;
        c = 1 + odd / c;
        d = 1 / (fabs(d) < tiny ? tiny : d);
        fraction *= d * c;
        if (fabs(d * c - 1) < 1e-15)
            break;
    }
    return fraction;
}

double stats_incomplete_beta(double x, double a, double b)
{
    if (x <= 0 || x >= 1)
        return x <= 0 ? 0 : 1;
    double front = exp(stats_log_gamma(a + b) - stats_log_gamma(a) - stats_log_gamma(b) + a * log(x) + b * log1p(-x));
    if (x < (a + 1) / (a + b + 2))
        return front * beta_fraction(x, a, b) / a;
    return 1 - front * beta_fraction(1 - x, b, a) / b;
}
