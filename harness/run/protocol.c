/* protocol.c: Google Benchmark's JSON -> struct store_sample.
 *
 * Real programs bend JSON: the library prints NaN and Infinity bare and control characters raw. The strict parse comes
 * first; only if it fails, a mended copy is tried, so good output is never touched. */
#include "harness/run/protocol_internal.h"
#include "harness/base/mem.h"
#include "harness/base/str.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { NAME_LIMIT = 4096 };

/* ---- the list of cases ---- */

struct placed {
    const char *name;
    size_t index;
};

static int compare_placed(const void *a, const void *b)
{
    const struct placed *x = a, *y = b;
    int order = strcmp(x->name, y->name);
    return order ? order : x->index < y->index ? -1 : x->index > y->index;
}

/* Keeps the first of equal names, in the order of the list. */
static size_t drop_duplicates(const char **names, size_t count)
{
    struct placed *sorted = mem_array(count + 1, sizeof *sorted);
    for (size_t i = 0; i < count; i++)
        sorted[i] = (struct placed){ names[i], i };
    qsort(sorted, count, sizeof *sorted, compare_placed);
    for (size_t i = 1; i < count; i++)
        if (strcmp(sorted[i - 1].name, sorted[i].name) == 0)
            names[sorted[i].index] = NULL;
    free(sorted);
    size_t kept = 0;
    for (size_t i = 0; i < count; i++)
        if (names[i])
            names[kept++] = names[i];
    return kept;
}

static bool is_name(const char *text, size_t length)
{
    if (length == 0 || length > NAME_LIMIT || text[0] == '-' || text[0] == ' ')
        return false;
    for (size_t i = 0; i < length; i++)
        if ((unsigned char)text[i] < 0x20 || text[i] == 0x7f)
            return false;
    return true;
}

int protocol_parse_list(const char *text, size_t length, struct arena *arena, const char *const **names, size_t *count,
                        struct error *error)
{
    const char **list = NULL;
    size_t used = 0, capacity = 0;
    const char *end = text + length;
    for (const char *line = text; line < end;) {
        const char *newline = memchr(line, '\n', (size_t)(end - line));
        size_t size = (size_t)((newline ? newline : end) - line);
        size_t trimmed = size > 0 && line[size - 1] == '\r' ? size - 1 : size;
        if (trimmed > 0 && !is_name(line, trimmed)) {
            free(list);
            return error_set(error, ERROR_FORMAT,
                             "the answer to --benchmark_list_tests is not a list of cases: '%.60s'",
                             arena_strndup(arena, line, trimmed));
        }
        if (trimmed > 0) {
            MEM_GROW(list, used, capacity);
            list[used++] = arena_strndup(arena, line, trimmed);
        }
        line += size + 1;
    }
    *count = drop_duplicates(list, used);
    const char **copy = arena_array(arena, *count, sizeof *copy);
    if (*count)
        memcpy(copy, list, *count * sizeof *copy);
    *names = copy;
    free(list);
    return 0;
}

char *protocol_filter(const char *const *names, size_t count)
{
    struct str filter = { 0 };
    str_append(&filter, count > 1 ? "^(" : "^");
    for (size_t i = 0; i < count; i++) {
        str_append(&filter, i ? "|" : "");
        for (const char *p = names[i]; *p; p++) {
            /* ']' and '}' mean nothing by themselves, and std::regex refuses to see them escaped. */
            if (strchr("\\^$.[|()*+?{", *p))
                str_append_char(&filter, '\\');
            str_append_char(&filter, *p);
        }
    }
    str_append(&filter, count > 1 ? ")$" : "$");
    return str_take(&filter);
}

/* ---- JSON that is almost JSON ---- */

/* Appends null for a bare NaN, Infinity, nan, inf (with sign) at p and returns its length, else 0. */
static size_t mend_number(struct str *out, const char *p, const char *end)
{
    static const char *const words[] = { "NaN", "Infinity", "nan", "inf" };
    size_t sign = *p == '-' || *p == '+' ? 1 : 0;
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        size_t length = strlen(words[i]);
        if ((size_t)(end - p) >= sign + length && memcmp(p + sign, words[i], length) == 0) {
            str_append(out, "null");
            return sign + length;
        }
    }
    return 0;
}

