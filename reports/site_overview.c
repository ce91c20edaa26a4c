/* site_overview.c: the first page: what changed, worst first, on every branch; whether to believe it. */
#include "reports/escape.h"
#include "reports/html.h"
#include "reports/html_explain.h"
#include "reports/site_internal.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

enum { WORST = 15 };
/* Steps this young are told; older ones stand in the histories. */
enum { RECENT_RUNS = 50 };

static void facts(const struct site *site, struct str *out)
{
    const struct view *view = &site->view;
    const char *lines[][2] = {
        { "Newest", arena_format(site->arena, "%s, run %lld, %s", site_run_name(site, site->newest),
                                 (long long)site->newest->id, view_run_line(view)) },
        { "Machine", view_machine_line(view) },
        { "Build", view_build_line(view) },
        { "A/A", site->has_calibration ? calibration_line(&site->calibration, site->arena) : "" },
    };
    str_append(out, "<dl class=\"facts\">");
    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
        if (!lines[i][1] || !*lines[i][1])
            continue;
        str_appendf(out, "<div><dt>%s</dt><dd>", lines[i][0]);
        escape_html(out, str_starts(lines[i][1], "A/A: ") ? lines[i][1] + 5 : lines[i][1]);
        str_append(out, "</dd></div>");
    }
    str_append(out, "</dl>\n");
}

/* The run before may be slow, too: what the histories say belongs to the answer. */
static void step_note(const struct site *site, struct str *out)
{
    size_t count, worse = 0;
    struct site_step *steps = site_steps(site, RECENT_RUNS, &count);
    for (size_t i = 0; i < count; i++)
        worse += site_step_is_open(&steps[i]);
    if (worse)
        str_appendf(out, " · <a class=\"bad\" href=\"#steps\">▲ %zu case%s got slower in the last %d runs</a>", worse,
                    worse == 1 ? "" : "s", RECENT_RUNS);
    free(steps);
}

/* The answer in one line, large. */
static void answer(const struct site *site, struct str *out)
{
    const struct site_comparison *reference = site->reference;
    if (!reference) {
        str_append(out, "<p class=\"answer same\">One run so far: nothing to compare with</p>\n");
        return;
    }
    const struct comparison *comparison = &reference->comparison;
    str_appendf(out, "<p class=\"answer %s\">", site_verdict_class(comparison->verdict));
    escape_html(out, comparison->shared ? compare_line(comparison, site->arena) : "no case in common");
    str_append(out, "<span>");
    site_link(out, "", reference->page, arena_format(site->arena, "against %s", comparison->base_name));
    step_note(site, out);
    str_append(out, "</span></p>\n");
}

static void badges(const struct site *site, struct str *out)
{
    const struct view *view = &site->view;
    str_append(out, "<ul class=\"badges\">");
    site_badge(out, "info", view_case_line(view));
    site_badge(out, view->failed || view->errors ? "bad" : view->skipped ? "warn" : "good", view_problem_line(view));
    if (*view_noise_line(view))
        site_badge(out, 2 * view->contaminated > view->measured ? "bad" : "warn", view_noise_line(view));
    if (site->explain.check_count)
        site_badge(out,
                   site->explain.check_fail   ? "bad"
                   : site->explain.check_warn ? "warn"
                                              : "good",
                   explain_check_line(view, &site->explain));
    str_append(out, "</ul>");
}

static void recent_steps(const struct site *site, struct str *out)
{
    size_t count;
    struct site_step *steps = site_steps(site, RECENT_RUNS, &count);
    if (count) {
        str_appendf(out, "<section id=\"steps\"><h2>Steps of the last %d runs, worst first</h2>\n", RECENT_RUNS);
        site_step_table(site, steps, count < WORST ? count : WORST, out);
        str_append(out, "<p class=\"more-link\">");
        site_link(out, "", "history.html", "All steps");
        str_append(out, "</p></section>\n");
    }
    free(steps);
}

static void worst_changes(const struct site *site, struct str *out)
{
    str_append(out, "<section id=\"worst\"><h2>");
    escape_html(out, site->reference
                         ? arena_format(site->arena, "Changes against %s", site->reference->comparison.base_name)
                         : "Changes");
    str_append(out, "</h2>\n");
    if (!site->reference) {
        site_empty(out, "There is nothing to compare yet: a second run of this plan, or a baseline (prony tag), is "
                        "what the newest run is compared with.");
    } else if (!site_change_table(site, &site->reference->comparison, "", WORST, false, out)) {
        site_empty(out, "Nothing: every case is equivalent to the reference or too noisy to tell.");
    }
    if (site->reference) {
        str_append(out, "<p class=\"more-link\">");
        site_link(out, "", site->reference->page, "All cases of this comparison");
        if (site->previous && site->previous != site->reference) {
            str_append(out, " · ");
            site_link(out, "", site->previous->page, "against the run before");
        }
        str_append(out, "</p>");
    }
    str_append(out, "</section>\n");
}

