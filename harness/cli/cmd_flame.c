/* cmd_flame.c: `prony flame`: profiles of the database or of files as flame graphs, tables and other tools' formats,
 * and the difference of two. */
#include "harness/base/arena.h"
#include "harness/base/file.h"
#include "harness/base/mem.h"
#include "harness/base/str.h"
#include "harness/cli/command.h"
#include "harness/run/record_allocations.h"
#include "reports/escape.h"
#include "reports/profile.h"
#include "reports/profile_diff.h"
#include <limits.h>
#include <regex.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { DEFAULT_TOP = 25, TITLE_WIDTH = 60 };

struct settings {
    const char *database, *format, *output, *filter, *profile, *unit;
    struct option_list sources; /* runs, profile:N, files */
    int top;
    bool difference, no_inline;
};

/* A source, opened: all its profiles that --filter lets through. */
struct source {
    const char *text; /* as it was typed; NULL = the newest run */
    struct profile *profiles;
    struct stacks **stacks;
    size_t count, capacity;
};

struct work {
    struct settings settings;
    struct store *store; /* opened when the first source needs it */
    struct arena arena;
    struct str out;
};

static int parse(struct settings *settings, int argc, char **argv, struct error *error)
{
    const struct option options[] = {
        { "db", 0, OPTION_TEXT, &settings->database },
        { "format", 'F', OPTION_TEXT, &settings->format },
        { "output", 'o', OPTION_TEXT, &settings->output },
        { "filter", 'f', OPTION_REGEX, &settings->filter },
        { "profile", 0, OPTION_TEXT, &settings->profile },
        { "diff", 0, OPTION_FLAG, &settings->difference },
        { "top", 0, OPTION_COUNT, &settings->top },
        { "unit", 0, OPTION_TEXT, &settings->unit },
        { "no-inline", 0, OPTION_FLAG, &settings->no_inline },
    };
    int code = options_parse(options, sizeof options / sizeof options[0], argc, argv, &settings->sources, error);
    if (code)
        return code;
    size_t count = settings->sources.count, wanted = settings->difference ? 2 : 1;
    if (settings->difference && (count != 2 || settings->profile))
        return error_set(error, ERROR_USAGE,
                         "--diff compares two: a baseline and a candidate, each a run, profile:N or a file");
    if (count > wanted)
        return error_set(error, ERROR_USAGE, "one run or file at a time, but there is also '%s' (--diff compares two)",
                         settings->sources.items[1]);
    if (settings->profile && count)
        return error_set(error, ERROR_USAGE, "--profile %s and '%s': only one of them", settings->profile,
                         settings->sources.items[0]);
    return 0;
}

/* ---- sources ---- */

/* Takes stacks. */
static void add_profile(const struct work *work, struct source *source, const struct profile *profile,
                        struct stacks *stacks)
{
    if (work->settings.no_inline) {
        struct stacks *plain = profile_without_inlined(stacks);
        stacks_release(stacks);
        stacks = plain;
    }
    size_t capacity = source->capacity;
    MEM_GROW(source->profiles, source->count, capacity);
    source->stacks = mem_resize(source->stacks, capacity, sizeof *source->stacks);
    source->capacity = capacity;
    source->profiles[source->count] = *profile;
    source->profiles[source->count].stacks = stacks;
    source->stacks[source->count++] = stacks;
}

static int open_store(struct work *work, struct error *error)
{
    return work->store ? 0 : store_open(&work->store, work->settings.database, true, error);
}

static int load_row(struct work *work, const struct store_profile_row *row, struct source *source, struct error *error)
{
    struct stacks *stacks;
    int code = store_profile_stacks(work->store, row->id, &stacks, error);
    if (code)
        return code;
    const struct profile profile = { .about = row->profile, .stacks = stacks, .id = row->id };
    add_profile(work, source, &profile, stacks);
    return 0;
}

static int load_profile(struct work *work, const char *number, struct source *source, struct error *error)
{
    struct store_profile_row row;
    int64_t id;
    if (!str_parse_i64(number, &id) || id <= 0)
        return error_set(error, ERROR_USAGE, "'%s' is no number of a profile (prony flame RUN lists them)", number);
    int code = open_store(work, error);
    if (!code)
        code = store_profile_find(work->store, id, &work->arena, &row, error);
    return code ? code : load_row(work, &row, source, error);
}

/* NULL matches all. The pattern was checked when it was parsed. */
static bool passes(const char *filter, const char *title)
{
    regex_t regex;
    if (!filter || regcomp(&regex, filter, REG_EXTENDED | REG_NOSUB) != 0)
        return true;
    bool matched = regexec(&regex, title, 0, NULL, 0) == 0;
    regfree(&regex);
    return matched;
}

