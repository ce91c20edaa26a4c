/* chart_roofline.c: the kernels under their measured ceilings (Williams, Waterman, Patterson 2009).
 *
 * Of the variants of one operation, format and shape only the fastest is a solid point; of the shapes of an operation
 * and format only the fastest gets a label. gnuplot cannot keep labels apart, so their places are found here, in
 * pixels: ceilings first, then points from the fastest down, each at the first free one of a ring of places around its
 * point, with a leader line if it had to go far, or not at all. */
#include "harness/base/str.h"
#include "harness/base/case_name.h"
#include "reports/chart.h"
#include "reports/chart_place.h"
#include "reports/escape.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { POINT_LIMIT = 1024, CEILING_LIMIT = 16, FAMILY_OTHER = 3, FAMILY_MODEL = 4, FAMILIES = 5 };

static const char *const family_names[FAMILIES] = { "matmul", "matvec", "attention", "other operations",
                                                    "whole model" };

struct point {
    const struct view_case *source;
    const char *operation, *format, *isa, *shape; /* parts of its name; shape: all that follows the instruction set */
    double x, y;                                  /* flop/byte, GFLOP/s */
    int family;
    bool fastest; /* variant of its operation, format and shape */
    bool labelled;
};

struct ceiling {
    const char *type; /* "int8" */
    const char *label;
    double rate; /* GFLOP/s */
    bool main;   /* the highest of its number type */
};

struct roofline {
    struct point points[POINT_LIMIT];
    size_t point_count;
    struct ceiling ceilings[CEILING_LIMIT]; /* highest first */
    size_t ceiling_count;
    double bandwidth;      /* GB/s, 0 = not measured */
    size_t measured_count; /* points whose intensity counters measured */
    double x_low, x_high, y_low, y_high;
    struct chart_place place;
};

/* ---- collecting ---- */

static int family_of(const char *operation)
{
    for (int f = 0; f < FAMILY_OTHER; f++)
        if (str_equal(operation, family_names[f]))
            return f;
    return FAMILY_OTHER;
}

static void add_ceiling(const struct view *view, struct roofline *roofline, const struct view_case *view_case,
                        bool narrow)
{
    const struct stats_summary *flops = view_metric(view_case, "flops_per_second");
    const struct stats_summary *bytes = view_metric(view_case, "bytes_per_second");
    /* Kernels run on one thread: only the ceilings of one thread hold for them. */
    if (case_name_number(view_case->name, "threads", 1) != 1)
        return;
    if (str_starts(view_case->name, "peak/bandwidth/read") && bytes) {
        roofline->bandwidth = bytes->median / 1e9;
    } else if (flops && !str_starts(view_case->name, "peak/bandwidth/") && roofline->ceiling_count < CEILING_LIMIT) {
        char digits[32];
        const char *type = case_name_part(view->arena, view_case->name, 1);
        const char *isa =
            narrow ? "" : arena_format(view->arena, " %s", case_name_part(view->arena, view_case->name, 2));
        const char *label = arena_format(view->arena, "%s%s  %s", type, isa,
                                         number_digits_n(digits, sizeof digits, flops->median / 1e9, 3));
        struct ceiling ceiling = { type, label, flops->median / 1e9, true };
        size_t at = roofline->ceiling_count++;
        for (; at > 0 && roofline->ceilings[at - 1].rate < ceiling.rate; at--)
            roofline->ceilings[at] = roofline->ceilings[at - 1];
        roofline->ceilings[at] = ceiling;
    }
}

/* Ceilings are sorted: the first of a type is its highest. */
static void mark_main_ceilings(struct roofline *roofline)
{
    for (size_t i = 0; i < roofline->ceiling_count; i++)
        for (size_t j = 0; j < i; j++)
            if (str_equal(roofline->ceilings[i].type, roofline->ceilings[j].type))
                roofline->ceilings[i].main = false;
}

static bool same_work(const struct point *a, const struct point *b)
{
    return str_equal(a->operation, b->operation) && str_equal(a->format, b->format);
}

/* points are sorted, the fastest first. */
static void mark_fastest(struct roofline *roofline)
{
    for (size_t i = 0; i < roofline->point_count; i++) {
        struct point *point = &roofline->points[i];
        point->fastest = point->labelled = true;
        for (size_t j = 0; j < i && point->fastest; j++) {
            if (!same_work(point, &roofline->points[j]))
                continue;
            point->labelled = false;
            point->fastest = !str_equal(point->shape, roofline->points[j].shape);
        }
    }
}

