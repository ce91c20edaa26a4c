/* import_gobench.c: what `go test -bench` writes (Go's benchmark data format): configuration lines "key: value", result
 * lines "BenchmarkName-8  iterations  value unit  value unit ...". Repetitions (-count) become samples, benchmarks that
 * failed or were skipped become what they are. With -json the same text comes in pieces, package by package. */
#include "harness/run/import_formats.h"
#include "harness/run/runner_internal.h"
#include <ctype.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* "BenchmarkX-8  100  12 ns/op": a name, a count and at least one value. */
static bool is_result(const char *line)
{
    size_t name = strcspn(line, " \t");
    if (strncmp(line, "Benchmark", 9) != 0 || name == 9 || islower((unsigned char)line[9]))
        return false;
    const char *p = line + name + strspn(line + name, " \t");
    size_t digits = strspn(p, "0123456789");
    return digits > 0 && (p[digits] == ' ' || p[digits] == '\t');
}

static bool is_event(const json_t *json)
{
    return import_text(json, "Action") && import_text(json, "Package");
}

bool import_is_gobench(const struct import_source *source)
{
    if (is_event(json_array_get(source->json, 0)))
        return true;
    if (!source->text || source->json)
        return false;
    for (const char *line = source->text; *line; line += strcspn(line, "\n"), line += *line == '\n')
        if (is_result(line))
            return true;
    return false;
}

struct reading {
    struct import_document *document;
    struct import_run *run;
    const char *package;
    int line;
};

/* "cpu: AMD ..." before the results it holds for. */
static bool take_configuration(struct reading *reading, const char *line)
{
    const char *colon = strchr(line, ':');
    if (!colon || !islower((unsigned char)*line) || (colon[1] && colon[1] != ' ' && colon[1] != '\t'))
        return false;
    for (const char *p = line; p < colon; p++)
        if (isspace((unsigned char)*p) || isupper((unsigned char)*p))
            return false;
    struct arena *arena = reading->document->arena;
    const char *key = arena_strndup(arena, line, (size_t)(colon - line));
    const char *value = arena_strdup(arena, colon + 1 + strspn(colon + 1, " \t"));
    struct import_run *run = reading->run;
    if (str_equal(key, "pkg"))
        reading->package = value;
    else if (str_equal(key, "goos") || str_equal(key, "goarch") || str_equal(key, "cpu"))
        facts_find(run->machine.items, run->machine.count, key) ? (void)0 : facts_add(&run->machine, key, value);
    else if (str_equal(key, "commit") || str_equal(key, "git-commit"))
        facts_find(run->build.items, run->build.count, "git_commit") ? (void)0
                                                                     : facts_add(&run->build, "git_commit", value);
    else if (str_equal(key, "branch") || str_equal(key, "git-branch"))
        facts_find(run->build.items, run->build.count, "git_branch") ? (void)0
                                                                     : facts_add(&run->build, "git_branch", value);
    else if (run->started_ns == 0 && (str_equal(key, "date") || str_equal(key, "commit-time")))
        import_parse_date(value, &run->started_ns);
    else if (!facts_find(run->environment.items, run->environment.count, key))
        facts_add(&run->environment, key, value);
    return true;
}

void import_add_value_of_go(struct import_document *document, struct store_sample *sample, const char *unit,
                            double value)
{
    if (str_equal(unit, "MB/s"))
        import_add_metric(document, sample, "bytes_per_second", "B/s", value * 1e6);
    else if (str_equal(unit, "B/s"))
        import_add_metric(document, sample, "bytes_per_second", "B/s", value);
    else if (str_equal(unit, "B/op"))
        import_add_metric(document, sample, "bytes_per_operation", "B", value);
    else if (str_equal(unit, "allocs/op"))
        import_add_metric(document, sample, "allocations_per_operation", "", value);
    else
        import_add_metric(document, sample, import_metric_name(document->arena, unit),
                          str_ends(unit, "/s") ? "1/s" : unit, value);
}

/* One "value unit" of a result. */
static void add_value(struct reading *reading, struct store_sample *sample, double value, const char *unit)
{
    struct arena *arena = reading->document->arena;
    double time = str_ends(unit, "/op") ? import_unit_ns(arena_strndup(arena, unit, strlen(unit) - 3)) : NAN;
    if (isfinite(time) && isnan(sample->real_time_ns))
        sample->real_time_ns = value * time;
    else
        import_add_value_of_go(reading->document, sample, unit, value);
}

/* How often that name came before. From the end: repetitions usually follow each other. */
static int count_repetitions(const struct import_run *run, const char *suite, const char *name)
{
    for (size_t i = run->sample_count; i-- > 0;)
        if (str_equal(run->samples[i].name, name) && str_equal(run->samples[i].suite, suite))
            return run->samples[i].repetition + 1;
    return 0;
}

/* A result without a time (only custom units) gives its metrics, but nothing that is judged by its time. */
static void settle(struct store_sample *sample)
{
    if (isfinite(sample->real_time_ns))
        return;
    sample->pass = STORE_PASS_COUNTERS;
    sample->status = STORE_SAMPLE_SKIPPED;
    sample->message = "the file has no time for it";
}

