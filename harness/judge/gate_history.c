/* gate_history.c: see gate_history.h. */
#include "harness/judge/gate_history.h"
#include "harness/judge/gate_internal.h"
#include "harness/stats/multiple.h"
#include "harness/stats/recent_step.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

struct gate_history_options gate_history_options_of(const struct gate_policy *policy)
{
    return (struct gate_history_options){ .recent = policy->recent, .least_points = policy->least_points };
}

const char *gate_history_branch(const struct gate_policy *policy)
{
    return policy->branch;
}

/* ---- one series ---- */

/* Values up to the judged run, which is the last. */
struct series {
    double *values;
    const char **commits, **environments; /* what changed on the machine since the run before, or NULL */
    int64_t *runs, *starts_ns;
    size_t count, pinned; /* steps up to this index are accepted */
};

/* The two levels that are compared: values from `begin` to `end`, and those from `after` on. */
struct levels {
    size_t begin, end, after;
    bool step; /* the detector found it: else the newest values are looked at */
};

static struct levels find_levels(const struct series *series, const struct gate_history_options *options,
                                 struct arena *arena)
{
    struct stats_change *changes = arena_array(arena, series->count + 1, sizeof *changes);
    struct levels levels = { .after = series->count - 1, .end = series->count - 1 };
    size_t count = stats_change_points(series->values, series->count, NULL, changes, NULL);
    size_t recent = series->count > (size_t)options->recent ? series->count - (size_t)options->recent : 0;
    for (size_t i = 0; i < count; i++) {
        size_t index = changes[i].index;
        if (index < recent || index <= series->pinned) {
            levels.begin = index;
            continue;
        }
        /* The first that is news ends the old level, the last begins the new one: up and down again is no change. */
        if (!levels.step)
            levels.end = index;
        levels.step = true;
        levels.after = index;
    }
    return levels;
}

static const char *name_commit(const struct series *series, size_t index, struct arena *arena)
{
    const char *commit = series->commits[index];
    return commit ? arena_format(arena, "%.10s", commit)
                  : arena_format(arena, "run %lld", (long long)series->runs[index]);
}

/* Logarithms of the old level, and of the new one right behind it. */
static double *level_logs(const struct series *series, const struct levels *levels, size_t *count, struct arena *arena)
{
    double *logs = arena_array(arena, series->count + 1, sizeof *logs);
    *count = 0;
    for (size_t i = levels->begin; i < levels->end; i++)
        logs[(*count)++] = log(series->values[i]);
    for (size_t i = levels->after; i < series->count; i++)
        logs[(*count)++] = log(series->values[i]);
    return logs;
}

static void fill(struct compare_metric *metric, const struct series *series, const struct levels *levels,
                 const struct stats_recent_step *step)
{
    metric->base = stats_summarize(series->values + levels->begin, levels->end - levels->begin, JUDGE_CONFIDENCE);
    metric->candidate =
        stats_summarize(series->values + levels->after, series->count - levels->after, JUDGE_CONFIDENCE);
    metric->effect = step->effect;
    metric->interval = step->interval;
    metric->noise = step->noise;
    metric->floor = JUDGE_FLOOR;
    metric->detectable = metric->floor + (step->interval.high - step->interval.low) / 2;
    metric->pairs = 0;
    metric->p = step->p;
    metric->q = NAN;
}

/* Where a step is, nobody knows to the run. */
static const char *environment_near(const struct series *series, size_t index)
{
    const char *const *changed = series->environments;
    if (changed[index])
        return changed[index];
    return index + 1 < series->count && changed[index + 1] ? changed[index + 1] : changed[index - 1];
}

static struct compare_step *describe_step(const struct compare_metric *metric, const struct series *series,
                                          const struct levels *levels, struct arena *arena)
{
    struct compare_step *step = arena_alloc(arena, sizeof *step);
    size_t last = levels->end - 1;
    *step = (struct compare_step){ .good = series->commits[last],
                                   .bad = series->commits[levels->end],
                                   .good_run = series->runs[last],
                                   .level_ns = series->starts_ns[levels->begin],
                                   .good_ns = series->starts_ns[last],
                                   .effect = metric->effect,
                                   .interval = metric->interval,
                                   .environment = environment_near(series, levels->end),
                                   .runs = series->count - levels->after };
    step->words = arena_format(arena, "step of %+.1f %% between %s and %s, seen in %zu run%s%s%s",
                               judge_percent(step->effect), name_commit(series, last, arena),
                               name_commit(series, levels->end, arena), step->runs, step->runs == 1 ? "" : "s",
                               step->environment ? ", with it " : "", step->environment ? step->environment : "");
    return step;
}

