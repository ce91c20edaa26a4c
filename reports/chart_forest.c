/* chart_forest.c: see chart_forest.h. One row a case: name, interval with a mark, the numbers; below the interval lies
 * the floor of that case. What the verdict is shows in shape and colour, for colour-blind readers and black ink. */
#include "reports/chart_forest.h"
#include "reports/escape.h"
#include "reports/judgement_words.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ROW_LIMIT = 60, MARKS = 5 };
#define ROW_PX 22.0

const double chart_forest_file_width = 780;

struct row {
    const struct compare_case *item; /* NULL: the heading of a suite */
    const char *suite;
    double y;
};

struct forest {
    const struct comparison *comparison;
    struct row rows[2 * ROW_LIMIT];
    size_t count, cases, all;
    double low, high; /* of the axis, percent */
    double height;
    struct str names, suites, numbers, floors, intervals, arrows, points[MARKS];
};

/* ---- which rows ---- */

static bool is_shown(const struct compare_case *item)
{
    return item->verdict != JUDGE_NEW && (isfinite(item->time.effect) || judgement_is_bad(item->verdict));
}

/* Suites in the order of their worst case; in each the worst case first. */
static void collect(struct forest *forest, struct compare_case **sorted)
{
    const struct compare_case *shown[ROW_LIMIT];
    bool taken[ROW_LIMIT] = { false };
    for (size_t i = 0; i < forest->comparison->case_count; i++)
        if (is_shown(sorted[i]) && forest->all++ < ROW_LIMIT)
            shown[forest->cases++] = sorted[i];
    double y = 0;
    for (size_t i = 0; i < forest->cases; i++) {
        if (taken[i])
            continue;
        y += forest->count ? 0.4 * ROW_PX : 0;
        forest->rows[forest->count++] = (struct row){ NULL, shown[i]->suite, y + 0.5 * ROW_PX };
        y += ROW_PX;
        for (size_t k = i; k < forest->cases; k++)
            if (!taken[k] && str_equal(shown[k]->suite, shown[i]->suite)) {
                taken[k] = true;
                forest->rows[forest->count++] = (struct row){ shown[k], shown[k]->suite, y + 0.5 * ROW_PX };
                y += ROW_PX;
            }
    }
    forest->height = y;
}

/* ---- axis ---- */

static int by_value(const void *a, const void *b)
{
    return *(const double *)a < *(const double *)b ? -1 : *(const double *)a > *(const double *)b;
}

/* Everything fits, but a few giants may not make the others small: what reaches further than four times the upper
 * quartile of all effects, and than 10 %, becomes an arrow. */
static void find_axis(struct forest *forest)
{
    double sizes[ROW_LIMIT], reach = 0;
    size_t count = 0;
    for (size_t i = 0; i < forest->count; i++) {
        const struct compare_case *item = forest->rows[i].item;
        if (item && isfinite(item->time.effect))
            sizes[count++] = fabs(judge_percent(item->time.effect));
    }
    qsort(sizes, count, sizeof *sizes, by_value);
    double limit = count ? fmax(10, 4 * sizes[(3 * count) / 4 < count ? (3 * count) / 4 : count - 1]) : 10;
    forest->low = -1;
    forest->high = 1;
    for (size_t i = 0; i < forest->count; i++) {
        const struct compare_case *item = forest->rows[i].item;
        if (!item || !isfinite(item->time.effect))
            continue;
        double effect = judge_percent(item->time.effect);
        bool interval = item->time.interval.coverage > 0;
        double low = interval ? judge_percent(item->time.interval.low) : effect,
               high = interval ? judge_percent(item->time.interval.high) : effect;
        double floor = judge_percent(item->time.floor);
        reach = fmax(reach, isfinite(floor) ? floor : 0);
        forest->low = fmin(forest->low, low);
        forest->high = fmax(forest->high, high);
    }
    if (fmax(-forest->low, forest->high) > 1.5 * limit) {
        forest->low = fmax(forest->low, -limit);
        forest->high = fmin(forest->high, limit);
    }
    reach = fmin(reach, limit);
    forest->low = fmin(forest->low, -1.15 * reach);
    forest->high = fmax(forest->high, 1.15 * reach);
    double edge = 0.04 * (forest->high - forest->low);
    forest->low -= edge;
    forest->high += edge;
}

/* Room that the widest label of an axis with this tick takes, in pixels; and a space. */
static double label_room(const struct forest *forest, double tick, double font)
{
    char label[32];
    double widest = 0;
    const double ends[] = { tick, floor(forest->high / tick) * tick, ceil(forest->low / tick) * tick };
    for (size_t i = 0; i < sizeof ends / sizeof *ends; i++) {
        snprintf(label, sizeof label, "%+g %%", ends[i]);
        widest = fmax(widest, chart_text_width(label, font));
    }
    return widest + 12;
}