static int take_result(struct reading *reading, char *line, struct error *error)
{
    char *rest = line, *name = strtok_r(rest, " \t", &rest), *count = strtok_r(NULL, " \t", &rest);
    const char *suite = reading->package ? reading->package : "go";
    int64_t iterations;
    if (!str_parse_i64(count, &iterations))
        return error_set(error, ERROR_FORMAT, "line %d: '%.30s' is no count of iterations", reading->line, count);
    int repetition = count_repetitions(reading->run, suite, name);
    struct store_sample *sample = import_add_sample(reading->document, reading->run, suite, name);
    sample->iterations = iterations;
    sample->round = sample->process = sample->repetition = repetition;
    char *number;
    int values = 0;
    while ((number = strtok_r(NULL, " \t", &rest)) != NULL) {
        char *unit = strtok_r(NULL, " \t", &rest);
        double value;
        if (!unit || !str_parse_f64(number, &value))
            return error_set(error, ERROR_FORMAT, "line %d: %s: '%.40s' is no value with a unit", reading->line, name,
                             number);
        add_value(reading, sample, value, unit);
        values++;
    }
    if (values == 0)
        return error_set(error, ERROR_FORMAT, "line %d: %s has no value", reading->line, name);
    settle(sample);
    return 0;
}

/* ---- benchmarks without a result ---- */

/* An indented line, without what it begins with; NULL if it is none. */
static const char *find_reason(struct arena *arena, const char *line)
{
    size_t blank = strspn(line, " \t"), length = strcspn(line + blank, "\r\n");
    return blank && length ? arena_strndup(arena, line + blank, length) : NULL;
}

/* "--- FAIL: BenchmarkX", and in the next line, or with -v in the one before, indented, why. True if it was such a
 * line. */
static bool take_failure(struct reading *reading, const char *line, const char *before, const char *next)
{
    static const char *const signs[] = { "--- FAIL: Benchmark", "--- SKIP: Benchmark" };
    struct arena *arena = reading->document->arena;
    line += strspn(line, " \t");
    for (int skipped = 0; skipped < 2; skipped++) {
        if (!str_starts(line, signs[skipped]))
            continue;
        const char *name = line + strlen(signs[skipped]) - strlen("Benchmark");
        struct store_sample *sample =
            import_add_sample(reading->document, reading->run, reading->package ? reading->package : "go",
                              arena_strndup(arena, name, strcspn(name, " \t\r")));
        const char *reason = find_reason(arena, next) ? find_reason(arena, next) : find_reason(arena, before);
        sample->status = skipped ? STORE_SAMPLE_SKIPPED : STORE_SAMPLE_ERROR;
        sample->message = reason ? reason : skipped ? "skipped" : "failed";
        return true;
    }
    return false;
}

/* "-8" of "BenchmarkX-8". */
static const char *find_processors(const char *name)
{
    const char *dash = strrchr(name, '-');
    return dash && dash[1] && strspn(dash + 1, "0123456789") == strlen(dash + 1) ? dash : "";
}

/* Failures are named without the number of processors. Where all results have the same, theirs is that, too. */
static void name_failures(struct reading *reading)
{
    struct import_run *run = reading->run;
    const char *common = NULL;
    for (size_t i = 0; i < run->sample_count; i++) {
        const struct store_sample *sample = &run->samples[i];
        bool failed = sample->status != STORE_SAMPLE_OK && sample->pass != STORE_PASS_COUNTERS;
        if (!failed && common && !str_equal(common, find_processors(sample->name)))
            return;
        if (!failed)
            common = find_processors(sample->name);
    }
    for (size_t i = 0; common && i < run->sample_count; i++) {
        struct store_sample *sample = &run->samples[i];
        if (sample->status != STORE_SAMPLE_OK && sample->pass != STORE_PASS_COUNTERS && !*find_processors(sample->name))
            sample->name = arena_format(reading->document->arena, "%s%s", sample->name, common);
    }
}

/* ---- */

/* What test2json took apart: the pieces of each package, one after the other. */
static const char *join_events(const json_t *events, struct arena *arena)
{
    struct str text = { 0 };
    json_t *done = json_object();
    for (size_t i = 0; i < json_array_size(events); i++) {
        const char *package = import_text(json_array_get(events, i), "Package");
        if (!package || json_object_get(done, package))
            continue;
        json_object_set_new(done, package, json_true());
        for (size_t j = i; j < json_array_size(events); j++) {
            const json_t *event = json_array_get(events, j);
            if (str_equal(import_text(event, "Action"), "output") && str_equal(import_text(event, "Package"), package))
                str_append(&text, import_text(event, "Output") ? import_text(event, "Output") : "");
        }
    }
    json_decref(done);
    const char *copy = arena_strdup(arena, str_text(&text));
    str_release(&text);
    return copy;
}

int import_read_gobench(const struct import_source *source, struct import_document *document, struct error *error)
{
    if (!source->text)
        return error_set(error, ERROR_FORMAT, "is a directory");
    const char *text = source->json ? join_events(source->json, document->arena) : source->text;
    const char *clean = text_clean_tail(document->arena, text, strlen(text), strlen(text));
    struct reading reading = { .document = document, .run = import_add_run(document) };
    int code = 0;
    reading.run->command = "go test -bench";
    for (const char *line = clean, *before = ""; code == 0 && *line;) {
        size_t length = strcspn(line, "\n");
        const char *start = line;
        char *copy = arena_strndup(document->arena, line, length);
        reading.line++;
        line += length + (line[length] == '\n');
        if (is_result(copy))
            code = take_result(&reading, copy, error);
        else if (!take_failure(&reading, copy, before, line))
            take_configuration(&reading, copy);
        before = start;
    }
    name_failures(&reading);
    if (code == 0 && reading.run->sample_count == 0)
        code = error_set(error, ERROR_FORMAT, "holds no results (lines BenchmarkName, a count, values with units)");
    return code;
}
