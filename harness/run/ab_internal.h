/* ab_internal.h: what the files of `prony ab` share. */
#ifndef PRONY_RUN_AB_INTERNAL_H
#define PRONY_RUN_AB_INTERNAL_H

#include "harness/run/ab.h"
#include "harness/run/ab_conf.h"
#include "harness/run/runner_internal.h"

enum { AB_BASE, AB_CANDIDATE, AB_SIDES };
/* A case that failed so often on one side is left alone. */
enum { AB_FAILURE_LIMIT = 2 };

/* Counters are counted in so many processes a case and side, one side after the other: the rank test of 8 against 8 can
 * say p = 0.0002, enough among hundreds of cases. */
enum { AB_COUNTER_ROUNDS = 8 };

/* So often a case is measured again to confirm a call: the first confirmation may have had bad luck; a third one would
 * be stubbornness. Once more with its group. */
enum { AB_ATTEMPT_LIMIT = 2 };

enum ab_kind { AB_REF, AB_TREE, AB_PROGRAM };

/* One side: what it is, how it was built, and its run. */
struct ab_side {
    const char *text; /* as the user called it */
    enum ab_kind kind;
    const char *path;            /* absolute: the root of its tree, or the program */
    const char *commit, *branch; /* of a ref; branch NULL = it is none */
    bool said_conf;              /* that the tree has no prony.conf */
    int lock;                    /* keeps the worktree from being cleaned; -1 = none */
    struct ab_conf conf;         /* of trees */
    struct store_fact build[4];  /* better known than git can tell from inside the tree */
    size_t build_count;
    struct runner runner;
    bool is_prepared;
    /* while executing */
    struct execution execution;
    struct runner_result result;
};

/* The same section of the plan on both sides. */
struct ab_suite {
    struct runner_suite *sides[AB_SIDES];
    const char *code[AB_SIDES]; /* a hash of what is loaded; NULL = unknown */
    bool identical;             /* the code of the program is the same */
    const char *unclaimed;      /* what can be seen of it is, but not all can: why; NULL = no such thing */
    bool no_counts;             /* the program takes no number of iterations: an old Google Benchmark */
};

enum ab_state { AB_OPEN, AB_DECIDED, AB_CLOSED }; /* closed: failed, skipped, or only on one side */

struct ab_case {
    size_t suite;           /* of ab->suites */
    size_t index[AB_SIDES]; /* in the suite's cases; meaningless where on is false */
    bool on[AB_SIDES];
    const char *suite_name, *name;
    enum ab_state state;
    const char *min_time; /* "123x": for both sides */
    int blocks;           /* taken */
    int attempts;         /* to confirm a call */
    int attempted_look;   /* the last of them; from 1 */
    int failures[AB_SIDES];
    double duration_s;   /* of a process, the mean of the last ones */
    double *differences; /* of pairs: log(candidate / base), for the estimate on the way */
    size_t pair_count;
    struct compare_case verdict; /* if decided: what the look said that decided it */
};

struct ab {
    struct ab_options options;
    struct ab_side sides[AB_SIDES];
    struct ab_suite *suites;
    size_t suite_count;
    struct ab_case *cases; /* shared ones and those of one side */
    size_t case_count, paired_count;
    const char *repository; /* root of the tree we are in; NULL = none */
    const char *plan_path, *plan_text;
    const char *min_time;
    uint64_t seed;
    bool identical;
    struct interrupt interrupt;
    struct arena arena;
    /* while executing */
    struct store *store;
    struct ab_result *result;
    struct progress progress;
    int64_t began_ns;
    int last_look; /* by which everything is judged in the end */
    size_t process_count;
    double process_sum_s, work_sum_s;
};

/* ab_side.c: what the words of the command line mean, and their trees. */
int ab_side_resolve(struct ab *ab, struct error *error);

/* ab_tree.c: side->path becomes a tree that is built: for a ref its worktree in the cache, locked for as long as
 * side->lock is open. */
int ab_tree_prepare(struct ab *ab, struct ab_side *side, struct error *error);
/* The directory of the cache, without anything made; in the arena. */
const char *ab_tree_cache(struct arena *arena);

/* ab_plan.c: finds what is measured: ab->plan_path and ab->plan_text. */
int ab_plan_find(struct ab *ab, struct error *error);

/* ab_build.c: runs the build commands of the side's conf. */
int ab_build_run(struct ab *ab, struct ab_side *side, const char *log_path, struct error *error);

/* ab_identity.c: a hash of the code that would be loaded: of an ELF program and its own libraries all that is mapped,
 * but not build ids and not the path of the tree; of anything else (scripts) all bytes. code: patterns of further files
 * of the tree; NULL = none. */
struct ab_identity {
    char hash[40];
    const char *unseen;  /* why the hash may miss something: "it loads code at run time (dlopen)"; NULL = it does not */
    const char *missing; /* a pattern of code that matches no file, or something unreadable; NULL = none */
};
int ab_identity_hash(const char *program, const char *tree, const struct plan_strings *code, struct ab_identity *result,
                     struct error *error);

/* ab_measure.c: one process of one side. Stored unless it is a pilot. */
enum outcome ab_measure(struct ab *ab, struct ab_case *subject, int side, int round, const char *padding,
                        double *real_time_ns, int *code, struct error *error);
/* Stores that the attempt failed, and a sample that says so: cases are judged by their samples. */
int ab_store_failure(struct ab *ab, const struct ab_case *subject, struct trial *attempt, struct error *error);
/* ab_pilot.c: finds the number of iterations of every case; measures cases of one side once. */
int ab_pilot(struct ab *ab, struct error *error);
/* ab_blocks.c: blocks and looks until all is decided or the budget is spent. */
int ab_blocks(struct ab *ab, struct error *error);
bool ab_is_over(struct ab *ab); /* interrupted, or the budget is spent */
/* Four processes, rounds 2 block and 2 block + 1. */
int ab_run_block(struct ab *ab, struct ab_case *subject, int block, struct error *error);
/* ab_confirm.c: measures again what the look called, and looks again. final: no block of a case will follow. */
int ab_confirm(struct ab *ab, int look, bool final, struct error *error);
/* Rounds from this one on are such attempts. */
int ab_confirm_from(const struct ab *ab);
/* Most blocks of a case, and how many looks there are. */
int ab_block_limit(const struct ab *ab);
int ab_look_count(const struct ab *ab);
/* After so many blocks look number 0.. is taken. */
int ab_look_blocks(const struct ab *ab, int look);
/* ab_looks.c: judges what is there, and closes what is decided. */
int ab_look(struct ab *ab, int look, struct error *error);
int ab_store_outcomes(struct ab *ab, struct error *error);
/* ab_spans.c: after the times: traced processes in pairs, where spans were asked for. */
int ab_spans(struct ab *ab, struct error *error);
/* What is measured now and its estimate so far, on the terminal. */
void ab_show(struct ab *ab, const struct ab_case *subject, int block);

#endif
