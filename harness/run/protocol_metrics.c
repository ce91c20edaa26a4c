/* protocol_metrics.c: numbers of a JSON record -> metrics.
 *
 * Invariant: a name occurs once in a sample. What says more about a number wins: a counter with its state over a number
 * of the library, that over a number of the benchmark's author. */
#include "harness/run/protocol_internal.h"
#include "harness/base/mem.h"
#include "harness/base/str.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { THREADS_LIMIT = 1 << 16 };

struct list {
    struct store_sample *sample;
    struct store_metric *metrics;
    enum protocol_origin *origins;
    size_t count;
    struct arena *arena;
};

const char *protocol_unit(const char *name)
{
    static const struct {
        const char *suffix, *unit;
    } units[] = {
        { "bytes_per_second", "B/s" },
        { "flops_per_second", "flop/s" },
        { "_per_second", "1/s" },
        { "bytes_per_operation", "B" },
        { "_bytes", "B" },
        { "_ns", "ns" },
        { "_us", "us" },
        { "_ms", "ms" },
        { "_seconds", "s" },
        { "_ghz", "GHz" },
        { "_joules", "J" },
        { "_watts", "W" },
        { "_percent", "%" },
    };
    if (str_starts(name, "percent_"))
        return "%";
    if (str_equal(name, "intensity"))
        return "flop/B";
    for (size_t i = 0; i < sizeof units / sizeof units[0]; i++)
        if (str_ends(name, units[i].suffix))
            return units[i].unit;
    return "";
}

static struct store_metric *add(struct list *list, const char *name, enum protocol_origin origin)
{
    list->origins[list->count] = origin;
    struct store_metric *metric = &list->metrics[list->count++];
    *metric = (struct store_metric){ .name = name, .unit = protocol_unit(name) };
    return metric;
}

static void add_number(struct list *list, const char *name, enum protocol_origin origin, const json_t *value)
{
    struct store_metric *metric = add(list, name, origin);
    metric->value = json_number_value(value);
    if (json_is_null(value)) {
        metric->state = STORE_NOT_COUNTED;
        metric->reason = "the program reported NaN or infinity";
    }
}

/* ---- prony_counters ---- */

static int fail(const struct list *list, const char *name, const char *what, struct error *error)
{
    return error_set(error, ERROR_FORMAT, "%.200s: prony_counters: '%.60s': %s", list->sample->name, name, what);
}

static bool parse_state(const char *text, enum store_state *state)
{
    static const char *const words[] = { "ok", "scaled", "approximate", "not counted", "unsupported" };
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        if (str_equal(text, words[i])) {
            *state = (enum store_state)i;
            return true;
        }
    }
    return false;
}

/* Text or nothing; false for anything else. */
static bool get_text(const json_t *object, const char *key, struct arena *arena, const char **text)
{
    const json_t *value = json_object_get(object, key);
    *text = json_is_string(value) && json_string_length(value) ? arena_strdup(arena, json_string_value(value)) : NULL;
    return !value || json_is_string(value) || json_is_null(value);
}

static int parse_threads(struct list *list, struct store_metric *metric, const json_t *threads, struct error *error)
{
    size_t count = json_array_size(threads);
    if (!threads || json_is_null(threads))
        return 0;
    if (!json_is_array(threads) || count > THREADS_LIMIT)
        return fail(list, metric->name, "threads is not a list of at most 65536 numbers", error);
    double *values = arena_array(list->arena, count, sizeof *values);
    for (size_t i = 0; i < count; i++) {
        const json_t *value = json_array_get(threads, i);
        if (!json_is_number(value) && !json_is_null(value))
            return fail(list, metric->name, "threads holds something that is not a number", error);
        values[i] = json_is_null(value) ? NAN : json_number_value(value);
    }
    metric->thread_values = values;
    metric->thread_count = count;
    return 0;
}

