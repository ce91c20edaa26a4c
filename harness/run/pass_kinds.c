/* pass_kinds.c: the passes that take one process a case: memory, spans, callgrind. */
#include "harness/run/callgrind.h"
#include "harness/run/passes_internal.h"
#include "harness/base/mem.h"
#include "harness/base/str.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define LINK_REMEDY "link it with prony's libbenchmark (harness/benchmark/README.md)"

/* A case's own error or skip in the pass, which it did not have while it was timed. */
static int store_problem(const struct pass_target *target, const struct store_sample *given, const char *const *names,
                         size_t count, struct error *error)
{
    char reason[400];
    snprintf(reason, sizeof reason, "in this pass the case did not run: %.300s", given->message);
    return passes_store_refusal(target, names, count, reason, NULL, error);
}

/* ---- memory ---- */

/* By name, also among the counters: the estimated cycles of this slower process say nothing of memory. */
static bool is_memory_metric(const struct store_metric *metric, enum protocol_origin origin)
{
    return origin != PROTOCOL_AUTHOR && (str_ends(metric->name, "_bytes") || str_ends(metric->name, "_per_operation") ||
                                         str_equal(metric->name, "memory_operations"));
}

static int store_memory(const struct pass_target *target, const struct protocol_output *output, struct error *error)
{
    static const char *const names[] = { "peak_rss_bytes", "heap_peak_bytes" };
    const struct store_sample *given = &output->samples[0];
    const struct protocol_record *record = &output->records[0];
    if (given->status != STORE_SAMPLE_OK)
        return store_problem(target, given, names, 2, error);
    struct store_metric *metrics = mem_array(given->metric_count + 1, sizeof *metrics);
    struct store_sample sample = *given;
    sample.metric_count = 0;
    for (size_t i = 0; i < given->metric_count; i++)
        if (is_memory_metric(&given->metrics[i], record->origins[i]))
            metrics[sample.metric_count++] = given->metrics[i];
    sample.metrics = metrics;
    sample.value_count = sample.span_count = 0;
    int code;
    if (sample.metric_count || sample.course_count) {
        code = passes_store(target, &sample, error);
    } else {
        static const char reason[] = "the program says nothing of its memory: its benchmark library cannot measure it";
        passes_say(target, reason);
        code = passes_store_refusal(target, names, 2, reason, LINK_REMEDY, error);
    }
    free(metrics);
    return code;
}

int pass_memory(const struct pass_target *target, struct error *error)
{
    static const char *const variables[] = { "PRONY_MEMORY=1", "PRONY_GROWTH=1000", NULL };
    struct trial attempt;
    struct protocol_output output;
    int code;
    if (passes_run_process(target, variables, &attempt, &output, &code, error) == OUTCOME_GOOD)
        code = store_memory(target, &output, error);
    arena_release(&attempt.arena);
    return code;
}

/* ---- spans ---- */

static int store_spans(const struct pass_target *target, const struct protocol_output *output, struct error *error)
{
    static const char *const names[] = { "spans" };
    const struct store_sample *given = &output->samples[0];
    if (given->status != STORE_SAMPLE_OK)
        return store_problem(target, given, names, 1, error);
    if (given->span_count == 0) {
        static const char reason[] = "the suite traces no operations";
        passes_say(target, reason);
        return passes_store_refusal(target, names, 1, reason, NULL, error);
    }
    struct store_sample sample = *given;
    struct store_metric idle;
    sample.metric_count = sample.value_count = sample.course_count = 0;
    for (size_t i = 0; i < given->metric_count; i++) {
        /* The one other fact of a trace: the share of the threads' time without work. */
        if (!str_equal(given->metrics[i].name, "percent_waiting"))
            continue;
        idle = given->metrics[i];
        sample.metrics = &idle;
        sample.metric_count = 1;
    }
    return passes_store(target, &sample, error);
}

int pass_spans(const struct pass_target *target, struct error *error)
{
    const char *const variables[] = { "PRONY_SPANS=1", target->padding, NULL };
    struct trial attempt;
    struct protocol_output output;
    int code;
    if (passes_run_process(target, variables, &attempt, &output, &code, error) == OUTCOME_GOOD)
        code = store_spans(target, &output, error);
    arena_release(&attempt.arena);
    return code;
}

/* ---- callgrind ---- */

static int store_callgrind(const struct pass_target *target, const struct callgrind_result *result, struct error *error)
{
    static const char *const names[] = { "callgrind_instructions" };
    if (!result->counted)
        return passes_store_refusal(target, names, 1, result->reason, result->remedy, error);
    struct store_sample sample = { .iterations = 1,
                                   .real_time_ns = result->wall_s * 1e9, /* of all of it, under valgrind */
                                   .cpu_time_ns = NAN,
                                   .label = result->variant,
                                   .metrics = result->metrics,
                                   .metric_count = result->metric_count };
    return passes_store(target, &sample, error);
}

/* One process under valgrind. */
static void measure_callgrind(const struct pass_target *target, struct arena *arena, struct callgrind_result *result)
{
    const struct execution *execution = target->run->execution;
    const struct runner_suite *suite = target->suite;
    const char **arguments = arena_array(arena, suite->argument_count + 1, sizeof *arguments);
    memcpy(arguments, suite->arguments, suite->argument_count * sizeof *arguments);
    double native_ns = 0;
    passes_timed_value(target->timed, "real_time_ns", &native_ns);
    struct callgrind_request request = { .arguments = arguments,
                                         .environment = suite->environment,
                                         .directory = suite->directory,
                                         .name = passes_case_name(target),
                                         .timeout_s = suite->timeout_s,
                                         .native_iteration_ns = isfinite(native_ns) ? native_ns : 0,
                                         .interrupt_fd = execution->runner->interrupt.fd };
    struct error problem;
    if (callgrind_measure(&request, arena, result, &problem) != 0)
        *result = (struct callgrind_result){ .reason = arena_strdup(arena, problem.text) };
}

/* A program that marks no loop in one case marks none in the others: valgrind is spared them. */
int pass_callgrind(const struct pass_target *target, struct error *error)
{
    struct arena arena = { 0 };
    struct callgrind_result result = { 0 };
    int code = 0;
    target->run->execution->process++;
    if (target->suite->passes.said[STORE_PASS_CALLGRIND - 1])
        callgrind_refuse_unmarked(&result);
    else
        measure_callgrind(target, &arena, &result);
    if (result.unmarked)
        passes_say(target, result.reason);
    if (result.interrupted)
        target->run->execution->result->interrupted = true;
    else
        code = store_callgrind(target, &result, error);
    arena_release(&arena);
    return code;
}
