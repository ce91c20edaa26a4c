/* site_charts.h: all charts of the site, drawn by one call of gnuplot before the pages are written. */
#ifndef PRONY_REPORTS_SITE_CHARTS_H
#define PRONY_REPORTS_SITE_CHARTS_H

#include "reports/site_internal.h"

/* Of a case. */
enum site_chart { SITE_TREND, SITE_ECDF, SITE_SPREAD, SITE_LATENCY, SITE_MEMORY, SITE_CASE_CHARTS };

struct site_charts {
    struct chart *charts; /* SITE_CASE_CHARTS for each case, the map, a forest plot for each comparison */
    size_t case_count;
    const char *problem; /* with gnuplot; NULL = none */
};
/* Never fails: what is not drawn has a reason. In the site's arena. */
void site_charts_draw(struct site_charts *charts, const struct site *site);
/* NULL if no charts were wanted. */
const struct chart *site_charts_of(const struct site_charts *charts, size_t case_index, enum site_chart which);
const struct chart *site_charts_map(const struct site_charts *charts);
const struct chart *site_charts_forest(const struct site_charts *charts, size_t comparison_index);

int site_cases(const struct site *site, const struct site_charts *charts, struct error *error);
int site_history(const struct site *site, const struct site_charts *charts, struct error *error);
int site_comparisons(const struct site *site, const struct site_charts *charts, struct error *error);

#endif