static void line_row(const struct site *site, const struct site_line *line, struct str *out)
{
    const char *commit = site_run_fact(line->run, "git_commit");
    str_append(out, "<tr><th scope=\"row\">");
    escape_html(out, *line->branch ? line->branch : "(no branch)");
    str_append(out, "</th><td>");
    escape_html(out, line->plan);
    str_append(out, "</td><td>");
    escape_html(out, line->run->fingerprint);
    str_appendf(out, "</td><td class=\"n\">%zu</td><td>%lld</td><td>%s</td><td><code>", line->run_count,
                (long long)line->run->id, site_date(site, line->run->started_ns));
    escape_html(out, arena_format(site->arena, "%.9s", commit));
    str_append(out, "</code></td><td>");
    if (line->comparison) {
        const struct comparison *comparison = &line->comparison->comparison;
        site_verdict(out, comparison->verdict);
        str_append(out, " <small>");
        site_link(out, "", line->comparison->page,
                  comparison->shared ? compare_line(comparison, site->arena) : "no case in common");
        str_append(out, " against ");
        escape_html(out, line->against);
        str_append(out, "</small>");
    } else {
        str_append(out, "<span class=\"none\">nothing to compare with</span>");
    }
    str_append(out, "</td></tr>\n");
}

static void lines(const struct site *site, struct str *out)
{
    str_append(out, "<section id=\"branches\"><h2>Newest run of each branch and plan</h2>\n<div class=\"group\">"
                    "<div class=\"scroll\" tabindex=\"0\"><table><thead><tr><th scope=\"col\">branch</th>"
                    "<th scope=\"col\">plan</th><th scope=\"col\">machine</th><th scope=\"col\" class=\"n\">runs</th>"
                    "<th scope=\"col\">newest</th><th scope=\"col\">date</th><th scope=\"col\">commit</th>"
                    "<th scope=\"col\">verdict</th></tr></thead><tbody>\n");
    for (size_t i = 0; i < site->line_count; i++)
        line_row(site, &site->lines[i], out);
    str_append(out, "</tbody></table></div></div>");
    if (site->line_total > site->line_count)
        str_appendf(out, "<p class=\"method\">%zu more are not shown.</p>", site->line_total - site->line_count);
    str_append(out, "</section>\n");
}

static void suite_list(const struct site *site, struct str *out)
{
    str_append(out, "<section id=\"suites\"><h2>Suites</h2><ul class=\"tiles\">\n");
    for (size_t s = 0; s < site->suite_count; s++) {
        size_t count = 0, worse = 0, better = 0;
        for (size_t i = 0; i < site->case_count; i++) {
            const struct site_case *own = &site->cases[i];
            if (!str_equal(own->suite, site->suites[s]))
                continue;
            count++;
            const char *class = own->change ? site_verdict_class(own->change->verdict) : "same";
            worse += str_equal(class, "bad");
            better += str_equal(class, "good");
        }
        str_append(out, "<li>");
        site_link(out, "", site_suite_page(site, site->suites[s]), site->suites[s]);
        str_appendf(out, "<span>%zu case%s", count, count == 1 ? "" : "s");
        if (worse)
            str_appendf(out, ", <b class=\"bad\">▲ %zu worse</b>", worse);
        if (better)
            str_appendf(out, ", <b class=\"good\">▼ %zu better</b>", better);
        str_append(out, "</span></li>\n");
    }
    str_append(out, "</ul></section>\n");
}

static void chart_problem(const struct site *site, struct str *out)
{
    if (!site->result->chart_problem)
        return;
    str_append(out, "<p class=\"method\" id=\"no-charts\">The site has no charts: ");
    escape_html(out, site->result->chart_problem);
    str_append(out, "</p>\n");
}

int site_overview(const struct site *site, struct error *error)
{
    const struct site_page page = { .path = "index.html", .title = site->title, .section = SITE_OVERVIEW };
    struct str out = { 0 };
    site_page_begin(site, &page, &out);
    if (site->newest) {
        answer(site, &out);
        badges(site, &out);
        facts(site, &out);
    }
    site_page_main(&out);
    if (site->newest) {
        worst_changes(site, &out);
        recent_steps(site, &out);
        lines(site, &out);
        suite_list(site, &out);
        html_problems(&site->view, &out);
        chart_problem(site, &out);
    } else {
        site_empty(&out, "Nothing has been measured yet: prony run quick does that.");
    }
    int code = site_page_end(site, &page, &out, error);
    str_release(&out);
    return code;
}
