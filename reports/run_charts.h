/* run_charts.h: every chart of a run as files: those of its page, the map of cases over runs, and those of the cases
 * that somebody asks for. */
#ifndef PRONY_REPORTS_RUN_CHARTS_H
#define PRONY_REPORTS_RUN_CHARTS_H

#include "reports/chart.h"

/* filter: POSIX extended regular expression of case names; NULL = no charts of single cases. They show the case beside
 * the baseline, else beside the run before. charts and their reasons live in the view's arena. */
int run_charts_save(struct store *store, const struct view *view, const char *filter, const char *gnuplot,
                    const char *directory, const struct chart **charts, size_t *count, struct error *error);

#endif
