/* import_llama_bench.c: llama-bench's -o json, jsonl, sql and csv. A test is a case; its repetitions are samples where
 * the format keeps them (SQL and CSV have only the average). What was called again for a case that a run has already is
 * the next run: such files are often appended to. */
#include "harness/run/import_formats.h"
#include <ctype.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* ---- SQL ---- */

static const char *skip_spaces(const char *p)
{
    return p + strspn(p, " \t\r\n");
}

/* "a, b, c)" -> list of names; returns what follows, or NULL. */
static const char *parse_columns(const char *p, json_t *columns)
{
    for (;;) {
        p = skip_spaces(p);
        size_t length = strcspn(p, " \t\r\n,()'");
        if (length == 0)
            return NULL;
        json_array_append_new(columns, json_stringn(p, length));
        p = skip_spaces(p + length);
        if (*p == ')')
            return p + 1;
        if (*p++ != ',')
            return NULL;
    }
}

/* 'it''s' or a bare number; returns what follows, or NULL. */
static const char *parse_value(const char *p, struct str *value)
{
    str_clear(value);
    if (*p != '\'') {
        size_t length = strcspn(p, " \t\r\n,()");
        str_append_bytes(value, p, length);
        return length ? p + length : NULL;
    }
    for (p++; *p; p++) {
        if (*p == '\'' && p[1] != '\'')
            return p + 1;
        p += *p == '\'';
        str_append_char(value, *p);
    }
    return NULL;
}

/* "(columns) VALUES (values);" behind "INSERT INTO table". */
static const char *parse_insert(const char *p, json_t *record)
{
    json_t *columns = json_array();
    struct str value = { 0 };
    p = strchr(p, '(');
    p = p ? parse_columns(p + 1, columns) : NULL;
    p = p ? skip_spaces(p) : NULL;
    p = p && strncmp(p, "VALUES", 6) == 0 ? skip_spaces(p + 6) : NULL;
    p = p && *p == '(' ? p + 1 : NULL;
    for (size_t i = 0; p && i < json_array_size(columns); i++) {
        p = parse_value(skip_spaces(p), &value);
        json_t *text = p ? json_stringn(str_text(&value), value.length) : NULL;
        if (!text || json_object_set_new(record, json_string_value(json_array_get(columns, i)), text) != 0) {
            p = NULL;
            break;
        }
        p = skip_spaces(p);
        char wanted = i + 1 < json_array_size(columns) ? ',' : ')';
        p = *p == wanted ? p + 1 : NULL;
    }
    str_release(&value);
    json_decref(columns);
    p = p ? skip_spaces(p) : NULL;
    return p && *p == ';' ? p + 1 : NULL;
}

static int parse_sql(const char *text, json_t *records, struct error *error)
{
    int line = 1;
    const char *counted = text;
    for (const char *p = text; (p = strstr(p, "INSERT INTO ")) != NULL;) {
        for (; counted < p; counted++)
            line += *counted == '\n';
        json_t *record = json_object();
        p = parse_insert(p + strlen("INSERT INTO "), record);
        json_array_append_new(records, record);
        if (!p)
            return error_set(error, ERROR_FORMAT, "line %d: an INSERT that is damaged or cut off", line);
    }
    return 0;
}

/* ---- CSV ---- */

/* A header, then rows of quoted values; in values it writes every quote twice. */
static const char *parse_row(const char *p, json_t *fields, struct str *value)
{
    for (;;) {
        str_clear(value);
        if (*p == '"') {
            for (p++; *p && (*p != '"' || p[1] == '"'); p++) {
                p += *p == '"';
                str_append_char(value, *p);
            }
            if (*p++ != '"')
                return NULL;
        } else {
            size_t length = strcspn(p, ",\r\n");
            str_append_bytes(value, p, length);
            p += length;
        }
        json_t *text = json_stringn(str_text(value), value->length);
        if (!text || json_array_append_new(fields, text) != 0)
            return NULL;
        if (*p != ',')
            return *p == '\r' || *p == '\n' || !*p ? p + strspn(p, "\r\n") : NULL;
        p++;
    }
}

static int parse_csv(const char *text, json_t *records, struct error *error)
{
    json_t *header = json_array();
    struct str value = { 0 };
    const char *p = parse_row(text, header, &value);
    size_t width = json_array_size(header);
    if (!p)
        error_set(error, ERROR_FORMAT, "row 0: damaged or cut off");
    for (int row = 1; p && *p; row++) {
        json_t *fields = json_array(), *record = json_object();
        p = parse_row(p, fields, &value);
        for (size_t i = 0; i < width && i < json_array_size(fields); i++)
            json_object_set(record, json_string_value(json_array_get(header, i)), json_array_get(fields, i));
        if (json_array_size(fields) != width)
            p = NULL;
        json_array_append_new(records, record);
        json_decref(fields);
        if (!p)
            error_set(error, ERROR_FORMAT, "row %d: damaged or cut off", row);
    }
    str_release(&value);
    json_decref(header);
    return p ? 0 : ERROR_FORMAT;
}

