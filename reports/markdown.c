/* markdown.c: the report as GitHub-flavoured Markdown, for pull requests and issues. */
#include "harness/base/str.h"
#include "reports/escape.h"
#include "reports/markdown.h"
#include "reports/report.h"
#include <math.h>
#include <stdio.h>
#include <string.h>

static void cell(struct str *out, const char *text)
{
    escape_markdown(out, text);
    str_append(out, " | ");
}

static void median_cells(struct str *out, enum number_kind kind, const struct stats_summary *summary)
{
    char text[80];
    struct number_scale scale = number_scale(kind, summary->median);
    number_digits(text, sizeof text, summary->median * scale.factor);
    str_appendf(out, "%s%s%s | ", text, *scale.unit ? " " : "", scale.unit);
    str_appendf(out, "%s | ", number_interval(text, sizeof text, scale, summary->interval, " – "));
    str_appendf(out, "%zu | ", summary->count);
}

static void head(const struct view *view, struct str *out)
{
    const char *lines[][2] = {
        { "Run",
          arena_format(view->arena, "%lld (%.8s), %s", (long long)view->run.id, view->run.uuid, view_run_line(view)) },
        { "Machine", view_machine_line(view) },
        { "Build", view_build_line(view) },
        { "Measured", view_case_line(view) },
        { "Problems", view_problem_line(view) },
        { "Noise", *view_noise_line(view) ? view_noise_line(view) : "quiet" },
        { "A/A", view_alarm_line(view) },
    };
    str_append(out, "# ");
    escape_markdown(out, view->title);
    str_append(out, "\n\n");
    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
        if (!lines[i][1])
            continue;
        str_appendf(out, "- **%s**: ", lines[i][0]);
        escape_markdown(out, lines[i][1]);
        str_append_char(out, '\n');
    }
}

static void keys(const struct view *view, struct str *out)
{
    if (view->key_count == 0)
        return;
    str_append(out, "\n## Key numbers\n\n| what | median | interval | n | measured on |\n|---|---:|---:|---:|---|\n");
    for (size_t i = 0; i < view->key_count; i++) {
        str_append(out, "| ");
        cell(out, view->keys[i].title);
        median_cells(out, view->keys[i].kind, &view->keys[i].summary);
        cell(out, view->keys[i].detail);
        str_append(out, "\n");
    }
}

static void problems(const struct view *view, struct str *out)
{
    if (view->problem_count == 0)
        return;
    str_append(out, "\n## Problems\n\n| what | suite | case | times | reason |\n|---|---|---|---:|---|\n");
    for (size_t i = 0; i < view->problem_count; i++) {
        const struct view_problem *problem = &view->problems[i];
        str_appendf(out, "| %s | ", view_problem_word(problem->kind));
        cell(out, problem->suite);
        cell(out, problem->name ? problem->name : "(whole program)");
        str_appendf(out, "%zu | ", problem->count);
        cell(out, problem->reason);
        str_append(out, "\n");
    }
}

static void group_table(const struct view *view, const struct view_group *group, struct str *out)
{
    str_append(out, "\n### ");
    escape_markdown(out, view_group_title(view, group));
    str_append(out, "\n\n| case | median | interval | n | spread | ");
    for (size_t c = 0; c < group->column_count; c++)
        cell(out, group->columns[c]->title);
    str_append(out, "notes |\n|---|---:|---:|---:|---:|");
    for (size_t c = 0; c < group->column_count; c++)
        str_append(out, "---:|");
    str_append(out, "---|\n");
    for (size_t i = 0; i < group->count; i++) {
        const struct view_case *view_case = group->cases[i];
        char text[48];
        str_append(out, "| ");
        cell(out, view_case->name);
        median_cells(out, view_case->kind, &view_case->main);
        if (isfinite(view_case->spread))
            str_appendf(out, "%.1f %%", 100 * view_case->spread);
        str_append(out, " | ");
        for (size_t c = 0; c < group->column_count; c++) {
            const struct stats_summary *summary = view_metric(view_case, group->columns[c]->name);
            if (summary)
                str_append(out, number_text(text, sizeof text, group->columns[c]->kind, summary->median));
            str_append(out, " | ");
        }
        cell(out, view_notes(view, view_case));
        str_append(out, "\n");
    }
}

int report_markdown(const struct view *view, const struct report_options *options, struct str *out, struct error *error)
{
    (void)options;
    (void)error;
    head(view, out);
    keys(view, out);
    problems(view, out);
    if (view->group_count)
        str_append(out, "\n## Cases\n");
    for (size_t g = 0; g < view->group_count; g++)
        group_table(view, &view->groups[g], out);
    if (view->explain)
        markdown_explain(view, view->explain, out);
    if (view->measured) {
        str_append(out, "\n");
        escape_markdown(out, view_method_note(view));
        str_append(out, "\n");
    }
    return 0;
}
