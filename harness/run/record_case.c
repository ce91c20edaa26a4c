/* record_case.c: the command line of a case, under the profiler; the profile pass of `prony run`. */
#include "harness/run/record_case.h"
#include "harness/base/log.h"
#include "harness/base/str.h"
#include "harness/run/fingerprint.h"
#include "harness/run/passes_internal.h"
#include <string.h>
#include <unistd.h>

/* Our own suites leave out what only a measurement needs: checks of the output take as long as the case. */
static const char **make_environment(const struct runner_suite *suite, struct arena *arena)
{
    size_t count = 0;
    while (suite->environment[count])
        count++;
    const char **list = arena_array(arena, count + 2, sizeof *list);
    memcpy(list, suite->environment, count * sizeof *list);
    list[count] = "PRONY_PROFILE=1";
    return list;
}

int record_case(const struct runner *runner, const struct runner_suite *suite, size_t case_index,
                const struct record_request *settings, struct arena *arena, struct stacks **stacks,
                struct record_info *info, bool *interrupted, const char **reason, struct error *error)
{
    struct runner_suite copy = *suite;
    const struct schedule_unit unit = { .cases = &case_index, .case_count = 1 };
    const struct trial trial = { .suite = &copy, .unit = &unit, .pass = "profile" };
    char **arguments = measure_make_arguments(&trial), text[128];
    struct record_request request = *settings;
    struct child_result result;
    request.arguments = (const char *const *)(uintptr_t)arguments;
    request.environment = make_environment(suite, arena);
    request.cpus = &suite->cpus[case_index];
    request.directory = suite->directory;
    request.timeout_s = suite->timeout_s;
    request.interrupt_fd = runner->interrupt.fd;
    int code = record_profile(&request, stacks, info, &result, error);
    struct child_request limits = { .timeout_s = suite->timeout_s, .output_limit_bytes = RUNNER_OUTPUT_LIMIT_BYTES };
    *interrupted = code == 0 && result.end == CHILD_INTERRUPTED;
    *reason = NULL;
    if (code == 0 && !*interrupted && (result.end != CHILD_EXITED || result.status != 0))
        *reason = arena_strdup(arena, child_describe(&result, &limits, text, sizeof text));
    child_release(&result);
    measure_free_arguments(arguments);
    return code;
}

struct store_profile record_describe(const struct record_info *info, const char *suite, const char *name,
                                     const char *title)
{
    return (struct store_profile){ .suite = suite,
                                   .name = name,
                                   .title = title,
                                   .kind = "cpu",
                                   .event = info->event,
                                   .unit = info->unit,
                                   .frequency_hz = info->frequency_hz,
                                   .duration_ns = info->duration_ns,
                                   .sample_count = info->sample_count,
                                   .lost_count = info->lost_count,
                                   .truncated_count = info->truncated_count,
                                   .note = info->note[0] ? info->note : NULL };
}

int record_run_begin(struct store *store, const char *command, int64_t *run_id, struct error *error)
{
    struct arena arena = { 0 };
    struct fingerprint fingerprint;
    struct facts build = { .arena = &arena };
    fingerprint_collect(&fingerprint, "", &arena);
    fingerprint_build(&build, ".");
    facts_addf(&fingerprint.condition, "process_id", "%ld", (long)getpid());
    struct store_run run = {
        .plan = "profile",
        .command = command,
        .fingerprint = fingerprint.hash,
        .machine = fingerprint.machine.items,
        .machine_count = fingerprint.machine.count,
        .build = build.items,
        .build_count = build.count,
        .environment = fingerprint.condition.items,
        .environment_count = fingerprint.condition.count,
    };
    int code = store_run_begin(store, &run, run_id, error);
    facts_release(&build);
    fingerprint_release(&fingerprint);
    arena_release(&arena);
    return code;
}

/* ---- the pass ---- */

/* Enough for a thousand samples; a number of iterations stays as the plan has it. */
static const char *longer_time(const char *min_time)
{
    if (!min_time || str_ends(min_time, "x"))
        return min_time;
    double seconds;
    if (!str_parse_duration(min_time, &seconds) || seconds >= 2)
        return min_time;
    return str_ends(min_time, "s") ? "2s" : "2";
}

int pass_profile(const struct pass_target *target, struct error *error)
{
    struct passes_run *run = target->run;
    struct execution *execution = run->execution;
    struct runner_suite suite = *target->suite;
    const struct record_request settings = { 0 };
    const char *name = passes_case_name(target), *reason;
    struct stacks *stacks;
    struct record_info info;
    struct error problem = { 0 };
    bool interrupted;
    suite.min_time = longer_time(suite.min_time);
    execution->process++;
    if (record_case(execution->runner, &suite, target->case_index, &settings, &run->arena, &stacks, &info, &interrupted,
                    &reason, &problem) != 0) {
        passes_say(target, problem.text);
        return 0;
    }
    int code = 0;
    execution->result->interrupted |= interrupted;
    if (reason)
        passes_say(target, reason);
    if (info.sample_count && !interrupted) {
        struct store_profile about = record_describe(&info, suite.section->name, name, name);
        code = store_profile_add(execution->store, execution->result->run_id, &about, stacks, NULL, error);
    }
    stacks_release(stacks);
    return code;
}
