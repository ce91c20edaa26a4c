/* pass_counters.c: the counters of one case in one round: as many processes as it takes sets of events, one sample.
 *
 * Formulas are computed from the merged counts. Their operands are these counts, time_ns, cpu_time_ns and iterations of
 * this pass, and the medians of the case's timed metrics (tokens_per_second). A result is as good as its worst operand;
 * without an operand it is absent, and says which. */
#include "harness/run/passes_internal.h"
#include "harness/base/mem.h"
#include "harness/base/str.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* What the processes gave together. */
struct merge {
    const struct pass_target *target;
    struct arena *arena;
    struct store_metric *metrics;
    size_t count, capacity;
    double real_ns, cpu_ns, iterations; /* sums over the good processes */
    size_t good;
    const char *label, *digest;
};

static struct store_metric *find(const struct merge *merge, const char *name)
{
    for (size_t i = 0; i < merge->count; i++)
        if (str_equal(merge->metrics[i].name, name))
            return &merge->metrics[i];
    return NULL;
}

/* The metric of that name, made if it is not there; a name keeps its first value. */
static void add(struct merge *merge, const struct store_metric *metric)
{
    if (find(merge, metric->name))
        return;
    MEM_GROW(merge->metrics, merge->count, merge->capacity);
    merge->metrics[merge->count++] = *metric;
}

static void add_absent(struct merge *merge, const char *name, enum store_state state, const char *reason,
                       const char *remedy)
{
    add(merge, &(struct store_metric){ .name = name, .unit = "", .state = state, .reason = reason, .remedy = remedy });
}

/* All names of a comma list that have no value yet. */
static void add_missing(struct merge *merge, const char *list, enum store_state state, const char *reason)
{
    for (const char *p = list; *p;) {
        size_t length = strcspn(p, ",");
        if (length)
            add_absent(merge, arena_strndup(merge->arena, p, length), state, reason, NULL);
        p += length + (p[length] == ',');
    }
}

/* ---- formulas ---- */

struct operands {
    const struct merge *merge;
    const struct store_metric *worst; /* the least good count that was used */
};

static bool look_up(void *context, const char *name, double *value)
{
    struct operands *operands = context;
    const struct merge *merge = operands->merge;
    const struct store_metric *metric = find(merge, name);
    if (metric && metric->state > STORE_APPROXIMATE)
        return false;
    if (metric) {
        *value = metric->value;
        if (!operands->worst || metric->state > operands->worst->state)
            operands->worst = metric;
        return isfinite(*value);
    }
    double good = (double)merge->good;
    if (str_equal(name, "time_ns"))
        *value = merge->real_ns / good;
    else if (str_equal(name, "cpu_time_ns"))
        *value = merge->cpu_ns / good;
    else if (str_equal(name, "iterations"))
        *value = merge->iterations / good;
    else
        return passes_timed_value(merge->target->timed, name, value);
    return isfinite(*value);
}

static void explain_missing(const struct merge *merge, struct store_metric *result, const char *missing)
{
    const struct store_metric *operand = missing ? find(merge, missing) : NULL;
    result->value = NAN;
    result->state = operand ? operand->state : STORE_NOT_COUNTED;
    if (operand) {
        result->reason =
            arena_format(merge->arena, "needs %s: %s", missing, operand->reason ? operand->reason : "absent");
        result->remedy = operand->remedy;
    } else if (missing) {
        result->reason = arena_format(merge->arena, "needs %s, which this case does not give", missing);
    } else {
        result->reason = "the formula's result is no number";
    }
}

static void compute(struct merge *merge, const struct probe_formula *formula)
{
    struct store_metric result = { .name = formula->name, .unit = formula->unit ? formula->unit : "" };
    struct operands operands = { .merge = merge };
    const char *missing = NULL;
    if (!probe_formula_evaluate(formula, look_up, &operands, merge->arena, &result.value, &missing)) {
        explain_missing(merge, &result, missing);
    } else if (operands.worst && operands.worst->state != STORE_OK) {
        result.state = operands.worst->state;
        result.reason = operands.worst->reason;
        result.remedy = operands.worst->remedy;
        result.running_share = operands.worst->running_share;
    }
    add(merge, &result);
}

/* ---- processes ---- */

