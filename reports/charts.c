/* charts.c: the table of charts, and the one gnuplot process that draws them all. */
#include "harness/base/file.h"
#include "harness/base/log.h"
#include "harness/base/mem.h"
#include "reports/asset.h"
#include "reports/chart.h"
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const struct chart_row {
    const char *id, *title;
    chart_prepare *prepare;
    bool wide;
    double heights[CHART_LAYOUTS];
} rows[] = {
    /* In the order of the page (but see pair_first), the wide ones last. */
    { "decode", "Decode rate", chart_decode, false, { 330, 330 } },
    { "layers", "Where a layer's time goes", chart_layers, false, { 330, 330 } },
    { "prefill", "Prefill rate", chart_prefill, false, { 330, 330 } },
    { "latency", "Latency of single tokens", chart_latency, false, { 330, 330 } },

    { "roofline", "Roofline of the kernels", chart_roofline, true, { 500, 430 } },
    { "kernels", "Kernels by instruction set", chart_kernels, true, { 400, 400 } },
    { "memory", "Memory over time", chart_memory, true, { 280, 300 } },
    { "noise", "Samples over the run", chart_noise, true, { 260, 260 } },
};
enum { ROWS = sizeof rows / sizeof rows[0] };

static const char *const layout_names[CHART_LAYOUTS] = { "wide", "narrow" };

static struct chart_drawing new_drawing(const struct chart_row *row, int layout)
{
    bool narrow = layout == 1;
    return (struct chart_drawing){
        .narrow = narrow,
        .script = row->id,
        .width = narrow      ? 400
                 : row->wide ? 1120
                             : 550,
        .height = row->heights[layout],
        .font = 13,
        .left = 62,
        .right = 16,
        .top = 12,
        .bottom = 48,
    };
}

/* The lines that draw one layout of a chart: settings, shared style, the chart's own script. */
static void append_script(struct str *script, const struct chart_row *row, const struct chart_drawing *drawing,
                          const char *directory, const char *layout)
{
    char script_name[64];
    snprintf(script_name, sizeof script_name, "charts/%s.gp", drawing->script);
    str_appendf(script, "reset\nW = %g; H = %g; FONT = %g; NARROW = %d\n", drawing->width, drawing->height,
                drawing->font, drawing->narrow);
    str_appendf(script, "ML = %g; MR = %g; MT = %g; MB = %g\n", drawing->left, drawing->right, drawing->top,
                drawing->bottom);
    str_appendf(script, "DATA = '%s/%s_%s.tsv'; OUT = '%s/%s_%s.svg'\n", directory, row->id, layout, directory, row->id,
                layout);
    str_append(script, str_text(&drawing->settings));
    str_append(script, asset_text("charts/style.gp"));
    str_append(script, asset_text(script_name));
    str_append(script, "\nunset output\n");
}

/* directory/<id>_<layout>.<ending>, in the arena. */
static const char *file_of(const struct view *view, const char *directory, size_t row, int layout, const char *ending)
{
    return arena_format(view->arena, "%s/%s_%s.%s", directory, rows[row].id, layout_names[layout], ending);
}

/* Prepares every chart and writes its data and script files; lists the scripts. */
static int write_inputs(const struct view *view, struct chart *charts, const char *directory,
                        const char *scripts[ROWS * CHART_LAYOUTS], size_t *count, struct error *error)
{
    int code = 0;
    *count = 0;
    for (size_t i = 0; i < ROWS && !code; i++)
        for (int layout = 0; layout < CHART_LAYOUTS && !code; layout++) {
            struct chart_drawing drawing = new_drawing(&rows[i], layout);
            struct str script = { 0 };
            charts[i].legend_count = charts[i].tip_count = 0;
            if (rows[i].prepare(view, &charts[i], &drawing)) {
                if (layout == 0)
                    charts[i].height = drawing.height;
                append_script(&script, &rows[i], &drawing, directory, layout_names[layout]);
                scripts[*count] = file_of(view, directory, i, layout, "gp");
                code = file_write(file_of(view, directory, i, layout, "tsv"), str_text(&drawing.data),
                                  drawing.data.length, error);
                if (!code)
                    code = file_write(scripts[(*count)++], str_text(&script), script.length, error);
            }
            str_release(&script);
            str_release(&drawing.data);
            str_release(&drawing.settings);
        }
    return code;
}

