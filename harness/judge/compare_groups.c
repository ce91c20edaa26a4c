/* compare_groups.c: suites, and operations within them, judged as one.
 *
 * Paired: the geometric mean of the cases' ratios is taken round by round, and tested over the rounds. Unpaired: the
 * effects of the cases are tested. The q-values of suites are a family, those of operations another. */
#include "harness/base/str.h"
#include "harness/judge/compare_internal.h"
#include "harness/stats/multiple.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

static const char *operation_of(const char *name, struct arena *arena)
{
    return arena_strndup(arena, name, strcspn(name, "/"));
}

static struct compare_group *find_group(struct comparison *comparison, const char *suite, const char *operation)
{
    for (size_t i = 0; i < comparison->group_count; i++) {
        struct compare_group *group = &comparison->groups[i];
        if (str_equal(group->suite, suite) && str_equal(group->operation, operation))
            return group;
    }
    return NULL;
}

static void count_in(struct compare_context *context, const char *suite, const char *operation)
{
    struct comparison *comparison = context->comparison;
    struct compare_group *group = find_group(comparison, suite, operation);
    if (!group) {
        group = &comparison->groups[comparison->group_count++];
        *group = (struct compare_group){ .suite = suite, .operation = operation };
    }
    group->count++;
}

static void put_in(struct compare_context *context, struct compare_case *item, const char *operation)
{
    struct compare_group *group = find_group(context->comparison, item->suite, operation);
    if (!group->cases) {
        group->cases = arena_array(context->arena, group->count, sizeof *group->cases);
        group->count = 0;
        group->identical = true;
    }
    group->cases[group->count++] = item;
    group->identical = group->identical && item->identical;
    group->verdicts[item->verdict]++;
}

static bool is_measured(const struct compare_case *item)
{
    return item->base && item->candidate && isfinite(item->time.effect);
}

/* ---- paired: round by round ---- */

static int by_number(const void *a, const void *b)
{
    int x = *(const int *)a, y = *(const int *)b;
    return (x > y) - (x < y);
}

struct compare_series compare_series_of(const struct compare_context *context, const struct compare_case *item,
                                        enum compare_part_kind part)
{
    const struct store_case *sides[2] = { item->base, item->candidate };
    struct compare_values values[2];
    for (int i = 0; i < 2; i++)
        values[i] = compare_by_key(compare_part_of(context, sides[i], sides[i]->real_time_ns, part), sides[i]->rounds,
                                   sides[i]->sample_count, context->arena);
    const struct compare_values base = values[0], candidate = values[1];
    int *rounds = arena_array(context->arena, base.count + 1, sizeof *rounds);
    double *differences = arena_array(context->arena, base.count + 1, sizeof *differences);
    size_t count = 0;
    for (size_t i = 0, j = 0; i < base.count && j < candidate.count;) {
        if (base.keys[i] != candidate.keys[j]) {
            *(base.keys[i] < candidate.keys[j] ? &i : &j) += 1;
            continue;
        }
        /* Attempts of several cases pair up by their own rounds, whichever attempt it is of each. */
        rounds[count] = part == COMPARE_FRESH ? base.keys[i] % context->options->confirm_from : base.keys[i];
        differences[count++] = log(candidate.values[j++] / base.values[i++]);
    }
    return (struct compare_series){ count, rounds, differences };
}

/* Mean difference of each round that every series has; where that leaves too few, of each that any has. */
static size_t mean_by_round(const struct compare_context *context, const struct compare_series *all, size_t count,
                            double *means)
{
    size_t total = 0, kept = 0, distinct = 0;
    for (size_t i = 0; i < count; i++)
        total += all[i].count;
    int *rounds = arena_array(context->arena, total + 1, sizeof *rounds);
    for (size_t i = 0, at = 0; i < count; at += all[i++].count)
        memcpy(rounds + at, all[i].rounds, all[i].count * sizeof *rounds);
    qsort(rounds, total, sizeof *rounds, by_number);
    for (size_t i = 0; i < total; i++) {
        if (i == 0 || rounds[i] != rounds[i - 1])
            rounds[distinct++] = rounds[i];
    }
    double *sums = arena_array(context->arena, distinct + 1, sizeof *sums);
    size_t *counts = arena_array(context->arena, distinct + 1, sizeof *counts);
    for (size_t i = 0; i < count; i++) {
        for (size_t k = 0, at = 0; k < all[i].count; k++) {
            while (rounds[at] != all[i].rounds[k])
                at++;
            sums[at] += all[i].differences[k];
            counts[at]++;
        }
    }
    for (size_t i = 0; i < distinct; i++) {
        if (counts[i] == count)
            means[kept++] = sums[i] / (double)counts[i];
    }
    if (kept >= JUDGE_LEAST_PAIRS)
        return kept;
    for (size_t i = kept = 0; i < distinct; i++)
        means[kept++] = sums[i] / (double)counts[i];
    return kept;
}

