/* protocol_parts.c: what a JSON record holds besides single numbers: times of single operations, spans, courses. */
#include "harness/run/protocol_internal.h"
#include "harness/base/str.h"
#include <math.h>

enum { VALUES_LIMIT = 1 << 20, SPANS_LIMIT = 1 << 16 };

static int parse_values(struct store_sample *sample, const json_t *values, struct arena *arena, struct error *error)
{
    size_t count = json_array_size(values);
    if (!json_is_array(values) || count > VALUES_LIMIT)
        return error_set(error, ERROR_FORMAT, "%.200s: prony_values_ns is not an array of at most %d numbers",
                         sample->name, VALUES_LIMIT);
    double *list = arena_array(arena, count, sizeof *list);
    for (size_t i = 0; i < count; i++) {
        const json_t *value = json_array_get(values, i);
        if (!json_is_number(value) && !json_is_null(value))
            return error_set(error, ERROR_FORMAT, "%.200s: prony_values_ns[%zu] is not a number", sample->name, i);
        list[sample->value_count] = json_number_value(value);
        sample->value_count += json_is_number(value) ? 1 : 0; /* null: that one operation has no time */
    }
    sample->values_ns = list;
    return 0;
}

/* ---- spans ---- */

/* A number of at least 0; absent or null gives NaN. False for anything else. */
static bool get_amount(const json_t *object, const char *key, double *value)
{
    const json_t *member = json_object_get(object, key);
    *value = json_is_number(member) ? json_number_value(member) : NAN;
    return !member || json_is_null(member) || *value >= 0;
}

static int parse_span(struct store_span *span, const char *case_name, size_t index, const json_t *json,
                      struct arena *arena, struct error *error)
{
    const char *operation = json_string_value(json_object_get(json, "operation"));
    const json_t *layer = json_object_get(json, "layer"), *kernels = json_object_get(json, "kernels");
    const char *bad = NULL;
    *span = (struct store_span){ .layer = -1 };
    if (!operation || !*operation)
        bad = "operation is not a name";
    else if (layer && !json_is_null(layer) &&
             !(json_is_integer(layer) && json_integer_value(layer) >= 0 && json_integer_value(layer) < INT32_MAX))
        bad = "layer is not a number of a layer";
    else if (!get_amount(json, "calls", &span->calls) || isnan(span->calls))
        bad = "calls is not a number of at least 0";
    else if (!get_amount(json, "time_ns", &span->time_ns) || isnan(span->time_ns))
        bad = "time_ns is not a number of at least 0";
    else if (!get_amount(json, "bytes", &span->bytes) || !get_amount(json, "flops", &span->flops))
        bad = "bytes and flops are numbers of at least 0";
    else if (kernels && !json_is_string(kernels) && !json_is_null(kernels))
        bad = "kernels is not a text";
    if (bad)
        return error_set(error, ERROR_FORMAT, "%.200s: prony_spans: operations[%zu]: %s", case_name, index, bad);
    span->operation = arena_strdup(arena, operation);
    span->layer = json_is_integer(layer) ? (int)json_integer_value(layer) : -1;
    span->kernels = json_is_string(kernels) ? arena_strdup(arena, json_string_value(kernels)) : NULL;
    return 0;
}

static int parse_spans(struct store_sample *sample, const json_t *spans, struct arena *arena, struct error *error)
{
    const json_t *operations = json_object_get(spans, "operations");
    size_t count = json_array_size(operations);
    if (!json_is_array(operations) || count > SPANS_LIMIT)
        return error_set(error, ERROR_FORMAT, "%.200s: prony_spans: operations is not a list of at most %d",
                         sample->name, SPANS_LIMIT);
    struct store_span *list = arena_array(arena, count, sizeof *list);
    int code = 0;
    for (size_t i = 0; code == 0 && i < count; i++)
        code = parse_span(&list[i], sample->name, i, json_array_get(operations, i), arena, error);
    sample->spans = list;
    sample->span_count = count;
    return code;
}

/* ---- courses ---- */

static double *parse_numbers(const json_t *array, size_t count, struct arena *arena)
{
    double *list = arena_array(arena, count, sizeof *list);
    for (size_t i = 0; i < count; i++) {
        const json_t *value = json_array_get(array, i);
        if (!json_is_number(value) && !json_is_null(value))
            return NULL;
        list[i] = json_is_null(value) ? NAN : json_number_value(value);
    }
    return list;
}

static int parse_course(struct store_course *course, const char *case_name, const char *name, const json_t *json,
                        struct arena *arena, struct error *error)
{
    const json_t *operations = json_object_get(json, "operations"), *values = json_object_get(json, "values");
    const char *unit = json_string_value(json_object_get(json, "unit"));
    size_t count = json_array_size(operations);
    *course = (struct store_course){ .name = arena_strdup(arena, name), .count = count };
    course->unit = unit ? arena_strdup(arena, unit) : protocol_unit(course->name);
    if (!*name || !json_is_array(operations) || !json_is_array(values) || json_array_size(values) != count ||
        count > VALUES_LIMIT)
        return error_set(error, ERROR_FORMAT,
                         "%.200s: prony_courses: '%.60s': operations and values are not lists of one length", case_name,
                         name);
    course->operations = parse_numbers(operations, count, arena);
    course->values = parse_numbers(values, count, arena);
    if (!course->operations || !course->values)
        return error_set(error, ERROR_FORMAT, "%.200s: prony_courses: '%.60s' holds something that is not a number",
                         case_name, name);
    return 0;
}

static int parse_courses(struct store_sample *sample, json_t *courses, struct arena *arena, struct error *error)
{
    const char *key;
    json_t *value;
    if (!json_is_object(courses))
        return error_set(error, ERROR_FORMAT, "%.200s: prony_courses is not an object", sample->name);
    struct store_course *list = arena_array(arena, json_object_size(courses), sizeof *list);
    sample->courses = list;
    json_object_foreach(courses, key, value)
    {
        int code = parse_course(&list[sample->course_count], sample->name, key, value, arena, error);
        if (code != 0)
            return code;
        sample->course_count++;
    }
    return 0;
}

int protocol_parse_parts(struct store_sample *sample, struct protocol_record *kinds, json_t *record,
                         struct arena *arena, struct error *error)
{
    const json_t *values = json_object_get(record, "prony_values_ns"), *spans = json_object_get(record, "prony_spans");
    json_t *courses = json_object_get(record, "prony_courses");
    int code = values ? parse_values(sample, values, arena, error) : 0;
    if (code == 0 && spans)
        code = parse_spans(sample, spans, arena, error);
    if (code == 0 && courses)
        code = parse_courses(sample, courses, arena, error);
    kinds->has_spans = spans != NULL;
    return code;
}
