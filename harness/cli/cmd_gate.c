/* cmd_gate.c: `prony gate`: may this run pass? Against a run, a stored A/B comparison, or the history of the machine.
 */
#include "harness/base/str.h"
#include "harness/cli/command.h"
#include "harness/cli/gate_night.h"
#include "harness/cli/gate_remeasure.h"
#include "harness/cli/gate_self_test.h"
#include "harness/cli/judgement.h"
#include <stdlib.h>

struct settings {
    struct judgement_settings judgement;
    const char *run, *against, *branch;
    bool ab, history, targets, self_test, confirm;
    struct gate_remeasure_options again;
};

struct work {
    struct settings settings;
    struct store *store;
    struct arena arena;
    struct judging judging;
    struct store_run_row run;
    struct gate_nights nights;
    struct comparison comparison;
    bool compared;
};

static int check_confirm(const struct settings *settings, int ways, struct error *error)
{
    const struct gate_remeasure_options *again = &settings->again;
    if (settings->confirm && ways > settings->history)
        return error_set(error, ERROR_USAGE, "--confirm is for --history");
    if (!settings->confirm && (again->budget_s > 0 || again->repository || again->models.count))
        return error_set(error, ERROR_USAGE, "--budget, --repository and --model are for --confirm");
    return 0;
}

static int parse(struct settings *settings, int argc, char **argv, struct error *error)
{
    const struct option options[] = {
        JUDGEMENT_OPTIONS(&settings->judgement),
        { "against", 0, OPTION_TEXT, &settings->against },
        { "branch", 'b', OPTION_TEXT, &settings->branch },
        { "ab", 0, OPTION_FLAG, &settings->ab },
        { "history", 0, OPTION_FLAG, &settings->history },
        { "targets", 0, OPTION_FLAG, &settings->targets },
        { "self-test", 0, OPTION_FLAG, &settings->self_test },
        { "confirm", 0, OPTION_FLAG, &settings->confirm },
        { "budget", 0, OPTION_DURATION, &settings->again.budget_s },
        { "repository", 0, OPTION_TEXT, &settings->again.repository },
        { "model", 'm', OPTION_LIST, &settings->again.models },
    };
    struct option_list rest = { 0 };
    int code = options_parse(options, sizeof options / sizeof options[0], argc, argv, &rest, error);
    if (!code && rest.count > 1)
        code = error_set(error, ERROR_USAGE, "one RUN at a time, but there is also '%s'", rest.items[1]);
    if (!code && rest.count == 1)
        settings->run = rest.items[0];
    free(rest.items);
    int ways = (settings->against != NULL) + settings->ab + settings->history + settings->targets + settings->self_test;
    if (!code && ways > 1)
        code =
            error_set(error, ERROR_USAGE, "--against, --ab, --history, --targets and --self-test exclude each other");
    if (!code && settings->run && (settings->ab || settings->self_test))
        code = error_set(error, ERROR_USAGE, "--%s takes no RUN", settings->ab ? "ab" : "self-test");
    if (!code && settings->branch && (ways > settings->history))
        code = error_set(error, ERROR_USAGE, "--branch is for --history");
    return code ? code : check_confirm(settings, ways, error);
}

/* ---- against a run ---- */

static int compare_with(struct work *work, const struct store_run_row *base, const char *base_name,
                        const char *candidate_name, bool history, struct error *error)
{
    const struct judgement_settings *settings = &work->settings.judgement;
    const struct compare_options options = { .suite = settings->suite, .filter = settings->filter, .history = history };
    int code = compare_runs(&work->comparison, work->store, base, &work->run, base_name, candidate_name, &options,
                            &work->arena, error);
    work->compared = code == 0;
    return code;
}

static const char *name_of(const struct work *work)
{
    return work->settings.run ? work->settings.run : "latest";
}

static int gate_against(struct work *work, const char *name, struct error *error)
{
    struct store_run_row base;
    int code = store_run_find(work->store, name, &work->arena, &base, error);
    if (!code && base.id == work->run.id)
        code = error_set(error, ERROR_STATE, "%s and %s are the same run (%lld): nothing to compare", name,
                         name_of(work), (long long)base.id);
    return code ? code : compare_with(work, &base, name, name_of(work), false, error);
}

/* ---- the last stored comparison ---- */

