/* site_environment.c: on what the newest run was measured, whether that can be trusted, and which machines there are.
 */
#include "reports/escape.h"
#include "reports/html.h"
#include "reports/html_explain.h"
#include "reports/site_internal.h"
#include <stdio.h>

static void machine_row(const struct site *site, const struct store_run_row *run, size_t count, struct str *out)
{
    str_append(out, "<tr><th scope=\"row\">");
    escape_html(out, run->fingerprint);
    str_append(out, "</th><td>");
    escape_html(out, *site_run_fact(run, "cpu_name") ? site_run_fact(run, "cpu_name") : "unknown CPU");
    str_append(out, "</td><td class=\"n\">");
    escape_html(out, site_run_fact(run, "cpu_count"));
    str_append(out, "</td><td>");
    escape_html(out, site_run_fact(run, "kernel"));
    str_appendf(out, "</td><td class=\"n\">%zu</td><td>%s</td></tr>\n", count, site_date(site, run->started_ns));
}

/* Every fingerprint once, with its newest run. */
static void machines(const struct site *site, struct str *out)
{
    str_append(out,
               "<section id=\"machines\"><h2>Machines</h2><p class=\"method\">Runs of different machines are not "
               "compared.</p><div class=\"group\"><div class=\"scroll\" tabindex=\"0\"><table><thead><tr>"
               "<th scope=\"col\">fingerprint</th><th scope=\"col\">CPU</th><th scope=\"col\" class=\"n\">CPUs</th>"
               "<th scope=\"col\">system</th><th scope=\"col\" class=\"n\">runs</th><th scope=\"col\">newest run</th>"
               "</tr></thead><tbody>\n");
    for (size_t i = 0; i < site->run_count; i++) {
        size_t count = 0;
        bool first = true;
        for (size_t j = 0; j < site->run_count; j++)
            if (str_equal(site->runs[j].fingerprint, site->runs[i].fingerprint)) {
                first = first && j >= i;
                count++;
            }
        if (first)
            machine_row(site, &site->runs[i], count, out);
    }
    str_append(out, "</tbody></table></div></div></section>\n");
}

int site_environment(const struct site *site, struct error *error)
{
    const struct site_page page = { .path = "environment.html", .title = "Environment", .section = SITE_ENVIRONMENT };
    struct str out = { 0 };
    site_page_begin(site, &page, &out);
    site_page_main(&out);
    if (site->newest) {
        const struct store_run_row *run = site->newest;
        char seed[32], id[32];
        snprintf(seed, sizeof seed, "%llu", (unsigned long long)run->seed);
        snprintf(id, sizeof id, "%lld", (long long)run->id);
        const struct store_fact self[] = {
            { "run", id },         { "plan", run->plan },     { "command", run->command },        { "seed", seed },
            { "uuid", run->uuid }, { "status", run->status }, { "fingerprint", run->fingerprint }
        };
        html_checks(&site->explain, &out);
        str_append(&out, "<section id=\"newest\"><h2>Newest run</h2><div class=\"environment\">\n");
        html_facts("Run", self, sizeof self / sizeof self[0], &out);
        html_facts("Build", run->build, run->build_count, &out);
        html_facts("Machine", run->machine, run->machine_count, &out);
        html_facts("Environment", run->environment, run->environment_count, &out);
        str_append(&out, "</div></section>\n");
        html_noise(&site->view, &site->explain, &out);
        machines(site, &out);
        str_append(&out, "<section id=\"method\"><h2>How it was measured</h2><p class=\"method\">");
        escape_html(&out, view_method_note(&site->view));
        str_append(&out, "</p></section>\n");
    } else {
        site_empty(&out, "Nothing has been measured yet.");
    }
    int code = site_page_end(site, &page, &out, error);
    str_release(&out);
    return code;
}
