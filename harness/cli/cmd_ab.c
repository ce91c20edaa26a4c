/* cmd_ab.c: `prony ab BASE CANDIDATE`: two builds measured in turns, and what that says. */
#include "harness/cli/command.h"
#include "harness/cli/judgement.h"
#include "harness/base/log.h"
#include "harness/base/str.h"
#include "harness/run/ab.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct arguments {
    struct ab_options ab;
    struct judgement_settings judgement;
    struct option_list models, rest;
    const char *counters;
    bool callgrind, clean, dry_run;
    char *all_counters;
};

static int check_models(const struct arguments *arguments, struct error *error)
{
    for (size_t i = 0; i < arguments->models.count; i++) {
        const char *model = arguments->models.items[i];
        if (strchr(model, ':'))
            return error_set(error, ERROR_USAGE, "--model %s: a path with a colon cannot be in PRONY_MODELS", model);
        if (access(model, R_OK) != 0)
            return error_system(error, errno, "--model %s", model);
    }
    return 0;
}

static int check(struct arguments *arguments, const char *seed, struct error *error)
{
    struct ab_options *ab = &arguments->ab;
    const char *no_doctor = getenv("PRONY_NO_DOCTOR");
    if (arguments->clean)
        return arguments->rest.count ? error_set(error, ERROR_USAGE, "--clean takes no sides") : 0;
    if (arguments->rest.count != 2)
        return error_set(error, ERROR_USAGE, "expected two sides, base and candidate, found %zu",
                         arguments->rest.count);
    ab->base = arguments->rest.items[0];
    ab->candidate = arguments->rest.items[1];
    ab->no_doctor = ab->no_doctor || (no_doctor && *no_doctor);
    ab->has_seed = seed != NULL;
    if (seed && !str_parse_u64(seed, &ab->seed))
        return error_set(error, ERROR_USAGE, "--seed: '%s' is not a whole number", seed);
    ab->filter = arguments->judgement.filter;
    ab->suites = &arguments->judgement.suite;
    ab->suite_count = arguments->judgement.suite ? 1 : 0;
    ab->models = arguments->models.items;
    ab->model_count = arguments->models.count;
    if (arguments->callgrind) {
        const char *words[] = { arguments->counters ? arguments->counters : "callgrind", "callgrind" };
        struct str all = { 0 };
        str_appendf(&all, arguments->counters ? "%s,%s" : "%s", words[0], words[1]);
        arguments->all_counters = str_take(&all);
    }
    ab->counters = arguments->all_counters ? arguments->all_counters : arguments->counters;
    return check_models(arguments, error);
}

static int parse(struct arguments *arguments, int argc, char **argv, struct error *error)
{
    struct ab_options *ab = &arguments->ab;
    const char *seed = NULL;
    const struct option options[] = { JUDGEMENT_OPTIONS(&arguments->judgement),
                                      { "budget", 'b', OPTION_DURATION, &ab->budget_s },
                                      { "blocks", 0, OPTION_COUNT, &ab->blocks },
                                      { "fixed", 0, OPTION_FLAG, &ab->fixed_blocks },
                                      { "min-time", 0, OPTION_DURATION, &ab->min_time_s },
                                      { "timeout", 0, OPTION_DURATION, &ab->timeout_s },
                                      { "plan", 'p', OPTION_TEXT, &ab->plan },
                                      { "conf", 0, OPTION_TEXT, &ab->conf },
                                      { "repository", 0, OPTION_TEXT, &ab->repository },
                                      { "model", 'm', OPTION_LIST, &arguments->models },
                                      { "seed", 0, OPTION_TEXT, &seed },
                                      { "counters", 'c', OPTION_TEXT, &arguments->counters },
                                      { "callgrind", 0, OPTION_FLAG, &arguments->callgrind },
                                      { "memory", 0, OPTION_FLAG, &ab->memory },
                                      { "spans", 0, OPTION_FLAG, &ab->spans },
                                      { "profile", 0, OPTION_FLAG, &ab->profile },
                                      { "rebuild", 0, OPTION_FLAG, &ab->rebuild },
                                      { "dry-run", 0, OPTION_FLAG, &arguments->dry_run },
                                      { "clean", 0, OPTION_FLAG, &arguments->clean },
                                      { "quiet", 'q', OPTION_FLAG, &ab->quiet },
                                      { "no-doctor", 0, OPTION_FLAG, &ab->no_doctor } };
    int code = options_parse(options, sizeof options / sizeof options[0], argc, argv, &arguments->rest, error);
    return code == 0 ? check(arguments, seed, error) : code;
}

