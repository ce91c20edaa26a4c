/* history.c: one metric of one case over all runs of one machine, cut into levels.
 *
 * A point is the median over the processes of a run. Steps are found on the points; what the noise is, and what a new
 * run is to be compared with, comes from within the levels, so a step poisons neither. */
#include "harness/judge/history.h"
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

static bool is_wanted(const struct store_point *point, const struct history_options *options)
{
    return !options->branch || str_equal(point->branch, options->branch);
}

static const char *newest_machine(const struct store_point *points, size_t count, const struct history_options *options)
{
    for (size_t i = count; i-- > 0;)
        if (is_wanted(&points[i], options) && !is_empty(&points[i]))
            return points[i].fingerprint;
    return NULL;
}

/* Fills points, and counts what is left out. */
static void take_points(struct history *history, const struct store_point *points, size_t count,
                        const struct history_options *options, struct arena *arena)
{
    history->points = arena_array(arena, count ? count : 1, sizeof *history->points);
    for (size_t i = 0; i < count; i++) {
        if (!is_wanted(&points[i], options))
            continue;
        struct history_point point = point_of(&points[i]);
        if (is_empty(&points[i]))
            history->unknown++;
        else if (!str_equal(points[i].fingerprint, history->machine))
            history->others++;
        else if (!(point.value > 0) || !isfinite(point.value))
            history->bad++;
        else
            history->points[history->count++] = point;
    }
    if (options->limit > 0 && history->count > options->limit) {
        history->points += history->count - options->limit;
        history->count = options->limit;
    }
}

static double level_median(const double *values, size_t begin, size_t end)
{
    return stats_median(values + begin, end - begin);
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
