/* compare_verdict.c: from numbers to words. The rules, in the order in which they are asked, are in docs/METHOD.md. */
#include "harness/base/str.h"
#include "harness/judge/compare_internal.h"
#include "harness/stats/multiple.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* More of the wall time than this spent waiting for a CPU, and the wall time is somebody else's story. */
#define DELAY_LIMIT 0.01
/* Then the CPU time must change in the same direction, by at least this share of what the wall time does: a sign alone
 * agrees by luck half of the time. */
#define CPU_SHARE 0.5

int compare_rank(enum judge_verdict verdict)
{
    static const int ranks[JUDGE_VERDICT_COUNT] = {
        [JUDGE_WRONG] = 6,    [JUDGE_FAILED] = 5,     [JUDGE_REGRESSED] = 4, [JUDGE_UNDECIDED] = 3,
        [JUDGE_IMPROVED] = 2, [JUDGE_EQUIVALENT] = 1, [JUDGE_NEW] = 0,
    };
    return ranks[verdict];
}

/* ---- false discovery rate ---- */

static int by_family(const void *a, const void *b)
{
    const struct compare_metric *x = *(struct compare_metric *const *)a, *y = *(struct compare_metric *const *)b;
    if (x->pass != y->pass)
        return x->pass < y->pass ? -1 : 1;
    return strcmp(x->name, y->name);
}

static void fill_family(struct compare_metric **metrics, size_t count, struct arena *arena)
{
    double *p = arena_array(arena, count, sizeof *p), *q = arena_array(arena, count, sizeof *q);
    for (size_t i = 0; i < count; i++)
        p[i] = metrics[i]->p;
    stats_q_values(p, count, q);
    for (size_t i = 0; i < count; i++)
        metrics[i]->q = q[i];
}

void compare_fill_q(struct compare_context *context)
{
    struct comparison *comparison = context->comparison;
    size_t count = 0, room = 0;
    for (size_t i = 0; i < comparison->case_count; i++)
        room += comparison->cases[i].metric_count + 2;
    struct compare_metric **all = arena_array(context->arena, room, sizeof *all);
    for (size_t i = 0; i < comparison->case_count; i++) {
        struct compare_case *item = &comparison->cases[i];
        all[count++] = &item->time;
        all[count++] = &item->cpu;
        for (size_t k = 0; k < item->metric_count; k++)
            all[count++] = &item->metrics[k];
    }
    qsort(all, count, sizeof *all, by_family);
    for (size_t i = 0, end; i < count; i = end) {
        for (end = i + 1; end < count && by_family(&all[i], &all[end]) == 0;)
            end++;
        fill_family(all + i, end - i, context->arena);
    }
}

/* ---- one metric ---- */

static const char *percent_text(double log_ratio, struct arena *arena)
{
    return arena_format(arena, "%+.1f %%", judge_percent(log_ratio));
}

static enum judge_verdict direction(const struct compare_metric *metric, bool grew)
{
    return grew == metric->higher_is_better ? JUDGE_IMPROVED : JUDGE_REGRESSED;
}

static void judge_exact(const struct compare_context *context, struct compare_metric *metric)
{
    double base = metric->base.median, candidate = metric->candidate.median;
    if (base == candidate) {
        metric->verdict = JUDGE_EQUIVALENT;
        return;
    }
    bool matters = !isfinite(metric->effect) || fabs(metric->effect) > metric->floor;
    metric->verdict = matters ? direction(metric, candidate > base) : JUDGE_EQUIVALENT;
    metric->reason = arena_format(context->arena, "%.17g instead of %.17g, the same every time", candidate, base);
}

static const char *why_undecided(const struct compare_context *context, const struct compare_metric *metric, bool clear)
{
    if (clear)
        return arena_format(context->arena, "q %.2g: among so many cases this happens by luck", metric->q);
    return arena_format(context->arena, "between %s and %s; more samples would tell",
                        percent_text(metric->interval.low, context->arena),
                        percent_text(metric->interval.high, context->arena));
}

/* Import's mark of repetitions that are not processes (docs/METHOD.md, "Imported files"). */
static bool is_of_one_process(const struct store_run_row *run)
{
    return compare_fact_of(run->environment, run->environment_count, "import_repetitions") != NULL;
}