static void take(struct merge *merge, const struct protocol_output *output, const char *list)
{
    const struct store_sample *given = &output->samples[0];
    for (size_t i = 0; i < given->metric_count; i++)
        if (output->records[0].origins[i] == PROTOCOL_COUNTER)
            add(merge, &given->metrics[i]);
    add_missing(merge, list, STORE_UNSUPPORTED, "the program does not say what it counted");
    merge->real_ns += given->real_time_ns;
    merge->cpu_ns += given->cpu_time_ns;
    merge->iterations += (double)given->iterations;
    merge->good++;
    merge->label = given->label;
    merge->digest = given->output_digest;
}

static int store_merged(struct merge *merge, struct error *error)
{
    const struct probe_group *group = &merge->target->suite->passes.group;
    bool good = merge->good > 0;
    for (size_t i = 0; i < group->formula_count; i++)
        compute(merge, &group->formulas[i]);
    double count = good ? (double)merge->good : 1;
    struct store_sample sample = { .status = good ? STORE_SAMPLE_OK : STORE_SAMPLE_SKIPPED,
                                   .message = good ? NULL : "no process of this pass ended well",
                                   .iterations = (int64_t)(merge->iterations / count),
                                   .real_time_ns = merge->real_ns / count,
                                   .cpu_time_ns = merge->cpu_ns / count,
                                   .label = merge->label,
                                   .output_digest = merge->digest,
                                   .metrics = merge->metrics,
                                   .metric_count = merge->count };
    return passes_store(merge->target, &sample, error);
}

/* No process is asked any more: the first one has shown that nobody would answer. */
static int refuse(const struct pass_target *target, struct merge *merge, struct error *error)
{
    const struct probe_group *group = &target->suite->passes.group;
    const char *reason = target->suite->passes.unsupported;
    if (target->round > 0)
        return 0; /* said once is enough */
    for (size_t i = 0; i < group->metric_count; i++)
        add_absent(merge, group->metrics[i], STORE_UNSUPPORTED, reason,
                   "link it with prony's libbenchmark (harness/benchmark/README.md)");
    return store_merged(merge, error);
}

/* One set of events. Its attempt keeps what it gave until the sample is stored. */
static int count_set(struct merge *merge, size_t set, struct trial *attempt, struct error *error)
{
    const struct pass_target *target = merge->target;
    struct passes *passes = &target->suite->passes;
    const char *list = passes->counters[set];
    const char *variables[] = { arena_format(merge->arena, "PRONY_COUNTERS=%s", list), NULL };
    struct protocol_output output;
    int code;
    switch (passes_run_process(target, variables, attempt, &output, &code, error)) {
    case OUTCOME_GOOD:
        if (output.samples[0].status != STORE_SAMPLE_OK) {
            add_missing(merge, list, STORE_NOT_COUNTED, output.samples[0].message);
        } else if (!output.records[0].has_counters) {
            passes->unsupported = "the program prints no counts: its benchmark library has no counters";
            passes_say(target, passes->unsupported);
        } else {
            take(merge, &output, list);
        }
        break;
    case OUTCOME_FAILED:
        add_missing(merge, list, STORE_NOT_COUNTED,
                    arena_format(merge->arena, "its process failed: %s", attempt->reason));
        break;
    case OUTCOME_INTERRUPTED: break;
    }
    return code;
}

int pass_counters(const struct pass_target *target, struct error *error)
{
    const struct passes *passes = &target->suite->passes;
    struct execution *execution = target->run->execution;
    struct arena arena = { 0 };
    struct merge merge = { .target = target, .arena = &arena };
    struct trial *attempts = mem_array(passes->counter_processes, sizeof *attempts);
    int code = 0;
    for (size_t i = 0; i < passes->counter_processes && code == 0 && !passes->unsupported; i++) {
        code = count_set(&merge, i, &attempts[i], error);
        if (execution->result->interrupted)
            break;
    }
    if (code == 0 && passes->unsupported)
        code = refuse(target, &merge, error);
    else if (code == 0 && !execution->result->interrupted)
        code = store_merged(&merge, error);
    for (size_t i = 0; i < passes->counter_processes; i++)
        arena_release(&attempts[i].arena);
    free(attempts);
    free(merge.metrics);
    arena_release(&arena);
    return code;
}
