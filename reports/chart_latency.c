/* chart_latency.c: the distribution of the times of single tokens, all processes together.
 *
 * The x axis is -log10(1 - q), so that the tail, which an average hides, gets as much room as the middle (the axis of
 * HdrHistogram plots). */
#include "harness/base/mem.h"
#include "harness/base/str.h"
#include "harness/base/case_name.h"
#include "reports/chart.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { LINE_LIMIT = 6, POINTS = 120, VALUE_MINIMUM = 8 };

struct lines {
    const struct view_case *items[LINE_LIMIT];
    int count;
    bool cut;
};

static bool is_timed(const struct view_case *view_case)
{
    return chart_is_case(view_case, "generate", "decode") && view_case->source->value_count >= VALUE_MINIMUM;
}

static bool same_but_context(struct arena *arena, const char *a, const char *b)
{
    return str_equal(case_name_part(arena, a, 1), case_name_part(arena, b, 1)) &&
           str_equal(case_name_part(arena, a, 2), case_name_part(arena, b, 2)) &&
           case_name_number(a, "threads", 1) == case_name_number(b, "threads", 1);
}

/* Timed, and no other timed case of the same model, format and thread count has a smaller context. */
static bool is_candidate(const struct view *view, const struct view_case *view_case)
{
    if (!is_timed(view_case))
        return false;
    double context = case_name_number(view_case->name, "ctx", 0);
    for (size_t i = 0; i < view->case_count; i++)
        if (is_timed(&view->cases[i]) && case_name_number(view->cases[i].name, "ctx", 0) < context &&
            same_but_context(view->arena, view->cases[i].name, view_case->name))
            return false;
    return true;
}

/* If there are more candidates than lines, only those with the most threads. */
static void collect(const struct view *view, struct lines *lines)
{
    double most_threads = 0;
    size_t candidates = 0;
    for (size_t i = 0; i < view->case_count; i++)
        if (is_candidate(view, &view->cases[i])) {
            most_threads = fmax(most_threads, case_name_number(view->cases[i].name, "threads", 1));
            candidates++;
        }
    for (size_t i = 0; i < view->case_count; i++) {
        const struct view_case *view_case = &view->cases[i];
        if (!is_candidate(view, view_case))
            continue;
        if (lines->count == LINE_LIMIT ||
            (candidates > LINE_LIMIT && case_name_number(view_case->name, "threads", 1) != most_threads))
            lines->cut = true;
        else
            lines->items[lines->count++] = view_case;
    }
}

static const char *quantile_tip(const struct view *view, const char *label, const double *sorted, size_t count,
                                double q)
{
    return arena_format(view->arena, "%s\np%g %.4g ms\nn %zu tokens", label, 100 * q,
                        stats_quantile_sorted(sorted, count, q) / 1e6, count);
}

/* POINTS quantiles at equal steps of the axis, then the named ones that so many tokens can tell. */
void chart_latency_line(const struct view *view, struct chart *chart, const char *label, const double *sorted,
                        size_t count, struct chart_drawing *drawing)
{
    static const double named[] = { 0.5, 0.9, 0.99, 0.999 };
    double end = log10((double)count);
    for (int p = 0; p <= POINTS; p++) {
        double x = end * p / POINTS;
        str_appendf(&drawing->data, "%g\t%g\n", x, stats_quantile_sorted(sorted, count, 1 - pow(10, -x)) / 1e6);
    }
    chart_next_block(drawing);
    for (size_t q = 0; q < sizeof named / sizeof named[0] && -log10(1 - named[q]) <= end; q++)
        str_appendf(&drawing->data, "%g\t%g\t%s\n", -log10(1 - named[q]),
                    stats_quantile_sorted(sorted, count, named[q]) / 1e6,
                    chart_tip(view, chart, quantile_tip(view, label, sorted, count, named[q])));
    chart_next_block(drawing);
}

void chart_latency_axes(struct str *settings, double low_ms, double high_ms, double x_end, int line_count)
{
    bool logarithmic = low_ms > 0 && high_ms > 4 * low_ms;
    str_appendf(settings, "XMAX = %g; LOGY = %d; YMIN = %g; YMAX = %g; YTICK = %g; SERIES = %d\n", x_end * 1.02,
                logarithmic, logarithmic ? low_ms / 1.15 : 0, high_ms > 0 ? high_ms * 1.08 : 1, chart_tick(high_ms, 6),
                line_count);
}

/* Colour is the model, a dashed line one thread. Two lines of a model on several threads would look the same: then each
 * line has a colour of its own. */
static bool look_the_same(const struct view *view, const struct lines *lines, bool one_model)
{
    for (int a = 0; a < lines->count; a++)
        for (int b = a + 1; b < lines->count; b++) {
            const char *left = lines->items[a]->name, *right = lines->items[b]->name;
            if (str_equal(chart_model_label(view, left, one_model), chart_model_label(view, right, one_model)) &&
                (case_name_number(left, "threads", 1) == 1) == (case_name_number(right, "threads", 1) == 1))
                return true;
        }
    return false;
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
    bool by_line = look_the_same(view, &lines, one_model);
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
        chart_latency_line(view, chart, label, sorted, count, drawing);
        int color = (by_line ? n : chart_names_index(&models, model)) % CHART_SERIES;
        str_appendf(settings, "%d ", color);
        str_append(&dashes, threads == 1 ? "1 " : "0 ");
        chart_legend_add(chart, label, color, threads == 1 ? CHART_DASH : CHART_LINE);
        free(sorted);
    }
    str_appendf(settings, "'; DASH = '%s'\n", str_text(&dashes));
    chart_latency_axes(settings, low, high, x_end, lines.count);
    str_release(&dashes);
    chart->note =
        arena_format(view->arena, "Time of each decoded token at the smallest context, all processes together%s.",
                     lines.cut ? "; not all lines are drawn" : "");
    return true;
}