/* Cases with fewer pairs than a test needs would take the group's pairs away: they count only where all are so. */
static void measure_rounds(const struct compare_context *context, struct compare_group *group)
{
    struct compare_series *all = arena_array(context->arena, group->count, sizeof *all);
    size_t count = 0, most = 0, rounds = 0;
    for (size_t i = 0; i < group->count; i++) {
        if (is_measured(group->cases[i]) && group->cases[i]->time.pairs > most)
            most = group->cases[i]->time.pairs;
    }
    for (size_t i = 0; i < group->count; i++) {
        const struct compare_case *item = group->cases[i];
        if (!is_measured(item) || (most >= JUDGE_LEAST_PAIRS && item->time.pairs < JUDGE_LEAST_PAIRS))
            continue;
        all[count] = compare_series_of(context, item, COMPARE_JUDGED);
        rounds += all[count++].count;
    }
    double *means = arena_array(context->arena, rounds + 1, sizeof *means);
    compare_measure_differences(context, &group->time, means, mean_by_round(context, all, count, means));
}

/* ---- unpaired: case by case ---- */

/* Where no case has enough samples its suite has not either: whatever drifted between the runs moved all of them. */
static bool is_insufficient(const struct compare_group *group)
{
    for (size_t i = 0; i < group->count; i++) {
        const char *reason = group->cases[i]->time.reason;
        if (is_measured(group->cases[i]) && !(reason && str_starts(reason, "insufficient")))
            return false;
    }
    return true;
}

static void measure_cases(const struct compare_context *context, struct compare_group *group)
{
    double *effects = arena_array(context->arena, group->count, sizeof *effects);
    size_t count = 0;
    for (size_t i = 0; i < group->count; i++) {
        if (is_measured(group->cases[i]))
            effects[count++] = group->cases[i]->time.effect;
    }
    compare_measure_differences(context, &group->time, effects, count);
    group->time.pairs = 0;
    if (group->time.reason)
        group->time.reason = arena_format(context->arena, "insufficient: %zu case%s, %d needed", count,
                                          count == 1 ? "" : "s", JUDGE_LEAST_PAIRS);
    if (count && is_insufficient(group)) {
        group->time.reason = arena_format(context->arena, "insufficient: too few samples of %s",
                                          count == 1 ? "its case" : "each of its cases");
        group->time.interval = (struct stats_interval){ (double)NAN, (double)NAN, 0 };
        group->time.p = (double)NAN;
        group->time.detectable = (double)INFINITY;
    }
}

/* Noise of the mean of cases whose noises are independent. */
static double noise_of_mean(const struct compare_group *group)
{
    double squares = 0;
    size_t count = 0;
    for (size_t i = 0; i < group->count; i++) {
        double noise = group->cases[i]->time.noise;
        if (is_measured(group->cases[i]) && isfinite(noise)) {
            squares += noise * noise;
            count++;
        }
    }
    return count ? sqrt(squares) / (double)count : (double)NAN;
}

/* The geometric mean of the CPU times' ratios, and the mean share of waiting, beside the group's wall time. */
static void check_with_cpu(const struct compare_context *context, struct compare_group *group)
{
    double cpu = 0, base = 0, candidate = 0;
    size_t count = 0;
    for (size_t i = 0; i < group->count; i++) {
        const struct compare_case *item = group->cases[i];
        if (!is_measured(item))
            continue;
        cpu += item->cpu.effect;
        base += item->delay_base;
        candidate += item->delay_candidate;
        count++;
    }
    double number = (double)count;
    compare_check_with_cpu(context, &group->time, cpu / number, base / number, candidate / number);
}

/* Pairs of a group are rounds that all of its cases have, so cases that were measured on have more. Where each of them
 * was found to lie within what does not matter, so does their mean, whatever the fewer rounds say. */
