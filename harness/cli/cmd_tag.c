/* cmd_tag.c: `prony tag`: names for runs. The tag "baseline" is what compare and gate hold a run against. */
#include "harness/base/clock.h"
#include "harness/base/file.h"
#include "harness/base/log.h"
#include "harness/cli/command.h"
#include "harness/store/store.h"
#include "reports/escape.h"
#include <stdio.h>
#include <stdlib.h>

struct settings {
    const char *database, *note, *remove;
    struct option_list words;
};

static int list_tags(const struct settings *settings, struct arena *arena, struct error *error)
{
    struct store *store = NULL;
    struct store_tag *tags;
    size_t count;
    int code = store_open(&store, settings->database, true, error);
    if (!code)
        code = store_tags(store, arena, &tags, &count, error);
    if (!code && count)
        printf("%-20s  %5s  %-20s  %s\n", "tag", "run", "set", "note");
    else if (!code)
        log_info("%s has no tags yet; prony tag baseline latest pins a baseline", settings->database);
    for (size_t i = 0; !code && i < count; i++) {
        char set[32];
        struct str note = { 0 };
        escape_plain(&note, tags[i].note ? tags[i].note : "");
        printf("%-20s  %5lld  %-20s  %s\n", tags[i].name, (long long)tags[i].run_id,
               clock_format_utc(set, tags[i].created_ns), str_text(&note));
        str_release(&note);
    }
    store_close(store);
    return code;
}

/* Opening for writing would create what is not there. */
static int open_existing(struct store **store, const char *path, struct error *error)
{
    if (!file_exists(path))
        return error_set(error, ERROR_IO, "%s: there is no such database; prony run makes one", path);
    return store_open(store, path, false, error);
}

static int set_tag(const struct settings *settings, struct arena *arena, struct error *error)
{
    struct store *store = NULL;
    struct store_run_row run;
    const char *name = settings->words.items[0];
    int code = open_existing(&store, settings->database, error);
    if (!code)
        code = store_run_find(store, settings->words.count > 1 ? settings->words.items[1] : NULL, arena, &run, error);
    if (!code)
        code = store_tag_set(store, name, run.id, settings->note, error);
    if (!code)
        printf("%s is run %lld\n", name, (long long)run.id);
    store_close(store);
    return code;
}

static int remove_tag(const struct settings *settings, struct error *error)
{
    struct store *store = NULL;
    int code = open_existing(&store, settings->database, error);
    if (!code)
        code = store_tag_remove(store, settings->remove, error);
    store_close(store);
    return code;
}

static int check_words(const struct settings *settings, struct error *error)
{
    if (settings->remove && (settings->words.count || settings->note))
        return error_set(error, ERROR_USAGE, "--delete takes one tag and nothing else");
    if (settings->words.count > 2)
        return error_set(error, ERROR_USAGE, "one tag and one run, but there is also '%s'", settings->words.items[2]);
    if (settings->note && !settings->words.count)
        return error_set(error, ERROR_USAGE, "--note needs a tag");
    return 0;
}

static int run(struct app *app, int argc, char **argv)
{
    struct settings settings = { .database = app->database_path };
    const struct option options[] = { { "db", 0, OPTION_TEXT, &settings.database },
                                      { "note", 0, OPTION_TEXT, &settings.note },
                                      { "delete", 'd', OPTION_TEXT, &settings.remove } };
    struct arena arena = { 0 };
    struct error error;
    int code = options_parse(options, sizeof options / sizeof options[0], argc, argv, &settings.words, &error);
    if (!code)
        code = check_words(&settings, &error);
    if (!code)
        code = settings.remove        ? remove_tag(&settings, &error)
               : settings.words.count ? set_tag(&settings, &arena, &error)
                                      : list_tags(&settings, &arena, &error);
    arena_release(&arena);
    free(settings.words.items);
    return code ? command_fail(&cmd_tag, &error) : EXIT_OK;
}

const struct command cmd_tag = {
    .name = "tag",
    .synopsis = "prony tag [NAME [RUN]] [--note TEXT] | prony tag --delete NAME",
    .summary = "Name a run, or pin it as the baseline that others are held against",
    .help = "  NAME               the tag; a tag that exists moves. Without NAME all tags are listed\n"
            "  RUN                number, latest (the default), latest~1, start of a uuid, another tag, branch:NAME,\n"
            "                     commit:PREFIX\n"
            "  --note TEXT        why; kept with the tag\n"
            "  -d, --delete NAME  take a tag away; its run stays\n"
            "  --db FILE          database (default: $PRONY_DB, else prony.db)\n"
            "\n"
            "The tag `baseline` is the pinned baseline: compare and gate use it where nobody says against what.\n"
            "Everything that takes a RUN takes a tag.\n"
            "\n"
            "examples:\n"
            "  prony tag baseline latest --note \"release 1.4\"\n"
            "  prony tag before-simd 12\n"
            "  prony show before-simd\n"
            "  prony tag --delete before-simd\n"
            "\n"
            "exit status: 0, or 2 if there is no such run, tag or database, or it cannot be written\n",
    .run = run,
};
