/* chart_memory.c: what the process holds over many operations of a case, as change since the first: a leak rises for
 * ever, a cache that fills levels off. Of many cases those that grow most. */
#include "harness/base/str.h"
#include "reports/chart.h"
#include <math.h>

enum { LINE_LIMIT = 6, PAGE_NOISE_BYTES = 256 << 10 };

struct line {
    const struct view_case *view_case;
    const struct store_course *course;
    double growth; /* from the first to the last value, bytes */
};

static const struct store_course *find_course(const struct store_case *source, const char *name)
{
    for (size_t i = 0; i < source->course_count; i++)
        if (str_equal(source->courses[i].name, name) && source->courses[i].count >= 2)
            return &source->courses[i];
    return NULL;
}

static double range_of(const struct store_course *course)
{
    double low = INFINITY, high = -INFINITY;
    for (size_t i = 0; course && i < course->count; i++) {
        low = fmin(low, course->values[i]); /* fmin leaves NaN out */
        high = fmax(high, course->values[i]);
    }
    return high > low ? high - low : 0;
}

/* The heap is exact where it is counted; the resident set holds page noise, but also what the heap does not know:
 * mappings, and pages that are touched late. So it counts where the heap stands still and it does not. */
static const struct store_course *choose_course(const struct store_case *source)
{
    const struct store_course *heap = find_course(source, "live_bytes"), *resident = find_course(source, "rss_bytes");
    if (!heap || (resident && range_of(heap) == 0 && range_of(resident) >= PAGE_NOISE_BYTES))
        return resident;
    return heap;
}

static bool find_line(struct line *line, const struct view_case *view_case)
{
    const struct store_course *course = choose_course(view_case->source);
    if (!course)
        return false;
    *line = (struct line){ view_case, course, course->values[course->count - 1] - course->values[0] };
    return isfinite(line->growth);
}

/* The lines that grow most, in that order; returns how many cases there are. */
static size_t collect(const struct view *view, struct line *lines, size_t *count)
{
    size_t all = 0;
    *count = 0;
    for (size_t i = 0; i < view->case_count; i++) {
        struct line line;
        if (!find_line(&line, &view->cases[i]))
            continue;
        all++;
        size_t at = *count;
        while (at > 0 && fabs(lines[at - 1].growth) < fabs(line.growth))
            at--;
        if (at == LINE_LIMIT)
            continue;
        size_t last = *count < LINE_LIMIT ? (*count)++ : LINE_LIMIT - 1;
        for (size_t j = last; j > at; j--)
            lines[j] = lines[j - 1];
        lines[at] = line;
    }
    return all;
}

/* x: share of the operations of its own run, because cases differ by thousands; y: bytes in unit. */
static void append_line(const struct view *view, struct chart *chart, const struct line *line, double unit_bytes,
                        struct chart_drawing *drawing)
{
    const struct store_course *course = line->course;
    double end = course->operations[course->count - 1];
    for (size_t i = 0; i < course->count; i++)
        str_appendf(&drawing->data, "%g\t%g\n", end > 0 ? 100 * course->operations[i] / end : 0,
                    (course->values[i] - course->values[0]) / unit_bytes);
    chart_next_block(drawing);
    char grown[48];
    number_text(grown, sizeof grown, NUMBER_BYTES, line->growth);
    const char *tip = arena_format(view->arena, "%s\n%s after %.0f operations\n%s", line->view_case->name, grown, end,
                                   str_equal(course->name, "live_bytes") ? "live heap" : "resident set");
    str_appendf(&drawing->data, "100\t%g\t%s\n", line->growth / unit_bytes, chart_tip(view, chart, tip));
    chart_next_block(drawing);
}

static void draw_lines(const struct view *view, struct chart *chart, struct chart_drawing *drawing,
                       const struct line *lines, size_t count)
{
    double low = 0, high = 0;
    for (size_t n = 0; n < count; n++)
        for (size_t i = 0; i < lines[n].course->count; i++) {
            double change = lines[n].course->values[i] - lines[n].course->values[0];
            low = fmin(low, change);
            high = fmax(high, change);
        }
    double span = fmax(high, -low);
    struct number_scale scale = number_scale(NUMBER_BYTES, span);
    double unit_bytes = 1 / scale.factor;
    for (size_t n = 0; n < count; n++)
        append_line(view, chart, &lines[n], unit_bytes, drawing);
    double room = span > 0 ? 0.08 * span : unit_bytes;
    str_appendf(&drawing->settings, "YMIN = %g; YMAX = %g; SERIES = %zu; UNIT = '%s'\n",
                (low < 0 ? low - room : -0.25 * room) / unit_bytes, (high + room) / unit_bytes, count, scale.unit);
}

bool chart_memory(const struct view *view, struct chart *chart, struct chart_drawing *drawing)
{
    struct line lines[LINE_LIMIT];
    size_t count, all = collect(view, lines, &count);
    if (count == 0) {
        chart->reason = "no case was watched over many operations; prony run --memory does that";
        return false;
    }
    draw_lines(view, chart, drawing, lines, count);
    for (size_t n = 0; n < count; n++)
        chart_legend_add(chart, lines[n].view_case->name, (int)n, CHART_LINE);
    chart->note = arena_format(
        view->arena,
        "Change of the live heap, or of the resident set where the heap is not counted or stands still, "
        "over the operations of a long run%s.",
        all > count ? arena_format(view->arena, "; the %zu of %zu cases that change most", count, all) : "");
    return true;
}

bool chart_case_memory(const struct view *view, struct chart *chart, struct chart_drawing *drawing)
{
    const struct chart_sides *sides = chart->subject;
    static const char *const names[] = { "live_bytes", "rss_bytes" }, *const titles[] = { "live heap", "resident set" };
    struct line lines[2];
    size_t count = 0;
    for (size_t i = 0; i < 2 && sides->view_case; i++) {
        const struct store_course *course = find_course(sides->view_case->source, names[i]);
        double growth = course ? course->values[course->count - 1] - course->values[0] : NAN;
        if (!isfinite(growth))
            continue;
        lines[count++] = (struct line){ sides->view_case, course, growth };
        chart_legend_add(chart, titles[i], (int)count - 1, CHART_LINE);
    }
    if (count == 0) {
        chart->reason = "memory was not watched: prony run --memory does that";
        return false;
    }
    draw_lines(view, chart, drawing, lines, count);
    drawing->script = "memory";
    chart->note = "Change since the first operation of a long run.";
    return true;
}
