/* history_text.c: histories for a terminal, at most 100 columns, and as Markdown. */
#include "harness/base/mem.h"
#include "reports/escape.h"
#include "reports/history_report.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SPARK_WIDTH = 72, BUFFER = 96, ENVIRONMENT_ROWS = 12 };

static const char *plural(size_t count)
{
    return count == 1 ? "" : "s";
}

/* "+5.4 % [+4.9, +6.0]" */
static void append_effect(struct str *out, const struct history_change *change)
{
    char effect[BUFFER], low[BUFFER], high[BUFFER];
    history_percent(effect, sizeof effect, change->change.effect);
    history_percent(low, sizeof low, change->interval.low);
    history_percent(high, sizeof high, change->interval.high);
    low[strcspn(low, " ")] = high[strcspn(high, " ")] = 0;
    str_appendf(out, "%s [%s, %s]", effect, low, high);
}

/* What a step starts: "at the tag v2" and so on. */
static void append_remarks(struct str *out, const struct history *history, const struct history_change *change)
{
    const struct history_point *point = &history->points[change->change.index];
    if (point->tag)
        str_appendf(out, ", at tag %s", point->tag);
    if (change->environment)
        str_appendf(out, ", with it: %s", change->environment);
    if (change->acknowledged)
        str_appendf(out, ", acknowledged: %s", change->acknowledged);
}

static void append_level(struct str *out, const struct history *history)
{
    char value[BUFFER], low[BUFFER], high[BUFFER], when[BUFFER];
    size_t count = history->count - history->segment;
    history_value(value, sizeof value, history, history->median);
    str_appendf(out, "now %s", value);
    if (history->interval.coverage > 0 && count > 1) {
        history_value(low, sizeof low, history, history->interval.low);
        history_value(high, sizeof high, history, history->interval.high);
        str_appendf(out, " (%s – %s)", low, high);
    }
    history_when(when, sizeof when, history->points[history->segment].started_ns);
    str_appendf(out, " over %zu run%s since %s", count, plural(count), when);
}

static void append_left_out(struct str *out, const struct history *history, const char *before, const char *after)
{
    if (history->others)
        str_appendf(out,
                    "%s%zu run%s of other machines left out%s%s%s: each machine has a history of its own (--machine)%s",
                    before, history->others, plural(history->others), history->other_hardware ? " (" : "",
                    history->other_hardware ? history->other_hardware : "", history->other_hardware ? ")" : "", after);
    if (history->sides)
        str_appendf(out, "%s%zu run%s of comparisons (prony ab, calibrate) left out: --all takes them in%s", before,
                    history->sides, plural(history->sides), after);
    if (history->bad)
        str_appendf(out, "%s%zu run%s left out: a value that is not above zero has no ratio%s", before, history->bad,
                    plural(history->bad), after);
    if (history->unknown)
        str_appendf(out, "%sin %zu run%s this metric could not be taken%s", before, history->unknown,
                    plural(history->unknown), after);
}

/* The facts of the head, without the name. */
static void append_head(struct str *out, const struct history *history)
{
    char first[BUFFER], last[BUFFER];
    history_when(first, sizeof first, history->points[0].started_ns);
    history_when(last, sizeof last, history->points[history->count - 1].started_ns);
    str_appendf(out, "%zu run%s", history->count, plural(history->count));
    if (history->count > 1)
        str_appendf(out, " from %s to %s", first, last);
    if (isfinite(history->noise) && history->count - history->change_count > 2)
        str_appendf(out, ", noise %.2g %% between steps", 100 * history->noise);
    str_appendf(out, ", machine %.12s", history->machine ? history->machine : "?");
}

/* Rows of a history in the order of its runs: steps, and changes of the environment apart from them. */
struct rows {
    const struct history *history;
    size_t point, change;
    bool all_environments; /* where they are few */
};

static struct rows begin_rows(const struct history *history)
{
    return (struct rows){ .history = history, .all_environments = history->environments <= ENVIRONMENT_ROWS };
}

/* false: no more. *change NULL: the row is about the environment of *point. */
static bool next_row(struct rows *rows, const struct history_change **change, const struct history_point **point)
{
    const struct history *history = rows->history;
    for (; rows->point < history->count; rows->point++) {
        bool step = rows->change < history->change_count && history->changes[rows->change].change.index == rows->point;
        *point = &history->points[rows->point];
        *change = step ? &history->changes[rows->change++] : NULL;
        if (!step && !(rows->all_environments && (*point)->environment))
            continue;
        rows->point++;
        return true;
    }
    return false;
}

static void append_environments(struct str *out, const struct history *history, const char *before, const char *after)
{
    if (history->environments > ENVIRONMENT_ROWS)
        str_appendf(out, "%sthe environment of this machine changed %zu times: csv and json say where%s", before,
                    history->environments, after);
}

/* ---- text ---- */

static void text_change(struct str *out, const struct history *history, const struct history_change *change)
{
    char when[BUFFER], before[BUFFER], after[BUFFER], commits[BUFFER];
    history_when(when, sizeof when, history->points[change->change.index].started_ns);
    history_value(before, sizeof before, history, change->before);
    history_value(after, sizeof after, history, change->after);
    history_commits(commits, sizeof commits, change);
    str_appendf(out, "  %s  %-9s  ", when, judge_verdict_name(change->verdict));
    append_effect(out, change);
    str_appendf(out, "  %s -> %s\n                    run %lld, %s", before, after,
                (long long)history->points[change->change.index].run_id, commits);
    append_remarks(out, history, change);
    str_append(out, "\n");
}