static void mend(struct str *out, const char *text, size_t length)
{
    bool in_string = false;
    const char *end = text + length;
    for (const char *p = text; p < end; p++) {
        unsigned char byte = (unsigned char)*p;
        if (in_string && byte == '\\' && p + 1 < end) {
            str_append_bytes(out, p++, 2);
            continue;
        }
        if (byte == '"')
            in_string = !in_string;
        if (in_string && byte < 0x20) {
            str_appendf(out, "\\u%04x", byte);
            continue;
        }
        size_t word = in_string ? 0 : mend_number(out, p, end);
        if (word)
            p += word - 1;
        else
            str_append_char(out, *p);
    }
}

/* A counter may be called like a key of the schema. For most of them the last one wins and that is what its author
 * meant ("threads"); for these it would be a wrong measurement. */
static bool is_dangerous_duplicate(const json_error_t *problem)
{
    static const char *const keys[] = { "name", "run_type", "iterations", "real_time", "cpu_time", "time_unit" };
    if (json_error_code(problem) != json_error_duplicate_key)
        return false;
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
        char quoted[32];
        snprintf(quoted, sizeof quoted, "\"%s\"", keys[i]);
        if (strstr(problem->text, quoted))
            return true;
    }
    return false;
}

static json_t *load_strictly(const char *text, size_t length, json_error_t *problem)
{
    json_t *root = json_loadb(text, length, JSON_REJECT_DUPLICATES, problem);
    if (!root && json_error_code(problem) == json_error_duplicate_key && !is_dangerous_duplicate(problem))
        root = json_loadb(text, length, 0, problem);
    return root;
}

json_t *protocol_load(const char *text, size_t length, struct error *error)
{
    json_error_t problem, ignored;
    json_t *root = load_strictly(text, length, &problem);
    if (!root) {
        struct str mended = { 0 };
        mend(&mended, text, length);
        root = load_strictly(str_text(&mended), mended.length, &ignored);
        str_release(&mended);
    }
    if (root)
        return root;
    /* The message quotes the text, whatever that holds; ours is one line. */
    for (char *p = problem.text; *p; p++)
        if ((unsigned char)*p < 0x20 || *p == 0x7f)
            *p = ' ';
    size_t blank = 0; /* text need not end with a NUL */
    while (blank < length && memchr(" \t\r\n", text[blank], 4))
        blank++;
    if (blank == length)
        error_set(error, ERROR_FORMAT, "it printed nothing");
    else if (is_dangerous_duplicate(&problem))
        error_set(error, ERROR_FORMAT, "output is ambiguous: %s (a counter has the name of a key of the schema)",
                  problem.text);
    else
        error_set(error, ERROR_FORMAT, "output is not JSON: line %d: %s", problem.line, problem.text);
    return NULL;
}

/* ---- records ---- */

static const char *const schema_keys[] = {
    "name",
    "family_index",
    "per_family_instance_index",
    "run_name",
    "run_type",
    "repetitions",
    "repetition_index",
    "iterations",
    "real_time",
    "cpu_time",
    "time_unit",
    "label",
    "error_occurred",
    "error_message",
    "skipped",
    "skip_message",
    "aggregate_name",
    "aggregate_unit",
};

static bool is_schema_key(const char *key)
{
    for (size_t i = 0; i < sizeof schema_keys / sizeof schema_keys[0]; i++)
        if (str_equal(key, schema_keys[i]))
            return true;
    return false;
}

static const char *get_text(const json_t *record, const char *key, struct arena *arena)
{
    const char *text = json_string_value(json_object_get(record, key));
    return text ? arena_strdup(arena, text) : NULL;
}

static double get_number(const json_t *record, const char *key)
{
    const json_t *value = json_object_get(record, key);
    return json_is_number(value) ? json_number_value(value) : NAN;
}

static double unit_ns(const char *unit)
{
    static const struct {
        const char *name;
        double ns;
    } units[] = { { "ns", 1 }, { "us", 1e3 }, { "ms", 1e6 }, { "s", 1e9 } };
    for (size_t i = 0; i < sizeof units / sizeof units[0]; i++)
        if (str_equal(unit, units[i].name))
            return units[i].ns;
    return NAN;
}

/* A program that says it measured, but gives no usable time, has an error. */
static void parse_times(struct store_sample *sample, const json_t *record, struct arena *arena)
{
    const char *unit = json_string_value(json_object_get(record, "time_unit"));
    double scale = unit_ns(unit ? unit : "ns");
    sample->real_time_ns = get_number(record, "real_time") * scale;
    sample->cpu_time_ns = get_number(record, "cpu_time") * scale;
    sample->iterations = (int64_t)json_integer_value(json_object_get(record, "iterations"));
    if (sample->status != STORE_SAMPLE_OK)
        return;
    if (isnan(scale))
        sample->message = arena_format(arena, "unknown time unit '%.20s'", unit);
    else if (!isfinite(sample->real_time_ns) || sample->real_time_ns < 0)
        sample->message = "its real_time is not a time";
    if (sample->message)
        sample->status = STORE_SAMPLE_ERROR;
}

