/* chart_heat.c: cases over runs as a map of colours: where steps are, which cases they hit together, what is noise. */
#include "harness/base/str.h"
#include "harness/judge/judge.h"
#include "reports/chart.h"
#include <math.h>

enum { WIDE_COLUMNS = 40, NARROW_COLUMNS = 12, ROW_PX = 21, MIDDLE = 4 };
#define OUTSIDE "-9\t-9\t"

/* Steps of the scale, as shares: the usual wobble of a quiet machine has no colour. */
static const double limits[MIDDLE] = { 0.01, 0.025, 0.05, 0.1 };

static int step_of(double effect)
{
    int step = 0;
    while (step < MIDDLE && fabs(effect) >= limits[step])
        step++;
    return CHART_STEP_0 + (effect < 0 ? MIDDLE - step : MIDDLE + step);
}

static void append_cells(const struct view *view, struct chart *chart, const struct chart_heat *heat, size_t first,
                         struct chart_drawing *drawing)
{
    struct str tips = { 0 };
    str_append(&drawing->data, OUTSIDE "-9\t-9\t-9\t-9\t36\n");
    str_append(&tips, OUTSIDE "t0\n");
    chart_tip(view, chart, "");
    for (size_t r = 0; r < heat->row_count; r++)
        for (size_t c = first; c < heat->column_count; c++) {
            double effect = heat->effects[r * heat->column_count + c], x = (double)(c - first) + 0.5,
                   y = (double)r + 0.5;
            if (!isfinite(effect))
                continue;
            int step = step_of(effect);
            str_appendf(&drawing->data, "%g\t%g\t%g\t%g\t%g\t%g\t%d\n", x, y, x - 0.47, x + 0.47, y - 0.44, y + 0.44,
                        step);
            if (step != CHART_STEP_0 + MIDDLE)
                str_appendf(&tips, "%g\t%g\t%s\n", x, y,
                            chart_tip(view, chart,
                                      arena_format(view->arena, "%s\n%s\n%+.1f %%", heat->rows[r], heat->columns[c],
                                                   judge_percent(effect))));
        }
    chart_next_block(drawing);
    str_append(&drawing->data, OUTSIDE "-\n");
    for (size_t r = 0; r < heat->row_count; r++)
        chart_label(&drawing->data, drawing, 0, (double)r + 0.5, heat->rows[r], drawing->left - 14);
    chart_next_block(drawing);
    str_append(&drawing->data, str_text(&tips));
    str_release(&tips);
}

bool chart_heat(const struct view *view, struct chart *chart, struct chart_drawing *drawing)
{
    const struct chart_heat *heat = chart->subject;
    /* The labels of the columns are made of digits: they stand in the script. */
    size_t most = drawing->narrow ? NARROW_COLUMNS : WIDE_COLUMNS, step = drawing->narrow ? 4 : 3;
    if (heat->row_count == 0 || heat->column_count < 2) {
        chart->reason = "a map over runs takes two runs that measured the same case";
        return false;
    }
    size_t first = heat->column_count > most ? heat->column_count - most : 0;
    drawing->left = drawing->narrow ? 205 : 400;
    drawing->right = 30;
    drawing->top = 4;
    drawing->bottom = 44;
    drawing->font = drawing->narrow ? 10 : 12;
    drawing->height = drawing->top + drawing->bottom + ROW_PX * (double)heat->row_count;
    append_cells(view, chart, heat, first, drawing);
    str_append(&drawing->settings, "XTICS = \"");
    for (size_t c = first; c < heat->column_count; c += step)
        str_appendf(&drawing->settings, "%s'%.20s' %g", c > first ? ", " : "", heat->column_labels[c],
                    (double)(c - first) + 0.5);
    str_appendf(&drawing->settings, "\"; XMAX = %zu; YMAX = %zu\n", heat->column_count - first, heat->row_count);
    drawing->script = "heat";
    chart->note =
        "Each run against the middle of its row. Orange: worse, blue: better, in steps of more than 1, 2.5, 5 "
        "and 10 %. Cases with steps first, then those that vary most.";
    return true;
}
