/* site_suite.c: a page for each suite: its cases with their change and their course; and the list of suites. */
#include "reports/escape.h"
#include "reports/site_internal.h"
#include <math.h>
#include <stdio.h>

/* Cases with a rate also show their time. */
static bool has_rates(const struct site *site, const char *suite)
{
    for (size_t i = 0; i < site->case_count; i++)
        if (str_equal(site->cases[i].suite, suite) && site->cases[i].newest &&
            !str_equal(site->cases[i].newest->main_name, "real_time"))
            return true;
    return false;
}

static void head_row(const struct site *site, bool rates, struct str *out)
{
    str_append(out, "<table><thead><tr><th scope=\"col\">case</th>");
    if (rates)
        str_append(out, "<th scope=\"col\" class=\"n\">rate</th>");
    str_append(out, "<th scope=\"col\" class=\"n\">time</th>");
    if (site->reference)
        str_append(out, "<th scope=\"col\" class=\"n\" title=\"of the time, against the reference\">change</th>"
                        "<th scope=\"col\">verdict</th>");
    str_append(out, "<th scope=\"col\" class=\"bar\">history</th><th scope=\"col\" class=\"n\">noise</th>"
                    "<th scope=\"col\" class=\"n\">n</th></tr></thead><tbody>\n");
}

static void share_cell(struct str *out, double share)
{
    if (isfinite(share))
        str_appendf(out, "<td class=\"n\" data-v=\"%.6g\">%.1f<span class=\"u\"> %%</span></td>", share, 100 * share);
    else
        str_append(out, "<td class=\"n none\">–</td>");
}

static void case_row(const struct site *site, const struct site_case *own, bool rates, struct str *out)
{
    const struct view_case *newest = own->newest;
    str_append(out, "<tr><th scope=\"row\">");
    site_link(out, "../", own->page, own->name);
    if (newest && *view_notes(&site->view, newest)) {
        str_append(out, "<small class=\"notes\">");
        escape_html(out, view_notes(&site->view, newest));
        str_append(out, "</small>");
    } else if (!newest) {
        str_append(out, "<small class=\"notes\">not in the newest run</small>");
    }
    str_append(out, "</th>");
    if (rates)
        site_value_cell(out, newest ? newest->kind : NUMBER_PLAIN,
                        newest && newest->higher_is_better ? newest->main.median : NAN);
    site_value_cell(out, NUMBER_TIME_NS, newest && newest->time_ns.count ? newest->time_ns.median : NAN);
    if (site->reference) {
        site_effect_cell(out, own->change ? &own->change->time : NULL);
        str_append(out, "<td>");
        if (own->change)
            site_verdict(out, own->change->verdict);
        str_append(out, "</td>");
    }
    str_append(out, "<td class=\"bar\">");
    site_spark(out, &own->history);
    str_append(out, "</td>");
    share_cell(out, own->history.count > 2 ? own->history.noise : NAN);
    str_appendf(out, "<td class=\"n\">%zu</td></tr>\n", newest ? newest->main.count : 0);
}

static void suite_tables(const struct site *site, const char *suite, struct str *out)
{
    size_t count = 0;
    bool rates = has_rates(site, suite);
    for (size_t i = 0; i < site->case_count; i++)
        count += str_equal(site->cases[i].suite, suite);
    str_append(out, "<section id=\"cases\"><div class=\"bar-line\"><h2>Cases</h2><p class=\"search\" hidden>"
                    "<output id=\"found\"></output> <input type=\"search\" id=\"search\" placeholder=\"Search cases\" "
                    "aria-label=\"Search cases\" autocomplete=\"off\"></p></div>\n<div class=\"group\"><h3 hidden>");
    escape_html(out, suite);
    str_appendf(out, "</h3><div class=\"scroll%s\" tabindex=\"0\">", count > 60 ? " tall" : "");
    head_row(site, rates, out);
    for (size_t i = 0; i < site->case_count; i++)
        if (str_equal(site->cases[i].suite, suite))
            case_row(site, &site->cases[i], rates, out);
    str_append(out, "</tbody></table></div></div></section>\n");
}

