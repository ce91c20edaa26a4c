/* chart_latency.c: the distribution of the times of single tokens, all processes together.
 *
 * The x axis is -log10(1 - q), so that the tail, which an average hides, gets as much room as the middle (the axis of
 * HdrHistogram plots). */
#include "harness/base/mem.h"
#include "harness/base/str.h"
#include "reports/case_name.h"
#include "reports/chart.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { LINE_LIMIT = 6, POINTS = 120, VALUE_MINIMUM = 20 };

struct lines {
    const struct view_case *items[LINE_LIMIT];
    int count;
    double context;
    bool cut;
};

/* Decode cases with enough single times, at the smallest context of each model, format and thread count. */
static void collect(const struct view *view, struct lines *lines)
{
    lines->context = INFINITY;
    for (size_t i = 0; i < view->case_count; i++)
        if (chart_is_case(&view->cases[i], "generate", "decode") && view->cases[i].source->value_count >= VALUE_MINIMUM)
            lines->context = fmin(lines->context, case_name_number(view->cases[i].name, "ctx", 0));
    for (size_t i = 0; i < view->case_count; i++) {
        const struct view_case *view_case = &view->cases[i];
        if (!chart_is_case(view_case, "generate", "decode") || view_case->source->value_count < VALUE_MINIMUM ||
            case_name_number(view_case->name, "ctx", 0) != lines->context)
            continue;
        if (lines->count < LINE_LIMIT)
            lines->items[lines->count++] = view_case;
        else
            lines->cut = true;
    }
}

static const char *quantile_tip(const struct view *view, const char *label, const double *sorted, size_t count,
                                double q)
{
    return arena_format(view->arena, "%s\np%g %.4g ms\nn %zu tokens", label, 100 * q,
                        stats_quantile_sorted(sorted, count, q) / 1e6, count);
}

/* One line: POINTS quantiles at equal steps of the axis, and a marked point at each of the named ones. */
static void append_line(const struct view *view, struct chart *chart, const char *label, const double *sorted,
                        size_t count, struct chart_drawing *drawing)
{
    static const double named[] = { 0.5, 0.9, 0.99, 0.999 };
    double end = log10((double)count);
    size_t next = 0;
    for (int p = 0; p <= POINTS; p++) {
        double x = end * p / POINTS;
        for (; next < sizeof named / sizeof named[0] && -log10(1 - named[next]) <= x; next++)
            str_appendf(&drawing->data, "%g\t%g\t%s\n", -log10(1 - named[next]),
                        stats_quantile_sorted(sorted, count, named[next]) / 1e6,
                        chart_tip(view, chart, quantile_tip(view, label, sorted, count, named[next])));
        str_appendf(&drawing->data, "%g\t%g\t\n", x, stats_quantile_sorted(sorted, count, 1 - pow(10, -x)) / 1e6);
    }
    chart_next_block(drawing);
}

bool chart_latency(const struct view *view, struct chart *chart, struct chart_drawing *drawing)
{
    struct lines lines = { 0 };
    struct chart_names models = { 0 };
    collect(view, &lines);
    if (lines.count == 0) {
        chart->reason = "no decode case recorded the times of single tokens";
        return false;
    }
    bool one_model = chart_one_model(view, "generate", "decode");
    double low = INFINITY, high = 0, x_end = 1;
    struct str *settings = &drawing->settings, dashes = { 0 };
    str_append(settings, "COLOR = '");
    for (int n = 0; n < lines.count; n++) {
        const struct view_case *line = lines.items[n];
        size_t count = line->source->value_count;
        double *sorted = mem_array(count, sizeof *sorted);
        memcpy(sorted, line->source->values_ns, count * sizeof *sorted);
        stats_sort(sorted, count);
        low = fmin(low, sorted[0] / 1e6);
        high = fmax(high, sorted[count - 1] / 1e6);
        x_end = fmax(x_end, log10((double)count));
        const char *model = chart_model_label(view, line->name, one_model);
        double threads = case_name_number(line->name, "threads", 1);
        const char *label = arena_format(view->arena, "%s, %g thread%s", model, threads, threads == 1 ? "" : "s");
        append_line(view, chart, label, sorted, count, drawing);
        int color = chart_names_index(&models, model) % CHART_SERIES;
        str_appendf(settings, "%d ", color);
        str_append(&dashes, threads == 1 ? "1 " : "0 ");
        chart_legend_add(chart, label, color, threads == 1 ? CHART_DASH : CHART_LINE);
        free(sorted);
    }
    bool logarithmic = high > 4 * low;
    str_appendf(settings, "'; DASH = '%s'\nXMAX = %g; LOGY = %d; YMIN = %g; YMAX = %g; YTICK = %g; SERIES = %d\n",
                str_text(&dashes), x_end * 1.02, logarithmic, logarithmic ? low / 1.15 : 0, high * 1.08,
                chart_tick(high, 6), lines.count);
    str_release(&dashes);
    chart->note = arena_format(view->arena, "Time of each decoded token at context %g, all processes together%s.",
                               lines.context, lines.cut ? "; the first 6 lines" : "");
    return true;
}
