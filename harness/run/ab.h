/* ab.h: is the candidate faster or slower than the base? Both are measured in turns, now, on this machine.
 *
 *     ab_prepare   what the two sides are, their trees, builds, programs and cases
 *     ab_execute   randomized ABBA blocks of fresh processes until every case is decided or the budget is spent
 *     ab_release
 *
 * What is measured lands in the store as two runs, one a side, that a comparison joins: round i of one is paired with
 * round i of the other. Ctrl-C keeps what is there. How and why: docs/METHOD.md, "How prony ab measures". */
#ifndef PRONY_RUN_AB_H
#define PRONY_RUN_AB_H

#include "harness/judge/compare.h"
#include "harness/store/store.h"

struct ab;

/* A case by the name of its suite and its own. */
struct ab_selected {
    const char *suite, *name;
};

/* Zero means the default everywhere. Strings are borrowed until ab_release. */
struct ab_options {
    /* Each: a git ref, the root of a checked out tree, "." or "worktree" (the tree we are in, as it is), or a suite
     * program; a program has a program as its other side. */
    const char *base, *candidate;
    const char *repository; /* in which refs are looked up; NULL = the one we are in */
    const char *conf;       /* a prony.conf for both sides, instead of each tree's own */
    const char *plan;       /* instead of what prony.conf says: a file of the base's tree, or a shipped plan */
    const char *filter;     /* of case names */
    const char *const *suites;
    size_t suite_count;
    const struct ab_selected *only; /* these cases of what filter and suites leave; count 0 = all */
    size_t only_count;
    const char *const *models;
    size_t model_count;
    double budget_s;   /* of wall time for measuring, without builds; 0 = AB_BUDGET_S */
    int blocks;        /* at most, a case; 0 = AB_BLOCKS */
    bool fixed_blocks; /* exactly so many blocks of every case, judged once: for A/A. The budget still ends it. */
    double min_time_s; /* of a sample, where plan or conf do not say; 0 = AB_MIN_TIME_S */
    double timeout_s;  /* of one process; 0 = as the plan says */
    bool has_seed;
    uint64_t seed;
    double floor;                /* of compare_options */
    const char *counters;        /* extra passes, once a side: as runner_options */
    bool memory, spans, profile; /* the same */
    const char *command;         /* the command line, for the record */
    bool quiet, no_doctor;
    bool rebuild; /* also what the cache has */
};

#define AB_BUDGET_S   600.0
#define AB_BLOCKS     26 /* 52 pairs see an effect of about half the noise of a pair */
#define AB_MIN_TIME_S 0.1

struct ab_result {
    int64_t comparison_id, base_run, candidate_run; /* 0 = it did not come to that */
    struct comparison comparison;                   /* the last look; lives until ab_release */
    bool identical;                                 /* all programs are the same code on both sides */
    bool interrupted, out_of_budget;
    size_t decided_count, case_count; /* of paired cases */
    const char *unreached;         /* cases that have no pair because it ended before their turn, in words; NULL = none.
                                    * Lives until ab_release */
    int blocks, looks, look_count; /* most blocks of any case; looks that were taken */
    size_t sample_count, failure_count;
    double wall_s;         /* of measuring */
    double pair_s, work_s; /* mean of a pair of processes: its wall time, and what of it was inside the timed loops */
};

/* Fails on wrong usage, a ref that is none, a build that fails, a plan that cannot be read, Ctrl-C. What a single suite
 * does wrong is recorded when executing. *ab is NULL after a failure. Progress and talk go to stderr. */
int ab_prepare(struct ab **ab, const struct ab_options *options, struct error *error);
/* Fails when the database does; what was stored until then stays. The outcomes of all cases are stored, too. */
int ab_execute(struct ab *ab, struct store *store, struct ab_result *result, struct error *error);
void ab_release(struct ab *ab);

/* What ab_prepare found, for those who want to know before: the code of the sides is the same; pairs of cases. */
bool ab_is_identical(const struct ab *ab);
size_t ab_case_count(const struct ab *ab);
/* Lines for a person: sides, builds, programs, cases. */
void ab_describe(const struct ab *ab, struct str *out);

/* Removes worktrees that no prony uses; of all repositories. */
int ab_clean(size_t *removed, size_t *in_use, struct error *error);

#endif