void compare_judge_metric(const struct compare_context *context, struct compare_metric *metric)
{
    metric->verdict = JUDGE_UNDECIDED;
    if (metric->exact) {
        judge_exact(context, metric);
        return;
    }
    if (metric->reason)
        return;
    if (!isfinite(metric->effect) || !(metric->interval.coverage >= context->confidence - 1e-9)) {
        metric->reason = arena_format(context->arena, "insufficient: the interval holds %.0f %% only",
                                      100 * metric->interval.coverage);
        return;
    }
    double low = metric->interval.low, high = metric->interval.high, floor = metric->floor;
    bool grew = low > floor, shrank = high < -floor;
    bool one = is_of_one_process(&context->comparison->base) || is_of_one_process(&context->comparison->candidate);
    if ((grew || shrank) && metric->q <= JUDGE_ALPHA && one)
        metric->reason = "beyond the floor, but of one process a side, and processes differ by themselves: measure in "
                         "several (prony import --join)";
    else if ((grew || shrank) && metric->q <= JUDGE_ALPHA)
        metric->verdict = direction(metric, grew);
    else if (low >= -floor && high <= floor)
        metric->verdict = JUDGE_EQUIVALENT;
    else
        metric->reason = why_undecided(context, metric, grew || shrank);
}

/* ---- wall time against CPU time ---- */

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* Median over the samples of the share of wall time spent waiting for a CPU; NaN = not known. */
static double delay_share(const struct store_case *item, struct arena *arena)
{
    for (size_t i = 0; i < item->metric_count; i++) {
        const struct store_series *series = &item->metrics[i];
        if (series->pass != STORE_PASS_TIMED || !str_equal(series->name, "run_delay_ns"))
            continue;
        double *shares = arena_array(arena, series->count, sizeof *shares);
        size_t count = 0;
        for (size_t k = 0; k < series->count && k < item->sample_count; k++) {
            double wall = item->real_time_ns[k] * (double)item->iterations[k];
            if (isfinite(series->values[k]) && wall > 0)
                shares[count++] = series->values[k] / wall;
        }
        qsort(shares, count, sizeof *shares, by_value);
        return count ? shares[count / 2] : (double)NAN;
    }
    return (double)NAN;
}

void compare_check_with_cpu(const struct compare_context *context, struct compare_metric *time, double cpu_effect,
                            double delay_base, double delay_candidate)
{
    if (time->verdict != JUDGE_REGRESSED && time->verdict != JUDGE_IMPROVED)
        return;
    if (delay_base <= DELAY_LIMIT && delay_candidate <= DELAY_LIMIT)
        return;
    bool is_cpu_known = isfinite(cpu_effect), is_delay_known = !isnan(delay_base) || !isnan(delay_candidate);
    if (!is_cpu_known && !is_delay_known) {
        time->reason = "neither CPU time nor waiting for CPUs is known: wall time alone";
        return;
    }
    if (is_cpu_known && cpu_effect / time->effect >= CPU_SHARE)
        return;
    const char *cpu = is_cpu_known ? percent_text(cpu_effect, context->arena) : "unknown";
    const char *waited = is_delay_known ? arena_format(context->arena, "%.1f %% of it waiting for a CPU",
                                                       100 * fmax(delay_base, delay_candidate))
                                        : "waiting for CPUs unknown";
    time->verdict = JUDGE_UNDECIDED;
    time->reason = arena_format(context->arena, "wall time %s, but CPU time %s (%s)",
                                percent_text(time->effect, context->arena), cpu, waited);
}

/* ---- a case ---- */

static void set_case(struct compare_case *item, enum judge_verdict verdict, const char *reason)
{
    item->verdict = verdict;
    item->reason = reason;
}

static bool has_numbers(const struct store_case *item)
{
    return item && (item->sample_count || item->metric_count);
}

/* Some rounds have a result, in others the process died: of the candidate only, or it is no change. */
static bool judge_crashes(const struct compare_context *context, struct compare_case *item)
{
    const char *crash =
        compare_failure_of(context->candidate_failures, context->candidate_failure_count, item->suite, item->name);
    if (!crash || compare_failure_of(context->base_failures, context->base_failure_count, item->suite, item->name))
        return false;
    set_case(item, JUDGE_FAILED, arena_format(context->arena, "failed on the candidate: %s", crash));
    return true;
}

/* Failures and missing cases; true if that settles it. */
static bool judge_presence(const struct compare_context *context, struct compare_case *item)
{
    const struct store_case *base = item->base, *candidate = item->candidate;
    bool base_good = has_numbers(base), candidate_good = has_numbers(candidate);
    if (!base_good && !candidate_good) {
        const struct store_case *said = candidate ? candidate : base;
        set_case(item, base ? JUDGE_UNDECIDED : JUDGE_NEW,
                 arena_format(context->arena, "%s: %s", base && candidate ? "failed on both sides" : "failed",
                              said->message ? said->message : "no result"));
    } else if (!base_good) {
        set_case(item, JUDGE_NEW,
                 base && base->message ? arena_format(context->arena, "failed on the base: %s", base->message)
                                       : "not on the base");
    } else if (!candidate_good) {
        const char *why = candidate && candidate->message
                              ? candidate->message
                              : compare_failure_of(context->candidate_failures, context->candidate_failure_count,
                                                   item->suite, item->name);
        set_case(item, JUDGE_FAILED,
                 why ? arena_format(context->arena, "failed on the candidate: %s", why) : "missing on the candidate");
    } else if (candidate->error_count && !base->error_count) {
        set_case(item, JUDGE_FAILED,
                 arena_format(context->arena, "failed %zu of %zu times on the candidate: %s", candidate->error_count,
                              candidate->error_count + candidate->sample_count,
                              candidate->message ? candidate->message : "no reason given"));
    } else {
        return judge_crashes(context, item);
    }
    return true;
}

