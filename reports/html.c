/* html.c: one self-contained page: style, script and charts are inside, nothing is loaded from anywhere.
 *
 * Order: what a reader came for (key numbers), what went wrong, charts, where the time goes, every case with its
 * counts, whether to trust them, how it was measured. All foreign text goes through escape_html. The page works without
 * its script; that only adds sorting and searching. */
#include "reports/html.h"
#include "harness/base/clock.h"
#include "reports/asset.h"
#include "reports/chart.h"
#include "reports/escape.h"
#include "reports/html_explain.h"
#include "reports/report.h"
#include <math.h>
#include <stdio.h>
#include <string.h>

/* ---- head ---- */

/* section: the one that says more, NULL = none. */
static void badge(struct str *out, const char *kind, const char *section, const char *text)
{
    str_appendf(out, "<li class=\"%s\">", kind);
    if (section)
        str_appendf(out, "<a href=\"#%s\">", section);
    escape_html(out, text);
    str_append(out, section ? "</a></li>" : "</li>");
}

static void page_head(const struct view *view, struct str *out)
{
    str_append(out, "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
                    "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
                    "<meta name=\"color-scheme\" content=\"light dark\">\n<title>");
    escape_html(out, view->title);
    str_append(out, " · Prony</title>\n<style>\n");
    str_append(out, asset_text("page.css"));
    str_append(out, "</style>\n</head>\n<body>\n");
}

static void page_header(const struct view *view, struct str *out)
{
    str_append(out, "<header><p class=\"brand\">Prony</p><h1>");
    escape_html(out, view->title);
    str_append(out, "</h1>\n<dl class=\"facts\">");
    const char *facts[][2] = { { "Run", arena_format(view->arena, "%lld (%.8s), %s", (long long)view->run.id,
                                                     view->run.uuid, view_run_line(view)) },
                               { "Machine", view_machine_line(view) },
                               { "Build", view_build_line(view) } };
    for (size_t i = 0; i < sizeof facts / sizeof facts[0]; i++) {
        str_appendf(out, "<div><dt>%s</dt><dd>", facts[i][0]);
        escape_html(out, facts[i][1]);
        str_append(out, "</dd></div>");
    }
    str_append(out, "</dl>\n<ul class=\"badges\">");
    if (view->measured || !view->explain || !view->explain->profile_count)
        badge(out, view->measured ? "info" : "bad", view->group_count ? "cases" : NULL, view_case_line(view));
    if (view->explain && view->explain->profile_count)
        badge(out, "info", "profiles",
              arena_format(view->arena, "%zu profile%s", view->explain->profile_count,
                           view->explain->profile_count > 1 ? "s" : ""));
    if (!str_equal(view->run.status, "complete"))
        badge(out, "bad", NULL, arena_format(view->arena, "run %s", view->run.status));
    badge(out,
          view->failed || view->errors ? "bad"
          : view->skipped              ? "warn"
                                       : "good",
          view->problem_count ? "problems" : NULL, view_problem_line(view));
    if (*view_noise_line(view))
        badge(out, 2 * view->contaminated > view->measured ? "bad" : "warn",
              view->explain && html_has_noise(view->explain) ? "noise" : NULL, view_noise_line(view));
    if (view->explain && view->explain->check_count)
        badge(out,
              view->explain->check_fail   ? "bad"
              : view->explain->check_warn ? "warn"
                                          : "good",
              "checks", explain_check_line(view, view->explain));
    if (view->calibration)
        badge(out,
              view->calibration->out_of_band ? "bad"
              : view->calibration->tests     ? "good"
                                             : "info",
              NULL, calibration_line(view->calibration, view->arena));
    str_append(out, "</ul></header>\n<main>\n");
}

/* Links to the sections of a page, as their headings stand in it: foreign text is escaped and cannot look like one. */
static void contents(const char *body, struct str *out)
{
    static const char begin[] = "<section id=\"", heading[] = "<h2>";
    str_append(out, "<nav class=\"contents\" aria-label=\"Contents\">");
    for (const char *p = body; (p = strstr(p, begin)) != NULL;) {
        p += strlen(begin);
        const char *title = strstr(p, heading), *end = title ? strstr(title, "</h2>") : NULL;
        if (!end)
            break;
        title += strlen(heading);
        str_appendf(out, "<a href=\"#%.*s\">%.*s</a> ", (int)strcspn(p, "\""), p, (int)(end - title), title);
    }
    str_append(out, "</nav>\n");
}

/* ---- key numbers and problems ---- */

static void key_cards(const struct view *view, double scale, struct str *out)
{
    if (view->key_count == 0)
        return;
    str_append(out, "<section aria-label=\"Key numbers\"><ul class=\"keys\">\n");
    for (size_t i = 0; i < view->key_count; i++) {
        const struct view_key *key = &view->keys[i];
        const struct stats_summary *summary = &key->summary;
        struct number_scale unit = number_scale(key->kind, summary->median);
        char digits[32], interval[80];
        str_append(out, "<li><p class=\"what\">");
        escape_html(out, key->title);
        str_appendf(out, "</p><p class=\"value\">%s<span class=\"u\"> %s</span></p>",
                    number_digits_n(digits, sizeof digits, summary->median * unit.factor, 3), unit.unit);
        html_range_bar(out, summary, scale);
        number_interval(interval, sizeof interval, unit, summary->interval, " – ");
        str_append(out, "<p class=\"ci\">");
        if (*interval)
            str_appendf(out, "<span title=\"covers the median with %s\">%s</span> · ",
                        html_coverage(digits, sizeof digits, summary->interval.coverage), interval);
        str_appendf(out, "n&thinsp;=&thinsp;%zu</p><p class=\"detail\">", summary->count);
        escape_html_name(out, key->detail);
        str_append(out, "</p></li>\n");
    }
    str_append(out, "</ul></section>\n");
}

