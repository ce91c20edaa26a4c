/* cmd_show.c: `prony show [RUN]`: one run as a text table. */
#include "harness/cli/command.h"
#include "harness/cli/summary.h"
#include <stdlib.h>

static int run(struct app *app, int argc, char **argv)
{
    const char *database = app->database_path;
    struct summary_options summary = { 0 };
    const struct option options[] = { { "filter", 'f', OPTION_REGEX, &summary.filter },
                                      { "threads", 0, OPTION_FLAG, &summary.threads },
                                      { "spans", 0, OPTION_FLAG, &summary.spans },
                                      { "json", 0, OPTION_FLAG, &summary.json },
                                      { "db", 0, OPTION_TEXT, &database } };
    struct option_list rest = { 0 };
    struct arena arena = { 0 };
    struct store *store = NULL;
    struct store_run_row row;
    struct error error;
    int code = options_parse(options, sizeof options / sizeof options[0], argc, argv, &rest, &error);
    if (code == 0 && rest.count > 1)
        code = error_set(&error, ERROR_USAGE, "one run at a time, not %zu", rest.count);
    if (code == 0)
        code = store_open(&store, database, true, &error);
    if (code == 0)
        code = store_run_find(store, rest.count ? rest.items[0] : NULL, &arena, &row, &error);
    if (code == 0)
        code = summary_print(stdout, store, &row, &summary, &error);
    store_close(store);
    arena_release(&arena);
    free(rest.items);
    return code == 0 ? EXIT_OK : command_fail(&cmd_show, &error);
}

const struct command cmd_show = {
    .name = "show",
    .synopsis = "prony show [RUN] [OPTIONS]",
    .summary = "Show a run as a text table",
    .help =
        "  RUN              its number, latest (the default), latest~1, or the start of its uuid\n"
        "  -f, --filter RE  only cases whose name matches this POSIX extended regular expression\n"
        "  --spans          where an iteration's time goes, operation by operation, and what is unexplained\n"
        "  --threads        what each thread adds to the counts\n"
        "  --json           everything, for programs\n"
        "  --db FILE        database (default: $PRONY_DB, else prony.db)\n"
        "\n"
        "Times first, then what the passes of the run gave: ~ is scaled from a part of the time, ≈ approximate; a dash\n"
        "could not be counted, and the notes below say why and what would help.\n"
        "\n"
        "examples:\n"
        "  prony show\n"
        "  prony show latest~1 --filter '^decode/'\n"
        "  prony show --spans --filter '^prefill/'\n"
        "  prony show --json | jq '.cases[].metrics.cycles'\n"
        "\n"
        "exit status: 0, or 2 if there is no such run or database\n",
    .run = run,
};
