/* cmd_profile.c: `prony profile`: where the time of a suite's cases, or of any command, goes. */
#include "harness/base/arena.h"
#include "harness/base/file.h"
#include "harness/base/log.h"
#include "harness/base/str.h"
#include "harness/cli/command.h"
#include "harness/run/record_allocations.h"
#include "harness/run/record_case.h"
#include "reports/profile.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { DEFAULT_TOP = 20 };

struct settings {
    struct record_request record;
    struct runner_options runner;
    struct option_list filters, models, rest;
    const char *database, *into, *output, *sampler;
    double min_time_s;
    int stack_bytes, top;
    int interval_bytes; /* of --allocations; 0 = what fits */
    bool allocations, no_store;
    const char *const *command; /* NULL = a suite */
    size_t command_count;
};

struct work {
    struct settings settings;
    const struct profile_format *format; /* of --output; NULL = none */
    struct store *store;                 /* NULL with --no-store */
    int64_t run_id;                      /* 0 = not begun */
    const char *command;                 /* of prony, for the record */
    size_t count;                        /* profiles taken */
    bool interrupted;
    struct arena arena;
};

/* ---- the command line ---- */

static int check(struct settings *settings, struct error *error)
{
    if (settings->command ? settings->rest.count != 0 : settings->rest.count != 1)
        return error_set(error, ERROR_USAGE, "expected one suite, or -- and a command");
    if (settings->command && (settings->filters.count || settings->min_time_s > 0))
        return error_set(error, ERROR_USAGE, "--filter and --min-time are for suites, not for commands");
    if (settings->command && settings->allocations)
        return error_set(error, ERROR_USAGE, "--allocations is for suites that are linked with prony's libbenchmark");
    if (settings->interval_bytes && !settings->allocations)
        return error_set(error, ERROR_USAGE, "--interval is for --allocations");
    if (settings->no_store && settings->into)
        return error_set(error, ERROR_USAGE, "--into and --no-store: only one of them");
    if (settings->sampler && str_equal(settings->sampler, "perf"))
        settings->record.sampler = RECORD_PERF;
    else if (settings->sampler && str_equal(settings->sampler, "timer"))
        settings->record.sampler = RECORD_TIMER;
    else if (settings->sampler)
        return error_set(error, ERROR_USAGE, "--sampler %s: there are perf and timer", settings->sampler);
    for (size_t i = 0; i < settings->models.count; i++)
        if (access(settings->models.items[i], R_OK) != 0)
            return error_system(error, errno, "--model %s", settings->models.items[i]);
    return 0;
}

static int parse(struct settings *settings, int argc, char **argv, struct error *error)
{
    struct record_request *record = &settings->record;
    const struct option options[] = {
        { "allocations", 'a', OPTION_FLAG, &settings->allocations },
        { "db", 0, OPTION_TEXT, &settings->database },
        { "filter", 'f', OPTION_LIST, &settings->filters },
        { "hz", 0, OPTION_COUNT, &record->frequency_hz },
        { "interval", 0, OPTION_COUNT, &settings->interval_bytes },
        { "into", 0, OPTION_TEXT, &settings->into },
        { "merge-threads", 0, OPTION_FLAG, &record->merge_threads },
        { "min-time", 0, OPTION_DURATION, &settings->min_time_s },
        { "model", 'm', OPTION_LIST, &settings->models },
        { "no-kernel", 0, OPTION_FLAG, &record->no_kernel },
        { "no-store", 0, OPTION_FLAG, &settings->no_store },
        { "output", 'o', OPTION_TEXT, &settings->output },
        { "sampler", 0, OPTION_TEXT, &settings->sampler },
        { "stack-bytes", 0, OPTION_COUNT, &settings->stack_bytes },
        { "timeout", 0, OPTION_DURATION, &record->timeout_s },
        { "top", 0, OPTION_COUNT, &settings->top },
    };
    int own = 1;
    while (own < argc && !str_equal(argv[own], "--"))
        own++;
    if (own < argc) {
        settings->command = (const char *const *)(uintptr_t)(argv + own + 1);
        settings->command_count = (size_t)(argc - own - 1);
    }
    int code = options_parse(options, sizeof options / sizeof options[0], own, argv, &settings->rest, error);
    if (code == 0 && settings->command && settings->command_count == 0)
        code = error_set(error, ERROR_USAGE, "there is no command behind --");
    record->stack_bytes = (size_t)settings->stack_bytes;
    return code == 0 ? check(settings, error) : code;
}

