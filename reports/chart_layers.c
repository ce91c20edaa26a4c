/* chart_layers.c: the parts of a layer as shares of the whole layer. Parts are timed alone, so they need not add up;
 * what they leave is drawn as "rest". */
#include "harness/base/str.h"
#include "harness/base/case_name.h"
#include "reports/chart.h"
#include <math.h>

enum { ROW_LIMIT = 12 };

static const char *const parts[] = { "attention", "ffn", "norm", "rope", "layer" };
enum { PARTS = sizeof parts / sizeof parts[0], WHOLE = PARTS - 1 };

struct rows {
    struct chart_names names; /* "q8_0, 512 tokens" */
    const struct view_case *cells[ROW_LIMIT][PARTS];
};

static bool is_part(const struct view_case *view_case)
{
    for (int p = 0; p < PARTS; p++)
        if (chart_is_case(view_case, "layers", parts[p]))
            return true;
    return false;
}

static const char *row_label(const struct view *view, const char *name, bool one_model)
{
    double tokens = case_name_number(name, "tokens", 0);
    return arena_format(view->arena, "%s, %g token%s", chart_model_label(view, name, one_model), tokens,
                        tokens == 1 ? "" : "s");
}

static void collect(const struct view *view, struct rows *rows)
{
    bool one_model = chart_one_model(view, "layers", "layer");
    double threads = INFINITY;
    for (size_t i = 0; i < view->case_count; i++)
        if (is_part(&view->cases[i]))
            threads = fmin(threads, case_name_number(view->cases[i].name, "threads", 1));
    for (size_t i = 0; i < view->case_count; i++)
        for (int p = 0; p < PARTS; p++) {
            const struct view_case *view_case = &view->cases[i];
            if (!chart_is_case(view_case, "layers", parts[p]) ||
                case_name_number(view_case->name, "threads", 1) != threads)
                continue;
            int row = chart_names_index(&rows->names, row_label(view, view_case->name, one_model));
            if (row >= 0 && row < ROW_LIMIT)
                rows->cells[row][p] = view_case;
        }
    if (rows->names.count > ROW_LIMIT)
        rows->names.count = ROW_LIMIT;
}

/* Rows without the whole layer have nothing to be a share of. */
static void drop_incomplete(struct rows *rows)
{
    size_t kept = 0;
    for (size_t r = 0; r < rows->names.count; r++) {
        bool any = false;
        for (int p = 0; p < WHOLE; p++)
            any = any || rows->cells[r][p];
        if (!any || !rows->cells[r][WHOLE])
            continue;
        rows->names.names[kept] = rows->names.names[r];
        for (int p = 0; p < PARTS; p++)
            rows->cells[kept][p] = rows->cells[r][p];
        kept++;
    }
    rows->names.count = kept;
}

static void append_segment(struct str *data, double from, double to, double top, double bar, int color)
{
    str_appendf(data, "%g\t%g\t%g\t%g\t%g\t%g\t%d\n", (from + to) / 2, top + bar / 2, from, to, top, top + bar,
                CHART_SERIES_0 + color);
}

static void append_rows(const struct view *view, struct chart *chart, const struct rows *rows,
                        struct chart_drawing *drawing, double bar, double step)
{
    struct str labels = { 0 }, totals = { 0 }, tips = { 0 };
    for (size_t r = 0; r < rows->names.count; r++) {
        double whole = rows->cells[r][WHOLE]->time_ns.median, sum = 0, at = 0, top = (double)(r + 1) * step - bar - 8,
               middle = top + bar / 2;
        for (int p = 0; p < WHOLE; p++)
            sum += rows->cells[r][p] ? rows->cells[r][p]->time_ns.median : 0;
        for (int p = 0; p < WHOLE; p++) {
            const struct view_case *cell = rows->cells[r][p];
            if (!cell)
                continue;
            double share = 100 * cell->time_ns.median / fmax(whole, sum);
            append_segment(&drawing->data, at, at + share, top, bar, p);
            str_appendf(&tips, "%g\t%g\t%s\n", at + share / 2, middle,
                        chart_tip(view, chart, arena_format(view->arena, "%s\n%.1f %%", view_tip(view, cell), share)));
            at += share;
        }
        if (at < 99.95)
            append_segment(&drawing->data, at, 100, top, bar, 7);
        char time[48];
        str_appendf(&totals, "%g\t%g\t%s\n", fmax(at, 100), middle,
                    number_text(time, sizeof time, NUMBER_TIME_NS, whole));
        chart_label(&labels, drawing, 0, drawing->narrow ? top - 10 : middle, rows->names.names[r],
                    drawing->narrow ? drawing->width - 20 : drawing->left);
    }
    str_appendf(&drawing->data, "\n\n%s\n\n%s\n\n%s", str_text(&labels), str_text(&totals), str_text(&tips));
    str_release(&labels);
    str_release(&totals);
    str_release(&tips);
}

bool chart_layers(const struct view *view, struct chart *chart, struct chart_drawing *drawing)
{
    struct rows rows = { 0 };
    collect(view, &rows);
    drop_incomplete(&rows);
    if (rows.names.count == 0) {
        chart->reason = "it needs the layers suite with a whole layer and its parts";
        return false;
    }
    /* On a narrow screen the labels stand above the bars. */
    double bar = 20, step = drawing->narrow ? 48 : 30, label = 0;
    for (size_t r = 0; r < rows.names.count; r++)
        label = fmax(label, chart_text_width(rows.names.names[r], drawing->font));
    drawing->left = drawing->narrow ? 14 : fmin(label + 16, 0.45 * drawing->width);
    drawing->right = 70;
    drawing->height = drawing->top + (double)rows.names.count * step + drawing->bottom;
    append_rows(view, chart, &rows, drawing, bar, step);
    str_appendf(&drawing->settings, "YMAX = %g\n", drawing->height - drawing->top - drawing->bottom);
    for (int p = 0; p < WHOLE; p++)
        for (size_t r = 0; r < rows.names.count; r++)
            if (rows.cells[r][p]) {
                chart_legend_add(chart, parts[p], p, CHART_BAR);
                break;
            }
    chart_legend_add(chart, "rest", 7, CHART_BAR);
    chart->note =
        "Each part timed alone, as a share of the whole layer (or of their sum if that is more); at the right the "
        "time of the layer.";
    return true;
}