/* ---- charts ---- */

/* "Roofline of the kernels (no kernel case counted ...); ..." for the charts that had no data. */
static void list_left_out(const struct chart *charts, size_t count, struct str *out)
{
    for (size_t i = 0; i < count; i++) {
        if (!charts[i].reason || charts[i].failed)
            continue;
        str_append(out, out->length ? "; " : "");
        escape_html(out, charts[i].title);
        str_append(out, " (");
        escape_html(out, charts[i].reason);
        str_append(out, ")");
    }
}

static void chart_section(const struct view *view, const char *gnuplot, struct str *out, struct str *left_out)
{
    struct chart *charts;
    size_t count, shown = 0, half = 0, half_done = 0;
    charts_draw(view, gnuplot, &charts, &count);
    for (size_t i = 0; i < count; i++)
        if (!charts[i].reason || charts[i].failed) {
            shown++;
            half += !charts[i].wide;
        }
    list_left_out(charts, count, left_out);
    if (!shown)
        return;
    str_append(out, "<section id=\"charts\"><h2>Charts</h2>\n<div class=\"charts\">\n");
    for (size_t i = 0; i < count; i++)
        if (!charts[i].reason || charts[i].failed) {
            half_done += !charts[i].wide;
            html_chart(&charts[i], half % 2 == 1 && half_done == half, out);
        }
    str_append(out, "</div></section>\n");
}

/* ---- cases and the rest ---- */

static void case_section(const struct view *view, double scale, struct str *out)
{
    if (view->group_count == 0)
        return;
    str_append(out, "<section id=\"cases\"><div class=\"bar-line\"><h2>Cases</h2>"
                    "<p class=\"search\" hidden><output id=\"found\"></output> <input type=\"search\" id=\"search\" "
                    "placeholder=\"Search cases\" aria-label=\"Search cases\" autocomplete=\"off\"></p></div>\n");
    if (view->group_count > 3) {
        str_append(out, "<nav aria-label=\"Groups of cases\">");
        for (size_t g = 0; g < view->group_count; g++) {
            str_appendf(out, "<a href=\"#group-%zu\">", g);
            escape_html(out, view_group_title(view, &view->groups[g]));
            str_append(out, "</a> ");
        }
        str_append(out, "</nav>\n");
    }
    for (size_t g = 0; g < view->group_count; g++)
        html_group(view, &view->groups[g], g, scale, out);
    str_append(out, "</section>\n");
}

static void method(const struct view *view, const char *left_out, struct str *out)
{
    const struct store_run_row *run = &view->run;
    str_append(out, "<section id=\"method\"><h2>How it was measured</h2><p class=\"method\">");
    escape_html(out, view_method_note(view));
    if (*left_out)
        str_appendf(out, "</p>\n<p class=\"method\">Charts left out: %s.", left_out);
    str_append(out,
               "</p>\n<details><summary>Environment: machine, build, command</summary><div class=\"environment\">\n");
    char seed[32];
    snprintf(seed, sizeof seed, "%llu", (unsigned long long)run->seed);
    const struct store_fact self[] = { { "plan", run->plan },
                                       { "command", run->command },
                                       { "seed", seed },
                                       { "uuid", run->uuid },
                                       { "fingerprint", run->fingerprint } };
    html_facts("Run", self, sizeof self / sizeof self[0], out);
    html_facts("Build", run->build, run->build_count, out);
    html_facts("Machine", run->machine, run->machine_count, out);
    html_facts("Environment", run->environment, run->environment_count, out);
    str_append(out, "</div></details></section>\n");
}

static void page_end(const struct report_options *options, struct str *out)
{
    char time[32];
    str_appendf(out, "</main>\n<footer><p>Written by Prony " PRONY_VERSION ", %s</p></footer>\n<script>\n",
                clock_format_utc(time, options->now_ns));
    str_append(out, asset_text("page.js"));
    str_append(out, "</script>\n</body>\n</html>\n");
}

static void sections(const struct view *view, const struct report_options *options, double scale, struct str *out)
{
    struct str left_out = { 0 };
    html_problems(view, out);
    chart_section(view, options->gnuplot, out, &left_out);
    if (view->explain) {
        html_accounts(view->explain, out);
        html_profiles(view->explain, out);
    }
    case_section(view, scale, out);
    if (view->explain) {
        html_counters(view, view->explain, out);
        html_noise(view, view->explain, out);
        html_checks(view->explain, out);
    }
    method(view, str_text(&left_out), out);
    str_release(&left_out);
}

int report_html(const struct view *view, const struct report_options *options, struct str *out, struct error *error)
{
    (void)error;
    struct str body = { 0 };
    double scale = html_range_scale(view);
    sections(view, options, scale, &body);
    page_head(view, out);
    page_header(view, out);
    contents(str_text(&body), out);
    key_cards(view, scale, out);
    str_append_bytes(out, str_text(&body), body.length);
    page_end(options, out);
    str_release(&body);
    return 0;
}