static int choose_format(struct work *work, struct error *error)
{
    const char *path = work->settings.output;
    if (!path)
        return 0;
    work->format = profile_format_of_path(path);
    if (work->format)
        return 0;
    struct str endings = { 0 };
    for (size_t i = 0; i < profile_format_count; i++)
        str_appendf(&endings, "%s%s", i ? " " : "", profile_formats[i].extension);
    int code = error_set(error, ERROR_USAGE, "%s: the ending says which format it is: %s", path, str_text(&endings));
    str_release(&endings);
    return code;
}

/* ---- one profile ---- */

/* The second and later profiles get a number before the ending. */
static int write_file(struct work *work, const struct profile *profile, struct error *error)
{
    struct str out = { 0 };
    const struct profile_options options = { .top = (size_t)work->settings.top };
    const char *path = profile_numbered_path(work->settings.output, work->format->extension, work->count, &work->arena);
    int code = work->format->write(profile, &options, &out, error);
    if (code == 0)
        code = file_write(path, out.data, out.length, error);
    if (code == 0)
        log_info("written: %s", path);
    str_release(&out);
    return code;
}

/* Into the database, onto the terminal, into the file. */
static int deliver(struct work *work, const struct store_profile *about, const struct stacks *stacks,
                   struct error *error)
{
    struct profile profile = { .about = *about, .stacks = stacks };
    const struct profile_options options = { .top = (size_t)work->settings.top };
    struct str out = { 0 };
    int code = 0;
    /* Not earlier: a program that cannot be profiled leaves no run behind. */
    if (work->store && work->run_id == 0)
        code = record_run_begin(work->store, work->command, &work->run_id, error);
    if (code == 0 && work->store)
        code = store_profile_add(work->store, work->run_id, about, stacks, &profile.id, error);
    if (code == 0)
        code = profile_text(&profile, &options, &out, error);
    if (code == 0) {
        printf("%s%s", work->count ? "\n" : "", str_text(&out));
        fflush(stdout);
        work->count++;
    }
    str_release(&out);
    if (code == 0 && work->format)
        code = write_file(work, &profile, error);
    if (code == 0 && profile.id && !work->format)
        log_info("profile %lld of run %lld; the flame graph: prony flame --profile %lld -o flame.html",
                 (long long)profile.id, (long long)work->run_id, (long long)profile.id);
    return code;
}

static void explain_nothing(const struct record_info *info, struct error *error)
{
    error_set(error, ERROR_STATE,
              "no samples in the %.0f ms it ran: at %g samples a second of CPU time it must work for longer",
              (double)info->duration_ns / 1e6, info->frequency_hz);
}

/* ---- a command ---- */

static int profile_command(struct work *work, struct error *error)
{
    struct settings *settings = &work->settings;
    struct interrupt interrupt;
    struct stacks *stacks = NULL;
    struct record_info info;
    struct child_result result;
    char text[128];
    char *title = options_quote(settings->command_count, settings->command);
    int code = interrupt_begin(&interrupt, error);
    if (code != 0) {
        free(title);
        return code;
    }
    settings->record.arguments = settings->command;
    settings->record.interrupt_fd = interrupt.fd;
    settings->record.keeps_streams = true;
    code = record_profile(&settings->record, &stacks, &info, &result, error);
    struct child_request limits = { .timeout_s = settings->record.timeout_s };
    if (code == 0 && (result.end != CHILD_EXITED || result.status != 0))
        log_warn("%s: %s; what it did until then is profiled", settings->command[0],
                 child_describe(&result, &limits, text, sizeof text));
    if (code == 0 && info.sample_count == 0) {
        explain_nothing(&info, error);
        code = error->code;
    }
    if (code == 0) {
        struct store_profile about = record_describe(&info, NULL, NULL, title);
        code = deliver(work, &about, stacks, error);
    }
    stacks_release(stacks);
    child_release(&result);
    interrupt_end(&interrupt);
    free(title);
    return code;
}

/* ---- a suite ---- */