static int load_run(struct work *work, const char *text, struct source *source, struct error *error)
{
    struct store_run_row run;
    struct store_profile_row *rows;
    size_t count;
    int code = open_store(work, error);
    if (!code)
        code = store_run_find(work->store, text, &work->arena, &run, error);
    if (!code)
        code = store_profiles(work->store, run.id, &work->arena, &rows, &count, error);
    for (size_t i = 0; !code && i < count; i++)
        if (passes(work->settings.filter, rows[i].profile.title))
            code = load_row(work, &rows[i], source, error);
    if (code || source->count)
        return code;
    if (count)
        return error_set(error, ERROR_USAGE, "run %lld: none of its %zu profiles matches '%s'", (long long)run.id,
                         count, work->settings.filter);
    return error_set(
        error, ERROR_STATE,
        "run %lld has no profiles; prony profile SUITE takes some, prony profile -- COMMAND one of a command",
        (long long)run.id);
}

/* A number, latest or a uuid is a run even where a file has that name: ./7 is the file. */
static bool is_file(const char *text)
{
    int64_t number;
    return !str_parse_i64(text, &number) && !str_starts(text, "latest") && (strchr(text, '/') || file_exists(text));
}

/* What was not freed is a profile of its own. Takes the stacks. */
static int load_allocations(struct work *work, const char *path, struct source *source, struct error *error)
{
    struct allocations *list;
    size_t count;
    int code = allocations_read(path, &list, &count, error);
    if (code)
        return code;
    for (size_t i = 0; i < 2 * count; i++) {
        struct allocations *allocations = &list[i / 2];
        struct stacks **stacks = i % 2 ? &allocations->living : &allocations->allocated;
        struct profile profile = { .about = record_allocations_describe(allocations, i % 2, NULL, &work->arena),
                                   .stacks = *stacks };
        if ((i % 2 && stacks_node_count(*stacks) < 2) || !passes(work->settings.filter, profile.about.title))
            continue;
        add_profile(work, source, &profile, *stacks);
        *stacks = NULL;
    }
    allocations_release(list, count);
    if (source->count)
        return 0;
    return error_set(error, ERROR_USAGE, "%s: none of its profiles matches '%s'", path, work->settings.filter);
}

static int load_file(struct work *work, const char *path, struct source *source, struct error *error)
{
    struct profile profile;
    struct stacks *stacks;
    if (allocations_is_file(path))
        return load_allocations(work, path, source, error);
    int code = profile_read(path, work->settings.unit, &work->arena, &profile, &stacks, error);
    if (!code)
        add_profile(work, source, &profile, stacks);
    return code;
}

static int load(struct work *work, struct source *source, struct error *error)
{
    if (source->text && str_starts(source->text, "profile:"))
        return load_profile(work, source->text + strlen("profile:"), source, error);
    if (source->text && is_file(source->text))
        return load_file(work, source->text, source, error);
    if (source->text && strchr(source->text, '.'))
        return error_set(error, ERROR_USAGE,
                         "%s: neither a file nor a run (a number, latest, latest~N, a tag or a uuid)", source->text);
    return load_run(work, source->text, source, error);
}

static void release(struct source *source)
{
    for (size_t i = 0; i < source->count; i++)
        stacks_release(source->stacks[i]);
    free(source->stacks);
    free(source->profiles);
}

/* "12 decode/tiny (cpu); 13 ..." for the message that asks to choose. */
static int ask(const struct source *source, const char *format, struct error *error)
{
    struct str list = { 0 };
    for (size_t i = 0; i < source->count; i++) {
        str_appendf(&list, "%s%lld ", i ? ", " : "", (long long)source->profiles[i].id);
        escape_fit(&list, source->profiles[i].about.title, TITLE_WIDTH);
    }
    int code = error_set(error, ERROR_USAGE,
                         "%s holds one profile: -o FILE writes them to FILE, FILE-2, ..., --profile N or --filter RE "
                         "chooses: %s",
                         format, str_text(&list));
    str_release(&list);
    return code;
}

/* ---- formats ---- */

/* Sets the error for --format or the ending of the output file. */
static int no_format(const struct settings *settings, const char *names, struct error *error)
{
    if (settings->format)
        return error_set(error, ERROR_USAGE, "--format %s: there is only %s", settings->format, names);
    return error_set(error, ERROR_USAGE, "%s: which format? --format says it: %s", settings->output, names);
}

static bool is_text_wanted(const struct settings *settings)
{
    return !settings->format && (!settings->output || str_equal(settings->output, "-"));
}

static int choose_format(const struct settings *settings, const struct profile_format **format, struct error *error)
{
    *format = is_text_wanted(settings) ? profile_format_find("text")
              : settings->format       ? profile_format_find(settings->format)
                                       : profile_format_of_path(settings->output);
    if (*format)
        return 0;
    struct str names = { 0 };
    for (size_t i = 0; i < profile_format_count; i++)
        str_appendf(&names, "%s%s", i ? ", " : "", profile_formats[i].name);
    int code = no_format(settings, str_text(&names), error);
    str_release(&names);
    return code;
}

