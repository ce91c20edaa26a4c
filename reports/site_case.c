/* site_case.c: a page for each case: its numbers, their distribution, its course with steps, what explains it. */
#include "harness/base/mem.h"
#include "reports/escape.h"
#include "reports/html.h"
#include "reports/site_charts.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

enum { SAMPLE_ROWS = 200, HISTORY_ROWS = 120 };

/* ---- head ---- */

static void change_line(const char *what, const struct site_comparison *comparison, const struct compare_case *change,
                        struct str *out)
{
    if (!comparison || !change)
        return;
    str_appendf(out, "<div><dt>%s</dt><dd>", what);
    site_verdict(out, change->verdict);
    if (isfinite(change->time.effect)) {
        str_append(out, " time ");
        site_percent(out, change->time.effect);
        str_append(out, "&thinsp;%");
        if (change->time.interval.coverage > 0) {
            str_append(out, " [");
            site_percent(out, change->time.interval.low);
            str_append(out, ", ");
            site_percent(out, change->time.interval.high);
            str_append(out, "]");
        }
    }
    str_append(out, " against ");
    site_link(out, "../", comparison->page, comparison->comparison.base_name);
    const char *reason = change->reason ? change->reason : change->time.reason;
    if (reason) {
        str_append(out, "<br><small>");
        escape_html(out, reason);
        str_append(out, "</small>");
    }
    str_append(out, "</dd></div>");
}

static void card(const char *title, enum number_kind kind, const struct stats_summary *summary, double scale,
                 struct str *out)
{
    char digits[32], interval[80];
    struct number_scale unit = number_scale(kind, summary->median);
    str_appendf(out, "<li><p class=\"what\">%s</p><p class=\"value\">%s<span class=\"u\"> %s</span></p>", title,
                number_digits_n(digits, sizeof digits, summary->median * unit.factor, 4), unit.unit);
    html_range_bar(out, summary, scale);
    number_interval(interval, sizeof interval, unit, summary->interval, " – ");
    str_append(out, "<p class=\"ci\">");
    if (*interval)
        str_appendf(out, "<span title=\"covers the median with %s\">%s</span> · ",
                    html_coverage(digits, sizeof digits, summary->interval.coverage), interval);
    str_appendf(out, "n&thinsp;=&thinsp;%zu</p></li>\n", summary->count);
}

static const char *title_of_metric(const char *name)
{
    return str_equal(name, "tokens_per_second")  ? "Rate"
           : str_equal(name, "flops_per_second") ? "Arithmetic"
           : str_equal(name, "bytes_per_second") ? "Bytes"
                                                 : "Time of an iteration";
}

static void cards(const struct site *site, const struct site_case *own, struct str *out)
{
    const struct view_case *newest = own->newest;
    double scale = html_range_scale(&site->view);
    if (!newest || newest->main.count == 0)
        return;
    str_append(out, "<section aria-label=\"Key numbers\"><ul class=\"keys\">\n");
    card(title_of_metric(newest->main_name), newest->kind, &newest->main, scale, out);
    if (!str_equal(newest->main_name, "real_time"))
        card("Time of an iteration", NUMBER_TIME_NS, &newest->time_ns, scale, out);
    str_append(out, "<li><p class=\"what\">Spread in this run</p><p class=\"value\">");
    if (isfinite(newest->spread))
        str_appendf(out, "%.1f<span class=\"u\"> %%</span>", 100 * newest->spread);
    else
        str_append(out, "–");
    str_appendf(out, "</p><p class=\"detail\">%s</p></li>\n",
                newest->noisy ? "noisy: above 5 %" : "robust sd over median");
    str_append(out, "<li><p class=\"what\">Noise between runs</p><p class=\"value\">");
    if (own->history.count > 2 && isfinite(own->history.noise))
        str_appendf(out, "%.1f<span class=\"u\"> %%</span></p><p class=\"detail\">over %zu runs, without the steps</p>",
                    100 * own->history.noise, own->history.count);
    else
        str_append(out, "–</p><p class=\"detail\">takes three runs</p>");
    str_append(out, "</li>\n</ul></section>\n");
}