static int faster_first(const void *a, const void *b)
{
    double x = ((const struct point *)a)->y, y = ((const struct point *)b)->y;
    return (x < y) - (x > y);
}

static struct point new_point(struct arena *arena, const struct view_case *view_case, double intensity, double rate)
{
    const char *shape = view_case->name;
    for (int part = 0; part < 3 && shape; part++)
        shape = (shape = strchr(shape, '/')) ? shape + 1 : NULL;
    return (struct point){ .source = view_case,
                           .operation = view_case->operation,
                           .format = case_name_part(arena, view_case->name, 1),
                           .isa = case_name_part(arena, view_case->name, 2),
                           .shape = shape ? shape : "",
                           .x = intensity,
                           .y = rate,
                           .family = family_of(view_case->operation) };
}

/* Counters know what really came from memory; without them the intensity is that of the operands, each read once. */
static double find_intensity(struct roofline *roofline, const struct view_case *view_case, double of_operands)
{
    double measured = view_counter(view_case, "operational_intensity");
    if (!(measured > 0))
        return of_operands;
    roofline->measured_count++;
    return measured;
}

/* A forward pass of the engine on one thread: flops and bytes of its operations in the time of an iteration. */
static void add_model(struct arena *arena, struct roofline *roofline, const struct view_case *view_case)
{
    const struct store_case *source = view_case->source;
    double flops = 0, bytes = 0;
    if (case_name_number(view_case->name, "threads", 1) != 1)
        return;
    for (size_t i = 0; i < source->span_count; i++) {
        flops += isfinite(source->spans[i].flops) ? source->spans[i].flops : 0;
        bytes += isfinite(source->spans[i].bytes) ? source->spans[i].bytes : 0;
    }
    if (!(flops > 0 && bytes > 0 && source->span_iteration_ns > 0) || roofline->point_count == POINT_LIMIT)
        return;
    roofline->points[roofline->point_count++] = (struct point){ .source = view_case,
                                                                .operation = view_case->operation,
                                                                .format = case_name_part(arena, view_case->name, 2),
                                                                .isa = "",
                                                                .shape = view_case->name,
                                                                .x = find_intensity(roofline, view_case, flops / bytes),
                                                                .y = flops / source->span_iteration_ns,
                                                                .family = FAMILY_MODEL };
}

static void collect(const struct view *view, struct roofline *roofline, bool narrow)
{
    for (size_t i = 0; i < view->case_count; i++) {
        const struct view_case *view_case = &view->cases[i];
        if (view_case->main.count && view_case->source->span_count)
            add_model(view->arena, roofline, view_case);
        if (!view_case->main.count || !str_equal(view_case->suite, "kernels"))
            continue;
        if (str_equal(view_case->operation, "peak")) {
            add_ceiling(view, roofline, view_case, narrow);
            continue;
        }
        const struct stats_summary *rate = view_metric(view_case, "flops_per_second");
        const struct stats_summary *intensity = view_metric(view_case, "intensity");
        if (rate && intensity && rate->median > 0 && intensity->median > 0 && roofline->point_count < POINT_LIMIT)
            roofline->points[roofline->point_count++] = new_point(
                view->arena, view_case, find_intensity(roofline, view_case, intensity->median), rate->median / 1e9);
    }
    qsort(roofline->points, roofline->point_count, sizeof roofline->points[0], faster_first);
    mark_fastest(roofline);
    mark_main_ceilings(roofline);
}

static double widest_ceiling(const struct roofline *roofline, const struct chart_drawing *drawing)
{
    double widest = 0;
    for (size_t i = 0; i < roofline->ceiling_count; i++)
        widest = fmax(widest, chart_text_width(roofline->ceilings[i].label, drawing->font));
    return widest;
}

