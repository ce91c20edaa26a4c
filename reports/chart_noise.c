/* chart_noise.c: every timed sample in the order of the run, as its distance from the median of its case: a machine
 * that was busy for a while shows as a cloud of contaminated samples at that time, a drift as a slope. */
#include "harness/base/str.h"
#include "reports/chart.h"
#include <math.h>

enum { POINT_LIMIT = 4000, CASE_LIMIT = 100000 };
/* Beyond this share the point lies at the edge. */
static const double edges[] = { 0.02, 0.05, 0.1, 0.2, 0.5, 1 };

struct noise {
    size_t points, contaminated, outside;
    double edge;
    int last_process;
};

static double deviation(const struct view_case *view_case, size_t sample)
{
    return view_case->source->real_time_ns[sample] / view_case->time_ns.median - 1;
}

static bool is_drawn(const struct view_case *view_case)
{
    return view_case->time_ns.count >= 2 && view_case->time_ns.median > 0;
}

/* The smallest edge that holds 98 of 100 samples. */
static double find_edge(const struct view *view, size_t points)
{
    size_t last = sizeof edges / sizeof edges[0] - 1;
    for (size_t e = 0; e < last; e++) {
        size_t inside = 0;
        for (size_t i = 0; i < view->case_count; i++)
            for (size_t s = 0; is_drawn(&view->cases[i]) && s < view->cases[i].source->sample_count; s++)
                inside += fabs(deviation(&view->cases[i], s)) <= edges[e];
        if ((double)inside >= 0.98 * (double)points)
            return edges[e];
    }
    return edges[last];
}

static void count_points(const struct view *view, struct noise *noise)
{
    for (size_t i = 0; i < view->case_count; i++) {
        const struct view_case *view_case = &view->cases[i];
        for (size_t s = 0; is_drawn(view_case) && s < view_case->source->sample_count; s++) {
            noise->points++;
            noise->contaminated += view_is_contaminated(view_case, s);
            if (view_case->source->processes[s] > noise->last_process)
                noise->last_process = view_case->source->processes[s];
        }
    }
}

/* One block of points: clean ones first, so that the others lie on top. Of very many, every stride-th. */
static void append_points(const struct view *view, struct chart *chart, struct chart_drawing *drawing,
                          struct noise *noise, bool contaminated)
{
    size_t stride = noise->points / POINT_LIMIT + 1, index = 0;
    for (size_t i = 0; i < view->case_count; i++) {
        const struct view_case *view_case = &view->cases[i];
        for (size_t s = 0; is_drawn(view_case) && s < view_case->source->sample_count; s++) {
            if (view_is_contaminated(view_case, s) != contaminated || (!contaminated && index++ % stride != 0))
                continue;
            double share = deviation(view_case, s);
            noise->outside += fabs(share) > noise->edge;
            const char *tip = arena_format(view->arena, "%s\n%+.1f %% from its median%s", view_case->name, 100 * share,
                                           contaminated ? ", contaminated" : "");
            str_appendf(&drawing->data, "%d\t%g\t%s\n", view_case->source->processes[s],
                        100 * fmax(-noise->edge, fmin(noise->edge, share)), chart_tip(view, chart, tip));
        }
    }
    str_append(&drawing->data, "NaN\tNaN\t\n"); /* an empty block would not count as one */
    chart_next_block(drawing);
}

bool chart_noise(const struct view *view, struct chart *chart, struct chart_drawing *drawing)
{
    struct noise noise = { 0 };
    count_points(view, &noise);
    if (noise.points < 4) {
        chart->reason = "too few samples a case";
        return false;
    }
    noise.edge = find_edge(view, noise.points);
    append_points(view, chart, drawing, &noise, false);
    if (noise.contaminated)
        append_points(view, chart, drawing, &noise, true);
    if (noise.contaminated < noise.points)
        chart_legend_add(chart, "undisturbed", 7, CHART_DOT);
    if (noise.contaminated)
        chart_legend_add(chart, "contaminated", 1, CHART_DOT);
    str_appendf(&drawing->settings, "XMAX = %d; EDGE = %g; CONTAMINATED = %d\n", noise.last_process + 1,
                100 * noise.edge, noise.contaminated > 0);
    chart->note = arena_format(view->arena,
                               "Each sample as its distance from the median of its case, in the order the processes "
                               "ran; %zu of %zu contaminated%s.",
                               noise.contaminated, noise.points,
                               noise.outside ? arena_format(view->arena, ", %zu beyond the edge", noise.outside) : "");
    return true;
}
