/* site_comparison.c: two runs side by side: a page each, the table of changes, and the list of all. */
#include "harness/base/mem.h"
#include "reports/attribution.h"
#include "reports/escape.h"
#include "reports/html.h"
#include "reports/judgement_words.h"
#include "reports/site_charts.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

/* ---- the table ---- */

static void change_row(const struct site *site, const struct compare_case *item, const char *root, double scale,
                       struct str *out)
{
    const struct site_case *own = site_case_find(site, item->suite, item->name);
    const char *name = arena_format(site->arena, "%s %s", item->suite, item->name);
    const char *reason = item->reason ? item->reason : item->time.reason;
    char q[16];
    str_append(out, "<tr><th scope=\"row\">");
    if (own)
        site_link(out, root, own->page, name);
    else
        escape_html_name(out, name);
    if (reason) {
        str_append(out, "<small class=\"notes\">");
        escape_html(out, reason);
        str_append(out, "</small>");
    }
    str_append(out, "</th><td>");
    site_verdict(out, item->verdict);
    str_append(out, "</td>");
    site_effect_cell(out, &item->time);
    str_append(out, "<td class=\"bar\">");
    site_effect_bar(out, &item->time, scale);
    str_append(out, "</td>");
    site_value_cell(out, NUMBER_TIME_NS, item->time.base.count ? item->time.base.median : NAN);
    site_value_cell(out, NUMBER_TIME_NS, item->time.candidate.count ? item->time.candidate.median : NAN);
    if (isfinite(item->time.q))
        str_appendf(out, "<td class=\"n\" data-v=\"%.6g\">%s</td>", item->time.q,
                    item->time.q < 0.001 ? "&lt;0.001" : judgement_probability(q, sizeof q, item->time.q));
    else
        str_append(out, "<td class=\"n none\">–</td>");
    if (isfinite(item->time.detectable))
        str_appendf(out, "<td class=\"n\" data-v=\"%.6g\">%.1f<span class=\"u\"> %%</span></td>", item->time.detectable,
                    judge_percent(item->time.detectable));
    else
        str_append(out, "<td class=\"n none\">–</td>");
    str_appendf(out, "<td class=\"n\">%zu</td></tr>\n",
                item->time.pairs ? item->time.pairs : item->time.candidate.count);
}

/* Those that call for a reader. */
static bool is_telling(const struct compare_case *item)
{
    return item->verdict == JUDGE_REGRESSED || item->verdict == JUDGE_WRONG || item->verdict == JUDGE_FAILED ||
           item->verdict == JUDGE_IMPROVED;
}

bool site_change_table(const struct site *site, const struct comparison *comparison, const char *root, size_t limit,
                       bool all_verdicts, struct str *out)
{
    struct compare_case **sorted = mem_array(comparison->case_count + 1, sizeof *sorted);
    double scale = site_effect_scale(comparison);
    size_t shown = 0, left = 0;
    compare_sort(comparison, sorted);
    for (size_t i = 0; i < comparison->case_count; i++) {
        if (!all_verdicts && !is_telling(sorted[i]))
            continue;
        if (limit && shown == limit) {
            left++;
            continue;
        }
        if (shown++ == 0)
            str_appendf(
                out,
                "<div class=\"group\"><h3 hidden>changes</h3><div class=\"scroll%s\" tabindex=\"0\"><table>"
                "<thead><tr><th scope=\"col\">case</th><th scope=\"col\">verdict</th>"
                "<th scope=\"col\" class=\"n\" title=\"of the time: + is slower\">change</th>"
                "<th scope=\"col\" class=\"bar\" title=\"interval; grey: the floor\">±%g&thinsp;%%</th>"
                "<th scope=\"col\" class=\"n\">before</th><th scope=\"col\" class=\"n\">after</th>"
                "<th scope=\"col\" class=\"n\" title=\"false discovery rate\">q</th>"
                "<th scope=\"col\" class=\"n\" title=\"smallest change that would have been seen\">could see</th>"
                "<th scope=\"col\" class=\"n\">n</th></tr></thead><tbody>\n",
                all_verdicts && comparison->case_count > 60 ? " tall" : "", 100 * scale);
        change_row(site, sorted[i], root, scale, out);
    }
    if (shown)
        str_append(out, "</tbody></table></div></div>\n");
    if (left)
        str_appendf(out, "<p class=\"method\">and %zu more</p>\n", left);
    free(sorted);
    return shown > 0;
}

/* ---- a page ---- */

