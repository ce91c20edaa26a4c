/* import_hyperfine.c: hyperfine --export-json. A command is a case, each of its runs is a sample: they are processes of
 * their own. CPU times are known only as means over the runs, so they are metrics of one sample besides. */
#include "harness/run/import_formats.h"
#include <math.h>

bool import_is_hyperfine(const struct import_source *source)
{
    const json_t *first = json_array_get(json_object_get(source->json, "results"), 0);
    return json_object_get(first, "command") && json_object_get(first, "mean");
}

static bool is_same_case(const json_t *a, const json_t *b)
{
    json_t *of_a = json_object_get(a, "parameters"), *of_b = json_object_get(b, "parameters");
    return str_equal(import_text(a, "command"), import_text(b, "command")) &&
           (of_a && of_b ? json_equal(of_a, of_b) : of_a == of_b);
}

/* Two results of one command differ by their parameters; those of one --command-name may not, then by their order. */
static const char *case_name(const json_t *results, size_t index, struct arena *arena)
{
    const json_t *result = json_array_get(results, index);
    const char *command = import_text(result, "command"), *key;
    bool unique = true;
    for (size_t i = 0; i < json_array_size(results); i++)
        unique = unique && (i == index || !str_equal(command, import_text(json_array_get(results, i), "command")));
    struct str name = { 0 };
    json_t *value;
    for (const char *p = command; *p; p++) /* a script may have several lines */
        str_append_char(&name, (unsigned char)*p < 0x20 ? ' ' : *p);
    json_object_foreach(unique ? NULL : json_object_get(result, "parameters"), key, value)
    {
        if (json_is_string(value))
            str_appendf(&name, "/%s:%s", key, json_string_value(value));
        else if (json_is_number(value))
            str_appendf(&name, "/%s:%g", key, json_number_value(value));
    }
    int earlier = 0;
    for (size_t i = 0; i < index; i++)
        earlier += is_same_case(result, json_array_get(results, i));
    if (earlier)
        str_appendf(&name, "/#%d", earlier + 1);
    const char *text = arena_strdup(arena, str_text(&name));
    str_release(&name);
    return text;
}

static const char *exit_fault(const json_t *codes, size_t index, struct arena *arena)
{
    const json_t *code = json_array_get(codes, index);
    if (!code || (json_is_integer(code) && json_integer_value(code) == 0))
        return NULL;
    return json_is_integer(code) ? arena_format(arena, "exited with %lld", (long long)json_integer_value(code))
                                 : "killed by a signal";
}

static int add_times(struct import_document *document, struct import_run *run, const json_t *result, const char *name,
                     struct error *error)
{
    const json_t *times = json_object_get(result, "times"), *codes = json_object_get(result, "exit_codes");
    const json_t *memory = json_object_get(result, "memory_usage_byte");
    for (size_t i = 0; i < json_array_size(times); i++) {
        const json_t *time = json_array_get(times, i);
        double seconds = json_is_number(time) ? json_number_value(time) : NAN;
        if (!isfinite(seconds) || seconds < 0)
            return error_set(error, ERROR_FORMAT, "%.80s: time %zu is not a time", name, i + 1);
        struct store_sample *sample = import_add_sample(document, run, "hyperfine", name);
        sample->round = sample->process = (int)i;
        sample->iterations = 1;
        sample->message = exit_fault(codes, i, document->arena);
        if (sample->message) {
            sample->status = STORE_SAMPLE_ERROR;
            continue;
        }
        sample->real_time_ns = seconds * 1e9;
        const json_t *bytes = json_array_get(memory, i);
        if (json_is_number(bytes) && json_number_value(bytes) > 0)
            import_add_metric(document, sample, "peak_rss_bytes", "B", json_number_value(bytes));
    }
    return 0;
}

static int add_result(struct import_document *document, struct import_run *run, const json_t *results, size_t index,
                      struct error *error)
{
    const json_t *result = json_array_get(results, index);
    if (!import_text(result, "command") || !isfinite(import_number(result, "mean")))
        return error_set(error, ERROR_FORMAT, "result %zu has no command or no mean", index + 1);
    const char *name = case_name(results, index, document->arena);
    int count = (int)json_array_size(json_object_get(result, "times"));
    int code = add_times(document, run, result, name, error);
    if (code == 0 && count == 0) { /* exported without the single times */
        struct store_sample *sample = import_add_sample(document, run, "hyperfine", name);
        sample->iterations = 1;
        sample->real_time_ns = import_number(result, "mean") * 1e9;
        sample->label = "mean";
    }
    if (code != 0 || !isfinite(import_number(result, "user")))
        return code;
    struct store_sample *means = import_add_sample(document, run, "hyperfine", name);
    means->pass = STORE_PASS_COUNTERS;
    means->process = count + (count == 0);
    means->iterations = 1;
    means->real_time_ns = import_number(result, "mean") * 1e9;
    import_add_metric(document, means, "mean_user_ns", "ns", import_number(result, "user") * 1e9);
    import_add_metric(document, means, "mean_system_ns", "ns", import_number(result, "system") * 1e9);
    return 0;
}

int import_read_hyperfine(const struct import_source *source, struct import_document *document, struct error *error)
{
    const json_t *results = json_object_get(source->json, "results");
    if (!json_is_array(results))
        return error_set(error, ERROR_FORMAT, source->json ? "no \"results\" list%s" : "not JSON: %s",
                         source->json ? "" : source->json_fault);
    if (json_array_size(results) == 0)
        return error_set(error, ERROR_FORMAT, "holds no results");
    struct import_run *run = import_add_run(document);
    str_append(&run->identity, import_canonical(document->arena, source->json));
    run->command = "hyperfine";
    int code = 0;
    for (size_t i = 0; code == 0 && i < json_array_size(results); i++)
        code = add_result(document, run, results, i, error);
    return code;
}
