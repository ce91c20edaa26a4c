/* chart_scaling.c: how much faster it gets with more threads, and with larger batches: rates relative to the smallest
 * thread count or batch of the same case.
 *
 * A batch is what an argument batch:, tokens: or count: says: prompt tokens, tokens of a layer, columns of a matrix
 * product. The rate of a case is its tokens or flops a second, else the batch over its time. */
#include "harness/base/str.h"
#include "harness/base/case_name.h"
#include "reports/chart.h"
#include <math.h>
#include <string.h>

enum { POINT_LIMIT = 16, CASE_SERIES = CHART_SERIES - 1 }; /* the last colour is grey */

struct scaling_line {
    const char *label; /* the case's name without the argument */
    const struct view_case *cases[POINT_LIMIT];
    double x[POINT_LIMIT]; /* ascending */
    int count;
};

struct scaling {
    const char *key, *suite, *operation; /* suite and operation NULL: any */
    struct scaling_line lines[CASE_SERIES];
    int count;
    bool cut;
};

/* The name without "/key:value". */
static const char *without(struct arena *arena, const char *name, const char *key)
{
    const char *found = strstr(name, arena_format(arena, "/%s:", key));
    if (!found)
        return name;
    const char *rest = found + 1 + strcspn(found + 1, "/");
    return arena_format(arena, "%.*s%s", (int)(found - name), name, rest);
}

static void add_point(struct scaling_line *line, double x, const struct view_case *view_case)
{
    int at = 0;
    while (at < line->count && line->x[at] < x)
        at++;
    if (line->count == POINT_LIMIT || (at < line->count && line->x[at] == x))
        return;
    memmove(line->x + at + 1, line->x + at, (size_t)(line->count - at) * sizeof *line->x);
    memmove(line->cases + at + 1, line->cases + at, (size_t)(line->count - at) * sizeof *line->cases);
    line->x[at] = x;
    line->cases[at] = view_case;
    line->count++;
}

static struct scaling_line *find_line(struct scaling *scaling, const char *label)
{
    for (int i = 0; i < scaling->count; i++)
        if (str_equal(scaling->lines[i].label, label))
            return &scaling->lines[i];
    if (scaling->count == CASE_SERIES) {
        scaling->cut = true;
        return NULL;
    }
    scaling->lines[scaling->count].label = label;
    return &scaling->lines[scaling->count++];
}

static void drop_single_points(struct scaling *scaling)
{
    int kept = 0;
    for (int i = 0; i < scaling->count; i++)
        if (scaling->lines[i].count >= 2)
            scaling->lines[kept++] = scaling->lines[i];
    scaling->count = kept;
}

/* Whether the case's line has at least two values of key: single ones would only take places. */
static bool has_partner(const struct view *view, const struct view_case *view_case, const char *key, const char *label)
{
    double x = case_name_number(view_case->name, key, 0);
    for (size_t i = 0; i < view->case_count; i++) {
        const struct view_case *other = &view->cases[i];
        double other_x = case_name_number(other->name, key, 0);
        if (other->main.count && other_x > 0 && other_x != x && str_equal(other->suite, view_case->suite) &&
            str_equal(without(view->arena, other->name, key), label))
            return true;
    }
    return false;
}

static bool collect(const struct view *view, struct scaling *scaling)
{
    for (size_t i = 0; i < view->case_count; i++) {
        const struct view_case *view_case = &view->cases[i];
        double x = case_name_number(view_case->name, scaling->key, 0);
        if (view_case->main.count == 0 || !(x > 0) || !(view_case->time_ns.median > 0) ||
            (scaling->suite && !str_equal(view_case->suite, scaling->suite)) ||
            (scaling->operation && !str_equal(view_case->operation, scaling->operation)))
            continue;
        const char *label = without(view->arena, view_case->name, scaling->key);
        struct scaling_line *line =
            has_partner(view, view_case, scaling->key, label) ? find_line(scaling, label) : NULL;
        if (line)
            add_point(line, x, view_case);
    }
    drop_single_points(scaling);
    return scaling->count > 0;
}

/* A rate and its interval: what the case itself calls one, else work over time. */
static struct stats_interval rate_of(const struct view_case *view_case, double work, double *median)
{
    const struct stats_summary *main = &view_case->main;
    struct stats_interval interval = main->interval;
    if (view_case->higher_is_better) {
        *median = main->median;
        return interval;
    }
    *median = work / main->median;
    return (struct stats_interval){ work / interval.high, work / interval.low, interval.coverage };
}

