/* passes.c: which passes a run has, their order, and what they share.
 *
 * Invariant: a case that a pass cannot measure has a sample that says why; nothing a pass does ends the run, but the
 * database's failure and Ctrl-C. */
#include "harness/run/passes.h"
#include "harness/run/passes_internal.h"
#include "harness/base/clock.h"
#include "harness/base/log.h"
#include "harness/base/mem.h"
#include "harness/stats/stats.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* ---- what was asked for ---- */

/* Takes the word "callgrind" out of a comma list; what is left is NULL if nothing is. */
static const char *take_callgrind(const char *words, bool *found, struct arena *arena)
{
    struct str rest = { 0 };
    *found = false;
    for (const char *p = words; *p;) {
        size_t length = strcspn(p, ","), blanks = strspn(p, " \t"), used = length;
        const char *word = p + (blanks < length ? blanks : length);
        while (used > 0 && strchr(" \t", p[used - 1]))
            used--;
        size_t size = p + used > word ? (size_t)(p + used - word) : 0;
        if (size == strlen("callgrind") && strncmp(word, "callgrind", size) == 0) {
            *found = true;
        } else if (size) {
            str_append(&rest, rest.length ? "," : "");
            str_append_bytes(&rest, word, size);
        }
        p += length + (p[length] == ',');
    }
    const char *text = rest.length ? arena_strdup(arena, str_text(&rest)) : NULL;
    str_release(&rest);
    return text;
}

int passes_parse(struct passes *passes, const char *counters, bool memory, bool spans, struct arena *arena,
                 struct error *error)
{
    *passes = (struct passes){ .memory = memory, .spans = spans };
    const char *words = counters ? take_callgrind(counters, &passes->callgrind, arena) : NULL;
    int code = words ? probe_groups_resolve(&passes->group, words, arena, error) : 0;
    if (code == 0 && passes->group.metric_count)
        probe_groups_passes(&passes->group, arena, &passes->counters, &passes->counter_processes);
    return code;
}

static void append_part(struct str *out, const char *text)
{
    str_appendf(out, "%s%s", out->length ? ", " : "", text);
}

void passes_describe(const struct passes *passes, struct str *out)
{
    struct str text = { 0 };
    for (size_t i = 0; i < passes->counter_processes; i++)
        str_appendf(&text, "%s%s", i ? " | " : "counters ", passes->counters[i]);
    if (passes->counter_processes)
        str_appendf(&text, " (%zu process%s a round)", passes->counter_processes,
                    passes->counter_processes > 1 ? "es" : "");
    if (passes->memory)
        append_part(&text, "memory");
    if (passes->spans)
        append_part(&text, "spans");
    if (passes->callgrind)
        append_part(&text, "callgrind");
    if (passes->profile)
        append_part(&text, "profile");
    str_append(out, str_text(&text));
    str_release(&text);
}

static bool has_pass(const struct passes *passes, enum store_pass pass)
{
    return pass == STORE_PASS_COUNTERS    ? passes->counter_processes > 0
           : pass == STORE_PASS_MEMORY    ? passes->memory
           : pass == STORE_PASS_SPANS     ? passes->spans
           : pass == STORE_PASS_CALLGRIND ? passes->callgrind
           : pass == STORE_PASS_PROFILE   ? passes->profile
                                          : false;
}

static size_t count_pass(const struct runner_suite *suite, enum store_pass pass)
{
    if (!has_pass(&suite->passes, pass))
        return 0;
    return suite->case_count *
           (pass == STORE_PASS_COUNTERS ? suite->passes.counter_processes * (size_t)suite->rounds : 1);
}

void passes_begin(struct runner_suite *suite)
{
    for (int pass = 0; pass < STORE_PASS_COUNT; pass++)
        suite->passes.clocks[pass] = (struct pass_clock){ .left = count_pass(suite, (enum store_pass)pass) };
}

size_t passes_count(const struct runner *runner)
{
    size_t total = 0;
    for (size_t i = 0; i < runner->suite_count; i++)
        for (int pass = 0; pass < STORE_PASS_COUNT; pass++)
            total += count_pass(&runner->suites[i], (enum store_pass)pass);
    return total;
}

/* ---- what the passes share ---- */

const char *passes_name(enum store_pass pass)
{
    static const char *const names[STORE_PASS_COUNT] = {
        "times", "counters", "callgrind", "memory", "spans", "profile"
    };
    return names[pass];
}

const char *passes_case_name(const struct pass_target *target)
{
    return target->suite->cases[target->case_index];
}

