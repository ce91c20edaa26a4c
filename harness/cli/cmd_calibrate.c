/* cmd_calibrate.c: `prony calibrate`: a build against itself, by everything that `prony ab` does. Whatever is found is
 * false, so it tells how often this harness cries wolf on this machine, and how far equal things seem apart. */
#include "harness/base/log.h"
#include "harness/base/str.h"
#include "harness/cli/command.h"
#include "harness/judge/calibration.h"
#include "harness/run/ab.h"
#include "harness/run/fingerprint.h"
#include "reports/escape.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { DEFAULT_BLOCKS = 5, SHOWN_CASES = 10 };
#define NOISY 0.05 /* of log(ratio) */

struct arguments {
    const char *database, *suite, *seed;
    struct ab_options ab;
    struct option_list models, rest;
    int repetitions;
    bool show;
};

static int check(struct arguments *arguments, struct error *error)
{
    struct ab_options *ab = &arguments->ab;
    const char *no_doctor = getenv("PRONY_NO_DOCTOR");
    if (arguments->rest.count > 1)
        return error_set(error, ERROR_USAGE, "one build is measured against itself, but there is also '%s'",
                         arguments->rest.items[1]);
    if (arguments->show && arguments->rest.count)
        return error_set(error, ERROR_USAGE, "--show measures nothing: it takes no build");
    ab->has_seed = arguments->seed != NULL;
    if (arguments->seed && !str_parse_u64(arguments->seed, &ab->seed))
        return error_set(error, ERROR_USAGE, "--seed: '%s' is not a whole number", arguments->seed);
    ab->base = ab->candidate = arguments->rest.count ? arguments->rest.items[0] : ".";
    ab->suites = &arguments->suite;
    ab->suite_count = arguments->suite ? 1 : 0;
    ab->models = arguments->models.items;
    ab->model_count = arguments->models.count;
    ab->fixed_blocks = true;
    ab->blocks = ab->blocks ? ab->blocks : DEFAULT_BLOCKS;
    ab->no_doctor = ab->no_doctor || (no_doctor && *no_doctor);
    if (2 * ab->blocks < JUDGE_LEAST_PAIRS)
        return error_set(error, ERROR_USAGE, "--blocks %d are %d pairs; fewer than %d can never alarm", ab->blocks,
                         2 * ab->blocks, JUDGE_LEAST_PAIRS);
    return 0;
}

static int parse(struct arguments *arguments, int argc, char **argv, struct error *error)
{
    struct ab_options *ab = &arguments->ab;
    const struct option options[] = { { "db", 0, OPTION_TEXT, &arguments->database },
                                      { "filter", 'f', OPTION_REGEX, &ab->filter },
                                      { "suite", 0, OPTION_TEXT, &arguments->suite },
                                      { "budget", 'b', OPTION_DURATION, &ab->budget_s },
                                      { "blocks", 0, OPTION_COUNT, &ab->blocks },
                                      { "repeat", 0, OPTION_COUNT, &arguments->repetitions },
                                      { "min-time", 0, OPTION_DURATION, &ab->min_time_s },
                                      { "timeout", 0, OPTION_DURATION, &ab->timeout_s },
                                      { "plan", 'p', OPTION_TEXT, &ab->plan },
                                      { "conf", 0, OPTION_TEXT, &ab->conf },
                                      { "repository", 0, OPTION_TEXT, &ab->repository },
                                      { "model", 'm', OPTION_LIST, &arguments->models },
                                      { "seed", 0, OPTION_TEXT, &arguments->seed },
                                      { "show", 0, OPTION_FLAG, &arguments->show },
                                      { "quiet", 'q', OPTION_FLAG, &ab->quiet },
                                      { "no-doctor", 0, OPTION_FLAG, &ab->no_doctor } };
    int code = options_parse(options, sizeof options / sizeof options[0], argc, argv, &arguments->rest, error);
    return code == 0 ? check(arguments, error) : code;
}

/* ---- what is known ---- */

