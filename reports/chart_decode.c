/* chart_decode.c: rates as bars by model, format and thread count: decode at the smallest context that was measured,
 * and prefill where it was run with one prompt size only. */
#include "harness/base/str.h"
#include "harness/base/case_name.h"
#include "reports/chart.h"
#include <math.h>

enum { ROW_LIMIT = 16, THREAD_LIMIT = 4 };

struct grid {
    const char *operation, *size; /* "decode", "ctx" */
    struct chart_names rows;
    double threads[THREAD_LIMIT]; /* ascending */
    int thread_count;
    const struct view_case *cells[ROW_LIMIT][THREAD_LIMIT];
    bool cut;
};

static bool is_rate(const struct grid *grid, const struct view_case *view_case)
{
    return chart_is_case(view_case, "generate", grid->operation) &&
           str_equal(view_case->main_name, "tokens_per_second");
}

static void find_threads(const struct view *view, struct grid *grid)
{
    for (size_t i = 0; i < view->case_count; i++) {
        double threads = case_name_number(view->cases[i].name, "threads", 1);
        int at = 0;
        while (at < grid->thread_count && grid->threads[at] < threads)
            at++;
        if (!is_rate(grid, &view->cases[i]) || (at < grid->thread_count && grid->threads[at] == threads) ||
            grid->thread_count == THREAD_LIMIT)
            continue;
        for (int j = grid->thread_count++; j > at; j--)
            grid->threads[j] = grid->threads[j - 1];
        grid->threads[at] = threads;
    }
}

static void fill_grid(const struct view *view, struct grid *grid)
{
    bool one_model = chart_one_model(view, "generate", grid->operation);
    find_threads(view, grid);
    for (size_t i = 0; i < view->case_count; i++) {
        const struct view_case *view_case = &view->cases[i];
        if (!is_rate(grid, view_case))
            continue;
        int row = chart_names_index(&grid->rows, chart_model_label(view, view_case->name, one_model));
        double threads = case_name_number(view_case->name, "threads", 1);
        double size = case_name_number(view_case->name, grid->size, 0);
        if (row < 0 || row >= ROW_LIMIT) {
            grid->cut = true;
            continue;
        }
        for (int t = 0; t < grid->thread_count; t++) {
            const struct view_case *old = grid->cells[row][t];
            if (grid->threads[t] == threads && (!old || size < case_name_number(old->name, grid->size, 0)))
                grid->cells[row][t] = view_case;
        }
    }
    if (grid->rows.count > ROW_LIMIT)
        grid->rows.count = ROW_LIMIT;
}

/* Left margin for the longest row label, at most 45 % of the chart. */
static double label_margin(const struct grid *grid, const struct chart_drawing *drawing)
{
    double widest = 0;
    for (size_t r = 0; r < grid->rows.count; r++)
        widest = fmax(widest, chart_text_width(grid->rows.names[r], drawing->font));
    return fmin(widest + 16, 0.45 * drawing->width);
}

static double bar_top(const struct grid *grid, size_t row, int thread, double bar, double gap)
{
    return (double)row * (grid->thread_count * bar + gap) + thread * bar;
}

/* The blocks of decode.gp, in its order. */
struct blocks {
    struct str bars, intervals, values, labels, tips;
};

static void append_cell(const struct view *view, struct chart *chart, const struct view_case *cell, int series,
                        double top, double bar, struct blocks *blocks)
{
    const struct stats_summary *rate = &cell->main;
    double middle = top + bar / 2, end = rate->median;
    char digits[32];
    str_appendf(&blocks->bars, "%g\t%g\t0\t%g\t%g\t%g\t%d\n", rate->median, middle, rate->median, top, top + bar - 2,
                CHART_SERIES_0 + series);
    if (rate->interval.coverage > 0) {
        str_appendf(&blocks->intervals, "%g\t%g\t%g\n", rate->interval.low, middle,
                    rate->interval.high - rate->interval.low);
        end = rate->interval.high;
    }
    str_appendf(&blocks->values, "%g\t%g\t%s\n", end, middle, number_digits_n(digits, sizeof digits, rate->median, 3));
    str_appendf(&blocks->tips, "%g\t%g\t%s\n", rate->median, middle, chart_tip(view, chart, view_tip(view, cell)));
}

static void append_rows(const struct view *view, struct chart *chart, const struct grid *grid,
                        struct chart_drawing *drawing, double bar, double gap)
{
    struct blocks blocks = { 0 };
    struct str *const all[] = { &blocks.bars, &blocks.intervals, &blocks.values, &blocks.labels, &blocks.tips };
    for (size_t r = 0; r < grid->rows.count; r++) {
        chart_label(&blocks.labels, drawing, 0, bar_top(grid, r, 0, bar, gap) + grid->thread_count * bar / 2,
                    grid->rows.names[r], drawing->left);
        for (int t = 0; t < grid->thread_count; t++)
            if (grid->cells[r][t])
                append_cell(view, chart, grid->cells[r][t], t, bar_top(grid, r, t, bar, gap), bar, &blocks);
    }
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
        /* A block must not be empty, or the numbers of the next ones would shift. */
        str_appendf(&drawing->data, "%sNaN\tNaN\t\n", str_text(all[i]));
        chart_next_block(drawing);
        str_release(all[i]);
    }
}

bool chart_rate_bars(const struct view *view, struct chart *chart, struct chart_drawing *drawing, const char *operation,
                     const char *size)
{
    struct grid grid = { .operation = operation, .size = size };
    fill_grid(view, &grid);
    if (grid.rows.count == 0) {
        chart->reason = arena_format(view->arena, "this run has no %s cases with a rate", operation);
        return false;
    }
    double bar = 18, gap = 12, maximum = 0;
    for (size_t r = 0; r < grid.rows.count; r++)
        for (int t = 0; t < grid.thread_count; t++)
            if (grid.cells[r][t])
                maximum = fmax(maximum, fmax(grid.cells[r][t]->main.median, grid.cells[r][t]->main.interval.high));
    double height = bar_top(&grid, grid.rows.count, 0, bar, gap);
    drawing->height = drawing->top + height + drawing->bottom;
    drawing->left = label_margin(&grid, drawing);
    drawing->right = 52;
    str_appendf(&drawing->settings, "XMAX = %g; YMAX = %g; XTICK = %g\n", maximum > 0 ? maximum * 1.02 : 1.0,
                drawing->height - drawing->top - drawing->bottom, chart_tick(maximum, drawing->narrow ? 4 : 6));
    append_rows(view, chart, &grid, drawing, bar, gap);
    for (int t = 0; t < grid.thread_count; t++)
        chart_legend_add(chart,
                         arena_format(view->arena, "%g thread%s", grid.threads[t], grid.threads[t] == 1 ? "" : "s"), t,
                         CHART_BAR);
    drawing->script = "decode";
    chart->note = arena_format(view->arena, "Median tokens per second; the line is the interval%s.",
                               grid.cut ? ". Only the first 16 formats are drawn" : "");
    return true;
}

bool chart_decode(const struct view *view, struct chart *chart, struct chart_drawing *drawing)
{
    return chart_rate_bars(view, chart, drawing, "decode", "ctx");
}
