/* recent_step.c: see recent_step.h. */
#include "harness/stats/recent_step.h"
#include "harness/stats/special.h"
#include <math.h>

enum { LEAST_BEFORE = 3, OUTLIERS_IN = 10, FEW = 12 };

/* Of few values the robust spread is small by luck too often, and their correlation is not known: then what histories
 * of benchmarks usually have. */
#define USUAL_CORRELATION 0.3
#define MOST_CORRELATION  0.8

static double correlation_of(const double *values, size_t count)
{
    double middle = stats_median(values, count), products = 0, squares = 0;
    if (count < FEW)
        return USUAL_CORRELATION;
    double limit = 3 * stats_robust_sd(values, count);
    for (size_t i = 0; i < count; i++) {
        double now = fmax(-limit, fmin(limit, values[i] - middle));
        double last = i ? fmax(-limit, fmin(limit, values[i - 1] - middle)) : 0;
        products += now * last;
        squares += now * now;
    }
    return squares > 0 ? fmax(0, fmin(MOST_CORRELATION, products / squares)) : 0;
}

static double spread_of(const double *values, size_t count)
{
    double robust = stats_robust_sd(values, count);
    return count < FEW ? fmax(robust, stats_sd(values, count)) : robust;
}

/* Each of the newest has to have made at least half of the step: a value that was high by luck right before two that
 * are slow does not make them three. */
static bool is_apart(const double *before, size_t before_count, const double *newest, size_t count, double effect)
{
    bool up = effect > 0;
    double nearest = newest[0];
    size_t beyond = 0;
    for (size_t i = 1; i < count; i++)
        nearest = up ? fmin(nearest, newest[i]) : fmax(nearest, newest[i]);
    for (size_t i = 0; i < before_count; i++)
        beyond += up ? before[i] >= nearest : before[i] <= nearest;
    return beyond <= before_count / OUTLIERS_IN && (nearest - stats_median(before, before_count)) / effect >= 0.5;
}

static struct stats_recent_step look(const double *logs, size_t count, size_t newest, size_t tried)
{
    size_t before = count - newest;
    struct stats_recent_step step = { .count = newest, .noise = spread_of(logs, before), .p = 1 };
    step.effect = stats_median(logs + before, newest) - stats_median(logs, before);
    double correlation = correlation_of(logs, before), degrees = (double)before - 1;
    double error =
        step.noise * sqrt((1 + correlation) / (1 - correlation)) * sqrt(1 / (double)before + 1 / (double)newest);
    double reach = stats_t_quantile(0.975, degrees) * error;
    step.interval = (struct stats_interval){ step.effect - reach, step.effect + reach, 0.95 };
    step.apart = step.effect != 0 && is_apart(logs, before, logs + before, newest, step.effect);
    double t = step.effect / error;
    step.p = step.effect == 0 ? 1
             : error > 0      ? stats_incomplete_beta(degrees / (degrees + t * t), degrees / 2, 0.5)
                              : 0;
    step.p = fmin(1, step.p * (double)tried);
    return step;
}

struct stats_recent_step stats_recent_step_of(const double *logs, size_t count, size_t newest)
{
    if (newest == 0 || count < newest + LEAST_BEFORE)
        return (
            struct stats_recent_step){ .count = 1, .effect = NAN, .interval = { NAN, NAN, 0 }, .noise = NAN, .p = 1 };
    return look(logs, count, newest, 1);
}

struct stats_recent_step stats_recent_step(const double *logs, size_t count, size_t longest, size_t confirmed)
{
    if (count < LEAST_BEFORE + 1 || longest == 0)
        return stats_recent_step_of(logs, count, 0);
    size_t most = count - LEAST_BEFORE < longest ? count - LEAST_BEFORE : longest;
    struct stats_recent_step best = look(logs, count, 1, most);
    for (size_t newest = 2; newest <= most; newest++) {
        struct stats_recent_step step = look(logs, count, newest, most);
        bool further = newest >= confirmed && best.count < confirmed;
        if (step.apart && (!best.apart || further || step.p < best.p))
            best = step;
    }
    return best;
}
