/* measure.c: one child process: its command line, what came back, what is stored of it. */
#include "harness/run/child.h"
#include "harness/run/protocol.h"
#include "harness/run/runner_internal.h"
#include "harness/base/clock.h"
#include "harness/base/log.h"
#include "harness/base/mem.h"
#include "harness/base/str.h"
#include <stdlib.h>
#include <string.h>

enum { TAIL_BYTES = 4000 };

/* ---- the command line ---- */

char **measure_make_arguments(const struct trial *attempt)
{
    const struct runner_suite *suite = attempt->suite;
    const struct schedule_unit *unit = attempt->unit;
    const char *min_time = attempt->min_time ? attempt->min_time : suite->min_time;
    const char **names = mem_array(unit->case_count, sizeof *names);
    for (size_t i = 0; i < unit->case_count; i++)
        names[i] = suite->cases[unit->cases[i]];
    char *filter = protocol_filter(names, unit->case_count);
    char **arguments = mem_array(suite->argument_count + 5, sizeof *arguments);
    size_t count = 0;
    for (; count < suite->argument_count; count++)
        arguments[count] = mem_strdup(suite->arguments[count]);
    arguments[count++] = mem_format("--benchmark_filter=%s", filter);
    arguments[count++] = mem_strdup("--benchmark_format=json");
    if (min_time)
        arguments[count++] = mem_format("--benchmark_min_time=%s", min_time);
    if (suite->section->repetitions > 1 && !attempt->pass)
        arguments[count] = mem_format("--benchmark_repetitions=%d", suite->section->repetitions);
    free(filter);
    free(names);
    return arguments;
}

void measure_free_arguments(char **arguments)
{
    for (size_t i = 0; arguments[i]; i++)
        free(arguments[i]);
    free(arguments);
}

static void tick(void *context)
{
    struct progress *progress = context;
    progress_tick(progress, clock_wall_ns());
}

/* ---- what came back ---- */

