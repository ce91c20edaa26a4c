/* implementations.c: puts the cases of a run side by side. See implementations.h. */
#include "harness/judge/implementations.h"
#include "harness/base/str.h"
#include "harness/judge/compare_internal.h"
#include "harness/stats/multiple.h"
#include "harness/stats/paired.h"
#include <math.h>
#include <regex.h>
#include <stdlib.h>
#include <string.h>

/* A case that has the dimension. */
struct member {
    const struct store_case *source;
    const char *suite, *pattern, *value; /* suite "" where suites are what differs */
    size_t value_index;
};

struct builder {
    struct implementations *out;
    const struct implementation_options *options;
    const struct store_fact *facts;
    size_t fact_count;
    struct member *members;
    size_t count;
    struct compare_context context; /* how metrics are measured */
    struct arena *arena;
};

/* ---- which cases, and which values ---- */

static bool is_across_suites(const char *dimension)
{
    return str_equal(dimension, "engine") || str_equal(dimension, "suite");
}

/* The engine of a suite as its context said; else the suite's name, which then must tell. */
static const char *engine_of(const struct builder *builder, const char *suite)
{
    const char *wanted = arena_format(builder->arena, "%s.prony_engine", suite);
    for (size_t i = 0; i < builder->fact_count; i++) {
        if (str_equal(builder->facts[i].name, wanted))
            return builder->facts[i].value;
    }
    return suite;
}

