/* chart_save.c: charts as files that stand alone: PNG and SVG, beside the data and the script that they are made of.
 *
 * A page writes title, note and legend around a chart; here they are data of their own (<id>.text.tsv, drawn by
 * furniture.gp), so that foreign text never gets into a script. `gnuplot <id>.gp` in the directory draws both again. */
#include "harness/base/file.h"
#include "harness/base/mem.h"
#include "reports/chart.h"
#include "reports/escape.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MARKS = 4, NOTE_LINES = 4 };
#define EDGE_PX 14.0
/* Begins a block that may be empty otherwise: an empty one would shift the index of the next. */
#define OUTSIDE "-99\t-99\t"

static void text_line(struct str *out, double x, double y, const char *text)
{
    str_appendf(out, "%g\t%g\t", x, y);
    escape_chart(out, text);
    str_append_char(out, '\n');
}

/* Lines of at most width pixels, broken at spaces. Returns the y of the next line. */
static double append_note(struct str *out, const char *note, double y, double width, double font)
{
    struct str line = { 0 };
    str_append(out, OUTSIDE "-\n");
    for (int lines = 0; note && *note && lines < NOTE_LINES; lines++) {
        str_clear(&line);
        while (*note) {
            size_t word = strcspn(note, " ");
            size_t before = line.length;
            str_append(&line, before ? " " : "");
            str_append_bytes(&line, note, word);
            if (before && chart_text_width(str_text(&line), 0.9 * font) > width) {
                line.length = before;
                line.data[before] = 0;
                break;
            }
            note += word;
            note += *note == ' ';
        }
        text_line(out, EDGE_PX, y, str_text(&line));
        y += 1.4 * font;
    }
    str_release(&line);
    return y;
}

/* From left to right, then in further rows. Returns the y below. */
static double append_legend(struct str *texts, struct str marks[MARKS], const struct chart *chart, double y,
                            const struct chart_drawing *drawing)
{
    static const int block_of[] = { [CHART_DOT] = 0, [CHART_BAR] = 1, [CHART_LINE] = 2, [CHART_DASH] = 3 };
    double x = EDGE_PX + 12;
    str_append(texts, OUTSIDE "-\n");
    for (int m = 0; m < MARKS; m++)
        str_append(&marks[m], OUTSIDE "16\n");
    if (chart->legend_count < 2)
        return y;
    for (size_t i = 0; i < chart->legend_count; i++) {
        const struct chart_legend *entry = &chart->legend[i];
        double width = chart_text_width(entry->text, drawing->font) + 20;
        if (x + width > drawing->width - EDGE_PX && x > EDGE_PX + 12) {
            x = EDGE_PX + 12;
            y += 1.5 * drawing->font;
        }
        str_appendf(&marks[block_of[entry->mark]], "%g\t%g\t%d\n", x - 4, y, CHART_SERIES_0 + entry->series);
        text_line(texts, x + 12, y, entry->text);
        x += width + 22;
    }
    return y + 1.5 * drawing->font;
}

/* Title, note and legend in the order of furniture.gp; makes room for them above the plot. */
static void append_furniture(struct str *out, const struct chart *chart, struct chart_drawing *drawing)
{
    struct str texts = { 0 }, marks[MARKS] = { { 0 } };
    double y = EDGE_PX + 0.6 * drawing->font;
    struct str title = { 0 };
    escape_fit(&title, chart->title, (int)((drawing->width - 2 * EDGE_PX) / (0.61 * 1.3 * drawing->font)));
    text_line(out, EDGE_PX, y, str_text(&title));
    str_release(&title);
    str_append(out, "\n\n");
    y = append_note(out, chart->note, y + 1.7 * drawing->font, drawing->width - 2 * EDGE_PX, drawing->font);
    y = append_legend(&texts, marks, chart, y + 0.2 * drawing->font, drawing);
    str_append(out, "\n\n");
    str_append_bytes(out, str_text(&texts), texts.length);
    for (int m = 0; m < MARKS; m++) {
        str_append(out, "\n\n");
        str_append_bytes(out, str_text(&marks[m]), marks[m].length);
        str_release(&marks[m]);
    }
    str_release(&texts);
    drawing->top += y;
    drawing->height += y;
}

/* Once as PNG, then the same script as SVG. */
static void wrap_script(struct str *out, const struct chart_drawing *drawing, const char *id, const char *furniture)
{
    str_appendf(out, "# gnuplot %s.gp draws %s.png and %s.svg\nif (!exists(\"FORMAT\")) { FORMAT = \"png\" }\n", id, id,
                id);
    chart_script(out, drawing, id, NULL, furniture);
    str_appendf(out, "if (FORMAT eq \"png\") {\n    FORMAT = \"svg\"\n    load \"%s.gp\"\n    undefine FORMAT\n}\n",
                id);
}

static int save_inputs(const struct view *view, const struct chart_job *job, struct chart *chart, const char *directory,
                       bool *drawn, struct error *error)
{
    struct chart_drawing drawing = chart_drawing_new(job, job->heights[0] > 0 ? 0 : 1);
    struct str furniture = { 0 }, script = { 0 };
    int code = 0;
    *drawn = job->prepare(view, chart, &drawing);
    if (*drawn) {
        char *name = mem_format("%s.text", job->id);
        append_furniture(&furniture, chart, &drawing);
        wrap_script(&script, &drawing, job->id, name);
        code = chart_file(directory, job->id, "tsv", &drawing.data, error);
        if (!code)
            code = chart_file(directory, name, "tsv", &furniture, error);
        if (!code)
            code = chart_file(directory, job->id, "gp", &script, error);
        chart->height = drawing.height;
        free(name);
    }
    str_release(&furniture);
    str_release(&script);
    chart_drawing_release(&drawing);
    return code;
}

/* gnuplot's own SVG needs a script for its tooltips; ours has them inside. */
static int clean_svg(const struct view *view, const struct chart *chart, const char *directory, struct error *error)
{
    char *path = mem_format("%s/%s.svg", directory, chart->id), *text;
    size_t length;
    struct str out = { 0 };
    int code = file_read(path, &text, &length, error);
    if (!code) {
        const char *clean = svg_standalone(view->arena, text, chart);
        free(text);
        if (clean) {
            str_append(&out, clean);
            code = chart_file(directory, chart->id, "svg", &out, error);
        } else {
            code = error_set(error, ERROR_FORMAT, "%s: gnuplot did not finish it", path);
        }
    }
    str_release(&out);
    free(path);
    return code;
}

int chart_save_jobs(const struct view *view, const struct chart_job *jobs, size_t count, const char *gnuplot,
                    const char *directory, struct chart *charts, struct error *error)
{
    const char **scripts = mem_array(count + 1, sizeof *scripts);
    size_t script_count = 0;
    int code = file_make_directories(directory, error);
    for (size_t i = 0; i < count && !code; i++) {
        bool drawn;
        charts[i] = (struct chart){
            .id = jobs[i].id, .title = jobs[i].title, .wide = jobs[i].wide, .subject = jobs[i].subject
        };
        code = save_inputs(view, &jobs[i], &charts[i], directory, &drawn, error);
        if (drawn)
            scripts[script_count++] = arena_format(view->arena, "%s.gp", jobs[i].id);
    }
    if (!code && script_count)
        code = gnuplot_run(gnuplot, directory, scripts, script_count, error);
    for (size_t i = 0; i < count && !code; i++)
        if (!charts[i].reason)
            code = clean_svg(view, &charts[i], directory, error);
    char *complaints = mem_format("%s/stderr", directory);
    remove(complaints);
    free(complaints);
    free(scripts);
    return code;
}
