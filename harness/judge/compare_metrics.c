/* compare_metrics.c: which metrics of a case are compared, and with which values. */
#include "harness/base/str.h"
#include "harness/judge/compare_internal.h"
#include <math.h>
#include <string.h>

bool compare_is_diagnostic(const char *name)
{
    static const char *const names[] = {
        "contaminated",    "clock_before_ghz",     "clock_after_ghz",    "run_delay_ns", "timer_cost_ns",
        "pauses",          "involuntary_switches", "voluntary_switches", "migrations",   "minor_faults",
        "major_faults",    "max_rel_error",        "memory_operations",  "spans",        "threads",
        "percent_waiting", "samples_count",
    };
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (str_equal(name, names[i]))
            return true;
    }
    return false;
}

static bool is_wanted(const struct compare_options *options, const char *name)
{
    if (!options->metrics)
        return !compare_is_diagnostic(name);
    for (size_t i = 0; i < options->metric_count; i++) {
        if (str_equal(options->metrics[i], name))
            return true;
    }
    return false;
}

static const struct store_series *find_series(const struct store_case *item, const struct store_series *like)
{
    for (size_t i = 0; i < item->metric_count; i++) {
        const struct store_series *series = &item->metrics[i];
        if (series->pass == like->pass && str_equal(series->name, like->name) && str_equal(series->unit, like->unit))
            return series;
    }
    return NULL;
}

static struct compare_values times_of(const struct compare_context *context, const struct store_case *item,
                                      const double *times)
{
    const int *keys = context->paired ? item->rounds : item->processes;
    return compare_by_key(compare_part_of(context, item, times, COMPARE_JUDGED), keys, item->sample_count,
                          context->arena);
}

/* Only timed samples were taken in turns: the processes of other passes are not paired. */
static struct compare_values values_of(const struct compare_context *context, const struct store_case *item,
                                       const struct store_series *series)
{
    bool pairs_up = context->paired && series->pass == STORE_PASS_TIMED;
    return compare_by_key(series->values, pairs_up ? item->rounds : series->processes, series->count, context->arena);
}

static void measure_series(const struct compare_context *context, struct compare_case *item,
                           const struct store_series *base, const struct store_series *candidate)
{
    struct compare_metric *metric = &item->metrics[item->metric_count++];
    *metric = (struct compare_metric){ .name = base->name,
                                       .unit = base->unit,
                                       .pass = base->pass,
                                       .higher_is_better = judge_higher_is_better(base->name, base->unit) };
    compare_measure(context, metric, values_of(context, item->base, base),
                    values_of(context, item->candidate, candidate), context->paired && base->pass == STORE_PASS_TIMED,
                    (double)NAN);
}

static void measure_time(const struct compare_context *context, const struct compare_case *item,
                         struct compare_metric *metric, const char *name, bool is_cpu, double noise)
{
    const struct store_case *base = item->base, *candidate = item->candidate;
    *metric = (struct compare_metric){ .name = name, .unit = "ns", .pass = STORE_PASS_TIMED };
    compare_measure(context, metric, times_of(context, base, is_cpu ? base->cpu_time_ns : base->real_time_ns),
                    times_of(context, candidate, is_cpu ? candidate->cpu_time_ns : candidate->real_time_ns),
                    context->paired, noise);
}

static void note_dropped(struct compare_context *context, const struct compare_metric *time)
{
    size_t all = time->base.count > time->candidate.count ? time->base.count : time->candidate.count;
    if (!context->paired || !time->base.count || !time->candidate.count || time->pairs >= all)
        return;
    context->dropped_pairs += all - time->pairs;
    context->dropped_cases++;
}

void compare_measure_case(struct compare_context *context, struct compare_case *item)
{
    const double nothing = (double)NAN;
    if (!item->base || !item->candidate) {
        item->time = (struct compare_metric){ .name = "real_time",
                                              .unit = "ns",
                                              .effect = nothing,
                                              .p = nothing,
                                              .q = nothing,
                                              .interval = { nothing, nothing, 0 },
                                              .noise = nothing,
                                              .floor = context->budget,
                                              .detectable = (double)INFINITY,
                                              .verdict = item->base ? JUDGE_FAILED : JUDGE_NEW };
        item->cpu = item->time;
        item->cpu.name = "cpu_time";
        const struct store_case *only = item->base ? item->base : item->candidate;
        struct compare_values times = times_of(context, only, only->real_time_ns);
        *(item->base ? &item->time.base : &item->time.candidate) =
            stats_summarize(times.values, times.count, JUDGE_CONFIDENCE);
        return;
    }
    double noise = context->noise_of ? context->noise_of(context->noise_context, item->suite, item->name) : nothing;
    measure_time(context, item, &item->time, "real_time", false, noise);
    measure_time(context, item, &item->cpu, "cpu_time", true, noise);
    note_dropped(context, &item->time);
    item->metrics = arena_array(context->arena, item->base->metric_count, sizeof *item->metrics);
    for (size_t i = 0; i < item->base->metric_count; i++) {
        const struct store_series *base = &item->base->metrics[i];
        const struct store_series *candidate =
            is_wanted(context->options, base->name) ? find_series(item->candidate, base) : NULL;
        if (candidate)
            measure_series(context, item, base, candidate);
    }
}
