/* change_points.c: candidates by optimal partitioning, then only those stay that a rank test believes.
 *
 * Everything happens on logarithms. A first partition on a scale that steps do not move (that of differences) gives the
 * residuals from which noise and autocorrelation are estimated; the second, with those, gives too many candidates on
 * purpose. Then the weakest goes, its neighbours are placed anew, the noise is estimated anew, until all that are left
 * pass: significance after deflation by the autocorrelation, separation, and a size that may reach the floor. */
#include "harness/stats/change_points.h"
#include "harness/base/mem.h"
#include "harness/stats/partition.h"
#include "harness/stats/step.h"
#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* The noise counts as at least this part of the floor: smaller steps are of no interest, and a series without any
 * noise has no scale of its own. */
#define SIGMA_PER_FLOOR  (1.0 / 16)
#define CORRELATION_MOST 0.95
#define MEDIAN_ERROR     1.2533 /* of a median, over that of a mean */
#define ONE_SIDED_95     1.645
#define RHO_MARGIN       5.0 /* about two standard errors of the estimate from differences, times sqrt(count) */
#define CLIP             3.0 /* residuals beyond so many sd count as that, when correlation is estimated */
enum {
    LIMIT_COUNT = 100, /* up to so many values p_limit is meant literally */
    LIMIT_GROWTH = 3,
    LIMIT_SHORT = 12,
    WINDOW = 256, /* values on either side of a step that its test looks at */
    PLACING_PASSES = 2
};

const struct stats_change_options stats_change_defaults = {
    .floor = 0.01, .p_limit = 1e-4, .separation = 0.3, .minimum_segment = 3, .leap = 6
};

struct series {
    const double *logs;
    size_t count;
    const struct stats_change_options *options;
    double sigma, rho;
    double rho_most; /* what differences allow: a slope looks like correlation to residuals, but not to them */
    struct stats_change *changes;
    size_t change_count;
    double *scratch; /* [count] */
};

static size_t segment_begin(const struct series *series, size_t change)
{
    return change == 0 ? 0 : series->changes[change - 1].index;
}

/* Of the segment after the change; changes[change_count] is none. */
static size_t segment_end(const struct series *series, size_t change)
{
    return change + 1 >= series->change_count ? series->count : series->changes[change + 1].index;
}

static double clamp(double value, double low, double high)
{
    return fmin(high, fmax(low, value));
}

static double quick_median(const double *values, size_t count, double *scratch)
{
    memcpy(scratch, values, count * sizeof *values);
    stats_sort(scratch, count);
    return stats_quantile_sorted(scratch, count, 0.5);
}

/* Robust scale of the differences at a lag: steps are in few of them. Scaled to the sd of one value. */
static double difference_scale(const struct series *series, size_t lag)
{
    size_t count = series->count - lag;
    for (size_t i = 0; i < count; i++)
        series->scratch[i] = fabs(series->logs[i + lag] - series->logs[i]);
    return 1.4826 / sqrt(2) * stats_median(series->scratch, count);
}

static void first_noise(struct series *series)
{
    double least = series->options->floor * SIGMA_PER_FLOOR;
    double one = difference_scale(series, 1), two = difference_scale(series, 2);
    /* of a first-order process: var(lag 2) / var(lag 1) = 1 + rho (Chakar, Lebarbier, Levy-Leduc, Robin 2017) */
    double rho = one > least ? two * two / (one * one) - 1 : 0;
    series->rho_most = clamp(rho + RHO_MARGIN / sqrt((double)series->count), 0, CORRELATION_MOST);
    series->rho = clamp(rho, 0, 0.8);
    series->sigma = fmax(least, one / sqrt(1 - series->rho));
}

/* Residuals around the medians of the segments: their robust sd, and their correlation at lag 1 without steps between
 * segments, corrected for the mean that each segment has of its own (Kendall 1954). */
static void estimate_noise(struct series *series, double *residuals)
{
    for (size_t s = 0; s <= series->change_count; s++) {
        size_t begin = segment_begin(series, s),
               end = s < series->change_count ? series->changes[s].index : series->count;
        double median = quick_median(series->logs + begin, end - begin, series->scratch);
        for (size_t i = begin; i < end; i++)
            residuals[i] = series->logs[i] - median;
    }
    for (size_t i = 0; i < series->count; i++)
        series->scratch[i] = fabs(residuals[i]);
    double noise = 1.4826 * stats_median(series->scratch, series->count);
    series->sigma = fmax(series->options->floor * SIGMA_PER_FLOOR, noise);
    double products = 0, squares = 0, limit = CLIP * series->sigma;
    for (size_t i = 0, s = 0; i < series->count; i++) {
        double here = clamp(residuals[i], -limit, limit);
        squares += here * here;
        if (s < series->change_count && series->changes[s].index == i)
            s++;
        else if (i > 0)
            products += here * clamp(residuals[i - 1], -limit, limit);
    }
    double rho = squares > 0 ? products / squares : 0;
    double correction = (double)(series->change_count + 1) / (double)series->count;
    series->rho = clamp(rho + (1 + 3 * fmax(0, rho)) * correction, 0, series->rho_most);
}

