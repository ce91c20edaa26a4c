/* judgement_html.c: a judgement as one self-contained page in the style of the report (page.css, page.js): the verdict,
 * the forest plot, what changed, then all cases in tables that sort and can be searched, attribution, targets, and how
 * far to trust it. All foreign text goes through escape_html; the page works without its script. */
#include "harness/base/clock.h"
#include "harness/base/log.h"
#include "reports/asset.h"
#include "reports/attribution.h"
#include "reports/chart_forest.h"
#include "reports/escape.h"
#include "reports/judgement_words.h"
#include <math.h>
#include <stdio.h>
#include <string.h>

struct page {
    struct str *out;
    struct arena *arena;
    const struct judgement *judgement;
    const struct report_options *options;
};

/* ---- head ---- */

static const char *badge_of_status(enum gate_status status)
{
    return status == GATE_PASS ? "good" : status == GATE_REGRESSED ? "bad" : "warn";
}

static const char *class_of(enum judge_verdict verdict)
{
    return judgement_is_bad(verdict)    ? "bad"
           : verdict == JUDGE_IMPROVED  ? "good"
           : verdict == JUDGE_UNDECIDED ? "warn"
                                        : "none";
}

static void badge(struct str *out, const char *kind, const char *text)
{
    str_appendf(out, "<li class=\"%s\">", kind);
    escape_html(out, text);
    str_append(out, "</li>");
}

static void fact(struct str *out, const char *name, const char *text)
{
    str_appendf(out, "<div><dt>%s</dt><dd>", name);
    escape_html(out, text);
    str_append(out, "</dd></div>");
}

static void page_begin(const struct page *page)
{
    struct str *out = page->out;
    str_append(out, "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
                    "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
                    "<meta name=\"color-scheme\" content=\"light dark\">\n<title>");
    escape_html(out, page->judgement->title);
    str_append(out, " · Prony</title>\n<style>\n");
    str_append(out, asset_text("page.css"));
    str_append(out, "</style>\n</head>\n<body>\n");
}

static void header(const struct page *page)
{
    const struct judgement *judgement = page->judgement;
    enum gate_status status = judgement_status(judgement);
    struct str *out = page->out;
    str_append(out, "<header><p class=\"brand\">Prony</p><h1>");
    escape_html(out, judgement->title);
    str_append(out, "</h1>\n<dl class=\"facts\">");
    for (size_t i = 0; i < judgement->count; i++) {
        const struct comparison *comparison = &judgement->comparisons[i];
        if (i == 0)
            fact(out, "Base",
                 arena_format(page->arena, "%s: %s", comparison->base_name,
                              judgement_run_line(&comparison->base, page->arena)));
        fact(out, "Candidate",
             arena_format(page->arena, "%s: %s", comparison->candidate_name,
                          judgement_run_line(&comparison->candidate, page->arena)));
        fact(out, "Method", judgement_method_line(comparison, page->arena));
    }
    const char *machine =
        judgement->count ? judgement_machine(&judgement->comparisons[0].candidate, page->arena) : NULL;
    if (machine)
        fact(out, "Machine", machine);
    str_append(out, "</dl>\n<ul class=\"badges\">");
    badge(out, badge_of_status(status), judgement_status_word(status));
    badge(out, "info", judgement_count_line(judgement, page->arena));
    if (judgement->calibration)
        badge(out,
              judgement->calibration->out_of_band ? "bad"
              : judgement->calibration->tests     ? "info"
                                                  : "warn",
              calibration_line(judgement->calibration, page->arena));
    for (size_t i = 0; i < judgement->count; i++)
        if (judgement->comparisons[i].machines_differ)
            badge(out, "bad", "not the same machine");
    str_append(out, "</ul></header>\n<main>\n");
}

/* ---- forest plots ---- */

static void figure(struct str *out, const struct chart *chart)
{
    str_appendf(out, "<figure class=\"full\" id=\"chart-%s\"><figcaption><h3>", chart->id);
    escape_html(out, chart->title);
    str_append(out, "</h3>");
    if (chart->reason || !chart->svg[0]) {
        str_append(out, "</figcaption><p class=\"missing\">");
        escape_html(out, chart->reason ? chart->reason : "not drawn");
        str_append(out, "</p></figure>\n");
        return;
    }
    str_append(out, "<p>");
    escape_html(out, chart->note);
    str_appendf(out, "</p></figcaption><div class=\"wide\">%s</div>\n<div class=\"narrow\">%s</div></figure>\n",
                chart->svg[0], chart->svg[1] ? chart->svg[1] : chart->svg[0]);
}