static double append_line(const struct view *view, struct chart *chart, const struct scaling_line *line, bool batch,
                          struct chart_drawing *drawing)
{
    double first, highest = 1;
    rate_of(line->cases[0], batch ? line->x[0] : 1, &first);
    for (int p = 0; p < line->count; p++) {
        double median;
        struct stats_interval interval = rate_of(line->cases[p], batch ? line->x[p] : 1, &median);
        bool known = interval.coverage > 0;
        const char *tip = arena_format(view->arena, "%s\n%.3g times the rate at %g", line->cases[p]->name,
                                       median / first, line->x[0]);
        str_appendf(&drawing->data, "%g\t%g\t%g\t%g\t%s\n", line->x[p], median / first,
                    (known ? interval.low : median) / first, (known ? interval.high : median) / first,
                    chart_tip(view, chart, tip));
        highest = fmax(highest, (known ? interval.high : median) / first);
    }
    chart_next_block(drawing);
    return highest;
}

/* The distinct x of all lines, ascending; returns how many. */
static int distinct(const struct scaling *scaling, double *xs)
{
    int count = 0;
    for (int n = 0; n < scaling->count; n++)
        for (int p = 0; p < scaling->lines[n].count; p++) {
            int at = 0;
            double x = scaling->lines[n].x[p];
            while (at < count && xs[at] < x)
                at++;
            if (count == POINT_LIMIT || (at < count && xs[at] == x))
                continue;
            memmove(xs + at + 1, xs + at, (size_t)(count - at) * sizeof *xs);
            xs[at] = x;
            count++;
        }
    return count;
}

static void draw(const struct view *view, struct chart *chart, struct chart_drawing *drawing,
                 const struct scaling *scaling, bool batch)
{
    struct str *settings = &drawing->settings;
    double xs[POINT_LIMIT], highest = 1;
    int x_count = distinct(scaling, xs);
    for (int n = 0; n < scaling->count; n++) {
        highest = fmax(highest, append_line(view, chart, &scaling->lines[n], batch, drawing));
        chart_legend_add(chart, scaling->lines[n].label, n, CHART_LINE);
    }
    str_append(settings, "COLOR = '0 1 2 3 4 5 6'; XTICS = '");
    for (int x = 0; x < x_count; x++)
        str_appendf(settings, "%s%g", x ? "," : "", xs[x]);
    if (!batch)
        highest = fmax(highest, fmin(xs[x_count - 1] / xs[0], 1.6 * highest));
    str_appendf(settings, "'\nXMIN = %g; XMAX = %g; YMAX = %g; YTICK = %g; IDEAL = %d; SERIES = %d; XLABEL = '%s'\n",
                xs[0] / 1.12, xs[x_count - 1] * 1.12, highest * 1.06, chart_tick(highest, 6), !batch && xs[0] == 1,
                scaling->count, batch ? "batch size" : "threads");
    drawing->script = "scaling";
    drawing->left = 54;
}

bool chart_threads_speedup(const struct view *view, struct chart *chart, struct chart_drawing *drawing)
{
    struct scaling generate = { .key = "threads", .suite = "generate" }, any = { .key = "threads" };
    struct scaling *scaling = collect(view, &generate) ? &generate : &any;
    if (scaling == &any && !collect(view, &any)) {
        chart->reason = "no case was run with several numbers of threads";
        return false;
    }
    draw(view, chart, drawing, scaling, false);
    chart->note = arena_format(view->arena,
                               "Rate over the number of threads, relative to the fewest of the same case; bars are "
                               "intervals, the dashed line is n times as fast with n threads%s.",
                               scaling->cut ? ". Not all cases are drawn" : "");
    return true;
}

bool chart_batch_speedup(const struct view *view, struct chart *chart, struct chart_drawing *drawing)
{
    struct scaling tries[] = {
        { .key = "batch" },
        { .key = "tokens", .suite = "generate", .operation = "prefill" },
        { .key = "tokens", .suite = "layers", .operation = "layer" },
        { .key = "tokens" },
        { .key = "count" },
    };
    size_t chosen = 0, count = sizeof tries / sizeof tries[0];
    while (chosen < count && !collect(view, &tries[chosen]))
        chosen++;
    if (chosen == count) {
        chart->reason = "no case was run with several batch sizes (arguments batch:, tokens:, count:)";
        return false;
    }
    draw(view, chart, drawing, &tries[chosen], true);
    chart->note = arena_format(view->arena,
                               "Rate (tokens or arithmetic a second) over the batch size, relative to the smallest of "
                               "the same case; bars are intervals%s.",
                               tries[chosen].cut ? ". Not all cases are drawn" : "");
    return true;
}
