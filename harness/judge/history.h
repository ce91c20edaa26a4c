/* history.h: one metric of one case over all runs, with its steps. Everything lives in the caller's arena. */
#ifndef PRONY_JUDGE_HISTORY_H
#define PRONY_JUDGE_HISTORY_H

#include "harness/base/arena.h"
#include "harness/base/error.h"
#include "harness/judge/judge.h"
#include "harness/stats/change_points.h"
#include "harness/store/store.h"

struct history_point {
    int64_t run_id, started_ns;
    const char *commit, *branch;
    size_t count; /* processes */
    double value; /* median over processes */
    struct stats_interval interval;
    bool pinned;     /* the baseline */
    const char *tag; /* a tag of the run, or NULL */
};

struct history_change {
    struct stats_change change; /* index into points */
    const char *commit_before, *commit_after;
    enum judge_verdict verdict; /* improved or regressed */
    const char *acknowledged;
};

/* Points of one machine class only: runs of other machines are other histories (others counts them). */
struct history {
    const char *suite, *name, *metric, *unit;
    enum store_pass pass;
    bool higher_is_better;
    const char *machine;          /* fingerprint */
    struct history_point *points; /* oldest first */
    size_t count;
    struct history_change *changes;
    size_t change_count;
    double noise;   /* robust sd of log(value) within segments */
    size_t segment; /* index of the first point of the current level: the baseline restarts at every step */
    size_t others;  /* points of other machines, left out */
};

struct history_options {
    const char *metric;                 /* NULL = real_time */
    const char *branch;                 /* NULL = all */
    const char *machine;                /* fingerprint; NULL = that of the newest run with the case */
    size_t limit;                       /* newest points; 0 = all */
    struct stats_change_options change; /* zero = defaults */
};

int history_load(struct history *history, struct store *store, const char *suite, const char *name,
                 const struct history_options *options, struct arena *arena, struct error *error);

#endif