static int choose_diff_format(const struct settings *settings, const struct profile_diff_format **format,
                              struct error *error)
{
    *format = is_text_wanted(settings) ? profile_diff_format_find("text")
              : settings->format       ? profile_diff_format_find(settings->format)
                                       : profile_diff_format_of_path(settings->output);
    if (*format)
        return 0;
    struct str names = { 0 };
    for (size_t i = 0; i < profile_diff_format_count; i++)
        str_appendf(&names, "%s%s", i ? ", " : "", profile_diff_formats[i].name);
    int code = no_format(settings, str_text(&names), error);
    str_release(&names);
    return code;
}

/* A file for each of several that cannot share one? */
static bool is_numbered(const struct work *work, bool table)
{
    return !table && work->settings.output && !str_equal(work->settings.output, "-");
}

/* stdout gets the thing itself, or the path of the file that holds it. number: of several files, from 1. */
static int deliver(struct work *work, const char *default_path, const char *extension, bool file_only, size_t number,
                   struct error *error)
{
    const char *path = work->settings.output;
    if (path)
        path = profile_numbered_path(path, extension, number, &work->arena);
    if (!path && file_only && isatty(STDOUT_FILENO))
        path = default_path;
    if (!path || str_equal(path, "-")) {
        fwrite(work->out.data, 1, work->out.length, stdout); /* main checks stdout */
        return 0;
    }
    int code = file_write(path, work->out.data, work->out.length, error);
    if (!code)
        printf("%s\n", path);
    return code;
}

/* ---- one source ---- */

static int write_each(struct work *work, const struct source *source, const struct profile_format *format,
                      struct error *error)
{
    const struct profile_options options = { .top = (size_t)work->settings.top };
    int code = 0;
    for (size_t i = 0; !code && i < source->count; i++) {
        str_clear(&work->out);
        code = format->write(&source->profiles[i], &options, &work->out, error);
        if (!code)
            code = deliver(work, NULL, format->extension, format->file_only, i + 1, error);
    }
    return code;
}

static int write_together(struct work *work, const struct source *source, const struct profile_format *format,
                          struct error *error)
{
    const struct profile_options options = { .top = (size_t)work->settings.top };
    int code = source->count > 1 && !format->table ? ask(source, format->name, error) : 0;
    for (size_t i = 0; !code && i < source->count; i++) {
        if (i)
            str_append_char(&work->out, '\n');
        if (format->table && source->profiles[i].id && source->count > 1 && format->write == profile_text)
            str_appendf(&work->out, "profile %lld: ", (long long)source->profiles[i].id);
        code = format->write(&source->profiles[i], &options, &work->out, error);
    }
    if (code)
        return code;
    const char *path = arena_format(&work->arena, "prony-flame%s%.0lld%s", source->profiles[0].id ? "-" : "",
                                    (long long)source->profiles[0].id, format->extension);
    return deliver(work, path, format->extension, format->file_only, 1, error);
}

static int show(struct work *work, struct error *error)
{
    const struct settings *settings = &work->settings;
    const struct profile_format *format;
    struct source source = { .text = settings->sources.count ? settings->sources.items[0] : NULL };
    int code = choose_format(settings, &format, error);
    if (!code)
        code = settings->profile ? load_profile(work, settings->profile, &source, error) : load(work, &source, error);
    if (!code)
        code = is_numbered(work, format->table) ? write_each(work, &source, format, error)
                                                : write_together(work, &source, format, error);
    release(&source);
    return code;
}

/* ---- two ---- */

static bool matches(const struct profile *a, const struct profile *b)
{
    return str_equal(a->about.title, b->about.title) && str_equal(a->about.kind, b->about.kind) &&
           str_equal(a->about.unit, b->about.unit);
}

/* The candidate's profile of the same case. Two single profiles belong together whatever their names are. */
static const struct profile *partner(const struct source *sides, size_t index)
{
    const struct profile *baseline = &sides[0].profiles[index];
    if (sides[0].count == 1 && sides[1].count == 1)
        return &sides[1].profiles[0];
    for (size_t i = 0; i < sides[1].count; i++)
        if (matches(baseline, &sides[1].profiles[i]))
            return &sides[1].profiles[i];
    return NULL;
}