/* Mean of each process first, as everywhere: repetitions inside one are not independent. */
static double median_of(const double *values, const int *processes, size_t count)
{
    double *means = mem_array(count + 1, sizeof *means);
    size_t used = 0;
    for (size_t first = 0, next; first < count; first = next) { /* samples of a process stand together */
        double sum = 0;
        size_t seen = 0;
        for (next = first; next < count && processes[next] == processes[first]; next++) {
            sum += isfinite(values[next]) ? values[next] : 0;
            seen += isfinite(values[next]) ? 1 : 0;
        }
        if (seen)
            means[used++] = sum / (double)seen;
    }
    double median = used ? stats_median(means, used) : NAN;
    free(means);
    return median;
}

bool passes_timed_value(const struct store_case *timed, const char *name, double *value)
{
    *value = NAN;
    if (str_equal(name, "real_time_ns"))
        *value = median_of(timed->real_time_ns, timed->processes, timed->sample_count);
    for (size_t i = 0; i < timed->metric_count && !isfinite(*value); i++)
        if (timed->metrics[i].pass == STORE_PASS_TIMED && str_equal(timed->metrics[i].name, name))
            *value = median_of(timed->metrics[i].values, timed->metrics[i].processes, timed->metrics[i].count);
    return isfinite(*value);
}

enum outcome passes_run_process(const struct pass_target *target, const char *const *variables, struct trial *attempt,
                                struct protocol_output *output, int *code, struct error *error)
{
    struct execution *execution = target->run->execution;
    struct schedule_unit unit = { .suite = target->suite_index, .cases = &target->case_index, .case_count = 1 };
    double wall_s;
    *attempt = (struct trial){ .execution = execution,
                               .suite = target->suite,
                               .unit = &unit,
                               .round = target->round,
                               .process = execution->process++,
                               .pass = passes_name(target->pass),
                               .variables = variables,
                               .min_time = target->min_time };
    *output = (struct protocol_output){ 0 };
    *code = 0;
    enum outcome outcome = measure_run(attempt, output, &wall_s);
    if (outcome == OUTCOME_INTERRUPTED)
        execution->result->interrupted = true;
    else if (outcome == OUTCOME_FAILED)
        *code = measure_store_failure(attempt, error);
    target->suite->failed_rounds[target->case_index] += outcome == OUTCOME_FAILED;
    attempt->unit = NULL;
    return outcome;
}

int passes_store(const struct pass_target *target, struct store_sample *sample, struct error *error)
{
    const struct execution *execution = target->run->execution;
    sample->suite = target->suite->section->name;
    sample->name = passes_case_name(target);
    sample->pass = target->pass;
    sample->round = target->round;
    sample->process = execution->process - 1;
    return store_sample_add(execution->store, execution->result->run_id, sample, 1, error);
}

int passes_store_refusal(const struct pass_target *target, const char *const *names, size_t count, const char *reason,
                         const char *remedy, struct error *error)
{
    struct store_metric *metrics = mem_array(count + 1, sizeof *metrics);
    for (size_t i = 0; i < count; i++)
        metrics[i] = (struct store_metric){
            .name = names[i], .unit = "", .state = STORE_UNSUPPORTED, .reason = reason, .remedy = remedy
        };
    struct store_sample sample = {
        .status = STORE_SAMPLE_SKIPPED, .message = reason, .metrics = metrics, .metric_count = count
    };
    int code = passes_store(target, &sample, error);
    free(metrics);
    return code;
}

void passes_say(const struct pass_target *target, const char *reason)
{
    bool *said = &target->suite->passes.said[target->pass - 1];
    if (!*said) {
        progress_clear(&target->run->execution->progress);
        log_warn("%s: no %s: %s", target->suite->section->name, passes_name(target->pass), reason);
    }
    *said = true;
}

/* ---- the order ---- */

/* A case that failed so often in one pass is left alone there. */
enum { FAILED_LIMIT = 2 };

static void forget_failures(const struct runner *runner)
{
    for (size_t i = 0; i < runner->suite_count; i++)
        for (size_t k = 0; k < runner->suites[i].case_count; k++)
            runner->suites[i].failed_rounds[k] = 0;
}

static const struct store_case *find_timed(const struct passes_run *run, const struct runner_suite *suite,
                                           const char *name)
{
    for (size_t i = 0; i < run->timed_count; i++)
        if (str_equal(run->timed[i].name, name) && str_equal(run->timed[i].suite, suite->section->name))
            return &run->timed[i];
    return NULL;
}