static void judge_step(struct compare_metric *metric, const struct series *series, const struct levels *levels,
                       struct arena *arena)
{
    size_t after = series->count - levels->after;
    metric->since = series->commits[levels->end];
    metric->step = describe_step(metric, series, levels, arena);
    metric->reason = metric->step->words;
    bool worse = (metric->effect > 0) != metric->higher_is_better;
    double nearest = metric->effect > 0 ? metric->interval.low : -metric->interval.high;
    metric->verdict = JUDGE_UNDECIDED;
    if (nearest > metric->floor && after >= GATE_HISTORY_CONFIRMED && metric->p <= GATE_HISTORY_P)
        metric->verdict = worse ? JUDGE_REGRESSED : JUDGE_IMPROVED;
    else if (fabs(metric->effect) <= metric->floor)
        metric->verdict = JUDGE_EQUIVALENT;
    else if (after < GATE_HISTORY_CONFIRMED)
        metric->reason = arena_format(arena, "%s: measure again, or prony gate --confirm", metric->reason);
    /* Nobody's commit may have done it. */
    if (metric->verdict == JUDGE_REGRESSED && metric->step->environment) {
        metric->verdict = JUDGE_UNDECIDED;
        metric->reason = arena_format(arena, "%s: that or the commits, prony gate --confirm tells", metric->reason);
    }
}

static void judge_series(struct compare_metric *metric, const struct series *series,
                         const struct gate_history_options *options, struct arena *arena)
{
    size_t count;
    metric->shape = metric->exact = false;
    metric->step = NULL;
    metric->p = metric->q = NAN;
    metric->detectable = INFINITY;
    struct levels levels = { 0 };
    if (series->count)
        levels = find_levels(series, options, arena);
    /* Behind a step that is accepted the level has to be learned anew. */
    if (levels.end - levels.begin < (size_t)options->least_points) {
        metric->verdict = JUDGE_UNDECIDED;
        metric->interval = (struct stats_interval){ NAN, NAN, 0 };
        metric->reason =
            arena_format(arena, "insufficient: %zu earlier run%s on this level of this machine, %d needed",
                         levels.end - levels.begin, levels.end - levels.begin == 1 ? "" : "s", options->least_points);
        return;
    }
    const double *logs = level_logs(series, &levels, &count, arena);
    size_t newest = series->count - levels.after, after_pin = series->count - 1 - series->pinned;
    size_t longest = after_pin < (size_t)options->recent ? after_pin : (size_t)options->recent;
    struct stats_recent_step step = levels.step ? stats_recent_step_of(logs, count, newest)
                                                : stats_recent_step(logs, count, longest, GATE_HISTORY_CONFIRMED);
    if (!levels.step)
        levels.after = levels.end = series->count - step.count;
    fill(metric, series, &levels, &step);
    double far_enough = fmax(metric->floor, GATE_HISTORY_SUSPECT * step.noise);
    bool far = fabs(step.effect) > far_enough;
    if (series->pinned && fabs(step.effect + stats_median(logs, levels.end - levels.begin) -
                               log(series->values[series->pinned])) <= far_enough) {
        metric->verdict = JUDGE_EQUIVALENT;
        metric->reason = "as the pinned baseline";
        return;
    }
    if (levels.step || (step.apart && (far || step.count >= GATE_HISTORY_CONFIRMED))) {
        judge_step(metric, series, &levels, arena);
        return;
    }
    metric->verdict = JUDGE_EQUIVALENT;
    metric->reason = arena_format(arena, "within the level of %zu earlier runs", levels.end - levels.begin);
}

/* ---- cases ---- */

static double median_log(const double *values, size_t count, struct arena *arena)
{
    double *logs = arena_array(arena, count + 1, sizeof *logs);
    for (size_t i = 0; i < count; i++)
        logs[i] = log(values[i]);
    return stats_median(logs, count);
}

static struct series make_series(size_t count, struct arena *arena)
{
    return (struct series){ .values = arena_array(arena, count + 1, sizeof(double)),
                            .commits = arena_array(arena, count + 1, sizeof(char *)),
                            .environments = arena_array(arena, count + 1, sizeof(char *)),
                            .runs = arena_array(arena, count + 1, sizeof(int64_t)),
                            .starts_ns = arena_array(arena, count + 1, sizeof(int64_t)) };
}

