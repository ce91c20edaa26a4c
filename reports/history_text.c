/* history_text.c: histories for a terminal, at most 100 columns, and as Markdown. */
#include "harness/base/mem.h"
#include "reports/escape.h"
#include "reports/history_report.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SPARK_WIDTH = 72, BUFFER = 96 };

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
        str_appendf(out, "%s%zu run%s of other machines left out: each machine has a history of its own (--machine)%s",
                    before, history->others, plural(history->others), after);
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

static void text_history(struct str *out, const struct history *history)
{
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
    for (size_t i = 0; i < history->change_count; i++)
        text_change(out, history, &history->changes[i]);
    if (history->change_count == 0)
        str_append(out, history->count < 6 ? "  too few runs to tell a step from luck\n" : "  no step\n");
    str_append(out, "  ");
    append_level(out, history);
    str_append(out, "\n");
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
        if (history->change_count)
            str_append(out, markdown_columns);
        for (size_t i = 0; i < history->change_count; i++)
            markdown_change(out, history, &history->changes[i]);
        str_append(out, history->change_count ? "\n" : "No step: ");
        append_level(out, history);
        str_append(out, "\n");
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
