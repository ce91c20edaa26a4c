/* charts.c: the table of the charts of a run, and their order on its page. */
#include "harness/base/log.h"
#include "reports/chart.h"
#include <math.h>
#include <string.h>

static const struct chart_job rows[] = {
    /* In the order of the page (but see pair_first), the wide ones last. */
    { "decode", "Decode rate", chart_decode, false, { 330, 330 }, NULL },
    { "layers", "Where a layer's time goes", chart_layers, false, { 330, 330 }, NULL },
    { "prefill", "Prefill rate", chart_prefill, false, { 330, 330 }, NULL },
    { "latency", "Latency of single tokens", chart_latency, false, { 330, 330 }, NULL },
    { "inference_speedup_chart", "Speed-up with threads", chart_threads_speedup, false, { 330, 330 }, NULL },
    { "batch_size_speedup_chart", "Speed-up with batches", chart_batch_speedup, false, { 330, 330 }, NULL },

    { "roofline", "Roofline of the kernels", chart_roofline, true, { 500, 430 }, NULL },
    { "kernels", "Kernels by instruction set", chart_kernels, true, { 400, 400 }, NULL },
    { "memory", "Memory over time", chart_memory, true, { 280, 300 }, NULL },
    { "noise", "Samples over the run", chart_noise, true, { 260, 260 }, NULL },
};
enum { ROWS = sizeof rows / sizeof rows[0] };

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

const struct chart_job *charts_jobs(size_t *count)
{
    *count = ROWS;
    return rows;
}

void charts_draw(const struct view *view, const char *gnuplot, struct chart **charts_out, size_t *count)
{
    struct chart *charts = arena_array(view->arena, ROWS, sizeof *charts);
    const char *problem;
    *charts_out = charts;
    *count = gnuplot ? ROWS : 0;
    if (!gnuplot)
        return;
    chart_draw_jobs(view, rows, ROWS, gnuplot, charts, &problem);
    if (problem)
        log_warn("charts are missing from the report: %s", problem);
    pair_first(charts);
}
