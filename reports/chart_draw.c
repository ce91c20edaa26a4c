/* chart_draw.c: charts for the inside of a page: data and scripts of all jobs go into a temporary directory, gnuplot
 * draws them in one process (many jobs: in a few at once), svg.c reads what it drew. */
#include "harness/base/file.h"
#include "harness/base/mem.h"
#include "reports/asset.h"
#include "reports/chart.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char *const layout_names[CHART_LAYOUTS] = { "wide", "narrow" };

struct chart_drawing chart_drawing_new(const struct chart_job *job, int layout)
{
    bool narrow = layout == 1;
    return (struct chart_drawing){
        .narrow = narrow,
        .script = job->id,
        .width = narrow      ? 400
                 : job->wide ? 1120
                             : 550,
        .height = job->heights[layout],
        .font = 13,
        .left = 62,
        .right = 16,
        .top = 12,
        .bottom = 48,
    };
}

void chart_drawing_release(struct chart_drawing *drawing)
{
    str_release(&drawing->data);
    str_release(&drawing->settings);
}

void chart_script(struct str *script, const struct chart_drawing *drawing, const char *name, const char *format,
                  const char *furniture)
{
    str_append(script, "reset\n");
    if (format)
        str_appendf(script, "FORMAT = '%s'\n", format);
    str_appendf(script, "W = %g; H = %g; FONT = %g; NARROW = %d\n", drawing->width, drawing->height, drawing->font,
                drawing->narrow);
    str_appendf(script, "ML = %g; MR = %g; MT = %g; MB = %g\n", drawing->left, drawing->right, drawing->top,
                drawing->bottom);
    str_appendf(script, "DATA = '%s.tsv'; OUT = '%s'\n", name, name);
    str_append(script, str_text(&drawing->settings));
    str_append(script, asset_text("charts/terminal.gp"));
    if (furniture) {
        str_appendf(script, "FURNITURE = '%s.tsv'\n", furniture);
        str_append(script, asset_text("charts/furniture.gp"));
    }
    char own[96];
    snprintf(own, sizeof own, "charts/%s.gp", drawing->script);
    str_append(script, asset_text("charts/style.gp"));
    str_append(script, asset_text(own));
    str_append(script, furniture ? "\nunset multiplot\nunset output\n" : "\nunset output\n");
}

int chart_file(const char *directory, const char *name, const char *ending, const struct str *text, struct error *error)
{
    char *path = mem_format("%s/%s.%s", directory, name, ending);
    FILE *file = fopen(path, "w");
    int code = 0;
    if (!file || (text->length && fwrite(text->data, 1, text->length, file) != text->length))
        code = error_system(error, errno, "%s", path);
    if (file && fclose(file) != 0 && !code)
        code = error_system(error, errno, "%s", path);
    free(path);
    return code;
}

/* ---- one temporary directory ---- */

struct place {
    const struct view *view;
    const struct chart_job *jobs;
    struct chart *charts;
    size_t count;
    const char *gnuplot;
    char directory[400];
    const char **scripts; /* of the drawings */
    size_t script_count;
};

static const char *name_of(const struct place *place, size_t job, int layout)
{
    return arena_format(place->view->arena, "%s_%s", place->jobs[job].id, layout_names[layout]);
}

static int write_drawing(struct place *place, size_t job, int layout, struct error *error)
{
    struct chart *chart = &place->charts[job];
    struct chart_drawing drawing = chart_drawing_new(&place->jobs[job], layout);
    struct str script = { 0 };
    int code = 0;
    chart->legend_count = chart->tip_count = 0;
    if (place->jobs[job].prepare(place->view, chart, &drawing)) {
        const char *name = name_of(place, job, layout);
        if (layout == 0)
            chart->height = drawing.height;
        chart_script(&script, &drawing, name, "page", NULL);
        code = chart_file(place->directory, name, "tsv", &drawing.data, error);
        if (!code)
            code = chart_file(place->directory, name, "gp", &script, error);
        place->scripts[place->script_count++] = arena_format(place->view->arena, "%s.gp", name);
    }
    str_release(&script);
    chart_drawing_release(&drawing);
    return code;
}

