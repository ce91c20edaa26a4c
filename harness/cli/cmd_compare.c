/* cmd_compare.c: `prony compare`: stored runs against each other, and the implementations of one run. */
#include "harness/base/mem.h"
#include "harness/base/str.h"
#include "harness/cli/command.h"
#include "harness/cli/compare_by.h"
#include "harness/cli/judgement.h"
#include "harness/cli/run_reference.h"
#include "harness/judge/compare.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

struct settings {
    struct judgement_settings judgement;
    const char *floor;
    const char *by, *baseline; /* implementations of one run */
    struct option_list metrics, runs;
    struct compare_options compare;
};

static int parse_floor(struct settings *settings, struct error *error)
{
    double percent;
    if (!settings->floor)
        return 0;
    size_t length = strcspn(settings->floor, "%");
    char *number = mem_strndup(settings->floor, length);
    bool good = str_parse_f64(number, &percent) && percent > 0 && percent < 1000;
    free(number);
    if (!good)
        return error_set(error, ERROR_USAGE, "--floor: '%s' is not a number of percent above 0", settings->floor);
    settings->compare.floor = log1p(percent / 100);
    return 0;
}

/* ---- which runs ---- */

/* One name alone, or none, is held against the baseline. */
static int find_runs(const struct settings *settings, struct run_references *references, struct run_reference *runs,
                     size_t *count, struct arena *arena, struct error *error)
{
    const struct option_list *names = &settings->runs;
    bool with_baseline = names->count < 2;
    int code = 0;
    *count = 0;
    if (with_baseline) {
        code = run_reference_find(references, STORE_BASELINE_TAG, arena, &runs[(*count)++], error);
        if (code == ERROR_USAGE)
            code = error_set(error, ERROR_USAGE,
                             "%s has no run with the tag " STORE_BASELINE_TAG
                             ": name two runs, or pin one with prony tag " STORE_BASELINE_TAG " RUN",
                             references->database);
    }
    if (code == 0 && names->count == 0)
        code = run_reference_find(references, "latest", arena, &runs[(*count)++], error);
    for (size_t i = 0; code == 0 && i < names->count; i++)
        code = run_reference_find(references, names->items[i], arena, &runs[(*count)++], error);
    return code;
}

/* ---- comparing ---- */

static const char *title_of(const struct run_reference *runs, size_t count, struct arena *arena)
{
    return count == 2 ? arena_format(arena, "%s against %s", runs[1].name, runs[0].name)
                      : arena_format(arena, "%zu runs against %s", count - 1, runs[0].name);
}

/* A metric that nobody measured was misspelt, and a verdict without it would be taken for one about it. */
static int check_metrics(const struct settings *settings, const struct comparison *comparisons, size_t count,
                         struct error *error)
{
    for (size_t m = 0; m < settings->metrics.count; m++) {
        bool found =
            str_equal(settings->metrics.items[m], "real_time") || str_equal(settings->metrics.items[m], "cpu_time");
        bool shared = false;
        for (size_t c = 0; c < count; c++)
            for (size_t i = 0; i < comparisons[c].case_count; i++) {
                const struct compare_case *item = &comparisons[c].cases[i];
                shared = shared || (item->base && item->candidate);
                for (size_t k = 0; k < item->metric_count; k++)
                    found = found || str_equal(item->metrics[k].name, settings->metrics.items[m]);
            }
        if (shared && !found)
            return error_set(error, ERROR_STATE, "no case has the metric %s on both sides", settings->metrics.items[m]);
    }
    return 0;
}

static int compare_all(const struct settings *settings, const struct run_reference *runs, size_t count,
                       struct judging *judging, int *status, struct error *error)
{
    struct arena *arena = judging->arena;
    struct comparison *comparisons = arena_array(arena, count, sizeof *comparisons);
    int code = judgement_calibrate(judging, runs[1].store, runs[1].row.fingerprint, error);
    for (size_t i = 1; code == 0 && i < count; i++)
        code = compare_runs_across(&comparisons[i - 1], runs[0].store, &runs[0].row, runs[i].store, &runs[i].row,
                                   runs[0].name, runs[i].name, &settings->compare, arena, error);
    if (code == 0)
        code = check_metrics(settings, comparisons, count - 1, error);
    if (code == 0)
        code =
            judgement_conclude(judging, title_of(runs, count, arena), comparisons, count - 1, NULL, 0, status, error);
    return code;
}

