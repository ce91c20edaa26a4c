/* cmd_db.c: `prony db`: the database as a thing: merge, export, import, prune, check, vacuum, info. */
#include "harness/base/clock.h"
#include "harness/base/file.h"
#include "harness/base/log.h"
#include "harness/base/str.h"
#include "harness/cli/command.h"
#include "harness/run/export.h"
#include "harness/run/import.h"
#include "harness/run/summarize.h"
#include "harness/store/store.h"
#include <stdio.h>
#include <stdlib.h>

/* So far back nothing was measured, and nanoseconds still fit into their number. */
enum { MOST_DAYS = 100000 };

struct settings {
    const char *database, *format, *output, *before;
    int keep_days, keep_runs;
    bool dry_run;
    struct option_list words; /* the first is the action */
};

/* Opening for writing would create what is not there. */
static int open_existing(struct store **store, const char *path, struct error *error)
{
    if (!file_exists(path))
        return error_set(error, ERROR_IO, "%s: there is no such database (prony run makes one)", path);
    return store_open(store, path, false, error);
}

/* ---- merge, import ---- */

static int merge(const struct settings *settings, int *status, struct error *error)
{
    struct store *store;
    (void)status;
    if (settings->words.count < 2)
        return error_set(error, ERROR_USAGE, "which databases? (prony db merge OTHER...)");
    /* A name that is none leaves no empty database. */
    for (size_t i = 1; i < settings->words.count; i++) {
        int fault = store_open(&store, settings->words.items[i], true, error);
        if (fault != 0)
            return fault;
        store_close(store);
    }
    int code = store_open(&store, settings->database, false, error);
    for (size_t i = 1; code == 0 && i < settings->words.count; i++) {
        struct store_merge_result result;
        const char *path = settings->words.items[i];
        code = store_merge(store, path, &result, error);
        if (code != 0)
            break;
        printf("%s: %zu runs added, %zu were here, %zu comparisons, %zu tags\n", path, result.runs_added,
               result.runs_known, result.comparisons_added, result.tags_added);
        if (result.runs_differ)
            log_info("%s: %zu runs are in another state there (still running, or pruned); those here stay", path,
                     result.runs_differ);
        if (result.tags_differ)
            log_info("%s: %zu tags mean another run there; those here stay", path, result.tags_differ);
    }
    store_close(store);
    return code;
}

static int import(const struct settings *settings, int *status, struct error *error)
{
    struct store *store = NULL;
    const struct import_options options = { .format = "prony" };
    (void)status;
    if (settings->words.count < 2)
        return error_set(error, ERROR_USAGE, "which files? (prony db import FILE...; other tools': prony import)");
    int code = 0;
    for (size_t i = 1; code == 0 && i < settings->words.count; i++) {
        struct arena arena = { 0 };
        struct import_ids ids;
        struct import_input *input;
        code = import_open(&input, settings->words.items[i], &options, error);
        if (code == 0 && !store) /* a damaged file leaves no empty database */
            code = store_open(&store, settings->database, false, error);
        if (code == 0)
            code = import_write(input, store, &arena, &ids, error);
        if (code == 0)
            printf("%s: %zu runs, %zu were here\n", settings->words.items[i], ids.count, ids.known);
        import_close(input);
        arena_release(&arena);
    }
    store_close(store);
    return code;
}

/* ---- export ---- */

static int export(const struct settings *settings, int *status, struct error *error)
{
    struct store *store;
    struct store_run_row run = { 0 };
    struct arena arena = { 0 };
    (void)status;
    if (settings->words.count > 2)
        return error_set(error, ERROR_USAGE, "one run, or none for all of them");
    int code = store_open(&store, settings->database, true, error);
    if (code == 0 && settings->words.count == 2)
        code = store_run_find(store, settings->words.items[1], &arena, &run, error);
    if (code == 0)
        code = export_write(store, settings->database, run.id, settings->format ? settings->format : "json",
                            settings->output, error);
    store_close(store);
    arena_release(&arena);
    return code;
}

/* ---- prune ---- */

struct pruning {
    const struct settings *settings;
    int64_t before_ns;
    size_t pruned, tagged;
    uint64_t samples;
};

static bool is_tagged(const struct store_tag *tags, size_t count, int64_t run_id)
{
    for (size_t i = 0; i < count; i++)
        if (tags[i].run_id == run_id)
            return true;
    return false;
}

/* Only what every rule lets go. rank: 0 is the newest run. */
static bool lets_go(const struct pruning *pruning, const struct store_run_row *run, size_t rank)
{
    if (run->pruned_ns || str_equal(run->status, "running"))
        return false;
    if (pruning->settings->keep_runs && rank < (size_t)pruning->settings->keep_runs)
        return false;
    return !pruning->before_ns || run->started_ns < pruning->before_ns;
}

