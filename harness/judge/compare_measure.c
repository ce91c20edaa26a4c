/* compare_measure.c: effect, interval, p and detectable effect of one metric.
 *
 * Everything is done on logarithms, so that an effect is a ratio whatever the size of the number. */
#include "harness/base/rng.h"
#include "harness/judge/compare_internal.h"
#include "harness/stats/multiple.h"
#include "harness/stats/paired.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

static const struct stats_interval no_interval = { (double)NAN, (double)NAN, 0 };

/* A p that counts as much as one of a single look. */
static double spend(const struct compare_context *context, double p)
{
    return fmin(1, p * JUDGE_ALPHA / context->alpha);
}

/* Logarithms in place of values; false where one is not positive. */
static bool to_logarithms(const struct compare_context *context, struct compare_values *values)
{
    double *logs = arena_array(context->arena, values->count, sizeof *logs);
    for (size_t i = 0; i < values->count; i++) {
        if (!(values->values[i] > 0))
            return false;
        logs[i] = log(values->values[i]);
    }
    values->values = logs;
    return true;
}

/* Differences of the rounds that both sides have. */
static size_t make_pairs(const struct compare_values *base, const struct compare_values *candidate, double *differences)
{
    size_t i = 0, j = 0, count = 0;
    while (i < base->count && j < candidate->count) {
        if (base->keys[i] == candidate->keys[j])
            differences[count++] = candidate->values[j++] - base->values[i++];
        else if (base->keys[i] < candidate->keys[j])
            i++;
        else
            j++;
    }
    return count;
}

/* The least number of pairs whose smallest p is below alpha. */
static size_t pairs_needed(double alpha)
{
    size_t needed = JUDGE_LEAST_PAIRS;
    while (needed < 64 && ldexp(2, -(int)needed) > alpha)
        needed++;
    return needed;
}

void compare_measure_differences(const struct compare_context *context, struct compare_metric *metric,
                                 const double *differences, size_t count)
{
    struct stats_paired paired = stats_paired(differences, count, context->confidence, context->options->seed);
    size_t needed = pairs_needed(context->alpha);
    metric->pairs = count;
    metric->shape = paired.skewed || paired.bimodal;
    metric->effect = metric->shape ? stats_median(differences, count) : paired.estimate;
    metric->interval = metric->shape ? paired.sign_interval : paired.interval;
    metric->p = spend(context, paired.p);
    /* The interval must clear the floor, too: an effect is found where it is that much larger. */
    metric->detectable = metric->floor + stats_paired_detectable(differences, count, context->alpha, JUDGE_POWER);
    if (count < needed || paired.p_minimum > context->alpha)
        metric->reason =
            arena_format(context->arena, "insufficient: %zu pair%s, %zu needed", count, count == 1 ? "" : "s", needed);
}

/* The smallest p that so many different values allow: 2 / C(n + m, n). Ties make it larger, but equal values are no
 * reason to know nothing: they may well be equivalent. */
static double least_p(size_t n, size_t m)
{
    return fmin(1, 2 * exp(lgamma((double)n + 1) + lgamma((double)m + 1) - lgamma((double)(n + m) + 1)));
}

static void measure_unpaired(const struct compare_context *context, struct compare_metric *metric,
                             const struct compare_values *base, const struct compare_values *candidate)
{
    struct stats_shift shift =
        stats_shift(base->values, base->count, candidate->values, candidate->count, context->confidence);
    struct stats_mann_whitney test = stats_mann_whitney(base->values, base->count, candidate->values, candidate->count);
    double least = least_p(base->count, candidate->count);
    metric->effect = shift.estimate;
    metric->interval = shift.interval;
    metric->p = spend(context, test.p);
    metric->detectable = metric->floor + stats_shift_detectable(base->values, base->count, candidate->values,
                                                                candidate->count, context->alpha, JUDGE_POWER);
    if (base->count < 2 || candidate->count < 2)
        metric->reason = arena_format(context->arena, "insufficient: %zu against %zu process%s", base->count,
                                      candidate->count, candidate->count == 1 ? "" : "es");
    else if (least > context->alpha)
        metric->reason =
            arena_format(context->arena, "insufficient: %zu against %zu processes cannot give p below %.2g",
                         base->count, candidate->count, least);
}

static bool all_equal(const struct compare_values *values)
{
    for (size_t i = 1; i < values->count; i++) {
        if (values->values[i] != values->values[0])
            return false;
    }
    return values->count > 0;
}

/* Counts that come out the same every time need no statistics. Callgrind's do by construction; of others, two equal
 * values a side are taken as proof, unless it is a time. */
static bool is_exact(const struct compare_metric *metric, const struct compare_values *base,
                     const struct compare_values *candidate)
{
    if (!all_equal(base) || !all_equal(candidate))
        return false;
    if (metric->pass == STORE_PASS_CALLGRIND || base->values[0] == candidate->values[0])
        return true;
    return base->count > 1 && candidate->count > 1;
}

static void measure_exact(struct compare_metric *metric, double base, double candidate)
{
    metric->exact = true;
    metric->effect = base == candidate ? 0 : base > 0 && candidate > 0 ? log(candidate / base) : (double)NAN;
    metric->interval = (struct stats_interval){ metric->effect, metric->effect, 1 };
    metric->detectable = metric->floor;
}

void compare_measure(const struct compare_context *context, struct compare_metric *metric, struct compare_values base,
                     struct compare_values candidate, bool pairs_up, double noise)
{
    double least = pairs_up || context->paired ? JUDGE_FLOOR : JUDGE_FLOOR_UNPAIRED;
    metric->base = stats_summarize(base.values, base.count, JUDGE_CONFIDENCE);
    metric->candidate = stats_summarize(candidate.values, candidate.count, JUDGE_CONFIDENCE);
    metric->effect = metric->p = metric->q = (double)NAN;
    metric->interval = no_interval;
    metric->noise = noise;
    metric->floor = fmax(fmax(context->budget, least), isfinite(noise) ? noise : 0);
    metric->detectable = (double)INFINITY;
    if (!base.count || !candidate.count) {
        metric->reason = !base.count ? "not measured on the base" : "not measured on the candidate";
        return;
    }
    bool is_time = metric->pass == STORE_PASS_TIMED && strcmp(metric->unit, "ns") == 0;
    if (!is_time && is_exact(metric, &base, &candidate)) {
        metric->floor = fmax(context->budget, JUDGE_FLOOR);
        measure_exact(metric, base.values[0], candidate.values[0]);
        return;
    }
    if (!to_logarithms(context, &base) || !to_logarithms(context, &candidate)) {
        metric->reason = "a value is zero or negative: there is no ratio";
        return;
    }
    if (!pairs_up) {
        measure_unpaired(context, metric, &base, &candidate);
        return;
    }
    double *differences = arena_array(context->arena, base.count + 1, sizeof *differences);
    compare_measure_differences(context, metric, differences, make_pairs(&base, &candidate, differences));
}
