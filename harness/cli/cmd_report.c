/* cmd_report.c: `prony report`: a run as text, Markdown, HTML or JSON, its charts as files, the database as a site. */
#include "harness/base/arena.h"
#include "harness/base/clock.h"
#include "harness/base/file.h"
#include "harness/base/log.h"
#include "harness/base/str.h"
#include "harness/cli/command.h"
#include "harness/judge/gate.h"
#include "reports/explain.h"
#include "reports/report.h"
#include "reports/run_charts.h"
#include "reports/site.h"
#include <stdio.h>
#include <stdlib.h>

struct settings {
    const char *database, *format, *output, *title, *run, *charts, *site, *policy, *filter;
    bool no_charts;
};

static int parse(struct settings *settings, int argc, char **argv, struct error *error)
{
    const struct option options[] = {
        { "db", 0, OPTION_TEXT, &settings->database },         { "format", 'F', OPTION_TEXT, &settings->format },
        { "output", 'o', OPTION_TEXT, &settings->output },     { "title", 0, OPTION_TEXT, &settings->title },
        { "no-charts", 0, OPTION_FLAG, &settings->no_charts }, { "charts", 0, OPTION_TEXT, &settings->charts },
        { "site", 0, OPTION_TEXT, &settings->site },           { "policy", 0, OPTION_TEXT, &settings->policy },
        { "filter", 'f', OPTION_REGEX, &settings->filter },
    };
    struct option_list rest = { 0 };
    int code = options_parse(options, sizeof options / sizeof options[0], argc, argv, &rest, error);
    if (!code && rest.count > 1)
        code = error_set(error, ERROR_USAGE, "one RUN at a time, but there is also '%s'", rest.items[1]);
    if (!code && rest.count == 1)
        settings->run = rest.items[0];
    if (!code && settings->site && (settings->charts || settings->format || settings->output))
        code = error_set(error, ERROR_USAGE, "--site goes with neither --charts nor --format nor --output");
    if (!code && settings->filter && !settings->charts)
        code = error_set(error, ERROR_USAGE, "--filter chooses the cases whose charts --charts writes");
    if (!code && settings->charts && (settings->format || settings->output))
        code = error_set(error, ERROR_USAGE, "--charts goes with neither --format nor --output");
    free(rest.items);
    return code;
}

/* The format that --format names, or that the ending of the output file tells, or text. */
static int choose_format(const struct settings *settings, const struct report_format **format, struct error *error)
{
    *format = report_format_find(settings->format ? settings->format : "text");
    for (size_t i = 0; !settings->format && settings->output && i < report_format_count; i++)
        if (str_ends(settings->output, report_formats[i].extension))
            *format = &report_formats[i];
    if (*format)
        return 0;
    struct str names = { 0 };
    for (size_t i = 0; i < report_format_count; i++)
        str_appendf(&names, "%s%s", i ? ", " : "", report_formats[i].name);
    int code = error_set(error, ERROR_USAGE, "--format %s: there is only %s", settings->format, str_text(&names));
    str_release(&names);
    return code;
}

/* stdout gets the report itself, or the path of the file that holds it. */
static int deliver(const struct settings *settings, const struct report_format *format, const struct view *view,
                   const struct str *report, struct error *error)
{
    const char *path = settings->output;
    if (!path && format->file_only)
        path = arena_format(view->arena, "prony-report-%lld%s", (long long)view->run.id, format->extension);
    if (!path || str_equal(path, "-")) {
        fwrite(report->data, 1, report->length, stdout); /* main checks stdout */
        return 0;
    }
    int code = file_write(path, report->data, report->length, error);
    if (!code)
        printf("%s\n", path);
    return code;
}

static struct report_options options_of(const struct settings *settings)
{
    const char *gnuplot = getenv("PRONY_GNUPLOT");
    return (struct report_options){
        .gnuplot = settings->no_charts   ? NULL
                   : gnuplot && *gnuplot ? gnuplot
                                         : "gnuplot",
        .now_ns = clock_utc_ns(),
    };
}

/* Prints the paths of the pictures. */
static int write_charts(const struct settings *settings, struct store *store, const struct view *view,
                        struct error *error)
{
    struct report_options options = options_of(settings);
    const struct chart *charts;
    size_t count, drawn = 0;
    if (!options.gnuplot)
        return error_set(error, ERROR_USAGE, "--charts and --no-charts exclude each other");
    int code =
        run_charts_save(store, view, settings->filter, options.gnuplot, settings->charts, &charts, &count, error);
    for (size_t i = 0; i < count && !code; i++)
        if (charts[i].reason)
            log_info("%s is not drawn: %s", charts[i].id, charts[i].reason);
        else {
            printf("%s/%s.png\n", settings->charts, charts[i].id);
            drawn++;
        }
    if (!code && drawn == 0)
        code = error_set(error, ERROR_UNSUPPORTED, "run %lld has no data for any chart", (long long)view->run.id);
    return code;
}

