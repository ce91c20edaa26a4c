/* implementations.h: cases of one run that differ in one thing, side by side: engines, formats, threads, batch sizes,
 * models, instruction sets, or any argument of their names. Everything lives in the caller's arena.
 *
 * The run measured all its cases in every round, so rounds pair up, as in compare.h. */
#ifndef PRONY_JUDGE_IMPLEMENTATIONS_H
#define PRONY_JUDGE_IMPLEMENTATIONS_H

#include "harness/judge/compare.h"

/* One implementation of a group. */
struct implementation_cell {
    const struct store_case *source;        /* NULL = not measured */
    struct stats_summary summary;           /* of the group's metric, over processes */
    double speedup;                         /* against the baseline: above 1 = better; NaN = not known */
    struct stats_interval interval;         /* of it; coverage 0 = none */
    double p, q;                            /* of being the same; q over the whole table */
    double efficiency;                      /* of threads: speedup / how many times the threads; else NaN */
    double peak_rss_bytes, heap_peak_bytes; /* NaN = not measured */
    enum compare_output output;             /* against the baseline, where both compute the same; else unknown */
    double output_error;                    /* against the reference; NaN = not given */
    double *phases_ns;                      /* of an iteration, of each phase of the group; NaN = no such operation */
};

struct implementation_group {
    const char *suite;
    const char *name;          /* "decode/qwen2.5-0.5b/ * /ctx:128/threads:1", without the blanks */
    const char *metric, *unit; /* real_time, or a rate where the cases do different amounts of work */
    bool higher_is_better;
    struct implementation_cell *cells; /* one a value */
    const char **phases;               /* operations of the engine, as its spans name them, then "unexplained" */
    size_t phase_count;                /* 0 = no spans */
};

/* All groups that have this value and the baseline. */
struct implementation_total {
    const char *value;
    size_t count;
    double speedup;                 /* geometric mean; NaN = no group has both */
    struct stats_interval interval; /* over the groups */
};

struct implementations {
    const char *dimension; /* "threads" */
    const char *baseline;
    size_t baseline_index;               /* of the values */
    struct implementation_total *values; /* in the order of the run, numbers in ascending order */
    size_t value_count;
    struct implementation_group *groups;
    size_t group_count;
    size_t different_outputs; /* cells whose output is another than the baseline's */
};

struct implementation_options {
    const char *dimension;      /* engine suite format threads batch model isa, or an argument's key ("ctx") */
    const char *baseline;       /* a value; NULL = the first; of isa: scalar where there is one */
    const char *suite, *filter; /* as in compare.h */
};
/* What dimension finds in a name: the value and where it stands, as text in the arena; NULL = nothing. */
const char *implementation_value(const char *name, const char *dimension, struct arena *arena);
/* The name with a star in place of the value; NULL = it has none. */
const char *implementation_pattern(const char *name, const char *dimension, struct arena *arena);
/* facts: of the run, which name the engine of a suite. Fails where no cases differ in that alone, or none is the
 * baseline: the text says what there is. */
int implementations_build(struct implementations *implementations, const struct store_case *cases, size_t count,
                          const struct store_fact *facts, size_t fact_count,
                          const struct implementation_options *options, struct arena *arena, struct error *error);

#endif
