/* history.c: one metric of one case over all runs of one machine, cut into levels.
 *
 * A point is the median over the processes of a run. Steps are found on the points; what the noise is, and what a new
 * run is to be compared with, comes from within the levels, so a step poisons neither. */
#include "harness/judge/history.h"
#include "harness/judge/environment.h"
#include "harness/base/str.h"
#include <math.h>
#include <string.h>

static const struct history_options no_options;

/* A run that is there, but whose metric is not. */
static bool is_empty(const struct store_point *point)
{
    return point->count == 0 && point->summary_count == 0;
}

static struct history_point point_of(const struct store_point *source)
{
    struct history_point point = { .run_id = source->run_id,
                                   .started_ns = source->started_ns,
                                   .commit = source->commit,
                                   .branch = source->branch,
                                   .tag = source->tag,
                                   .pinned = str_equal(source->tag, STORE_BASELINE_TAG) };
    if (source->count > 0) {
        point.count = source->count;
        point.value = stats_median(source->values, source->count);
        point.interval = stats_median_interval(source->values, source->count, JUDGE_CONFIDENCE);
    } else {
        point.pruned = true;
        point.count = source->summary_count;
        point.value = source->median;
        if (isfinite(source->low) && isfinite(source->high))
            point.interval = (struct stats_interval){ source->low, source->high, JUDGE_CONFIDENCE };
    }
    return point;
}

static bool is_on_branch(const struct store_point *point, const struct history_options *options)
{
    return !options->branch || str_equal(point->branch, options->branch);
}

/* A side of a comparison was measured in turns with another build, and often on a branch of its own: it is no night. */
static bool is_left_side(const struct store_point *point, const struct history_options *options)
{
    return point->is_side && !point->tag && !options->with_sides;
}

static bool is_wanted(const struct store_point *point, const struct history_options *options)
{
    return is_on_branch(point, options) && !is_left_side(point, options);
}

static const char *newest_machine(const struct store_point *points, size_t count, const struct history_options *options)
{
    for (size_t i = count; i-- > 0;)
        if (is_wanted(&points[i], options) && !is_empty(&points[i]))
            return points[i].fingerprint;
    return NULL;
}

/* What is another than at the point before. */
static void mark_environment(struct history *history, const struct store_machine *const *machines, struct arena *arena)
{
    for (size_t i = 1; i < history->count; i++) {
        const struct store_machine *before = machines[i - 1], *after = machines[i];
        struct history_point *point = &history->points[i];
        if (before == after || !before || !after)
            continue;
        point->environment = environment_change(before->facts, before->fact_count, after->facts, after->fact_count,
                                                &point->environment_brief, arena);
        history->environments += point->environment != NULL;
    }
}

/* Why the newest run of another machine is not one of this. */
static void describe_other(struct history *history, const struct store_machine *own, const struct store_machine *other,
                           struct arena *arena)
{
    if (own && other)
        history->other_hardware =
            environment_hardware_change(other->facts, other->fact_count, own->facts, own->fact_count, arena);
}

/* Fills points, and counts what is left out. */
static void take_points(struct history *history, const struct store_point *points, size_t count,
                        const struct history_options *options, struct arena *arena)
{
    const struct store_machine **machines = arena_array(arena, count + 1, sizeof *machines), *other = NULL;
    history->points = arena_array(arena, count ? count : 1, sizeof *history->points);
    for (size_t i = 0; i < count; i++) {
        if (!is_wanted(&points[i], options)) {
            history->sides += is_on_branch(&points[i], options) && !is_empty(&points[i]);
            continue;
        }
        struct history_point point = point_of(&points[i]);
        if (is_empty(&points[i])) {
            history->unknown++;
        } else if (!str_equal(points[i].fingerprint, history->machine)) {
            history->others++;
            other = points[i].machine;
        } else if (!(point.value > 0) || !isfinite(point.value)) {
            history->bad++;
        } else {
            machines[history->count] = points[i].machine;
            history->points[history->count++] = point;
        }
    }
    size_t cut = options->limit > 0 && history->count > options->limit ? history->count - options->limit : 0;
    history->points += cut;
    history->count -= cut;
    machines += cut;
    mark_environment(history, machines, arena);
    describe_other(history, history->count ? machines[history->count - 1] : NULL, other, arena);
}