/* ---- tables ---- */

static const char *const pass_titles[STORE_PASS_COUNT] = { "timed",  "counters", "callgrind",
                                                           "memory", "spans",    "profile" };

static void metric_row(const struct store_series *series, const struct view_metric *metric, struct str *out)
{
    char interval[80];
    const struct stats_summary *summary = &metric->summary;
    enum number_kind kind =
        metric->kind == NUMBER_PLAIN && series->pass != STORE_PASS_TIMED ? NUMBER_COUNT : metric->kind;
    str_append(out, "<tr><th scope=\"row\">");
    escape_html(out, metric->name);
    if (metric->reason) {
        str_append(out, "<small class=\"notes\">");
        escape_html(out, metric->reason);
        if (series->remedy) {
            str_append(out, ". Remedy: ");
            escape_html(out, series->remedy);
        }
        str_append(out, "</small>");
    }
    str_append(out, "</th>");
    site_value_cell(out, kind, summary->count ? summary->median : NAN);
    if (summary->count > 1)
        str_appendf(
            out, "<td class=\"n\">%s</td>",
            number_interval(interval, sizeof interval, number_scale(kind, summary->median), summary->interval, " – "));
    else
        str_append(out, "<td class=\"n none\">–</td>");
    str_appendf(out, "<td class=\"n\">%zu</td><td>%s</td></tr>\n", summary->count, pass_titles[series->pass]);
}

static void metrics(const struct site_case *own, struct str *out)
{
    const struct store_case *source = own->newest ? own->newest->source : NULL;
    if (!source || own->newest->metric_count == 0)
        return;
    str_append(
        out, "<section id=\"metrics\"><h2>Metrics, counters and memory</h2><div class=\"group\"><div class=\"scroll\" "
             "tabindex=\"0\"><table><thead><tr><th scope=\"col\">metric</th><th scope=\"col\" class=\"n\">median</th>"
             "<th scope=\"col\" class=\"n\">interval</th><th scope=\"col\" class=\"n\">n</th>"
             "<th scope=\"col\">from</th></tr></thead><tbody>\n");
    for (size_t m = 0; m < own->newest->metric_count; m++) {
        const struct view_metric *metric = &own->newest->metrics[m];
        for (size_t s = 0; s < source->metric_count; s++)
            if (source->metrics[s].name == metric->name && source->metrics[s].reason == metric->reason &&
                source->metrics[s].worst_state == metric->state) {
                metric_row(&source->metrics[s], metric, out);
                break;
            }
    }
    str_append(out, "</tbody></table></div></div></section>\n");
}

static void samples(const struct site_case *own, struct str *out)
{
    const struct store_case *source = own->newest ? own->newest->source : NULL;
    if (!source || source->sample_count == 0)
        return;
    size_t shown = source->sample_count < SAMPLE_ROWS ? source->sample_count : SAMPLE_ROWS;
    str_appendf(
        out,
        "<section id=\"samples\"><h2>Samples</h2><details class=\"group\"%s><summary><h3>%zu timed sample%s</h3>"
        "</summary><div class=\"scroll tall\" tabindex=\"0\"><table><thead><tr><th scope=\"col\">round</th>"
        "<th scope=\"col\" class=\"n\">process</th><th scope=\"col\" class=\"n\">iterations</th>"
        "<th scope=\"col\" class=\"n\">real time</th><th scope=\"col\" class=\"n\">CPU time</th>"
        "<th scope=\"col\">disturbed</th></tr></thead><tbody>\n",
        shown <= 12 ? " open" : "", source->sample_count, source->sample_count == 1 ? "" : "s");
    for (size_t i = 0; i < shown; i++) {
        str_appendf(out,
                    "<tr><td data-v=\"%d\">%d</td><td class=\"n\" data-v=\"%d\">%d</td><td class=\"n\" data-v=\"%lld\">"
                    "%lld</td>",
                    source->rounds[i], source->rounds[i] + 1, source->processes[i], source->processes[i],
                    (long long)source->iterations[i], (long long)source->iterations[i]);
        site_value_cell(out, NUMBER_TIME_NS, source->real_time_ns[i]);
        site_value_cell(out, NUMBER_TIME_NS, source->cpu_time_ns[i]);
        str_appendf(out, "<td>%s</td></tr>\n", view_is_contaminated(own->newest, i) ? "contaminated" : "");
    }
    str_append(out, "</tbody></table></div></details>");
    if (shown < source->sample_count)
        str_appendf(out, "<p class=\"method\">The first %zu are shown.</p>", shown);
    str_append(out, "</section>\n");
}

