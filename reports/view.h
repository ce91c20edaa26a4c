/* view.h: what a report says, before anybody decides how it looks.
 *
 * The view is built once from the store and the statistics; every format only writes it down, so that text, Markdown,
 * HTML and JSON can never disagree. Everything lives in one arena.
 *
 * The unit of analysis is the process: repetitions inside one process share its memory layout and its luck, so they
 * are reduced to their median first and n counts processes. With a single process n counts its repetitions and the case
 * says so (within_process). */
#ifndef PRONY_REPORTS_VIEW_H
#define PRONY_REPORTS_VIEW_H

#include "harness/base/arena.h"
#include "harness/base/error.h"
#include "harness/judge/calibration.h"
#include "harness/stats/stats.h"
#include "harness/store/store.h"
#include "reports/number.h"

#define VIEW_CONFIDENCE 0.95
/* A sample is contaminated when its thread waited for a CPU longer than this share of its wall time. */
#define VIEW_DELAY_LIMIT 0.01
/* A case is noisy when its robust sd exceeds this share of its median. */
#define VIEW_NOISE_LIMIT 0.05
/* Below this many values the MAD means little: the spread is the plain sd and no outliers are marked. */
#define VIEW_ROBUST_MINIMUM 6

/* One metric of a case over its processes. */
struct view_metric {
    const char *name; /* "percent_of_peak" */
    enum number_kind kind;
    struct stats_summary summary; /* count 0: absent */
    enum store_state state;
    const char *reason; /* why it is absent or marked, or NULL */
};

struct view_case {
    const struct store_case *source;
    const char *suite, *name, *operation;
    const char *main_name; /* "tokens_per_second", or "real_time" */
    enum number_kind kind; /* of the main metric */
    bool higher_is_better;
    struct stats_summary main;
    struct stats_summary time_ns; /* real time of an iteration */
    double spread; /* robust sd (below VIEW_ROBUST_MINIMUM values: sd) / |median| of main; NaN below 2 values */
    size_t processes, samples;
    bool within_process;
    size_t contaminated; /* samples, out of delay_known */
    size_t delay_known;  /* samples whose scheduling delay was recorded */
    bool noisy;
    struct view_metric *metrics; /* all but the main one */
    size_t metric_count;
};

/* Extra metric shown as a column of a group's table. */
struct view_column {
    const char *name, *title;
    enum number_kind kind;
};

/* Cases of one suite with one operation, in the order of the run. Only cases that have a number. operation is "" where
 * a suite has so few cases an operation that all of them share one table. */
struct view_group {
    const char *suite, *operation;
    struct view_case **cases;
    size_t count;
    const struct view_column **columns;
    size_t column_count;
};

enum view_problem_kind { VIEW_FAILED, VIEW_ERROR, VIEW_SKIPPED };

/* Something that did not give a number. */
struct view_problem {
    enum view_problem_kind kind;
    const char *suite, *name; /* name NULL: the suite program as a whole */
    const char *reason;
    const char *detail; /* stderr tail, or NULL */
    size_t count;       /* samples or processes */
};

/* One of the few numbers that a reader came for. */
struct view_key {
    const char *title;  /* "Decode, 2 threads" */
    const char *detail; /* what it was measured on */
    const struct view_case *source;
    enum number_kind kind;
    struct stats_summary summary;
};

struct explain; /* explain.h */

struct view {
    struct arena *arena;
    const char *title;
    struct store_run_row run;
    struct view_case *cases; /* all, those without a number too */
    size_t case_count;
    struct view_group *groups;
    size_t group_count;
    struct view_problem *problems;
    size_t problem_count;
    struct view_key *keys;
    size_t key_count;
    size_t measured, failed, errors, skipped, noisy, contaminated; /* cases; failed: suite processes */
    size_t processes_low, processes_high;                          /* fewest and most processes of a measured case */
    const struct explain *explain;                                 /* borrowed; NULL = not loaded */
    const struct calibration *calibration;                         /* of the run's machine; NULL = not loaded */
};

/* Reads the run that text names (see store_run_find). title may be NULL. The arena must outlive the view. */
int view_load(struct view *view, struct store *store, const char *run, const char *title, struct arena *arena,
              struct error *error);
/* The same from rows that were read already. */
void view_build(struct view *view, const struct store_run_row *run, struct store_case *cases, size_t case_count,
                const struct store_failure_row *failures, size_t failure_count, const char *title, struct arena *arena);

/* A suite of many operations with few cases each: one table for all of them. */
bool view_is_fragmented(const struct view *view, const char *suite);
/* The case's metric of that name (the main one included), or NULL if no process has a value. */
const struct stats_summary *view_metric(const struct view_case *view_case, const char *name);
/* Median over processes of a metric from a pass of its own, and all else that is known of them. */
double view_series_median(const struct store_series *series);
struct stats_summary view_series_summary(const struct store_series *series);
/* The median of each process's values, in the order of the processes; values that are not finite are left out. Returns
 * how many; medians has room for n. */
size_t view_process_medians(const double *values, const int *processes, size_t n, double *medians);
const char *view_pass_name(enum store_pass pass); /* "timed", "callgrind" */
/* The same of a metric of the counters pass; NaN without it. */
double view_counter(const struct view_case *view_case, const char *name);
/* Something else than the case had the CPU while this timed sample was taken. */
bool view_is_contaminated(const struct view_case *view_case, size_t sample);
/* A fact of the run (build first, then machine, then environment), or NULL. */
const char *view_fact(const struct view *view, const char *name);
/* What is to be said of a case in a few words ("2/5 contaminated, noisy"), "" if nothing. */
const char *view_notes(const struct view *view, const struct view_case *view_case);
/* "3 failed, 2 with errors": one line about all problems; "no failures" if none. */
const char *view_problem_line(const struct view *view);
const char *view_problem_word(enum view_problem_kind kind); /* "failed", "error", "skipped" */
/* "184 cases, 5 processes each": how much stands behind the numbers. */
const char *view_case_line(const struct view *view);
/* When it started, how long it took, how it ended. */
const char *view_run_line(const struct view *view);
/* "3 noisy, 20 with contaminated samples", and that the machine was busy if that is most of them; "" if it is quiet. */
const char *view_noise_line(const struct view *view);
/* How often comparisons on this machine cry wolf, or that nobody knows; NULL if the calibration is not loaded. */
const char *view_alarm_line(const struct view *view);
/* The commit, branch and compiler, as far as known; "unknown build" otherwise. */
const char *view_build_line(const struct view *view);
const char *view_machine_line(const struct view *view);
/* What the intervals are, with the coverage that the fewest processes of this run reach. */
const char *view_method_note(const struct view *view);

/* The case's name as its group's table shows it: without the operation that the heading already says. */
const char *view_short_name(const struct view_group *group, const struct view_case *view_case);
/* "kernels / matmul", or "layers" */
const char *view_group_title(const struct view *view, const struct view_group *group);

/* Name, median, interval and n in a few lines, for a tooltip. */
const char *view_tip(const struct view *view, const struct view_case *view_case);

/* The key numbers; key.c. Called by view_build. */
void view_find_keys(struct view *view);

#endif