static int find_run(struct work *work, int64_t id, struct store_run_row *run, struct error *error)
{
    return store_run_find(work->store, arena_format(&work->arena, "%lld", (long long)id), &work->arena, run, error);
}

/* Which cases the budget or an interruption left without a turn: they did not pass. */
static const char *unreached_of(const struct store_run_row *run)
{
    for (size_t i = 0; i < run->environment_count; i++)
        if (str_equal(run->environment[i].name, COMPARE_UNREACHED_FACT))
            return run->environment[i].value;
    return NULL;
}

static int gate_ab(struct work *work, struct error *error)
{
    struct store_comparison *all;
    struct store_run_row base;
    size_t count;
    int code = store_comparisons(work->store, "ab", NULL, &work->arena, &all, &count, error);
    if (!code && count == 0)
        code = error_set(error, ERROR_STATE, "%s holds no A/B comparison; prony ab makes one",
                         work->settings.judgement.database);
    if (!code)
        code = find_run(work, all[0].base_run, &base, error);
    if (!code)
        code = find_run(work, all[0].candidate_run, &work->run, error);
    if (!code)
        work->judging.uncompared = unreached_of(&work->run);
    return code ? code : compare_with(work, &base, all[0].base_name, all[0].candidate_name, false, error);
}

/* ---- the history of the machine ---- */

static int has_baseline(struct work *work, bool *has, struct error *error)
{
    struct store_tag *tags;
    size_t count;
    int code = store_tags(work->store, &work->arena, &tags, &count, error);
    *has = false;
    for (size_t i = 0; !code && i < count; i++)
        *has |= str_equal(tags[i].name, STORE_BASELINE_TAG);
    return code;
}

static int gate_history(struct work *work, struct error *error)
{
    const char *branch = gate_night_branch(&work->run, work->settings.branch, work->judging.policy);
    const struct store_run_row *previous = gate_night_previous(&work->nights, &work->run, branch);
    if (!previous) {
        work->judging.uncompared = arena_format(
            &work->arena, "run %lld is the first of plan %s on this machine%s%s: nothing to compare with yet",
            (long long)work->run.id, work->run.plan, branch ? " and branch " : "", branch ? branch : "");
        return 0;
    }
    int code = compare_with(work, previous, branch ? arena_format(&work->arena, "history of %s", branch) : "history",
                            name_of(work), true, error);
    if (!code)
        code = gate_night_apply(&work->comparison, work->store, branch, work->judging.policy, &work->arena, error);
    if (!code && work->settings.confirm)
        gate_remeasure(&work->comparison, &work->judging, &work->settings.again);
    return code;
}

/* The run that is meant, and whether it is judged by its history, which is so unless something else was asked for, or
 * pinned. Nobody's night is the side of a comparison. */
static int find_night(struct work *work, bool *is_night, struct error *error)
{
    const struct settings *settings = &work->settings;
    bool pinned = false;
    int code = 0;
    *is_night = settings->history || settings->branch || settings->confirm;
    if (!*is_night && !settings->against && !settings->targets) {
        code = has_baseline(work, &pinned, error);
        *is_night = !pinned;
    }
    if (!code && *is_night)
        code = gate_night_load(&work->nights, work->store, &work->arena, error);
    if (code)
        return code;
    if (!*is_night || settings->run || work->nights.count == 0)
        return store_run_find(work->store, settings->run, &work->arena, &work->run, error);
    work->run = work->nights.runs[0];
    return 0;
}

/* ---- all ways ---- */

static int compare(struct work *work, struct error *error)
{
    const struct settings *settings = &work->settings;
    bool is_night;
    if (settings->ab)
        return gate_ab(work, error);
    int code = find_night(work, &is_night, error);
    if (code || settings->targets)
        return code;
    if (is_night)
        return gate_history(work, error);
    return gate_against(work, settings->against ? settings->against : STORE_BASELINE_TAG, error);
}

/* A run that did not end well has not measured what it was to. */
static int check_run(const struct work *work, struct error *error)
{
    const struct store_run_row *run = &work->run;
    if (run->sample_count == 0)
        return error_set(error, ERROR_STATE, "run %lld measured nothing (%s, %zu failure%s)", (long long)run->id,
                         run->status, run->failure_count, run->failure_count == 1 ? "" : "s");
    return 0;
}