static int suite_page(const struct site *site, const char *suite, struct error *error)
{
    const struct site_page page = { .path = site_suite_page(site, suite),
                                    .title = suite,
                                    .section = SITE_SUITES,
                                    .crumb_href = "suites.html",
                                    .crumb = "Suites" };
    struct str out = { 0 };
    site_page_begin(site, &page, &out);
    str_append(&out, "<p class=\"lead\">");
    if (site->newest) {
        str_append(&out, "Newest: ");
        escape_html(&out, arena_format(site->arena, "%s, run %lld, %s", site_run_name(site, site->newest),
                                       (long long)site->newest->id, site_date(site, site->newest->started_ns)));
    }
    if (site->reference) {
        str_append(&out, ". Changes of the time against ");
        site_link(&out, "../", site->reference->page, site->reference->comparison.base_name);
        str_append(&out, ": + means slower");
    }
    str_append(&out, ".</p>");
    site_page_main(&out);
    suite_tables(site, suite, &out);
    int code = site_page_end(site, &page, &out, error);
    str_release(&out);
    return code;
}

static void suite_row(const struct site *site, const char *suite, struct str *out)
{
    size_t count = 0, measured = 0, verdicts[JUDGE_VERDICT_COUNT] = { 0 };
    for (size_t i = 0; i < site->case_count; i++) {
        const struct site_case *own = &site->cases[i];
        if (!str_equal(own->suite, suite))
            continue;
        count++;
        measured += own->newest && own->newest->main.count;
        if (own->change)
            verdicts[own->change->verdict]++;
    }
    str_append(out, "<tr><th scope=\"row\">");
    site_link(out, "", site_suite_page(site, suite), suite);
    str_appendf(out, "</th><td class=\"n\">%zu</td><td class=\"n\">%zu</td>", count, measured);
    static const enum judge_verdict shown[] = { JUDGE_REGRESSED, JUDGE_IMPROVED, JUDGE_EQUIVALENT, JUDGE_UNDECIDED };
    for (size_t v = 0; v < sizeof shown / sizeof shown[0]; v++)
        str_appendf(out, "<td class=\"n %s\">%zu</td>", verdicts[shown[v]] ? site_verdict_class(shown[v]) : "none",
                    verdicts[shown[v]] +
                        (shown[v] == JUDGE_REGRESSED ? verdicts[JUDGE_WRONG] + verdicts[JUDGE_FAILED] : 0));
    str_append(out, "</tr>\n");
}

static int suites_page(const struct site *site, struct error *error)
{
    const struct site_page page = { .path = "suites.html", .title = "Suites", .section = SITE_SUITES };
    struct str out = { 0 };
    site_page_begin(site, &page, &out);
    site_page_main(&out);
    if (site->suite_count) {
        str_append(&out,
                   "<div class=\"group\"><div class=\"scroll\" tabindex=\"0\"><table><thead><tr><th scope=\"col\">suite"
                   "</th><th scope=\"col\" class=\"n\">cases</th><th scope=\"col\" class=\"n\">in the newest run</th>"
                   "<th scope=\"col\" class=\"n\">worse</th><th scope=\"col\" class=\"n\">better</th>"
                   "<th scope=\"col\" class=\"n\">equivalent</th><th scope=\"col\" class=\"n\">undecided</th>"
                   "</tr></thead><tbody>\n");
        for (size_t s = 0; s < site->suite_count; s++)
            suite_row(site, site->suites[s], &out);
        str_append(&out, "</tbody></table></div></div>\n");
    } else {
        site_empty(&out, "No suite has been measured yet.");
    }
    int code = site_page_end(site, &page, &out, error);
    str_release(&out);
    return code;
}

int site_suites(const struct site *site, struct error *error)
{
    int code = suites_page(site, error);
    for (size_t s = 0; s < site->suite_count && !code; s++)
        code = suite_page(site, site->suites[s], error);
    return code;
}
