/* chart_case.c: the distribution of one case in the newest run, and in another run beside it. */
#include "harness/base/mem.h"
#include "harness/base/str.h"
#include "reports/chart.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { SIDES = 2, VIOLIN_MINIMUM = 8, VIOLIN_POINTS = 40, VALUE_MINIMUM = 8 };
/* The newest run is blue and solid, the other one grey and dashed: also without colours. */
static const int side_colors[SIDES] = { 0, 7 };

/* Times of one run by process, ascending, in the chart's unit. */
struct sample {
    double *values;
    size_t count;
    const char *name;
};

/* The median of each process: repetitions are not independent. */
static struct sample medians_of(const struct store_case *source, const char *name)
{
    struct sample sample = { .values = mem_array(source->sample_count + 1, sizeof(double)), .name = name };
    double *mine = mem_array(source->sample_count + 1, sizeof *mine);
    for (size_t i = 0; i < source->sample_count; i++) {
        size_t count = 0;
        bool done = false;
        for (size_t j = 0; j < i && !done; j++)
            done = source->processes[j] == source->processes[i];
        for (size_t j = i; j < source->sample_count && !done; j++)
            if (source->processes[j] == source->processes[i])
                mine[count++] = source->real_time_ns[j];
        if (count)
            sample.values[sample.count++] = stats_median(mine, count);
    }
    free(mine);
    stats_sort(sample.values, sample.count);
    return sample;
}

/* Returns how many runs have values; the newest first. */
static int load_samples(const struct chart_sides *sides, struct sample samples[SIDES])
{
    int count = 0;
    if (sides->view_case && sides->view_case->source->sample_count)
        samples[count++] = medians_of(sides->view_case->source, sides->name);
    if (count && sides->other && sides->other->sample_count)
        samples[count++] = medians_of(sides->other, sides->other_name);
    return count;
}

static void release(struct sample samples[SIDES], int count)
{
    for (int i = 0; i < count; i++)
        free(samples[i].values);
}

/* Scales the values, and sets the axis that holds all of them. */
static void set_axis(struct sample samples[SIDES], int count, struct chart_drawing *drawing)
{
    double low = INFINITY, high = -INFINITY;
    struct number_scale scale = number_scale(NUMBER_TIME_NS, stats_median(samples[0].values, samples[0].count));
    for (int s = 0; s < count; s++)
        for (size_t i = 0; i < samples[s].count; i++) {
            samples[s].values[i] *= scale.factor;
            low = fmin(low, samples[s].values[i]);
            high = fmax(high, samples[s].values[i]);
        }
    /* At least 1 %, or the noise of a clock would fill the chart. */
    double span = fmax(high - low, 0.01 * fabs(high));
    double middle = (low + high) / 2;
    str_appendf(&drawing->settings, "XMIN = %.9g; XMAX = %.9g; XTICK = %g; UNIT = '%s'; SERIES = %d\n",
                middle - 0.7 * span, middle + 0.7 * span, chart_tick(1.4 * span, drawing->narrow ? 4 : 8), scale.unit,
                count);
    str_append(&drawing->settings, "COLOR = '");
    for (int s = 0; s < count; s++)
        str_appendf(&drawing->settings, "%d ", side_colors[s]);
    str_append(&drawing->settings, "'; DASH = '0 1'\n");
}

static const char *value_tip(const struct view *view, struct chart *chart, const struct sample *sample, size_t i)
{
    return chart_tip(view, chart, arena_format(view->arena, "%s\n%.5g", sample->name, sample->values[i]));
}

/* ---- how many were that fast ---- */

static void append_steps(const struct view *view, struct chart *chart, const struct sample *sample,
                         struct chart_drawing *drawing)
{
    double n = (double)sample->count;
    str_appendf(&drawing->data, "%.9g\t0\n", sample->values[0]);
    for (size_t i = 0; i < sample->count; i++)
        str_appendf(&drawing->data, "%.9g\t%.4g\n", sample->values[i], 100 * (double)(i + 1) / n);
    chart_next_block(drawing);
    for (size_t i = 0; i < sample->count; i++)
        str_appendf(&drawing->data, "%.9g\t%.4g\t%s\n", sample->values[i], 100 * (double)(i + 1) / n,
                    value_tip(view, chart, sample, i));
    chart_next_block(drawing);
}

bool chart_case_ecdf(const struct view *view, struct chart *chart, struct chart_drawing *drawing)
{
    struct sample samples[SIDES];
    int count = load_samples(chart->subject, samples);
    bool enough = count && samples[0].count >= 2;
    if (enough) {
        set_axis(samples, count, drawing);
        for (int s = 0; s < count; s++) {
            append_steps(view, chart, &samples[s], drawing);
            chart_legend_add(chart, samples[s].name, side_colors[s], s ? CHART_DASH : CHART_LINE);
        }
        drawing->script = "ecdf";
        drawing->left = 54;
        chart->note = "Share of the processes that took at most so long.";
    } else {
        chart->reason = "a distribution takes two processes";
    }
    release(samples, count);
    return enough;
}

/* ---- box, dots and violin ---- */

