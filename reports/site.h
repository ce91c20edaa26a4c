/* site.h: the whole database as a static site: pages that link to each other with relative links, one style and one
 * script for all, and an index of the cases as a script (a page that lies in a file may not fetch). */
#ifndef PRONY_REPORTS_SITE_H
#define PRONY_REPORTS_SITE_H

#include "harness/base/error.h"
#include "harness/store/store.h"
#include "reports/report.h"

/* In every directory that site_write made; only such, and empty ones, are overwritten. */
#define SITE_MARKER ".prony-site"

struct site_result {
    size_t pages, cases, runs;
    long long size_bytes;
    const char *chart_problem; /* why there are no charts; NULL = nothing wrong. Lives in the arena */
};

/* directory is made where it is missing. title may be NULL. Names of files stay the same from one call to the next. */
int site_write(struct store *store, const char *directory, const char *title, const struct report_options *options,
               struct arena *arena, struct site_result *result, struct error *error);

#endif
