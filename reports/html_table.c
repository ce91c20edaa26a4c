/* html_table.c: the tables of cases. Every cell that is a number carries it unscaled in data-v, for sorting. */
#include "reports/escape.h"
#include "reports/html.h"
#include <math.h>
#include <stdio.h>

/* ---- range bars ---- */

static double deviation(const struct stats_summary *summary)
{
    double median = fabs(summary->median);
    return fmax(summary->maximum - summary->median, summary->median - summary->minimum) / median;
}

double html_range_scale(const struct view *view)
{
    static const double scales[] = { 0.01, 0.02, 0.05, 0.1, 0.2, 0.5 };
    size_t last = sizeof scales / sizeof scales[0] - 1;
    for (size_t s = 0; s < last; s++) {
        size_t inside = 0;
        for (size_t i = 0; i < view->case_count; i++)
            inside += view->cases[i].main.count && deviation(&view->cases[i].main) <= scales[s];
        if (10 * inside >= 9 * view->measured)
            return scales[s];
    }
    return scales[last];
}

/* 0..100 across the bar, clipped. */
static double position(const struct stats_summary *summary, double value, double scale)
{
    double share = (value / summary->median - 1) / scale;
    return 50 + 47 * fmax(-1, fmin(1, share));
}

void html_range_bar(struct str *out, const struct stats_summary *summary, double scale)
{
    if (summary->count < 2 || summary->median == 0)
        return;
    double low = position(summary, summary->minimum, scale), high = position(summary, summary->maximum, scale);
    str_append(out, "<svg class=\"range\" viewBox=\"0 0 100 14\" preserveAspectRatio=\"none\" aria-hidden=\"true\">");
    str_append(out, "<path class=\"ra\" d=\"M3 7h94\"/>");
    str_appendf(out, "<path class=\"rm\" d=\"M%.1f 7H%.1f\"/>", low, high);
    if (summary->interval.coverage > 0) {
        double from = position(summary, summary->interval.low, scale),
               to = position(summary, summary->interval.high, scale);
        str_appendf(out, "<path class=\"ri\" d=\"M%.1f 7H%.1f\"/>", fmin(from, 49.2), fmax(to, 50.8));
    }
    /* An arrow head says that the bar goes on outside. */
    if (summary->maximum / summary->median - 1 > scale)
        str_append(out, "<path class=\"rx\" d=\"M96 3.5l4 3.5-4 3.5z\"/>");
    if (1 - summary->minimum / summary->median > scale)
        str_append(out, "<path class=\"rx\" d=\"M4 3.5l-4 3.5 4 3.5z\"/>");
    str_append(out, "<path class=\"rt\" d=\"M50 1.5v11\"/></svg>");
}

char *html_coverage(char *buffer, size_t size, double coverage)
{
    snprintf(buffer, size, "%.3g %%", 100 * coverage);
    return buffer;
}

/* ---- rows ---- */

static void number_cell(struct str *out, enum number_kind kind, double value, int significant)
{
    char digits[32];
    struct number_scale scale = number_scale(kind, value);
    str_appendf(out, "<td class=\"n\" data-v=\"%.9g\">%s", value,
                number_digits_n(digits, sizeof digits, value * scale.factor, significant));
    if (*scale.unit)
        str_appendf(out, "<span class=\"u\"> %s</span>", scale.unit);
    str_append(out, "</td>");
}

static void interval_cell(struct str *out, const struct view_case *view_case)
{
    char text[80], coverage[32];
    const struct stats_interval interval = view_case->main.interval;
    if (interval.coverage <= 0) {
        str_append(out, "<td class=\"n none\">none</td>");
        return;
    }
    struct number_scale scale = number_scale(view_case->kind, view_case->main.median);
    str_appendf(out, "<td class=\"n\" data-v=\"%.9g\" title=\"covers the median with %s\">%s</td>",
                interval.high - interval.low, html_coverage(coverage, sizeof coverage, interval.coverage),
                number_interval(text, sizeof text, scale, interval, " – "));
}

/* Below the name, where no width of the page cuts it off. */
static void case_notes(const struct view *view, const struct view_case *view_case, struct str *out)
{
    const char *notes = view_notes(view, view_case);
    if (!*notes && !view_case->source->message)
        return;
    str_appendf(out, "<small class=\"notes%s\">", view_case->source->error_count ? " bad" : "");
    escape_html(out, notes);
    if (view_case->source->message) {
        str_append(out, *notes ? ": " : "");
        escape_html(out, view_case->source->message);
    }
    str_append(out, "</small>");
}

static void case_row(const struct view *view, const struct view_group *group, const struct view_case *view_case,
                     double scale, struct str *out)
{
    char text[32];
    str_append(out, "<tr><th scope=\"row\">");
    escape_html_name(out, view_short_name(group, view_case));
    case_notes(view, view_case, out);
    str_append(out, "</th>");
    number_cell(out, view_case->kind, view_case->main.median, 4);
    str_append(out, "<td class=\"bar\">");
    html_range_bar(out, &view_case->main, scale);
    str_append(out, "</td>");
    interval_cell(out, view_case);
    str_appendf(out, "<td class=\"n\" data-v=\"%zu\"%s>%zu</td>", view_case->main.count,
                view_case->samples > view_case->main.count ? " title=\"processes; each the median of its repetitions\""
                                                           : "",
                view_case->main.count);
    if (isfinite(view_case->spread))
        snprintf(text, sizeof text, "%.1f<span class=\"u\"> %%</span>", 100 * view_case->spread);
    else
        text[0] = 0;
    str_appendf(out, "<td class=\"n%s\" data-v=\"%.6g\">%s</td>", view_case->noisy ? " warn" : "",
                isfinite(view_case->spread) ? view_case->spread : -1, text);
    for (size_t c = 0; c < group->column_count; c++) {
        const struct stats_summary *summary = view_metric(view_case, group->columns[c]->name);
        if (summary)
            number_cell(out, group->columns[c]->kind, summary->median, 3);
        else
            str_append(out, "<td class=\"n none\">–</td>");
    }
    str_append(out, "</tr>\n");
}

void html_group(const struct view *view, const struct view_group *group, size_t index, double scale, struct str *out)
{
    str_appendf(out, "<details class=\"group\" open id=\"group-%zu\"><summary><h3>", index);
    escape_html(out, view_group_title(view, group));
    str_appendf(out, "</h3><span class=\"count\">%zu case%s</span></summary>\n", group->count,
                group->count == 1 ? "" : "s");
    str_appendf(out, "<div class=\"scroll%s\" tabindex=\"0\"><table><thead><tr>", group->count > 30 ? " tall" : "");
    str_append(out, "<th scope=\"col\">case</th><th scope=\"col\" class=\"n\">median</th>");
    str_appendf(
        out, "<th scope=\"col\" class=\"bar\" title=\"thin: smallest to largest; thick: interval\">±%g&thinsp;%%</th>",
        100 * scale);
    str_append(out, "<th scope=\"col\" class=\"n\">interval</th><th scope=\"col\" class=\"n\">n</th>"
                    "<th scope=\"col\" class=\"n\">spread</th>");
    for (size_t c = 0; c < group->column_count; c++)
        str_appendf(out, "<th scope=\"col\" class=\"n\">%s</th>", group->columns[c]->title);
    str_append(out, "</tr></thead><tbody>\n");
    for (size_t i = 0; i < group->count; i++)
        case_row(view, group, group->cases[i], scale, out);
    str_append(out, "</tbody></table></div></details>\n");
}
