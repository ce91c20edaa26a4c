/* markdown.h: the two halves of the Markdown report. */
#ifndef PRONY_REPORTS_MARKDOWN_H
#define PRONY_REPORTS_MARKDOWN_H

#include "harness/base/str.h"
#include "reports/explain.h"

/* Counters, memory and checks (markdown_explain.c). */
void markdown_explain(const struct view *view, const struct explain *explain, struct str *out);

#endif
