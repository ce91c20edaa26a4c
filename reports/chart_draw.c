/* chart_draw.c: charts for the inside of a page: data and scripts of many jobs are one stream of commands, what gnuplot
 * draws is another, svg.c reads it. Sites have thousands of charts: a few processes draw at once. */
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
    if (name)
        str_appendf(script, "DATA = '%s.tsv'; OUT = '%s'\n", name, name);
    else
        str_append(script, "DATA = '$DATA'\n");
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
    str_append(script, furniture ? "\nunset multiplot\n" : "\n");
    if (name)
        str_append(script, "unset output\n");
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

/* ---- many drawings ---- */

/* So many jobs a process: its start costs as much as ten drawings. A run's report is one. */
enum { JOBS_A_PROCESS = 128, PROCESS_LIMIT = 8 };
/* gnuplot begins each drawing of a file with it; foreign text has no '<' there. */
#define DRAWING_START "<?xml "

struct batch {
    size_t first, end; /* jobs */
    struct drawn {
        size_t job;
        int layout;
    } drawn[CHART_LAYOUTS * JOBS_A_PROCESS]; /* in their order in the output */
    size_t drawn_count;
    char *input, *output;
    struct gnuplot gnuplot;
};

struct place {
    const struct view *view;
    const struct chart_job *jobs;
    struct chart *charts;
    size_t count;
    const char *gnuplot;
    char directory[400];
};

static void append_drawing(const struct place *place, struct batch *batch, size_t job, int layout, struct str *out)
{
    struct chart *chart = &place->charts[job];
    struct chart_drawing drawing = chart_drawing_new(&place->jobs[job], layout);
    chart->legend_count = chart->tip_count = 0;
    if (place->jobs[job].prepare(place->view, chart, &drawing)) {
        if (layout == 0)
            chart->height = drawing.height;
        str_append(out, "$DATA << END_OF_DATA\n");
        str_append_bytes(out, str_text(&drawing.data), drawing.data.length);
        str_append(out, "\nEND_OF_DATA\n");
        chart_script(out, &drawing, NULL, "page", NULL);
        batch->drawn[batch->drawn_count++] = (struct drawn){ job, layout };
    }
    chart_drawing_release(&drawing);
}

static int start_batch(const struct place *place, size_t first, size_t end, struct batch *batch, struct error *error)
{
    batch->first = first;
    batch->end = end;
    batch->drawn_count = 0;
    char *name = mem_format("%zu", first), *script_name = mem_format("%s.gp", name);
    struct str script = { 0 };
    /* Into a file: standard output is written line by line. */
    str_appendf(&script, "set terminal svg\nset output '%s.svg'\n", name);
    for (size_t i = first; i < end; i++)
        for (int layout = 0; layout < CHART_LAYOUTS; layout++)
            if (place->jobs[i].heights[layout] > 0)
                append_drawing(place, batch, i, layout, &script);
    int code = chart_file(place->directory, name, "gp", &script, error);
    batch->input = mem_format("%s/%s", place->directory, script_name);
    batch->output = mem_format("%s/%s.svg", place->directory, name);
    if (!code)
        code = gnuplot_start(&batch->gnuplot, place->gnuplot, place->directory, script_name, error);
    str_release(&script);
    free(script_name);
    free(name);
    return code;
}

static void release_batch(struct batch *batch)
{
    unlink(batch->input);
    unlink(batch->output);
    free(batch->input);
    free(batch->output);
}

/* text: all drawings of a batch, or those up to one that gnuplot refused. */
static void read_drawings(const struct place *place, const struct batch *batch, char *text)
{
    char *at = strstr(text, DRAWING_START), *next;
    for (size_t i = 0; at && i < batch->drawn_count; i++, at = next) {
        const struct drawn *drawn = &batch->drawn[i];
        struct chart *chart = &place->charts[drawn->job];
        const char *prefix = arena_format(place->view->arena, "%s-%s-", chart->id, layout_names[drawn->layout]);
        next = strstr(at + 1, DRAWING_START);
        if (next)
            next[-1] = 0; /* the end of the line before */
        chart->svg[drawn->layout] = svg_inline(place->view->arena, at, chart, prefix);
    }
}

static int end_batch(const struct place *place, struct batch *batch, struct error *error)
{
    char *text;
    size_t length;
    int code = gnuplot_end(&batch->gnuplot, error);
    if (file_read(batch->output, &text, &length, NULL) == 0) {
        read_drawings(place, batch, text);
        free(text);
    }
    release_batch(batch);
    return code;
}

/* gnuplot ends at the first drawing that it refuses: what is missing gets a process of its own, so that only the bad
 * one stays away. */
static void draw_alone(const struct place *place, const struct batch *refused)
{
    for (size_t i = refused->first; i < refused->end; i++) {
        struct batch batch;
        const struct chart *chart = &place->charts[i];
        bool drawn = true;
        for (int layout = 0; layout < CHART_LAYOUTS; layout++)
            drawn = drawn && (place->jobs[i].heights[layout] <= 0 || chart->svg[layout]);
        if (drawn || chart->reason)
            continue;
        if (start_batch(place, i, i + 1, &batch, NULL) == 0)
            end_batch(place, &batch, NULL);
        else
            release_batch(&batch);
    }
}

static size_t process_limit(void)
{
    long cpus = sysconf(_SC_NPROCESSORS_ONLN);
    return cpus < 1 ? 1 : cpus > PROCESS_LIMIT ? PROCESS_LIMIT : (size_t)cpus;
}

static int start_next(const struct place *place, size_t *next, struct batch *batch, struct error *error)
{
    size_t end = *next + JOBS_A_PROCESS < place->count ? *next + JOBS_A_PROCESS : place->count;
    int code = start_batch(place, *next, end, batch, error);
    if (code)
        release_batch(batch);
    *next = code ? place->count : end; /* the others would not start either */
    return code;
}

/* As many at once as there are CPUs; the oldest is read while the others draw. The first error. */
static int run_batches(const struct place *place, struct error *error)
{
    struct batch running[PROCESS_LIMIT];
    size_t limit = process_limit(), begin = 0, end = 0, next = 0;
    int first_code = 0;
    while (next < place->count || begin < end) {
        struct error own = { 0 };
        int code;
        if (next < place->count && end - begin < limit) {
            code = start_next(place, &next, &running[end % PROCESS_LIMIT], &own);
            end += code == 0;
        } else {
            struct batch *oldest = &running[begin++ % PROCESS_LIMIT];
            code = end_batch(place, oldest, &own);
            if (code == ERROR_FORMAT && oldest->end - oldest->first > 1)
                draw_alone(place, oldest);
        }
        if (code && !first_code)
            *error = own;
        first_code = first_code ? first_code : code;
    }
    return first_code;
}

static int draw(struct place *place, struct error *error)
{
    const char *base = getenv("TMPDIR");
    if (!base || *base != '/' || strlen(base) > 300)
        base = "/tmp";
    snprintf(place->directory, sizeof place->directory, "%s/prony-charts-XXXXXX", base);
    if (!mkdtemp(place->directory))
        return error_system(error, errno, "%s", place->directory);
    int code = run_batches(place, error);
    rmdir(place->directory);
    return code;
}

void chart_draw_jobs(const struct view *view, const struct chart_job *jobs, size_t count, const char *gnuplot,
                     struct chart *charts, const char **problem)
{
    struct error error = { 0 };
    struct place place = { .view = view, .jobs = jobs, .charts = charts, .count = count, .gnuplot = gnuplot };
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
}