static void read_drawings(const struct view *view, struct chart *chart, const char *directory, size_t row)
{
    for (int layout = 0; layout < CHART_LAYOUTS; layout++) {
        char prefix[64];
        char *text;
        size_t length;
        snprintf(prefix, sizeof prefix, "%s-%s-", chart->id, layout_names[layout]);
        if (file_read(file_of(view, directory, row, layout, "svg"), &text, &length, NULL) != 0)
            continue;
        chart->svg[layout] = svg_inline(view->arena, text, chart, prefix);
        free(text);
    }
}

static void remove_directory(const struct view *view, const char *directory)
{
    static const char *const endings[] = { "tsv", "gp", "svg" };
    for (size_t i = 0; i < ROWS; i++)
        for (int layout = 0; layout < CHART_LAYOUTS; layout++)
            for (size_t e = 0; e < sizeof endings / sizeof endings[0]; e++)
                unlink(file_of(view, directory, i, layout, endings[e]));
    unlink(arena_format(view->arena, "%s/stderr", directory));
    rmdir(directory);
}

static bool is_single_quoted_safe(const char *text)
{
    return strpbrk(text, "'\n") == NULL;
}

/* All scripts in one process; if gnuplot refuses one of them, each alone, so that only the bad one is missing. */
static int run_scripts(const char *gnuplot, const char *directory, const char *const *scripts, size_t count,
                       struct error *error)
{
    int code = count ? gnuplot_run(gnuplot, directory, scripts, count, error) : 0;
    for (size_t i = 0; code == ERROR_FORMAT && i < count; i++)
        gnuplot_run(gnuplot, directory, &scripts[i], 1, NULL);
    return code;
}

/* Draws into a fresh temporary directory. */
static int draw(const struct view *view, struct chart *charts, const char *gnuplot, struct error *error)
{
    const char *base = getenv("TMPDIR"), *scripts[ROWS * CHART_LAYOUTS];
    char directory[400];
    size_t count;
    if (!base || !*base || !is_single_quoted_safe(base) || strlen(base) > 300)
        base = "/tmp";
    snprintf(directory, sizeof directory, "%s/prony-charts-XXXXXX", base);
    if (!mkdtemp(directory))
        return error_system(error, errno, "%s", directory);
    int code = write_inputs(view, charts, directory, scripts, &count, error);
    if (!code)
        code = run_scripts(gnuplot, directory, scripts, count, error);
    for (size_t i = 0; i < ROWS; i++)
        read_drawings(view, &charts[i], directory, i);
    remove_directory(view, directory);
    return code;
}

/* Charts that are not wide stand side by side: the first gets the neighbour whose height is nearest to its own. */
static void pair_first(struct chart *charts)
{
    size_t best = 0;
    for (size_t i = 1; i < ROWS; i++)
        if (!charts[i].reason && !charts[i].wide &&
            (!best || fabs(charts[i].height - charts[0].height) < fabs(charts[best].height - charts[0].height)))
            best = i;
    if (charts[0].reason || !best)
        return;
    struct chart neighbour = charts[best];
    memmove(charts + 2, charts + 1, (best - 1) * sizeof *charts);
    charts[1] = neighbour;
}

void charts_draw(const struct view *view, const char *gnuplot, struct chart **charts_out, size_t *count)
{
    struct chart *charts = arena_array(view->arena, ROWS, sizeof *charts);
    for (size_t i = 0; i < ROWS; i++)
        charts[i] = (struct chart){ .id = rows[i].id, .title = rows[i].title, .wide = rows[i].wide };
    *charts_out = charts;
    *count = gnuplot ? ROWS : 0;
    if (!gnuplot)
        return;
    struct error error = { 0 };
    if (draw(view, charts, gnuplot, &error) != 0)
        log_warn("charts are missing from the report: %s", error.text);
    for (size_t i = 0; i < ROWS; i++)
        if (!charts[i].reason && !charts[i].svg[0]) {
            charts[i].failed = true;
            charts[i].reason =
                arena_format(view->arena, "not drawn: %s", *error.text ? error.text : "gnuplot wrote nothing");
        }
    pair_first(charts);
}