/* The number of the same name, for a program that says the state beside it. */
static const json_t *find_value(const json_t *counter, const json_t *record, const char *name)
{
    const json_t *value = json_object_get(counter, "value");
    return value ? value : json_object_get(record, name);
}

static int parse_counter(struct list *list, const char *key, const json_t *counter, const json_t *record,
                         struct error *error)
{
    const char *name = arena_strdup(list->arena, key), *state, *unit;
    if (!*name || !json_is_object(counter))
        return fail(list, name, "is not an object", error);
    struct store_metric *metric = add(list, name, PROTOCOL_COUNTER);
    if (!get_text(counter, "state", list->arena, &state) || !parse_state(state, &metric->state))
        return fail(list, name, "state is none of ok, scaled, approximate, not counted, unsupported", error);
    if (!get_text(counter, "reason", list->arena, &metric->reason) ||
        !get_text(counter, "remedy", list->arena, &metric->remedy) || !get_text(counter, "unit", list->arena, &unit))
        return fail(list, name, "reason, remedy and unit are texts", error);
    metric->unit = unit ? unit : metric->unit;
    const json_t *share = json_object_get(counter, "running_share"), *value = find_value(counter, record, name);
    metric->running_share = json_number_value(share);
    if (share && !json_is_null(share) &&
        !(json_is_number(share) && metric->running_share >= 0 && metric->running_share <= 1))
        return fail(list, name, "running_share is not a number from 0 to 1", error);
    bool present = metric->state <= STORE_APPROXIMATE;
    if (present && !json_is_number(value))
        return fail(list, name, "has no value although its state says so", error);
    if (!present && !metric->reason)
        metric->reason = "the program gives no reason";
    metric->value = present ? json_number_value(value) : NAN;
    return present ? parse_threads(list, metric, json_object_get(counter, "threads"), error) : 0;
}

static int parse_counters(struct list *list, json_t *counters, const json_t *record, struct error *error)
{
    const char *key;
    json_t *value;
    int code = 0;
    if (!json_is_object(counters))
        return error_set(error, ERROR_FORMAT, "%.200s: prony_counters is not an object", list->sample->name);
    json_object_foreach(counters, key, value)
    {
        code = parse_counter(list, key, value, record, error);
        if (code != 0)
            break;
    }
    return code;
}

/* ---- prony_samples, prony_contaminated ---- */

static int parse_samples(struct list *list, json_t *samples, struct error *error)
{
    const char *key;
    json_t *value;
    if (!json_is_object(samples))
        return error_set(error, ERROR_FORMAT, "%.200s: prony_samples is not an object", list->sample->name);
    json_object_foreach(samples, key, value)
    {
        if (!json_is_number(value) && !json_is_null(value))
            return error_set(error, ERROR_FORMAT, "%.200s: prony_samples: '%.60s' is not a number", list->sample->name,
                             key);
        add_number(list, arena_format(list->arena, "samples_%s", key), PROTOCOL_LIBRARY, value);
    }
    return 0;
}

/* A contaminated sample keeps its number; why it is contaminated stands beside the mark. */
static int parse_contamination(struct list *list, const json_t *record, struct error *error)
{
    const json_t *mark = json_object_get(record, "prony_contaminated"), *why;
    if (!mark)
        return 0;
    double value = json_number_value(mark);
    if (!json_is_number(mark) || (value != 0 && value != 1))
        return error_set(error, ERROR_FORMAT, "%.200s: prony_contaminated is neither 0 nor 1", list->sample->name);
    why = json_object_get(record, "prony_contamination");
    if (why && !json_is_string(why) && !json_is_null(why))
        return error_set(error, ERROR_FORMAT, "%.200s: prony_contamination is not a text", list->sample->name);
    struct store_metric *metric = add(list, "contaminated", PROTOCOL_LIBRARY);
    metric->value = value;
    if (value > 0 && json_string_value(why))
        metric->reason = arena_strdup(list->arena, json_string_value(why));
    return 0;
}

