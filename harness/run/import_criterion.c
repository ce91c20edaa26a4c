/* import_criterion.c: criterion.rs: its directory (target/criterion, where every benchmark has new/estimates.json and
 * new/sample.json), one such file, or cargo-criterion's messages (--message-format=json). A benchmark is a case; its
 * samples are medians of batches of criterion's, because they come from one process. Criterion's own estimate (the
 * slope, else the mean) is a metric; where there is nothing else, it is the sample. */
#include "harness/run/import_formats.h"
#include "harness/base/file.h"
#include "harness/base/mem.h"
#include <dirent.h>
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { DEPTH_LIMIT = 16, DIRECTORY_LIMIT = 20000 };

/* ---- one benchmark ---- */

/* Times of an iteration: what was measured over how many iterations. */
static int read_samples(struct import_document *document, struct store_sample *sample, const json_t *counts,
                        const json_t *times, double scale, struct error *error)
{
    size_t count = json_array_size(counts);
    if (count != json_array_size(times))
        return error_set(error, ERROR_FORMAT, "%s: %zu iteration counts, but %zu times", sample->name, count,
                         json_array_size(times));
    double *values = arena_array(document->arena, count, sizeof *values), total = 0;
    for (size_t i = 0; i < count; i++) {
        double iterations = json_number_value(json_array_get(counts, i));
        double time = json_is_number(json_array_get(times, i)) ? json_number_value(json_array_get(times, i)) : NAN;
        values[i] = time * scale / iterations;
        if (!(iterations > 0) || !isfinite(values[i]) || values[i] < 0)
            return error_set(error, ERROR_FORMAT, "%s: sample %zu is not a time", sample->name, i + 1);
        total += iterations;
    }
    sample->iterations = (int64_t)fmin(total, 9e15);
    sample->values_ns = values;
    sample->value_count = count;
    return 0;
}

/* Of each of the last samples. */
static void add_throughput(struct import_document *document, struct import_run *run, size_t count, double amount,
                           const char *unit)
{
    bool bytes = unit && (str_starts(unit, "bytes") || str_starts(unit, "Bytes"));
    bool bits = unit && (str_starts(unit, "bits") || str_starts(unit, "Bits"));
    if (!unit || !(amount > 0))
        return;
    for (size_t i = run->sample_count - count; i < run->sample_count; i++) {
        struct store_sample *sample = &run->samples[i];
        double rate = sample->real_time_ns > 0 ? amount * 1e9 / sample->real_time_ns : NAN;
        import_add_metric(document, sample, bytes || bits ? "bytes_per_second" : "elements_per_second",
                          bytes || bits ? "B/s" : "1/s", bits ? rate / 8 : rate);
    }
}

/* "Bytes": 8, and of criterion 0.6 "ElementsAndBytes": {"elements": 1, "bytes": 8}. */
static void add_throughputs(struct import_document *document, struct import_run *run, size_t count,
                            const json_t *throughput)
{
    const char *unit;
    json_t *amount;
    json_object_foreach((json_t *)throughput, unit, amount)
    {
        if (json_is_object(amount))
            add_throughputs(document, run, count, amount);
        else
            add_throughput(document, run, count, json_number_value(amount), unit);
    }
}

/* Criterion's own number, which it prints, besides the samples. */
static size_t split(struct import_document *document, struct import_run *run)
{
    struct store_sample *sample = &run->samples[run->sample_count - 1];
    if (sample->value_count >= 2 && sample->label && !str_equal(sample->label, "samples"))
        import_add_metric(document, sample, arena_format(document->arena, "criterion_%s_ns", sample->label), "ns",
                          sample->real_time_ns);
    return import_split(document, run);
}

static double first_known(const json_t *estimates, const char *value_key, const char **label)
{
    static const char *const order[] = { "typical", "slope", "mean", "median" };
    for (size_t i = 0; i < sizeof order / sizeof order[0]; i++) {
        double value = import_number(json_object_get(estimates, order[i]), value_key);
        if (isfinite(value)) {
            *label = order[i];
            return value;
        }
    }
    return NAN;
}

