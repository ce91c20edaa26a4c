/* chart_trend.c: a history: every run with its interval, the levels between steps, the steps, the tags, and where the
 * environment changed.
 *
 * The x axis counts runs: time would press the runs of a busy day into one line. Its ticks are dates. The y axis shows
 * the levels and their noise; what lies outside is drawn at the edge. */
#include "reports/chart.h"
#include "reports/escape.h"
#include "reports/history_report.h"
#include <math.h>
#include <stdio.h>
#include <string.h>

enum { TICKS_WIDE = 8, TICKS_NARROW = 4, BUFFER = 96, TAG_LIMIT = 24, ENVIRONMENT_LIMIT = 12 };
#define LABEL_PX       74.0 /* least distance of two labels */
#define ENVIRONMENT_PX 150.0
#define OUTSIDE        "NaN\tNaN\tNaN\tNaN\n"
#define GAP            "NaN\tNaN\tNaN\n\nNaN\tNaN\tNaN\n" /* in a band; two empty lines would begin a block */
#define LOWEST_SHARE   0.02                               /* of the height: noise below it is no mountain */

struct trend {
    const struct history *history;
    double low, high; /* of the y axis */
    double factor;    /* from the metric's unit to that of the axis: gnuplot takes long over expressions */
    size_t bands, outside, tags, worse, environments;
};

/* The levels and what lies between the 2nd and the 98th percentile, with room. */
static void find_range(const struct view *view, struct trend *trend)
{
    const struct history *history = trend->history;
    double *values = arena_array(view->arena, history->count, sizeof *values);
    for (size_t i = 0; i < history->count; i++)
        values[i] = history->points[i].value;
    trend->low = stats_quantile(values, history->count, 0.02);
    trend->high = stats_quantile(values, history->count, 0.98);
    for (size_t i = 0; i < history->change_count; i++) {
        trend->low = fmin(trend->low, fmin(history->changes[i].before, history->changes[i].after));
        trend->high = fmax(trend->high, fmax(history->changes[i].before, history->changes[i].after));
    }
    double room = fmax(0.25 * (trend->high - trend->low), LOWEST_SHARE * trend->high);
    trend->low = fmax(0, trend->low - room);
    trend->high += room;
}

static double bounded(const struct trend *trend, double value)
{
    return fmax(trend->low, fmin(trend->high, value));
}

/* A step is a gap: a band from one level to the next would show values that nobody measured. */
static void append_band(struct str *out, struct trend *trend)
{
    const struct history *history = trend->history;
    for (size_t i = 0, step = 0; i < history->count; i++) {
        bool steps = step < history->change_count && history->changes[step].change.index == i;
        step += steps;
        if (steps)
            str_append(out, GAP);
        const struct stats_interval *interval = &history->points[i].interval;
        trend->bands += interval->coverage > 0;
        if (interval->coverage > 0)
            str_appendf(out, "%zu\t%.9g\t%.9g\n", i, trend->factor * bounded(trend, interval->low),
                        trend->factor * bounded(trend, interval->high));
        else
            str_append(out, GAP);
    }
    str_append(out, OUTSIDE);
}

static const char *tip_of(const struct view *view, const struct history *history, const struct history_point *point)
{
    char value[BUFFER], when[BUFFER];
    history_value(value, sizeof value, history, point->value);
    history_when(when, sizeof when, point->started_ns);
    const char *commit = point->commit ? point->commit : "";
    return arena_format(view->arena, "%s\nrun %lld, %s\n%.12s%s%s%s%s%s%s", value, (long long)point->run_id, when,
                        commit, point->branch ? " on " : "", point->branch ? point->branch : "",
                        point->tag ? ", tag " : "", point->tag ? point->tag : "", point->environment ? "\n" : "",
                        point->environment ? point->environment : "");
}

