/* charts.c: the table of charts, and the one gnuplot process that draws them all. */
#include "harness/base/file.h"
#include "harness/base/log.h"
#include "harness/base/mem.h"
#include "reports/asset.h"
#include "reports/chart.h"
#include <errno.h>
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
    /* In the order of the page, the wide ones last. */
    { "decode", "Decode rate", chart_decode, false, { 330, 330 } },
    { "layers", "Where a layer's time goes", chart_layers, false, { 330, 330 } },
    { "prefill", "Prefill rate", chart_prefill, false, { 330, 330 } },
    { "latency", "Latency of single tokens", chart_latency, false, { 330, 330 } },
    { "roofline", "Roofline of the kernels", chart_roofline, true, { 500, 430 } },
    { "kernels", "Kernels by instruction set", chart_kernels, true, { 400, 400 } },
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

/* Prepares every chart and writes the data files and the script; the number of drawings, or -1 with an error. */
static int write_inputs(const struct view *view, struct chart *charts, const char *directory, const char *script_path,
                        struct error *error)
{
    struct str script = { 0 };
    int drawings = 0, code = 0;
    for (size_t i = 0; i < ROWS && !code; i++)
        for (int layout = 0; layout < CHART_LAYOUTS && !code; layout++) {
            struct chart_drawing drawing = new_drawing(&rows[i], layout);
            charts[i].legend_count = charts[i].tip_count = 0;
            if (rows[i].prepare(view, &charts[i], &drawing)) {
                char path[512];
                snprintf(path, sizeof path, "%s/%s_%s.tsv", directory, rows[i].id, layout_names[layout]);
                code = file_write(path, str_text(&drawing.data), drawing.data.length, error);
                append_script(&script, &rows[i], &drawing, directory, layout_names[layout]);
                drawings++;
                if (layout == 0)
                    charts[i].height = drawing.height;
            }
            str_release(&drawing.data);
            str_release(&drawing.settings);
        }
    if (!code)
        code = file_write(script_path, str_text(&script), script.length, error);
    str_release(&script);
    return code ? -1 : drawings;
}

static void read_drawings(const struct view *view, struct chart *chart, const char *directory)
{
    for (int layout = 0; layout < CHART_LAYOUTS; layout++) {
        char path[512], prefix[64];
        char *text;
        size_t length;
        snprintf(path, sizeof path, "%s/%s_%s.svg", directory, chart->id, layout_names[layout]);
        snprintf(prefix, sizeof prefix, "%s-%s-", chart->id, layout_names[layout]);
        if (file_read(path, &text, &length, NULL) != 0)
            continue;
        chart->svg[layout] = svg_inline(view->arena, text, chart, prefix);
        free(text);
    }
}

static void remove_directory(const char *directory)
{
    char path[512];
    for (size_t i = 0; i < ROWS; i++)
        for (int layout = 0; layout < CHART_LAYOUTS; layout++) {
            snprintf(path, sizeof path, "%s/%s_%s.tsv", directory, rows[i].id, layout_names[layout]);
            unlink(path);
            snprintf(path, sizeof path, "%s/%s_%s.svg", directory, rows[i].id, layout_names[layout]);
            unlink(path);
        }
    snprintf(path, sizeof path, "%s/stderr", directory);
    unlink(path);
    snprintf(path, sizeof path, "%s/all.gp", directory);
    unlink(path);
    rmdir(directory);
}

static bool is_single_quoted_safe(const char *text)
{
    return strpbrk(text, "'\n") == NULL;
}

/* Draws into a fresh temporary directory. */
static int draw(const struct view *view, struct chart *charts, const char *gnuplot, struct error *error)
{
    const char *base = getenv("TMPDIR");
    if (!base || !*base || !is_single_quoted_safe(base) || strlen(base) > 300)
        base = "/tmp";
    char directory[400], script_path[420];
    snprintf(directory, sizeof directory, "%s/prony-charts-XXXXXX", base);
    if (!mkdtemp(directory))
        return error_system(error, errno, "%s", directory);
    snprintf(script_path, sizeof script_path, "%s/all.gp", directory);
    int drawings = write_inputs(view, charts, directory, script_path, error);
    int code = drawings < 0 ? error->code : 0;
    if (drawings > 0) {
        code = gnuplot_run(gnuplot, directory, script_path, error);
        for (size_t i = 0; i < ROWS; i++)
            read_drawings(view, &charts[i], directory);
    }
    remove_directory(directory);
    return code;
}

/* Two charts stand side by side: those that are not wide go from low to high, so that neighbours are alike. */
static void sort_by_height(struct chart *charts)
{
    for (size_t i = 1; i < ROWS; i++)
        for (size_t j = i; j > 0 && !charts[j].wide && !charts[j - 1].wide && charts[j].height < charts[j - 1].height;
             j--) {
            struct chart swap = charts[j];
            charts[j] = charts[j - 1];
            charts[j - 1] = swap;
        }
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
        log_warn("the report has no charts: %s", error.text);
    for (size_t i = 0; i < ROWS; i++)
        if (!charts[i].reason && !charts[i].svg[0]) {
            charts[i].failed = true;
            charts[i].reason =
                arena_format(view->arena, "not drawn: %s", *error.text ? error.text : "gnuplot wrote nothing");
        }
    sort_by_height(charts);
}