static int clean(struct error *error)
{
    size_t removed, in_use;
    int code = ab_clean(&removed, &in_use, error);
    if (code == 0)
        log_info("removed %zu worktrees%s", removed, in_use ? "; others are in use" : "");
    return code;
}

static void say_result(const struct ab_result *result)
{
    log_info(
        "runs %lld and %lld: %zu samples, %zu failures, %d blocks at most, %.0f s; %.0f ms a pair of processes, %.0f "
        "ms of it outside the timed loops",
        (long long)result->base_run, (long long)result->candidate_run, result->sample_count, result->failure_count,
        result->blocks, result->wall_s, 1000 * result->pair_s, 1000 * (result->pair_s - result->work_s));
    if (result->out_of_budget)
        log_warn("the budget is spent: %zu of %zu cases are decided", result->decided_count, result->case_count);
}

static int conclude(struct judging *judging, struct store *store, struct ab_result *result, int *status,
                    struct error *error)
{
    int code = judgement_calibrate(judging, store, result->comparison.candidate.fingerprint, error);
    const char *title =
        arena_format(judging->arena, "%s against %s", result->comparison.candidate_name, result->comparison.base_name);
    judging->uncompared = result->unreached;
    if (code == 0)
        code = judgement_conclude(judging, title, &result->comparison, 1, NULL, 0, status, error);
    if (code == 0 && result->comparison.shared == 0) {
        log_error("no case was measured on both sides");
        *status = *status == EXIT_REGRESSED ? EXIT_REGRESSED : EXIT_COULD_NOT_RUN;
    }
    if (result->interrupted) {
        log_warn("interrupted; what was measured until then is kept as runs %lld and %lld", (long long)result->base_run,
                 (long long)result->candidate_run);
        *status = EXIT_COULD_NOT_RUN;
    }
    return code;
}

static int measure(struct arguments *arguments, struct judging *judging, struct ab *ab, int *status,
                   struct error *error)
{
    struct store *store = NULL;
    struct ab_result result;
    int code = store_open(&store, arguments->judgement.database, false, error);
    if (code == 0)
        code = ab_execute(ab, store, &result, error);
    if (code == 0 && !arguments->ab.quiet)
        say_result(&result);
    if (code == 0)
        code = conclude(judging, store, &result, status, error);
    store_close(store);
    return code;
}

static void describe(const struct ab *ab, int *status)
{
    struct str text = { 0 };
    ab_describe(ab, &text);
    fputs(str_text(&text), stdout);
    str_release(&text);
    *status = ab_case_count(ab) ? EXIT_OK : EXIT_COULD_NOT_RUN;
}

static int judge(struct arguments *arguments, struct arena *arena, int *status, struct error *error)
{
    struct judging judging;
    struct ab *ab = NULL;
    int code = judgement_prepare(&judging, &arguments->judgement, arena, error);
    if (code == 0)
        code = ab_prepare(&ab, &arguments->ab, error);
    if (code == 0 && arguments->dry_run)
        describe(ab, status);
    else if (code == 0)
        code = measure(arguments, &judging, ab, status, error);
    ab_release(ab);
    return code;
}