/* ---- records ---- */

static bool is_csv(const struct import_source *source)
{
    return source->text && str_starts(source->text, "build_commit,") && strstr(source->text, "avg_ns,");
}

static bool is_sql(const struct import_source *source)
{
    return source->text && strstr(source->text, "INSERT INTO ") && strstr(source->text, "build_commit") &&
           strstr(source->text, "avg_ts");
}

bool import_is_llama_bench(const struct import_source *source)
{
    const json_t *first = json_array_get(source->json, 0);
    if (source->json)
        return json_object_get(first, "build_commit") && json_object_get(first, "avg_ts");
    return is_sql(source) || is_csv(source);
}

/* SQL's values are all texts. */
static double number_of(const json_t *record, const char *key)
{
    double value;
    const char *text = import_text(record, key);
    if (text)
        return str_parse_f64(text, &value) ? value : NAN;
    return import_number(record, key);
}

static void append_text(struct str *name, const char *text)
{
    for (; *text; text++)
        str_append_char(name, *text == ' ' || *text == '/' ? '_' : *text);
}

/* Parameters that differ from llama-bench's defaults, so that a new one does not rename all cases. */
static void append_parameters(struct str *name, const json_t *record)
{
    static const struct {
        const char *key, *usual;
    } parameters[] = {
        { "n_batch", "2048" },      { "n_ubatch", "512" },
        { "type_k", "f16" },        { "type_v", "f16" },
        { "n_gpu_layers", "99" },   { "n_cpu_moe", "0" },
        { "split_mode", "layer" },  { "main_gpu", "0" },
        { "flash_attn", "0" },      { "no_kv_offload", "0" },
        { "embeddings", "0" },      { "use_mmap", "1" },
        { "devices", "auto" },      { "no_op_offload", "0" },
        { "tensor_split", "0.00" }, { "poll", "50" },
        { "cpu_mask", "0x0" },      { "cpu_strict", "0" },
        { "repack", "1" },          { "tensor_buft_overrides", "none" },
        { "no_host", "0" },         { "load_mode", "mmap" },
    };
    for (size_t i = 0; i < sizeof parameters / sizeof parameters[0]; i++) {
        const json_t *value = json_object_get(record, parameters[i].key);
        char buffer[32];
        const char *text = json_string_value(value);
        if (json_is_boolean(value))
            text = json_is_true(value) ? "1" : "0";
        if (json_is_number(value)) {
            snprintf(buffer, sizeof buffer, "%g", json_number_value(value));
            text = buffer;
        }
        /* -1 is "automatic" where a number is wanted */
        if (!text || str_equal(text, parameters[i].usual) || str_equal(text, "-1"))
            continue;
        str_appendf(name, "/%s:", parameters[i].key);
        append_text(name, text);
    }
}

/* "pp512/qwen2_7B_Q4_K_-_Medium/threads:8/depth:512/n_gpu_layers:99" */
static const char *case_name(const json_t *record, bool of_many, struct arena *arena)
{
    struct str name = { 0 };
    double prompt = number_of(record, "n_prompt"), generated = number_of(record, "n_gen");
    const char *model = import_text(record, "model_type"), *file = import_text(record, "model_filename");
    if (prompt > 0)
        str_appendf(&name, "pp%.0f%s", prompt, generated > 0 ? "+" : "/");
    if (generated > 0 || !(prompt > 0))
        str_appendf(&name, "tg%.0f/", generated > 0 ? generated : 0);
    if (!model || !*model) {
        const char *slash = file ? strrchr(file, '/') : NULL;
        model = slash ? slash + 1 : file ? file : "model";
    }
    append_text(&name, model);
    if (of_many && file) { /* models of one description, such as two fine-tuned ones */
        const char *slash = strrchr(file, '/');
        str_append_char(&name, '/');
        append_text(&name, slash ? slash + 1 : file);
    }
    if (number_of(record, "n_threads") > 0)
        str_appendf(&name, "/threads:%.0f", number_of(record, "n_threads"));
    if (number_of(record, "n_depth") > 0)
        str_appendf(&name, "/depth:%.0f", number_of(record, "n_depth"));
    append_parameters(&name, record);
    const char *text = arena_strdup(arena, str_text(&name));
    str_release(&name);
    return text;
}

static int add_sample(struct import_document *document, struct import_run *run, const char *name, int repetition,
                      double time_ns, double tokens_per_second, struct error *error)
{
    if (!(time_ns > 0) || !isfinite(time_ns))
        return error_set(error, ERROR_FORMAT, "%s: a time of %g ns", name, time_ns);
    struct store_sample *sample = import_add_sample(document, run, "llama-bench", name);
    sample->round = sample->process = sample->repetition = repetition;
    sample->iterations = 1;
    sample->real_time_ns = time_ns;
    import_add_metric(document, sample, "tokens_per_second", "1/s", tokens_per_second);
    return 0;
}