static void forests(const struct page *page)
{
    size_t count = page->judgement->count;
    if (!count || !page->options->gnuplot)
        return;
    const struct view view = { .arena = page->arena };
    struct chart_job *jobs = arena_array(page->arena, count, sizeof *jobs);
    struct chart *charts = arena_array(page->arena, count, sizeof *charts);
    const char *problem = NULL;
    for (size_t i = 0; i < count; i++)
        jobs[i] = chart_forest_job(&page->judgement->comparisons[i], i, 0, page->arena);
    chart_draw_jobs(&view, jobs, count, page->options->gnuplot, charts, &problem);
    if (problem)
        log_warn("charts are missing from the report: %s", problem);
    str_append(page->out, "<section id=\"effects\"><h2>Effects</h2>\n<div class=\"charts\">\n");
    for (size_t i = 0; i < count; i++)
        figure(page->out, &charts[i]);
    str_append(page->out, "</div></section>\n");
}

/* ---- what changed ---- */

static void problem(const struct page *page, const struct compare_case *item)
{
    struct str *out = page->out;
    str_appendf(out, "<li class=\"%s\"><span class=\"kind\">%s</span><div><p><code>",
                item->verdict == JUDGE_IMPROVED ? "pass"
                : item->acknowledged            ? "warn"
                                                : "failed",
                judge_verdict_name(item->verdict));
    escape_html_name(out, item->suite);
    str_append_char(out, ' ');
    escape_html_name(out, item->name);
    str_append(out, "</code></p><p class=\"reason\">");
    if (isfinite(item->time.effect)) {
        char interval[40];
        escape_html(out, arena_format(page->arena, "%s %s, %s", judgement_change(item, page->arena),
                                      judgement_interval(interval, sizeof interval, &item->time),
                                      judgement_medians(&item->time, " → ", page->arena)));
        str_append(out, item->reason ? ": " : "");
    }
    escape_html(out, item->reason ? item->reason : "");
    str_append(out, "</p>");
    const char *more = judgement_counter_line(item, 8, page->arena);
    if (*more) {
        str_append(out, "<p class=\"reason\">");
        escape_html(out, more);
        str_append(out, "</p>");
    }
    if (item->acknowledged) {
        str_append(out, "<p class=\"reason\">acknowledged: ");
        escape_html(out, item->acknowledged);
        str_append(out, "</p>");
    }
    str_append(out, "</div></li>\n");
}

enum { CHANGE_LIMIT = 60 };

static void changes(const struct page *page, const struct comparison *comparison, size_t index,
                    struct compare_case **sorted)
{
    size_t shown = 0, all = 0;
    for (size_t i = 0; i < comparison->case_count; i++)
        all += judgement_is_change(sorted[i]->verdict);
    if (!all)
        return;
    str_appendf(page->out, "<section id=\"changes-%zu\"><h2>Changes", index + 1);
    if (page->judgement->count > 1) {
        str_append(page->out, " of ");
        escape_html(page->out, comparison->candidate_name);
    }
    str_append(page->out, "</h2><ul class=\"problems checks judged\">\n");
    for (size_t i = 0; i < comparison->case_count && shown < CHANGE_LIMIT; i++)
        if (judgement_is_change(sorted[i]->verdict)) {
            problem(page, sorted[i]);
            shown++;
        }
    str_append(page->out, "</ul>");
    if (shown < all)
        str_appendf(page->out, "<p class=\"method\">and %zu more: see the tables below</p>", all - shown);
    str_append(page->out, "</section>\n");
}

/* ---- tables ---- */

static void cell(struct str *out, const char *text, double value)
{
    if (*text && isfinite(value))
        str_appendf(out, "<td class=\"n\" data-v=\"%.9g\">", value);
    else
        str_append(out, "<td class=\"n none\">");
    escape_html(out, text);
    str_append(out, "</td>");
}

static void verdict_cell(struct str *out, enum judge_verdict verdict)
{
    str_appendf(out, "<td><b class=\"verdict %s\">%s</b></td>", class_of(verdict), judge_verdict_name(verdict));
}