static int judge(struct work *work, int *status, struct error *error)
{
    const struct judgement_settings *settings = &work->settings.judgement;
    struct store_case *cases = NULL;
    size_t count = 0;
    int code = store_open(&work->store, settings->database, true, error);
    if (!code)
        code = compare(work, error);
    if (!code)
        code = check_run(work, error);
    if (!code)
        code = judgement_calibrate(&work->judging, work->store, work->run.fingerprint, error);
    if (!code && !work->compared)
        code = store_cases(work->store, work->run.id, &work->arena, &cases, &count, error);
    if (code)
        return code;
    return judgement_conclude(&work->judging, arena_format(&work->arena, "Gate: run %lld", (long long)work->run.id),
                              &work->comparison, work->compared, cases, count, status, error);
}

static int run(struct app *app, int argc, char **argv)
{
    struct work work = { .settings = { .judgement = { .database = app->database_path } } };
    struct error error;
    int status = EXIT_OK;
    char *command = options_quote((size_t)app->argc, (const char *const *)(uintptr_t)app->argv);
    work.settings.again.command = command;
    int code = parse(&work.settings, argc, argv, &error);
    if (!code)
        code = judgement_prepare(&work.judging, &work.settings.judgement, &work.arena, &error);
    if (!code && work.settings.self_test)
        code = gate_self_test(&work.judging, &status, &error);
    else if (!code)
        code = judge(&work, &status, &error);
    store_close(work.store);
    judgement_release(&work.settings.judgement);
    free(work.settings.again.models.items);
    free(command);
    arena_release(&work.arena);
    return code ? command_fail(&cmd_gate, &error) : status;
}

const struct command cmd_gate = {
    .name = "gate",
    .synopsis = "prony gate [RUN] [--against RUN | --history [--confirm] | --ab | --targets | --self-test] [OPTIONS]",
    .summary = "Pass or fail: a run against a baseline, its history, and targets, by a policy",
    .help =
        "  RUN                  the run to judge: number, latest (the default), uuid, tag, branch:NAME, commit:PREFIX\n"
        "  --against RUN        compare with that run; default: the tag baseline (prony tag baseline RUN)\n"
        "  --history            compare with the earlier runs of its plan on this machine: what the night wants, and\n"
        "                       the default where no baseline is pinned\n"
        "  -b, --branch NAME    whose history; default: the policy's, else the run's own branch\n"
        "  --confirm            with --history: what stepped is measured again in turns, the last good commit against\n"
        "                       the run's, built as prony.conf says (see prony ab). Confirmed is regressed, equal\n"
        "                       passes with a note, undecided is 3; what cannot be measured stays as the history says\n"
        "  --budget T           of --confirm: time of measuring (default 15m)\n"
        "  --repository DIR     of --confirm: where the commits are (default: the repository we are in)\n"
        "  -m, --model F        of --confirm: model file for the suites, instead of $PRONY_MODELS; repeatable\n"
        "  --ab                 judge the newest prony ab again, with this policy\n"
        "  --self-test          does the gate fire? A suite is slowed down, measured against itself and judged; so is an\n"
        "                       unchanged copy. 0 if the first is regressed and the second is not, else 2. A minute\n"
        "  --targets            only what the policy says of values, not of changes\n" JUDGEMENT_HELP "\n"
        "Suites are judged first, then their cases. Against a history a step counts once three runs confirm it, for the\n"
        "7 runs (recent) in which it is news; one run that is beyond everything before is undecided. A pinned baseline\n"
        "accepts the steps before it.\n"
        "\n"
        "examples:\n"
        "  prony run nightly && prony gate --history --policy ci/nightly.policy\n"
        "  prony gate --history --confirm --budget 10m\n"
        "  prony tag baseline 12 && prony gate\n"
        "  prony gate latest --against branch:main --format markdown -o comment.md --format junit -o gate.xml\n"
        "  prony gate --targets --policy ci/nightly.policy\n"
        "  prony gate --self-test --policy ci/nightly.policy\n"
        "\n"
        "exit status: 0 pass, 1 regressed (also wrong output, failed or missing cases, missed targets),\n"
        "2 could not run, or nothing was judged, 3 undecided\n",
    .run = run,
};
