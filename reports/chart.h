/* chart.h: charts: C decides what is drawn and where labels go, a gnuplot script (charts/<id>.gp) draws it, svg.c turns
 * the result into an inline SVG that follows the page's colours.
 *
 * Each chart is drawn twice, for wide and for narrow screens, because a chart that is merely scaled down to a phone
 * cannot be read. All drawings of a report happen in one gnuplot process.
 *
 * To add a chart: write chart_<id>.c with a chart_prepare function and charts/<id>.gp, declare the function here, add a
 * row to the table in charts.c and the script to asset.c. */
#ifndef PRONY_REPORTS_CHART_H
#define PRONY_REPORTS_CHART_H

#include "harness/base/str.h"
#include "reports/view.h"

enum { CHART_LAYOUTS = 2, CHART_SERIES = 8, CHART_LEGEND_LIMIT = 16 };

/* Colours of the scripts: rgb(0, 0, index). svg.c turns them into the CSS variables of page.css. */
enum chart_color { CHART_INK = 1, CHART_MUTED = 2, CHART_GRID = 3, CHART_HIDDEN = 4, CHART_SERIES_0 = 16 };

enum chart_mark { CHART_DOT, CHART_LINE, CHART_DASH, CHART_BAR };
struct chart_legend {
    const char *text;
    int series; /* 0.. < CHART_SERIES */
    enum chart_mark mark;
};

struct chart {
    const char *id, *title;
    const char *note;   /* one sentence under the title */
    const char *reason; /* why there is no chart; NULL if there is one */
    bool failed;        /* reason is a fault (no gnuplot), not a lack of data */
    bool wide;          /* takes the whole width of the page */
    double height;      /* of the wide layout */
    struct chart_legend legend[CHART_LEGEND_LIMIT];
    size_t legend_count;
    const char **tips; /* texts of the tooltips; the data file holds t<index> */
    size_t tip_count, tip_capacity;
    const char *svg[CHART_LAYOUTS]; /* NULL if there is none */
};

/* One drawing of a chart: prepare reads the sizes (and may change the height) and fills data and settings. */
struct chart_drawing {
    bool narrow;
    double width, height, font;      /* pixels */
    double left, right, top, bottom; /* margins around the plot, pixels */
    const char *script;              /* of the chart's own name unless prepare changes it */
    struct str data;                 /* tab-separated; blocks are separated by two blank lines, numbered from 0 */
    struct str settings;             /* gnuplot assignments */
};

/* Fills drawing; false if there is nothing to draw, then chart->reason says why. Called once a layout; legend and tips
 * are cleared before each call. */
typedef bool chart_prepare(const struct view *view, struct chart *chart, struct chart_drawing *drawing);
chart_prepare chart_roofline, chart_decode, chart_prefill, chart_latency, chart_kernels, chart_layers, chart_memory,
    chart_noise;

/* Draws all charts of a view. Never fails: a chart without data or without gnuplot has a reason. Warns on stderr when
 * gnuplot is missing or refuses. gnuplot NULL: no charts wanted. */
void charts_draw(const struct view *view, const char *gnuplot, struct chart **charts, size_t *count);

/* ---- for the prepare functions (chart_data.c) ---- */

/* Adds a tooltip; gives its token for the data file. */
const char *chart_tip(const struct view *view, struct chart *chart, const char *text);
void chart_legend_add(struct chart *chart, const char *text, int series, enum chart_mark mark);
void chart_next_block(struct chart_drawing *drawing);
/* A line "x y text" for a label, cut to room pixels. */
void chart_label(struct str *out, const struct chart_drawing *drawing, double x, double y, const char *text,
                 double room);
/* Width in pixels that text takes at most, for a sans-serif font. */
double chart_text_width(const char *text, double font);
/* "qwen2.5-0.5b q8_0" of a generate or layers case, or only the format if all cases have one model. */
const char *chart_model_label(const struct view *view, const char *name, bool one_model);
/* True if all measured cases of suite and operation have the same second part. */
bool chart_one_model(const struct view *view, const char *suite, const char *operation);
bool chart_is_case(const struct view_case *view_case, const char *suite, const char *operation);
/* 1, 2 or 5 times a power of ten: a distance of ticks that makes at most count of them up to maximum. */
double chart_tick(double maximum, int count);

/* Names seen so far, numbered in the order of their appearance. */
struct chart_names {
    const char *names[64];
    size_t count;
};
/* The number of name, or -1 if it is new and there is no room. */
int chart_names_index(struct chart_names *names, const char *name);

/* Bars of the rate of a generate operation by model, format and threads, at the smallest value of argument size
 * (chart_decode.c, charts/decode.gp). */
bool chart_rate_bars(const struct view *view, struct chart *chart, struct chart_drawing *drawing, const char *operation,
                     const char *size);

/* ---- gnuplot.c, svg.c ---- */

/* Runs program on script files, in one process. ERROR_IO: it did not start or did not end; ERROR_FORMAT: it refused a
 * script, with its first complaint. Its complaints lie in directory/stderr. */
int gnuplot_run(const char *program, const char *directory, const char *const *scripts, size_t count,
                struct error *error);
/* gnuplot's SVG -> an inline SVG whose ids begin with prefix, or NULL if it is not one. */
const char *svg_inline(struct arena *arena, const char *text, const struct chart *chart, const char *prefix);

#endif
