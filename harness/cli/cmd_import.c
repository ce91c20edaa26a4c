/* cmd_import.c: `prony import`: what other tools measured becomes runs of this database. */
#include "harness/cli/command.h"
#include "harness/base/mem.h"
#include "harness/base/str.h"
#include "harness/run/import.h"
#include "harness/store/store.h"
#include <stdio.h>
#include <stdlib.h>

struct settings {
    const char *database;
    struct import_options options;
    struct option_list files;
    bool join;
    struct store *store; /* opened when there is something to store: a damaged file leaves no empty database */
};

static int store_input(struct settings *settings, struct import_input *input, const char *name, struct error *error)
{
    struct arena arena = { 0 };
    struct import_ids ids = { 0 };
    int code = settings->store ? 0 : store_open(&settings->store, settings->database, false, error);
    if (code == 0)
        code = import_write(input, settings->store, &arena, &ids, error);
    for (size_t i = 0; code == 0 && i < ids.count; i++)
        if (ids.count <= 10 || i == 0 || i + 1 == ids.count)
            printf("%s%lld", i ? (ids.count > 10 ? " .. " : " ") : "run ", (long long)ids.ids[i]);
    if (code == 0)
        printf("  %s  %s, %zu new, %zu already there\n", name, ids.format, ids.count - ids.known, ids.known);
    arena_release(&arena);
    return code;
}

/* Which files could not be read is known at the end; the others are stored all the same. */
static int import_each(struct settings *settings)
{
    int status = EXIT_OK;
    for (size_t i = 0; i < settings->files.count; i++) {
        struct import_input *input;
        struct error error;
        int code = import_open(&input, settings->files.items[i], &settings->options, &error);
        if (code == 0)
            code = store_input(settings, input, settings->files.items[i], &error);
        import_close(input);
        if (code != 0)
            status = command_fail(&cmd_import, &error);
    }
    return status;
}

/* All files or none. */
static int import_joined(struct settings *settings)
{
    size_t count = settings->files.count, opened = 0;
    struct import_input **inputs = mem_array(count, sizeof *inputs);
    struct error error;
    int code = 0;
    while (code == 0 && opened < count) {
        code = import_open(&inputs[opened], settings->files.items[opened], &settings->options, &error);
        if (code == 0 && opened++)
            code = import_join(inputs[0], inputs[opened - 1], &error);
    }
    char *name = count > 1 ? mem_format("%s and %zu more", settings->files.items[0], count - 1) : NULL;
    if (code == 0)
        code = store_input(settings, inputs[0], name ? name : settings->files.items[0], &error);
    free(name);
    while (opened)
        import_close(inputs[--opened]);
    free(inputs);
    return code == 0 ? EXIT_OK : command_fail(&cmd_import, &error);
}

static int run(struct app *app, int argc, char **argv)
{
    struct settings settings = { .database = app->database_path };
    struct import_options *import = &settings.options;
    const struct option options[] = {
        { "db", 0, OPTION_TEXT, &settings.database },  { "format", 'F', OPTION_TEXT, &import->format },
        { "branch", 0, OPTION_TEXT, &import->branch }, { "commit", 0, OPTION_TEXT, &import->commit },
        { "date", 0, OPTION_TEXT, &import->date },     { "machine", 0, OPTION_TEXT, &import->machine },
        { "suite", 0, OPTION_TEXT, &import->suite },   { "join", 0, OPTION_FLAG, &settings.join },
    };
    struct error error;
    int status;
    int code = options_parse(options, sizeof options / sizeof options[0], argc, argv, &settings.files, &error);
    if (code == 0 && settings.files.count == 0)
        code = error_set(&error, ERROR_USAGE, "which files? (prony import FILE...)");
    status = code != 0       ? command_fail(&cmd_import, &error)
             : settings.join ? import_joined(&settings)
                             : import_each(&settings);
    store_close(settings.store);
    free(settings.files.items);
    return status;
}

const struct command cmd_import = {
    .name = "import",
    .synopsis = "prony import FILE... [OPTIONS]",
    .summary = "Read what other tools measured into the database",
    .help =
        "  FILE                 one run, or a history of many (-: the standard input); its content tells the format:\n"
        "                       gbench                   Google Benchmark JSON (--benchmark_out=FILE)\n"
        "                       llama-bench              llama-bench -o json, jsonl, sql or csv\n"
        "                       gobench                  what go test -bench writes, with -json too\n"
        "                       hyperfine                hyperfine --export-json\n"
        "                       criterion                target/criterion, or cargo criterion\n"
        "                                                --message-format=json\n"
        "                       pytest-benchmark         pytest --benchmark-json\n"
        "                       github-action-benchmark  its data.js: a history of many runs\n"
        "                       prony                    what prony db export wrote\n"
        "  -F, --format NAME    one of these, instead of what the content tells\n"
        "  --branch B, --commit C, --date D\n"
        "                       of the build and the run, where the file does not say so or is wrong\n"
        "  --machine NAME       where it was measured: only runs of one machine share a history; or the\n"
        "                       fingerprint of a machine of this database\n"
        "  --suite NAME         instead of the name in the file\n"
        "  --join               all files are one run, a process each: what a tool measured in one process a call is\n"
        "                       compared over as many processes as there are files\n"
        "  --db FILE            database (default: $PRONY_DB, else prony.db)\n"
        "\n"
        "The same content twice is stored once. A damaged file is refused as a whole, and so is one\n"
        "of more than 256 MiB.\n"
        "\n"
        "examples:\n"
        "  prony import before.json after.json\n"
        "  prony import --branch main --machine ci-large data.js\n"
        "  prony import --join before-*.json && prony import --join after-*.json\n"
        "  go test -bench . -count 10 | prony import -\n"
        "\n"
        "exit status: 0 all are there, 2 one could not be read\n",
    .run = run,
};
