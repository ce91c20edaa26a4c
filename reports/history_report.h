/* history_report.h: histories as documents. One function a format; all of them say the same. */
#ifndef PRONY_REPORTS_HISTORY_REPORT_H
#define PRONY_REPORTS_HISTORY_REPORT_H

#include "harness/judge/history.h"
#include "harness/base/str.h"

struct history_report {
    const struct history *histories;
    size_t count;
    const char *title; /* NULL = each for itself; else one table with a row a history */
};

typedef void history_writer(const struct history_report *report, struct str *out);
struct history_format {
    const char *name, *extension; /* "text", ".txt" */
    history_writer *write;
};
history_writer history_text, history_markdown, history_json, history_csv;

/* NULL if there is none. */
const struct history_format *history_format_find(const char *name);
/* The one whose files end like this, or NULL. */
const struct history_format *history_format_of_path(const char *path);

/* ---- words that the formats and charts share ---- */

/* A value of that metric with its unit: "12.34 ms". buffer: 48 bytes; returns it. */
char *history_value(char *buffer, size_t size, const struct history *history, double value);
/* How the whole history is shown: value * factor is in unit. */
struct history_scale {
    double factor;
    const char *unit;
};
struct history_scale history_scale(const struct history *history);
/* "+5.4 %" */
char *history_percent(char *buffer, size_t size, double log_ratio);
/* "2026-11-21 20:59", UTC. buffer: 32 bytes */
char *history_when(char *buffer, size_t size, int64_t time_ns);
/* "a1b2c3d..e4f5a6b, 7 commits"; "same commit a1b2c3d" where only the world changed. buffer: 80 bytes */
char *history_commits(char *buffer, size_t size, const struct history_change *change);
/* One line of block characters, at most width of them: the course of the medians. Appends nothing below 2 points. */
void history_sparkline(struct str *out, const struct history *history, size_t width);

#endif
