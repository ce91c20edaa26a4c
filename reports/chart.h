/* chart.h: charts: C decides what is drawn and where labels go, a gnuplot script (charts/<id>.gp) draws it, svg.c turns
 * the result into an inline SVG that follows the page's colours.
 *
 * Each chart is drawn twice, for wide and for narrow screens, because a chart that is merely scaled down to a phone
 * cannot be read. All drawings of a report happen in one gnuplot process, those of a site in a few at once.
 *
 * To add a chart: write chart_<id>.c with a chart_prepare function and charts/<id>.gp, declare the function here, add a
 * row to the table in charts.c and the script to asset.c. */
#ifndef PRONY_REPORTS_CHART_H
#define PRONY_REPORTS_CHART_H

#include "harness/base/str.h"
#include "reports/view.h"
#include <sys/types.h>

enum { CHART_LAYOUTS = 2, CHART_SERIES = 8, CHART_LEGEND_LIMIT = 16, CHART_STEPS = 9 };

/* Colours of the scripts: rgb(0, 0, index). svg.c turns them into the CSS variables of page.css. Steps are a scale from
 * better (0) over the same (4) to worse (8), for colour-blind readers too. */
enum chart_color {
    CHART_INK = 1,
    CHART_MUTED = 2,
    CHART_GRID = 3,
    CHART_HIDDEN = 4,
    CHART_SERIES_0 = 16,
    CHART_STEP_0 = 32
};

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
    const void *subject; /* what it is about besides the view (of its job): a case, a history; NULL = the run */
    const char **tips;   /* texts of the tooltips; the data file holds t<index> */
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
    chart_noise, chart_threads_speedup, chart_batch_speedup;
/* Its subject is a struct history (harness/judge/history.h). */
chart_prepare chart_trend;

/* One case of the newest run beside the same of another run: the subject of the charts of a case (chart_case.c; the
 * last in chart_memory.c). */
struct chart_sides {
    const struct view_case *view_case; /* of the newest run */
    const struct store_case *other;    /* NULL = none */
    const char *name, *other_name;     /* of the runs */
};
chart_prepare chart_case_ecdf, chart_case_spread, chart_case_latency, chart_case_memory;

/* Values of rows (cases) in columns (runs, oldest first) as colours: the subject of chart_heat. */
struct chart_heat {
    const char **rows, **columns, **column_labels; /* column labels: under the chart where there is room */
    size_t row_count, column_count;
    const double *effects; /* log ratio by row and column, above 0 = worse; NaN = not measured */
};
chart_prepare chart_heat;

/* One chart to be drawn: what the table of charts.c holds for a run; others make their own. */
struct chart_job {
    const char *id, *title; /* id: unique among the jobs; names files */
    chart_prepare *prepare; /* gets subject in chart->subject */
    bool wide;
    double heights[CHART_LAYOUTS]; /* 0 = not drawn in this layout */
    const void *subject;
};

/* Draws the jobs, as SVG for the inside of a page. charts: room for count. Never fails: a chart without data or without
 * gnuplot has a reason; *problem, in the view's arena, says what is wrong with gnuplot, NULL = nothing (chart_draw.c).
 */
void chart_draw_jobs(const struct view *view, const struct chart_job *jobs, size_t count, const char *gnuplot,
                     struct chart *charts, const char **problem);
/* Writes the jobs that have data into a directory (made if it is not there): <id>.png, <id>.svg, and the data and
 * script that they are made of. Each gets its title, note and legend into the picture (chart_save.c). */
int chart_save_jobs(const struct view *view, const struct chart_job *jobs, size_t count, const char *gnuplot,
                    const char *directory, struct chart *charts, struct error *error);
/* The charts of a run, in the order of its page (charts.c). */
const struct chart_job *charts_jobs(size_t *count);

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

/* ---- chart_latency.c ---- */

/* Two data blocks of charts/latency.gp: the line of sorted times, and its named quantiles. */
void chart_latency_line(const struct view *view, struct chart *chart, const char *label, const double *sorted_ns,
                        size_t count, struct chart_drawing *drawing);
/* All settings of charts/latency.gp but COLOR and DASH. x_end: -log10(1 - q) of the last quantile. */
void chart_latency_axes(struct str *settings, double low_ms, double high_ms, double x_end, int line_count);

/* ---- shared by chart_draw.c and chart_save.c ---- */

struct chart_drawing chart_drawing_new(const struct chart_job *job, int layout);
void chart_drawing_release(struct chart_drawing *drawing);
/* Sizes, settings, terminal, style and the chart's own script. name: of data and picture, without ending; NULL: the
 * data are the block $DATA, the picture goes into the open output. */
void chart_script(struct str *script, const struct chart_drawing *drawing, const char *name, const char *format,
                  const char *furniture);
/* Not synced: it can be written again. */
int chart_file(const char *directory, const char *name, const char *ending, const struct str *text,
               struct error *error);

/* ---- gnuplot.c, svg.c ---- */

/* A gnuplot at work. */
struct gnuplot {
    const char *program;
    char *complaints; /* the file that it complains into */
    pid_t pid;
    int64_t deadline_ns;
};
/* Runs a script inside directory up to the first command that it refuses. */
int gnuplot_start(struct gnuplot *run, const char *program, const char *directory, const char *script,
                  struct error *error);
/* Waits for its end. ERROR_IO: it did not end; ERROR_FORMAT: it refused something, with its first complaint. */
int gnuplot_end(struct gnuplot *run, struct error *error);
/* Runs program on script files inside directory, in one process, up to the first that it refuses. */
int gnuplot_run(const char *program, const char *directory, const char *const *scripts, size_t count,
                struct error *error);
/* gnuplot's SVG -> an inline SVG whose ids begin with prefix, or NULL if it is not one. */
const char *svg_inline(struct arena *arena, const char *text, const struct chart *chart, const char *prefix);
/* The same as a file of its own, with tooltips, on white; NULL if text is not an SVG. */
const char *svg_standalone(struct arena *arena, const char *text, const struct chart *chart);

#endif