static void metric_cells(struct str *out, const struct compare_metric *metric, struct arena *arena)
{
    char text[40];
    const char *n = metric->pairs             ? arena_format(arena, "%zu", metric->pairs)
                    : metric->candidate.count ? arena_format(arena, "%zu", metric->candidate.count)
                                              : "";
    cell(out, isfinite(metric->effect) ? judgement_effect(text, sizeof text, metric->effect) : "", metric->effect);
    cell(out, judgement_interval(text, sizeof text, metric), metric->interval.high - metric->interval.low);
    cell(out, judgement_medians(metric, " → ", arena), metric->base.median);
    cell(out, judgement_probability(text, sizeof text, metric->q), metric->q);
    cell(out, n, (double)(metric->pairs ? metric->pairs : metric->candidate.count));
    cell(out, isfinite(metric->floor) ? judgement_size(text, sizeof text, metric->floor) : "", metric->floor);
    cell(out, isfinite(metric->detectable) ? judgement_size(text, sizeof text, metric->detectable) : "",
         metric->detectable);
}

static const char heads[] = "<th scope=\"col\" class=\"n\">time</th><th scope=\"col\" class=\"n\">interval</th>"
                            "<th scope=\"col\" class=\"n\">medians</th><th scope=\"col\" class=\"n\">q</th>"
                            "<th scope=\"col\" class=\"n\">n</th><th scope=\"col\" class=\"n\">floor</th>"
                            "<th scope=\"col\" class=\"n\">sees</th>";

static void table_begin(const struct page *page, const char *id, const char *title, size_t count, const char *first)
{
    str_appendf(page->out, "<details class=\"group\" open id=\"%s\"><summary><h3>", id);
    escape_html(page->out, title);
    str_appendf(page->out, "</h3><span class=\"count\">%zu</span></summary>\n<div class=\"scroll%s\" tabindex=\"0\">",
                count, count > 30 ? " tall" : "");
    str_appendf(page->out,
                "<table><thead><tr><th scope=\"col\">%s</th><th scope=\"col\">verdict</th>%s</tr></thead><tbody>\n",
                first, heads);
}

static void case_row(const struct page *page, const struct compare_case *item)
{
    struct str *out = page->out;
    const char *output = item->output == COMPARE_OUTPUT_WITHIN || item->output == COMPARE_OUTPUT_DIFFERENT
                             ? judgement_output(item, page->arena)
                             : NULL;
    str_append(out, "<tr><th scope=\"row\">");
    escape_html_name(out, item->name);
    if (item->reason || output || item->acknowledged) {
        str_append(out, "<small class=\"notes\">");
        escape_html(out, item->reason ? item->reason : output ? output : "");
        str_append(out, item->acknowledged && (item->reason || output) ? "; " : "");
        if (item->acknowledged) {
            str_append(out, "acknowledged: ");
            escape_html(out, item->acknowledged);
        }
        str_append(out, "</small>");
    }
    str_append(out, "</th>");
    verdict_cell(out, item->verdict);
    metric_cells(out, &item->time, page->arena);
    str_append(out, "</tr>\n");
}

/* One table a suite, suites as they come. */
static void case_tables(const struct page *page, const struct comparison *comparison, size_t index,
                        struct compare_case **sorted)
{
    size_t count = comparison->case_count, tables = 0;
    bool *taken = arena_array(page->arena, count + 1, sizeof *taken);
    for (size_t i = 0; i < count; i++) {
        size_t cases = 0;
        for (size_t k = i; k < count && !taken[i]; k++)
            cases += str_equal(sorted[k]->suite, sorted[i]->suite);
        if (!cases)
            continue;
        const char *title = page->judgement->count > 1
                                ? arena_format(page->arena, "%s, %s", sorted[i]->suite, comparison->candidate_name)
                                : sorted[i]->suite;
        table_begin(page, arena_format(page->arena, "suite-%zu-%zu", index, tables++), title, cases, "case");
        for (size_t k = i; k < count; k++)
            if (!taken[k] && str_equal(sorted[k]->suite, sorted[i]->suite) && (taken[k] = true))
                case_row(page, sorted[k]);
        str_append(page->out, "</tbody></table></div></details>\n");
    }
}

static void group_table(const struct page *page, const struct comparison *comparison, size_t index)
{
    const struct compare_group **sorted = arena_array(page->arena, comparison->group_count + 1, sizeof *sorted);
    size_t all = compare_sort_groups(comparison, sorted), count = 0;
    for (size_t i = 0; i < all; i++)
        if (judgement_has_interval(&sorted[i]->time))
            sorted[count++] = sorted[i];
    if (comparison->group_count < 2 || !count)
        return;
    table_begin(page, arena_format(page->arena, "groups-%zu", index), "Suites and operations as one", count,
                "suite / operation");
    for (size_t i = 0; i < count; i++) {
        const struct compare_group *group = sorted[i];
        str_append(page->out, "<tr><th scope=\"row\">");
        escape_html_name(page->out, group->suite);
        if (*group->operation) {
            str_append(page->out, " / ");
            escape_html_name(page->out, group->operation);
        }
        str_appendf(page->out, "<small class=\"notes\">%zu case%s</small></th>", group->count,
                    judgement_plural(group->count));
        verdict_cell(page->out, compare_group_verdict(group));
        metric_cells(page->out, &group->time, page->arena);
        str_append(page->out, "</tr>\n");
    }
    str_append(page->out, "</tbody></table></div></details>\n");
}

