/* ab_pilot.c: how many iterations a sample of a case has. The base says it once, with the time that the plan wants;
 * from then on both sides do exactly so many. The candidate's first process tries that number, so both programs have
 * been read from disk before anything counts, and a program that takes no number, or gives another one, is noticed. */
#include "harness/run/ab_internal.h"
#include "harness/base/clock.h"
#include "harness/base/log.h"
#include "harness/base/rng.h"
#include "harness/base/str.h"
#include <math.h>
#include <string.h>

/* One process whose times are thrown away. *iterations: of its first sample; 0 if it gave none. */
static enum outcome try_once(struct ab *ab, struct ab_case *subject, int side, int64_t *iterations, bool *refuses,
                             int *code, struct error *error)
{
    struct ab_side *owner = &ab->sides[side];
    struct schedule_unit unit = { .suite = subject->suite, .cases = &subject->index[side], .case_count = 1 };
    struct trial attempt = { .execution = &owner->execution,
                             .suite = ab->suites[subject->suite].sides[side],
                             .unit = &unit,
                             .process = owner->execution.process++,
                             .min_time = subject->min_time };
    struct protocol_output output = { 0 };
    double wall_s = 0;
    owner->execution.progress = ab->progress;
    enum outcome outcome = measure_run(&attempt, &output, &wall_s);
    *iterations = 0;
    *refuses = false;
    if (outcome == OUTCOME_INTERRUPTED) {
        ab->result->interrupted = true;
    } else if (outcome == OUTCOME_FAILED) {
        *refuses = subject->min_time && strstr(attempt.stderr_tail, "benchmark_min_time");
        if (!*refuses)
            subject->failures[side]++;
        if (!*refuses && subject->failures[side] >= AB_FAILURE_LIMIT)
            *code = ab_store_failure(ab, subject, &attempt, error);
    } else if (output.sample_count && output.samples[0].status == STORE_SAMPLE_OK) {
        *iterations = output.samples[0].iterations;
        subject->duration_s = wall_s;
    }
    arena_release(&attempt.arena);
    return outcome;
}

/* Tries until it works or has failed too often. True = it gave a number. */
static bool try_side(struct ab *ab, struct ab_case *subject, int side, int64_t *iterations, int *code,
                     struct error *error)
{
    enum outcome outcome;
    bool refuses;
    do {
        outcome = try_once(ab, subject, side, iterations, &refuses, code, error);
        struct ab_suite *suite = &ab->suites[subject->suite];
        if (refuses && !suite->no_counts)
            log_warn("%s: takes no number of iterations (a Google Benchmark before 1.8); each process chooses its own, "
                     "and the sides may differ in it",
                     subject->suite_name);
        suite->no_counts |= refuses;
        if (refuses)
            subject->min_time = NULL;
    } while (*code == 0 && (refuses || (outcome == OUTCOME_FAILED && subject->failures[side] < AB_FAILURE_LIMIT)));
    return outcome == OUTCOME_GOOD && *iterations > 0;
}

/* Measured and stored once, whatever comes: a case that one side does not have, or that does not work on it. */
static int measure_anyway(struct ab *ab, struct ab_case *subject, struct error *error)
{
    int code = 0;
    double ignored;
    subject->state = AB_CLOSED;
    for (int side = 0; code == 0 && side < AB_SIDES && !ab->result->interrupted; side++)
        if (subject->on[side] && subject->failures[side] < AB_FAILURE_LIMIT)
            ab_measure(ab, subject, side, 0, NULL, &ignored, &code, error);
    return code;
}

static const char *count_text(struct ab *ab, int64_t iterations)
{
    return arena_format(&ab->arena, "%lldx", (long long)iterations);
}

static int pilot_case(struct ab *ab, struct ab_case *subject, struct error *error)
{
    int64_t wanted = 0, given = 0;
    int code = 0;
    ab_show(ab, subject, 0);
    bool works =
        subject->on[AB_BASE] && subject->on[AB_CANDIDATE] && try_side(ab, subject, AB_BASE, &wanted, &code, error);
    if (works && !ab->suites[subject->suite].no_counts)
        subject->min_time = count_text(ab, wanted);
    works = works && try_side(ab, subject, AB_CANDIDATE, &given, &code, error);
    /* With several threads some libraries give the sum of all, and take the number of each. */
    if (works && subject->min_time && given > wanted && given % wanted == 0)
        subject->min_time = count_text(ab, wanted > given / wanted ? wanted / (given / wanted) : 1);
    if (code == 0 && !works && !ab->result->interrupted)
        code = measure_anyway(ab, subject, error);
    ab->progress.done++;
    return code;
}

int ab_pilot(struct ab *ab, struct error *error)
{
    struct rng rng;
    size_t *order = arena_array(&ab->arena, ab->case_count, sizeof *order);
    int code = 0;
    rng_seed(&rng, rng_mix(ab->seed, UINT64_MAX));
    for (size_t i = 0; i < ab->case_count; i++)
        order[i] = i;
    rng_shuffle(&rng, order, ab->case_count);
    ab->progress.phase = "pilot";
    ab->progress.round_count = 1;
    ab->progress.total = ab->case_count;
    ab->progress.done = 0;
    for (size_t i = 0; code == 0 && i < ab->case_count && !ab->result->interrupted; i++) {
        ab->result->interrupted |= interrupt_arrived(&ab->interrupt);
        if (!ab->result->interrupted)
            code = pilot_case(ab, &ab->cases[order[i]], error);
    }
    progress_clear(&ab->progress);
    return code;
}
