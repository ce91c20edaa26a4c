/* cmd_run.c: `prony run PLAN`: measure, store, summarize. */
#include "harness/cli/command.h"
#include "harness/cli/summary.h"
#include "harness/base/log.h"
#include "harness/base/str.h"
#include "harness/run/project.h"
#include "harness/run/runner.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct arguments {
    struct runner_options runner;
    struct option_list suites, models, rest;
    const char *database;
    bool dry_run, strict;
};

static int parse(struct arguments *arguments, int argc, char **argv, struct error *error)
{
    struct runner_options *runner = &arguments->runner;
    const char *seed = NULL;
    const struct option options[] = {
        { "db", 0, OPTION_TEXT, &arguments->database },        { "rounds", 'r', OPTION_COUNT, &runner->rounds },
        { "filter", 'f', OPTION_REGEX, &runner->filter },      { "seed", 0, OPTION_TEXT, &seed },
        { "timeout", 0, OPTION_DURATION, &runner->timeout_s }, { "suite", 0, OPTION_LIST, &arguments->suites },
        { "model", 'm', OPTION_LIST, &arguments->models },     { "dry-run", 0, OPTION_FLAG, &arguments->dry_run },
        { "counters", 'c', OPTION_TEXT, &runner->counters },   { "memory", 0, OPTION_FLAG, &runner->memory },
        { "spans", 0, OPTION_FLAG, &runner->spans },           { "strict", 0, OPTION_FLAG, &arguments->strict },
        { "quiet", 'q', OPTION_FLAG, &runner->quiet },         { "no-doctor", 0, OPTION_FLAG, &runner->no_doctor },
        { "profile", 0, OPTION_FLAG, &runner->profile }
    };
    int code = options_parse(options, sizeof options / sizeof options[0], argc, argv, &arguments->rest, error);
    if (code != 0)
        return code;
    if (arguments->rest.count != 1)
        return error_set(error, ERROR_USAGE, "expected one plan, found %zu (prony list --plans shows the shipped ones)",
                         arguments->rest.count);
    const char *no_doctor = getenv("PRONY_NO_DOCTOR");
    runner->no_doctor = runner->no_doctor || (no_doctor && *no_doctor);
    runner->has_seed = seed != NULL;
    if (seed && !str_parse_u64(seed, &runner->seed))
        return error_set(error, ERROR_USAGE, "--seed: '%s' is not a whole number", seed);
    runner->suites = arguments->suites.items;
    runner->suite_count = arguments->suites.count;
    runner->models = arguments->models.items;
    runner->model_count = arguments->models.count;
    for (size_t i = 0; i < runner->model_count; i++) {
        if (strchr(runner->models[i], ':'))
            return error_set(error, ERROR_USAGE,
                             "--model %s: a colon separates models in PRONY_MODELS, so a path must "
                             "not contain one",
                             runner->models[i]);
        if (access(runner->models[i], R_OK) != 0)
            return error_system(error, errno, "--model %s", runner->models[i]);
    }
    return 0;
}

static void print_dry_run(const struct runner *runner)
{
    struct arena arena = { 0 };
    size_t total = 0;
    printf("plan %s, %d rounds, seed %llu\n", runner->plan.source, runner->round_count,
           (unsigned long long)runner->seed);
    for (int round = 0; round < runner->round_count; round++) {
        struct schedule_unit *units;
        size_t count;
        schedule_round(runner_schedule_suites(runner, &arena), runner->suite_count, runner->seed, round, &arena, &units,
                       &count);
        printf("round %d: %zu processes\n", round + 1, count);
        for (size_t i = 0; i < count; i++) {
            const struct runner_suite *suite = &runner->suites[units[i].suite];
            char cpus[128];
            for (size_t k = 0; k < units[i].case_count; k++)
                printf("  %s%s %s on CPU %s\n", k ? "+ " : "", suite->section->name, suite->cases[units[i].cases[k]],
                       cpus_format(&suite->cpus[units[i].cases[k]], cpus, sizeof cpus));
        }
        total += count;
    }
    for (size_t i = 0; i < runner->suite_count; i++) {
        const struct runner_suite *suite = &runner->suites[i];
        struct str passes = { 0 };
        passes_describe(&suite->passes, &passes);
        if (passes.length && suite->case_count)
            printf("then %s, %zu cases: %s\n", suite->section->name, suite->case_count, str_text(&passes));
        str_release(&passes);
    }
    total += passes_count(runner);
    printf("%zu processes\n", total);
    arena_release(&arena);
}

static int report(struct store *store, const struct runner_result *result, bool quiet, struct error *error)
{
    struct arena arena = { 0 };
    struct store_run_row row;
    char number[24];
    snprintf(number, sizeof number, "%lld", (long long)result->run_id);
    int code = store_run_find(store, number, &arena, &row, error);
    if (code == 0 && quiet)
        printf("run %s\n", number);
    else if (code == 0)
        code = summary_print(stdout, store, &row, &(struct summary_options){ 0 }, error);
    fflush(stdout); /* before the talk on stderr that follows; main looks for errors */
    arena_release(&arena);
    return code;
}