/* The mean of the samples, where criterion's own estimates are missing. */
static void settle_time(struct store_sample *sample)
{
    if (isfinite(sample->real_time_ns) || sample->value_count == 0)
        return;
    double sum = 0;
    for (size_t i = 0; i < sample->value_count; i++)
        sum += sample->values_ns[i];
    sample->real_time_ns = sum / (double)sample->value_count;
    sample->label = "mean";
}

/* ---- the directory ---- */

static int load_file(struct import_document *document, const char *directory, const char *name, json_t **json,
                     struct error *error)
{
    const char *path = arena_format(document->arena, "%s/%s", directory, name);
    json_error_t fault;
    char *text;
    size_t size;
    *json = NULL;
    if (!file_exists(path))
        return 0;
    int code = file_read(path, &text, &size, error);
    if (code != 0)
        return code;
    *json = json_loadb(text, size, 0, &fault);
    free(text);
    return *json ? 0
                 : error_set(error, ERROR_FORMAT, "%s: damaged or cut off: line %d: %.150s", path, fault.line,
                             fault.text);
}

/* benchmark.json knows the name; without it, it is the path below the root. */
static const char *find_name(const json_t *benchmark, const char *relative)
{
    const char *full = import_text(benchmark, "full_id");
    return full && *full ? full : relative;
}

static int add_directory(struct import_document *document, struct import_run *run, const char *directory,
                         const char *relative, struct error *error)
{
    json_t *benchmark = NULL, *estimates = NULL, *samples = NULL;
    int code = load_file(document, directory, "benchmark.json", &benchmark, error);
    if (code == 0)
        code = load_file(document, directory, "estimates.json", &estimates, error);
    if (code == 0)
        code = load_file(document, directory, "sample.json", &samples, error);
    if (code == 0 && (estimates || samples)) {
        const char *name = find_name(benchmark, relative);
        for (size_t i = 0; i < run->sample_count && code == 0; i++)
            if (str_equal(run->samples[i].name, name))
                code =
                    error_set(error, ERROR_FORMAT, "%s: a second %s: more than one target/criterion?", directory, name);
        struct store_sample *sample = import_add_sample(document, run, "criterion", name);
        const char *label = NULL;
        sample->real_time_ns = first_known(estimates, "point_estimate", &label);
        sample->label = label;
        if (samples && code == 0)
            code = read_samples(document, sample, json_object_get(samples, "iters"), json_object_get(samples, "times"),
                                1, error);
        settle_time(sample);
        if (code == 0 && !isfinite(sample->real_time_ns))
            code = error_set(error, ERROR_FORMAT, "%s: neither an estimate nor samples", directory);
        if (code == 0)
            add_throughputs(document, run, split(document, run), json_object_get(benchmark, "throughput"));
        str_appendf(&run->identity, "%s%s%s", name, import_canonical(document->arena, estimates),
                    import_canonical(document->arena, samples));
    }
    json_decref(benchmark);
    json_decref(estimates);
    json_decref(samples);
    return code;
}

