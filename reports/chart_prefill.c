/* chart_prefill.c: prefill rate over the number of prompt tokens; bars where only one prompt size was run. */
#include "harness/base/str.h"
#include "harness/base/case_name.h"
#include "reports/chart.h"
#include <math.h>
#include <string.h>

enum { POINT_LIMIT = 16 };

struct point {
    double x;
    const struct view_case *source;
};

struct line {
    const char *label; /* of the legend */
    int color;
    bool dashed;
    struct point points[POINT_LIMIT]; /* ascending x */
    int count;
};

struct lines {
    struct line items[CHART_SERIES];
    int count;
    bool cut;
    double xs[POINT_LIMIT]; /* distinct, ascending */
    int x_count;
};

static bool is_prefill(const struct view_case *view_case)
{
    return chart_is_case(view_case, "generate", "prefill") && str_equal(view_case->main_name, "tokens_per_second");
}

static int distinct(const struct view *view, const char *argument, double *values)
{
    int count = 0;
    for (size_t i = 0; i < view->case_count; i++) {
        if (!is_prefill(&view->cases[i]))
            continue;
        double value = case_name_number(view->cases[i].name, argument, 0);
        int at = 0;
        while (at < count && values[at] < value)
            at++;
        if (value <= 0 || (at < count && values[at] == value) || count == POINT_LIMIT)
            continue;
        memmove(values + at + 1, values + at, (size_t)(count - at) * sizeof *values);
        values[at] = value;
        count++;
    }
    return count;
}

static void add_point(struct line *line, double x, const struct view_case *source)
{
    int at = 0;
    while (at < line->count && line->points[at].x < x)
        at++;
    if (line->count == POINT_LIMIT)
        return;
    memmove(line->points + at + 1, line->points + at, (size_t)(line->count - at) * sizeof *line->points);
    line->points[at] = (struct point){ x, source };
    line->count++;
}

static const char *line_label(const struct view *view, const char *name, bool one_model)
{
    double threads = case_name_number(name, "threads", 1);
    return arena_format(view->arena, "%s, %g thread%s", chart_model_label(view, name, one_model), threads,
                        threads == 1 ? "" : "s");
}

/* With only_threads > 0: only lines of that thread count. */
static void collect(const struct view *view, struct lines *lines, double only_threads)
{
    bool one_model = chart_one_model(view, "generate", "prefill");
    struct chart_names names = { 0 }, models = { 0 };
    for (size_t i = 0; i < view->case_count; i++) {
        const struct view_case *view_case = &view->cases[i];
        double x = case_name_number(view_case->name, "tokens", 0);
        if (!is_prefill(view_case) || x <= 0 ||
            (only_threads > 0 && case_name_number(view_case->name, "threads", 1) != only_threads))
            continue;
        int index = chart_names_index(&names, line_label(view, view_case->name, one_model));
        if (index < 0 || index >= CHART_SERIES) {
            lines->cut = true;
            continue;
        }
        struct line *line = &lines->items[index];
        if (index >= lines->count) {
            lines->count = index + 1;
            line->label = names.names[index];
            line->color =
                chart_names_index(&models, chart_model_label(view, view_case->name, one_model)) % CHART_SERIES;
            line->dashed = case_name_number(view_case->name, "threads", 1) == 1;
        }
        add_point(line, x, view_case);
    }
}

/* Colour is the model, a dashed line one thread. Where two lines would look the same each gets a colour of its own. */
static void keep_apart(struct lines *lines)
{
    bool same = false;
    for (int a = 0; a < lines->count; a++)
        for (int b = a + 1; b < lines->count; b++)
            same = same ||
                   (lines->items[a].color == lines->items[b].color && lines->items[a].dashed == lines->items[b].dashed);
    for (int n = 0; same && n < lines->count; n++)
        lines->items[n].color = n % CHART_SERIES;
}

static void append_line(const struct view *view, struct chart *chart, const struct line *line,
                        struct chart_drawing *drawing)
{
    for (int p = 0; p < line->count; p++) {
        const struct stats_summary *rate = &line->points[p].source->main;
        bool interval = rate->interval.coverage > 0;
        str_appendf(&drawing->data, "%g\t%g\t%g\t%g\t%s\n", line->points[p].x, rate->median,
                    interval ? rate->interval.low : rate->median, interval ? rate->interval.high : rate->median,
                    chart_tip(view, chart, view_tip(view, line->points[p].source)));
    }
    chart_next_block(drawing);
}

bool chart_prefill(const struct view *view, struct chart *chart, struct chart_drawing *drawing)
{
    struct lines lines = { 0 };
    lines.x_count = distinct(view, "tokens", lines.xs);
    if (lines.x_count < 2)
        return chart_rate_bars(view, chart, drawing, "prefill", "tokens");
    collect(view, &lines, 0);
    if (lines.cut) {
        double threads[POINT_LIMIT];
        int count = distinct(view, "threads", threads);
        lines.count = 0;
        memset(lines.items, 0, sizeof lines.items);
        collect(view, &lines, count ? threads[count - 1] : 0);
    }
    keep_apart(&lines);
    struct str *settings = &drawing->settings;
    double maximum = 0;
    str_append(settings, "COLOR = '");
    for (int n = 0; n < lines.count; n++) {
        str_appendf(settings, "%d ", lines.items[n].color);
        for (int p = 0; p < lines.items[n].count; p++) {
            const struct stats_summary *rate = &lines.items[n].points[p].source->main;
            maximum = fmax(maximum, fmax(rate->median, rate->interval.high));
        }
        append_line(view, chart, &lines.items[n], drawing);
        chart_legend_add(chart, lines.items[n].label, lines.items[n].color,
                         lines.items[n].dashed ? CHART_DASH : CHART_LINE);
    }
    str_append(settings, "'; DASH = '");
    for (int n = 0; n < lines.count; n++)
        str_append(settings, lines.items[n].dashed ? "1 " : "0 ");
    str_append(settings, "'; XTICS = '");
    for (int x = 0; x < lines.x_count; x++)
        str_appendf(settings, "%s%g", x ? "," : "", lines.xs[x]);
    str_appendf(settings, "'\nXMIN = %g; XMAX = %g; YMAX = %g; YTICK = %g; SERIES = %d\n", lines.xs[0] / 1.15,
                lines.xs[lines.x_count - 1] * 1.15, maximum > 0 ? maximum * 1.06 : 1.0, chart_tick(maximum, 6),
                lines.count);
    chart->note =
        arena_format(view->arena, "Median tokens per second over the length of the prompt; bars are intervals%s.",
                     lines.cut ? ". Not all lines are drawn" : "");
    return true;
}
