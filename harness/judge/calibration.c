/* calibration.c: reads and writes A/A outcomes. See calibration.h. */
#include "harness/judge/calibration.h"
#include "harness/base/str.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define BAND_CONFIDENCE 0.99
/* This share of the A/A effects of a case lies within its noise. */
#define NOISE_QUANTILE 0.9
#define METRIC         "real_time"

/* One A/A effect of a case. */
struct effect {
    const char *suite, *name;
    double size, half_width; /* of log(ratio) */
};

struct effects {
    struct effect *items;
    size_t count;
};

static int compare_cases_of(const struct effect *a, const struct effect *b)
{
    int order = strcmp(a->suite, b->suite);
    return order ? order : strcmp(a->name, b->name);
}

static int by_case(const void *a, const void *b)
{
    return compare_cases_of(a, b);
}

/* Identical binaries are A/A, whatever the command was called. */
static bool is_aa(const struct store_comparison *comparison)
{
    return str_equal(comparison->kind, "aa") || comparison->identical_binaries;
}

static void count_outcome(struct calibration *calibration, struct effects *effects, const struct store_outcome *outcome)
{
    if (!str_equal(outcome->metric, METRIC))
        return;
    /* Too few pairs can never alarm: no test. 0 pairs: the runs were not measured in turns. */
    if (isfinite(outcome->p) && (outcome->pairs == 0 || outcome->pairs >= JUDGE_LEAST_PAIRS)) {
        calibration->tests++;
        calibration->alarms += outcome->p <= JUDGE_ALPHA;
        calibration->false_verdicts += str_equal(outcome->verdict, judge_verdict_name(JUDGE_REGRESSED)) ||
                                       str_equal(outcome->verdict, judge_verdict_name(JUDGE_IMPROVED));
    }
    double half_width = (outcome->high - outcome->low) / 2;
    if (isfinite(outcome->effect))
        effects->items[effects->count++] = (struct effect){ outcome->suite, outcome->name, fabs(outcome->effect),
                                                            isfinite(half_width) ? half_width : 0 };
}

static int read_outcomes(struct calibration *calibration, struct effects *effects, struct store *store,
                         int64_t comparison_id, struct arena *arena, struct error *error)
{
    struct store_outcome *outcomes;
    size_t count;
    int code = store_outcomes(store, comparison_id, arena, &outcomes, &count, error);
    if (code != 0)
        return code;
    struct effect *grown = arena_array(arena, effects->count + count + 1, sizeof *grown);
    if (effects->count)
        memcpy(grown, effects->items, effects->count * sizeof *grown);
    effects->items = grown;
    for (size_t i = 0; i < count; i++)
        count_outcome(calibration, effects, &outcomes[i]);
    return 0;
}

/* effects: all of one case. A single one says little of what others will be: then half its interval counts, too. */
static double noise_from(const struct effect *effects, size_t count, struct arena *arena)
{
    if (count == 1)
        return fmax(effects[0].size, effects[0].half_width);
    double *sizes = arena_array(arena, count, sizeof *sizes);
    for (size_t i = 0; i < count; i++)
        sizes[i] = effects[i].size;
    return stats_quantile(sizes, count, NOISE_QUANTILE);
}

static void fill_noise(struct calibration *calibration, struct effects *effects, struct arena *arena)
{
    if (effects->count > 1)
        qsort(effects->items, effects->count, sizeof *effects->items, by_case);
    calibration->noise = arena_array(arena, effects->count + 1, sizeof *calibration->noise);
    for (size_t i = 0, end; i < effects->count; i = end) {
        const struct effect *first = &effects->items[i];
        for (end = i + 1; end < effects->count && compare_cases_of(first, &effects->items[end]) == 0;)
            end++;
        calibration->noise[calibration->noise_count++] =
            (struct calibration_noise){ first->suite, first->name, noise_from(first, end - i, arena), end - i };
    }
}

int calibration_load(struct calibration *calibration, struct store *store, const char *fingerprint, struct arena *arena,
                     struct error *error)
{
    *calibration = (struct calibration){ .rate = NAN };
    struct store_comparison *comparisons;
    struct effects effects = { NULL, 0 };
    size_t count;
    int code = store_comparisons(store, NULL, fingerprint, arena, &comparisons, &count, error);
    for (size_t i = 0; code == 0 && i < count && calibration->comparisons < CALIBRATION_WINDOW; i++) {
        size_t before = effects.count;
        if (!is_aa(&comparisons[i]))
            continue;
        code = read_outcomes(calibration, &effects, store, comparisons[i].id, arena, error);
        if (effects.count == before)
            continue; /* was stopped before anything came out */
        if (calibration->comparisons++ == 0)
            calibration->newest_ns = comparisons[i].created_ns;
    }
    if (code != 0)
        return code;
    fill_noise(calibration, &effects, arena);
    calibration->band = stats_binomial_band(calibration->tests, JUDGE_ALPHA, BAND_CONFIDENCE);
    if (calibration->tests)
        calibration->rate = (double)calibration->alarms / (double)calibration->tests;
    calibration->out_of_band = calibration->alarms > calibration->band.high;
    return 0;
}

static int noise_by_case(const void *key, const void *item)
{
    const struct calibration_noise *a = key, *b = item;
    int order = strcmp(a->suite, b->suite);
    return order ? order : strcmp(a->name, b->name);
}

double calibration_noise_of(const struct calibration *calibration, const char *suite, const char *name)
{
    struct calibration_noise key = { .suite = suite, .name = name };
    const struct calibration_noise *found =
        calibration->noise_count
            ? bsearch(&key, calibration->noise, calibration->noise_count, sizeof key, noise_by_case)
            : NULL;
    return found ? found->noise : (double)NAN;
}

int calibration_record(struct store *store, int64_t comparison_id, const struct comparison *comparison,
                       struct error *error)
{
    struct arena arena = { 0 };
    struct store_outcome *outcomes = arena_array(&arena, comparison->case_count + 1, sizeof *outcomes);
    size_t count = 0;
    for (size_t i = 0; i < comparison->case_count; i++) {
        const struct compare_case *item = &comparison->cases[i];
        if (!item->base || !item->candidate)
            continue;
        /* The verdict of the time: the case's own knows that the code is the same, and could not be wrong. */
        outcomes[count++] = (struct store_outcome){ .suite = item->suite,
                                                    .name = item->name,
                                                    .metric = METRIC,
                                                    .effect = item->time.effect,
                                                    .low = item->time.interval.low,
                                                    .high = item->time.interval.high,
                                                    .p = item->time.p,
                                                    .noise = item->time.noise,
                                                    .pairs = (int)item->time.pairs,
                                                    .verdict = judge_verdict_name(item->time.verdict) };
    }
    int code = store_outcomes_add(store, comparison_id, outcomes, count, error);
    arena_release(&arena);
    return code;
}
