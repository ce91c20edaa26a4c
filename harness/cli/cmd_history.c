/* cmd_history.c: `prony history`: how a case went over all runs, and where it took a step. */
#include "harness/base/arena.h"
#include "harness/base/clock.h"
#include "harness/base/file.h"
#include "harness/base/log.h"
#include "harness/base/str.h"
#include "harness/cli/command.h"
#include "harness/run/git.h"
#include "harness/base/near.h"
#include "harness/judge/history.h"
#include "reports/chart.h"
#include "reports/history_report.h"
#include <errno.h>
#include <regex.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { CHART_HEIGHT = 340, GIT_LIMIT = 500 };

#define DEFAULT_ACKNOWLEDGED "ci/acknowledged"

struct settings {
    const char *database, *name, *filter, *suite, *format, *output, *acknowledged;
    int limit;
    struct history_options history;
};

struct work {
    struct settings settings;
    struct store *store;
    struct arena arena;
    struct gate_acknowledgements acknowledgements;
    struct store_case *cases; /* those that were asked for */
    size_t case_count;
    struct history *histories;
    size_t count;
};

static int parse(struct settings *settings, int argc, char **argv, struct error *error)
{
    const struct option options[] = {
        { "db", 0, OPTION_TEXT, &settings->database },
        { "filter", 'f', OPTION_REGEX, &settings->filter },
        { "suite", 0, OPTION_TEXT, &settings->suite },
        { "metric", 'm', OPTION_TEXT, &settings->history.metric },
        { "branch", 'b', OPTION_TEXT, &settings->history.branch },
        { "machine", 0, OPTION_TEXT, &settings->history.machine },
        { "all", 0, OPTION_FLAG, &settings->history.with_sides },
        { "limit", 'n', OPTION_COUNT, &settings->limit },
        { "acknowledged", 0, OPTION_TEXT, &settings->acknowledged },
        { "format", 'F', OPTION_TEXT, &settings->format },
        { "output", 'o', OPTION_TEXT, &settings->output },
    };
    struct option_list rest = { 0 };
    int code = options_parse(options, sizeof options / sizeof options[0], argc, argv, &rest, error);
    if (!code && rest.count > 1)
        code = error_set(error, ERROR_USAGE, "one CASE at a time, but there is also '%s'; --filter takes several",
                         rest.items[1]);
    if (!code && rest.count == 1 && settings->filter)
        code = error_set(error, ERROR_USAGE, "a CASE and --filter exclude each other");
    if (!code && rest.count == 1)
        settings->name = rest.items[0];
    settings->history.limit = (size_t)settings->limit;
    free(rest.items);
    return code;
}

/* ---- which cases ---- */

static int no_such_case(struct work *work, const struct store_case *all, size_t count, struct error *error)
{
    const struct settings *settings = &work->settings;
    if (count == 0)
        return error_set(error, ERROR_STATE, "%s holds no measurement yet: prony run", settings->database);
    if (!settings->name)
        return error_set(error, ERROR_STATE, "no case matches%s%s%s%s", settings->suite ? " --suite " : "",
                         settings->suite ? settings->suite : "", settings->filter ? " --filter " : "",
                         settings->filter ? settings->filter : "");
    const char **names = arena_array(&work->arena, count, sizeof *names);
    for (size_t i = 0; i < count; i++)
        names[i] = all[i].name;
    return error_set(error, ERROR_STATE, "no case is called '%s'%s", settings->name,
                     near_names(settings->name, names, count, &work->arena));
}

static int choose_cases(struct work *work, struct error *error)
{
    const struct settings *settings = &work->settings;
    struct store_case *all;
    size_t count;
    int code = store_case_names(work->store, &work->arena, &all, &count, error);
    if (code)
        return code;
    regex_t regex;
    bool filtered = settings->filter && regcomp(&regex, settings->filter, REG_EXTENDED | REG_NOSUB) == 0;
    work->cases = arena_array(&work->arena, count + 1, sizeof *work->cases);
    for (size_t i = 0; i < count; i++) {
        bool wanted = (!settings->name || str_equal(settings->name, all[i].name)) &&
                      (!settings->suite || str_equal(settings->suite, all[i].suite)) &&
                      (!filtered || regexec(&regex, all[i].name, 0, NULL, 0) == 0);
        if (wanted)
            work->cases[work->case_count++] = all[i];
    }
    if (filtered)
        regfree(&regex);
    return work->case_count ? 0 : no_such_case(work, all, count, error);
}

/* ---- what they did ---- */

/* Number of commits between the two; 0 if git is not there or does not know them. */
static int count_commits(struct work *work, const struct history_change *change)
{
    const char *before = change->commit_before, *after = change->commit_after, *answer;
    int64_t count;
    if (!before || !*before || !after || !*after || str_equal(before, after))
        return 0;
    const char *range = arena_format(&work->arena, "%s..%s", before, after);
    const char *const words[] = { "rev-list", "--count", "--end-of-options", range, "--", NULL };
    if (git_run(".", words, -1, &work->arena, &answer, NULL) || !str_parse_i64(answer, &count) || count > INT32_MAX)
        return 0;
    return (int)count;
}