static void find_ranges(struct roofline *roofline, const struct chart_drawing *drawing)
{
    double x_low = INFINITY, x_high = 0, y_low = INFINITY, y_high = 0;
    for (size_t i = 0; i < roofline->point_count; i++) {
        const struct point *point = &roofline->points[i];
        x_low = fmin(x_low, point->x);
        x_high = fmax(x_high, point->x);
        y_low = fmin(y_low, point->y);
        y_high = fmax(y_high, point->y);
    }
    if (roofline->ceiling_count) {
        double top = roofline->ceilings[0].rate;
        y_high = fmax(y_high, top);
        if (roofline->bandwidth > 0)
            x_high = fmax(x_high, 1.3 * top / roofline->bandwidth);
    }
    roofline->x_low = x_low / 1.7;
    /* The labels of the ceilings stand at the right, beyond the last point. */
    double plot = drawing->width - drawing->left - drawing->right;
    double room = roofline->ceiling_count ? fmin(0.2, (widest_ceiling(roofline, drawing) + 12) / plot) : 0.03;
    roofline->x_high = roofline->x_low * pow(x_high * 1.2 / roofline->x_low, 1 / (1 - room));
    roofline->y_low = y_low / 1.7;
    roofline->y_high = y_high * 2;
}

/* ---- pixels ---- */

static double pixel_x(const struct roofline *roofline, const struct chart_drawing *drawing, double x)
{
    double share = log(x / roofline->x_low) / log(roofline->x_high / roofline->x_low);
    return drawing->left + share * (drawing->width - drawing->left - drawing->right);
}

static double pixel_y(const struct roofline *roofline, const struct chart_drawing *drawing, double y)
{
    double share = log(y / roofline->y_low) / log(roofline->y_high / roofline->y_low);
    return drawing->height - drawing->bottom - share * (drawing->height - drawing->top - drawing->bottom);
}

static double value_x(const struct roofline *roofline, const struct chart_drawing *drawing, double pixel)
{
    double share = (pixel - drawing->left) / (drawing->width - drawing->left - drawing->right);
    return roofline->x_low * pow(roofline->x_high / roofline->x_low, share);
}

static double value_y(const struct roofline *roofline, const struct chart_drawing *drawing, double pixel)
{
    double share = (drawing->height - drawing->bottom - pixel) / (drawing->height - drawing->top - drawing->bottom);
    return roofline->y_low * pow(roofline->y_high / roofline->y_low, share);
}

/* ---- drawing ---- */

/* The label's text begins at box.left, its middle is the middle of the box. */
static void append_label(const struct roofline *roofline, struct chart_drawing *drawing, struct chart_box box,
                         const char *text, int color)
{
    str_appendf(&drawing->data, "%.6g\t%.6g\t", value_x(roofline, drawing, box.left),
                value_y(roofline, drawing, (box.top + box.bottom) / 2));
    escape_chart(&drawing->data, text);
    str_appendf(&drawing->data, "\t%d\n", color);
}

static void append_flat(const struct roofline *roofline, struct chart_drawing *drawing, bool main)
{
    for (size_t i = 0; i < roofline->ceiling_count; i++) {
        const struct ceiling *ceiling = &roofline->ceilings[i];
        double from = roofline->x_low;
        if (ceiling->main != main)
            continue;
        if (roofline->bandwidth > 0)
            from = fmax(from, ceiling->rate / roofline->bandwidth);
        str_appendf(&drawing->data, "%.6g\t%.6g\n%.6g\t%.6g\n\n", from, ceiling->rate, roofline->x_high, ceiling->rate);
    }
}

static void append_ceilings(const struct roofline *roofline, struct chart_drawing *drawing)
{
    double bandwidth = roofline->bandwidth;
    append_flat(roofline, drawing, true);
    if (bandwidth > 0) {
        double to = roofline->ceiling_count ? roofline->ceilings[0].rate / bandwidth : roofline->x_high;
        to = fmin(to, roofline->x_high);
        str_appendf(&drawing->data, "%.6g\t%.6g\n%.6g\t%.6g\n", roofline->x_low, bandwidth * roofline->x_low, to,
                    bandwidth * to);
    }
    str_append(&drawing->data, "NaN\tNaN\n");
    chart_next_block(drawing);
    append_flat(roofline, drawing, false);
    str_append(&drawing->data, "NaN\tNaN\n");
    chart_next_block(drawing);
}

/* Where a ceiling begins: at its ridge under the slope of the bandwidth. */
static double ceiling_start(const struct roofline *roofline, const struct chart_drawing *drawing, size_t index)
{
    if (roofline->bandwidth <= 0)
        return drawing->left;
    return fmax(drawing->left, pixel_x(roofline, drawing, roofline->ceilings[index].rate / roofline->bandwidth));
}

