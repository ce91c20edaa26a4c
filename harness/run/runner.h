/* runner.h: from a plan to samples in the database.
 *
 *     runner_prepare   finds the programs, asks each for its cases, fixes CPUs and seed
 *     runner_execute   rounds of processes; every sample is committed as it arrives
 *     runner_release
 *
 * A suite that cannot be listed or whose processes fail is recorded with its reason, and the rest goes on. */
#ifndef PRONY_RUN_RUNNER_H
#define PRONY_RUN_RUNNER_H

#include "harness/base/arena.h"
#include "harness/run/cpus.h"
#include "harness/run/interrupt.h"
#include "harness/run/passes.h"
#include "harness/run/plan.h"
#include "harness/run/schedule.h"
#include "harness/store/store.h"

/* Zero means "as the plan says" everywhere. Strings are borrowed until runner_release. */
struct runner_options {
    const char *plan_path;
    const char *plan_text; /* instead of the file's content, which then need not exist; may be NULL */
    int rounds;
    double timeout_s;
    bool has_seed;
    uint64_t seed;
    const char *filter;        /* of case names, on top of the plan's filters */
    const char *const *suites; /* only these */
    size_t suite_count;
    const char *const *models; /* replaces PRONY_MODELS in the suites' environment */
    size_t model_count;
    const char *counters;        /* instead of the plan's: groups, metrics, events, "callgrind" (passes.h) */
    bool memory, spans, profile; /* besides the plan's */
    const char *command;         /* the command line, for the record */
    bool quiet;
    bool no_doctor; /* do not look at the machine before the first round (doctor.h) */
    /* For trees that are measured beside each other (ab.h): */
    const char *directory;                  /* where the programs run; NULL = here */
    const char *const *program_directories; /* where the plan's programs lie, instead of plan.h's places */
    size_t program_directory_count;         /* 0 = plan.h's places */
    const struct store_fact *build;         /* facts of the build that are known better than git tells */
    size_t build_count;
    const char *min_time; /* of sections that have none: "0.1" seconds; NULL = the program's own */
    bool no_plan_passes;  /* what the plan says of counters, memory and spans does not count */
};

/* One section of the plan, after its program was asked. */
struct runner_suite {
    const struct plan_suite *section;
    char *program;          /* absolute path; NULL if there is none */
    const char **arguments; /* program and the plan's arguments; count below */
    size_t argument_count;
    const char *min_time;     /* as this program takes it: "0.1s", "10x" or "0.1"; NULL = its own default */
    const char **environment; /* "NAME=value", NULL-terminated */
    const char *directory;    /* where it runs; NULL = here */
    const char *const *cases; /* names in the program's own order */
    cpu_set_t *cpus;          /* of each case */
    size_t case_count;
    int rounds;
    double timeout_s;
    const char *failure; /* why it has no cases; NULL if it has */
    const char *stderr_tail;
    /* while executing */
    int *failed_rounds; /* of each case */
    double *duration_s; /* of each case, mean of what was seen; 0 = not yet */
    int *rounds_left;   /* of each case */
    bool context_stored;
    struct passes passes; /* what is measured besides time */
};

struct runner {
    struct runner_options options;
    struct plan plan;
    struct cpus cpus;
    uint64_t seed;
    int round_count; /* of the suite with the most */
    struct runner_suite *suites;
    size_t suite_count;
    struct arena arena;
    struct interrupt interrupt;
};

struct runner_result {
    int64_t run_id;
    size_t sample_count;  /* good ones */
    size_t problem_count; /* cases' own errors and skips */
    size_t failure_count; /* processes that failed */
    bool interrupted;
};

/* Fails on a bad plan or option. What a single suite does wrong is kept in its entry. After a failure there is nothing
 * to release. From here on Ctrl-C is noticed, not obeyed. */
int runner_prepare(struct runner *runner, const struct runner_options *options, struct error *error);
/* Fails when the database does; what was stored until then stays. */
int runner_execute(struct runner *runner, struct store *store, struct runner_result *result, struct error *error);
void runner_release(struct runner *runner);

/* "name: failure (last line that it wrote to stderr)"; the name once, where the failure begins with it. */
const char *runner_failure_text(const struct runner_suite *suite, struct arena *arena);
/* The same as a warning. */
void runner_warn(const struct runner_suite *suite);
/* The suites as schedule.h wants them, in the arena. */
struct schedule_suite *runner_schedule_suites(const struct runner *runner, struct arena *arena);

#endif