static int compare(struct settings *settings, struct arena *arena, int *status, struct error *error)
{
    if (settings->baseline)
        return error_set(error, ERROR_USAGE, "--baseline says what --by compares with; runs are named in their order");
    struct run_references references = { .database = settings->judgement.database };
    struct run_reference *runs = arena_array(arena, settings->runs.count + 2, sizeof *runs);
    struct judging judging;
    size_t count = 0;
    settings->compare.filter = settings->judgement.filter;
    settings->compare.suite = settings->judgement.suite;
    settings->compare.metrics = settings->metrics.count ? settings->metrics.items : NULL;
    settings->compare.metric_count = settings->metrics.count;
    int code = parse_floor(settings, error);
    if (code == 0)
        code = judgement_prepare(&judging, &settings->judgement, arena, error);
    if (code == 0)
        code = find_runs(settings, &references, runs, &count, arena, error);
    if (code == 0)
        code = compare_all(settings, runs, count, &judging, status, error);
    run_references_release(&references);
    return code;
}

static int compare_one(const struct settings *settings, struct arena *arena, int *status, struct error *error)
{
    if (settings->runs.count > 1)
        return error_set(error, ERROR_USAGE, "--by looks at one run at a time, not %zu", settings->runs.count);
    return compare_by(&settings->judgement, settings->runs.count ? settings->runs.items[0] : "latest", settings->by,
                      settings->baseline, arena, status, error);
}

static int run(struct app *app, int argc, char **argv)
{
    struct settings settings = { .judgement.database = app->database_path };
    const struct option options[] = { JUDGEMENT_OPTIONS(&settings.judgement),
                                      { "by", 0, OPTION_TEXT, &settings.by },
                                      { "baseline", 0, OPTION_TEXT, &settings.baseline },
                                      { "floor", 0, OPTION_TEXT, &settings.floor },
                                      { "metric", 'm', OPTION_LIST, &settings.metrics } };
    struct arena arena = { 0 };
    struct error error;
    int status = EXIT_OK;
    int code = options_parse(options, sizeof options / sizeof options[0], argc, argv, &settings.runs, &error);
    if (code == 0)
        code =
            settings.by ? compare_one(&settings, &arena, &status, &error) : compare(&settings, &arena, &status, &error);
    judgement_release(&settings.judgement);
    free(settings.metrics.items);
    free(settings.runs.items);
    arena_release(&arena);
    return code == 0 ? status : command_fail(&cmd_compare, &error);
}

const struct command cmd_compare = {
    .name = "compare",
    .synopsis = "prony compare [BASE] CANDIDATE [CANDIDATE ...] [OPTIONS]\n"
                "       prony compare [RUN] --by DIMENSION [--baseline VALUE] [OPTIONS]",
    .summary = "Say what changed between stored runs, or files of other tools",
    .help =
        "  BASE, CANDIDATE      runs: a number, latest, latest~1, the start of a uuid, a tag, a branch, a commit (also\n"
        "                       branch:NAME, commit:HASH), other.db:RUN, or a file that prony import reads. One run\n"
        "                       alone is held against the tag baseline\n"
        "  --by DIMENSION       the cases of one run (default: latest) that differ in one thing, side by side: engine,\n"
        "                       suite, format, threads, batch, model, isa, or any key of names (ctx, tokens, rows):\n"
        "                       speed-up, phases, memory, output; text, markdown and json\n"
        "  --baseline VALUE     which of them is 1 (default: the first; of isa: scalar)\n"
        "  --floor PERCENT      smaller changes do not matter (at least 1; 3 where runs are not interleaved)\n"
        "  --metric NAME        besides time, judge this metric only; repeatable (default: all that both sides have)\n" JUDGEMENT_HELP
        "\n"
        "Stored runs were not interleaved, so whatever drifted in between counts as change: floors are wider, and it says\n"
        "so. The two sides of a prony ab are compared pair by pair, as they were measured. Other output than the base's is\n"
        "worse than slow. Too few samples are undecided, never equal: then instruction counts decide where both runs have\n"
        "them (prony run --counters=callgrind).\n"
        "\n"
        "examples:\n"
        "  prony compare latest~1 latest\n"
        "  prony compare main my-branch --filter '^decode/'\n"
        "  prony compare baseline 12 13 --format markdown -o report.md\n"
        "  prony compare before.json after.json\n"
        "  prony compare latest --by threads\n"
        "  prony compare 12 --by format --baseline q8_0 --suite generate --format markdown -o formats.md\n"
        "  prony compare nightly.db:latest latest --suite kernels\n"
        "\n"
        "exit status: 0 nothing regressed, 1 regressed or other output, 2 nothing to compare, 3 undecided\n",
    .run = run,
};
