/* import_gbench.c: Google Benchmark's JSON, which any of our suites writes too. Repetitions become samples. Where a
 * program printed aggregates only, its median (else its mean) is the one sample of a case. */
#include "harness/run/import_formats.h"
#include "harness/run/protocol.h"
#include <math.h>
#include <stdio.h>
#include <string.h>

bool import_is_gbench(const struct import_source *source)
{
    const json_t *records = json_object_get(source->json, "benchmarks");
    if (!json_is_array(records) || !json_is_object(json_object_get(source->json, "context")))
        return false;
    const json_t *first = json_array_get(records, 0);
    return !first || json_object_get(first, "real_time") || json_object_get(first, "run_type") ||
           json_object_get(first, "cpu_coefficient") || json_object_get(first, "error_occurred");
}

/* The program's name is the suite, as `prony run` would call it. */
static const char *find_suite(const struct import_source *source, struct arena *arena)
{
    const char *program = import_text(json_object_get(source->json, "context"), "executable");
    const char *slash = program ? strrchr(program, '/') : NULL;
    const char *name = slash ? slash + 1 : program;
    if (name && *name)
        return name;
    const char *dot = strrchr(source->name, '.');
    return dot && dot > source->name ? arena_strndup(arena, source->name, (size_t)(dot - source->name)) : source->name;
}

/* What stays the same for weeks is the machine. The host's name is not: hosted runners have a new one every time. */
static void describe(const json_t *context, struct import_run *run)
{
    static const char *const condition[] = { "host_name", "mhz_per_cpu", "cpu_scaling_enabled", "aslr_enabled" };
    const json_t *cpus = json_object_get(context, "num_cpus"), *caches = json_object_get(context, "caches");
    if (json_is_integer(cpus))
        facts_addf(&run->machine, "num_cpus", "%lld", (long long)json_integer_value(cpus));
    for (size_t i = 0; i < json_array_size(caches); i++) {
        const json_t *cache = json_array_get(caches, i);
        const char *type = import_text(cache, "type");
        char name[32];
        snprintf(name, sizeof name, "cache_%zu", i); /* facts have one value a name */
        facts_addf(&run->machine, name, "L%lld %s %lld B, shared by %lld", (long long)import_integer(cache, "level"),
                   type ? type : "", (long long)import_integer(cache, "size"),
                   (long long)import_integer(cache, "num_sharing"));
    }
    json_t *rest = json_object();
    for (size_t i = 0; i < sizeof condition / sizeof condition[0]; i++)
        if (json_object_get(context, condition[i]))
            json_object_set(rest, condition[i], json_object_get(context, condition[i]));
    import_add_facts(&run->environment, rest, "");
    json_decref(rest);
    facts_add(&run->build, "library_version", import_text(context, "library_version"));
    facts_add(&run->build, "library_build_type", import_text(context, "library_build_type"));
    import_parse_date(import_text(context, "date"), &run->started_ns);
}

/* "BM_x_median" of "BM_x", in time units; other kinds of aggregates are no times. */
static int add_aggregates(const struct import_source *source, struct import_document *document, struct import_run *run,
                          const char *suite, const char *wanted, struct error *error)
{
    json_t *record;
    size_t i;
    json_array_foreach(json_object_get(source->json, "benchmarks"), i, record)
    {
        const char *kind = import_text(record, "aggregate_name"), *name = import_text(record, "run_name");
        const char *unit = import_text(record, "aggregate_unit");
        if (!name || !str_equal(kind, wanted) || (unit && !str_equal(unit, "time")))
            continue;
        const char *time_unit = import_text(record, "time_unit");
        double scale = import_unit_ns(time_unit ? time_unit : "ns"), real = import_number(record, "real_time") * scale;
        if (!isfinite(real) || real < 0)
            return error_set(error, ERROR_FORMAT, "record %zu (%s): its real_time is not a time", i, name);
        struct store_sample *sample = import_add_sample(document, run, suite, name);
        sample->real_time_ns = real;
        sample->cpu_time_ns = import_number(record, "cpu_time") * scale;
        sample->iterations = import_integer(record, "iterations");
        sample->label =
            arena_format(document->arena, "%s of %.0f repetitions", wanted, import_number(record, "repetitions"));
    }
    return 0;
}

int import_read_gbench(const struct import_source *source, struct import_document *document, struct error *error)
{
    if (!source->json)
        return error_set(error, ERROR_FORMAT, "not JSON: %s", source->json_fault);
    struct protocol_output output;
    const char *suite = find_suite(source, document->arena);
    int code = protocol_parse(source->text, source->length, document->arena, &output, error);
    if (code != 0)
        return code;
    struct import_run *run = import_add_run(document);
    const json_t *context = json_object_get(source->json, "context");
    str_append(&run->identity, import_canonical(document->arena, source->json));
    run->command = arena_strdup(document->arena, suite);
    describe(context, run);
    for (size_t i = 0; i < output.context_count; i++)
        if (!facts_find(run->build.items, run->build.count, output.context[i].name))
            facts_add(&run->environment, output.context[i].name, output.context[i].value);
    for (size_t i = 0; i < output.sample_count; i++) {
        struct store_sample *sample = import_add_sample(document, run, suite, output.samples[i].name);
        const char *copied = sample->suite;
        *sample = output.samples[i];
        sample->suite = copied;
        sample->round = sample->process = sample->repetition;
    }
    if (run->sample_count == 0)
        code = add_aggregates(source, document, run, suite, "median", error);
    if (code == 0 && run->sample_count == 0)
        code = add_aggregates(source, document, run, suite, "mean", error);
    if (code == 0 && run->sample_count == 0)
        code = error_set(error, ERROR_FORMAT, "holds no results");
    return code;
}
