/* plan.h: what to run: suite programs, filters, rounds, limits. The text format is docs/FORMATS.md, built on conf.h.
 *
 * Settings before the first section are defaults of every suite; a suite's own line wins. */
#ifndef PRONY_RUN_PLAN_H
#define PRONY_RUN_PLAN_H

#include "harness/base/arena.h"
#include "harness/base/error.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct plan_strings {
    const char **items;
    size_t count, capacity;
};

struct plan_suite {
    const char *name;                /* stored as the suite of its samples; several sections may share it */
    const char *program;             /* as written; plan_find_program resolves it */
    struct plan_strings filters;     /* POSIX extended regular expressions; a case of any of them runs; none = all */
    struct plan_strings arguments;   /* extra command line arguments */
    struct plan_strings environment; /* "NAME=value" */
    const char *min_time;            /* "0.1" seconds or "10x" iterations; NULL = the program's own default */
    const char *cpus;                /* "auto", "all", "one" or a list like "0-3,8" */
    int rounds;                      /* at least 1 */
    int repetitions;                 /* inside one process; at least 1 */
    int group;                       /* cases in one process; at least 1 */
    double timeout_s;                /* of one process */
    const char *counters;            /* groups, metrics, events, "callgrind"; NULL = none (passes.h) */
    bool memory, spans;              /* passes of their own */
    int line;                        /* of its section in the file */
};

struct plan {
    const char *name;      /* "quick" from suites/quick.plan */
    const char *source;    /* the file's name, for messages */
    const char *directory; /* of the file */
    bool has_seed;
    uint64_t seed;
    struct plan_suite *suites;
    size_t suite_count;
    struct arena arena; /* owns every string above, but not the lists */
};

/* source names the file in messages and gives name and directory. On error plan is left released. */
int plan_parse(struct plan *plan, const char *source, const char *text, size_t length, struct error *error);
int plan_load(struct plan *plan, const char *path, struct error *error);
void plan_release(struct plan *plan);

/* The file behind the word that a person typed: a path, or the name of a shipped plan ("quick"), looked for in
 * suites/ of the directories above the program and in ../share/prony. *path is owned by the caller. */
int plan_find(const char *word, char **path, struct error *error);
/* Names of the plans that plan_find would find by name. */
void plan_list_shipped(struct arena *arena, struct plan_strings *paths);
/* The absolute path of a suite's program: a bare name is looked for next to prony, then in the plan's directory; a
 * path is relative to the plan's directory, then to the current one. *path is owned by the caller. */
int plan_find_program(const struct plan *plan, const struct plan_suite *suite, char **path, struct error *error);
/* The same in these directories, in that order, and nowhere else. */
int plan_find_program_in(const struct plan_suite *suite, const char *const *directories, size_t count, char **path,
                         struct error *error);

#endif
