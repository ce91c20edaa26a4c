/* cmd_import.c: `prony import`: what other tools measured becomes runs of this database. */
#include "harness/cli/command.h"
#include "harness/base/log.h"
#include "harness/base/str.h"
#include "harness/run/import.h"
#include "harness/store/store.h"
#include <stdio.h>
#include <stdlib.h>

/* Which files could not be read is known at the end; the others are stored all the same. */
static int import_one(const struct command *command, struct store *store, const char *path,
                      const struct import_options *options)
{
    struct arena arena = { 0 };
    struct import_ids ids;
    struct error error;
    int code = import_file(store, path, options, &arena, &ids, &error);
    if (code != 0)
        command_fail(command, &error);
    for (size_t i = 0; code == 0 && i < ids.count; i++)
        if (ids.count <= 10 || i == 0 || i + 1 == ids.count)
            printf("%s%lld", i ? (ids.count > 10 ? " .. " : " ") : "run ", (long long)ids.ids[i]);
    if (code == 0)
        printf("  %s  %s, %zu new, %zu already there\n", path, ids.format, ids.count - ids.known, ids.known);
    arena_release(&arena);
    return code == 0 ? EXIT_OK : EXIT_COULD_NOT_RUN;
}

static int run(struct app *app, int argc, char **argv)
{
    const char *database = app->database_path;
    struct import_options import = { 0 };
    const struct option options[] = {
        { "db", 0, OPTION_TEXT, &database },          { "format", 'f', OPTION_TEXT, &import.format },
        { "branch", 0, OPTION_TEXT, &import.branch }, { "commit", 0, OPTION_TEXT, &import.commit },
        { "date", 0, OPTION_TEXT, &import.date },     { "machine", 0, OPTION_TEXT, &import.machine },
        { "suite", 0, OPTION_TEXT, &import.suite },
    };
    struct option_list files = { 0 };
    struct error error;
    struct store *store = NULL;
    int status = EXIT_OK;
    int code = options_parse(options, sizeof options / sizeof options[0], argc, argv, &files, &error);
    if (code == 0 && files.count == 0)
        code = error_set(&error, ERROR_USAGE, "which files? (prony import FILE...)");
    if (code == 0)
        code = store_open(&store, database, false, &error);
    if (code != 0)
        status = command_fail(&cmd_import, &error);
    for (size_t i = 0; code == 0 && i < files.count; i++)
        if (import_one(&cmd_import, store, files.items[i], &import) != EXIT_OK)
            status = EXIT_COULD_NOT_RUN;
    store_close(store);
    free(files.items);
    return status;
}

const struct command cmd_import = {
    .name = "import",
    .synopsis = "prony import FILE... [OPTIONS]",
    .summary = "Read what other tools measured into the database",
    .help = "  FILE                 one run, or a history of many; its content tells the format:\n"
            "                       gbench                   Google Benchmark JSON (--benchmark_out=FILE)\n"
            "                       llama-bench              llama-bench -o json, jsonl or sql\n"
            "                       gobench                  the text of go test -bench\n"
            "                       hyperfine                hyperfine --export-json\n"
            "                       criterion                target/criterion, or cargo criterion\n"
            "                                                --message-format=json\n"
            "                       pytest-benchmark         pytest --benchmark-json\n"
            "                       github-action-benchmark  its data.js: a history of many runs\n"
            "                       prony                    what prony db export wrote\n"
            "  -f, --format NAME    one of these, instead of what the content tells\n"
            "  --branch B, --commit C, --date D\n"
            "                       of the build and the run, where the file does not say so or is wrong\n"
            "  --machine NAME       where it was measured: only runs of one machine share a history; or the\n"
            "                       fingerprint of a machine of this database\n"
            "  --suite NAME         instead of the name in the file\n"
            "  --db FILE            database (default: $PRONY_DB, else prony.db)\n"
            "\n"
            "The same content twice is stored once. A damaged file is refused as a whole.\n"
            "\n"
            "examples:\n"
            "  prony import before.json after.json\n"
            "  prony import --branch main --machine ci-large data.js\n"
            "\n"
            "exit status: 0 all are there, 2 one could not be read\n",
    .run = run,
};
