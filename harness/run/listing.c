/* listing.c: asks a suite program which cases it has. */
#include "harness/run/child.h"
#include "harness/run/protocol.h"
#include "harness/run/runner_internal.h"
#include "harness/base/mem.h"
#include "harness/base/str.h"
#include <regex.h>
#include <stdlib.h>
#include <string.h>

enum { LISTING_TIMEOUT_S = 60, TAIL_BYTES = 2000 };

/* The plan's filters as one expression for --benchmark_filter. */
static char *join_filters(const struct plan_strings *filters)
{
    struct str text = { 0 };
    for (size_t i = 0; i < filters->count; i++)
        str_appendf(&text, filters->count > 1 ? "%s(%s)" : "%s%s", i ? "|" : "", filters->items[i]);
    return str_take(&text);
}

/* Does the program see a PRONY_MODELS that is not empty? */
static bool has_models(const struct runner_suite *suite)
{
    const char *models = getenv("PRONY_MODELS");
    for (const char **variable = suite->environment; *variable; variable++)
        if (str_starts(*variable, "PRONY_MODELS="))
            models = *variable + strlen("PRONY_MODELS=");
    return models && *models;
}

static bool is_claimed(const struct runner *runner, const struct runner_suite *suite, const char *name)
{
    for (const struct runner_suite *other = runner->suites; other < suite; other++) {
        if (!str_equal(other->section->name, suite->section->name))
            continue;
        for (size_t i = 0; i < other->case_count; i++)
            if (strcmp(other->cases[i], name) == 0)
                return true;
    }
    return false;
}

/* Keeps the cases that the person asked for and no earlier section of the same suite has. */
static int select_cases(struct runner *runner, struct runner_suite *suite, const char *const *names, size_t count,
                        struct error *error)
{
    regex_t regex;
    const char *filter = runner->options.filter;
    if (filter && regcomp(&regex, filter, REG_EXTENDED | REG_NOSUB) != 0)
        return error_set(error, ERROR_USAGE, "'%s' is not a regular expression", filter);
    const char **kept = arena_array(&runner->arena, count, sizeof *kept);
    suite->case_count = 0;
    for (size_t i = 0; i < count; i++)
        if ((!filter || regexec(&regex, names[i], 0, NULL, 0) == 0) && !is_claimed(runner, suite, names[i]))
            kept[suite->case_count++] = names[i];
    suite->cases = kept;
    if (filter)
        regfree(&regex);
    return 0;
}

static int choose_cpus(struct runner *runner, struct runner_suite *suite, struct error *error)
{
    suite->cpus = arena_array(&runner->arena, suite->case_count, sizeof *suite->cpus);
    int code = 0;
    for (size_t i = 0; code == 0 && i < suite->case_count; i++)
        code = cpus_choose(&runner->cpus, suite->section->cpus, suite->cases[i], &suite->cpus[i], error);
    if (code != 0)
        error_prefix(error, "%s:%d", runner->plan.source, suite->section->line);
    return code;
}

static void understand(struct runner *runner, struct runner_suite *suite, const struct child_request *request,
                       const struct child_result *result, struct error *error)
{
    char reason[256];
    const char *const *names = NULL;
    size_t count = 0;
    struct error problem;
    if (result->end != CHILD_EXITED || result->status != 0) {
        suite->failure = arena_format(&runner->arena, "cannot list its cases: %s",
                                      child_describe(result, request, reason, sizeof reason));
    } else if (protocol_parse_list(str_text(&result->output), result->output.length, &runner->arena, &names, &count,
                                   &problem) != 0) {
        suite->failure = arena_strdup(&runner->arena, problem.text);
    } else if (count == 0) {
        suite->failure = arena_format(
            &runner->arena, "%s%s",
            suite->section->filters.count ? "none of its cases matches the plan's filter" : "it has no cases",
            has_models(suite) ? "" : "; a suite that needs a model finds none in PRONY_MODELS or --model");
    } else if (select_cases(runner, suite, names, count, error) == 0) {
        choose_cpus(runner, suite, error);
    }
}

/* One call of the program that lists its cases. 0, or what child_run says. */
static int list_once(const struct runner *runner, const struct runner_suite *suite, const char *filter,
                     struct child_request *request, struct child_result *result, struct error *error)
{
    const char **arguments = mem_array(suite->argument_count + 5, sizeof *arguments);
    char *min_time = suite->min_time ? mem_format("--benchmark_min_time=%s", suite->min_time) : NULL;
    size_t count = suite->argument_count;
    memcpy(arguments, suite->arguments, count * sizeof *arguments);
    arguments[count++] = "--benchmark_list_tests=true";
    arguments[count++] = "--benchmark_format=console";
    if (min_time)
        arguments[count++] = min_time;
    if (filter)
        arguments[count++] = filter;
    double timeout_s = suite->timeout_s < LISTING_TIMEOUT_S ? suite->timeout_s : LISTING_TIMEOUT_S;
    *request = (struct child_request){ .arguments = arguments,
                                       .environment = suite->environment,
                                       .directory = suite->directory,
                                       .timeout_s = timeout_s,
                                       .output_limit_bytes = RUNNER_OUTPUT_LIMIT_BYTES,
                                       .interrupt_fd = runner->interrupt.fd };
    int code = child_run(request, result, error);
    free(min_time);
    free(arguments);
    request->arguments = suite->arguments;
    return code;
}

/* New Google Benchmarks want "0.1s" and complain of "0.1"; up to 1.7 they refuse "0.1s" and name the flag. */
static bool refuses_suffix(const struct runner_suite *suite, const struct child_result *result)
{
    return suite->min_time && str_ends(suite->min_time, "s") && result->end == CHILD_EXITED && result->status != 0 &&
           strstr(str_text(&result->errors), "benchmark_min_time") != NULL;
}

int listing_ask(struct runner *runner, struct runner_suite *suite, struct error *error)
{
    char *filters = join_filters(&suite->section->filters);
    char *filter = filters && *filters ? mem_format("--benchmark_filter=%s", filters) : NULL;
    const char *min_time = suite->section->min_time;
    bool is_count = min_time && str_ends(min_time, "x");
    suite->min_time = min_time && !is_count ? arena_format(&runner->arena, "%ss", min_time) : min_time;
    struct child_request request;
    struct child_result result;
    struct error problem;
    error->code = 0;
    int code = list_once(runner, suite, filter, &request, &result, &problem);
    if (code == 0 && refuses_suffix(suite, &result)) {
        child_release(&result);
        suite->min_time = min_time;
        code = list_once(runner, suite, filter, &request, &result, &problem);
    }
    if (code != 0)
        suite->failure = arena_strdup(&runner->arena, problem.text);
    else if (result.end == CHILD_INTERRUPTED)
        error_set(error, ERROR_STATE, "interrupted");
    else
        understand(runner, suite, &request, &result, error);
    suite->stderr_tail = text_clean_tail(&runner->arena, str_text(&result.errors), result.errors.length, TAIL_BYTES);
    child_release(&result);
    free(filter);
    free(filters);
    return error->code;
}
