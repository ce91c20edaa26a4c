/* history.h: one metric of one case over all runs, with its steps. Everything lives in the caller's arena. */
#ifndef PRONY_JUDGE_HISTORY_H
#define PRONY_JUDGE_HISTORY_H

#include "harness/base/arena.h"
#include "harness/base/error.h"
#include "harness/judge/gate.h"
#include "harness/judge/judge.h"
#include "harness/stats/change_points.h"
#include "harness/store/store.h"

struct history_point {
    int64_t run_id, started_ns;
    const char *commit, *branch;
    size_t count; /* processes */
    double value; /* median over processes */
    struct stats_interval interval;
    bool pruned;     /* only its summary is left */
    bool pinned;     /* the baseline */
    const char *tag; /* a tag of the run, or NULL */
    /* What is another on the machine since the point before: "kernel 6.1 -> 6.6"; NULL = nothing. The same for a chart:
     * "kernel 6.6". */
    const char *environment, *environment_brief;
};

struct history_change {
    struct stats_change change;     /* index into points */
    struct stats_interval interval; /* of its effect, 95 % */
    double before, after;           /* medians of the levels on both sides */
    const char *commit_before, *commit_after;
    int commit_count;           /* between them, filled by those who can ask git; 0 = not known */
    enum judge_verdict verdict; /* improved or regressed */
    const char *acknowledged;
    /* What changed in the environment with the step, or one run off it: a step's place is not that exact. NULL =
     * nothing. */
    const char *environment;
};

/* Points of one machine only: runs of other hardware are other histories (others counts them). */
struct history {
    const char *suite, *name, *metric, *unit;
    enum store_pass pass;
    bool higher_is_better;
    const char *machine;          /* key */
    struct history_point *points; /* oldest first */
    size_t count;
    struct history_change *changes;
    size_t change_count;
    double noise;   /* robust sd of log(value) within segments */
    size_t segment; /* index of the first point of the current level: the baseline restarts at every step */
    double median;  /* of that level */
    struct stats_interval interval; /* of that median */
    size_t environments;            /* points whose environment is not that of the point before */
    size_t others;                  /* points of other machines, left out */
    const char *other_hardware;     /* what the newest of them has else: "cpu_count 4 -> 2"; NULL = not known */
    size_t sides;                   /* points of comparisons, left out */
    size_t bad;                     /* points without a value above zero, left out: a ratio to them is no number */
    size_t unknown;                 /* runs in which this metric could not be taken, left out */
};

struct history_options {
    const char *metric;  /* NULL = real_time */
    const char *branch;  /* NULL = all */
    const char *machine; /* key; NULL = that of the newest run with the case */
    bool with_sides;     /* runs that prony ab and calibrate measured, too; those with a tag always are */
    size_t limit;        /* newest points; 0 = all */
    struct stats_change_options change; /* zero = defaults */
};

/* No such case, or never this metric on that machine: count == 0, no error. */
int history_load(struct history *history, struct store *store, const char *suite, const char *name,
                 const struct history_options *options, struct arena *arena, struct error *error);
/* The same from points that were read already; strings and points stay borrowed. history->metric and unit are set
 * before. */
void history_build(struct history *history, const struct store_point *points, size_t count,
                   const struct history_options *options, struct arena *arena);
/* Marks the steps for the worse for which somebody answers. */
void history_acknowledge(struct history *history, const struct gate_acknowledgements *all, int64_t now_ns,
                         struct arena *arena);
/* The newest step is for the worse, and nobody acknowledged it: its effect (positive, log), else 0. */
double history_regression(const struct history *history);

#endif
