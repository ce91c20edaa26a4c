/* site_part.c: what several pages show: verdicts, effects with their intervals, courses as small lines. */
#include "reports/escape.h"
#include "reports/site_internal.h"
#include <math.h>
#include <stdio.h>
#include <string.h>

enum { SPARK_POINTS = 60 };

void site_badge(struct str *out, const char *kind, const char *text)
{
    str_appendf(out, "<li class=\"%s\">", kind);
    escape_html(out, text);
    str_append(out, "</li>");
}

void site_empty(struct str *out, const char *text)
{
    str_append(out, "<p class=\"empty\">");
    escape_html(out, text);
    str_append(out, "</p>\n");
}

/* ---- verdicts ---- */

const char *site_verdict_class(enum judge_verdict verdict)
{
    switch (verdict) {
    case JUDGE_REGRESSED:
    case JUDGE_WRONG:
    case JUDGE_FAILED: return "bad";
    case JUDGE_IMPROVED: return "good";
    case JUDGE_UNDECIDED: return "warn";
    case JUDGE_EQUIVALENT:
    case JUDGE_NEW:
    case JUDGE_VERDICT_COUNT: break;
    }
    return "same";
}

static const char *verdict_sign(enum judge_verdict verdict)
{
    static const char *const signs[JUDGE_VERDICT_COUNT] = {
        [JUDGE_REGRESSED] = "▲", [JUDGE_IMPROVED] = "▼", [JUDGE_EQUIVALENT] = "=", [JUDGE_UNDECIDED] = "?",
        [JUDGE_WRONG] = "✗",     [JUDGE_FAILED] = "✗",   [JUDGE_NEW] = "+",
    };
    return verdict < JUDGE_VERDICT_COUNT ? signs[verdict] : "";
}

void site_verdict(struct str *out, enum judge_verdict verdict)
{
    str_appendf(out, "<span class=\"verdict %s\"><i aria-hidden=\"true\">%s</i> %s</span>", site_verdict_class(verdict),
                verdict_sign(verdict), judge_verdict_name(verdict));
}

void site_verdict_badges(const struct comparison *comparison, struct str *out)
{
    static const enum judge_verdict order[] = { JUDGE_WRONG,    JUDGE_FAILED,     JUDGE_REGRESSED, JUDGE_UNDECIDED,
                                                JUDGE_IMPROVED, JUDGE_EQUIVALENT, JUDGE_NEW };
    str_append(out, "<ul class=\"badges\">");
    for (size_t i = 0; i < sizeof order / sizeof order[0]; i++)
        if (comparison->verdicts[order[i]])
            str_appendf(out, "<li class=\"%s\"><i aria-hidden=\"true\">%s</i> %zu %s</li>",
                        site_verdict_class(order[i]), verdict_sign(order[i]), comparison->verdicts[order[i]],
                        judge_verdict_name(order[i]));
    str_append(out, "</ul>\n");
}

/* ---- effects ---- */

void site_percent(struct str *out, double log_ratio)
{
    double value = judge_percent(log_ratio);
    str_appendf(out, "%s%.*f",
                value >= 0.05    ? "+"
                : value <= -0.05 ? "−"
                                 : "",
                fabs(value) < 99.95 ? 1 : 0, fabs(value));
}

void site_effect_cell(struct str *out, const struct compare_metric *metric)
{
    if (!metric || !isfinite(metric->effect)) {
        str_append(out, "<td class=\"n none\">–</td>");
        return;
    }
    str_appendf(out, "<td class=\"n effect %s\" data-v=\"%.6g\"", site_verdict_class(metric->verdict), metric->effect);
    if (metric->interval.coverage > 0) {
        str_append(out, " title=\"");
        site_percent(out, metric->interval.low);
        str_append(out, " to ");
        site_percent(out, metric->interval.high);
        str_appendf(out, " %% (%.3g %% interval)\"", 100 * metric->interval.coverage);
    }
    str_append(out, ">");
    site_percent(out, metric->effect);
    str_append(out, "<span class=\"u\"> %</span></td>");
}