/* What the policy says of values: targets. */
static int judge_targets(const char *path, const struct view *view, struct gate *gate, struct error *error)
{
    const struct gate_policy *policy;
    int code = gate_policy_load(&policy, path, view->arena, error);
    if (code)
        return code;
    const struct gate_input input = { .policy = policy,
                                      .cases = view->case_count ? view->cases[0].source : NULL,
                                      .case_count = view->case_count,
                                      .now_ns = clock_utc_ns() };
    gate_judge(gate, &input, view->arena);
    return 0;
}

static int write_report(const struct settings *settings, struct store *store, struct arena *arena, struct error *error)
{
    const struct report_format *format;
    struct str report = { 0 };
    struct view view;
    struct explain explain = { 0 };
    int code = choose_format(settings, &format, error);
    if (!code)
        code = view_load(&view, store, settings->run, settings->title, arena, error);
    if (!code)
        code = explain_load(&explain, &view, store, error);
    if (!code)
        view.explain = &explain;
    if (!code && settings->charts) {
        code = write_charts(settings, store, &view, error);
    } else if (!code) {
        struct report_options options = options_of(settings);
        struct gate gate;
        if (settings->policy)
            code = judge_targets(settings->policy, &view, &gate, error);
        options.gate = settings->policy ? &gate : NULL;
        if (!code)
            code = format->write(&view, &options, &report, error);
        if (!code)
            code = deliver(settings, format, &view, &report, error);
    }
    explain_release(&explain);
    str_release(&report);
    return code;
}

/* Prints the path of the first page. */
static int write_site(const struct settings *settings, struct store *store, struct arena *arena, struct error *error)
{
    struct report_options options = options_of(settings);
    struct site_result result;
    char size[32];
    if (settings->run)
        return error_set(error, ERROR_USAGE, "--site shows all runs of the database, so RUN '%s' means nothing",
                         settings->run);
    int code = site_write(store, settings->site, settings->title, &options, arena, &result, error);
    if (code)
        return code;
    if (result.chart_problem)
        log_warn("the site has no charts: %s", result.chart_problem);
    log_info("%zu pages of %zu cases and %zu runs, %s", result.pages, result.cases, result.runs,
             str_bytes(size, sizeof size, (double)result.size_bytes));
    printf("%s/index.html\n", settings->site);
    return 0;
}

static int run(struct app *app, int argc, char **argv)
{
    struct settings settings = { .database = app->database_path };
    struct store *store = NULL;
    struct arena arena = { 0 };
    struct error error;
    int code = parse(&settings, argc, argv, &error);
    if (!code)
        code = store_open(&store, settings.database, true, &error);
    if (!code)
        code = settings.site ? write_site(&settings, store, &arena, &error)
                             : write_report(&settings, store, &arena, &error);
    store_close(store);
    arena_release(&arena);
    return code ? command_fail(&cmd_report, &error) : EXIT_OK;
}

const struct command cmd_report = {
    .name = "report",
    .synopsis = "prony report [RUN] [--format NAME] [-o FILE] [--title T]\n"
                "       prony report [RUN] --charts DIR [--filter RE]\n"
                "       prony report --site DIR [--title T]",
    .summary = "Write a run as a report or as charts, or all runs as a web site",
    .help =
        "RUN is an id, the start of a uuid, latest (the default) or latest~2.\n"
        "\n"
        "  -F, --format F   text (default), markdown, html (one file, charts inside), json, csv, junit,\n"
        "                   gobench (for benchstat), gbench (Google Benchmark's JSON)\n"
        "  -o, --output F   write to F and print its path; - is standard output; the ending chooses the format\n"
        "                   html without -o goes to prony-report-<run>.html\n"
        "      --charts DIR  write every chart of the run into DIR: <chart>.png and .svg, with the gnuplot script\n"
        "                   and the data; prints the paths of the pictures. Among them inference_speedup_chart.png\n"
        "                   (over threads), batch_size_speedup_chart.png and heat.png (cases over runs)\n"
        "  -f, --filter RE  with --charts: also of every case whose name matches: distribution, spread, latency,\n"
        "                   memory, trend; beside the baseline, else the run before\n"
        "      --site DIR   write all runs as a static web site and print the path of its first page: verdicts,\n"
        "                   worst first, a page for each suite and case, history, comparisons, profiles,\n"
        "                   environment. It needs no network and no server. DIR must be new, empty, or such a site\n"
        "      --title T    title of the report or site\n"
        "      --policy F   junit: the targets of this policy are tests too (docs/FORMATS.md)\n"
        "      --no-charts  HTML without charts\n"
        "      --db FILE    database (default: $PRONY_DB, else prony.db)\n"
        "\n"
        "Charts are drawn by gnuplot ($PRONY_GNUPLOT, else gnuplot); without it the report says so and has none.\n"
        "\n"
        "examples:\n"
        "  prony report\n"
        "  prony report latest~1 --format markdown >> pull-request.md\n"
        "  prony report 12 -o nightly.html --title \"Nightly, main\"\n"
        "  prony report --charts charts --filter ^decode/\n"
        "  prony report --site public --title \"Our engine\"\n"
        "\n"
        "exit status: 0 written, 2 no such run or file, or it could not be written\n",
    .run = run,
};