static int by_noise(const void *a, const void *b)
{
    double x = ((const struct calibration_noise *)a)->noise, y = ((const struct calibration_noise *)b)->noise;
    return (x < y) - (x > y);
}

static void print_cases(const struct calibration *calibration, size_t limit, struct arena *arena)
{
    size_t count = calibration->noise_count, shown = count < limit ? count : limit;
    struct calibration_noise *sorted = arena_array(arena, count + 1, sizeof *sorted);
    if (count)
        memcpy(sorted, calibration->noise, count * sizeof *sorted);
    qsort(sorted, count, sizeof *sorted, by_noise);
    if (count)
        printf("\n%8s  %11s  %s\n", "noise", "comparisons", "case");
    for (size_t i = 0; i < shown; i++) {
        struct str name = { 0 };
        escape_plain(&name, sorted[i].suite);
        str_append(&name, " ");
        escape_plain(&name, sorted[i].name);
        printf("%6.2f %%  %11zu  %s\n", judge_percent(sorted[i].noise), sorted[i].comparisons, str_text(&name));
        str_release(&name);
    }
    if (shown < count)
        printf("and %zu cases with less noise (prony calibrate --show)\n", count - shown);
}

/* One comparison on a busy machine makes floors that hide what a quiet one would show. */
static void warn_of_noise(const struct calibration *calibration)
{
    size_t noisy = 0;
    for (size_t i = 0; i < calibration->noise_count; i++)
        noisy += calibration->noise[i].noise > NOISY;
    if (noisy)
        log_warn("equal builds differ by more than %.0f %% in %zu of %zu cases: smaller changes of these will not be "
                 "called; on a quieter machine prony calibrate --repeat 5 gives better floors",
                 judge_percent(NOISY), noisy, calibration->noise_count);
}

/* Prints it and gives the exit status. */
static int report(const struct calibration *calibration, size_t limit, struct arena *arena)
{
    printf("%s\n", calibration_line(calibration, arena));
    if (calibration->tests) {
        printf("%zu comparison%s of one build with itself; %zu case%s called changed\n", calibration->comparisons,
               calibration->comparisons == 1 ? "" : "s", calibration->false_verdicts,
               calibration->false_verdicts == 1 ? " was" : "s were");
        print_cases(calibration, limit, arena);
        warn_of_noise(calibration);
    }
    if (!calibration->out_of_band)
        return EXIT_OK;
    log_error(
        "%zu of %zu tests of equal builds gave p <= %.2f, and %zu is the most that luck explains: something makes "
        "the two sides differ, or the samples of a case depend on one another more than pairs allow for. "
        "prony doctor says what disturbs this machine",
        calibration->alarms, calibration->tests, JUDGE_ALPHA, calibration->band.high);
    return EXIT_REGRESSED;
}

static int show(const struct arguments *arguments, struct arena *arena, int *status, struct error *error)
{
    struct store *store = NULL;
    struct fingerprint machine;
    struct calibration calibration;
    fingerprint_collect(&machine, "", arena);
    int code = store_open(&store, arguments->database, true, error);
    if (code == 0)
        code = calibration_load(&calibration, store, machine.key, arena, error);
    if (code == 0)
        *status = report(&calibration, SIZE_MAX, arena);
    store_close(store);
    fingerprint_release(&machine);
    return code;
}

/* ---- measuring ---- */

static int measure_once(const struct arguments *arguments, struct store *store, struct calibration *calibration,
                        bool *complete, struct arena *arena, struct error *error)
{
    struct ab *ab = NULL;
    struct ab_result result;
    int code = ab_prepare(&ab, &arguments->ab, error);
    if (code == 0 && !ab_is_identical(ab))
        code = error_set(error, ERROR_STATE, "%s: there is no program, or the two sides have not the same code",
                         arguments->ab.base);
    if (code == 0)
        code = ab_execute(ab, store, &result, error);
    if (code == 0) {
        const char *machine = arena_strdup(arena, result.comparison.candidate.fingerprint);
        *complete = !result.interrupted && result.comparison.shared > 0;
        if (result.out_of_budget)
            log_warn("the budget is spent after %d blocks of %d", result.blocks, arguments->ab.blocks);
        code = calibration_load(calibration, store, machine, arena, error);
    }
    ab_release(ab);
    return code;
}