/* Gaussian kernels of Silverman's width (1986), at most half a row high. */
static void append_violin(const struct sample *sample, double y, struct str *out)
{
    size_t n = sample->count;
    double quartiles = stats_quantile_sorted(sample->values, n, 0.75) - stats_quantile_sorted(sample->values, n, 0.25);
    double width = 0.9 * fmin(stats_sd(sample->values, n), quartiles / 1.34) * pow((double)n, -0.2);
    double density[VIOLIN_POINTS + 1], x[VIOLIN_POINTS + 1], highest = 0;
    if (n < VIOLIN_MINIMUM || !(width > 0)) {
        str_appendf(out, "%.9g\t%g\n%.9g\t%g\n", sample->values[0], y, sample->values[0], y);
        return;
    }
    double low = sample->values[0] - 2 * width, high = sample->values[n - 1] + 2 * width;
    for (int p = 0; p <= VIOLIN_POINTS; p++) {
        x[p] = low + (high - low) * p / VIOLIN_POINTS;
        density[p] = 0;
        for (size_t i = 0; i < n; i++)
            density[p] += exp(-0.5 * pow((x[p] - sample->values[i]) / width, 2));
        highest = fmax(highest, density[p]);
    }
    for (int p = 0; p <= VIOLIN_POINTS; p++)
        str_appendf(out, "%.9g\t%.4g\n", x[p], y - 0.4 * density[p] / highest);
    for (int p = VIOLIN_POINTS; p >= 0; p--)
        str_appendf(out, "%.9g\t%.4g\n", x[p], y + 0.4 * density[p] / highest);
}

static void append_spread(const struct view *view, struct chart *chart, const struct sample *sample, double y,
                          struct chart_drawing *drawing)
{
    append_violin(sample, y, &drawing->data);
    chart_next_block(drawing);
    str_appendf(&drawing->data, "%.9g\t%g\t%.9g\t%.9g\t%g\t%g\n", stats_median(sample->values, sample->count), y,
                stats_quantile_sorted(sample->values, sample->count, 0.25),
                stats_quantile_sorted(sample->values, sample->count, 0.75), y - 0.16, y + 0.16);
    chart_next_block(drawing);
    /* Dots of neighbours stand on different heights, always the same ones. */
    for (size_t i = 0; i < sample->count; i++)
        str_appendf(&drawing->data, "%.9g\t%.3g\t%s\n", sample->values[i], y + 0.07 * ((double)(i * 2 % 5) - 2),
                    value_tip(view, chart, sample, i));
    chart_next_block(drawing);
}

bool chart_case_spread(const struct view *view, struct chart *chart, struct chart_drawing *drawing)
{
    struct sample samples[SIDES];
    int count = load_samples(chart->subject, samples);
    bool enough = count && samples[0].count >= 2;
    if (enough) {
        set_axis(samples, count, drawing);
        for (int s = 0; s < count; s++) {
            append_spread(view, chart, &samples[s], s + 0.6, drawing);
            chart_legend_add(chart, samples[s].name, side_colors[s], CHART_BAR);
        }
        str_appendf(&drawing->settings, "YMAX = %g\n", count + 0.2);
        drawing->script = "spread";
        drawing->left = 20;
        chart->note = "Each process a dot; box from quartile to quartile, line at the median.";
    } else {
        chart->reason = "a distribution takes two processes";
    }
    release(samples, count);
    return enough;
}

/* ---- single operations ---- */

static bool append_latency(const struct view *view, struct chart *chart, const struct store_case *source,
                           const char *name, double range[3], struct chart_drawing *drawing)
{
    if (!source || source->value_count < VALUE_MINIMUM)
        return false;
    size_t count = source->value_count;
    double *sorted = mem_array(count, sizeof *sorted);
    memcpy(sorted, source->values_ns, count * sizeof *sorted);
    stats_sort(sorted, count);
    range[0] = fmin(range[0], sorted[0] / 1e6);
    range[1] = fmax(range[1], sorted[count - 1] / 1e6);
    range[2] = fmax(range[2], log10((double)count));
    chart_latency_line(view, chart, name, sorted, count, drawing);
    free(sorted);
    return true;
}

bool chart_case_latency(const struct view *view, struct chart *chart, struct chart_drawing *drawing)
{
    const struct chart_sides *sides = chart->subject;
    double range[3] = { INFINITY, 0, 1 }; /* ms low, ms high, end of the axis */
    if (!sides->view_case || !append_latency(view, chart, sides->view_case->source, sides->name, range, drawing)) {
        chart->reason = "the times of single operations were not recorded";
        return false;
    }
    bool both = append_latency(view, chart, sides->other, sides->other_name, range, drawing);
    chart_legend_add(chart, sides->name, side_colors[0], CHART_LINE);
    if (both)
        chart_legend_add(chart, sides->other_name, side_colors[1], CHART_DASH);
    str_appendf(&drawing->settings, "COLOR = '%d %d'; DASH = '0 1'\n", side_colors[0], side_colors[1]);
    chart_latency_axes(&drawing->settings, range[0], range[1], range[2], both ? 2 : 1);
    drawing->script = "latency";
    chart->note = "Time of each operation, all processes together.";
    return true;
}