/* Points are obstacles too, and so are the lines of the ceilings. */
static void occupy_drawn(struct roofline *roofline, const struct chart_drawing *drawing)
{
    for (size_t i = 0; i < roofline->point_count; i++) {
        double x = pixel_x(roofline, drawing, roofline->points[i].x),
               y = pixel_y(roofline, drawing, roofline->points[i].y);
        double radius = roofline->points[i].fastest ? 4 : 2;
        chart_place_take(&roofline->place, (struct chart_box){ x - radius, y - radius, x + radius, y + radius });
    }
    for (size_t i = 0; i < roofline->ceiling_count; i++) {
        double y = pixel_y(roofline, drawing, roofline->ceilings[i].rate);
        double from = ceiling_start(roofline, drawing, i);
        if (roofline->ceilings[i].main)
            chart_place_take(&roofline->place,
                             (struct chart_box){ from, y - 1, drawing->width - drawing->right, y + 1 });
    }
    for (double x = drawing->left; roofline->bandwidth > 0 && x < drawing->width - drawing->right; x += 4) {
        double rate = roofline->bandwidth * value_x(roofline, drawing, x);
        if (roofline->ceiling_count && rate > roofline->ceilings[0].rate)
            break;
        double y = pixel_y(roofline, drawing, rate);
        chart_place_take(&roofline->place, (struct chart_box){ x, y - 2, x + 4, y + 2 });
    }
}

/* Above its line at the right end, else below, else further left. */
static void label_ceilings(struct roofline *roofline, struct chart_drawing *drawing)
{
    for (size_t i = 0; i < roofline->ceiling_count; i++) {
        const char *text = roofline->ceilings[i].label;
        if (!roofline->ceilings[i].main)
            continue;
        double width = chart_text_width(text, drawing->font), height = drawing->font + 1;
        double y = pixel_y(roofline, drawing, roofline->ceilings[i].rate), right = drawing->width - drawing->right;
        double from = ceiling_start(roofline, drawing, i);
        for (int try = 0; try < 8; try++) {
            double top = try % 2 ? y + 3 : y - height - 3, shift = (try / 2) * width * 0.6;
            struct chart_box box = { right - shift - width, top, right - shift, top + height };
            if (box.right < from + 12 || !chart_place_is_free(&roofline->place, box))
                continue;
            append_label(roofline, drawing, box, text, CHART_INK);
            chart_place_take(&roofline->place, box);
            break;
        }
    }
}

/* Under the slope, near its lower end, where the points are not. */
static void label_bandwidth(const struct view *view, struct roofline *roofline, struct chart_drawing *drawing)
{
    if (roofline->bandwidth <= 0)
        return;
    char digits[32];
    const char *text =
        arena_format(view->arena, "memory  %s GB/s", number_digits_n(digits, sizeof digits, roofline->bandwidth, 3));
    double width = chart_text_width(text, drawing->font), height = drawing->font + 1;
    for (double x = drawing->left + 8; x < drawing->width * 0.7; x += 8) {
        double y = pixel_y(roofline, drawing, roofline->bandwidth * value_x(roofline, drawing, x));
        struct chart_box above = { x - width - 6, y - height - 4, x - 6, y - 4 },
                         below = { x + 10, y + 2, x + 10 + width, y + 2 + height };
        struct chart_box box = chart_place_is_free(&roofline->place, above) ? above : below;
        if (!chart_place_is_free(&roofline->place, box))
            continue;
        append_label(roofline, drawing, box, text, CHART_INK);
        chart_place_take(&roofline->place, box);
        return;
    }
}

static void label_points(const struct view *view, struct roofline *roofline, struct chart_drawing *drawing,
                         struct str *leaders)
{
    for (size_t i = 0; i < roofline->point_count; i++) {
        const struct point *point = &roofline->points[i];
        struct chart_box box;
        struct chart_leader leader;
        if (!point->labelled)
            continue;
        const char *text = point->format;
        if (point->family == FAMILY_MODEL)
            text = arena_format(view->arena, "%s %s", point->operation, point->format);
        else if (point->family == FAMILY_OTHER)
            text = point->operation;
        else if (!drawing->narrow)
            text = arena_format(view->arena, "%s %s", point->format, point->isa);
        if (!chart_place_around(&roofline->place, pixel_x(roofline, drawing, point->x),
                                pixel_y(roofline, drawing, point->y), chart_text_width(text, drawing->font),
                                drawing->font - 1, drawing->narrow ? 44 : 92, &box, &leader))
            continue;
        append_label(roofline, drawing, box, text, CHART_SERIES_0 + point->family);
        if (hypot(leader.to_x - leader.x, leader.to_y - leader.y) < 12)
            continue;
        double x = value_x(roofline, drawing, leader.to_x), y = value_y(roofline, drawing, leader.to_y);
        str_appendf(leaders, "%.6g\t%.6g\t%.6g\t%.6g\n", point->x, point->y, x - point->x, y - point->y);
    }
}