static void ask_git(struct work *work)
{
    size_t asked = 0;
    for (size_t i = 0; i < work->count; i++)
        for (size_t c = 0; c < work->histories[i].change_count && asked < GIT_LIMIT; c++, asked++)
            work->histories[i].changes[c].commit_count = count_commits(work, &work->histories[i].changes[c]);
}

static int compare_regressions(const void *a, const void *b)
{
    double x = history_regression(a), y = history_regression(b);
    return (x < y) - (x > y);
}

/* Without a case: those whose newest step is for the worse, the worst first. */
static void keep_regressions(struct work *work)
{
    size_t kept = 0;
    for (size_t i = 0; i < work->count; i++)
        if (history_regression(&work->histories[i]) > 0)
            work->histories[kept++] = work->histories[i];
    work->count = kept;
    if (kept)
        qsort(work->histories, kept, sizeof *work->histories, compare_regressions);
}

static bool is_overview(const struct settings *settings)
{
    return !settings->name && !settings->filter;
}

/* Nothing to show: because of what was asked for, or because there is nothing but comparisons. */
static int no_points(const struct work *work, struct error *error)
{
    const struct history_options *asked = &work->settings.history;
    size_t sides = 0;
    for (size_t i = 0; i < work->count; i++)
        sides += work->histories[i].sides;
    if (sides && !asked->metric && !asked->machine)
        return error_set(
            error, ERROR_STATE,
            "only prony ab or calibrate measured %s%s%s: --all takes their runs in, prony run makes others",
            work->settings.name ? work->settings.name : "these cases", asked->branch ? " on branch " : "",
            asked->branch ? asked->branch : "");
    if (!asked->metric && !asked->branch && !asked->machine)
        return 0;
    return error_set(error, ERROR_STATE, "no run%s%s%s%s has %s of %s", asked->branch ? " of branch " : "",
                     asked->branch ? asked->branch : "", asked->machine ? " of machine " : "",
                     asked->machine ? asked->machine : "", work->histories[0].metric,
                     work->settings.name ? work->settings.name : "these cases");
}

static int load(struct work *work, struct error *error)
{
    struct settings *settings = &work->settings;
    if (settings->history.machine) {
        int code =
            store_machine_find(work->store, settings->history.machine, &work->arena, &settings->history.machine, error);
        if (code)
            return code;
    }
    work->histories = arena_array(&work->arena, work->case_count, sizeof *work->histories);
    size_t with_points = 0;
    int64_t now_ns = clock_utc_ns();
    for (size_t i = 0; i < work->case_count; i++) {
        struct history *history = &work->histories[work->count++];
        int code = history_load(history, work->store, work->cases[i].suite, work->cases[i].name, &settings->history,
                                &work->arena, error);
        if (code)
            return code;
        history_acknowledge(history, &work->acknowledgements, now_ns, &work->arena);
        with_points += history->count > 0;
    }
    int code = with_points ? 0 : no_points(work, error);
    if (code)
        return code;
    if (is_overview(settings))
        keep_regressions(work);
    ask_git(work);
    return 0;
}

/* ---- documents ---- */

static int deliver(const struct settings *settings, const char *bytes, size_t length, struct error *error)
{
    if (!settings->output || str_equal(settings->output, "-")) {
        fwrite(bytes, 1, length, stdout); /* main checks stdout */
        return 0;
    }
    int code = file_write(settings->output, bytes, length, error);
    if (!code)
        printf("%s\n", settings->output);
    return code;
}

/* The picture is drawn in a directory of its own, of which only it is kept. */
static int draw(struct work *work, const char *ending, struct error *error)
{
    const char *base = getenv("TMPDIR"), *gnuplot = getenv("PRONY_GNUPLOT");
    char *directory = arena_format(&work->arena, "%s/prony-trend-XXXXXX", base && *base ? base : "/tmp"), *bytes;
    size_t length;
    if (!mkdtemp(directory))
        return error_system(error, errno, "%s", directory);
    struct view view = { .arena = &work->arena };
    struct chart chart;
    struct chart_job job = { .id = "trend",
                             .title = work->histories[0].name,
                             .prepare = chart_trend,
                             .wide = true,
                             .heights = { CHART_HEIGHT, 0 },
                             .subject = &work->histories[0] };
    int code = chart_save_jobs(&view, &job, 1, gnuplot && *gnuplot ? gnuplot : "gnuplot", directory, &chart, error);
    if (!code && chart.reason)
        code = error_set(error, ERROR_STATE, "%s: %s", work->histories[0].name, chart.reason);
    if (!code)
        code = file_read(arena_format(&work->arena, "%s/trend%s", directory, ending), &bytes, &length, error);
    if (!code) {
        code = deliver(&work->settings, bytes, length, error);
        free(bytes);
    }
    static const char *const files[] = { "trend.png", "trend.svg", "trend.gp", "trend.tsv", "trend.text.tsv" };
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++)
        unlink(arena_format(&work->arena, "%s/%s", directory, files[i]));
    rmdir(directory);
    return code;
}