static int compare_names(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* The first of the sorted names that is not among the others, which are sorted too; NULL if there is none. */
static const char *find_missing(const char *const *names, size_t count, const char *const *others, size_t other_count)
{
    for (size_t i = 0; i < count; i++)
        if (!bsearch(&names[i], others, other_count, sizeof *others, compare_names))
            return names[i];
    return NULL;
}

/* Every case that was asked for must be there, and nothing else: otherwise the program does not do what the protocol
 * says, and its numbers may belong to something else. */
static bool check_names(struct trial *attempt, const struct protocol_output *output)
{
    size_t asked_count = attempt->unit->case_count, given_count = output->sample_count;
    const char **asked = arena_array(&attempt->arena, asked_count, sizeof *asked);
    const char **given = arena_array(&attempt->arena, given_count, sizeof *given);
    for (size_t i = 0; i < asked_count; i++)
        asked[i] = attempt->suite->cases[attempt->unit->cases[i]];
    for (size_t i = 0; i < given_count; i++)
        given[i] = output->samples[i].name;
    qsort(asked, asked_count, sizeof *asked, compare_names);
    qsort(given, given_count, sizeof *given, compare_names);
    const char *extra = find_missing(given, given_count, asked, asked_count);
    const char *missing = find_missing(asked, asked_count, given, given_count);
    if (extra)
        snprintf(attempt->reason, sizeof attempt->reason, "it measured '%.200s', which was not asked for", extra);
    else if (missing)
        snprintf(attempt->reason, sizeof attempt->reason, "it gave no result for '%.200s'", missing);
    return !extra && !missing;
}

static bool understand(struct trial *attempt, const struct child_request *request, const struct child_result *result,
                       struct protocol_output *output)
{
    struct error error;
    if (result->end != CHILD_EXITED || result->status != 0) {
        char text[128];
        snprintf(attempt->reason, sizeof attempt->reason, "%s", child_describe(result, request, text, sizeof text));
        return false;
    }
    if (protocol_parse(str_text(&result->output), result->output.length, &attempt->arena, output, &error) != 0) {
        snprintf(attempt->reason, sizeof attempt->reason, "%s", error.text);
        return false;
    }
    return check_names(attempt, output);
}

/* The pass's variables come first: the first of a name counts. */
static const char **join_variables(const struct trial *attempt)
{
    size_t count = 0, own = 0;
    while (attempt->variables && attempt->variables[count])
        count++;
    while (attempt->suite->environment[own])
        own++;
    const char **list = mem_array(count + own + 1, sizeof *list);
    if (count)
        memcpy(list, attempt->variables, count * sizeof *list);
    memcpy(list + count, attempt->suite->environment, own * sizeof *list);
    return list;
}

enum outcome measure_run(struct trial *attempt, struct protocol_output *output, double *wall_s)
{
    struct runner_suite *suite = attempt->suite;
    char **arguments = measure_make_arguments(attempt);
    const char **variables = join_variables(attempt);
    struct child_request request = { .arguments = (const char *const *)(uintptr_t)arguments,
                                     .environment = variables,
                                     .directory = suite->directory,
                                     .cpus = &suite->cpus[attempt->unit->cases[0]],
                                     .timeout_s = suite->timeout_s,
                                     .output_limit_bytes = RUNNER_OUTPUT_LIMIT_BYTES,
                                     .interrupt_fd = attempt->execution->runner->interrupt.fd,
                                     .tick = tick,
                                     .tick_context = &attempt->execution->progress };
    struct child_result result;
    struct error error;
    enum outcome outcome = OUTCOME_FAILED;
    attempt->stderr_tail = "";
    if (child_run(&request, &result, &error) != 0)
        snprintf(attempt->reason, sizeof attempt->reason, "%s", error.text);
    else if (result.end == CHILD_INTERRUPTED)
        outcome = OUTCOME_INTERRUPTED;
    else if (understand(attempt, &request, &result, output))
        outcome = OUTCOME_GOOD;
    *wall_s = result.wall_s;
    if (outcome == OUTCOME_FAILED)
        attempt->stderr_tail =
            text_clean_tail(&attempt->arena, str_text(&result.errors), result.errors.length, TAIL_BYTES);
    child_release(&result);
    measure_free_arguments(arguments);
    free(variables);
    return outcome;
}

/* ---- what is stored ---- */

static int store_context(struct trial *attempt, const struct protocol_output *output, struct error *error)
{
    struct runner_suite *suite = attempt->suite;
    if (suite->context_stored)
        return 0;
    suite->context_stored = true;
    struct store_fact *facts = arena_array(&attempt->arena, output->context_count, sizeof *facts);
    for (size_t i = 0; i < output->context_count; i++) {
        facts[i].name = arena_format(&attempt->arena, "%s.%s", suite->section->name, output->context[i].name);
        facts[i].value = output->context[i].value;
    }
    return store_run_facts_add(attempt->execution->store, attempt->execution->result->run_id, facts,
                               output->context_count, error);
}

int measure_store_output(struct trial *attempt, struct protocol_output *output, struct error *error)
{
    struct execution *execution = attempt->execution;
    int code = store_context(attempt, output, error);
    for (size_t i = 0; i < output->sample_count; i++) {
        output->samples[i].suite = attempt->suite->section->name;
        output->samples[i].round = attempt->round;
        output->samples[i].process = attempt->process;
    }
    if (code == 0)
        code =
            store_sample_add(execution->store, execution->result->run_id, output->samples, output->sample_count, error);
    if (code != 0)
        return code;
    for (size_t i = 0; i < output->sample_count; i++) {
        if (output->samples[i].status == STORE_SAMPLE_OK)
            execution->result->sample_count++;
        else
            execution->result->problem_count++;
    }
    execution->progress.sample_count = execution->result->sample_count;
    return 0;
}

int measure_store_failure(struct trial *attempt, struct error *error)
{
    struct execution *execution = attempt->execution;
    const struct schedule_unit *unit = attempt->unit;
    const char *name = attempt->suite->cases[unit->cases[0]];
    const char *reason;
    if (attempt->pass)
        reason =
            arena_format(&attempt->arena, "%s: while its %s were measured: %s", name, attempt->pass, attempt->reason);
    else if (unit->case_count > 1)
        reason = arena_format(&attempt->arena, "%s and %zu more in one process: %s", name, unit->case_count - 1,
                              attempt->reason);
    else
        reason = arena_format(&attempt->arena, "%s: %s", name, attempt->reason);
    struct store_failure failure = { .suite = attempt->suite->section->name,
                                     .reason = reason,
                                     .stderr_tail = attempt->stderr_tail,
                                     .round = attempt->round,
                                     .process = attempt->process };
    execution->result->failure_count++;
    execution->progress.failure_count = execution->result->failure_count;
    progress_clear(&execution->progress);
    const char *side = execution->side;
    log_warn("%s%s%s: %s", side ? side : "", side ? ": " : "", attempt->suite->section->name, reason);
    return store_failure_add(execution->store, execution->result->run_id, &failure, error);
}

static void note_durations(struct trial *attempt, double wall_s)
{
    for (size_t i = 0; i < attempt->unit->case_count; i++) {
        double *mean = &attempt->suite->duration_s[attempt->unit->cases[i]];
        double share = wall_s / (double)attempt->unit->case_count;
        *mean = *mean > 0 ? (*mean + share) / 2 : share;
    }
}

/* Runs the unit's cases again, each in a process of its own: so one bad case does not take its group with it. */
static int run_one_by_one(struct execution *execution, int round, const struct schedule_unit *unit, struct error *error)
{
    int code = 0;
    for (size_t i = 0; code == 0 && i < unit->case_count && !execution->result->interrupted; i++) {
        struct schedule_unit single = { .suite = unit->suite, .cases = &unit->cases[i], .case_count = 1 };
        code = measure_unit(execution, round, &single, error);
    }
    return code;
}

int measure_unit(struct execution *execution, int round, const struct schedule_unit *unit, struct error *error)
{
    struct trial attempt = { .execution = execution,
                             .suite = &execution->runner->suites[unit->suite],
                             .unit = unit,
                             .round = round,
                             .process = execution->process++ };
    struct protocol_output output = { 0 };
    double wall_s = 0;
    int code = 0;
    bool retry = false;
    switch (measure_run(&attempt, &output, &wall_s)) {
    case OUTCOME_GOOD:
        code = measure_store_output(&attempt, &output, error);
        note_durations(&attempt, wall_s);
        break;
    case OUTCOME_FAILED:
        code = measure_store_failure(&attempt, error);
        retry = unit->case_count > 1;
        if (!retry)
            attempt.suite->failed_rounds[unit->cases[0]]++;
        note_durations(&attempt, wall_s);
        break;
    case OUTCOME_INTERRUPTED: execution->result->interrupted = true; break;
    }
    arena_release(&attempt.arena);
    return code == 0 && retry ? run_one_by_one(execution, round, unit, error) : code;
}