static void add_member(struct builder *builder, const struct store_case *item)
{
    const char *dimension = builder->options->dimension;
    struct member *member = &builder->members[builder->count];
    *member = (struct member){ .source = item, .suite = item->suite };
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

static int choose_members(struct builder *builder, const struct store_case *cases, size_t count, struct error *error)
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

static bool same_group(const struct member *a, const struct member *b)
{
    return str_equal(a->suite, b->suite) && str_equal(a->pattern, b->pattern);
}

/* What stands alone has nothing to be held against. */
static void drop_singles(struct builder *builder)
{
    bool *keep = arena_array(builder->arena, builder->count + 1, sizeof *keep);
    size_t kept = 0;
    for (size_t i = 0; i < builder->count; i++) {
        for (size_t k = i + 1; k < builder->count; k++) {
            if (same_group(&builder->members[i], &builder->members[k]) &&
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

static int choose_baseline(struct builder *builder, struct error *error)
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

static int choose_values(struct builder *builder, struct error *error)
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

/* ---- one group ---- */

static const struct store_series *find_series(const struct store_case *item, const char *name, enum store_pass pass)
{
    for (size_t i = 0; i < item->metric_count; i++) {
        if (item->metrics[i].pass == pass && str_equal(item->metrics[i].name, name))
            return &item->metrics[i];
    }
    return NULL;
}

static double median_of(const struct store_case *item, const char *name)
{
    const struct store_series *series = find_series(item, name, STORE_PASS_MEMORY);
    if (!series)
        series = find_series(item, name, STORE_PASS_TIMED);
    return series ? stats_summarize(series->values, series->count, JUDGE_CONFIDENCE).median : (double)NAN;
}

/* Twice the batch is twice the work: then only a rate compares. These do the same work whatever they are. */
static bool is_same_work(const char *dimension)
{
    static const char *const names[] = { "engine", "suite", "format", "threads", "model", "isa" };
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (str_equal(dimension, names[i]))
            return true;
    }
    return false;
}

static void choose_metric(const struct builder *builder, struct implementation_group *group)
{
    static const char *const rates[] = { "tokens_per_second", "flops_per_second", "items_per_second",
                                         "bytes_per_second" };
    group->metric = "real_time";
    group->unit = "ns";
    for (size_t r = 0; !is_same_work(builder->out->dimension) && r < sizeof rates / sizeof rates[0]; r++) {
        const struct store_series *series = NULL;
        bool all = true;
        for (size_t v = 0; v < builder->out->value_count; v++) {
            const struct store_case *item = group->cells[v].source;
            const struct store_series *found = item ? find_series(item, rates[r], STORE_PASS_TIMED) : NULL;
            all = all && (!item || found);
            series = found ? found : series;
        }
        if (!all || !series)
            continue;
        group->metric = series->name;
        group->unit = series->unit;
        group->higher_is_better = true;
        return;
    }
}

static struct compare_values values_of(const struct builder *builder, const struct implementation_group *group,
                                       const struct store_case *item)
{
    const struct store_series *series = find_series(item, group->metric, STORE_PASS_TIMED);
    return compare_by_key(group->higher_is_better ? series->values : item->real_time_ns, item->rounds,
                          item->sample_count, builder->arena);
}

static size_t shared_rounds(const struct compare_values *a, const struct compare_values *b)
{
    size_t count = 0;
    for (size_t i = 0, j = 0; i < a->count && j < b->count;) {
        count += a->keys[i] == b->keys[j];
        if (a->keys[i] <= b->keys[j])
            i++;
        else
            j++;
    }
    return count;
}

static void measure_speed(const struct builder *builder, const struct implementation_group *group,
                          struct implementation_cell *cell, const struct store_case *baseline)
{
    struct compare_values base = values_of(builder, group, baseline), own = values_of(builder, group, cell->source);
    struct compare_metric metric = { .name = group->metric, .unit = group->unit };
    bool pairs_up = shared_rounds(&base, &own) >= JUDGE_LEAST_PAIRS;
    compare_measure(&builder->context, &metric, base, own, pairs_up, (double)NAN);
    double sign = group->higher_is_better ? 1 : -1;
    double low = sign > 0 ? metric.interval.low : -metric.interval.high;
    double high = sign > 0 ? metric.interval.high : -metric.interval.low;
    cell->speedup = exp(sign * metric.effect);
    cell->interval = (struct stats_interval){ exp(low), exp(high), metric.interval.coverage };
    cell->p = metric.p;
}

static void compare_outputs(const struct builder *builder, struct implementation_cell *cell,
                            const struct store_case *baseline)
{
    struct compare_case item = { .base = baseline, .candidate = cell->source };
    const char *dimension = builder->out->dimension;
    compare_output_of(&item);
    cell->output_error = item.output_error_candidate;
    /* Other weights and other lengths give other answers. Engines and instruction sets have to agree, and how many
     * threads do it changes nothing. */
    if (is_same_work(dimension) && !str_equal(dimension, "format") && !str_equal(dimension, "model") &&
        cell->source != baseline)
        cell->output = item.output;
    /* A kernel was held against the scalar one before it was timed. */
    if (cell->output == COMPARE_OUTPUT_UNKNOWN && str_equal(builder->out->baseline, "scalar") &&
        isfinite(cell->output_error))
        cell->output = COMPARE_OUTPUT_WITHIN;
    builder->out->different_outputs += cell->output == COMPARE_OUTPUT_DIFFERENT;
}

static void measure_cells(const struct builder *builder, struct implementation_group *group)
{
    const struct implementations *out = builder->out;
    const struct store_case *baseline = group->cells[out->baseline_index].source;
    double base_number, number;
    bool are_threads = str_equal(out->dimension, "threads") && str_parse_f64(out->baseline, &base_number);
    for (size_t v = 0; v < out->value_count; v++) {
        struct implementation_cell *cell = &group->cells[v];
        if (!cell->source)
            continue;
        struct compare_values values = values_of(builder, group, cell->source);
        cell->summary = stats_summarize(values.values, values.count, JUDGE_CONFIDENCE);
        cell->peak_rss_bytes = median_of(cell->source, "peak_rss_bytes");
        cell->heap_peak_bytes = median_of(cell->source, "heap_peak_bytes");
        if (!baseline)
            continue;
        compare_outputs(builder, cell, baseline);
        if (v == out->baseline_index) {
            cell->speedup = cell->efficiency = 1;
            continue;
        }
        measure_speed(builder, group, cell, baseline);
        if (are_threads && str_parse_f64(out->values[v].value, &number) && number > 0)
            cell->efficiency = cell->speedup * base_number / number;
    }
    if (!are_threads) {
        for (size_t v = 0; v < out->value_count; v++)
            group->cells[v].efficiency = (double)NAN;
    }
}

/* ---- phases ---- */

static size_t phase_of(struct implementation_group *group, const char *operation)
{
    for (size_t i = 0; i < group->phase_count; i++) {
        if (str_equal(group->phases[i], operation))
            return i;
    }
    group->phases[group->phase_count] = operation;
    return group->phase_count++;
}

static void fill_phases(const struct builder *builder, struct implementation_group *group)
{
    size_t room = 1;
    for (size_t v = 0; v < builder->out->value_count; v++)
        room += group->cells[v].source ? group->cells[v].source->span_count : 0;
    if (room == 1)
        return;
    group->phases = arena_array(builder->arena, room, sizeof *group->phases);
    for (size_t v = 0; v < builder->out->value_count; v++) {
        struct implementation_cell *cell = &group->cells[v];
        cell->phases_ns = arena_array(builder->arena, room, sizeof *cell->phases_ns);
        for (size_t i = 0; i < room; i++)
            cell->phases_ns[i] = (double)NAN;
        for (size_t i = 0; cell->source && i < cell->source->span_count; i++) {
            double *time_ns = &cell->phases_ns[phase_of(group, cell->source->spans[i].operation)];
            *time_ns = (isnan(*time_ns) ? 0 : *time_ns) + cell->source->spans[i].time_ns;
        }
    }
    size_t rest = phase_of(group, "unexplained");
    for (size_t v = 0; v < builder->out->value_count; v++) {
        struct implementation_cell *cell = &group->cells[v];
        if (!cell->source || !cell->source->span_count)
            continue;
        double sum = 0;
        for (size_t i = 0; i < rest; i++)
            sum += isnan(cell->phases_ns[i]) ? 0 : cell->phases_ns[i];
        cell->phases_ns[rest] = cell->source->span_iteration_ns - sum;
    }
}

/* ---- all of it ---- */

static struct implementation_cell *make_cells(const struct builder *builder)
{
    const struct implementation_cell empty = { .speedup = (double)NAN,
                                               .interval = { (double)NAN, (double)NAN, 0 },
                                               .p = (double)NAN,
                                               .q = (double)NAN,
                                               .efficiency = (double)NAN,
                                               .peak_rss_bytes = (double)NAN,
                                               .heap_peak_bytes = (double)NAN,
                                               .output_error = (double)NAN };
    struct implementation_cell *cells = arena_array(builder->arena, builder->out->value_count, sizeof *cells);
    for (size_t v = 0; v < builder->out->value_count; v++)
        cells[v] = empty;
    return cells;
}

static void make_groups(struct builder *builder)
{
    struct implementations *out = builder->out;
    bool *done = arena_array(builder->arena, builder->count, sizeof *done);
    out->groups = arena_array(builder->arena, builder->count, sizeof *out->groups);
    for (size_t i = 0; i < builder->count; i++) {
        if (done[i])
            continue;
        const struct member *first = &builder->members[i];
        struct implementation_group *group = &out->groups[out->group_count++];
        *group = (struct implementation_group){ .suite = *first->suite ? first->suite : first->source->suite,
                                                .name = first->pattern,
                                                .cells = make_cells(builder) };
        for (size_t k = i; k < builder->count; k++) {
            struct implementation_cell *cell = &group->cells[builder->members[k].value_index];
            if (done[k] || !same_group(first, &builder->members[k]))
                continue;
            done[k] = true;
            cell->source = cell->source ? cell->source : builder->members[k].source;
        }
        choose_metric(builder, group);
        measure_cells(builder, group);
        fill_phases(builder, group);
    }
}

static void fill_q(const struct builder *builder)
{
    const struct implementations *out = builder->out;
    size_t count = out->group_count * out->value_count;
    double *p = arena_array(builder->arena, count, sizeof *p), *q = arena_array(builder->arena, count, sizeof *q);
    for (size_t i = 0; i < count; i++)
        p[i] = out->groups[i / out->value_count].cells[i % out->value_count].p;
    stats_q_values(p, count, q);
    for (size_t i = 0; i < count; i++)
        out->groups[i / out->value_count].cells[i % out->value_count].q = q[i];
}

static void fill_totals(const struct builder *builder)
{
    const struct implementations *out = builder->out;
    double *logs = arena_array(builder->arena, out->group_count, sizeof *logs);
    for (size_t v = 0; v < out->value_count; v++) {
        struct implementation_total *total = &out->values[v];
        double sum = 0;
        for (size_t i = 0; i < out->group_count; i++) {
            double speedup = out->groups[i].cells[v].speedup;
            if (speedup > 0 && isfinite(speedup)) {
                logs[total->count++] = log(speedup);
                sum += logs[total->count - 1];
            }
        }
        total->speedup = total->count ? exp(sum / (double)total->count) : (double)NAN;
        struct stats_interval interval = stats_paired(logs, total->count, JUDGE_CONFIDENCE, 1).interval;
        total->interval = (struct stats_interval){ exp(interval.low), exp(interval.high), interval.coverage };
    }
}

int implementations_build(struct implementations *implementations, const struct store_case *cases, size_t count,
                          const struct store_fact *facts, size_t fact_count,
                          const struct implementation_options *options, struct arena *arena, struct error *error)
{
    static const struct compare_options no_options;
    *implementations = (struct implementations){ .dimension = options->dimension };
    struct builder builder = { .out = implementations,
                               .options = options,
                               .facts = facts,
                               .fact_count = fact_count,
                               .context = { .options = &no_options,
                                            .paired = true,
                                            .alpha = JUDGE_ALPHA,
                                            .confidence = JUDGE_CONFIDENCE,
                                            .budget = JUDGE_FLOOR,
                                            .arena = arena },
                               .arena = arena };
    int code = choose_members(&builder, cases, count, error);
    if (code == 0)
        code = choose_values(&builder, error);
    if (code != 0)
        return code;
    make_groups(&builder);
    fill_q(&builder);
    fill_totals(&builder);
    return 0;
}
