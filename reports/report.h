/* report.h: the report formats. To add one: write reports/<name>.c with a report_writer, declare it here, add a row to
 * the table in formats.c. */
#ifndef PRONY_REPORTS_REPORT_H
#define PRONY_REPORTS_REPORT_H

#include "harness/base/error.h"
#include "harness/base/str.h"
#include "reports/view.h"

struct gate; /* harness/judge/gate.h */
struct report_options {
    const char *gnuplot;     /* program for the charts; NULL = no charts wanted */
    int64_t now_ns;          /* UTC, printed as the time of the report */
    bool color;              /* text for a terminal that understands colours */
    const struct gate *gate; /* targets, which JUnit shows as tests; NULL = none */
    const char *picture; /* path or URL of the forest plot that Markdown refers to; NULL = bars of characters instead */
};

/* Appends the whole report to out. */
typedef int report_writer(const struct view *view, const struct report_options *options, struct str *out,
                          struct error *error);

struct report_format {
    const char *name;      /* "html" */
    const char *extension; /* ".html" */
    bool file_only;        /* never written to stdout unless asked for with -o - */
    report_writer *write;
};

extern const struct report_format report_formats[];
extern const size_t report_format_count;

/* NULL if there is none. */
const struct report_format *report_format_find(const char *name);

report_writer report_text, report_markdown, report_html, report_json, report_csv, report_junit, report_gobench,
    report_gbench;

#endif