static int compare_names(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Names in a directory, sorted: the order must not depend on the file system. */
static int list_directory(struct import_document *document, const char *directory, char ***names, size_t *count,
                          struct error *error)
{
    size_t capacity = 0;
    DIR *handle = opendir(directory);
    if (!handle)
        return error_system(error, errno, "%s", directory);
    for (struct dirent *entry; (entry = readdir(handle)) != NULL;) {
        if (entry->d_name[0] == '.')
            continue;
        MEM_GROW(*names, *count, capacity);
        (*names)[(*count)++] = arena_strdup(document->arena, entry->d_name);
    }
    closedir(handle);
    if (*count)
        qsort(*names, *count, sizeof **names, compare_names);
    return 0;
}

static int walk(struct import_document *document, struct import_run *run, const char *directory, const char *relative,
                int depth, int *seen, struct error *error)
{
    char **names = NULL;
    size_t count = 0;
    if (++*seen > DIRECTORY_LIMIT)
        return error_set(error, ERROR_FORMAT, "more than %d directories: not criterion's (target/criterion)",
                         DIRECTORY_LIMIT);
    int code = list_directory(document, directory, &names, &count, error);
    for (size_t i = 0; code == 0 && i < count; i++) {
        struct stat status;
        const char *path = arena_format(document->arena, "%s/%s", directory, names[i]);
        if (lstat(path, &status) != 0 || !S_ISDIR(status.st_mode))
            continue;
        if (str_equal(names[i], "new"))
            code = add_directory(document, run, path, *relative ? relative : "benchmark", error);
        else if (depth < DEPTH_LIMIT && !str_equal(names[i], "base") && !str_equal(names[i], "change") &&
                 !str_equal(names[i], "report"))
            code = walk(document, run, path,
                        *relative ? arena_format(document->arena, "%s/%s", relative, names[i]) : names[i], depth + 1,
                        seen, error);
    }
    free(names);
    return code;
}

/* ---- cargo-criterion's messages ---- */

static bool is_message(const json_t *message)
{
    return str_equal(import_text(message, "reason"), "benchmark-complete");
}

static int add_message(struct import_document *document, struct import_run *run, const json_t *message,
                       struct error *error)
{
    const char *name = import_text(message, "id"), *unit = import_text(message, "unit"), *label = NULL;
    double scale = import_unit_ns(unit ? unit : "ns");
    if (!name)
        return error_set(error, ERROR_FORMAT, "a benchmark without an id");
    if (!isfinite(scale))
        return error_set(error, ERROR_FORMAT, "%s: measured in '%.20s', which is no time", name, unit);
    struct store_sample *sample = import_add_sample(document, run, "criterion", name);
    const json_t *counts = json_object_get(message, "iteration_count");
    sample->real_time_ns = first_known(message, "estimate", &label) * scale;
    sample->label = label;
    int code =
        counts ? read_samples(document, sample, counts, json_object_get(message, "measured_values"), scale, error) : 0;
    settle_time(sample);
    if (code == 0 && !isfinite(sample->real_time_ns))
        code = error_set(error, ERROR_FORMAT, "%s: neither an estimate nor samples", name);
    size_t samples = code == 0 ? split(document, run) : 1;
    const json_t *throughput = json_object_get(message, "throughput");
    for (size_t i = 0; code == 0 && i < json_array_size(throughput); i++) {
        const json_t *item = json_array_get(throughput, i);
        add_throughput(document, run, samples, import_number(item, "per_iteration"), import_text(item, "unit"));
    }
    return code;
}

/* ---- */

static bool is_file_of_criterion(const struct import_source *source)
{
    return (str_equal(source->name, "sample.json") && json_object_get(source->json, "iters")) ||
           (str_equal(source->name, "estimates.json") && json_object_get(source->json, "mean")) ||
           (str_equal(source->name, "benchmark.json") && json_object_get(source->json, "full_id"));
}

bool import_is_criterion(const struct import_source *source)
{
    if (source->is_directory || is_file_of_criterion(source))
        return true;
    if (str_equal(import_text(source->json, "reason"), "benchmark-complete")) /* a file of one line */
        return true;
    for (size_t i = 0; i < json_array_size(source->json); i++)
        if (is_message(json_array_get(source->json, i)))
            return true;
    return false;
}

int import_read_criterion(const struct import_source *source, struct import_document *document, struct error *error)
{
    struct import_run *run = import_add_run(document);
    int code = 0;
    run->command = "cargo bench";
    if (source->is_directory) {
        int seen = 0;
        code = walk(document, run, source->path, "", 0, &seen, error);
    } else if (is_file_of_criterion(source)) {
        size_t length = strlen(source->path) - strlen(source->name);
        const char *directory = length ? arena_strndup(document->arena, source->path, length - 1) : ".";
        code = add_directory(document, run, *directory ? directory : "/", "benchmark", error);
    } else if (is_message(source->json)) {
        code = add_message(document, run, source->json, error);
    } else {
        if (!json_is_array(source->json))
            return error_set(error, ERROR_FORMAT, "none of criterion's files%s%s", source->json_fault[0] ? ": " : "",
                             source->json_fault);
        for (size_t i = 0; code == 0 && i < json_array_size(source->json); i++)
            if (is_message(json_array_get(source->json, i)))
                code = add_message(document, run, json_array_get(source->json, i), error);
    }
    if (code == 0 && run->sample_count == 0)
        code = error_set(error, ERROR_FORMAT,
                         "no benchmark was found (a directory like target/criterion has NAME/new/estimates.json)");
    return code;
}