double site_effect_scale(const struct comparison *comparison)
{
    static const double scales[] = { 0.02, 0.05, 0.1, 0.2, 0.5 };
    double largest = 0;
    for (size_t i = 0; i < comparison->case_count; i++) {
        const struct compare_metric *time = &comparison->cases[i].time;
        if (isfinite(time->effect))
            largest = fmax(largest, fabs(time->effect));
    }
    size_t at = 0;
    while (at + 1 < sizeof scales / sizeof scales[0] && scales[at] < largest)
        at++;
    return scales[at];
}

static double clip(double value, double scale)
{
    return 50 + 47 * fmax(-1, fmin(1, value / scale));
}

void site_effect_bar(struct str *out, const struct compare_metric *metric, double scale)
{
    if (!isfinite(metric->effect))
        return;
    str_appendf(out,
                "<svg class=\"range effect %s\" viewBox=\"0 0 100 14\" preserveAspectRatio=\"none\" "
                "aria-hidden=\"true\"><path class=\"rf\" d=\"M%.1f 0V14H%.1fV0z\"/><path class=\"ra\" d=\"M50 0v14\"/>",
                site_verdict_class(metric->verdict), clip(-metric->floor, scale), clip(metric->floor, scale));
    if (metric->interval.coverage > 0) {
        double low = clip(metric->interval.low, scale), high = clip(metric->interval.high, scale);
        str_appendf(out, "<path class=\"rm\" d=\"M%.1f 7H%.1f\"/>", low, fmax(high, low + 1));
    }
    double middle = clip(metric->effect, scale);
    str_appendf(out, "<path class=\"rt\" d=\"M%.1f 2.5v9\"/></svg>", middle);
}

/* ---- numbers and courses ---- */

void site_value_cell(struct str *out, enum number_kind kind, double value)
{
    char digits[32];
    if (!isfinite(value)) {
        str_append(out, "<td class=\"n none\">–</td>");
        return;
    }
    struct number_scale scale = number_scale(kind, value);
    str_appendf(out, "<td class=\"n\" data-v=\"%.9g\">%s<span class=\"u\"> %s</span></td>", value,
                number_digits_n(digits, sizeof digits, value * scale.factor, 4), scale.unit);
}

static bool is_change(const struct history *history, size_t index, enum judge_verdict *verdict)
{
    for (size_t i = 0; i < history->change_count; i++)
        if (history->changes[i].change.index == index) {
            *verdict = history->changes[i].verdict;
            return true;
        }
    return false;
}

void site_spark(struct str *out, const struct history *history)
{
    size_t first = history->count > SPARK_POINTS ? history->count - SPARK_POINTS : 0, n = history->count - first;
    double low = INFINITY, high = -INFINITY;
    for (size_t i = first; i < history->count; i++) {
        low = fmin(low, history->points[i].value);
        high = fmax(high, history->points[i].value);
    }
    if (n < 2 || !(low > 0))
        return;
    /* At least 6 %, so that noise does not look like a course. */
    double span = fmax(high - low, 0.06 * low), middle = (low + high) / 2;
    str_append(out, "<svg class=\"spark\" viewBox=\"0 0 104 22\" aria-hidden=\"true\"><polyline points=\"");
    for (size_t i = 0; i < n; i++)
        str_appendf(out, "%s%.4g,%.4g", i ? " " : "", 2 + 100.0 * (double)i / (double)(n - 1),
                    11 - 18 * (history->points[first + i].value - middle) / span);
    str_append(out, "\"/>");
    for (size_t i = 0; i < n; i++) {
        enum judge_verdict verdict;
        if (is_change(history, first + i, &verdict))
            str_appendf(out, "<circle class=\"%s\" cx=\"%.4g\" cy=\"%.4g\" r=\"3\"/>", site_verdict_class(verdict),
                        2 + 100.0 * (double)i / (double)(n - 1),
                        11 - 18 * (history->points[first + i].value - middle) / span);
    }
    str_append(out, "</svg>");
}
