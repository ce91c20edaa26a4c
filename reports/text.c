/* text.c: the report for a terminal, 100 columns. */
#include "harness/base/str.h"
#include "reports/escape.h"
#include "reports/report.h"
#include "reports/text.h"
#include <math.h>
#include <stdio.h>
#include <string.h>

enum { WIDTH = TEXT_WIDTH, INDENT = 2, NAME_LIMIT = 44, MEDIAN = 15, INTERVAL = 18, SPREAD = 7, N = 4, ROOF = 7 };

static void fact(struct str *out, const char *name, const char *value)
{
    text_pad(out, INDENT);
    text_left(out, name, 10);
    struct str plain = { 0 };
    escape_fit(&plain, value, WIDTH - INDENT - 10);
    str_append(out, str_text(&plain));
    str_release(&plain);
    text_end_line(out);
}

static void head(const struct view *view, struct str *out)
{
    escape_plain(out, view->title);
    str_append_char(out, '\n');
    for (int i = 0; i < WIDTH; i++)
        str_append_char(out, '-');
    str_append_char(out, '\n');
    fact(out, "run",
         arena_format(view->arena, "%lld (%.8s), %s", (long long)view->run.id, view->run.uuid, view_run_line(view)));
    fact(out, "machine", view_machine_line(view));
    fact(out, "build", view_build_line(view));
    fact(out, "measured", view_case_line(view));
    fact(out, "problems", view_problem_line(view));
    if (*view_noise_line(view))
        fact(out, "noise", view_noise_line(view));
    if (view_alarm_line(view))
        fact(out, "A/A", view_alarm_line(view));
    if (view->explain && view->explain->check_count)
        fact(out, "checks", explain_check_line(view, view->explain));
}

static void median_and_interval(struct str *out, enum number_kind kind, const struct stats_summary *summary)
{
    char digits[32], interval[80], text[80];
    struct number_scale scale = number_scale(kind, summary->median);
    number_digits(digits, sizeof digits, summary->median * scale.factor);
    snprintf(text, sizeof text, "%s%s%s", digits, *scale.unit ? " " : "", scale.unit);
    text_right(out, text, MEDIAN);
    number_interval(interval, sizeof interval, scale, summary->interval, ", ");
    snprintf(text, sizeof text, *interval ? "[%s]" : "%s", interval);
    text_right(out, text, INTERVAL);
}

static void keys(const struct view *view, struct str *out)
{
    if (view->key_count == 0)
        return;
    text_heading(out, "Key numbers");
    for (size_t i = 0; i < view->key_count; i++) {
        const struct view_key *key = &view->keys[i];
        text_pad(out, INDENT);
        text_left(out, key->title, 23);
        median_and_interval(out, key->kind, &key->summary);
        text_pad(out, 2);
        text_left(out, key->detail, WIDTH - INDENT - 23 - MEDIAN - INTERVAL - 2);
        text_end_line(out);
    }
}

static void problems(const struct view *view, struct str *out)
{
    if (view->problem_count == 0)
        return;
    text_heading(out, "Problems");
    for (size_t i = 0; i < view->problem_count; i++) {
        const struct view_problem *problem = &view->problems[i];
        text_pad(out, INDENT);
        text_left(out, view_problem_word(problem->kind), 9);
        const char *what = problem->name ? arena_format(view->arena, "%s %s", problem->suite, problem->name)
                                         : arena_format(view->arena, "%s as a whole", problem->suite);
        if (problem->count > 1)
            what = arena_format(view->arena, "%s (%zu times)", what, problem->count);
        text_left(out, what, WIDTH - INDENT - 9);
        text_end_line(out);
        struct str plain = { 0 };
        escape_plain(&plain, problem->reason);
        text_paragraph(out, str_text(&plain), INDENT + 9);
        str_release(&plain);
        for (const char *line = problem->detail; line && *line;) {
            size_t length = strcspn(line, "\n");
            text_pad(out, INDENT + 9);
            str_append(out, "| ");
            text_left(out, arena_strndup(view->arena, line, length), WIDTH - INDENT - 11);
            text_end_line(out);
            line += length + (line[length] == '\n');
        }
    }
}