static int write_pairs(struct work *work, const struct source *sides, const struct profile_diff_format *format,
                       struct error *error)
{
    const struct profile_options options = { .top = (size_t)work->settings.top };
    size_t pairs = 0;
    int code = 0;
    for (size_t i = 0; i < sides[0].count; i++)
        pairs += partner(sides, i) != NULL;
    if (pairs == 0)
        return error_set(error, ERROR_USAGE, "the profiles of '%s' and '%s' have no case in common", sides[0].text,
                         sides[1].text);
    bool numbered = is_numbered(work, format->table);
    if (pairs > 1 && !format->table && !numbered)
        return ask(&sides[0], format->name, error);
    for (size_t i = 0, number = 1; !code && i < sides[0].count; i++) {
        struct profile_diff diff;
        if (!partner(sides, i))
            continue;
        code = profile_diff_make(&diff, &sides[0].profiles[i], partner(sides, i), error);
        if (code)
            break;
        if (work->out.length)
            str_append_char(&work->out, '\n');
        code = format->write(&diff, &options, &work->out, error);
        profile_diff_release(&diff);
        if (!code && numbered) {
            code = deliver(work, NULL, format->extension, format->file_only, number++, error);
            str_clear(&work->out);
        }
    }
    if (!code && !numbered) {
        const char *path = arena_format(&work->arena, "prony-flame-diff%s", format->extension);
        code = deliver(work, path, format->extension, format->file_only, 1, error);
    }
    return code;
}

static int show_difference(struct work *work, struct error *error)
{
    const struct profile_diff_format *format;
    struct source sides[2] = { { .text = work->settings.sources.items[0] },
                               { .text = work->settings.sources.items[1] } };
    int code = choose_diff_format(&work->settings, &format, error);
    for (int side = 0; !code && side < 2; side++)
        code = load(work, &sides[side], error);
    if (!code)
        code = write_pairs(work, sides, format, error);
    release(&sides[0]);
    release(&sides[1]);
    return code;
}

static int run(struct app *app, int argc, char **argv)
{
    struct work work = { .settings = { .database = app->database_path, .top = DEFAULT_TOP } };
    struct error error;
    int code = parse(&work.settings, argc, argv, &error);
    if (!code)
        code = work.settings.difference ? show_difference(&work, &error) : show(&work, &error);
    int status = code ? command_fail(&cmd_flame, &error) : EXIT_OK;
    store_close(work.store);
    str_release(&work.out);
    arena_release(&work.arena);
    free(work.settings.sources.items);
    return status;
}

const struct command cmd_flame = {
    .name = "flame",
    .synopsis = "prony flame [RUN | FILE] [--profile N] [--format F] [-o FILE]\n"
                "       prony flame --diff BASELINE CANDIDATE [--format F] [-o FILE]",
    .summary = "Show profiles as flame graphs, tables and other tools' formats; compare two",
    .help =
        "RUN is an id, the start of a uuid, latest (the default) or latest~2. FILE holds folded stacks, the output of\n"
        "perf script, stacks that prony wrote, or what --prony_allocation_profile=FILE of a suite wrote; it needs no\n"
        "database. BASELINE and CANDIDATE are runs (profiles of the same case are compared), profile:N, or files.\n"
        "\n"
        "      --profile N    the profile of that number\n"
        "  -f, --filter RE    only profiles whose case or command matches this POSIX extended regular expression\n"
        "  -F, --format F     text (default), markdown: the top functions; html: an interactive flame graph in one\n"
        "                     file; folded; speedscope (JSON); pprof (for go tool pprof); stacks (prony's own)\n"
        "                     a difference: text, markdown, html, folded (for flamegraph.pl)\n"
        "  -o, --output FILE  write to FILE and print its path; - is standard output; the ending chooses the format\n"
        "                     (.txt .md .html .folded .speedscope.json .pb.gz .stacks); of several profiles,\n"
        "                     FILE-2, FILE-3 follow\n"
        "      --top N        rows of the tables (default 25)\n"
        "      --no-inline    inlined functions count as part of the functions around them\n"
        "      --unit U       what the numbers of a folded file are: samples (default), ns, B; only samples tell\n"
        "                     whether a change is significant\n"
        "      --db FILE      database (default: $PRONY_DB, else prony.db)\n"
        "\n"
        "In a difference, shares of the total are compared, so the recordings may differ in length. Red takes a larger\n"
        "share, blue a smaller one, grey did not change significantly; the page can show the baseline's widths, in\n"
        "which what vanished is seen.\n"
        "\n"
        "examples:\n"
        "  prony flame\n"
        "  prony flame latest --filter '^decode/' -o decode.html\n"
        "  prony flame --profile 12 -o decode.pb.gz && go tool pprof -top decode.pb.gz\n"
        "  prony flame --diff latest~1 latest --no-inline -o diff.html\n"
        "  perf script > p.txt && prony flame p.txt -o p.html\n"
        "  build/bin/tokenizer --model=M.gguf --prony_allocation_profile=a.txt && prony flame a.txt\n"
        "\n"
        "exit status: 0 written, 2 no such run, profile or file, or it could not be written\n",
    .run = run,
};
