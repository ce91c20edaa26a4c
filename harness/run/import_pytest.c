/* import_pytest.c: pytest-benchmark's JSON (--benchmark-json, --benchmark-save). A test is a case. Where its rounds
 * were saved (--benchmark-json does, --benchmark-save needs --benchmark-save-data), its samples are medians of batches
 * of them; else the median over all rounds is its one sample. */
#include "harness/run/import_formats.h"
#include <math.h>
#include <string.h>

bool import_is_pytest(const struct import_source *source)
{
    return json_is_array(json_object_get(source->json, "benchmarks")) &&
           json_object_get(source->json, "machine_info") && json_object_get(source->json, "commit_info");
}

static void describe(const json_t *root, struct import_run *run)
{
    static const char *const kept[] = { "machine", "processor", "system", "python_implementation" };
    const json_t *machine = json_object_get(root, "machine_info"), *cpu = json_object_get(machine, "cpu");
    const json_t *commit = json_object_get(root, "commit_info");
    for (size_t i = 0; i < sizeof kept / sizeof kept[0]; i++)
        facts_add(&run->machine, kept[i], import_known(import_text(machine, kept[i])));
    facts_add(&run->machine, "cpu",
              import_text(cpu, "brand_raw") ? import_text(cpu, "brand_raw") : import_text(cpu, "brand"));
    if (import_integer(cpu, "count") > 0)
        facts_addf(&run->machine, "cpus", "%lld", (long long)import_integer(cpu, "count"));
    facts_add(&run->build, "git_commit", import_known(import_text(commit, "id")));
    facts_add(&run->build, "git_branch", import_known(import_text(commit, "branch")));
    if (import_known(import_text(commit, "id")) && json_is_boolean(json_object_get(commit, "dirty")))
        facts_add(&run->build, "git_dirty", json_is_true(json_object_get(commit, "dirty")) ? "true" : "false");
    facts_add(&run->build, "python_version", import_text(machine, "python_version"));
    facts_add(&run->environment, "host_name", import_text(machine, "node"));
    facts_add(&run->environment, "kernel", import_text(machine, "release"));
    if (!import_parse_date(import_text(root, "datetime"), &run->started_ns))
        import_parse_date(import_text(commit, "time"), &run->started_ns);
}

static const double *read_rounds(const json_t *data, struct arena *arena, size_t *count, bool *good)
{
    *count = json_array_size(data);
    *good = true;
    double *values = arena_array(arena, *count, sizeof *values);
    for (size_t i = 0; i < *count; i++) {
        const json_t *value = json_array_get(data, i);
        values[i] = json_is_number(value) ? json_number_value(value) * 1e9 : NAN;
        *good = *good && isfinite(values[i]);
    }
    return values;
}

/* "tests/test_fib.py::test_fib[20]" -> suite "tests/test_fib.py", case "test_fib[20]". */
static struct store_sample *add_sample(struct import_document *document, struct import_run *run, const json_t *item)
{
    const char *full = import_text(item, "fullname"), *name = import_text(item, "name");
    const char *colons = full ? strstr(full, "::") : NULL;
    if (!name && !full)
        return NULL;
    if (!colons)
        return import_add_sample(document, run, "pytest", full ? full : name);
    return import_add_sample(document, run, arena_strndup(document->arena, full, (size_t)(colons - full)), colons + 2);
}

static int add_item(struct import_document *document, struct import_run *run, const json_t *item, size_t index,
                    struct error *error)
{
    const json_t *stats = json_object_get(item, "stats");
    struct store_sample *sample = json_is_object(stats) ? add_sample(document, run, item) : NULL;
    if (!sample)
        return error_set(error, ERROR_FORMAT, "benchmark %zu has no name or no stats", index + 1);
    bool good;
    double median = import_number(stats, "median");
    sample->values_ns = read_rounds(json_object_get(stats, "data"), document->arena, &sample->value_count, &good);
    sample->real_time_ns = (isfinite(median) ? median : import_number(stats, "mean")) * 1e9;
    sample->label = isfinite(median) ? "median of rounds" : "mean of rounds";
    int64_t rounds = import_integer(stats, "rounds"), iterations = import_integer(stats, "iterations");
    sample->iterations = (rounds > 0 ? rounds : 1) * (iterations > 0 ? iterations : 1);
    if (!isfinite(sample->real_time_ns) || sample->real_time_ns < 0 || !good)
        return error_set(error, ERROR_FORMAT, "%s: its times are not all numbers", sample->name);
    const json_t *extra = json_object_get(item, "extra_info");
    const char *key;
    json_t *value;
    json_object_foreach((json_t *)extra, key, value) if (json_is_number(value))
        import_add_metric(document, sample, key, "", json_number_value(value));
    import_split(document, run);
    return 0;
}

int import_read_pytest(const struct import_source *source, struct import_document *document, struct error *error)
{
    const json_t *items = json_object_get(source->json, "benchmarks");
    if (!json_is_array(items))
        return error_set(error, ERROR_FORMAT, source->json ? "no \"benchmarks\" list%s" : "not JSON: %s",
                         source->json ? "" : source->json_fault);
    if (json_array_size(items) == 0)
        return error_set(error, ERROR_FORMAT, "holds no results");
    struct import_run *run = import_add_run(document);
    str_append(&run->identity, import_canonical(document->arena, source->json));
    run->command = "pytest --benchmark-only";
    describe(source->json, run);
    int code = 0;
    for (size_t i = 0; code == 0 && i < json_array_size(items); i++)
        code = add_item(document, run, json_array_get(items, i), i, error);
    return code;
}