static void append(struct series *series, const char *commit, const char *environment, int64_t run, int64_t started_ns,
                   double value)
{
    series->commits[series->count] = commit;
    series->environments[series->count] = environment;
    series->runs[series->count] = run;
    series->starts_ns[series->count] = started_ns;
    series->values[series->count++] = value;
}

/* What changed on the machine just before the judged run. */
static const char *environment_of(const struct comparison *comparison, const struct history *history)
{
    for (size_t i = 0; i < history->count; i++)
        if (history->points[i].run_id == comparison->candidate.id)
            return history->points[i].environment;
    return NULL;
}

static void append_judged(struct series *series, const struct comparison *comparison, const char *environment,
                          double value)
{
    append(series, gate_commit_of(&comparison->candidate), environment, comparison->candidate.id,
           comparison->candidate.started_ns, value);
}

/* Points before the judged run, and it itself: from the history if it is there, else as the comparison measured it. */
static struct series series_of(const struct comparison *comparison, const struct compare_case *source,
                               const struct history *history, struct arena *arena)
{
    struct series series = make_series(history->count, arena);
    double own = source->time.candidate.count ? source->time.candidate.median : NAN;
    for (size_t i = 0; i < history->count; i++) {
        const struct history_point *point = &history->points[i];
        if (point->run_id == comparison->candidate.id)
            own = point->value;
        if (point->run_id == comparison->candidate.id || point->started_ns >= comparison->candidate.started_ns)
            continue;
        if (point->pinned)
            series.pinned = series.count;
        append(&series, point->commit, point->environment, point->run_id, point->started_ns, point->value);
    }
    if (!(own > 0))
        return (struct series){ 0 };
    append_judged(&series, comparison, environment_of(comparison, history), own);
    return series;
}

static bool is_timed(const struct compare_case *source)
{
    return source->verdict != JUDGE_WRONG && source->verdict != JUDGE_FAILED && source->verdict != JUDGE_NEW &&
           source->base && source->candidate && source->time.candidate.count;
}

/* ---- groups: the mean over their cases, run by run ---- */

struct cell {
    int64_t started_ns, run_id;
    const char *commit, *environment;
    double sum;
    size_t count;
    bool pinned;
};

static int by_start(const void *left, const void *right)
{
    const struct cell *a = left, *b = right;
    if (a->started_ns != b->started_ns)
        return a->started_ns < b->started_ns ? -1 : 1;
    return (a->run_id > b->run_id) - (a->run_id < b->run_id);
}

/* One cell a case and earlier run: how far it was from the middle of that case. */
static size_t collect(const struct comparison *comparison, const struct compare_group *group,
                      const struct history *histories, struct cell *cells, double *own, size_t *cases,
                      struct arena *arena)
{
    size_t count = 0;
    *own = 0, *cases = 0;
    for (size_t i = 0; i < group->count; i++) {
        const struct compare_case *source = group->cases[i];
        const struct history *history = &histories[source - comparison->cases];
        struct series series = is_timed(source) ? series_of(comparison, source, history, arena) : (struct series){ 0 };
        if (series.count < 2)
            continue;
        double middle = median_log(series.values, series.count, arena);
        *own += log(series.values[series.count - 1]) - middle;
        ++*cases;
        for (size_t k = 0, at = 0; k < history->count && at + 1 < series.count; k++) {
            const struct history_point *point = &history->points[k];
            if (point->run_id == comparison->candidate.id || point->started_ns >= comparison->candidate.started_ns)
                continue;
            cells[count++] = (struct cell){ point->started_ns,
                                            point->run_id,
                                            point->commit,
                                            point->environment,
                                            log(series.values[at++]) - middle,
                                            1,
                                            point->pinned };
        }
    }
    return count;
}

