/* chart_kernels.c: how fast each operation and format is with each instruction set, at its best shape. */
#include "harness/base/str.h"
#include "harness/base/case_name.h"
#include "reports/chart.h"
#include <math.h>
#include <string.h>

enum { ROW_LIMIT = 28 };

/* Fixed, so that an instruction set has the same colour in every report. */
static const struct {
    const char *name;
    int series;
} isas[] = { { "scalar", 7 },     { "avx2", 0 },       { "avxvnni", 4 }, { "avx512", 1 },
             { "avx512vnni", 2 }, { "avx512bf16", 3 }, { "amx", 5 },     { "other", 6 } };
enum { ISAS = sizeof isas / sizeof isas[0] };

struct rows {
    struct chart_names names; /* "matmul q8_0" */
    const struct view_case *best[ROW_LIMIT][ISAS];
    bool cut;
};

static int isa_of(const struct view *view, const char *name)
{
    const char *part = case_name_part(view->arena, name, 2);
    size_t length = strcspn(part, "_");
    for (int i = 0; i < ISAS - 1; i++)
        if (strlen(isas[i].name) == length && strncmp(part, isas[i].name, length) == 0)
            return i;
    return ISAS - 1;
}

static double rate_of(const struct view_case *view_case)
{
    const struct stats_summary *rate = view_metric(view_case, "flops_per_second");
    return rate ? rate->median / 1e9 : 0;
}

/* Rows of one operation, so that they stand together. */
static void collect_operation(const struct view *view, struct rows *rows, const char *operation)
{
    for (size_t i = 0; i < view->case_count; i++) {
        const struct view_case *view_case = &view->cases[i];
        if (!str_equal(view_case->suite, "kernels") || !str_equal(view_case->operation, operation) ||
            !(rate_of(view_case) > 0))
            continue;
        int row = chart_names_index(&rows->names, arena_format(view->arena, "%s %s", view_case->operation,
                                                               case_name_part(view->arena, view_case->name, 1)));
        if (row < 0 || row >= ROW_LIMIT) {
            rows->cut = true;
            continue;
        }
        int isa = isa_of(view, view_case->name);
        if (!rows->best[row][isa] || rate_of(view_case) > rate_of(rows->best[row][isa]))
            rows->best[row][isa] = view_case;
    }
}

static void collect(const struct view *view, struct rows *rows)
{
    struct chart_names operations = { 0 };
    for (size_t i = 0; i < view->case_count; i++) {
        size_t known = operations.count;
        const char *operation = view->cases[i].operation;
        if (str_equal(view->cases[i].suite, "kernels") && !str_equal(operation, "peak") &&
            chart_names_index(&operations, operation) >= 0 && operations.count > known)
            collect_operation(view, rows, operation);
    }
    if (rows->names.count > ROW_LIMIT)
        rows->names.count = ROW_LIMIT;
}

static void row_range(const struct rows *rows, size_t row, double *low, double *high)
{
    for (int i = 0; i < ISAS; i++)
        if (rows->best[row][i]) {
            *low = fmin(*low, rate_of(rows->best[row][i]));
            *high = fmax(*high, rate_of(rows->best[row][i]));
        }
}

static void append_guides(const struct rows *rows, struct chart_drawing *drawing, double low, double step)
{
    for (size_t r = 0; r < rows->names.count; r++)
        chart_label(&drawing->data, drawing, low, ((double)r + 0.5) * step, rows->names.names[r], drawing->left);
    chart_next_block(drawing);
    for (size_t r = 0; r < rows->names.count; r++) {
        double first = INFINITY, last = 0;
        row_range(rows, r, &first, &last);
        str_appendf(&drawing->data, "%g\t%g\t%g\n", first, ((double)r + 0.5) * step, last - first);
    }
    chart_next_block(drawing);
}

bool chart_kernels(const struct view *view, struct chart *chart, struct chart_drawing *drawing)
{
    struct rows rows = { 0 };
    collect(view, &rows);
    if (rows.names.count == 0) {
        chart->reason = "this run has no kernels with a rate";
        return false;
    }
    double low = INFINITY, high = 0, widest = 0, step = 21;
    for (size_t r = 0; r < rows.names.count; r++) {
        row_range(&rows, r, &low, &high);
        widest = fmax(widest, chart_text_width(rows.names.names[r], drawing->font));
    }
    low /= 1.3;
    drawing->left = fmin(widest + 16, 0.4 * drawing->width);
    drawing->height = drawing->top + (double)rows.names.count * step + drawing->bottom;
    append_guides(&rows, drawing, low, step);
    int series = 0;
    str_append(&drawing->settings, "COLOR = '");
    for (int isa = 0; isa < ISAS; isa++) {
        bool any = false;
        for (size_t r = 0; r < rows.names.count; r++) {
            const struct view_case *best = rows.best[r][isa];
            if (!best)
                continue;
            any = true;
            str_appendf(&drawing->data, "%g\t%g\t%s\n", rate_of(best), ((double)r + 0.5) * step,
                        chart_tip(view, chart, view_tip(view, best)));
        }
        if (!any)
            continue;
        chart_next_block(drawing);
        chart_legend_add(chart, isas[isa].name, isas[isa].series, CHART_DOT);
        str_appendf(&drawing->settings, "%d ", isas[isa].series);
        series++;
    }
    str_appendf(&drawing->settings, "'; SERIES = %d; XMIN = %g; XMAX = %g; YMAX = %g\n", series, low, high * 1.3,
                (double)rows.names.count * step);
    chart->note = arena_format(view->arena, "The fastest shape of each operation and format, by instruction set%s.",
                               rows.cut ? "; the first 28 rows" : "");
    return true;
}