static int prune_runs(struct pruning *pruning, struct store *store, struct arena *arena, struct error *error)
{
    struct store_run_row *runs;
    struct store_tag *tags;
    size_t count, tag_count;
    int code = store_runs(store, 0, arena, &runs, &count, error);
    if (code == 0)
        code = store_tags(store, arena, &tags, &tag_count, error);
    for (size_t i = 0; code == 0 && i < count; i++) {
        char started[32];
        if (!lets_go(pruning, &runs[i], i))
            continue;
        if (is_tagged(tags, tag_count, runs[i].id)) {
            pruning->tagged++;
            continue;
        }
        pruning->pruned++;
        pruning->samples += runs[i].sample_count;
        if (pruning->settings->dry_run)
            printf("run %lld of %s, %zu samples, would be pruned\n", (long long)runs[i].id,
                   clock_format_utc(started, runs[i].started_ns), runs[i].sample_count);
        else
            code = summarize_prune(store, runs[i].id, error);
    }
    return code;
}

static int read_limits(struct pruning *pruning, struct error *error)
{
    const struct settings *settings = pruning->settings;
    if (!settings->keep_days && !settings->keep_runs && !settings->before)
        return error_set(error, ERROR_USAGE, "what may go? (--keep-days N, --keep-runs N or --before DATE)");
    if (settings->before && !import_parse_date(settings->before, &pruning->before_ns))
        return error_set(error, ERROR_USAGE, "'%s' is not a date (2026-11-21)", settings->before);
    if (settings->keep_days) {
        int64_t days = settings->keep_days < MOST_DAYS ? settings->keep_days : MOST_DAYS;
        int64_t limit = clock_utc_ns() - days * 86400 * 1000000000;
        if (!pruning->before_ns || limit < pruning->before_ns)
            pruning->before_ns = limit;
    }
    return 0;
}

static int prune(const struct settings *settings, int *status, struct error *error)
{
    struct pruning pruning = { .settings = settings };
    struct store *store = NULL;
    struct arena arena = { 0 };
    struct store_info before = { 0 }, after = { 0 };
    (void)status;
    int code = read_limits(&pruning, error);
    if (code == 0)
        code = open_existing(&store, settings->database, error);
    if (code == 0)
        code = store_info(store, &before, error);
    if (code == 0)
        code = prune_runs(&pruning, store, &arena, error);
    if (code == 0 && pruning.pruned && !settings->dry_run)
        code = store_drop_unused(store, error);
    if (code == 0)
        code = store_info(store, &after, error);
    if (code == 0) {
        char freed[32];
        printf("%zu runs %s, %llu samples; %zu tagged runs are kept", pruning.pruned,
               settings->dry_run ? "would be pruned" : "pruned", (unsigned long long)pruning.samples, pruning.tagged);
        if (settings->dry_run || !pruning.pruned)
            printf("\n");
        else
            printf("; %s are free for new runs (prony db vacuum gives them back)\n",
                   str_bytes(freed, sizeof freed, (double)(after.free_bytes - before.free_bytes)));
    }
    arena_release(&arena);
    store_close(store);
    return code;
}

/* ---- check, vacuum, info ---- */

static int check(const struct settings *settings, int *status, struct error *error)
{
    struct store *store;
    struct arena arena = { 0 };
    const char **problems;
    size_t count = 0;
    int code = store_open(&store, settings->database, true, error);
    if (code == 0)
        code = store_check(store, &arena, &problems, &count, error);
    for (size_t i = 0; code == 0 && i < count; i++)
        printf("%s\n", problems[i]);
    if (code == 0 && count == 0)
        printf("%s is sound\n", settings->database);
    *status = count ? EXIT_COULD_NOT_RUN : EXIT_OK;
    arena_release(&arena);
    store_close(store);
    return code;
}

static int vacuum(const struct settings *settings, int *status, struct error *error)
{
    struct store *store = NULL;
    int64_t before, after;
    char old[32], new[32];
    (void)status;
    int code = open_existing(&store, settings->database, error);
    if (code == 0)
        code = store_vacuum(store, &before, &after, error);
    if (code == 0)
        printf("%s: %s before, %s now\n", settings->database, str_bytes(old, sizeof old, (double)before),
               str_bytes(new, sizeof new, (double)after));
    store_close(store);
    return code;
}