static int write_inputs(struct place *place, struct error *error)
{
    int code = 0;
    for (size_t i = 0; i < place->count && !code; i++)
        for (int layout = 0; layout < CHART_LAYOUTS && !code; layout++)
            if (place->jobs[i].heights[layout] > 0)
                code = write_drawing(place, i, layout, error);
    return code;
}

static void read_drawings(const struct place *place, size_t job)
{
    struct chart *chart = &place->charts[job];
    for (int layout = 0; layout < CHART_LAYOUTS; layout++) {
        const char *name = name_of(place, job, layout);
        char *text, *path = mem_format("%s/%s.svg", place->directory, name);
        size_t length;
        if (file_read(path, &text, &length, NULL) == 0) {
            chart->svg[layout] =
                svg_inline(place->view->arena, text, chart,
                           arena_format(place->view->arena, "%s-%s-", chart->id, layout_names[layout]));
            free(text);
        }
        free(path);
    }
}

static void remove_file(const struct place *place, const char *name, const char *ending)
{
    char *path = mem_format("%s/%s%s", place->directory, name, ending);
    unlink(path);
    free(path);
}

static void remove_directory(const struct place *place)
{
    static const char *const endings[] = { ".tsv", ".gp", ".svg" };
    for (size_t i = 0; i < place->count; i++)
        for (int layout = 0; layout < CHART_LAYOUTS; layout++)
            for (size_t e = 0; e < sizeof endings / sizeof endings[0]; e++)
                remove_file(place, name_of(place, i, layout), endings[e]);
    remove_file(place, "stderr", "");
    rmdir(place->directory);
}

/* All scripts in one process; if gnuplot refuses one of them, each alone, so that only the bad one is missing. */
static int run_scripts(const struct place *place, struct error *error)
{
    int code = place->script_count
                   ? gnuplot_run(place->gnuplot, place->directory, place->scripts, place->script_count, error)
                   : 0;
    for (size_t i = 0; code == ERROR_FORMAT && i < place->script_count; i++)
        gnuplot_run(place->gnuplot, place->directory, &place->scripts[i], 1, NULL);
    return code;
}

static int draw(struct place *place, struct error *error)
{
    const char *base = getenv("TMPDIR");
    if (!base || !*base || strlen(base) > 300)
        base = "/tmp";
    snprintf(place->directory, sizeof place->directory, "%s/prony-charts-XXXXXX", base);
    if (!mkdtemp(place->directory))
        return error_system(error, errno, "%s", place->directory);
    int code = write_inputs(place, error);
    if (!code)
        code = run_scripts(place, error);
    for (size_t i = 0; i < place->count; i++)
        read_drawings(place, i);
    remove_directory(place);
    return code;
}

void chart_draw_jobs(const struct view *view, const struct chart_job *jobs, size_t count, const char *gnuplot,
                     struct chart *charts, const char **problem)
{
    struct error error = { 0 };
    struct place place = { .view = view, .jobs = jobs, .charts = charts, .count = count, .gnuplot = gnuplot };
    place.scripts = mem_array(CHART_LAYOUTS * count + 1, sizeof *place.scripts);
    for (size_t i = 0; i < count; i++)
        charts[i] = (struct chart){
            .id = jobs[i].id, .title = jobs[i].title, .wide = jobs[i].wide, .subject = jobs[i].subject
        };
    *problem = draw(&place, &error) != 0 ? arena_strdup(view->arena, error.text) : NULL;
    for (size_t i = 0; i < count; i++) {
        int layout = jobs[i].heights[0] > 0 ? 0 : 1;
        if (charts[i].reason || charts[i].svg[layout])
            continue;
        charts[i].failed = true;
        charts[i].reason = arena_format(view->arena, "not drawn: %s", *problem ? *problem : "gnuplot wrote nothing");
    }
    free(place.scripts);
}