static double level_median(const double *values, size_t begin, size_t end)
{
    return stats_median(values + begin, end - begin);
}

/* A detected step may be a run off; what changed at the step itself goes first. */
static const char *environment_near(const struct history *history, size_t index, struct arena *arena)
{
    const struct history_point *points = history->points;
    if (points[index].environment)
        return points[index].environment;
    if (index + 1 < history->count && points[index + 1].environment)
        return arena_format(arena, "%s one run later", points[index + 1].environment);
    if (points[index - 1].environment)
        return arena_format(arena, "%s one run before", points[index - 1].environment);
    return NULL;
}

static void take_changes(struct history *history, const double *values, const struct stats_change *changes,
                         struct arena *arena)
{
    history->changes = arena_array(arena, history->change_count + 1, sizeof *history->changes);
    for (size_t i = 0; i < history->change_count; i++) {
        struct history_change *change = &history->changes[i];
        size_t begin = i ? changes[i - 1].index : 0, at = changes[i].index;
        size_t end = i + 1 < history->change_count ? changes[i + 1].index : history->count;
        double reach = 1.96 * changes[i].error; /* of a normal distribution, 95 % */
        *change = (struct history_change){
            .change = changes[i],
            .interval = { changes[i].effect - reach, changes[i].effect + reach, JUDGE_CONFIDENCE },
            .before = level_median(values, begin, at),
            .after = level_median(values, at, end),
            .commit_before = history->points[at - 1].commit,
            .commit_after = history->points[at].commit,
            .environment = environment_near(history, at, arena),
            .verdict = (changes[i].effect > 0) == history->higher_is_better ? JUDGE_IMPROVED : JUDGE_REGRESSED,
        };
    }
}

void history_build(struct history *history, const struct store_point *points, size_t count,
                   const struct history_options *options, struct arena *arena)
{
    options = options ? options : &no_options;
    history->higher_is_better = judge_higher_is_better(history->metric, history->unit);
    history->machine = options->machine ? options->machine : newest_machine(points, count, options);
    take_points(history, points, count, options, arena);
    double *values = arena_array(arena, history->count + 1, sizeof *values);
    for (size_t i = 0; i < history->count; i++)
        values[i] = history->points[i].value;
    struct stats_change *changes = arena_array(arena, history->count + 1, sizeof *changes);
    const struct stats_change_options *change = options->change.p_limit > 0 ? &options->change : NULL;
    history->change_count = stats_change_points(values, history->count, change, changes, &history->noise);
    take_changes(history, values, changes, arena);
    history->segment = history->change_count ? changes[history->change_count - 1].index : 0;
    history->median = level_median(values, history->segment, history->count);
    history->interval =
        stats_median_interval(values + history->segment, history->count - history->segment, JUDGE_CONFIDENCE);
}

int history_load(struct history *history, struct store *store, const char *suite, const char *name,
                 const struct history_options *options, struct arena *arena, struct error *error)
{
    options = options ? options : &no_options;
    *history = (struct history){ .suite = suite, .name = name };
    history->metric = options->metric ? options->metric : "real_time";
    struct store_point *points;
    size_t count;
    int code = store_history(store, suite, name, history->metric, arena, &points, &count, &history->unit, error);
    if (code == 0)
        history_build(history, points, count, options, arena);
    return code;
}

double history_regression(const struct history *history)
{
    if (history->change_count == 0)
        return 0;
    const struct history_change *newest = &history->changes[history->change_count - 1];
    return newest->verdict == JUDGE_REGRESSED && !newest->acknowledged ? fabs(newest->change.effect) : 0;
}
