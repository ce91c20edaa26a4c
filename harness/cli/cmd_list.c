/* cmd_list.c: `prony list`: runs in the database, shipped plans, or the cases of a plan. */
#include "harness/cli/command.h"
#include "harness/cli/summary.h"
#include "harness/base/clock.h"
#include "harness/base/file.h"
#include "harness/base/log.h"
#include "harness/base/str.h"
#include "harness/run/runner.h"
#include <stdlib.h>
#include <string.h>

static int list_runs(const char *database, int limit, struct error *error)
{
    struct store *store;
    struct arena arena = { 0 };
    struct store_run_row *runs;
    struct store_tag *tags;
    struct str names = { 0 };
    size_t count, tag_count;
    int code = store_open(&store, database, true, error);
    if (code != 0)
        return code;
    code = store_runs(store, (size_t)limit, &arena, &runs, &count, error);
    if (code == 0)
        code = store_tags(store, &arena, &tags, &tag_count, error);
    if (code == 0 && count)
        printf("%5s  %-20s  %-12s  %-11s  %8s  %5s  %7s  %6s  %s\n", "run", "started", "plan", "status", "took",
               "cases", "samples", "failed", "commit");
    else if (code == 0)
        log_info("%s holds no runs yet", database);
    for (size_t i = 0; code == 0 && i < count; i++) {
        char started[32], commit[80], took[32];
        str_clear(&names);
        summary_append_tags(&names, tags, tag_count, runs[i].id);
        printf("%5lld  %-20s  %-12.12s  %-11s  %8s  %5zu  %7zu  %6zu  %s%s\n", (long long)runs[i].id,
               clock_format_utc(started, runs[i].started_ns), runs[i].plan, summary_status(&runs[i]),
               summary_format_duration(took, sizeof took, &runs[i]), runs[i].case_count, runs[i].sample_count,
               runs[i].failure_count, summary_format_commit(commit, sizeof commit, &runs[i]), str_text(&names));
    }
    str_release(&names);
    arena_release(&arena);
    store_close(store);
    return code;
}

/* The first comment line of a plan says what it is for. */
static void print_plan(const char *path)
{
    char *text;
    size_t size;
    const char *slash = strrchr(path, '/');
    const char *name = slash ? slash + 1 : path;
    if (file_read(path, &text, &size, NULL) != 0)
        return;
    const char *comment = text[0] == '#' ? text + 1 + strspn(text + 1, " ") : "";
    printf("%-12.*s  %.*s\n", (int)(strlen(name) - strlen(".plan")), name, (int)strcspn(comment, "\n"), comment);
    free(text);
}

static int list_plans(struct error *error)
{
    struct arena arena = { 0 };
    struct plan_strings paths = { 0 };
    plan_list_shipped(&arena, &paths);
    for (size_t i = 0; i < paths.count; i++)
        print_plan(paths.items[i]);
    int code = paths.count ? 0 : error_set(error, ERROR_STATE, "no plans were found near the program");
    free(paths.items);
    arena_release(&arena);
    return code;
}

static int list_cases(const char *word, struct error *error)
{
    char *path;
    int code = plan_find(word, &path, error);
    if (code != 0)
        return code;
    struct runner runner;
    struct runner_options options = { .plan_path = path };
    code = runner_prepare(&runner, &options, error);
    if (code == 0) {
        size_t total = 0;
        for (size_t i = 0; i < runner.suite_count; i++) {
            const struct runner_suite *suite = &runner.suites[i];
            for (size_t k = 0; k < suite->case_count; k++)
                printf("%s  %s\n", suite->section->name, suite->cases[k]);
            if (suite->failure)
                runner_warn(suite);
            total += suite->case_count;
        }
        if (total == 0)
            code = error_set(error, ERROR_STATE, "%s: no suite has a case", path);
        runner_release(&runner);
    }
    free(path);
    return code;
}

static int run(struct app *app, int argc, char **argv)
{
    const char *database = app->database_path, *cases = NULL;
    bool plans = false;
    int limit = 0;
    const struct option options[] = { { "db", 0, OPTION_TEXT, &database },
                                      { "cases", 0, OPTION_TEXT, &cases },
                                      { "plans", 0, OPTION_FLAG, &plans },
                                      { "limit", 'n', OPTION_COUNT, &limit } };
    struct option_list rest = { 0 };
    struct error error;
    int code = options_parse(options, sizeof options / sizeof options[0], argc, argv, &rest, &error);
    if (code == 0 && (rest.count > 1 || (rest.count == 1 && !str_equal(rest.items[0], "runs"))))
        code = error_set(&error, ERROR_USAGE, "'%s' is not something to list", rest.items[rest.count - 1]);
    if (code == 0 && plans)
        code = list_plans(&error);
    else if (code == 0 && cases)
        code = list_cases(cases, &error);
    else if (code == 0)
        code = list_runs(database, limit, &error);
    free(rest.items);
    return code == 0 ? EXIT_OK : command_fail(&cmd_list, &error);
}

const struct command cmd_list = {
    .name = "list",
    .synopsis = "prony list [runs] [--limit N] [--db FILE] | prony list --plans | prony list --cases PLAN",
    .summary = "List the runs of a database, the shipped plans, or the cases of a plan",
    .help = "  runs           runs, newest first (the default)\n"
            "  -n, --limit N  only the newest N\n"
            "  --plans        the plans that come with prony\n"
            "  --cases PLAN   what `prony run PLAN` would measure: suite and case\n"
            "  --db FILE      database (default: $PRONY_DB, else prony.db)\n"
            "\n"
            "examples:\n"
            "  prony list -n 5\n"
            "  prony list --cases quick\n"
            "\n"
            "exit status: 0, or 2 if there is nothing to list\n",
    .run = run,
};