/* The nearer of the two roofs: "82% P" of the compute peak, "91% B" of the bandwidth; "" where neither was measured. */
static const char *roof_text(const struct view *view, const struct view_case *view_case)
{
    const struct stats_summary *peak = view_metric(view_case, "percent_of_peak");
    const struct stats_summary *bandwidth = view_metric(view_case, "percent_of_bandwidth");
    double p = peak ? peak->median : -1, b = bandwidth ? bandwidth->median : -1;
    return p < 0 && b < 0 ? "" : arena_format(view->arena, "%.0f%% %c", fmax(p, b), p >= b ? 'P' : 'B');
}

static bool has_roof(const struct view *view, const struct view_group *group)
{
    for (size_t i = 0; i < group->count; i++)
        if (*roof_text(view, group->cases[i]))
            return true;
    return false;
}

static void case_row(const struct view *view, const struct view_group *group, const struct view_case *view_case,
                     int name_width, bool roof, struct str *out)
{
    char text[32];
    text_pad(out, INDENT);
    text_left(out, view_short_name(group, view_case), name_width);
    median_and_interval(out, view_case->kind, &view_case->main);
    text[0] = 0;
    if (isfinite(view_case->spread))
        snprintf(text, sizeof text, "%.1f%%", 100 * view_case->spread);
    text_right(out, text, SPREAD);
    snprintf(text, sizeof text, "%zu", view_case->main.count);
    text_right(out, text, N);
    if (roof)
        text_right(out, roof_text(view, view_case), ROOF);
    const char *notes = view_notes(view, view_case);
    int used = INDENT + name_width + MEDIAN + INTERVAL + SPREAD + N + (roof ? ROOF : 0);
    if (*notes && used + 2 + escape_width(notes) > WIDTH) {
        text_end_line(out);
        text_pad(out, INDENT + 4);
    } else {
        text_pad(out, 2);
    }
    str_append(out, notes);
    text_end_line(out);
}

static void group_table(const struct view *view, const struct view_group *group, struct str *out)
{
    text_heading(out, view_group_title(view, group));
    bool roof = has_roof(view, group);
    int name_width = 12, limit = roof ? NAME_LIMIT : NAME_LIMIT + 4;
    for (size_t i = 0; i < group->count; i++) {
        int width = escape_width(view_short_name(group, group->cases[i]));
        name_width = width > name_width ? width : name_width;
    }
    name_width = name_width > limit ? limit : name_width;
    text_pad(out, INDENT);
    text_left(out, "case", name_width);
    text_right(out, "median", MEDIAN);
    text_right(out, "interval", INTERVAL);
    text_right(out, "spread", SPREAD);
    text_right(out, "n", N);
    if (roof)
        text_right(out, "roof", ROOF);
    text_end_line(out);
    for (size_t i = 0; i < group->count; i++)
        case_row(view, group, group->cases[i], name_width, roof, out);
}

int report_text(const struct view *view, const struct report_options *options, struct str *out, struct error *error)
{
    (void)options;
    (void)error;
    bool roof = false;
    head(view, out);
    keys(view, out);
    problems(view, out);
    for (size_t g = 0; g < view->group_count; g++) {
        group_table(view, &view->groups[g], out);
        roof = roof || has_roof(view, &view->groups[g]);
    }
    if (view->explain)
        text_explain(view, view->explain, out);
    str_append_char(out, '\n');
    if (view->measured)
        text_paragraph(out, view_method_note(view), 0);
    if (roof)
        text_paragraph(
            out, "Roof is the share of the nearer measured ceiling: P of the compute peak, B of the memory bandwidth.",
            0);
    return 0;
}