static void history_row(const struct site *site, const struct history *history, size_t i, struct str *out)
{
    const struct history_point *point = &history->points[i];
    const struct history_change *change = NULL;
    char interval[80];
    for (size_t c = 0; c < history->change_count; c++)
        if (history->changes[c].change.index == i)
            change = &history->changes[c];
    str_appendf(out, "<tr%s><th scope=\"row\">%s</th><td>%lld</td><td><code>", change ? " class=\"step\"" : "",
                site_date(site, point->started_ns), (long long)point->run_id);
    escape_html(out, arena_format(site->arena, "%.9s", point->commit ? point->commit : ""));
    str_append(out, "</code></td>");
    site_value_cell(out, NUMBER_TIME_NS, point->value);
    str_appendf(
        out, "<td class=\"n\">%s</td><td class=\"n\">%zu</td><td>",
        number_interval(interval, sizeof interval, number_scale(NUMBER_TIME_NS, point->value), point->interval, " – "),
        point->count);
    if (change) {
        site_verdict(out, change->verdict);
        str_append(out, " <b>");
        site_percent(out, change->change.effect);
        str_append(out, "&thinsp;%</b> ");
    }
    if (point->tag) {
        str_append(out, "<span class=\"tag\">");
        escape_html(out, point->tag);
        str_append(out, "</span> ");
    }
    if (point->environment) {
        str_append(out, "<span class=\"method\">");
        escape_html(out, point->environment);
        str_append(out, "</span>");
    }
    str_append(out, "</td></tr>\n");
}

static void history_section(const struct site *site, const struct site_case *own, const struct chart *trend,
                            struct str *out)
{
    const struct history *history = &own->history;
    str_append(out, "<section id=\"history\"><h2>History</h2>\n");
    if (history->count == 0) {
        site_empty(out, "No run of this machine and branch measured it.");
        str_append(out, "</section>\n");
        return;
    }
    if (trend && !trend->reason) {
        str_append(out, "<div class=\"charts\">");
        html_chart(trend, true, out);
        str_append(out, "</div>\n");
    }
    if (history->others) {
        str_appendf(out, "<p class=\"method\">%zu run%s of other machines %s not part of it", history->others,
                    history->others == 1 ? "" : "s", history->others == 1 ? "is" : "are");
        if (history->other_hardware)
            escape_html(out, arena_format(site->arena, ": %s", history->other_hardware));
        str_append(out, ".</p>");
    }
    size_t shown = history->count < HISTORY_ROWS ? history->count : HISTORY_ROWS;
    str_append(out, "<div class=\"group\"><div class=\"scroll tall\" tabindex=\"0\"><table><thead><tr>"
                    "<th scope=\"col\">date</th><th scope=\"col\">run</th><th scope=\"col\">commit</th>"
                    "<th scope=\"col\" class=\"n\">median</th><th scope=\"col\" class=\"n\">interval</th>"
                    "<th scope=\"col\" class=\"n\">n</th><th scope=\"col\">step</th></tr></thead><tbody>\n");
    for (size_t i = history->count; i > history->count - shown; i--)
        history_row(site, history, i - 1, out);
    str_append(out, "</tbody></table></div></div>");
    if (shown < history->count)
        str_appendf(out, "<p class=\"method\">The newest %zu of %zu.</p>", shown, history->count);
    str_append(out, "</section>\n");
}

