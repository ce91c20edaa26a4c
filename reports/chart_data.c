/* chart_data.c: what the prepare functions share. */
#include "harness/base/mem.h"
#include "harness/base/str.h"
#include "harness/base/case_name.h"
#include "reports/chart.h"
#include "reports/escape.h"
#include <math.h>

const char *chart_tip(const struct view *view, struct chart *chart, const char *text)
{
    if (chart->tip_count >= chart->tip_capacity) {
        size_t capacity = chart->tip_capacity ? 2 * chart->tip_capacity : 64;
        const char **tips = arena_array(view->arena, capacity, sizeof *tips);
        for (size_t i = 0; i < chart->tip_count; i++)
            tips[i] = chart->tips[i];
        chart->tips = tips;
        chart->tip_capacity = capacity;
    }
    chart->tips[chart->tip_count] = text;
    return arena_format(view->arena, "t%zu", chart->tip_count++);
}

void chart_legend_add(struct chart *chart, const char *text, int series, enum chart_mark mark)
{
    if (chart->legend_count < CHART_LEGEND_LIMIT)
        chart->legend[chart->legend_count++] = (struct chart_legend){ text, series, mark };
}

void chart_next_block(struct chart_drawing *drawing)
{
    str_append(&drawing->data, "\n\n");
}

/* Mean width of a character in units of the font size: of wide fonts (DejaVu Sans), so that labels rather stay apart.
 */
static const double character_width = 0.61;

double chart_text_width(const char *text, double font)
{
    return character_width * font * escape_width(text);
}

void chart_label(struct str *out, const struct chart_drawing *drawing, double x, double y, const char *text,
                 double room)
{
    struct str fitted = { 0 };
    escape_fit(&fitted, text, (int)(room / (character_width * drawing->font)));
    str_appendf(out, "%g\t%g\t", x, y);
    escape_chart(out, str_text(&fitted));
    str_append_char(out, '\n');
    str_release(&fitted);
}

bool chart_is_case(const struct view_case *view_case, const char *suite, const char *operation)
{
    return view_case->main.count && str_equal(view_case->suite, suite) && str_equal(view_case->operation, operation);
}

bool chart_one_model(const struct view *view, const char *suite, const char *operation)
{
    const char *model = NULL;
    for (size_t i = 0; i < view->case_count; i++) {
        if (!chart_is_case(&view->cases[i], suite, operation))
            continue;
        const char *mine = case_name_part(view->arena, view->cases[i].name, 1);
        if (model && !str_equal(model, mine))
            return false;
        model = mine;
    }
    return true;
}

const char *chart_model_label(const struct view *view, const char *name, bool one_model)
{
    const char *model = case_name_part(view->arena, name, 1), *format = case_name_part(view->arena, name, 2);
    return one_model ? format : arena_format(view->arena, "%s %s", model, format);
}

double chart_tick(double maximum, int count)
{
    if (!(maximum > 0))
        return 1;
    double base = pow(10, floor(log10(maximum / count)));
    static const double steps[] = { 1, 2, 5, 10 };
    for (int i = 0; i < 4; i++)
        if (maximum / (steps[i] * base) <= count)
            return steps[i] * base;
    return 10 * base;
}

int chart_names_index(struct chart_names *names, const char *name)
{
    for (size_t i = 0; i < names->count; i++)
        if (str_equal(names->names[i], name))
            return (int)i;
    if (names->count >= sizeof names->names / sizeof names->names[0])
        return -1;
    names->names[names->count] = name;
    return (int)names->count++;
}