static void text_environment(struct str *out, const struct history_point *point)
{
    char when[BUFFER];
    history_when(when, sizeof when, point->started_ns);
    str_appendf(out, "  %s  environment %s\n                    run %lld\n", when, point->environment,
                (long long)point->run_id);
}

static void text_history(struct str *out, const struct history *history)
{
    struct rows rows = begin_rows(history);
    const struct history_change *change;
    const struct history_point *point;
    str_appendf(out, "%s: %s  %s\n", history->suite, history->name, history->metric);
    if (history->count == 0) {
        str_append(out, "  no run of this machine has this metric\n");
        append_left_out(out, history, "  ", "\n");
        return;
    }
    str_append(out, "  ");
    append_head(out, history);
    str_append(out, "\n\n  ");
    history_sparkline(out, history, SPARK_WIDTH);
    str_append(out, history->count > 1 ? "\n\n" : "");
    while (next_row(&rows, &change, &point))
        change ? text_change(out, history, change) : text_environment(out, point);
    if (history->change_count == 0)
        str_append(out, history->count < 6
                            ? "  too few runs to tell a step from luck\n"
                            : "  no step beyond luck (prony gate --history looks at the newest runs by themselves)\n");
    str_append(out, "  ");
    append_level(out, history);
    str_append(out, "\n");
    append_environments(out, history, "  ", "\n");
    append_left_out(out, history, "  ", "\n");
}

/* One row a history: the newest step, and the course. */
static void text_table(const struct history_report *report, struct str *out)
{
    str_appendf(out, "%s\n\n", report->title);
    for (size_t i = 0; i < report->count; i++) {
        const struct history *history = &report->histories[i];
        str_appendf(out, "%s: %s  %s\n", history->suite, history->name, history->metric);
        str_append(out, "  ");
        history_sparkline(out, history, SPARK_WIDTH);
        str_append(out, "\n");
        if (history->change_count)
            text_change(out, history, &history->changes[history->change_count - 1]);
        str_append(out, i + 1 < report->count ? "\n" : "");
    }
}

void history_text(const struct history_report *report, struct str *out)
{
    if (report->title) {
        text_table(report, out);
        return;
    }
    for (size_t i = 0; i < report->count; i++) {
        str_append(out, i ? "\n" : "");
        text_history(out, &report->histories[i]);
    }
}

/* ---- Markdown ---- */

static void markdown_text(struct str *out, const char *text)
{
    for (; *text; text++) {
        if (strchr("|\\`*_<>[]", *text))
            str_append_char(out, '\\');
        str_append_char(out, *text == '\n' ? ' ' : *text);
    }
}

static void markdown_change(struct str *out, const struct history *history, const struct history_change *change)
{
    char when[BUFFER], before[BUFFER], after[BUFFER], commits[BUFFER];
    history_when(when, sizeof when, history->points[change->change.index].started_ns);
    history_value(before, sizeof before, history, change->before);
    history_value(after, sizeof after, history, change->after);
    history_commits(commits, sizeof commits, change);
    str_appendf(out, "| %s | %s | ", when, judge_verdict_name(change->verdict));
    append_effect(out, change);
    str_appendf(out, " | %s → %s | %s", before, after, commits);
    struct str remarks = { 0 };
    append_remarks(&remarks, history, change);
    markdown_text(out, str_text(&remarks));
    str_release(&remarks);
    str_append(out, " |\n");
}

static const char markdown_columns[] = "| when | verdict | change | level | commits |\n|---|---|--:|--:|---|\n";

static void markdown_environment(struct str *out, const struct history_point *point)
{
    char when[BUFFER];
    history_when(when, sizeof when, point->started_ns);
    str_appendf(out, "| %s | environment | | | ", when);
    markdown_text(out, point->environment);
    str_append(out, " |\n");
}

static void markdown_rows(struct str *out, const struct history *history)
{
    struct rows rows = begin_rows(history);
    const struct history_change *change;
    const struct history_point *point;
    for (size_t i = 0; next_row(&rows, &change, &point); i++) {
        str_append(out, i ? "" : markdown_columns);
        change ? markdown_change(out, history, change) : markdown_environment(out, point);
    }
    bool any = history->change_count || (rows.all_environments && history->environments);
    str_append(out, any ? "\n" : "");
    str_append(out, history->change_count ? "" : "No step: ");
}

static void markdown_history(struct str *out, const struct history *history)
{
    str_append(out, "### ");
    markdown_text(out, history->name);
    str_append(out, " · ");
    markdown_text(out, history->metric);
    str_append(out, "\n\n");
    if (history->count > 0) {
        append_head(out, history);
        str_append(out, history->count > 1 ? "\n\n`" : "");
        history_sparkline(out, history, SPARK_WIDTH);
        str_append(out, history->count > 1 ? "`\n\n" : "\n\n");
        markdown_rows(out, history);
        append_level(out, history);
        str_append(out, "\n");
        append_environments(out, history, "\n", "\n");
    } else {
        str_append(out, "No run of this machine has this metric.\n");
    }
    append_left_out(out, history, "\n", "\n");
}

void history_markdown(const struct history_report *report, struct str *out)
{
    if (report->title)
        str_appendf(out, "%s\n\n", report->title);
    for (size_t i = 0; i < report->count; i++) {
        str_append(out, i ? "\n" : "");
        markdown_history(out, &report->histories[i]);
    }
}