/* Comparisons in pairs that measured the case. */
static void ab_section(const struct site *site, const struct site_case *own, struct str *out)
{
    bool any = false;
    for (size_t i = 0; i < site->comparison_count; i++) {
        const struct site_comparison *item = &site->comparisons[i];
        if (!str_equal(item->kind, "ab"))
            continue;
        for (size_t c = 0; c < item->comparison.case_count; c++) {
            const struct compare_case *found = &item->comparison.cases[c];
            if (!str_equal(found->name, own->name) || !str_equal(found->suite, own->suite))
                continue;
            if (!any)
                str_append(out, "<section id=\"ab\"><h2>Comparisons in pairs</h2><dl class=\"facts\">");
            any = true;
            change_line(site_date(site, item->created_ns), item, found, out);
        }
    }
    if (any)
        str_append(out, "</dl></section>\n");
}

static void profile_section(const struct site *site, const struct site_case *own, struct str *out)
{
    for (size_t i = 0; i < site->explain.profile_count; i++) {
        const struct store_profile *about = &site->explain.profiles[i].about;
        if (!about->name || !str_equal(about->name, own->name) || !str_equal(about->suite, own->suite) ||
            !site->explain.profiles[i].stacks)
            continue;
        str_append(out, "<section id=\"profile\"><h2>Profile</h2><p>");
        site_link(out, "../", site_profile_page(site, &site->explain.profiles[i]), "Flame graph and top functions");
        str_append(out, "</p></section>\n");
    }
}

static void chart_section(const struct site *site, const struct site_charts *charts, size_t index, struct str *out)
{
    size_t shown = 0;
    struct str figures = { 0 };
    for (size_t k = 0; k < SITE_CASE_CHARTS; k++) {
        const struct chart *chart = site_charts_of(charts, index, (enum site_chart)k);
        if (k == SITE_TREND || !chart || chart->reason)
            continue;
        html_chart(chart, false, &figures);
        shown++;
    }
    if (shown) {
        str_appendf(out, "<section id=\"charts\"><h2>Newest run%s</h2><div class=\"charts of-case\">\n",
                    site->reference && site->cases[index].change ? " beside the reference" : "");
        str_append_bytes(out, str_text(&figures), figures.length);
        str_append(out, "</div></section>\n");
    }
    str_release(&figures);
}

static int case_page(const struct site *site, const struct site_charts *charts, size_t index, struct error *error)
{
    const struct site_case *own = &site->cases[index];
    const struct site_page page = { .path = own->page,
                                    .title = own->name,
                                    .section = SITE_SUITES,
                                    .crumb_href = site_suite_page(site, own->suite),
                                    .crumb = own->suite };
    struct str out = { 0 };
    site_page_begin(site, &page, &out);
    if (own->newest && *view_notes(&site->view, own->newest)) {
        str_append(&out, "<ul class=\"badges\">");
        site_badge(&out, "warn", view_notes(&site->view, own->newest));
        str_append(&out, "</ul>");
    }
    str_append(&out, "<dl class=\"facts\">");
    if (!own->newest)
        str_append(&out, "<div><dt>Newest</dt><dd>not measured in the newest run</dd></div>");
    change_line(site->reference && str_equal(site->reference->kind, "baseline") ? "Baseline" : "Before",
                site->reference, own->change, &out);
    if (site->previous != site->reference)
        change_line("Before", site->previous, own->previous, &out);
    str_append(&out, "</dl>");
    site_page_main(&out);
    cards(site, own, &out);
    chart_section(site, charts, index, &out);
    history_section(site, own, site_charts_of(charts, index, SITE_TREND), &out);
    ab_section(site, own, &out);
    metrics(own, &out);
    profile_section(site, own, &out);
    samples(own, &out);
    int code = site_page_end(site, &page, &out, error);
    str_release(&out);
    return code;
}

int site_cases(const struct site *site, const struct site_charts *charts, struct error *error)
{
    int code = 0;
    for (size_t i = 0; i < site->case_count && !code; i++)
        code = case_page(site, charts, i, error);
    return code;
}
