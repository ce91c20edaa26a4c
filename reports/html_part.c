/* html_part.c: parts of a page that the report of a run and the site share: problems, charts with their legends, facts.
 */
#include "reports/chart.h"
#include "reports/escape.h"
#include "reports/html.h"

void html_problems(const struct view *view, struct str *out)
{
    if (view->problem_count == 0)
        return;
    str_append(out, "<section id=\"problems\"><h2>Problems</h2><ul class=\"problems\">\n");
    for (size_t i = 0; i < view->problem_count; i++) {
        const struct view_problem *problem = &view->problems[i];
        const char *word = view_problem_word(problem->kind);
        str_appendf(out, "<li class=\"%s\"><span class=\"kind\">%s</span><div><p><code>", word, word);
        escape_html_name(out, problem->suite);
        if (problem->name) {
            str_append(out, " ");
            escape_html_name(out, problem->name);
        }
        str_append(out, "</code>");
        if (!problem->name)
            str_append(out, " as a whole");
        if (problem->count > 1)
            str_appendf(out, ", %zu times", problem->count);
        str_append(out, "</p><p class=\"reason\">");
        escape_html(out, problem->reason);
        str_append(out, "</p>");
        if (problem->detail) {
            str_append(out, "<details><summary>end of stderr</summary><pre>");
            escape_html(out, problem->detail);
            str_append(out, "</pre></details>");
        }
        str_append(out, "</div></li>\n");
    }
    str_append(out, "</ul></section>\n");
}

static void legend(const struct chart *chart, struct str *out)
{
    static const char *const marks[] = { "dot", "line", "dash", "square" };
    if (chart->legend_count < 2)
        return;
    str_append(out, "<ul class=\"legend\">");
    for (size_t i = 0; i < chart->legend_count; i++) {
        const struct chart_legend *entry = &chart->legend[i];
        str_appendf(out, "<li><i class=\"%s\" style=\"color:var(--s%d)\"></i>", marks[entry->mark], entry->series);
        escape_html(out, entry->text);
        str_append(out, "</li>");
    }
    str_append(out, "</ul>");
}

void html_chart(const struct chart *chart, bool alone, struct str *out)
{
    str_appendf(out, "<figure class=\"%s\" id=\"chart-%s\"><figcaption><h3>",
                chart->wide ? "full"
                : alone     ? "half alone"
                            : "half",
                chart->id);
    escape_html(out, chart->title);
    str_append(out, "</h3>");
    if (chart->reason) {
        str_append(out, "</figcaption><p class=\"missing\">");
        escape_html(out, chart->reason);
        str_append(out, "</p></figure>\n");
        return;
    }
    str_append(out, "<p>");
    escape_html(out, chart->note);
    str_append(out, "</p></figcaption>");
    legend(chart, out);
    const char *narrow = chart->svg[1] ? chart->svg[1] : chart->svg[0];
    if (!chart->svg[0] || !chart->svg[1]) {
        str_appendf(out, "%s</figure>\n", chart->svg[0] ? chart->svg[0] : narrow); /* drawn for all widths */
        return;
    }
    str_appendf(out, "<div class=\"wide\">%s</div>\n<div class=\"narrow\">%s</div></figure>\n", chart->svg[0], narrow);
}

void html_facts(const char *title, const struct store_fact *facts, size_t count, struct str *out)
{
    if (count == 0)
        return;
    str_appendf(out, "<div><h3>%s</h3><div class=\"scroll\"><table class=\"plain\"><tbody>", title);
    for (size_t i = 0; i < count; i++) {
        str_append(out, "<tr><th scope=\"row\">");
        escape_html(out, facts[i].name);
        str_append(out, "</th><td>");
        escape_html(out, facts[i].value);
        str_append(out, "</td></tr>");
    }
    str_append(out, "</tbody></table></div></div>\n");
}
