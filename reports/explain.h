/* explain.h: what explains the numbers of a run: the doctor's verdicts, counters with their states, what disturbed the
 * samples, memory, and profiles. Built once beside the view; every format only writes it down.
 *
 * A counter that could not be had is never an empty cell without a word: columns that no case has are named in notes
 * with their reason and remedy, single gaps carry theirs. */
#ifndef PRONY_REPORTS_EXPLAIN_H
#define PRONY_REPORTS_EXPLAIN_H

#include "reports/account.h"
#include "reports/profile.h"
#include "reports/view.h"

struct explain_column {
    const char *name, *title, *unit;
    enum number_kind kind; /* NUMBER_COUNT for what has no unit */
};

/* One value: the median over the processes of its pass. */
struct explain_cell {
    const struct store_series *series; /* NULL: the case does not know this metric */
    double value;                      /* NaN: absent, series says why */
};

/* Why values are absent or marked, each reason once. */
struct explain_note {
    const char *reason, *remedy; /* remedy NULL = none */
    const char *metrics;         /* "cycles, instructions" */
    size_t case_count;           /* with this reason */
    bool marked;                 /* the values are there, but scaled or approximate */
};

/* Cases of one suite and operation against the metrics that one pass gave them. */
struct explain_table {
    const char *title; /* "kernels / matvec" */
    const struct view_case **cases;
    size_t case_count;
    const struct explain_column *columns; /* those of which some case has a value */
    size_t column_count;
    const struct explain_cell *cells; /* [case][column] */
};

/* What one pass gave all cases. */
struct explain_pass {
    struct explain_table *tables; /* only those with a value */
    size_t table_count;
    struct explain_note *notes;
    size_t note_count;
    size_t case_count; /* that took part in it */
};

/* What disturbed the timed samples of one case. */
struct explain_noise {
    const struct view_case *view_case;
    double run_delay_share;                        /* of wall time, the worst sample; NaN = not known */
    double switches;                               /* involuntary, a sample on average; NaN = not known */
    double migrations, minor_faults, major_faults; /* the same */
    double clock_low_ghz, clock_high_ghz;          /* of the readings before and after; NaN = not known */
};

struct explain {
    const struct store_check *checks;
    size_t check_count, check_fail, check_warn, check_unknown;
    struct explain_pass counters, callgrind, memory;
    struct explain_noise *noise; /* measured cases, the most contaminated first */
    size_t noise_count;
    bool noise_known;         /* some case has more than the run delay */
    struct account *accounts; /* cases with spans */
    size_t account_count;
    struct profile *profiles; /* stacks NULL if they cannot be read, then profile_problems says why */
    const char **profile_problems;
    size_t profile_count;
};

/* Reads checks and profiles of the view's run, and sorts out the metrics of its cases. The view must outlive it;
 * release frees the stacks, the rest lives in the view's arena. */
int explain_load(struct explain *explain, const struct view *view, struct store *store, struct error *error);
/* Only what the cases say. */
void explain_build(struct explain *explain, const struct view *view);
void explain_release(struct explain *explain);

/* For explain_build: in the view's arena (explain_table.c, explain_noise.c). */
struct explain_pass explain_build_pass(const struct view *view, enum store_pass pass);
void explain_build_noise(struct explain *explain, const struct view *view);

/* The note about a series that has a reason: an index, note_count if there is none. */
size_t explain_note_find(const struct explain_pass *pass, const struct store_series *series);

/* The table without the columns that say the same of every case (or 0 of all); these are in *equal: "page faults 0,
 * cpu migrations 0", "" if there are none. In the arena. */
struct explain_table explain_telling(const struct explain_table *table, struct arena *arena, const char **equal);

/* "2 checks fail, 3 warn, 4 unknown"; "" if there were no checks. */
const char *explain_check_line(const struct view *view, const struct explain *explain);
/* "~" for scaled, "≈" for approximate, "" otherwise. */
const char *explain_mark(const struct explain_cell *cell);
/* Four digits of the scaled value; small counts as whole numbers. */
char *explain_digits(char *buffer, size_t size, const struct explain_column *column, const struct explain_cell *cell);
/* The value with its unit into buffer (64 bytes), "–" if it is absent. */
char *explain_text(char *buffer, size_t size, const struct explain_column *column, const struct explain_cell *cell);

#endif