/* Those inside, or those at the edge. */
static void append_points(const struct view *view, struct chart *chart, struct str *out, struct trend *trend,
                          bool outside)
{
    const struct history *history = trend->history;
    for (size_t i = 0; i < history->count; i++) {
        double value = history->points[i].value;
        if ((bounded(trend, value) < value || bounded(trend, value) > value) != outside)
            continue;
        trend->outside += outside;
        str_appendf(out, "%zu\t%.9g\t%s\t0\n", i, trend->factor * bounded(trend, value),
                    chart_tip(view, chart, tip_of(view, history, &history->points[i])));
    }
    str_append(out, OUTSIDE);
}

static void append_levels(struct str *out, const struct trend *trend)
{
    const struct history *history = trend->history;
    for (size_t i = 0; i <= history->change_count; i++) {
        size_t begin = i ? history->changes[i - 1].change.index : 0;
        size_t end = i < history->change_count ? history->changes[i].change.index : history->count;
        double level = i < history->change_count ? history->changes[i].before : history->median;
        str_appendf(out, "%g\t%.9g\t%g\t0\n", (double)begin - 0.5, trend->factor * level, (double)(end - begin));
    }
}

/* "x text" for each step of that verdict; a label that would touch the one before is left out, its line stays. */
static void append_steps(struct str *out, const struct history *history, const struct chart_drawing *drawing,
                         enum judge_verdict verdict)
{
    double scale = (drawing->width - drawing->left - drawing->right) / (double)history->count, last = -1e9;
    for (size_t i = 0; i < history->change_count; i++) {
        const struct history_change *change = &history->changes[i];
        double x = (double)change->change.index - 0.5;
        char text[BUFFER];
        bool room = (x - last) * scale >= LABEL_PX;
        last = room ? x : last;
        if (change->verdict == verdict)
            str_appendf(out, "%g\t0\t%s\t0\n", x,
                        room ? history_percent(text, sizeof text, change->change.effect) : "");
    }
    str_append(out, "NaN\tNaN\t-\t0\n");
}

static void append_tags(struct str *out, const struct history *history, const struct chart_drawing *drawing)
{
    double scale = (drawing->width - drawing->left - drawing->right) / (double)history->count, last = -1e9;
    for (size_t i = 0; i < history->count; i++) {
        const char *tag = history->points[i].tag;
        if (!tag)
            continue;
        bool room = ((double)i - last) * scale >= LABEL_PX;
        last = room ? (double)i : last;
        char text[TAG_LIMIT + 1];
        snprintf(text, sizeof text, "%s", room ? tag : "");
        str_appendf(out, "%zu\t0\t", i);
        escape_chart(out, text);
        str_append(out, "\t0\n");
    }
    str_append(out, "NaN\tNaN\t-\t0\n");
}

/* Where the machine's software changed, between two runs. Where it does so all the time, only at steps. */
static void append_environments(struct str *out, struct trend *trend, const struct chart_drawing *drawing)
{
    const struct history *history = trend->history;
    double scale = (drawing->width - drawing->left - drawing->right) / (double)history->count, last = -1e9;
    bool many = history->environments > ENVIRONMENT_LIMIT;
    for (size_t i = 0, step = 0; i < history->count; i++) {
        bool steps = step < history->change_count && history->changes[step].change.index == i;
        step += steps;
        if (!history->points[i].environment || (many && !steps))
            continue;
        bool room = ((double)i - last) * scale >= ENVIRONMENT_PX;
        last = room ? (double)i : last;
        char text[TAG_LIMIT + 1];
        snprintf(text, sizeof text, "%s", room ? history->points[i].environment_brief : "");
        str_appendf(out, "%g\t0\t", (double)i - 0.5);
        escape_chart(out, text);
        str_append(out, "\t0\n");
        trend->environments++;
    }
    str_append(out, "NaN\tNaN\t-\t0\n");
}