static bool is_picture(const struct settings *settings, const char **ending)
{
    const char *name = settings->format ? settings->format : settings->output ? settings->output : "";
    *ending = str_ends(name, "png") ? ".png" : ".svg";
    return settings->format ? str_equal(name, "png") || str_equal(name, "svg")
                            : str_ends(name, ".png") || str_ends(name, ".svg");
}

static int check_format(const struct settings *settings, struct error *error)
{
    const char *ending;
    if (is_picture(settings, &ending)) {
        if (is_overview(settings))
            return error_set(error, ERROR_USAGE, "a picture shows one CASE: name it");
        return settings->output ? 0 : error_set(error, ERROR_USAGE, "a picture needs -o FILE");
    }
    if (settings->format && !history_format_find(settings->format))
        return error_set(error, ERROR_USAGE, "--format %s: there is only text, markdown, json, csv, png, svg",
                         settings->format);
    return 0;
}

static int write_document(struct work *work, struct error *error)
{
    const struct settings *settings = &work->settings;
    const char *ending;
    if (is_picture(settings, &ending)) {
        if (work->count != 1)
            return error_set(error, ERROR_USAGE, "a picture shows one case, but %zu match", work->count);
        return draw(work, ending, error);
    }
    const struct history_format *format = history_format_find(settings->format ? settings->format : "text");
    if (!settings->format && settings->output && history_format_of_path(settings->output))
        format = history_format_of_path(settings->output);
    struct history_report report = { .histories = work->histories, .count = work->count };
    if (is_overview(settings))
        report.title =
            work->count
                ? arena_format(&work->arena, "%zu of %zu cases took their newest step for the worse:", work->count,
                               work->case_count)
                : arena_format(&work->arena, "no case of %zu took its newest step for the worse", work->case_count);
    struct str out = { 0 };
    format->write(&report, &out);
    int code = deliver(settings, str_text(&out), out.length, error);
    str_release(&out);
    return code;
}

static int run(struct app *app, int argc, char **argv)
{
    struct work work = { .settings = { .database = app->database_path } };
    struct error error;
    int code = parse(&work.settings, argc, argv, &error);
    if (!code)
        code = check_format(&work.settings, &error);
    if (!code && !work.settings.acknowledged && file_exists(DEFAULT_ACKNOWLEDGED))
        work.settings.acknowledged = DEFAULT_ACKNOWLEDGED;
    if (!code && work.settings.acknowledged)
        code = gate_acknowledgements_load(&work.acknowledgements, work.settings.acknowledged, &work.arena, &error);
    if (!code)
        code = store_open(&work.store, work.settings.database, true, &error);
    if (!code)
        code = choose_cases(&work, &error);
    if (!code)
        code = load(&work, &error);
    if (!code)
        code = write_document(&work, &error);
    store_close(work.store);
    arena_release(&work.arena);
    return code ? command_fail(&cmd_history, &error) : EXIT_OK;
}

const struct command cmd_history = {
    .name = "history",
    .synopsis = "prony history [CASE | --filter RE] [OPTIONS]",
    .summary = "Show how cases went over all runs, and where they took a step",
    .help =
        "  CASE                 the full name of a case; without one: all cases whose newest step is for the worse,\n"
        "                       the worst first\n"
        "  -f, --filter RE      all cases whose name matches this POSIX extended regular expression\n"
        "  --suite NAME         only cases of this suite\n"
        "  --metric M           real_time (default), cpu_time, or the name of a metric: tokens_per_second\n"
        "  -b, --branch B       only runs of this branch\n"
        "  -n, --limit N        only the newest N runs\n"
        "  --all                runs that prony ab and calibrate measured, too; without it only those with a tag\n"
        "  --machine FP         runs of the machine with this fingerprint (default: that of the newest run)\n"
        "  --acknowledged FILE  steps for which somebody answers (docs/FORMATS.md); default: ci/acknowledged, if there\n"
        "  -F, --format F       text (default), markdown, json, csv; png, svg: the trend as a picture\n"
        "  -o, --output FILE    write to FILE; its ending chooses the format\n"
        "  --db FILE            database (default: $PRONY_DB, else prony.db)\n"
        "\n"
        "A step is where the level changed for good, not a wild run: docs/METHOD.md says how it is found and how often\n"
        "that is wrong. The noise is that between steps, and a step begins a new level to compare with. Commits are\n"
        "those between the runs before and after; git is asked for their number in the current directory. Where kernel,\n"
        "libc or settings of the machine changed, that is marked: it may be the reason for a step.\n"
        "\n"
        "examples:\n"
        "  prony history\n"
        "  prony history decode/qwen2.5-0.5b/q8_0/ctx:512/threads:2 --metric tokens_per_second\n"
        "  prony history --filter '^matmul/' --branch main --format json | jq '.histories[].changes'\n"
        "  prony history matmul/q4_0/avx2 -o trend.png\n"
        "\n"
        "exit status: 0, or 2 if there is no such case, database or picture\n",
    .run = run,
};