static bool is_aggregate(const json_t *record)
{
    const char *type = json_string_value(json_object_get(record, "run_type"));
    return (type && str_equal(type, "aggregate")) || json_object_get(record, "aggregate_name") ||
           json_object_get(record, "big_o") || json_object_get(record, "rms");
}

static int parse_record(struct store_sample *sample, struct protocol_record *kinds, json_t *record, struct arena *arena,
                        struct error *error)
{
    *sample = (struct store_sample){ .name = get_text(record, "name", arena) };
    if (!sample->name || !is_name(sample->name, strlen(sample->name)))
        return error_set(error, ERROR_FORMAT, "output has a record without a usable name");
    json_int_t repetition = json_integer_value(json_object_get(record, "repetition_index"));
    sample->repetition = repetition >= 0 && repetition < INT32_MAX ? (int)repetition : 0;
    sample->label = get_text(record, "label", arena);
    sample->output_digest = get_text(record, "prony_output_digest", arena);
    if (json_is_true(json_object_get(record, "error_occurred"))) {
        sample->status = STORE_SAMPLE_ERROR;
        sample->message = get_text(record, "error_message", arena);
    } else if (json_is_true(json_object_get(record, "skipped"))) {
        sample->status = STORE_SAMPLE_SKIPPED;
        sample->message = get_text(record, "skip_message", arena);
    }
    if (sample->status != STORE_SAMPLE_OK && !sample->message)
        sample->message = "no reason given";
    parse_times(sample, record, arena);
    if (sample->status != STORE_SAMPLE_OK)
        return 0;
    int code = protocol_parse_metrics(sample, kinds, record, is_schema_key, arena, error);
    return code == 0 ? protocol_parse_parts(sample, kinds, record, arena, error) : code;
}

/* Facts of the library and the program. What changes with every process (date, load) is no fact of the run. */
static void parse_context(struct protocol_output *output, json_t *context, struct arena *arena)
{
    static const char *const changing[] = {
        "date",   "load_avg",   "host_name",           "mhz_per_cpu",        "num_cpus",
        "caches", "executable", "prony_clock_real_ns", "prony_clock_cpu_ns", "prony_interleaving_seed"
    };
    output->context = arena_array(arena, json_object_size(context), sizeof *output->context);
    const char *key;
    json_t *value;
    json_object_foreach(context, key, value)
    {
        bool skip = false;
        for (size_t i = 0; i < sizeof changing / sizeof changing[0]; i++)
            skip = skip || str_equal(key, changing[i]);
        const char *text = json_string_value(value);
        if (json_is_boolean(value))
            text = json_is_true(value) ? "true" : "false";
        else if (json_is_number(value))
            text = arena_format(arena, "%.17g", json_number_value(value));
        if (skip || !text)
            continue;
        output->context[output->context_count++] =
            (struct store_fact){ .name = arena_strdup(arena, key), .value = arena_strdup(arena, text) };
    }
}

int protocol_parse(const char *text, size_t length, struct arena *arena, struct protocol_output *output,
                   struct error *error)
{
    *output = (struct protocol_output){ 0 };
    json_t *root = protocol_load(text, length, error);
    if (!root)
        return ERROR_FORMAT;
    int code = 0;
    json_t *records = json_object_get(root, "benchmarks");
    if (!json_is_array(records)) {
        code = error_set(error, ERROR_FORMAT, "output is JSON, but not Google Benchmark's (no \"benchmarks\" list)");
        goto done;
    }
    parse_context(output, json_object_get(root, "context"), arena);
    output->samples = arena_array(arena, json_array_size(records), sizeof *output->samples);
    output->records = arena_array(arena, json_array_size(records), sizeof *output->records);
    for (size_t i = 0; code == 0 && i < json_array_size(records); i++) {
        json_t *record = json_array_get(records, i);
        if (!json_is_object(record)) {
            code = error_set(error, ERROR_FORMAT, "output has a record that is not an object");
        } else if (!is_aggregate(record)) {
            size_t at = output->sample_count++;
            code = parse_record(&output->samples[at], &output->records[at], record, arena, error);
        }
    }
done:
    json_decref(root);
    return code;
}