/* XTICS = '"Nov 2" 0, "Nov 9" 7': dates of runs in even distances. */
static void append_ticks(struct str *settings, const struct history *history, bool narrow)
{
    size_t most = narrow ? TICKS_NARROW : TICKS_WIDE, count = history->count < most ? history->count : most;
    str_append(settings, "XTICS = '");
    for (size_t i = 0; i < count; i++) {
        size_t index = count > 1 ? i * (history->count - 1) / (count - 1) : 0;
        char when[BUFFER];
        history_when(when, sizeof when, history->points[index].started_ns);
        str_appendf(settings, "%s\"%.10s\" %zu", i ? ", " : "", when, index);
    }
    str_append(settings, "'\n");
}

static void append_legend(struct chart *chart, const struct trend *trend)
{
    chart_legend_add(chart, "run", 0, CHART_DOT);
    chart_legend_add(chart, "level", 7, CHART_LINE);
    if (trend->worse > 0)
        chart_legend_add(chart, "regressed", 1, CHART_DASH);
    if (trend->worse < trend->history->change_count)
        chart_legend_add(chart, "improved", 2, CHART_DASH);
    if (trend->environments > 0)
        chart_legend_add(chart, "environment changed", 3, CHART_DASH);
}

/* The blocks of trend.gp, in its order. */
static void append_blocks(const struct view *view, struct chart *chart, struct chart_drawing *drawing,
                          struct trend *trend)
{
    const struct history *history = trend->history;
    append_band(&drawing->data, trend);
    chart_next_block(drawing);
    append_points(view, chart, &drawing->data, trend, false);
    chart_next_block(drawing);
    append_points(view, chart, &drawing->data, trend, true);
    chart_next_block(drawing);
    append_levels(&drawing->data, trend);
    chart_next_block(drawing);
    append_steps(&drawing->data, history, drawing, JUDGE_REGRESSED);
    chart_next_block(drawing);
    append_steps(&drawing->data, history, drawing, JUDGE_IMPROVED);
    chart_next_block(drawing);
    append_tags(&drawing->data, history, drawing);
    chart_next_block(drawing);
    append_environments(&drawing->data, trend, drawing);
    for (size_t i = 0; i < history->count; i++)
        trend->tags += history->points[i].tag != NULL;
    for (size_t i = 0; i < history->change_count; i++)
        trend->worse += history->changes[i].verdict == JUDGE_REGRESSED;
}

bool chart_trend(const struct view *view, struct chart *chart, struct chart_drawing *drawing)
{
    struct trend trend = { .history = chart->subject };
    const struct history *history = trend.history;
    if (!history || history->count < 2) {
        chart->reason = "a trend takes two runs";
        return false;
    }
    drawing->script = "trend";
    drawing->top = 26;
    drawing->right = 44; /* half of a date */
    drawing->bottom = 32;
    struct history_scale scale = history_scale(history);
    trend.factor = scale.factor;
    find_range(view, &trend);
    append_blocks(view, chart, drawing, &trend);
    append_ticks(&drawing->settings, history, drawing->narrow);
    str_appendf(&drawing->settings, "BANDS = %d; EDGES = %d; WORSE = %d; BETTER = %d; TAGS = %d; WORLD = %d\n",
                trend.bands > 0, trend.outside > 0, trend.worse > 0, trend.worse < history->change_count ? 1 : 0,
                trend.tags ? 1 : 0, trend.environments ? 1 : 0);
    str_appendf(&drawing->settings, "COUNT = %zu; LOW = %.9g; HIGH = %.9g; UNIT = '%s'\n", history->count,
                scale.factor * trend.low, scale.factor * trend.high, scale.unit);
    append_legend(chart, &trend);
    chart->note = arena_format(view->arena, "%s: %s, each run's median with its interval, %s step%s%s.", history->suite,
                               history->metric,
                               history->change_count ? arena_format(view->arena, "%zu", history->change_count) : "no",
                               history->change_count == 1 ? "" : "s",
                               trend.outside ? arena_format(view->arena, "; %zu beyond the edge", trend.outside) : "");
    return true;
}