static int info(const struct settings *settings, int *status, struct error *error)
{
    struct store *store;
    struct store_info info;
    char oldest[32], newest[32], size[32], unused[32];
    (void)status;
    int code = store_open(&store, settings->database, true, error);
    if (code == 0)
        code = store_info(store, &info, error);
    if (code == 0)
        printf("%s: schema %lld, %s, of these %s free\n", settings->database, (long long)info.schema,
               str_bytes(size, sizeof size, (double)info.size_bytes),
               str_bytes(unused, sizeof unused, (double)info.free_bytes));
    if (code == 0 && info.runs)
        printf("%lld runs (%lld pruned), %s to %s\n", (long long)info.runs, (long long)info.pruned_runs,
               clock_format_utc(oldest, info.oldest_ns), clock_format_utc(newest, info.newest_ns));
    if (code == 0)
        printf("%lld samples, %lld cases, %lld machines, %lld profiles, %lld comparisons, %lld tags\n",
               (long long)info.samples, (long long)info.cases, (long long)info.machines, (long long)info.profiles,
               (long long)info.comparisons, (long long)info.tags);
    store_close(store);
    return code;
}

static const struct {
    const char *name;
    int (*run)(const struct settings *settings, int *status, struct error *error);
    bool takes_words;
} actions[] = {
    { "merge", merge, true },  { "export", export, true },  { "import", import, true }, { "prune", prune, false },
    { "check", check, false }, { "vacuum", vacuum, false }, { "info", info, false },
};

static int run(struct app *app, int argc, char **argv)
{
    struct settings settings = { .database = app->database_path };
    const struct option options[] = {
        { "db", 0, OPTION_TEXT, &settings.database },          { "format", 'F', OPTION_TEXT, &settings.format },
        { "output", 'o', OPTION_TEXT, &settings.output },      { "before", 0, OPTION_TEXT, &settings.before },
        { "keep-days", 0, OPTION_COUNT, &settings.keep_days }, { "keep-runs", 0, OPTION_COUNT, &settings.keep_runs },
        { "dry-run", 'n', OPTION_FLAG, &settings.dry_run },
    };
    struct error error;
    int status = EXIT_OK;
    int code = options_parse(options, sizeof options / sizeof options[0], argc, argv, &settings.words, &error);
    const char *name = settings.words.count ? settings.words.items[0] : "";
    size_t action = 0, count = sizeof actions / sizeof actions[0];
    while (action < count && !str_equal(actions[action].name, name))
        action++;
    if (code == 0 && action == count)
        code = error_set(&error, ERROR_USAGE, "%s%s%s", *name ? "there is no action '" : "what is to be done?", name,
                         *name ? "'" : " (merge, export, import, prune, check, vacuum, info)");
    if (code == 0 && !actions[action].takes_words && settings.words.count > 1)
        code =
            error_set(&error, ERROR_USAGE, "%s takes no more words, but there is '%s' (--db FILE names the database)",
                      name, settings.words.items[1]);
    if (code == 0)
        code = actions[action].run(&settings, &status, &error);
    free(settings.words.items);
    return code == 0 ? status : command_fail(&cmd_db, &error);
}

const struct command cmd_db = {
    .name = "db",
    .synopsis = "prony db ACTION [ARGUMENTS] [OPTIONS]",
    .summary = "Merge, export, prune and check databases",
    .help = "  merge OTHER...       runs, comparisons and tags of other databases come into this one, by their\n"
            "                       identifiers: twice is once. What differs here stays, and is said\n"
            "  export [RUN]         everything, or one run with all that belongs to it\n"
            "      -F, --format F   json (default), sql, csv (a line a sample and metric), sqlite\n"
            "      -o, --output FILE\n"
            "                       write to FILE; sqlite needs one\n"
            "  import FILE...       what export wrote as json; results of other tools: prony import\n"
            "  prune                throw samples of old runs away and keep a summary of every case and metric;\n"
            "                       show, report, compare and history work on. Tagged runs stay whole\n"
            "      --keep-days N    keep those of the last N days\n"
            "      --keep-runs N    keep the newest N\n"
            "      --before DATE    only what is older; several rules: only what all of them let go\n"
            "      --dry-run        say what would go\n"
            "  check                is it sound?\n"
            "  vacuum               give back unused room (needs as much again while it works)\n"
            "  info                 how much of what is in it\n"
            "  --db FILE            database (default: $PRONY_DB, else prony.db)\n"
            "\n"
            "examples:\n"
            "  prony db merge nightly.db laptop.db\n"
            "  prony db export latest -o run.json && prony db import --db other.db run.json\n"
            "  prony db prune --keep-days 90 --keep-runs 200 && prony db vacuum\n"
            "\n"
            "exit status: 0 done, 2 could not be done, or the database is not sound\n",
    .run = run,
};