static void side(const struct site *site, const char *what, const struct store_run_row *run, const char *name,
                 struct str *out)
{
    const char *own = site_run_name(site, run);
    str_appendf(out, "<div><dt>%s</dt><dd>", what);
    if (str_starts(name, own)) /* "main, nightly run 24" says it all */
        escape_html(out, name);
    else
        escape_html(out, arena_format(site->arena, "%s: run %lld, %s", name, (long long)run->id, own));
    escape_html(out, arena_format(site->arena, ", %s, commit %.12s", site_date(site, run->started_ns),
                                  site_run_fact(run, "git_commit")));
    str_append(out, "</dd></div>");
}

static void group_row(const struct compare_group *group, struct str *out)
{
    str_append(out, *group->operation ? "<tr class=\"part\"><th scope=\"row\">" : "<tr><th scope=\"row\">");
    if (*group->operation) {
        str_append(out, "<span class=\"u\">");
        escape_html(out, group->suite);
        str_append(out, " / </span>");
    }
    escape_html(out, *group->operation ? group->operation : group->suite);
    str_appendf(out, "</th><td class=\"n\">%zu</td>", group->count);
    site_effect_cell(out, &group->time);
    str_append(out, "<td>");
    if (isfinite(group->time.effect))
        site_verdict(out, compare_group_verdict(group));
    str_append(out, "</td><td><small>");
    if (group->identical)
        str_append(out, "the same code on both sides");
    else if (group->time.reason)
        escape_html(out, group->time.reason);
    str_append(out, "</small></td></tr>\n");
}

static void groups(const struct comparison *comparison, struct str *out)
{
    if (comparison->group_count < 2)
        return;
    str_append(out,
               "<section id=\"groups\"><h2>Suites and operations</h2><p class=\"method\">Geometric mean of the cases, "
               "tested as one.</p><div class=\"group\"><div class=\"scroll\" tabindex=\"0\"><table>"
               "<thead><tr><th scope=\"col\">suite / operation</th><th scope=\"col\" class=\"n\">cases</th>"
               "<th scope=\"col\" class=\"n\">change</th><th scope=\"col\">verdict</th><th scope=\"col\"></th></tr>"
               "</thead><tbody>\n");
    const struct compare_group **sorted = mem_array(comparison->group_count, sizeof *sorted);
    size_t count = compare_sort_groups(comparison, sorted);
    for (size_t i = 0; i < count; i++)
        group_row(sorted[i], out);
    free(sorted);
    str_append(out, "</tbody></table></div></div></section>\n");
}

static void attributions(const struct site *site, const struct comparison *comparison, struct str *out)
{
    const struct compare_attribution **list = mem_array(comparison->attribution_count + 1, sizeof *list);
    size_t count = attribution_select(comparison, list);
    str_append(out, count ? "<section id=\"attribution\"><h2>Where the change comes from</h2>\n" : "");
    for (size_t i = 0; i < count; i++)
        attribution_html(out, list[i], i + 1, site->arena);
    str_append(out, count ? "</section>\n" : "");
    free(list);
}

static void notes(const struct comparison *comparison, struct str *out)
{
    if (!comparison->note_count)
        return;
    str_append(out, "<ul class=\"notes\">");
    for (size_t i = 0; i < comparison->note_count; i++) {
        str_append(out, "<li>");
        escape_html(out, comparison->notes[i]);
        str_append(out, "</li>");
    }
    str_append(out, "</ul>\n");
}

static int comparison_page(const struct site *site, const struct site_comparison *item, const struct chart *forest,
                           struct error *error)
{
    const struct comparison *comparison = &item->comparison;
    const struct site_page page = { .path = item->page,
                                    .title = item->title,
                                    .section = SITE_COMPARISONS,
                                    .crumb_href = "comparisons.html",
                                    .crumb = "Comparisons" };
    struct str out = { 0 };
    site_page_begin(site, &page, &out);
    site_verdict_badges(comparison, &out);
    str_append(&out, "<dl class=\"facts\">");
    side(site, "Base", &comparison->base, comparison->base_name, &out);
    side(site, "Candidate", &comparison->candidate, comparison->candidate_name, &out);
    if (site->has_calibration) {
        const char *line = calibration_line(&site->calibration, site->arena);
        str_append(&out, "<div><dt>A/A</dt><dd>");
        escape_html(&out, str_starts(line, "A/A: ") ? line + 5 : line);
        str_append(&out, "</dd></div>");
    }
    str_append(&out, "</dl>");
    site_page_main(&out);
    notes(comparison, &out);
    if (forest && !forest->reason) {
        str_append(&out, "<section id=\"forest\"><h2>Effects</h2><div class=\"charts\">");
        html_chart(forest, true, &out);
        str_append(&out, "</div></section>\n");
    }
    str_append(&out,
               "<section id=\"cases\"><div class=\"bar-line\"><h2>Cases, worst first</h2><p class=\"search\" hidden>"
               "<output id=\"found\"></output> <input type=\"search\" id=\"search\" placeholder=\"Search cases\" "
               "aria-label=\"Search cases\" autocomplete=\"off\"></p></div>\n");
    if (!site_change_table(site, comparison, "../", 0, true, &out))
        site_empty(&out, "The two runs measured no case in common.");
    str_append(&out, "</section>\n");
    groups(comparison, &out);
    attributions(site, comparison, &out);
    int code = site_page_end(site, &page, &out, error);
    str_release(&out);
    return code;
}

