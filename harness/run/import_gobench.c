/* import_gobench.c: the text of `go test -bench` (Go's benchmark data format): configuration lines "key: value", result
 * lines "BenchmarkName-8  iterations  value unit  value unit ...". Repetitions (-count) become samples. */
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

bool import_is_gobench(const struct import_source *source)
{
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

/* One "value unit" of a result. */
static void add_value(struct reading *reading, struct store_sample *sample, double value, const char *unit)
{
    double time =
        str_ends(unit, "/op") ? import_unit_ns(arena_strndup(reading->document->arena, unit, strlen(unit) - 3)) : NAN;
    if (isfinite(time) && isnan(sample->real_time_ns))
        sample->real_time_ns = value * time;
    else if (str_equal(unit, "MB/s"))
        import_add_metric(reading->document, sample, "bytes_per_second", "B/s", value * 1e6);
    else if (str_equal(unit, "B/s"))
        import_add_metric(reading->document, sample, "bytes_per_second", "B/s", value);
    else if (str_equal(unit, "B/op"))
        import_add_metric(reading->document, sample, "bytes_per_operation", "B", value);
    else if (str_equal(unit, "allocs/op"))
        import_add_metric(reading->document, sample, "allocations_per_operation", "", value);
    else
        import_add_metric(reading->document, sample, import_metric_name(reading->document->arena, unit),
                          str_ends(unit, "/s") ? "1/s" : unit, value);
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

int import_read_gobench(const struct import_source *source, struct import_document *document, struct error *error)
{
    if (!source->text)
        return error_set(error, ERROR_FORMAT, "is a directory");
    const char *clean = text_clean_tail(document->arena, source->text, source->length, source->length);
    struct reading reading = { .document = document, .run = import_add_run(document) };
    int code = 0;
    reading.run->command = "go test -bench";
    for (const char *line = clean; code == 0 && *line;) {
        size_t length = strcspn(line, "\n");
        char *copy = arena_strndup(document->arena, line, length);
        reading.line++;
        if (is_result(copy))
            code = take_result(&reading, copy, error);
        else
            take_configuration(&reading, copy);
        line += length + (line[length] == '\n');
    }
    if (code == 0 && reading.run->sample_count == 0)
        code = error_set(error, ERROR_FORMAT, "holds no results (lines BenchmarkName, a count, values with units)");
    return code;
}
