/* chart_forest.h: the forest plot of a comparison: what changed, by how much, and how sure that is. */
#ifndef PRONY_REPORTS_CHART_FOREST_H
#define PRONY_REPORTS_CHART_FOREST_H

#include "harness/judge/compare.h"
#include "reports/chart.h"

/* The subject of its job. */
struct chart_forest {
    const struct comparison *comparison;
    double width; /* pixels of the wide layout; 0 = the page's. A file is to be read at 700 pixels */
};
extern const double chart_forest_file_width;
chart_prepare chart_forest;
/* The job of one comparison; its title and subject live in the arena. index: of the comparison. */
struct chart_job chart_forest_job(const struct comparison *comparison, size_t index, double width, struct arena *arena);

#endif