static int append_points(const struct view *view, struct chart *chart, const struct roofline *roofline,
                         struct chart_drawing *drawing)
{
    for (size_t i = 0; i < roofline->point_count; i++)
        if (!roofline->points[i].fastest)
            str_appendf(&drawing->data, "%.6g\t%.6g\t%d\n", roofline->points[i].x, roofline->points[i].y,
                        CHART_SERIES_0 + roofline->points[i].family);
    str_append(&drawing->data, "NaN\tNaN\t0\n");
    int families = 0;
    str_append(&drawing->settings, "COLOR = '");
    for (int family = 0; family < FAMILIES; family++) {
        bool any = false;
        for (size_t i = 0; i < roofline->point_count; i++) {
            const struct point *point = &roofline->points[i];
            if (point->family != family || !point->fastest)
                continue;
            if (!any)
                chart_next_block(drawing);
            any = true;
            str_appendf(&drawing->data, "%.6g\t%.6g\t%s\n", point->x, point->y,
                        chart_tip(view, chart, view_tip(view, point->source)));
        }
        if (any) {
            chart_legend_add(chart, family_names[family], family, CHART_DOT);
            str_appendf(&drawing->settings, "%d ", family);
            families++;
        }
    }
    str_appendf(&drawing->settings, "'; FAMILIES = %d\n", families);
    return families;
}

bool chart_roofline(const struct view *view, struct chart *chart, struct chart_drawing *drawing)
{
    struct roofline *roofline = arena_alloc(view->arena, sizeof *roofline);
    collect(view, roofline, drawing->narrow);
    /* A forward pass by itself, without a kernel or a ceiling to hold it against, says nothing. */
    bool has_context = roofline->ceiling_count > 0 || roofline->bandwidth > 0;
    for (size_t i = 0; i < roofline->point_count && !has_context; i++)
        has_context = roofline->points[i].family != FAMILY_MODEL;
    if (roofline->point_count == 0 || !has_context) {
        chart->reason = "no kernel case counted its flops and bytes";
        return false;
    }
    find_ranges(roofline, drawing);
    str_appendf(&drawing->settings, "XMIN = %.6g; XMAX = %.6g; YMIN = %.6g; YMAX = %.6g\n", roofline->x_low,
                roofline->x_high, roofline->y_low, roofline->y_high);
    struct str leaders = { 0 };
    roofline->place.bounds =
        (struct chart_box){ drawing->left + 2, 2, drawing->width - 2, drawing->height - drawing->bottom - 2 };
    append_ceilings(roofline, drawing);
    occupy_drawn(roofline, drawing);
    label_ceilings(roofline, drawing);
    label_bandwidth(view, roofline, drawing);
    label_points(view, roofline, drawing, &leaders);
    str_append(&drawing->data, "NaN\tNaN\t\t0\n");
    chart_next_block(drawing);
    str_append(&drawing->data, str_text(&leaders));
    str_append(&drawing->data, "NaN\tNaN\tNaN\tNaN\n");
    chart_next_block(drawing);
    str_release(&leaders);
    append_points(view, chart, roofline, drawing);
    chart->note = arena_format(
        view->arena, "Solid: the fastest variant of each kernel and shape; hollow: slower ones. %s%s",
        roofline->ceiling_count || roofline->bandwidth > 0
            ? "Lines: ceilings measured in this run on one thread, the highest of each number type; faint: other "
              "instruction sets."
            : "This run measured no ceilings.",
        roofline->measured_count
            ? arena_format(view->arena,
                           " Intensity of %zu points by hardware counters, of the others by their operands.",
                           roofline->measured_count)
            : "");
    return true;
}