static int run(struct app *app, int argc, char **argv)
{
    struct arguments arguments = { .judgement.database = app->database_path };
    struct arena arena = { 0 };
    struct error error;
    char *command = options_quote((size_t)app->argc, (const char *const *)(uintptr_t)app->argv);
    int status = EXIT_COULD_NOT_RUN;
    arguments.ab.command = command;
    int code = parse(&arguments, argc, argv, &error);
    if (code == 0 && arguments.clean) {
        code = clean(&error);
        status = EXIT_OK;
    } else if (code == 0) {
        code = judge(&arguments, &arena, &status, &error);
    }
    judgement_release(&arguments.judgement);
    arena_release(&arena);
    free(command);
    free(arguments.all_counters);
    free(arguments.models.items);
    free(arguments.rest.items);
    return code == 0 ? status : command_fail(&cmd_ab, &error);
}

const struct command cmd_ab = {
    .name = "ab",
    .synopsis = "prony ab BASE CANDIDATE [OPTIONS]",
    .summary = "Measure two builds in turns and say which is faster",
    .help =
        "  BASE, CANDIDATE      each a git ref; a directory with a checked out tree; . or worktree: this tree as it is,\n"
        "                       with what is not committed; or both a suite program (any Google Benchmark binary)\n"
        "  --budget T           stop after so much time of measuring (default 10m); what is open then is undecided\n"
        "  --blocks N           at most N blocks of four processes a case (default 26)\n"
        "  --fixed              exactly --blocks of every case, and only one look at the end\n"
        "  --min-time T         time of a sample where plan or prony.conf say nothing (default 100ms)\n"
        "  --timeout T          time limit of one process, whatever the plan says\n"
        "  -p, --plan PLAN      measure this: a plan of the base's tree or a shipped one; default: prony.conf's\n"
        "  --conf FILE          how to build and what to measure, instead of prony.conf of each side's tree\n"
        "  --repository DIR     where refs are looked up (default: the repository we are in)\n"
        "  -m, --model F        model file for the suites, instead of $PRONY_MODELS; repeatable\n"
        "  --seed N             order of processes and size of their environments (always recorded)\n"
        "  -c, --counters LIST  after the times: counters, as prony run, in eight processes a side\n"
        "  --callgrind, --memory, --profile  the same, once a side: instructions, memory, call stacks\n"
        "  --spans              after the times: where they go, and which operation a change comes from (eight pairs\n"
        "                       of traced processes of every case that changed)\n"
        "  --rebuild            build also what the cache holds\n"
        "  --dry-run            build, list what would be measured, and stop\n"
        "  --clean              remove the worktrees of the cache that nobody uses, and stop\n"
        "  -q, --quiet          no progress\n"
        "  --no-doctor          do not look at the machine before (or set PRONY_NO_DOCTOR)\n" JUDGEMENT_HELP "\n"
        "Refs are checked out and built below $XDG_CACHE_HOME/prony/worktrees (default ~/.cache), once a commit.\n"
        "How to build and what to measure stands in prony.conf in the root of the tree (docs/FORMATS.md):\n"
        "\n"
        "  [project]\n"
        "  build = make -j4 bench\n"
        "\n"
        "  [suite NAME]\n"
        "  program = build/bench\n"
        "\n"
        "Each case is measured in blocks of four fresh processes in the order ABBA or BAAB, with the same number of\n"
        "iterations on both sides, until every case is decided or the budget is spent. Ctrl-C keeps what is there.\n"
        "What looks changed is measured again, and only what fresh pairs confirm is regressed or improved.\n"
        "Both sides are stored as runs: prony compare shows them again.\n"
        "\n"
        "examples:\n"
        "  prony ab main my-branch\n"
        "  prony ab main . --filter '^matvec/' --budget 3m\n"
        "  prony ab v1.0 HEAD --plan quick --model qwen2.5-0.5b-q8_0.gguf --callgrind\n"
        "  prony ab old/bench new/bench --format markdown -o comment.md\n"
        "\n"
        "exit status: 0 nothing got worse; 1 regressed, other output, or failed on the candidate; 2 could not build\n"
        "or run, or interrupted; 3 undecided\n",
    .run = run,
};
