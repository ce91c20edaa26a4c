/* ab_looks.c: judging on the way. Each look spends a part of alpha, so that stopping at the first one that convinces
 * does not raise the rate of false alarms. A case that a look decided keeps the verdict of that look. */
#include "harness/run/ab_internal.h"
#include "harness/base/clock.h"
#include "harness/base/log.h"
#include "harness/base/str.h"
#include "harness/judge/calibration.h"
#include "harness/stats/stats.h"
#include <math.h>

static int load_runs(struct ab *ab, struct store_run_row rows[AB_SIDES], struct error *error)
{
    int code = 0;
    for (int side = 0; code == 0 && side < AB_SIDES; side++) {
        char number[24];
        snprintf(number, sizeof number, "%lld", (long long)ab->sides[side].result.run_id);
        code = store_run_find(ab->store, number, &ab->arena, &rows[side], error);
    }
    return code;
}

static struct compare_case *find_judged(const struct comparison *comparison, const struct ab_case *subject)
{
    for (size_t i = 0; i < comparison->case_count; i++)
        if (str_equal(comparison->cases[i].name, subject->name) &&
            str_equal(comparison->cases[i].suite, subject->suite_name))
            return &comparison->cases[i];
    return NULL;
}

/* What a look decided stays: times and verdict. What passes measured since then (counters, spans) is of now. */
static void keep_decision(struct compare_case *judged, const struct compare_case *decided)
{
    struct compare_case now = *judged;
    *judged = *decided;
    judged->base = now.base;
    judged->candidate = now.candidate;
    judged->metrics = now.metrics;
    judged->metric_count = now.metric_count;
}

/* Cases that are decided now are closed; those that were keep what was said then. */
static void settle(struct ab *ab, struct comparison *comparison)
{
    for (size_t i = 0; i < ab->case_count; i++) {
        struct ab_case *subject = &ab->cases[i];
        struct compare_case *judged = find_judged(comparison, subject);
        if (judged && subject->state == AB_DECIDED) {
            keep_decision(judged, &subject->verdict);
        } else if (judged && subject->state == AB_OPEN && judged->verdict != JUDGE_UNDECIDED) {
            subject->state = AB_DECIDED;
            subject->verdict = *judged;
            ab->result->decided_count++;
        }
    }
}

/* The largest effect among what is on both sides, as a reader wants to see it: " (largest: x +5.1 % [4.2, 6.0])". */
static void append_largest(const struct comparison *comparison, struct str *out)
{
    const struct compare_case *largest = NULL;
    for (size_t i = 0; i < comparison->case_count; i++) {
        const struct compare_case *one = &comparison->cases[i];
        if (isfinite(one->time.effect) && (!largest || fabs(one->time.effect) > fabs(largest->time.effect)))
            largest = one;
    }
    if (largest)
        str_appendf(out, "; largest: %s %s %+.1f %% [%+.1f, %+.1f]", largest->suite, largest->name,
                    judge_percent(largest->time.effect), judge_percent(largest->time.interval.low),
                    judge_percent(largest->time.interval.high));
}

static void report_look(struct ab *ab, int look)
{
    struct str text = { 0 };
    if (ab->options.quiet)
        return;
    append_largest(&ab->result->comparison, &text);
    progress_clear(&ab->progress);
    log_info("look %d of %d after %d blocks: %zu of %zu cases decided (%s)%s", look + 1, ab_look_count(ab),
             ab->result->blocks, ab->result->decided_count, ab->paired_count,
             compare_line(&ab->result->comparison, &ab->arena), str_text(&text));
    str_release(&text);
}

int ab_look(struct ab *ab, int look, struct error *error)
{
    struct store_run_row rows[AB_SIDES];
    struct compare_options options = {
        .floor = ab->options.floor, .look = look, .look_count = ab_look_count(ab), .seed = ab->seed
    };
    int code = store_comparison_look(ab->store, ab->result->comparison_id, look, error);
    if (code == 0)
        code = load_runs(ab, rows, error);
    if (code == 0)
        code = compare_runs(&ab->result->comparison, ab->store, &rows[AB_BASE], &rows[AB_CANDIDATE],
                            ab->sides[AB_BASE].text, ab->sides[AB_CANDIDATE].text, &options, &ab->arena, error);
    if (code != 0)
        return code;
    if (!ab->options.fixed_blocks)
        settle(ab, &ab->result->comparison);
    if (look >= ab->result->looks)
        report_look(ab, look);
    ab->result->looks = look + 1;
    return 0;
}

int ab_store_outcomes(struct ab *ab, struct error *error)
{
    const struct comparison *comparison = &ab->result->comparison;
    struct store_outcome *outcomes = arena_array(&ab->arena, comparison->case_count + 1, sizeof *outcomes);
    for (size_t i = 0; i < comparison->case_count; i++) {
        const struct compare_case *one = &comparison->cases[i];
        outcomes[i] = (struct store_outcome){ .suite = one->suite,
                                              .name = one->name,
                                              .metric = "real_time",
                                              .effect = one->time.effect,
                                              .low = one->time.interval.low,
                                              .high = one->time.interval.high,
                                              .p = one->time.p,
                                              .noise = one->time.noise,
                                              .pairs = (int)one->time.pairs,
                                              .verdict = judge_verdict_name(
                                                  /* as A/A data it counts what the times alone would have said */
                                                  ab->identical ? one->time.verdict : one->verdict) };
    }
    return store_outcomes_add(ab->store, ab->result->comparison_id, outcomes, comparison->case_count, error);
}

void ab_show(struct ab *ab, const struct ab_case *subject, int block)
{
    char text[256];
    double left_s = 0, budget_s = ab->options.budget_s > 0 ? ab->options.budget_s : AB_BUDGET_S;
    int64_t now_ns = clock_wall_ns();
    for (size_t i = 0; i < ab->case_count; i++)
        if (ab->cases[i].state == AB_OPEN)
            left_s += ab->cases[i].duration_s * 4 * (ab_block_limit(ab) - block);
    double budget_left_s = budget_s - (double)(now_ns - ab->began_ns) / 1e9;
    ab->progress.estimated_left_s = left_s <= 0 ? -1 : left_s < budget_left_s ? left_s : budget_left_s;
    if (subject->pair_count)
        snprintf(text, sizeof text, "%zu open, %s %.180s %+.1f %%", ab->paired_count - ab->result->decided_count,
                 subject->suite_name, subject->name,
                 judge_percent(stats_median(subject->differences, subject->pair_count)));
    else
        snprintf(text, sizeof text, "%s %.200s", subject->suite_name, subject->name);
    progress_show(&ab->progress, text, now_ns);
}