/* Runs that measured nearly all of the cases: the mean of another selection is another number. */
static struct series group_series(const struct comparison *comparison, const struct compare_group *group,
                                  const struct history *histories, struct arena *arena)
{
    size_t total = 0, cases;
    for (size_t i = 0; i < group->count; i++)
        total += histories[group->cases[i] - comparison->cases].count;
    struct cell *cells = arena_array(arena, total + 1, sizeof *cells);
    struct series series = make_series(total, arena);
    double own;
    size_t count = collect(comparison, group, histories, cells, &own, &cases, arena), next;
    if (count)
        qsort(cells, count, sizeof *cells, by_start);
    for (size_t i = 0; i < count; i = next) {
        double sum = 0;
        for (next = i; next < count && cells[next].run_id == cells[i].run_id; next++)
            sum += cells[next].sum;
        if (10 * (next - i) < 9 * cases)
            continue;
        if (cells[i].pinned)
            series.pinned = series.count;
        append(&series, cells[i].commit, cells[i].environment, cells[i].run_id, cells[i].started_ns,
               exp(sum / (double)(next - i)));
    }
    if (cases < 2)
        return (struct series){ 0 };
    const struct compare_case *first = group->cases[0];
    append_judged(&series, comparison, environment_of(comparison, &histories[first - comparison->cases]),
                  exp(own / (double)cases));
    return series;
}

/* ---- all ---- */

void gate_history_count(struct comparison *comparison)
{
    static const enum judge_verdict order[] = { JUDGE_NEW,       JUDGE_EQUIVALENT, JUDGE_IMPROVED, JUDGE_UNDECIDED,
                                                JUDGE_REGRESSED, JUDGE_FAILED,     JUDGE_WRONG };
    memset(comparison->verdicts, 0, sizeof comparison->verdicts);
    for (size_t i = 0; i < comparison->case_count; i++)
        comparison->verdicts[comparison->cases[i].verdict]++;
    for (size_t i = 0; i < JUDGE_VERDICT_COUNT; i++)
        if (comparison->verdicts[order[i]])
            comparison->verdict = order[i];
    for (size_t i = 0; i < comparison->group_count; i++) {
        struct compare_group *group = &comparison->groups[i];
        memset(group->verdicts, 0, sizeof group->verdicts);
        for (size_t k = 0; k < group->count; k++)
            group->verdicts[group->cases[k]->verdict]++;
    }
}

/* The first of the notes: a reader must know against what. */
void gate_history_note(struct comparison *comparison, const char *text, struct arena *arena)
{
    const char **notes = arena_array(arena, comparison->note_count + 1, sizeof *notes);
    notes[0] = text;
    for (size_t i = 0; i < comparison->note_count; i++)
        notes[i + 1] = comparison->notes[i];
    comparison->notes = notes;
    comparison->note_count++;
}

/* Among so many cases some step by luck. */
static void check_family(struct comparison *comparison, struct arena *arena)
{
    double *p = arena_array(arena, comparison->case_count + 1, sizeof *p);
    double *q = arena_array(arena, comparison->case_count + 1, sizeof *q);
    for (size_t i = 0; i < comparison->case_count; i++)
        p[i] = is_timed(&comparison->cases[i]) ? comparison->cases[i].time.p : (double)NAN;
    stats_q_values(p, comparison->case_count, q);
    for (size_t i = 0; i < comparison->case_count; i++) {
        struct compare_case *source = &comparison->cases[i];
        if (!is_timed(source))
            continue;
        source->time.q = q[i];
        if (source->time.verdict == JUDGE_REGRESSED && !(q[i] <= JUDGE_ALPHA))
            source->time.verdict = JUDGE_UNDECIDED;
        source->verdict = source->time.verdict;
        source->reason = source->time.reason;
    }
}

void gate_history_apply(struct comparison *comparison, const struct history *histories,
                        const struct gate_history_options *options, struct arena *arena)
{
    size_t longest = 0;
    for (size_t i = 0; i < comparison->case_count; i++) {
        struct compare_case *source = &comparison->cases[i];
        if (!is_timed(source))
            continue;
        struct series series = series_of(comparison, source, &histories[i], arena);
        judge_series(&source->time, &series, options, arena);
        longest = series.count > longest ? series.count : longest;
    }
    check_family(comparison, arena);
    for (size_t i = 0; i < comparison->group_count; i++) {
        struct series series = group_series(comparison, &comparison->groups[i], histories, arena);
        if (series.count)
            judge_series(&comparison->groups[i].time, &series, options, arena);
    }
    gate_history_count(comparison);
    gate_history_note(
        comparison,
        arena_format(arena,
                     "Times are judged against the history of this machine (%zu earlier run%s), everything else "
                     "against the run before.",
                     longest ? longest - 1 : 0, longest == 2 ? "" : "s"),
        arena);
}