/* ---- the list ---- */

static void comparison_row(const struct site *site, const struct site_comparison *item, struct str *out)
{
    const struct comparison *comparison = &item->comparison;
    str_append(out, "<tr><th scope=\"row\">");
    site_link(out, "", item->page, item->title);
    str_appendf(out, "</th><td>%s</td><td>%s</td><td>", comparison->paired ? "in pairs" : "apart in time",
                site_date(site, item->created_ns));
    site_verdict(out, comparison->verdict);
    str_append(out, "</td><td>");
    escape_html(out, comparison->shared ? compare_line(comparison, site->arena) : "no case in common");
    str_append(out, "</td></tr>\n");
}

/* What base against base gave: how often the harness cries wolf. */
static int calibration_rows(const struct site *site, struct str *out, struct error *error)
{
    int code = 0;
    for (size_t i = 0; i < site->stored_count && !code; i++) {
        struct store_outcome *outcomes;
        size_t count, tests = 0, alarms = 0;
        if (!str_equal(site->stored[i].kind, "aa"))
            continue;
        code = store_outcomes(site->store, site->stored[i].id, site->arena, &outcomes, &count, error);
        for (size_t o = 0; o < count && !code; o++) {
            tests += isfinite(outcomes[o].p) ? 1 : 0;
            alarms += isfinite(outcomes[o].p) && outcomes[o].p <= JUDGE_ALPHA;
        }
        str_append(out, "<tr><th scope=\"row\">");
        escape_html(out, site->stored[i].base_name);
        str_appendf(out, "</th><td>%s</td><td class=\"n\">%zu</td><td class=\"n\">%zu</td></tr>\n",
                    site_date(site, site->stored[i].created_ns), tests, alarms);
    }
    return code;
}

static int calibration_section(const struct site *site, struct str *out, struct error *error)
{
    struct str rows = { 0 };
    int code = calibration_rows(site, &rows, error);
    str_append(out, "<section id=\"calibration\"><h2>A/A: the same build on both sides</h2><p class=\"method\">");
    escape_html(out, site->has_calibration ? calibration_line(&site->calibration, site->arena)
                                           : "Never calibrated: prony calibrate does that.");
    str_append(out, "</p>\n");
    if (rows.length) {
        str_append(out,
                   "<div class=\"group\"><div class=\"scroll\" tabindex=\"0\"><table><thead><tr><th scope=\"col\">build"
                   "</th><th scope=\"col\">date</th><th scope=\"col\" class=\"n\">tests</th>"
                   "<th scope=\"col\" class=\"n\">p ≤ 0.05</th></tr></thead><tbody>\n");
        str_append(out, str_text(&rows));
        str_append(out, "</tbody></table></div></div>");
    }
    str_append(out, "</section>\n");
    str_release(&rows);
    return code;
}

static int list_page(const struct site *site, struct error *error)
{
    const struct site_page page = { .path = "comparisons.html", .title = "Comparisons", .section = SITE_COMPARISONS };
    struct str out = { 0 };
    site_page_begin(site, &page, &out);
    site_page_main(&out);
    if (site->comparison_count) {
        str_append(&out, "<div class=\"group\"><div class=\"scroll\" tabindex=\"0\"><table><thead><tr>"
                         "<th scope=\"col\">comparison</th><th scope=\"col\">measured</th><th scope=\"col\">date</th>"
                         "<th scope=\"col\">verdict</th><th scope=\"col\">cases</th></tr></thead><tbody>\n");
        for (size_t i = 0; i < site->comparison_count; i++)
            comparison_row(site, &site->comparisons[i], &out);
        str_append(&out, "</tbody></table></div></div>\n");
    } else {
        site_empty(&out, "Nothing has been compared: it takes two runs, or prony ab BASE CANDIDATE.");
    }
    int code = calibration_section(site, &out, error);
    if (!code)
        code = site_page_end(site, &page, &out, error);
    str_release(&out);
    return code;
}

int site_comparisons(const struct site *site, const struct site_charts *charts, struct error *error)
{
    int code = list_page(site, error);
    for (size_t i = 0; i < site->comparison_count && !code; i++)
        code = comparison_page(site, &site->comparisons[i], site_charts_forest(charts, i), error);
    return code;
}