/* Metrics besides time that changed. */
static void metric_table(const struct page *page, const struct comparison *comparison, size_t index,
                         struct compare_case **sorted)
{
    size_t rows = 0;
    const struct compare_metric *metrics[16];
    for (size_t i = 0; i < comparison->case_count; i++)
        rows += judgement_counters(sorted[i], metrics, 16);
    if (!rows)
        return;
    table_begin(page, arena_format(page->arena, "metrics-%zu", index), "Counters and other metrics that changed", rows,
                "metric of case");
    for (size_t i = 0; i < comparison->case_count; i++) {
        size_t count = judgement_counters(sorted[i], metrics, 16);
        for (size_t m = 0; m < count; m++) {
            str_append(page->out, "<tr><th scope=\"row\">");
            escape_html_name(page->out, metrics[m]->name);
            str_append(page->out, "<small class=\"notes\">");
            escape_html(page->out, arena_format(page->arena, "%s %s", sorted[i]->suite, sorted[i]->name));
            str_append(page->out, "</small></th>");
            verdict_cell(page->out, metrics[m]->verdict);
            metric_cells(page->out, metrics[m], page->arena);
            str_append(page->out, "</tr>\n");
        }
    }
    str_append(page->out, "</tbody></table></div></details>\n");
}

/* ---- attribution ---- */

static void attributions(const struct page *page)
{
    size_t shown = 0;
    for (size_t c = 0; c < page->judgement->count; c++) {
        const struct comparison *comparison = &page->judgement->comparisons[c];
        const struct compare_attribution **list =
            arena_array(page->arena, comparison->attribution_count + 1, sizeof *list);
        size_t count = attribution_select(comparison, list);
        for (size_t i = 0; i < count; i++) {
            if (shown++ == 0)
                str_append(page->out, "<section id=\"attribution\"><h2>Where it comes from</h2>\n");
            attribution_html(page->out, list[i], shown, page->arena);
        }
    }
    str_append(page->out, shown ? "</section>\n" : "");
}

/* ---- gate ---- */

static void target_row(const struct page *page, const struct gate_finding *finding)
{
    struct str *out = page->out;
    str_append(out, "<tr><th scope=\"row\">");
    escape_html_name(out, finding->metric ? finding->metric : "");
    str_append(out, "<small class=\"notes\">");
    escape_html(out, arena_format(page->arena, "%s %s", finding->suite ? finding->suite : "",
                                  finding->name ? finding->name : ""));
    str_append(out, "</small></th>");
    cell(out, judgement_target_value(finding, finding->actual, page->arena), finding->actual);
    cell(out,
         arena_format(page->arena, "%s %s", finding->comparator ? finding->comparator : "",
                      judgement_target_value(finding, finding->limit, page->arena)),
         finding->limit);
    str_appendf(out, "<td><b class=\"verdict %s\">",
                judgement_is_missed(finding)   ? "bad"
                : isnan(finding->actual)       ? "warn"
                : finding->status == GATE_PASS ? "good"
                                               : "warn");
    escape_html(out, judgement_target_word(finding));
    str_append(out, "</b></td><td>");
    escape_html(out, finding->tier ? finding->tier : "required");
    str_append(out, "</td></tr>\n");
}