static int judge(const struct runner_result *result, bool strict, bool quiet)
{
    if (!quiet)
        log_info("run %lld: %zu samples, %zu not measured, %zu failures", (long long)result->run_id,
                 result->sample_count, result->problem_count, result->failure_count);
    if (result->interrupted)
        log_warn("interrupted; what was measured until then is kept as run %lld", (long long)result->run_id);
    else if (result->sample_count == 0)
        log_error("nothing was measured");
    else if (!strict || result->failure_count == 0)
        return EXIT_OK;
    return EXIT_COULD_NOT_RUN;
}

static int execute(struct runner *runner, struct store *store, const struct arguments *arguments, int *status,
                   struct error *error)
{
    struct runner_result result;
    if (arguments->dry_run) {
        print_dry_run(runner);
        for (size_t i = 0; i < runner->suite_count; i++)
            if (runner->suites[i].failure)
                runner_warn(&runner->suites[i]);
        *status = runner->round_count ? EXIT_OK : EXIT_COULD_NOT_RUN;
        return 0;
    }
    int code = runner_execute(runner, store, &result, error);
    if (code == 0)
        code = report(store, &result, arguments->runner.quiet, error);
    if (code == 0)
        *status = judge(&result, arguments->strict, arguments->runner.quiet);
    return code;
}

static int run(struct app *app, int argc, char **argv)
{
    struct arguments arguments = { .database = app->database_path };
    struct runner runner;
    struct store *store = NULL;
    struct arena arena = { 0 };
    struct error error;
    char *path = NULL, *command = options_quote((size_t)app->argc, (const char *const *)(uintptr_t)app->argv);
    int status = EXIT_COULD_NOT_RUN;
    arguments.runner.command = command;
    int code = parse(&arguments, argc, argv, &error);
    if (code == 0)
        code = plan_find(arguments.rest.items[0], &path, &error);
    arguments.runner.plan_path = path;
    /* The database first: better to hear now that it cannot be written than after an hour. */
    if (code == 0 && !arguments.dry_run)
        code = store_open(&store, arguments.database, false, &error);
    if (code == 0 && project_is(path))
        code = project_prepare(&arguments.runner, path, &arena, &error);
    if (code == 0)
        code = runner_prepare(&runner, &arguments.runner, &error);
    if (code == 0) {
        code = execute(&runner, store, &arguments, &status, &error);
        runner_release(&runner);
    }
    store_close(store);
    arena_release(&arena);
    free(path);
    free(command);
    free(arguments.suites.items);
    free(arguments.models.items);
    free(arguments.rest.items);
    return code == 0 ? status : command_fail(&cmd_run, &error);
}

const struct command cmd_run = {
    .name = "run",
    .synopsis = "prony run PLAN [OPTIONS]",
    .summary = "Measure what a plan names and remember every sample",
    .help = "  PLAN            name of a shipped plan (prony list --plans) or a path\n"
            "  --db FILE       database (default: $PRONY_DB, else prony.db); made if it is not there\n"
            "  -r, --rounds N  measure every case N times, whatever the plan says\n"
            "  -f, --filter RE only cases whose name matches this POSIX extended regular expression\n"
            "  --suite NAME    only this suite of the plan; repeatable\n"
            "  -m, --model F   model file for the suites, instead of $PRONY_MODELS; repeatable\n"
            "  --seed N        order of the cases (default: the plan's, else random; always recorded)\n"
            "  -c, --counters LIST\n"
            "                  count these, too: groups (basic), metrics (instructions), events of the CPU, and\n"
            "                  callgrind for exact instruction counts under valgrind; prony events lists them;\n"
            "                  none: nothing, whatever the plan says\n"
            "  --memory        measure heap, mappings and resident set of every case, too\n"
            "  --spans         ask where the time goes, operation by operation, too\n"
            "  --profile       sample the call stacks of every case, too (prony flame shows them)\n"
            "  --timeout T     time limit of one process (90s, 5m), whatever the plan says\n"
            "  --dry-run       print what would run in which order, and stop\n"
            "  --strict        exit with 2 if any process failed\n"
            "  --no-doctor     do not look at the machine for a quarter of a second before (or set PRONY_NO_DOCTOR)\n"
            "  -q, --quiet     no progress, and only the run's number as result\n"
            "\n"
            "Every round measures every case once, each in a fresh process, in a random order. A suite that crashes,\n"
            "hangs or prints rubbish is recorded as failed, and the rest goes on. Ctrl-C keeps what was measured.\n"
            "Counters, memory and spans are taken after the timed rounds in processes of their own, whose times are\n"
            "not judged.\n"
            "\n"
            "examples:\n"
            "  prony run quick --model qwen2.5-0.5b-q8_0.gguf\n"
            "  prony run nightly --filter '^decode/' --rounds 10\n"
            "  prony run quick --counters basic,callgrind --memory\n"
            "  prony run my.plan --dry-run\n"
            "  prony run prony.conf\n"
            "\n"
            "exit status: 0 measured; 2 could not run, nothing was measured, or interrupted\n",
    .run = run,
};