/* What the slope means stands beside it. */
static int parse_growth(struct list *list, const json_t *record, struct error *error)
{
    const json_t *verdict = json_object_get(record, "prony_growth"), *of = json_object_get(record, "prony_growth_of");
    if ((verdict && !json_is_string(verdict)) || (of && !json_is_string(of)))
        return error_set(error, ERROR_FORMAT, "%.200s: prony_growth and prony_growth_of are texts", list->sample->name);
    for (size_t i = 0; i < list->count && verdict; i++)
        if (str_equal(list->metrics[i].name, "growth_bytes_per_operation"))
            list->metrics[i].reason =
                of ? arena_format(list->arena, "%s (%s)", json_string_value(verdict), json_string_value(of))
                   : arena_strdup(list->arena, json_string_value(verdict));
    return 0;
}

/* ---- all ---- */

struct ranked {
    const char *name;
    size_t index;
    enum protocol_origin origin;
};

/* By name; the winner of equal names last. */
static int compare_ranked(const void *a, const void *b)
{
    const struct ranked *x = a, *y = b;
    int order = strcmp(x->name, y->name);
    if (order)
        return order;
    if (x->origin != y->origin)
        return x->origin < y->origin ? -1 : 1;
    return x->index < y->index ? -1 : x->index > y->index;
}

static void drop_duplicates(struct list *list)
{
    struct ranked *ranked = mem_array(list->count + 1, sizeof *ranked);
    bool *dropped = mem_array(list->count + 1, sizeof *dropped);
    for (size_t i = 0; i < list->count; i++)
        ranked[i] = (struct ranked){ list->metrics[i].name, i, list->origins[i] };
    qsort(ranked, list->count, sizeof *ranked, compare_ranked);
    for (size_t i = 1; i < list->count; i++)
        dropped[ranked[i - 1].index] = strcmp(ranked[i - 1].name, ranked[i].name) == 0;
    size_t kept = 0;
    for (size_t i = 0; i < list->count; i++) {
        if (dropped[i])
            continue;
        list->metrics[kept] = list->metrics[i];
        list->origins[kept++] = list->origins[i];
    }
    list->count = kept;
    free(ranked);
    free(dropped);
}

static void add_numbers(struct list *list, json_t *record, bool (*is_schema_key)(const char *key))
{
    const char *key;
    json_t *value;
    json_object_foreach(record, key, value)
    {
        if (is_schema_key(key) || str_equal(key, "prony_contaminated") ||
            (!json_is_number(value) && !json_is_null(value)))
            continue;
        bool is_library = str_starts(key, "prony_");
        add_number(list, arena_strdup(list->arena, is_library ? key + 6 : key),
                   is_library ? PROTOCOL_LIBRARY : PROTOCOL_AUTHOR, value);
    }
}

int protocol_parse_metrics(struct store_sample *sample, struct protocol_record *kinds, json_t *record,
                           bool (*is_schema_key)(const char *key), struct arena *arena, struct error *error)
{
    json_t *counters = json_object_get(record, "prony_counters"), *samples = json_object_get(record, "prony_samples");
    size_t limit = json_object_size(record) + json_object_size(counters) + json_object_size(samples) + 1;
    struct list list = { .sample = sample,
                         .metrics = arena_array(arena, limit, sizeof *list.metrics),
                         .origins = arena_array(arena, limit, sizeof *list.origins),
                         .arena = arena };
    add_numbers(&list, record, is_schema_key);
    int code = parse_contamination(&list, record, error);
    if (code == 0)
        code = parse_growth(&list, record, error);
    if (code == 0 && samples)
        code = parse_samples(&list, samples, error);
    if (code == 0 && counters)
        code = parse_counters(&list, counters, record, error);
    drop_duplicates(&list);
    kinds->has_counters = counters != NULL;
    kinds->origins = list.origins;
    sample->metrics = list.metrics;
    sample->metric_count = list.count;
    return code;
}
