/* import_gh_action.c: the data.js of github-action-benchmark: a history. Every entry (a suite at a commit) is a run
 * with the commit's hash and the entry's date, and its own identity, so that a file that has grown adds only what is
 * new. Rates become times as well ("iter/sec"); what is neither is a metric without a time. */
#include "harness/run/import_formats.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

bool import_is_gh_action(const struct import_source *source)
{
    return json_is_object(json_object_get(source->json, "entries")) &&
           (json_object_get(source->json, "lastUpdate") || json_object_get(source->json, "repoUrl"));
}

/* Factor to nanoseconds of "ns/iter", "ms/op", "us"; NaN for other units. With several values of a Go benchmark the
 * first has the rest of its line as unit: "ns/op\t 64 B/op\t 1 allocs/op". */
static double time_scale(const char *words)
{
    char unit[32], name[16];
    size_t end = strcspn(words, " \t");
    if (end >= sizeof unit)
        return NAN;
    memcpy(unit, words, end);
    unit[end] = 0;
    size_t length = strcspn(unit, "/");
    if (length == 0 || length >= sizeof name)
        return NAN;
    memcpy(name, unit, length);
    name[length] = 0;
    const char *per = unit + length;
    bool each = !*per || str_equal(per, "/iter") || str_equal(per, "/op") || str_equal(per, "/iteration");
    return each ? import_unit_ns(name) : NAN;
}

/* How many nanoseconds the rate's unit counts over: JMH has "ops/ms" too. NaN: no rate of operations. */
static double rate_scale(const char *unit)
{
    static const char *const counted[] = { "iter/", "ops/", "op/", "iterations/" };
    for (size_t i = 0; i < sizeof counted / sizeof counted[0]; i++)
        if (str_starts(unit, counted[i]))
            return import_unit_ns(unit + strlen(counted[i]));
    return NAN;
}

/* A Go benchmark's further values have names and benches of their own: "BenchmarkX - B/op". They are metrics of
 * BenchmarkX, which comes first; its time is there again. True if it was one. */
static bool take_value_of_go(struct import_document *document, struct import_run *run, const char *name,
                             const char *unit, double value)
{
    struct store_sample *owner = NULL;
    const char *ending = unit ? arena_format(document->arena, " - %s", unit) : NULL;
    if (!ending || !str_ends(name, ending))
        return false;
    size_t length = strlen(name) - strlen(ending);
    for (size_t i = run->sample_count; i-- > 0 && !owner;) /* of the last repetition */
        if (strlen(run->samples[i].name) == length && strncmp(run->samples[i].name, name, length) == 0)
            owner = &run->samples[i];
    if (!owner)
        return false;
    if (!isfinite(time_scale(unit)))
        import_add_value_of_go(document, owner, unit, value);
    return true;
}

/* "iterations: 4138\ncpu: 183.6 ns\nthreads: 1": googlecpp's extra lines. */
static void read_extra(struct store_sample *sample, const char *extra)
{
    const char *found = extra ? strstr(extra, "iterations: ") : NULL;
    long long iterations;
    if (found && sscanf(found, "iterations: %18lld", &iterations) == 1 && iterations > 0)
        sample->iterations = iterations;
    double value;
    char unit[8];
    found = extra ? strstr(extra, "cpu: ") : NULL;
    if (found && sscanf(found, "cpu: %lf %7[a-z]", &value, unit) == 2 && isfinite(import_unit_ns(unit)))
        sample->cpu_time_ns = value * import_unit_ns(unit);
}

/* Google Benchmark's aggregates stand between the repetitions that they are made of. */
static bool is_aggregate(const json_t *benches, const char *name)
{
    static const char *const endings[] = { "_mean", "_median", "_stddev", "_cv" };
    for (size_t i = 0; i < sizeof endings / sizeof endings[0]; i++) {
        if (!str_ends(name, endings[i]))
            continue;
        size_t length = strlen(name) - strlen(endings[i]);
        for (size_t j = 0; j < json_array_size(benches); j++) {
            const char *other = import_text(json_array_get(benches, j), "name");
            if (other && strlen(other) == length && strncmp(other, name, length) == 0)
                return true;
        }
    }
    return false;
}

static int count_earlier(const struct import_run *run, const char *name)
{
    for (size_t i = run->sample_count; i-- > 0;)
        if (str_equal(run->samples[i].name, name))
            return run->samples[i].repetition + 1;
    return 0;
}