/* The closest ticks whose labels do not touch. Where that leaves only the 0 of a narrow axis, one round number near
 * the farther end. */
static double find_tick(const struct forest *forest, double plot, double font)
{
    static const double steps[] = { 1, 2, 5 };
    double range = forest->high - forest->low, reach = fmax(-forest->low, forest->high);
    double power = pow(10, floor(log10(range)) - 2), tick = power;
    for (int i = 0; i < 12 && label_room(forest, tick, font) > tick / range * plot; i++)
        tick = steps[(i + 1) % 3] * power * pow(10, (i + 1) / 3);
    if (tick <= reach)
        return tick;
    power = pow(10, floor(log10(reach)));
    return floor(reach / power) * power;
}

static double inside(const struct forest *forest, double percent)
{
    return fmax(forest->low, fmin(forest->high, percent));
}

/* ---- rows ---- */

static const struct mark {
    enum judge_verdict verdict;
    int color, block;
} marks[] = {
    { JUDGE_REGRESSED, CHART_SERIES_0 + 1, 0 }, { JUDGE_IMPROVED, CHART_SERIES_0, 1 },
    { JUDGE_WRONG, CHART_SERIES_0 + 4, 2 },     { JUDGE_FAILED, CHART_SERIES_0 + 4, 2 },
    { JUDGE_UNDECIDED, CHART_MUTED, 3 },        { JUDGE_EQUIVALENT, CHART_SERIES_0 + 7, 4 },
};

static const struct mark *mark_of(enum judge_verdict verdict)
{
    for (size_t i = 0; i < sizeof marks / sizeof marks[0]; i++)
        if (marks[i].verdict == verdict)
            return &marks[i];
    return &marks[sizeof marks / sizeof marks[0] - 1];
}

static const char *tip_of(const struct compare_case *item, struct arena *arena)
{
    char effect[40], interval[40], size[40], q[40];
    const struct compare_metric *time = &item->time;
    return arena_format(arena, "%s %s\n%s: %s %s\n%s\nq %s, n %zu, floor %s%s%s", item->suite, item->name,
                        judge_verdict_name(item->verdict), judgement_effect(effect, sizeof effect, time->effect),
                        judgement_interval(interval, sizeof interval, time), judgement_medians(time, " → ", arena),
                        judgement_probability(q, sizeof q, time->q), time->pairs ? time->pairs : time->candidate.count,
                        judgement_size(size, sizeof size, time->floor), item->reason ? "\n" : "",
                        item->reason ? item->reason : "");
}

/* The part of the interval that is inside, and an arrow at each end that is not. */
static void add_interval(struct forest *forest, const struct compare_case *item, double y)
{
    double low = judge_percent(item->time.interval.low), high = judge_percent(item->time.interval.high);
    double arrow = 0.03 * (forest->high - forest->low);
    int color = mark_of(item->verdict)->color;
    if (!(item->time.interval.coverage > 0) || !isfinite(low) || !isfinite(high))
        low = high = judge_percent(item->time.effect);
    double from = inside(forest, low), to = inside(forest, high);
    if (to > from)
        str_appendf(&forest->intervals, "%g\t%g\t%g\t%d\n", from, y, to - from, color);
    if (low < forest->low)
        str_appendf(&forest->arrows, "%g\t%g\t%g\t%d\n", forest->low + arrow, y, -arrow, color);
    if (high > forest->high)
        str_appendf(&forest->arrows, "%g\t%g\t%g\t%d\n", forest->high - arrow, y, arrow, color);
}

static void add_numbers(struct forest *forest, const struct chart_drawing *drawing, const struct row *row)
{
    char effect[40], interval[40];
    struct str text = { 0 };
    const struct compare_case *item = row->item;
    if (isfinite(item->time.effect)) {
        str_append(&text, judgement_effect(effect, sizeof effect, item->time.effect));
        if (!drawing->narrow)
            str_appendf(&text, "  %s", judgement_interval(interval, sizeof interval, &item->time));
    } else {
        str_append(&text, judge_verdict_name(item->verdict));
    }
    chart_label(&forest->numbers, drawing, forest->high, row->y, str_text(&text), 1000);
    str_release(&text);
}

