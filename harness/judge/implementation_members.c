/* implementation_members.c: which cases of a run stand side by side, the values in which they differ, and which of
 * these is 1. */
#include "harness/base/str.h"
#include "harness/judge/implementations_internal.h"
#include <math.h>
#include <regex.h>
#include <string.h>

static bool is_across_suites(const char *dimension)
{
    return str_equal(dimension, "engine") || str_equal(dimension, "suite");
}

/* The engine of a suite as its context said; else the suite's name, which then must tell. */
static const char *engine_of(const struct implementation_builder *builder, const char *suite)
{
    const char *wanted = arena_format(builder->arena, "%s.prony_engine", suite);
    for (size_t i = 0; i < builder->fact_count; i++) {
        if (str_equal(builder->facts[i].name, wanted))
            return builder->facts[i].value;
    }
    return suite;
}

static void add_member(struct implementation_builder *builder, const struct store_case *item)
{
    const char *dimension = builder->options->dimension;
    struct implementation_member *member = &builder->members[builder->count];
    *member = (struct implementation_member){ .source = item, .suite = item->suite };
    if (is_across_suites(dimension)) {
        member->suite = "";
        member->pattern = item->name;
        member->value = str_equal(dimension, "engine") ? engine_of(builder, item->suite) : item->suite;
    } else {
        member->pattern = implementation_pattern(item->name, dimension, builder->arena);
        member->value = implementation_value(item->name, dimension, builder->arena);
    }
    builder->count += member->pattern != NULL;
}

static int choose_members(struct implementation_builder *builder, const struct store_case *cases, size_t count,
                          struct error *error)
{
    const struct implementation_options *options = builder->options;
    regex_t filter;
    if (options->filter && regcomp(&filter, options->filter, REG_EXTENDED | REG_NOSUB) != 0)
        return error_set(error, ERROR_USAGE, "'%s' is not a POSIX extended regular expression", options->filter);
    builder->members = arena_array(builder->arena, count + 1, sizeof *builder->members);
    for (size_t i = 0; i < count; i++) {
        if (!cases[i].sample_count || (options->suite && !str_equal(options->suite, cases[i].suite)) ||
            (options->filter && regexec(&filter, cases[i].name, 0, NULL, 0) != 0))
            continue;
        add_member(builder, &cases[i]);
    }
    if (options->filter)
        regfree(&filter);
    return 0;
}

bool implementation_same_group(const struct implementation_member *a, const struct implementation_member *b)
{
    return str_equal(a->suite, b->suite) && str_equal(a->pattern, b->pattern);
}

/* What stands alone has nothing to be held against. */
static void drop_singles(struct implementation_builder *builder)
{
    bool *keep = arena_array(builder->arena, builder->count + 1, sizeof *keep);
    size_t kept = 0;
    for (size_t i = 0; i < builder->count; i++) {
        for (size_t k = i + 1; k < builder->count; k++) {
            if (implementation_same_group(&builder->members[i], &builder->members[k]) &&
                !str_equal(builder->members[i].value, builder->members[k].value))
                keep[i] = keep[k] = true;
        }
    }
    for (size_t i = 0; i < builder->count; i++) {
        if (keep[i])
            builder->members[kept++] = builder->members[i];
    }
    builder->count = kept;
}

/* Numbers by size, everything else in the order of the run. */
static void place_value(struct implementations *out, const char *value)
{
    double number, other;
    size_t at = out->value_count;
    for (size_t i = 0; i < out->value_count; i++) {
        if (str_equal(out->values[i].value, value))
            return;
    }
    if (str_parse_f64(value, &number)) {
        while (at > 0 && str_parse_f64(out->values[at - 1].value, &other) && other > number)
            at--;
    }
    memmove(&out->values[at + 1], &out->values[at], (out->value_count - at) * sizeof *out->values);
    out->values[at] = (struct implementation_total){ .value = value, .speedup = (double)NAN };
    out->value_count++;
}

static int choose_baseline(struct implementation_builder *builder, struct error *error)
{
    struct implementations *out = builder->out;
    const char *wanted = builder->options->baseline;
    const char *list = "";
    if (!wanted && str_equal(out->dimension, "isa"))
        wanted = "scalar";
    for (size_t i = 0; i < out->value_count; i++) {
        if (wanted && str_equal(out->values[i].value, wanted))
            out->baseline_index = i;
        list = arena_format(builder->arena, "%s%s%s", list, i ? ", " : "", out->values[i].value);
    }
    out->baseline = out->values[out->baseline_index].value;
    if (builder->options->baseline && !str_equal(out->baseline, builder->options->baseline))
        return error_set(error, ERROR_USAGE, "there is no %s '%s' to compare with; there are %s", out->dimension,
                         builder->options->baseline, list);
    return 0;
}

static int choose_values(struct implementation_builder *builder, struct error *error)
{
    struct implementations *out = builder->out;
    drop_singles(builder);
    if (!builder->count)
        return error_set(error, ERROR_USAGE, "no two cases differ in their %s alone", out->dimension);
    out->values = arena_array(builder->arena, builder->count + 1, sizeof *out->values);
    for (size_t i = 0; i < builder->count; i++)
        place_value(out, builder->members[i].value);
    for (size_t i = 0; i < builder->count; i++) {
        for (size_t v = 0; v < out->value_count; v++) {
            if (str_equal(out->values[v].value, builder->members[i].value))
                builder->members[i].value_index = v;
        }
    }
    return choose_baseline(builder, error);
}

int implementation_choose(struct implementation_builder *builder, const struct store_case *cases, size_t count,
                          struct error *error)
{
    int code = choose_members(builder, cases, count, error);
    return code ? code : choose_values(builder, error);
}