static void targets(const struct page *page, const struct gate *gate)
{
    size_t count = judgement_target_count(gate);
    if (!count)
        return;
    str_append(page->out, "<section id=\"targets\"><h2>Targets</h2>\n<ul class=\"badges\">");
    for (size_t i = 0; i < GATE_TIER_COUNT; i++)
        if (gate->tiers[i].name && gate->tiers[i].count)
            badge(page->out, gate->tiers[i].reached ? "good" : "warn",
                  arena_format(page->arena, "%s: %zu of %zu%s", gate->tiers[i].name, gate->tiers[i].met,
                               gate->tiers[i].count, gate->tiers[i].reached ? "" : ", not reached"));
    str_appendf(page->out,
                "</ul>\n<details class=\"group\" open id=\"target-table\"><summary><h3>Actual and target</h3>"
                "<span class=\"count\">%zu</span></summary><div class=\"scroll\" tabindex=\"0\"><table><thead><tr>"
                "<th scope=\"col\">target</th><th scope=\"col\" class=\"n\">actual</th><th scope=\"col\" class=\"n\">"
                "target</th><th scope=\"col\">status</th><th scope=\"col\">tier</th></tr></thead><tbody>\n",
                count);
    for (size_t i = 0; i < gate->count; i++)
        if (gate->findings[i].kind == GATE_TARGET)
            target_row(page, &gate->findings[i]);
    str_append(page->out, "</tbody></table></div></details></section>\n");
}

static void line(const struct page *page, const char *word, const char *text)
{
    str_appendf(page->out, "<li><b>%s</b> ", word);
    escape_html(page->out, text);
    str_append(page->out, "</li>\n");
}

static void notes(const struct page *page)
{
    const struct judgement *judgement = page->judgement;
    const struct gate *gate = judgement->gate;
    str_append(page->out, "<section id=\"method\"><h2>How to read this</h2><p class=\"method\">");
    escape_html(page->out, judgement_legend(judgement, page->arena));
    str_append(page->out, "</p>\n<ul class=\"notes\">\n");
    for (size_t c = 0; c < judgement->count; c++)
        for (size_t i = 0; i < judgement->comparisons[c].note_count; i++)
            line(page, "note", judgement->comparisons[c].notes[i]);
    for (size_t c = 0; c < judgement->count; c++)
        if (judgement->comparisons[c].machine_difference)
            line(page, "machine", judgement->comparisons[c].machine_difference);
    if (gate)
        line(page, "policy", gate->policy ? gate->policy : "built-in");
    for (size_t i = 0; gate && i < gate->warning_count; i++)
        line(page, "warning", gate->warnings[i]);
    for (size_t i = 0; gate && i < gate->count; i++) {
        const struct gate_finding *finding = &gate->findings[i];
        if (finding->acknowledged_reason)
            line(page, "acknowledged",
                 arena_format(page->arena, "%s: %s (%s%s%s)", finding->text ? finding->text : "",
                              finding->acknowledged_reason,
                              finding->acknowledged_by ? finding->acknowledged_by : "nobody",
                              finding->acknowledged_until ? ", until " : "",
                              finding->acknowledged_until ? finding->acknowledged_until : ""));
        else if (finding->status != GATE_PASS && finding->kind != GATE_TARGET)
            line(page, "gate", finding->text ? finding->text : "");
    }
    str_append(page->out, "</ul></section>\n");
}

/* ---- all ---- */

static void cases(const struct page *page)
{
    const struct judgement *judgement = page->judgement;
    str_append(page->out,
               "<section id=\"cases\"><div class=\"bar-line\"><h2>Cases</h2>"
               "<p class=\"search\" hidden><output id=\"found\"></output> <input type=\"search\" id=\"search\" "
               "placeholder=\"Search cases\" aria-label=\"Search cases\" autocomplete=\"off\"></p></div>\n");
    for (size_t i = 0; i < judgement->count; i++) {
        const struct comparison *comparison = &judgement->comparisons[i];
        struct compare_case **sorted = judgement_sorted(comparison, page->arena);
        case_tables(page, comparison, i, sorted);
        group_table(page, comparison, i);
        metric_table(page, comparison, i, sorted);
    }
    str_append(page->out, "</section>\n");
}

int judgement_html(const struct judgement *judgement, const struct report_options *options, struct str *out,
                   struct error *error)
{
    (void)error;
    char time[32];
    struct arena arena = { 0 };
    const struct page page = { out, &arena, judgement, options };
    page_begin(&page);
    header(&page);
    forests(&page);
    for (size_t i = 0; i < judgement->count; i++)
        changes(&page, &judgement->comparisons[i], i, judgement_sorted(&judgement->comparisons[i], &arena));
    attributions(&page);
    if (judgement->gate)
        targets(&page, judgement->gate);
    if (judgement->count)
        cases(&page);
    notes(&page);
    str_appendf(out, "</main>\n<footer><p>Written by Prony " PRONY_VERSION ", %s</p></footer>\n<script>\n",
                clock_format_utc(time, options->now_ns));
    str_append(out, asset_text("page.js"));
    str_append(out, "</script>\n</body>\n</html>\n");
    arena_release(&arena);
    return 0;
}