static int measure(struct arguments *arguments, struct arena *arena, int *status, struct error *error)
{
    struct store *store = NULL;
    struct calibration calibration = { 0 };
    bool complete = true;
    int times = arguments->repetitions ? arguments->repetitions : 1;
    int code = store_open(&store, arguments->database, false, error);
    for (int i = 0; code == 0 && complete && i < times; i++) {
        code = measure_once(arguments, store, &calibration, &complete, arena, error);
        arguments->ab.seed++; /* another order each time */
    }
    if (code == 0)
        *status = report(&calibration, SHOWN_CASES, arena);
    if (code == 0 && (!complete || !calibration.tests)) {
        log_error("%s", complete ? "no case has enough pairs for a test" : "interrupted, or no case was measured");
        *status = EXIT_COULD_NOT_RUN;
    }
    store_close(store);
    return code;
}

static int run(struct app *app, int argc, char **argv)
{
    struct arguments arguments = { .database = app->database_path };
    struct arena arena = { 0 };
    struct error error;
    char *command = options_quote((size_t)app->argc, (const char *const *)(uintptr_t)app->argv);
    int status = EXIT_COULD_NOT_RUN;
    arguments.ab.command = command;
    int code = parse(&arguments, argc, argv, &error);
    if (code == 0)
        code =
            arguments.show ? show(&arguments, &arena, &status, &error) : measure(&arguments, &arena, &status, &error);
    arena_release(&arena);
    free(command);
    free(arguments.models.items);
    free(arguments.rest.items);
    return code == 0 ? status : command_fail(&cmd_calibrate, &error);
}

const struct command cmd_calibrate = {
    .name = "calibrate",
    .synopsis = "prony calibrate [REF|DIRECTORY|PROGRAM] [OPTIONS] | prony calibrate --show",
    .summary = "Measure a build against itself: how often does this harness cry wolf here?",
    .help =
        "  REF, DIRECTORY, PROGRAM\n"
        "                       as for prony ab; default: the tree we are in\n"
        "  --show               what is known of this machine, all cases; measure nothing\n"
        "  --blocks N           so many blocks of four processes a case (default 5, at least 3)\n"
        "  --repeat N           so many comparisons, one after the other (default 1)\n"
        "  --budget T           stop each after so much time of measuring (default 10m)\n"
        "  -f, --filter RE, --suite NAME\n"
        "                       only these cases\n"
        "  -p, --plan PLAN, --conf FILE, --repository DIR, -m, --model F, --min-time T, --timeout T, --seed N,\n"
        "  -q, --quiet, --no-doctor\n"
        "                       as prony ab\n"
        "  --db FILE            database (default: $PRONY_DB, else prony.db)\n"
        "\n"
        "Both sides are the same program, so every change that is found is false. Of all tests 5 % have p <= 0.05\n"
        "by luck. More than luck explains (a binomial band, 99 %) mean that verdicts of this machine cannot be\n"
        "trusted: this command and the gate then say so. The newest 50 comparisons count, and with them every prony\n"
        "ab whose two builds turned out to be the same code.\n"
        "The noise of a case is what equal builds seem to differ by: 90 % of its effects are smaller. No change\n"
        "below it is called one.\n"
        "\n"
        "examples:\n"
        "  prony calibrate --plan quick --filter '^matvec/'\n"
        "  prony calibrate main --repeat 5 --budget 20m      every week, from cron\n"
        "  prony calibrate build/bin/kernels\n"
        "  prony calibrate --show\n"
        "\n"
        "exit status: 0 the rate is in its band, 1 more false alarms than luck explains, 2 could not run\n",
    .run = run,
};
