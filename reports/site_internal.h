/* site_internal.h: what the pages of the site share: everything that was loaded, and the frame of a page.
 *
 * Times are compared, not rates: in all changes + means slower. */
#ifndef PRONY_REPORTS_SITE_INTERNAL_H
#define PRONY_REPORTS_SITE_INTERNAL_H

#include "harness/judge/calibration.h"
#include "harness/judge/compare.h"
#include "harness/judge/history.h"
#include "reports/chart.h"
#include "reports/explain.h"
#include "reports/site.h"

enum {
    SITE_COMPARISON_LIMIT = 24, /* stored comparisons with a page */
    SITE_LINE_LIMIT = 12,       /* branches and plans in the overview */
    SITE_HISTORY_LIMIT = 500    /* newest points of a case that are shown */
};

/* ---- what was loaded (site_load.c) ---- */

struct site_case {
    const char *suite, *name;
    const char *page;                    /* "cases/kernels-matvec-...-0123456789.html" */
    const struct view_case *newest;      /* in the newest run; NULL = not measured there */
    const struct compare_case *change;   /* of the newest run against the reference; NULL = no reference */
    const struct compare_case *previous; /* against the run before it */
    struct history history;              /* of real time, one machine, all branches of the main line's */
};

/* Two runs that were compared: a page. */
struct site_comparison {
    const char *kind;  /* "baseline", "previous", "ab" */
    const char *title; /* "main against baseline" */
    const char *page;
    int64_t created_ns;
    struct comparison comparison;
};

/* The newest run of a branch, plan and machine. */
struct site_line {
    const char *branch, *plan;
    const struct store_run_row *run;
    size_t run_count;
    const struct site_comparison *comparison; /* with the baseline or the run before; NULL = there is none */
    const char *against;
};

struct site {
    struct store *store;
    struct arena *arena;
    const struct report_options *options;
    const char *directory, *title;
    struct site_result *result;

    struct store_run_row *runs; /* newest first; sides of comparisons are not among them */
    size_t run_count;
    struct store_tag *tags;
    size_t tag_count;
    const struct store_run_row *newest; /* of the main line; NULL = nothing was measured yet */
    struct view view;                   /* of newest */
    struct explain explain;
    struct calibration calibration; /* of its machine */
    bool has_calibration;

    struct site_line lines[SITE_LINE_LIMIT]; /* the main line first, then the newest first */
    size_t line_count, line_total;
    struct site_comparison *comparisons; /* baseline and previous first, then "ab", newest first */
    size_t comparison_count;
    const struct site_comparison *reference, *previous; /* of the newest run; NULL = none */
    struct store_comparison *stored;                    /* all of the database */
    size_t stored_count;

    struct site_case *cases; /* all that were ever measured, by suite */
    size_t case_count;
    const char **suites;
    size_t suite_count;
};

int site_load(struct site *site, struct error *error);
void site_release(struct site *site);
struct site_case *site_case_find(const struct site *site, const char *suite, const char *name);
const char *site_run_fact(const struct store_run_row *run, const char *name); /* "" if it has none */
/* "main, nightly" */
const char *site_run_name(const struct site *site, const struct store_run_row *run);
const char *site_suite_page(const struct site *site, const char *suite); /* "suites/kernels.html" */

/* ---- names of files (site_name.c) ---- */

/* Letters, digits, '.', '_' and '-' of text, and a hash of all of it that keeps different texts apart also where upper
 * and lower case are the same. */
const char *site_slug(struct arena *arena, const char *text);
/* Only text itself where it is such a name in lower case already. */
const char *site_short_slug(struct arena *arena, const char *text);

/* ---- a page (site_page.c) ---- */

enum site_section { SITE_OVERVIEW, SITE_SUITES, SITE_HISTORY, SITE_COMPARISONS, SITE_PROFILES, SITE_ENVIRONMENT };

struct site_page {
    const char *path; /* within the site */
    const char *title;
    enum site_section section;
    const char *crumb_href, *crumb; /* the page above, within the site; NULL = none */
};
/* Head, navigation, heading. Then the caller writes the rest of <header>, and calls site_page_main. */
void site_page_begin(const struct site *site, const struct site_page *page, struct str *out);
void site_page_main(struct str *out);
/* Ends the page and writes it. */
int site_page_end(const struct site *site, const struct site_page *page, struct str *out, struct error *error);
/* "../" for a page in a subdirectory: put before every link. */
const char *site_root(const struct site_page *page);
/* Any file of the site. */
int site_file(const struct site *site, const char *path, const char *text, size_t length, struct error *error);
void site_link(struct str *out, const char *root, const char *href, const char *text);
/* "2026-11-20 08:00" */
const char *site_date(const struct site *site, int64_t utc_ns);

/* ---- parts of pages (site_part.c) ---- */

void site_badge(struct str *out, const char *kind, const char *text);
/* A coloured word with a sign, for eyes that do not see colours. */
void site_verdict(struct str *out, enum judge_verdict verdict);
const char *site_verdict_class(enum judge_verdict verdict); /* "bad", "good", "warn", "same" */
/* "+6.1", with a real minus */
void site_percent(struct str *out, double log_ratio);
/* "+6.1 %" with its interval as tooltip; a dash where it is unknown. A cell of a table. */
void site_effect_cell(struct str *out, const struct compare_metric *metric);
/* A bar of the interval around zero; scale: the log ratio at the edge. */
void site_effect_bar(struct str *out, const struct compare_metric *metric, double scale);
double site_effect_scale(const struct comparison *comparison);
/* The newest values of a history as a line of some 100 pixels, with its steps. */
void site_spark(struct str *out, const struct history *history);
void site_value_cell(struct str *out, enum number_kind kind, double value);
/* "3 regressed, 1 improved, 20 equivalent" as badges. */
void site_verdict_badges(const struct comparison *comparison, struct str *out);
/* A paragraph where a page would be empty. */
void site_empty(struct str *out, const char *text);

/* ---- steps of histories (site_steps.c) ---- */

struct site_step {
    const struct site_case *own;
    const struct history_change *change;
    int64_t started_ns; /* of the first run on the new level */
};
/* All steps, the newest first; with recent_runs only the last one of each case, if it lies in the newest so many runs
 * of its history and behind the pinned baseline: for the worse first. Released with free. */
struct site_step *site_steps(const struct site *site, size_t recent_runs, size_t *count);
/* For the worse, and not acknowledged. */
bool site_step_is_open(const struct site_step *step);
void site_step_table(const struct site *site, const struct site_step *steps, size_t count, struct str *out);

/* ---- the pages ---- */

int site_overview(const struct site *site, struct error *error);
int site_suites(const struct site *site, struct error *error);
int site_profiles(const struct site *site, struct error *error);
/* "profiles/12.html" */
const char *site_profile_page(const struct site *site, const struct profile *profile);
int site_environment(const struct site *site, struct error *error);
/* The rows of the worst changes first; limit 0 = all. True if there was one. */
bool site_change_table(const struct site *site, const struct comparison *comparison, const char *root, size_t limit,
                       bool all_verdicts, struct str *out);

#endif