static int add_record(struct import_document *document, struct import_run *run, const json_t *record, const char *name,
                      struct error *error)
{
    const json_t *times = json_object_get(record, "samples_ns"), *rates = json_object_get(record, "samples_ts");
    double tokens = fmax(number_of(record, "n_prompt"), 0) + fmax(number_of(record, "n_gen"), 0);
    int code = 0;
    for (size_t i = 0; code == 0 && i < json_array_size(times); i++) {
        const json_t *time = json_array_get(times, i), *rate = json_array_get(rates, i);
        double ns = json_is_number(time) ? json_number_value(time) : NAN;
        code = add_sample(document, run, name, (int)i, ns,
                          json_is_number(rate) ? json_number_value(rate) : tokens * 1e9 / ns, error);
    }
    if (code == 0 && json_array_size(times) == 0) {
        code = add_sample(document, run, name, 0, number_of(record, "avg_ns"), number_of(record, "avg_ts"), error);
        if (code == 0)
            run->samples[run->sample_count - 1].label = "average";
    }
    return code;
}

/* ---- runs ---- */

static void describe(struct import_run *run, const json_t *record)
{
    static const char *const machine[] = { "cpu_info", "gpu_info", "backends" };
    for (size_t i = 0; i < sizeof machine / sizeof machine[0]; i++) {
        const char *text = import_text(record, machine[i]);
        if (text && *text)
            facts_add(&run->machine, machine[i], text);
    }
    facts_add(&run->build, "git_commit", import_known(import_text(record, "build_commit")));
    if (number_of(record, "build_number") > 0)
        facts_addf(&run->build, "build_number", "%.0f", number_of(record, "build_number"));
    facts_add(&run->environment, "model_filename", import_text(record, "model_filename"));
}

static bool same_place(const json_t *a, const json_t *b)
{
    static const char *const keys[] = { "build_commit", "build_number", "cpu_info", "gpu_info", "backends" };
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++)
        if (!json_equal(json_object_get(a, keys[i]), json_object_get(b, keys[i])) &&
            (json_object_get(a, keys[i]) || json_object_get(b, keys[i])))
            return false;
    return true;
}

static bool has_case(const struct import_run *run, const char *name)
{
    for (size_t i = 0; i < run->sample_count; i++)
        if (str_equal(run->samples[i].name, name))
            return true;
    return false;
}

/* Whether another file here calls its model the same. */
static bool has_namesake(const json_t *records, const json_t *record)
{
    const char *file = import_text(record, "model_filename"), *type = import_text(record, "model_type");
    for (size_t i = 0; file && type && i < json_array_size(records); i++) {
        const json_t *other = json_array_get(records, i);
        const char *other_file = import_text(other, "model_filename");
        if (other_file && str_equal(import_text(other, "model_type"), type) && !str_equal(other_file, file))
            return true;
    }
    return false;
}

static int read_records(const json_t *records, struct import_document *document, struct error *error)
{
    const json_t *first = NULL; /* of the run */
    struct import_run *run = NULL;
    for (size_t i = 0; i < json_array_size(records); i++) {
        const json_t *record = json_array_get(records, i);
        if (!json_is_object(record) || !json_object_get(record, "avg_ns"))
            return error_set(error, ERROR_FORMAT, "record %zu is not a test of llama-bench", i + 1);
        const char *name = case_name(record, has_namesake(records, record), document->arena);
        if (!first || !same_place(first, record) || has_case(run, name)) {
            run = import_add_run(document);
            run->command = "llama-bench";
            describe(run, record);
            first = record;
        }
        int64_t time_ns;
        if (import_parse_date(import_text(record, "test_time"), &time_ns)) {
            run->started_ns = run->started_ns && run->started_ns < time_ns ? run->started_ns : time_ns;
            run->ended_ns = run->ended_ns > time_ns ? run->ended_ns : time_ns;
        }
        str_appendf(&run->identity, "%s\n", import_canonical(document->arena, record));
        int code = add_record(document, run, record, name, error);
        if (code != 0)
            return error_prefix(error, "record %zu", i + 1);
    }
    return 0;
}

int import_read_llama_bench(const struct import_source *source, struct import_document *document, struct error *error)
{
    if (json_is_array(source->json))
        return read_records(source->json, document, error);
    if (!is_sql(source) && !is_csv(source))
        return error_set(error, ERROR_FORMAT, "neither its JSON nor its SQL or CSV%s%s",
                         source->json_fault[0] ? ": " : "", source->json_fault);
    json_t *records = json_array();
    int code = is_sql(source) ? parse_sql(source->text, records, error) : parse_csv(source->text, records, error);
    if (code == 0)
        code = read_records(records, document, error);
    json_decref(records);
    return code;
}