static double median_of_three(const double *x)
{
    return fmax(fmin(x[0], x[1]), fmin(fmax(x[0], x[1]), x[2]));
}

/* Robust sd of the differences of neighbours in [begin, end). Uses scratch. */
static double difference_sd(struct series *series, size_t begin, size_t end)
{
    for (size_t i = begin + 1; i < end; i++)
        series->scratch[i - begin - 1] = fabs(series->logs[i] - series->logs[i - 1]);
    return fmax(1.4826 * stats_median(series->scratch, end - begin - 1),
                series->options->floor * SIGMA_PER_FLOOR * sqrt(2));
}

/* A jump between two neighbours that is far beyond the usual differences, and stays for three values. However strongly
 * the noise remembers, it does not move like that. */
static bool is_leap(const double *logs, size_t at, double least)
{
    double jump = logs[at] - logs[at - 1], level = median_of_three(logs + at) - median_of_three(logs + at - 3);
    return least > 0 && fabs(jump) >= least && fabs(level) >= least && (jump > 0) == (level > 0);
}

/* Leaps become cuts even where the penalty is too high for them: in a short history a large step that nothing cut is
 * taken for noise and memory, and hides itself and all others. */
static void add_leaps(struct series *series)
{
    double jump = series->options->leap * difference_sd(series, 0, series->count);
    size_t least = series->options->minimum_segment > 3 ? series->options->minimum_segment : 3, change = 0;
    for (size_t i = least; i + least <= series->count; i++) {
        while (change < series->change_count && series->changes[change].index < i)
            change++;
        if (!is_leap(series->logs, i, jump) || i - segment_begin(series, change) < least ||
            (change < series->change_count && series->changes[change].index - i < least))
            continue;
        memmove(series->changes + change + 1, series->changes + change,
                (series->change_count - change) * sizeof *series->changes);
        series->changes[change] = (struct stats_change){ .index = i };
        series->change_count++;
    }
}

static void take_candidates(struct series *series, size_t *cuts)
{
    double inflation = (1 + series->rho) / (1 - series->rho);
    double penalty = log((double)series->count) * inflation;
    series->change_count =
        stats_partition(series->logs, series->count, series->sigma, penalty, series->options->minimum_segment, cuts);
    for (size_t i = 0; i < series->change_count; i++)
        series->changes[i] = (struct stats_change){ .index = cuts[i] };
}

/* Longer histories know their autocorrelation better, so that false steps per value get rarer at a given p: by
 * simulation their number per 100 values stays below 0.01 when the limit grows with the length, up to three times. Runs
 * of a few values, which another mode of the noise gives by luck, have no more excuse in a long history. */
static double p_limit(const struct series *series, size_t shorter)
{
    double growth = clamp((double)series->count / LIMIT_COUNT, 1, LIMIT_GROWTH);
    return series->options->p_limit * (shorter >= LIMIT_SHORT ? growth : 1);
}

/* Fills effect, p and separation of a change; returns how far it is from passing: <= 0 = passes. */
static double judge_change(struct series *series, size_t index)
{
    struct stats_change *change = &series->changes[index];
    size_t begin = segment_begin(series, index), end = segment_end(series, index), at = change->index;
    size_t n = at - begin, m = end - at;
    double *before = series->scratch, *after = series->scratch + n;
    memcpy(before, series->logs + begin, (n + m) * sizeof *before);
    stats_sort(before, n), stats_sort(after, m);
    change->effect = stats_quantile_sorted(after, m, 0.5) - stats_quantile_sorted(before, n, 0.5);
    size_t near_n = n < WINDOW ? n : WINDOW, near_m = m < WINDOW ? m : WINDOW;
    if (near_n < n || near_m < m) {
        after = before + near_n;
        memcpy(before, series->logs + at - near_n, (near_n + near_m) * sizeof *before);
        stats_sort(before, near_n), stats_sort(after, near_m);
    }
    struct stats_step step = stats_step(before, near_n, after, near_m, series->rho);
    const struct stats_change_options *options = series->options;
    double whole_p = step.separation >= 1 ? stats_step(before, near_n, after, near_m, 0).p : step.p;
    bool leap = step.p > whole_p && at - begin >= 3 && end - at >= 3 &&
                is_leap(series->logs, at, options->leap * difference_sd(series, begin, end));
    change->p = leap ? whole_p : step.p;
    change->separation = step.separation;
    change->error = MEDIAN_ERROR * series->sigma * step.error;
    double lacking = log(fmax(change->p, DBL_MIN) / p_limit(series, n < m ? n : m));
    if (lacking <= 0 && change->separation < options->separation)
        lacking = options->separation - change->separation;
    if (lacking <= 0 && fabs(change->effect) + ONE_SIDED_95 * change->error < options->floor)
        lacking = options->floor - fabs(change->effect);
    return lacking;
}