static int measure_case(const struct pass_target *target, struct error *error)
{
    struct execution *execution = target->run->execution;
    struct passes *passes = &target->suite->passes;
    size_t processes = target->pass == STORE_PASS_COUNTERS ? passes->counter_processes : 1;
    size_t done = execution->progress.done + processes;
    struct pass_clock *clock = &passes->clocks[target->pass];
    int64_t began_ns = clock_wall_ns();
    char text[256];
    int code = 0;
    snprintf(text, sizeof text, "%s %.200s", target->suite->section->name, passes_case_name(target));
    execution->progress.estimated_left_s = runner_estimate_left(execution->runner);
    progress_show(&execution->progress, text, began_ns);
    if (!target->timed || target->timed->sample_count == 0)
        code = 0; /* it has no time to be explained; why not is said already */
    else if (target->suite->failed_rounds[target->case_index] >= FAILED_LIMIT)
        code = 0; /* a hang would cost its time limit again and again */
    else if (target->pass == STORE_PASS_COUNTERS)
        code = pass_counters(target, error);
    else if (target->pass == STORE_PASS_MEMORY)
        code = pass_memory(target, error);
    else if (target->pass == STORE_PASS_SPANS)
        code = pass_spans(target, error);
    else if (target->pass == STORE_PASS_PROFILE)
        code = pass_profile(target, error);
    else
        code = pass_callgrind(target, error);
    execution->progress.done = done; /* also of what was left out */
    clock->left -= clock->left < processes ? clock->left : processes;
    clock->done += processes;
    clock->taken_s += (double)(clock_wall_ns() - began_ns) / 1e9;
    return code;
}

/* Every case of every suite that has the pass, in the order of the plan; counters in every round. */
static int execute_pass(struct passes_run *run, enum store_pass pass, int round, struct error *error)
{
    struct execution *execution = run->execution;
    struct runner *runner = execution->runner;
    int code = 0;
    for (size_t i = 0; i < runner->suite_count; i++) {
        struct runner_suite *suite = &runner->suites[i];
        if (!has_pass(&suite->passes, pass) || round >= (pass == STORE_PASS_COUNTERS ? suite->rounds : 1))
            continue;
        for (size_t k = 0; code == 0 && k < suite->case_count && !execution->result->interrupted; k++) {
            if (interrupt_arrived(&runner->interrupt)) {
                execution->result->interrupted = true;
                break;
            }
            struct pass_target target = { .run = run,
                                          .suite = suite,
                                          .case_index = k,
                                          .suite_index = i,
                                          .timed = find_timed(run, suite, suite->cases[k]),
                                          .pass = pass,
                                          .round = round };
            code = measure_case(&target, error);
        }
    }
    return code;
}

static bool anybody_has(const struct runner *runner, enum store_pass pass)
{
    for (size_t i = 0; i < runner->suite_count; i++)
        if (has_pass(&runner->suites[i].passes, pass) && runner->suites[i].case_count)
            return true;
    return false;
}

static int execute_rounds(struct passes_run *run, enum store_pass pass, struct error *error)
{
    struct execution *execution = run->execution;
    int rounds = pass == STORE_PASS_COUNTERS ? execution->runner->round_count : 1, code = 0;
    if (!anybody_has(execution->runner, pass))
        return 0;
    forget_failures(execution->runner);
    execution->progress.phase = passes_name(pass);
    execution->progress.round_count = rounds;
    for (int round = 0; code == 0 && round < rounds && !execution->result->interrupted; round++) {
        progress_round_begin(&execution->progress, round, clock_wall_ns());
        code = execute_pass(run, pass, round, error);
        progress_clear(&execution->progress);
        if (code == 0 && !execution->result->interrupted)
            progress_round_end(&execution->progress, clock_wall_ns());
    }
    return code;
}

int passes_trace(struct execution *execution, size_t suite_index, size_t case_index, const struct passes_trace *trace,
                 struct error *error)
{
    struct passes_run run = { .execution = execution };
    struct pass_target target = { .run = &run,
                                  .suite = &execution->runner->suites[suite_index],
                                  .case_index = case_index,
                                  .suite_index = suite_index,
                                  .pass = STORE_PASS_SPANS,
                                  .round = trace->round,
                                  .min_time = trace->min_time,
                                  .padding = trace->padding };
    return pass_spans(&target, error);
}

int passes_execute(struct execution *execution, struct error *error)
{
    static const enum store_pass order[] = { STORE_PASS_COUNTERS, STORE_PASS_MEMORY, STORE_PASS_SPANS,
                                             STORE_PASS_CALLGRIND, STORE_PASS_PROFILE };
    struct passes_run run = { .execution = execution };
    if (passes_count(execution->runner) == 0 || execution->result->interrupted)
        return 0;
    int code =
        store_cases(execution->store, execution->result->run_id, &run.arena, &run.timed, &run.timed_count, error);
    for (size_t i = 0; code == 0 && i < sizeof order / sizeof order[0] && !execution->result->interrupted; i++)
        code = execute_rounds(&run, order[i], error);
    arena_release(&run.arena);
    return code;
}