static void add_case(struct forest *forest, const struct view *view, struct chart *chart,
                     const struct chart_drawing *drawing, const struct row *row)
{
    const struct compare_case *item = row->item;
    const struct compare_metric *time = &item->time;
    chart_label(&forest->names, drawing, forest->low, row->y, item->name, drawing->left - 24);
    add_numbers(forest, drawing, row);
    if (!isfinite(time->effect))
        return;
    double floor = judge_percent(time->floor);
    if (isfinite(floor))
        str_appendf(&forest->floors, "0\t%g\t%g\t%g\t%g\t%g\n", row->y, inside(forest, -floor), inside(forest, floor),
                    row->y - 0.5 * ROW_PX, row->y + 0.5 * ROW_PX);
    add_interval(forest, item, row->y);
    double effect = judge_percent(time->effect);
    if (inside(forest, effect) == effect)
        str_appendf(&forest->points[mark_of(item->verdict)->block], "%g\t%g\t%s\n", effect, row->y,
                    chart_tip(view, chart, tip_of(item, view->arena)));
}

/* Appends a block; an empty one would not count as one. */
static void take_block(struct chart_drawing *drawing, struct str *block, const char *nothing)
{
    str_append(&drawing->data, block->length ? block->data : nothing);
    chart_next_block(drawing);
    str_release(block);
}

static void take_blocks(struct forest *forest, struct chart_drawing *drawing)
{
    take_block(drawing, &forest->names, "NaN\tNaN\t\n");
    take_block(drawing, &forest->suites, "NaN\tNaN\t\n");
    take_block(drawing, &forest->numbers, "NaN\tNaN\t\n");
    take_block(drawing, &forest->floors, "NaN\tNaN\tNaN\tNaN\tNaN\tNaN\n");
    take_block(drawing, &forest->intervals, "NaN\tNaN\tNaN\t16\n");
    take_block(drawing, &forest->arrows, "NaN\tNaN\tNaN\t16\n");
    for (int m = 0; m < MARKS; m++)
        take_block(drawing, &forest->points[m], "NaN\tNaN\t\n");
}

/* Room for names and numbers; the axis gets the rest. */
static void set_margins(const struct forest *forest, struct chart_drawing *drawing)
{
    double widest = 0;
    for (size_t i = 0; i < forest->count; i++)
        if (forest->rows[i].item)
            widest = fmax(widest, chart_text_width(forest->rows[i].item->name, drawing->font));
    drawing->right = drawing->narrow ? 66 : 176;
    drawing->left = fmin(widest + 30, (drawing->narrow ? 0.46 : 0.44) * drawing->width);
    drawing->bottom = 34;
    drawing->height = drawing->top + forest->height + drawing->bottom;
}

bool chart_forest(const struct view *view, struct chart *chart, struct chart_drawing *drawing)
{
    const struct chart_forest *subject = chart->subject;
    struct forest forest = { .comparison = subject->comparison };
    collect(&forest, judgement_sorted(subject->comparison, view->arena));
    if (!forest.cases) {
        chart->reason = subject->comparison->shared ? "no case has an effect" : "the runs share no case";
        return false;
    }
    if (!drawing->narrow && subject->width > 0)
        drawing->width = subject->width;
    find_axis(&forest);
    set_margins(&forest, drawing);
    double plot = drawing->width - drawing->left - drawing->right;
    for (size_t i = 0; i < forest.count; i++)
        if (forest.rows[i].item)
            add_case(&forest, view, chart, drawing, &forest.rows[i]);
        else
            chart_label(&forest.suites, drawing, forest.low, forest.rows[i].y, forest.rows[i].suite,
                        drawing->left + plot);
    take_blocks(&forest, drawing);
    str_appendf(&drawing->settings, "XMIN = %g; XMAX = %g; YMAX = %g; XTICK = %g; OUT_LEFT = %g\n", forest.low,
                forest.high, forest.height, find_tick(&forest, plot, drawing->font), (drawing->left - 14) / plot);
    chart->note = arena_format(view->arena,
                               "▲ slower, ▼ faster, ✕ wrong output, ○ undecided, ● equivalent; lines are "
                               "95 %% intervals, the grey band is what does not matter%s.",
                               forest.all > forest.cases
                                   ? arena_format(view->arena, "; the first %zu of %zu cases", forest.cases, forest.all)
                                   : "");
    drawing->script = "forest"; /* jobs of several comparisons have other names */
    return true;
}

struct chart_job chart_forest_job(const struct comparison *comparison, size_t index, double width, struct arena *arena)
{
    struct chart_forest *subject = arena_alloc(arena, sizeof *subject);
    *subject = (struct chart_forest){ comparison, width };
    const char *id = index ? arena_format(arena, "forest-%zu", index + 1) : "forest";
    return (struct chart_job){ .id = id,
                               .title = arena_format(arena, "%s against %s", comparison->candidate_name,
                                                     comparison->base_name),
                               .prepare = chart_forest,
                               .wide = true,
                               .heights = { 400, 400 },
                               .subject = subject };
}