static const char *say_output(const struct compare_context *context, const struct compare_case *item)
{
    if (isfinite(item->output_error_base) && isfinite(item->output_error_candidate))
        return arena_format(context->arena, "another result: error against the reference %.2g instead of %.2g",
                            item->output_error_candidate, item->output_error_base);
    return arena_format(context->arena, "another result: digest %s instead of %s", item->candidate->output_digest,
                        item->base->output_digest);
}

/* Instruction counts decide where there are too few samples: exact, if valgrind ran the same kernels (it says so in the
 * reason where it did not). */
static const struct compare_metric *exact_count(const struct compare_case *item)
{
    for (size_t i = 0; i < item->metric_count; i++) {
        const struct compare_metric *metric = &item->metrics[i];
        if (!metric->exact || metric->pass != STORE_PASS_CALLGRIND ||
            !str_equal(metric->name, "callgrind_instructions"))
            continue;
        for (size_t k = 0; k < item->candidate->metric_count; k++) {
            const struct store_series *series = &item->candidate->metrics[k];
            if (series->pass == metric->pass && str_equal(series->name, metric->name))
                return series->reason ? NULL : metric;
        }
    }
    return NULL;
}

static bool is_insufficient(const struct compare_metric *time)
{
    return time->verdict == JUDGE_UNDECIDED && time->reason &&
           (str_starts(time->reason, "insufficient") || !time->base.count || !time->candidate.count);
}

static void judge_speed(const struct compare_context *context, struct compare_case *item)
{
    const struct compare_metric *time = &item->time, *count = exact_count(item);
    set_case(item, time->verdict, time->reason);
    if (time->verdict != JUDGE_UNDECIDED || !count)
        return;
    const char *change =
        count->effect == 0 ? "are equal"
                           : arena_format(context->arena, "changed by %s", percent_text(count->effect, context->arena));
    if (is_insufficient(time))
        set_case(item, count->verdict,
                 arena_format(context->arena, "%s; by instruction counts, which %s", time->reason, change));
    else
        item->reason = arena_format(context->arena, "%s; instruction counts %s", time->reason, change);
}

/* `prony ab` stores a hash of the code of each suite's program. */
static bool has_same_code(const struct compare_context *context, const char *suite)
{
    const struct store_run_row *base = &context->comparison->base, *candidate = &context->comparison->candidate;
    const char *name = arena_format(context->arena, "%s.code", suite);
    const char *a = compare_fact_of(base->environment, base->environment_count, name);
    return a && str_equal(a, compare_fact_of(candidate->environment, candidate->environment_count, name));
}

void compare_refuse_time(struct compare_metric *metric)
{
    metric->verdict = JUDGE_UNDECIDED;
    metric->reason = "measured on another machine";
}

/* Counts of instructions and bytes are the program's; times and rates ("ns", "1/s") are the machine's, too. */
static void refuse_times(struct compare_case *item)
{
    compare_refuse_time(&item->time);
    compare_refuse_time(&item->cpu);
    for (size_t i = 0; i < item->metric_count; i++)
        if (item->metrics[i].unit && str_ends(item->metrics[i].unit, "s"))
            compare_refuse_time(&item->metrics[i]);
}

void compare_judge_case(const struct compare_context *context, struct compare_case *item)
{
    const struct comparison *comparison = context->comparison;
    item->delay_base = item->delay_candidate = (double)NAN;
    item->identical = comparison->identical_binaries || has_same_code(context, item->suite);
    if (item->base && item->candidate) {
        compare_judge_metric(context, &item->time);
        compare_judge_metric(context, &item->cpu);
        for (size_t i = 0; i < item->metric_count; i++)
            compare_judge_metric(context, &item->metrics[i]);
        item->delay_base = delay_share(item->base, context->arena);
        item->delay_candidate = delay_share(item->candidate, context->arena);
        compare_check_with_cpu(context, &item->time, item->cpu.effect, item->delay_base, item->delay_candidate);
        compare_confirm_case(context, item);
        if (comparison->machines_differ && !item->identical)
            refuse_times(item);
    }
    if (judge_presence(context, item))
        return;
    if (item->identical)
        set_case(item, JUDGE_EQUIVALENT, "identical binaries: no regression is possible");
    else if (item->output == COMPARE_OUTPUT_DIFFERENT)
        set_case(item, JUDGE_WRONG, say_output(context, item));
    else if (comparison->machines_differ)
        set_case(item, JUDGE_UNDECIDED, "measured on another machine");
    else
        judge_speed(context, item);
}
