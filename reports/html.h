/* html.h: the two halves of the HTML report: html.c the page, html_table.c rows and range bars. */
#ifndef PRONY_REPORTS_HTML_H
#define PRONY_REPORTS_HTML_H

#include "harness/base/str.h"
#include "reports/view.h"

/* The half width of all range bars of a page, as a share of the median: the smallest round one that holds nine of ten
 * cases. */
double html_range_scale(const struct view *view);
/* A small bar: thin from minimum to maximum, thick over the interval, a tick at the median, on median +- scale. */
void html_range_bar(struct str *out, const struct stats_summary *summary, double scale);
/* The table of a group, with its heading. */
void html_group(const struct view *view, const struct view_group *group, size_t index, double scale, struct str *out);
/* What failed, with reasons; nothing if there is nothing (html_part.c, as the next two). */
void html_problems(const struct view *view, struct str *out);
struct chart;
/* A figure with legend and note, or the reason why it is not there. alone: no other one stands beside it. */
void html_chart(const struct chart *chart, bool alone, struct str *out);
/* A table of names and values with a heading; nothing for count 0. title is not escaped. */
void html_facts(const char *title, const struct store_fact *facts, size_t count, struct str *out);
/* "93.8 %" */
char *html_coverage(char *buffer, size_t size, double coverage);

#endif