/* A plan of one suite: its listing, models, CPUs and limits are those of `prony run`. */
static char *make_plan(const struct settings *settings)
{
    const char *suite = settings->rest.items[0], *slash = strrchr(suite, '/');
    struct str text = { 0 };
    str_appendf(&text, "rounds = 1\ntimeout = %gs\n",
                settings->record.timeout_s > 0 ? settings->record.timeout_s : 600.0);
    str_appendf(&text, "min_time = %gs\n",
                settings->min_time_s > 0 ? settings->min_time_s
                : settings->allocations  ? 0.2
                                         : 2.0);
    str_appendf(&text, "[suite %s]\nprogram = %s\n", slash ? slash + 1 : suite, suite);
    return str_take(&text);
}

static const char *join_filters(struct work *work)
{
    const struct option_list *filters = &work->settings.filters;
    const char *joined = NULL;
    for (size_t i = 0; i < filters->count; i++)
        joined = i == 0 ? arena_format(&work->arena, filters->count > 1 ? "(%s)" : "%s", filters->items[i])
                        : arena_format(&work->arena, "%s|(%s)", joined, filters->items[i]);
    return joined;
}

static int profile_case(struct work *work, const struct runner *runner, const struct runner_suite *suite, size_t i,
                        struct error *error)
{
    struct stacks *stacks = NULL;
    struct record_info info;
    const char *reason, *name = suite->cases[i];
    log_info("profiling %s", name);
    int code = record_case(runner, suite, i, &work->settings.record, &work->arena, &stacks, &info, &work->interrupted,
                           &reason, error);
    if (code != 0)
        return code;
    if (reason)
        log_warn("%s: %s; what it did until then is profiled", name, reason);
    if (info.sample_count == 0) {
        struct error nothing;
        explain_nothing(&info, &nothing);
        log_warn("%s: %s", name, nothing.text);
    } else if (!work->interrupted) {
        struct store_profile about = record_describe(&info, suite->section->name, name, name);
        code = deliver(work, &about, stacks, error);
    }
    stacks_release(stacks);
    return code;
}

/* What was allocated, and what of it was not freed, if there is any. */
static int profile_allocations(struct work *work, struct runner *runner, struct runner_suite *suite, size_t i,
                               struct error *error)
{
    struct allocations *allocations;
    log_info("recording the allocations of %s", suite->cases[i]);
    int code = record_allocations(runner, suite, i, work->settings.interval_bytes, &allocations, error);
    if (code != 0)
        return code;
    work->interrupted = !allocations;
    if (!allocations)
        return 0;
    if (!allocations->sample_count) {
        printf("%s%s allocates nothing in its loop (%llu operations)\n", work->count ? "\n" : "", suite->cases[i],
               (unsigned long long)allocations->operations);
        work->count++;
    }
    for (int living = 0; living <= 1 && code == 0; living++) {
        struct store_profile about =
            record_allocations_describe(allocations, living, suite->section->name, &work->arena);
        if (about.sample_count)
            code = deliver(work, &about, living ? allocations->living : allocations->allocated, error);
    }
    allocations_release(allocations, 1);
    return code;
}

static int profile_suite(struct work *work, struct error *error)
{
    struct settings *settings = &work->settings;
    struct runner runner;
    char *plan = make_plan(settings);
    settings->runner.plan_path = "profile.plan";
    settings->runner.plan_text = plan;
    settings->runner.filter = join_filters(work);
    settings->runner.models = settings->models.items;
    settings->runner.model_count = settings->models.count;
    int code = runner_prepare(&runner, &settings->runner, error);
    if (code == 0) {
        struct runner_suite *suite = &runner.suites[0];
        if (suite->failure)
            code = error_set(error, ERROR_STATE, "%s", runner_failure_text(suite, &work->arena));
        else if (suite->case_count == 0)
            code = error_set(error, ERROR_USAGE, "%s: no case matches the filter", settings->rest.items[0]);
        for (size_t i = 0; code == 0 && i < suite->case_count && !work->interrupted; i++)
            code = settings->allocations ? profile_allocations(work, &runner, suite, i, error)
                                         : profile_case(work, &runner, suite, i, error);
        runner_release(&runner);
    }
    free(plan);
    if (code == 0 && work->count == 0)
        code = error_set(error, ERROR_STATE, "%s", work->interrupted ? "interrupted" : "nothing was profiled");
    return code;
}

/* ---- all ---- */

static int begin(struct work *work, struct error *error)
{
    const struct settings *settings = &work->settings;
    struct store_run_row row;
    if (settings->no_store)
        return 0;
    int code = store_open(&work->store, settings->database, false, error);
    if (code == 0 && settings->into) {
        code = store_run_find(work->store, settings->into, &work->arena, &row, error);
        work->run_id = row.id;
    }
    return code;
}