static int add_bench(struct import_document *document, struct import_run *run, const char *suite, const json_t *benches,
                     const json_t *bench, struct error *error)
{
    const char *name = import_text(bench, "name"), *unit = import_text(bench, "unit");
    double value = import_number(bench, "value"), number;
    if (isnan(value) && import_text(bench, "value") && str_parse_f64(import_text(bench, "value"), &number))
        value = number;
    const json_t *given = json_object_get(bench, "value");
    if (name && (!given || json_is_null(given)))
        return 0; /* Google Benchmark's complexities have none, and what is no number becomes null */
    if (!name || !isfinite(value))
        return error_set(error, ERROR_FORMAT, "%s: a bench without a name or a number", suite);
    if (take_value_of_go(document, run, name, unit, value) || is_aggregate(benches, name))
        return 0;
    int repetition = count_earlier(run, name);
    struct store_sample *sample = import_add_sample(document, run, suite, name);
    double scale = unit ? time_scale(unit) : NAN;
    sample->iterations = 1;
    sample->round = sample->process = sample->repetition = repetition;
    if (isfinite(scale) && value == 0) { /* the tool wrote none, and the action made it 0 */
        sample->status = STORE_SAMPLE_ERROR;
        sample->message = "0 ns: it failed, or was not measured";
    } else if (isfinite(scale) && value > 0) {
        sample->real_time_ns = value * scale;
        read_extra(sample, import_text(bench, "extra"));
    } else if (unit && isfinite(rate_scale(unit)) && value > 0) {
        sample->real_time_ns = rate_scale(unit) / value;
        import_add_metric(document, sample, "operations_per_second", "1/s", 1e9 * value / rate_scale(unit));
    } else {
        sample->pass = STORE_PASS_COUNTERS;
        sample->status = STORE_SAMPLE_SKIPPED;
        sample->message = "the file has no time for it";
        import_add_metric(document, sample, unit ? import_metric_name(document->arena, unit) : "value",
                          unit ? unit : "", value);
    }
    return 0;
}

static int add_entry(struct import_document *document, const json_t *root, const char *suite, const json_t *entry,
                     size_t index, struct error *error)
{
    const json_t *commit = json_object_get(entry, "commit"), *benches = json_object_get(entry, "benches");
    if (!import_text(commit, "id") || !json_is_array(benches))
        return error_set(error, ERROR_FORMAT, "%s: entry %zu has no commit or no benches", suite, index + 1);
    if (json_array_size(benches) == 0)
        return 0; /* a commit at which nothing was measured */
    struct import_run *run = import_add_run(document);
    str_appendf(&run->identity, "%s\n%s", suite, import_canonical(document->arena, entry));
    run->command = arena_strdup(document->arena, import_text(entry, "tool") ? import_text(entry, "tool") : "");
    facts_add(&run->machine, "repository", import_text(root, "repoUrl"));
    facts_add(&run->machine, "tool", import_text(entry, "tool"));
    facts_add(&run->build, "git_commit", import_text(commit, "id"));
    facts_add(&run->environment, "commit_message", import_text(commit, "message"));
    facts_add(&run->environment, "commit_url", import_text(commit, "url"));
    double date_ms = import_number(entry, "date");
    if (date_ms > 0 && date_ms < 7e12)
        run->started_ns = (int64_t)date_ms * 1000000;
    else
        import_parse_date(import_text(commit, "timestamp"), &run->started_ns);
    int code = 0;
    for (size_t i = 0; code == 0 && i < json_array_size(benches); i++)
        code = add_bench(document, run, suite, benches, json_array_get(benches, i), error);
    if (code == 0 && run->sample_count == 0)
        code = error_set(error, ERROR_FORMAT, "%s: a bench without a name or a number", suite);
    return code == 0 ? 0 : error_prefix(error, "commit %.12s", import_text(commit, "id"));
}

static int compare_dates(const void *a, const void *b)
{
    const struct import_run *x = a, *y = b;
    return (x->started_ns > y->started_ns) - (x->started_ns < y->started_ns);
}

int import_read_gh_action(const struct import_source *source, struct import_document *document, struct error *error)
{
    json_t *entries = json_object_get(source->json, "entries"), *list;
    const char *suite;
    if (!json_is_object(entries))
        return error_set(error, ERROR_FORMAT, source->json ? "no \"entries\"%s" : "not JSON: %s",
                         source->json ? "" : source->json_fault);
    int code = 0;
    json_object_foreach(entries, suite, list) for (size_t i = 0; code == 0 && i < json_array_size(list); i++) code =
        add_entry(document, source->json, suite, json_array_get(list, i), i, error);
    if (code == 0 && document->count)
        qsort(document->runs, document->count, sizeof *document->runs, compare_dates);
    return code;
}
