/* site_history.c: all steps that any case took, newest first; the map of cases over runs; all runs. */
#include "harness/base/mem.h"
#include "reports/escape.h"
#include "reports/html.h"
#include "reports/site_charts.h"
#include <stdlib.h>

enum { RUN_ROWS = 500, STEP_ROWS = 300 };

static void step_section(const struct site *site, struct str *out)
{
    size_t count;
    struct site_step *steps = site_steps(site, 0, &count);
    str_append(out,
               "<section id=\"cases\"><div class=\"bar-line\"><h2>Steps, newest first</h2><p class=\"search\" hidden>"
               "<output id=\"found\"></output> <input type=\"search\" id=\"search\" placeholder=\"Search steps\" "
               "aria-label=\"Search steps\" autocomplete=\"off\"></p></div>\n");
    if (count) {
        site_step_table(site, steps, count < STEP_ROWS ? count : STEP_ROWS, out);
    } else {
        site_empty(out, site->run_count < 2 ? "A history takes more than one run."
                                            : "No case took a step: nothing but noise so far.");
    }
    str_append(out, "</section>\n");
    free(steps);
}

static void map_section(const struct site_charts *charts, struct str *out)
{
    const struct chart *map = site_charts_map(charts);
    if (!map || map->reason)
        return;
    struct chart shown = *map;
    shown.title = "Time of the newest runs";
    str_append(out, "<section id=\"map\"><h2>Cases over runs</h2><div class=\"charts\">");
    html_chart(&shown, true, out);
    str_append(out, "</div></section>\n");
}

static const char *tag_of(const struct site *site, int64_t run_id)
{
    for (size_t i = 0; i < site->tag_count; i++)
        if (site->tags[i].run_id == run_id)
            return site->tags[i].name;
    return NULL;
}

static void run_section(const struct site *site, struct str *out)
{
    size_t shown = site->run_count < RUN_ROWS ? site->run_count : RUN_ROWS;
    if (site->run_count == 0)
        return;
    str_append(
        out,
        "<section id=\"runs\"><h2>Runs</h2><div class=\"group\"><div class=\"scroll tall\" tabindex=\"0\"><table>"
        "<thead><tr><th scope=\"col\" class=\"n\">run</th><th scope=\"col\">started</th><th scope=\"col\">branch</th>"
        "<th scope=\"col\">plan</th><th scope=\"col\">commit</th><th scope=\"col\">machine</th>"
        "<th scope=\"col\" class=\"n\">cases</th><th scope=\"col\" class=\"n\">samples</th>"
        "<th scope=\"col\" class=\"n\">failed</th><th scope=\"col\">status</th></tr></thead><tbody>\n");
    for (size_t i = 0; i < shown; i++) {
        const struct store_run_row *run = &site->runs[i];
        const char *tag = tag_of(site, run->id);
        str_appendf(out, "<tr><td class=\"n\" data-v=\"%lld\">%lld", (long long)run->id, (long long)run->id);
        if (tag) {
            str_append(out, " <span class=\"tag\">");
            escape_html(out, tag);
            str_append(out, "</span>");
        }
        str_appendf(out, "</td><td>%s</td><td>", site_date(site, run->started_ns));
        escape_html(out, site_run_fact(run, "git_branch"));
        str_append(out, "</td><td>");
        escape_html(out, run->plan);
        str_append(out, "</td><td><code>");
        escape_html(out, arena_format(site->arena, "%.9s", site_run_fact(run, "git_commit")));
        str_append(out, "</code></td><td>");
        escape_html(out, run->fingerprint);
        str_appendf(
            out, "</td><td class=\"n\">%zu</td><td class=\"n\">%zu</td><td class=\"n%s\">%zu</td><td>%s</td></tr>\n",
            run->case_count, run->sample_count, run->failure_count ? " warn" : "", run->failure_count, run->status);
    }
    str_append(out, "</tbody></table></div></div>");
    if (shown < site->run_count)
        str_appendf(out, "<p class=\"method\">The newest %zu of %zu.</p>", shown, site->run_count);
    str_append(out, "</section>\n");
}

int site_history(const struct site *site, const struct site_charts *charts, struct error *error)
{
    const struct site_page page = { .path = "history.html", .title = "History", .section = SITE_HISTORY };
    struct str out = { 0 };
    site_page_begin(site, &page, &out);
    if (site->newest) {
        str_append(&out, "<p class=\"lead\">Real time of each case over the runs of ");
        escape_html(&out, *site->lines[0].branch ? site->lines[0].branch : "all branches");
        str_append(&out, " on machine ");
        escape_html(&out, site->newest->fingerprint);
        str_append(&out, ".</p>");
    }
    site_page_main(&out);
    step_section(site, &out);
    map_section(charts, &out);
    run_section(site, &out);
    int code = site_page_end(site, &page, &out, error);
    str_release(&out);
    return code;
}