static int end(struct work *work, int code, struct error *error)
{
    if (!work->store || !work->run_id || work->settings.into)
        return code;
    const char *status = work->interrupted ? "interrupted" : code == 0 ? "complete" : "failed";
    struct error late;
    int ended = store_run_end(work->store, work->run_id, status, &late);
    if (code == 0 && ended != 0)
        *error = late;
    return code == 0 ? ended : code;
}

static int run(struct app *app, int argc, char **argv)
{
    struct work work = { .settings = { .database = app->database_path, .top = DEFAULT_TOP } };
    struct error error;
    char *command = options_quote((size_t)app->argc, (const char *const *)(uintptr_t)app->argv);
    work.command = command;
    int code = parse(&work.settings, argc, argv, &error);
    if (code == 0)
        code = choose_format(&work, &error);
    if (code == 0)
        code = begin(&work, &error);
    if (code == 0)
        code =
            end(&work, work.settings.command ? profile_command(&work, &error) : profile_suite(&work, &error), &error);
    int status = code != 0 ? command_fail(&cmd_profile, &error) : work.interrupted ? EXIT_COULD_NOT_RUN : EXIT_OK;
    store_close(work.store);
    arena_release(&work.arena);
    free(command);
    free(work.settings.filters.items);
    free(work.settings.models.items);
    free(work.settings.rest.items);
    return status;
}

const struct command cmd_profile = {
    .name = "profile",
    .synopsis = "prony profile SUITE [--filter RE] [OPTIONS]\n"
                "       prony profile [OPTIONS] -- COMMAND [ARGUMENTS]",
    .summary = "Sample where the time of a suite's cases, or of any command, goes",
    .help =
        "SUITE is a suite that comes with prony (generate, kernels, layers, ...) or the path of a Google Benchmark\n"
        "program; each of its cases is profiled in a process of its own. COMMAND is any program with its arguments; it\n"
        "keeps its input and output, and the table follows when it ends. Programs need no preparation; those compiled\n"
        "with -g show inlined functions, too. Samples are taken from outside, at every thread and child process.\n"
        "\n"
        "  -a, --allocations    call stacks of what the cases allocate in their loops, by bytes, instead of time; and of\n"
        "                       what is not freed at the loop's end. The suite counts allocations itself\n"
        "      --interval N     of allocations: one sample in N bytes on average, 1 = all (default: 512 KiB, or what\n"
        "                       gives some 10,000 samples)\n"
        "  -f, --filter RE      only cases that match this POSIX extended regular expression; repeatable\n"
        "      --hz N           samples a second of CPU time (default 499)\n"
        "      --min-time T     how long a case runs (default 2s; 0.2s with --allocations)\n"
        "  -m, --model F        model file for the suite, instead of $PRONY_MODELS; repeatable\n"
        "  -o, --output FILE    write the profile to FILE, too; the ending chooses the format (.html .folded\n"
        "                       .speedscope.json .pb.gz .md .txt); of several profiles, FILE-2, FILE-3 follow\n"
        "      --top N          rows of the table (default 20)\n"
        "      --merge-threads  do not tell threads apart\n"
        "      --no-kernel      no samples in the kernel\n"
        "      --sampler S      perf: the kernel's sampler; timer: a timer inside the program, for containers that\n"
        "                       forbid perf_event_open (default: perf, else timer)\n"
        "      --stack-bytes N  how much of the stack is kept of a sample (default 16384, at most 32768)\n"
        "      --timeout T      ends a program that runs for longer (a case: 10m)\n"
        "      --into RUN       keep the profiles with that run, whose report then shows them\n"
        "      --no-store       do not keep them in the database\n"
        "      --db FILE        database (default: $PRONY_DB, else prony.db)\n"
        "\n"
        "Profiles are never taken while something is timed. prony flame shows stored ones, and compares two.\n"
        "\n"
        "examples:\n"
        "  prony profile generate --filter '^decode/' --model qwen2.5-0.5b-q8_0.gguf -o decode.html\n"
        "  prony profile tokenizer --allocations --filter encode --model qwen2.5-0.5b-q8_0.gguf\n"
        "  prony profile --no-store -- ./llama-bench -m model.gguf\n"
        "\n"
        "exit status: 0 profiled, whatever the program's own status (which is reported); 2 nothing was profiled, or\n"
        "interrupted while profiling a suite\n",
    .run = run,
};