static void settle_by_cases(const struct compare_group *group, struct compare_metric *time)
{
    size_t measured = 0;
    for (size_t i = 0; i < group->count; i++) {
        const struct compare_metric *own = &group->cases[i]->time;
        if (!is_measured(group->cases[i]))
            continue;
        if (own->verdict != JUDGE_EQUIVALENT || own->interval.low < -time->floor || own->interval.high > time->floor)
            return;
        measured++;
    }
    if (measured < 2 || time->verdict == JUDGE_EQUIVALENT)
        return;
    time->verdict = JUDGE_EQUIVALENT;
    time->reason = "each of its cases is equivalent";
}

/* A group is confirmed by one of its cases that changed the same way, else by fresh pairs of its own: of all of its
 * cases, or of those that have some. */
static void confirm(const struct compare_context *context, struct compare_group *group)
{
    size_t count = 0, rounds = 0;
    for (size_t i = 0; i < group->count; i++) {
        const struct compare_confirmation *again = &group->cases[i]->time.confirmation;
        if (group->cases[i]->time.verdict == group->time.verdict && again->state == COMPARE_FRESH_AGREES) {
            group->time.confirmation = *again;
            return;
        }
    }
    if (context->options->confirm_from <= 0 ||
        (group->time.verdict != JUDGE_REGRESSED && group->time.verdict != JUDGE_IMPROVED))
        return;
    struct compare_series *all = arena_array(context->arena, group->count, sizeof *all);
    for (size_t i = 0; i < group->count; i++) {
        if (!is_measured(group->cases[i]))
            continue;
        all[count] = compare_series_of(context, group->cases[i], COMPARE_FRESH);
        rounds += all[count].count;
        count += all[count].count > 0;
    }
    double *means = arena_array(context->arena, rounds + 1, sizeof *means);
    compare_confirm(context, &group->time, means, mean_by_round(context, all, count, means));
}

static void measure_group(const struct compare_context *context, struct compare_group *group)
{
    double noise = noise_of_mean(group), least = context->paired ? JUDGE_FLOOR : JUDGE_FLOOR_UNPAIRED;
    group->time = (struct compare_metric){ .name = "real_time",
                                           .unit = "ns",
                                           .effect = (double)NAN,
                                           .p = (double)NAN,
                                           .q = (double)NAN,
                                           .noise = noise,
                                           .floor = fmax(fmax(context->budget, least), isfinite(noise) ? noise : 0) };
    if (context->paired)
        measure_rounds(context, group);
    else
        measure_cases(context, group);
}

static void judge_groups(struct compare_context *context, bool are_suites)
{
    struct comparison *comparison = context->comparison;
    double *p = arena_array(context->arena, comparison->group_count, sizeof *p);
    double *q = arena_array(context->arena, comparison->group_count, sizeof *q);
    for (size_t i = 0; i < comparison->group_count; i++) {
        const struct compare_group *group = &comparison->groups[i];
        p[i] = (*group->operation == '\0') == are_suites ? group->time.p : (double)NAN;
    }
    stats_q_values(p, comparison->group_count, q);
    for (size_t i = 0; i < comparison->group_count; i++) {
        struct compare_group *group = &comparison->groups[i];
        if ((*group->operation == '\0') != are_suites)
            continue;
        group->time.q = q[i];
        compare_judge_metric(context, &group->time);
        settle_by_cases(group, &group->time);
        check_with_cpu(context, group);
        if (context->paired)
            confirm(context, group);
        if (comparison->machines_differ && !comparison->identical_binaries)
            compare_refuse_time(&group->time);
    }
}

void compare_make_groups(struct compare_context *context)
{
    struct comparison *comparison = context->comparison;
    comparison->groups = arena_array(context->arena, 2 * comparison->case_count, sizeof *comparison->groups);
    const char **operations = arena_array(context->arena, comparison->case_count, sizeof *operations);
    for (size_t i = 0; i < comparison->case_count; i++) {
        operations[i] = operation_of(comparison->cases[i].name, context->arena);
        count_in(context, comparison->cases[i].suite, "");
    }
    for (size_t i = 0; i < comparison->case_count; i++)
        count_in(context, comparison->cases[i].suite, operations[i]);
    for (size_t i = 0; i < comparison->case_count; i++) {
        put_in(context, &comparison->cases[i], "");
        put_in(context, &comparison->cases[i], operations[i]);
    }
    for (size_t i = 0; i < comparison->group_count; i++)
        measure_group(context, &comparison->groups[i]);
    judge_groups(context, true);
    judge_groups(context, false);
}