/* Moves a change to where its two neighbouring levels fit best. */
static void place_change(struct series *series, size_t index)
{
    size_t begin = segment_begin(series, index), end = segment_end(series, index);
    size_t least = series->options->minimum_segment;
    const double limit = PARTITION_BOUND * PARTITION_BOUND / 2;
    for (int pass = 0; pass < PLACING_PASSES && end - begin > 2 * least; pass++) {
        size_t at = series->changes[index].index, best_at = at;
        double before = quick_median(series->logs + begin, at - begin, series->scratch);
        double after = quick_median(series->logs + at, end - at, series->scratch), cost = 0, best = INFINITY;
        for (size_t i = begin; i <= end - least; i++) {
            if (i >= begin + least && cost < best) {
                best = cost;
                best_at = i;
            }
            double x = (series->logs[i] - before) / series->sigma, y = (series->logs[i] - after) / series->sigma;
            cost += fmin(limit, x * x / 2) - fmin(limit, y * y / 2);
        }
        if (best_at == at)
            return;
        series->changes[index].index = best_at;
    }
}

static void drop_change(struct series *series, size_t index)
{
    memmove(series->changes + index, series->changes + index + 1,
            (series->change_count - index - 1) * sizeof *series->changes);
    series->change_count--;
}

/* Judges all changes from first to last; lacking is what judge_change returns. */
static void judge_range(struct series *series, double *lacking, size_t first, size_t last)
{
    for (size_t i = first; i < last && i < series->change_count; i++)
        lacking[i] = judge_change(series, i);
}

/* Drops the change that is furthest from passing. Returns false if all pass. */
static bool drop_weakest(struct series *series, double *lacking)
{
    size_t weakest = 0;
    for (size_t i = 1; i < series->change_count; i++)
        weakest = lacking[i] > lacking[weakest] ? i : weakest;
    if (series->change_count == 0 || lacking[weakest] <= 0)
        return false;
    drop_change(series, weakest);
    memmove(lacking + weakest, lacking + weakest + 1, (series->change_count - weakest) * sizeof *lacking);
    if (weakest > 0)
        place_change(series, weakest - 1);
    if (weakest < series->change_count)
        place_change(series, weakest);
    judge_range(series, lacking, weakest > 1 ? weakest - 2 : 0, weakest + 2);
    return true;
}

static void merge(struct series *series, double *residuals)
{
    double *lacking = mem_array(series->change_count + 1, sizeof *lacking);
    for (bool changed = true; changed;) {
        estimate_noise(series, residuals);
        judge_range(series, lacking, 0, series->change_count);
        changed = false;
        while (drop_weakest(series, lacking))
            changed = true;
    }
    free(lacking);
}

static bool take_logs(const double *values, size_t count, double *logs)
{
    for (size_t i = 0; i < count; i++) {
        if (!(values[i] > 0) || !isfinite(values[i]))
            return false;
        logs[i] = log(values[i]);
    }
    return true;
}

size_t stats_change_points(const double *values, size_t count, const struct stats_change_options *options,
                           struct stats_change *changes, double *noise)
{
    if (noise)
        *noise = NAN;
    double *buffer = mem_array(3 * count + 1, sizeof *buffer), *logs = buffer, *residuals = buffer + count;
    struct series series = { .logs = logs, .count = count, .options = options ? options : &stats_change_defaults };
    series.scratch = buffer + 2 * count;
    series.changes = changes;
    if (count >= 2 && take_logs(values, count, logs)) {
        if (count >= 2 * series.options->minimum_segment && count > 2) {
            size_t *cuts = mem_array(count, sizeof *cuts);
            first_noise(&series);
            take_candidates(&series, cuts);
            add_leaps(&series);
            estimate_noise(&series, residuals);
            take_candidates(&series, cuts);
            add_leaps(&series);
            merge(&series, residuals);
            free(cuts);
        }
        estimate_noise(&series, residuals);
        if (noise)
            *noise = stats_robust_sd(residuals, count);
    }
    free(buffer);
    return series.change_count;
}
